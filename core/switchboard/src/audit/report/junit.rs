//! The report as JUnit XML, with a test case for each check.

use super::{Report, TABLES, VERSION, text};
use crate::audit::finding::Finding;
use crate::audit::verdict::Verdict;

pub(super) fn report(report: &Report) -> String {
    let failures = report.findings.iter().filter(|finding| report.is_failure(finding)).count();
    let cases: String = report.findings.iter().map(|finding| case(report, finding)).collect();
    let name = escaped(&format!("switchboard audit {}", report.subject));
    let properties: String = [
        ("version", VERSION.to_owned()),
        ("tables", TABLES.to_string()),
        ("arguments", report.arguments.join(" ")),
    ]
    .iter()
    .map(|(name, value)| format!("<property name=\"{name}\" value=\"{}\"/>", escaped(value)))
    .collect();
    let totals = format!(
        "tests=\"{}\" failures=\"{failures}\" skipped=\"{}\" time=\"{}\"",
        report.findings.len(),
        report.count(Verdict::NotApplicable),
        report.duration()
    );
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {totals}>\n\
         <testsuite name=\"{name}\" {totals}>\n<properties>{properties}</properties>\n{cases}\
         </testsuite>\n</testsuites>\n"
    )
}

/// Returns the test case of a finding as XML.
///
/// A finding that fails the run is a `failure`; other warnings and failures are `system-out`.
fn case(report: &Report, finding: &Finding) -> String {
    let check = &finding.check;
    let inside = match finding.verdict {
        Verdict::Pass => String::new(),
        Verdict::NotApplicable => {
            format!("<skipped message=\"{}\"/>", escaped(&finding.reasons.join("; ")))
        }
        _ if report.is_failure(finding) => {
            let told = escaped(&text::told(report, finding));
            format!(
                "<failure message=\"{}\">{told}</failure>",
                escaped(&finding.reasons.join("; "))
            )
        }
        _ => format!("<system-out>{}</system-out>", escaped(&text::told(report, finding))),
    };
    let (class, name) = (escaped(check.clause), escaped(&format!("{}: {}", check.id, check.title)));
    format!("<testcase classname=\"{class}\" name=\"{name}\">{inside}</testcase>\n")
}

/// Escapes markup, and control characters except LF and tab, for XML.
///
/// The bytes of exchanges in the text have been escaped already.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\n' | '\t' => out.push(letter),
            '\0'..='\x1f' | '\x7f'..='\u{9f}' => out += &format!("\\x{:02x}", u32::from(letter)),
            '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push(letter),
        }
    }
    out
}
