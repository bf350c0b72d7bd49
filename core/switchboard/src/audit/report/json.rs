//! The report as one JSON object, for programs.

use serde::Serialize;

use super::{Report, TABLES, VERSION, latin1};
use crate::audit::finding::{End, Evidence, Finding, Received};
use crate::audit::verdict::Verdict;

#[derive(Serialize)]
struct ReportJson<'a> {
    tool: &'a str,
    version: &'a str,
    tables: u32,
    arguments: &'a [String],
    begun: u64,
    seconds: f64,
    subject: &'a str,
    passed: usize,
    warned: usize,
    failed: usize,
    not_applicable: usize,
    mended: Vec<&'a str>,
    findings: Vec<FindingJson<'a>>,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    id: &'a str,
    title: &'a str,
    clause: &'a str,
    level: &'a str,
    rule: &'a str,
    verdict: &'a str,
    known: bool,
    reasons: &'a [String],
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    evidence: Option<Latin1<'a>>,
}

/// Evidence as text, with a character U+0000 to U+00FF for each byte.
#[derive(Serialize)]
struct Latin1<'a> {
    sent: String,
    came: String,
    closed: bool,
    control: Option<String>,
    control_closed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arrived: Option<String>,
    again: &'a str,
}

pub(super) fn report(report: &Report) -> String {
    let each = |finding| FindingJson::of(finding, report.known.accepts(finding));
    let told = ReportJson {
        tool: "switchboard audit",
        version: VERSION,
        tables: TABLES,
        arguments: &report.arguments,
        begun: report.timestamp(),
        seconds: report.duration(),
        subject: &report.subject,
        passed: report.count(Verdict::Pass),
        warned: report.count(Verdict::Warn),
        failed: report.count(Verdict::Fail),
        not_applicable: report.count(Verdict::NotApplicable),
        mended: report.mended().collect(),
        findings: report.findings.iter().map(each).collect(),
    };
    // The value has only strings, numbers and booleans, so this cannot fail.
    let json = serde_json::to_string_pretty(&told).unwrap_or_default();
    // A terminal takes the controls U+0080 to U+009F for escapes of its own.
    let mut text = String::with_capacity(json.len() + 1);
    for letter in json.chars() {
        match letter {
            '\u{7f}'..='\u{9f}' => text += &format!("\\u{:04x}", u32::from(letter)),
            letter => text.push(letter),
        }
    }
    text + "\n"
}

impl<'a> FindingJson<'a> {
    fn of(finding: &'a Finding, known: bool) -> Self {
        let check = &finding.check;
        Self {
            id: check.id,
            title: check.title,
            clause: check.clause,
            level: check.level,
            rule: check.rules.says,
            verdict: finding.verdict.name(),
            known,
            reasons: &finding.reasons,
            evidence: finding
                .evidence
                .as_ref()
                .filter(|_| finding.verdict >= Verdict::Warn)
                .map(Latin1::of),
        }
    }
}

impl<'a> Latin1<'a> {
    fn of(evidence: &'a Evidence) -> Self {
        let arrived = evidence.arrived.as_deref().map(latin1);
        let is_closed = |received: &Received| received.end == End::Closed;
        let control = evidence.control.as_ref();
        Self {
            sent: latin1(&evidence.sent),
            came: latin1(&evidence.came.bytes),
            closed: is_closed(&evidence.came),
            control: control.map(|control| latin1(&control.bytes)),
            control_closed: control.map(is_closed),
            arrived,
            again: &evidence.again,
        }
    }
}
