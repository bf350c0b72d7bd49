//! The report of an audit, for people and for programs.

mod explained;
mod json;
mod junit;
mod markdown;
mod text;

pub(crate) use explained::explanation;

use super::baseline::Baseline;
use super::finding::Finding;
use super::verdict::Verdict;

/// The results of a run.
pub(crate) struct Report {
    /// The name of the audited program: an authority and path, or a client's name.
    pub(crate) subject: String,
    pub(crate) findings: Vec<Finding>,
    /// The findings that are accepted.
    pub(crate) known: Baseline,
    /// True if a warning fails the run.
    pub(crate) is_strict: bool,
}

/// The form of a report.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    Text { is_verbose: bool },
    Json,
    Junit,
    Markdown,
}

impl Report {
    pub(crate) fn told(&self, form: Form) -> String {
        match form {
            Form::Text { is_verbose } => text::report(self, is_verbose),
            Form::Json => json::report(self),
            Form::Junit => junit::report(self),
            Form::Markdown => markdown::report(self),
        }
    }

    /// Returns whether a finding fails the run: it is bad enough, and not accepted.
    pub(crate) fn is_failure(&self, finding: &Finding) -> bool {
        let least = if self.is_strict { Verdict::Warn } else { Verdict::Fail };
        finding.verdict >= least && !self.known.accepts(finding)
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.findings.iter().any(|finding| self.is_failure(finding))
    }

    /// Returns the number of findings with that verdict.
    fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }

    /// Returns the IDs of checks that are in the baseline but pass now.
    fn mended(&self) -> impl Iterator<Item = &'static str> {
        self.findings
            .iter()
            .filter(|finding| self.known.is_mended(finding))
            .map(|finding| finding.check.id)
    }
}

/// Returns bytes as text: escapes all but printable ASCII and LF, and drops CR.
fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'\r' => {}
            b'\n' | b' '..=b'~' => text.push(char::from(byte)),
            byte => text += &format!("\\x{byte:02x}"),
        }
    }
    text
}
