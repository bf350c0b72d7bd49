//! For people.

use std::fmt::Write;

use crate::audit::finding::{Evidence, Finding, Verdict};
use crate::audit::table::{By, Check, Line, What};

/// More of what came is not shown.
const SHOWN: usize = 2048;

/// All findings, or those that matter, and how many there are.
pub(crate) fn report(findings: &[Finding], is_verbose: bool) -> String {
    let mut out = String::new();
    for finding in findings {
        if finding.verdict >= Verdict::Warn {
            out += &told(finding);
        } else if is_verbose {
            out += &line(finding);
            out.extend(finding.reasons.iter().map(|reason| format!("  {reason}\n")));
        }
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let _ = writeln!(
        out,
        "{} passed, {} warned, {} failed, {} not applicable",
        count(Verdict::Pass),
        count(Verdict::Warn),
        count(Verdict::Fail),
        count(Verdict::NotApplicable)
    );
    out
}

fn line(finding: &Finding) -> String {
    let Check { id, title, .. } = finding.check;
    format!("{} {id}: {title}\n", finding.verdict.name())
}

fn told(finding: &Finding) -> String {
    let mut out = line(finding);
    let Check { level, clause, .. } = finding.check;
    let mut part = |name: &str, text: &str| {
        let text = text.trim_end().replace('\n', "\n           ");
        let _ = writeln!(out, "  {name:<8} {text}");
    };
    part("seen", &finding.reasons.join("\n"));
    part("rule", &format!("{clause} ({level}): {}", finding.check.rules.says));
    if let Some(Evidence { sent, came, control, again }) = &finding.evidence {
        part("sent", &shown(sent));
        part("came", &shown(came));
        if let Some(control) = control {
            part("control", &shown(control));
        }
        part("again", again);
    }
    out + "\n"
}

/// Lines as they are, all else with escapes.
fn shown(octets: &[u8]) -> String {
    if octets.is_empty() {
        return "nothing".into();
    }
    let cut = &octets[..octets.len().min(SHOWN)];
    let mut text = String::new();
    for &octet in cut {
        match octet {
            b'\r' => {}
            b'\n' => text.push('\n'),
            b' '..=b'~' => text.push(char::from(octet)),
            octet => text += &format!("\\x{octet:02x}"),
        }
    }
    if cut.len() < octets.len() {
        text += &format!("\n(and {} bytes more)", octets.len() - cut.len());
    }
    text
}

/// What a check is, without running it.
pub(crate) fn explanation(check: &Check) -> String {
    let Check { id, level, clause, title, rules, .. } = check;
    let mut out = format!("{id}: {title}\n  rule     {clause} ({level}): {}\n", rules.says);
    for (name, list) in [("needs", &rules.needs), ("fail", &rules.fail), ("warn", &rules.warn)] {
        if !list.is_empty() {
            let _ = writeln!(out, "  {name:<8} {}", list.join(", "));
        }
    }
    out += "  sends    (+ is what the control leaves out, - is what only the control sends)\n";
    for Line { by, what } in &check.lines {
        let mark = match by {
            By::Both => ' ',
            By::Check => '+',
            By::Control => '-',
        };
        let _ = match what {
            What::Text(text) => writeln!(out, "         {mark} {text}"),
            What::Empty => writeln!(out),
            What::Octets(text) => writeln!(out, "         | {text}"),
            What::Wait(text) => writeln!(out, "         ~ {text}"),
        };
    }
    out
}
