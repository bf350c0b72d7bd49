//! The report as text, for people.

use std::fmt::Write;

use super::{Report, cut, tame};
use crate::audit::finding::{Evidence, Finding, Received};
use crate::audit::table::Check;
use crate::audit::verdict::Verdict;

/// Returns the findings as text, and the totals.
///
/// Without `is_verbose`, only failures and warnings that the baseline does not accept are returned.
pub(super) fn report(report: &Report, is_verbose: bool) -> String {
    let told = report.findings.iter().enumerate().filter_map(|(index, finding)| {
        entry(report, &report.findings[..index], finding, is_verbose)
    });
    told.collect::<String>() + &totals(report)
}

/// Returns a new finding, not in `report` yet, as text; `None` if it is not shown.
pub(super) fn at_once(report: &Report, finding: &Finding, is_verbose: bool) -> Option<String> {
    entry(report, &report.findings, finding, is_verbose)
}

/// Returns a finding as text; `None` if it is not shown.
///
/// Without `is_verbose`, only failures and warnings that the baseline does not accept are shown.
/// For one that passes or is not applicable, a reason that an earlier one has is replaced by that
/// one's ID. The two must have the same verdict.
fn entry(
    report: &Report,
    earlier: &[Finding],
    finding: &Finding,
    is_verbose: bool,
) -> Option<String> {
    if finding.verdict >= Verdict::Warn && (is_verbose || !report.known.accepts(finding)) {
        return Some(told(report, finding));
    }
    let mut out = is_verbose.then(|| line(report, finding))?;
    for reason in &finding.reasons {
        let has_said =
            |other: &&Finding| other.verdict == finding.verdict && other.reasons.contains(reason);
        let _ = match earlier.iter().find(has_said) {
            Some(first) => writeln!(out, "  as {}", first.check.id),
            None => writeln!(out, "  {}", tame(reason)),
        };
    }
    Some(out)
}

/// Returns the lines after the findings: counts, and remarks on the whole run.
pub(super) fn totals(report: &Report) -> String {
    let mut out = String::new();
    out.extend(
        report.mended().map(|id| format!("{id} is mended: it need not be known any more\n")),
    );
    let known = report.findings.iter().filter(|finding| report.known.accepts(finding)).count();
    let known = if known > 0 { format!("; {known} of them known") } else { String::new() };
    let _ = writeln!(
        out,
        "{} passed, {} warned, {} failed, {} not applicable{known}",
        report.count(Verdict::Pass),
        report.count(Verdict::Warn),
        report.count(Verdict::Fail),
        report.count(Verdict::NotApplicable)
    );
    out + &unjudged(report).unwrap_or_default()
}

/// Returns a remark if more than half of the checks were not applicable.
///
/// Otherwise returns `None`. A run with the remark may pass, and has shown little.
fn unjudged(report: &Report) -> Option<String> {
    let is_it = |finding: &&Finding| finding.verdict == Verdict::NotApplicable;
    let reasons = || report.findings.iter().filter(is_it).flat_map(|finding| &finding.reasons);
    let number = |reason: &String| reasons().filter(|other| *other == reason).count();
    let most = reasons().max_by_key(|reason| number(reason))?;
    let is_little = report.count(Verdict::NotApplicable) * 2 > report.findings.len();
    is_little.then(|| {
        format!("most checks were not applicable, {} of them as {}\n", number(most), tame(most))
    })
}

/// Returns the first line of a finding: ID, verdict and title.
///
/// For a warning or failure, it can be copied to a baseline.
fn line(report: &Report, finding: &Finding) -> String {
    let Check { id, title, .. } = finding.check;
    let known = if report.known.accepts(finding) { " (known)" } else { "" };
    format!("{id} {}{known}: {title}\n", finding.verdict.name())
}

/// Returns a finding with its evidence as text.
pub(super) fn told(report: &Report, finding: &Finding) -> String {
    let mut out = line(report, finding);
    let Check { level, clause, .. } = finding.check;
    let mut part = |name: &str, text: &str| {
        let indented =
            |line: &str| if line.is_empty() { String::new() } else { format!("           {line}") };
        let lines: Vec<_> = text.trim_end().lines().map(indented).collect();
        let _ = writeln!(out, "  {name:<8} {}", lines.join("\n").trim_start());
    };
    part("seen", &tame(&finding.reasons.join("\n")));
    part("rule", &format!("{clause} ({level}): {}", finding.check.rules.says));
    if let Some(Evidence { sent, came, control, arrived, again, .. }) = &finding.evidence {
        part("sent", &cut(sent));
        if let Some(arrived) = arrived {
            part("arrived", &cut(arrived));
        }
        part("came", &left(came));
        if let Some(control) = control {
            part("control", &left(control));
        }
        part("again", again);
    }
    out + "\n"
}

/// Returns received bytes as text, and the end of the connection.
pub(super) fn left(received: &Received) -> String {
    format!("{}\n{}", cut(&received.bytes).trim_end(), received.end.text())
}
