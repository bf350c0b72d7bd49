//! The report as a Markdown table.

use super::{Report, tame};
use crate::audit::finding::Finding;
use crate::audit::verdict::Verdict;

pub(super) fn report(report: &Report) -> String {
    let rows: String = report.findings.iter().map(|finding| row(report, finding)).collect();
    format!(
        "{}: {} passed, {} warned, {} failed, {} not applicable\n\n\
         | check | rule | | what was seen |\n|---|---|---|---|\n{rows}",
        report.subject,
        report.count(Verdict::Pass),
        report.count(Verdict::Warn),
        report.count(Verdict::Fail),
        report.count(Verdict::NotApplicable)
    )
}

fn row(report: &Report, finding: &Finding) -> String {
    let check = &finding.check;
    let known = if report.known.accepts(finding) { ", known" } else { "" };
    let reasons = tame(&finding.reasons.join("; ")).replace('|', "\\|");
    let verdict = finding.verdict.name();
    format!(
        "| {}: {} | {} ({}) | {verdict}{known} | {reasons} |\n",
        check.id, check.title, check.clause, check.level
    )
}
