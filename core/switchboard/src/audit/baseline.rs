//! The baseline: a file of the findings that are accepted today.
//!
//! Each has a line `ID VERDICT`. The rest of a line is for people, so that the first line of each
//! finding in a report will do. A run fails on what is new.

use super::finding::Finding;
use super::verdict::Verdict;

/// The findings that are known.
#[derive(Default)]
pub(crate) struct Baseline(Vec<(String, Verdict)>);

impl Baseline {
    /// Reads `ID fail …` and `ID warn …`; empty lines and `#` are for people.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let lines =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let known = lines.map(|line| {
            let mut words = line.split_whitespace();
            match (words.next(), words.next().map(|word| word.trim_end_matches(':'))) {
                (Some(id), Some("fail")) => Ok((id.to_ascii_uppercase(), Verdict::Fail)),
                (Some(id), Some("warn")) => Ok((id.to_ascii_uppercase(), Verdict::Warn)),
                _ => Err(format!("`ID fail` or `ID warn` is wanted, and not: {line}")),
            }
        });
        known.collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether a finding is accepted: it is in the baseline, as bad or worse.
    pub(crate) fn accepts(&self, finding: &Finding) -> bool {
        finding.verdict >= Verdict::Warn
            && self.verdict(finding).is_some_and(|known| finding.verdict <= known)
    }

    /// Returns whether a finding is in the baseline, and passes now.
    pub(crate) fn is_mended(&self, finding: &Finding) -> bool {
        finding.verdict == Verdict::Pass && self.verdict(finding).is_some()
    }

    fn verdict(&self, finding: &Finding) -> Option<Verdict> {
        let is_it = |(id, _): &&(String, Verdict)| id.eq_ignore_ascii_case(finding.check.id);
        self.0.iter().find(is_it).map(|(_, verdict)| *verdict)
    }
}
