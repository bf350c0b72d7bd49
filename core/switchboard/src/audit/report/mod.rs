//! The report of an audit, for people and for programs.

mod explained;
mod html;
mod json;
mod junit;
mod markdown;
mod playground;
mod story;
mod text;

pub(crate) use explained::explanation;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::baseline::Baseline;
use super::finding::Finding;
use super::verdict::Verdict;

/// The version of the tables of checks.
///
/// It must be raised with each change of a check, its ID, or its verdicts.
pub(crate) const TABLES: u32 = 2;
/// The version of the program.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The most bytes of each direction of an exchange that a report shows.
///
/// The JSON form has no such limit.
const SHOWN: usize = 2048;

/// The role of the audited program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    #[default]
    Server,
    Client,
    Proxy,
}

impl Role {
    /// Returns the role for the report's page, such as `a server`.
    fn name(self) -> &'static str {
        match self {
            Self::Server => "a server",
            Self::Client => "a client",
            Self::Proxy => "a proxy",
        }
    }

    /// Returns titles for the bytes sent to the program and for those received from it.
    fn sides(self) -> (&'static str, &'static str) {
        match self {
            Self::Server => ("Sent to the server", "Came from the server"),
            Self::Client => ("Sent to the client", "Came from the client"),
            Self::Proxy => ("Sent to the proxy", "Came from the proxy"),
        }
    }
}

/// The results of a run of the audit, from which reports are made.
pub(crate) struct Report {
    /// The name of the audited program: authority and path, or a client's command.
    ///
    /// It is `a client` if the client has no command.
    pub(crate) subject: String,
    pub(crate) role: Role,
    pub(crate) findings: Vec<Finding>,
    /// The baseline: findings that are accepted, so that they do not fail the run.
    pub(crate) known: Baseline,
    /// True if a warning fails the run.
    pub(crate) is_strict: bool,
    /// The arguments of the command line.
    pub(crate) arguments: Vec<String>,
    /// The time at which the run began, by the system clock and the monotonic clock.
    pub(crate) begun: (SystemTime, Instant),
}

impl Default for Report {
    fn default() -> Self {
        Self {
            subject: String::new(),
            role: Role::default(),
            findings: Vec::new(),
            known: Baseline::default(),
            is_strict: false,
            arguments: std::env::args().skip(1).collect(),
            begun: (SystemTime::now(), Instant::now()),
        }
    }
}

/// The form in which a report is printed.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    Text { is_verbose: bool },
    Json,
    Junit,
    Markdown,
}

impl Report {
    /// Returns the text to print as soon as a finding is known; `None` if nothing is.
    ///
    /// Only the text form prints findings at once.
    pub(crate) fn told_at_once(&self, finding: &Finding, form: Form) -> Option<String> {
        match form {
            Form::Text { is_verbose } => text::at_once(self, finding, is_verbose),
            _ => None,
        }
    }

    /// Returns the text to print at the end of the run.
    ///
    /// In the text form it is the totals, because findings are printed at once. In other forms it
    /// is the whole report.
    pub(crate) fn told_at_the_end(&self, form: Form) -> String {
        match form {
            Form::Text { .. } => text::totals(self),
            _ => self.told(form),
        }
    }

    /// Returns the totals as text for the standard error; `None` for the text form.
    ///
    /// That form has them in the report itself.
    pub(crate) fn totals_beside(&self, form: Form) -> Option<String> {
        match form {
            Form::Text { .. } => None,
            Form::Json | Form::Junit | Form::Markdown => Some(text::totals(self)),
        }
    }

    /// Returns the whole report in the given form.
    pub(crate) fn told(&self, form: Form) -> String {
        match form {
            Form::Text { is_verbose } => text::report(self, is_verbose),
            Form::Json => json::report(self),
            Form::Junit => junit::report(self),
            Form::Markdown => markdown::report(self),
        }
    }

    /// Returns the whole report as an HTML page.
    ///
    /// If a playground's URL is given, exchanges that are not too long link to it.
    pub(crate) fn page(&self, playground: Option<&str>) -> String {
        html::page(self, playground)
    }

    /// Returns whether a finding fails the run.
    ///
    /// It is a failure, or with `is_strict` also a warning, and the baseline does not accept it.
    pub(crate) fn is_failure(&self, finding: &Finding) -> bool {
        let least = if self.is_strict { Verdict::Warn } else { Verdict::Fail };
        finding.verdict >= least && !self.known.accepts(finding)
    }

    /// Returns the seconds since the run began.
    fn duration(&self) -> f64 {
        // Milliseconds are enough, and shorter.
        (self.begun.1.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
    }

    /// Returns the time at which the run began, in seconds since 1970.
    fn timestamp(&self) -> u64 {
        self.begun.0.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
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

/// Escapes the control characters in text, except LF and tab, for a terminal.
fn tame(text: &str) -> String {
    let mut tamed = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' => tamed.push(letter),
            letter if letter.is_control() => tamed.extend(letter.escape_unicode()),
            letter => tamed.push(letter),
        }
    }
    tamed
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

/// Returns the first `SHOWN` bytes as text, with the number of the others.
fn cut(bytes: &[u8]) -> String {
    match bytes.split_at_checked(SHOWN) {
        None if bytes.is_empty() => "nothing".into(),
        None | Some((_, [])) => shown(bytes),
        Some((begin, rest)) => format!("{}\n(and {} bytes more)", shown(begin), rest.len()),
    }
}

/// Returns the first line of bytes as text, at most 80 bytes of it.
fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    shown(&line[..line.len().min(80)])
}

/// Returns bytes as text, with a character U+0000 to U+00FF for each byte.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
