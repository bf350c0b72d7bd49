//! The baseline: a file of accepted findings, so that only new ones fail.
//!
//! Each finding is a line `ID fail` or `ID warn`. The rest of the line is ignored, so the first
//! line of each failure or warning in a text report can be copied.

use super::finding::Finding;
use super::table::Check;
use super::verdict::Verdict;

/// The accepted findings: each check's ID and verdict.
#[derive(Default)]
pub(crate) struct Baseline(Vec<(String, Verdict)>);

impl Baseline {
    /// Parses lines `ID fail …` and `ID warn …`; skips empty lines and `#` comments.
    ///
    /// Any other line is an error. So is an ID that no check has: its finding would never be
    /// accepted.
    pub(crate) fn parse(text: &str, checks: &[Check]) -> Result<Self, String> {
        let lines =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let known = lines.map(|line| {
            let mut words = line.split_whitespace();
            let id = words.clone().next().unwrap_or_default();
            if !checks.iter().any(|check| id.eq_ignore_ascii_case(check.id)) {
                return Err(format!("there is no check {id}: {line}"));
            }
            match (words.next(), words.next().map(|word| word.trim_end_matches(':'))) {
                (Some(id), Some("fail")) => Ok((id.to_ascii_uppercase(), Verdict::Fail)),
                (Some(id), Some("warn")) => Ok((id.to_ascii_uppercase(), Verdict::Warn)),
                _ => Err(format!("`ID fail` or `ID warn` is wanted, and not: {line}")),
            }
        });
        known.collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether a finding is a warning or failure that the baseline accepts.
    ///
    /// The baseline must list its check with that verdict or a worse one.
    pub(crate) fn accepts(&self, finding: &Finding) -> bool {
        finding.verdict >= Verdict::Warn
            && self.verdict(finding).is_some_and(|known| finding.verdict <= known)
    }

    /// Returns whether a finding passes although the baseline lists its check.
    pub(crate) fn is_mended(&self, finding: &Finding) -> bool {
        finding.verdict == Verdict::Pass && self.verdict(finding).is_some()
    }

    fn verdict(&self, finding: &Finding) -> Option<Verdict> {
        let is_it = |(id, _): &&(String, Verdict)| id.eq_ignore_ascii_case(finding.check.id);
        self.0.iter().find(is_it).map(|(_, verdict)| *verdict)
    }
}
