//! The report as text, for people.

use std::collections::HashMap;
use std::fmt::Write;

use super::{Report, shown};
use crate::audit::finding::{Evidence, Finding, Received};
use crate::audit::table::Check;
use crate::audit::verdict::Verdict;

/// The most bytes of an exchange that are printed.
const SHOWN: usize = 2048;

/// Returns the failures and warnings, or all findings, and the totals.
///
/// Accepted findings are only among all findings.
pub(super) fn report(report: &Report, is_verbose: bool) -> String {
    let mut out = String::new();
    // Many findings have the same reason; later ones refer to the first.
    let mut said: HashMap<&str, &str> = HashMap::new();
    for finding in &report.findings {
        if finding.verdict >= Verdict::Warn && (is_verbose || !report.known.accepts(finding)) {
            out += &told(report, finding);
        } else if is_verbose {
            out += &line(report, finding);
            for reason in &finding.reasons {
                let first = *said.entry(reason).or_insert(finding.check.id);
                let _ = if first == finding.check.id {
                    writeln!(out, "  {reason}")
                } else {
                    writeln!(out, "  as {first}")
                };
            }
        }
    }
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
    out
}

/// Returns the first line of a finding, which a baseline can contain.
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
    part("seen", &finding.reasons.join("\n"));
    part("rule", &format!("{clause} ({level}): {}", finding.check.rules.says));
    if let Some(Evidence { sent, came, control, arrived, again }) = &finding.evidence {
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
fn left(received: &Received) -> String {
    format!("{}\n{}", cut(&received.bytes).trim_end(), received.end.text())
}

/// Returns bytes as text, at most the first `SHOWN`.
fn cut(bytes: &[u8]) -> String {
    match bytes.split_at_checked(SHOWN) {
        None if bytes.is_empty() => "nothing".into(),
        None => shown(bytes),
        Some((begin, rest)) => format!("{}\n(and {} bytes more)", shown(begin), rest.len()),
    }
}
