//! The parser of tables of checks, such as `server.checks`.
//!
//! ```text
//! # A remark.
//! == A section: its rules, up to the first check, hold for its checks that have no other ones
//! needs: S30
//!
//! S46 MUST RFC 9110, 7.8: a title
//! says: the clause; tests/tools/clauses compares quotations with a MUST or similar to the RFC
//! fail: the symptoms that are a failure
//! warn: the symptoms that are a warning
//! moot: the symptoms that make the check not applicable
//! note: the symptoms that are told, and the check passes
//! apply: the remedy if `moot`, or no head to judge, makes the check not applicable
//!   GET /plain HTTP/1.1        a line, to which CRLF is added
//! + Upgrade: x-audit/1         a line that only the check sends
//! - Connection: close          a line that only the control sends
//!                              (an empty line ends a head)
//! | hello\x00                  bytes, after decoding of escapes
//! ~ pause                      an event to wait for before the rest is sent, or a mark
//! ```

use super::verdict::Verdict;

/// One check: the lines to send, and the rules that rate the response.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) id: &'static str,
    /// The requirement level of the clause, such as MUST, or DEF.
    ///
    /// DEF marks a consequence of a definition, or an "ought to".
    pub(crate) level: &'static str,
    /// The RFC and the section, such as `RFC 9110, 7.8`.
    pub(crate) clause: &'static str,
    pub(crate) title: &'static str,
    /// The title of the section that the check is in.
    pub(crate) section: &'static str,
    pub(crate) rules: Rules,
    pub(crate) lines: Vec<Line>,
}

/// The rules that turn symptoms into the verdict of a check.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// The text of the clause that the check tests.
    pub(crate) says: &'static str,
    /// The needs that must be met for the check to be applicable.
    pub(crate) needs: Vec<&'static str>,
    /// The symptoms that break the clause, so that the check fails.
    pub(crate) fail: Vec<&'static str>,
    /// The symptoms that give the check a warning.
    pub(crate) warn: Vec<&'static str>,
    /// The symptoms that make the check not applicable.
    pub(crate) moot: Vec<&'static str>,
    /// The symptoms that are reported although the check passes.
    pub(crate) note: Vec<&'static str>,
    /// The remedy if `moot`, or no head to judge, makes the check not applicable.
    pub(crate) apply: &'static str,
}

impl Rules {
    /// Returns the first verdict in `order` with a symptom that is seen, and reasons.
    ///
    /// `seen` returns a sentence for each named symptom that is seen. A check that passes has the
    /// sentences of its `note` symptoms, or else the `summary`.
    pub(crate) fn verdict(
        &self,
        order: [Verdict; 3],
        seen: impl Fn(&[&str]) -> Vec<String>,
        summary: impl FnOnce() -> String,
    ) -> (Verdict, Vec<String>) {
        for verdict in order {
            let reasons = match verdict {
                Verdict::Fail => seen(&self.fail),
                Verdict::Warn => seen(&self.warn),
                Verdict::NotApplicable => {
                    let told = |reason| format!("{reason}: {}", self.apply);
                    seen(&self.moot).into_iter().map(told).collect()
                }
                Verdict::Pass => continue,
            };
            if !reasons.is_empty() {
                return (verdict, reasons);
            }
        }
        let notes = seen(&self.note);
        (Verdict::Pass, if notes.is_empty() { vec![summary()] } else { notes })
    }
}

/// A line of a check's script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) by: By,
    pub(crate) what: What,
}

/// The scripts that send a line: the check's, its control's, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Both,
    Check,
    Control,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// A line of a message head, without its CRLF.
    Text(&'static str),
    /// The empty line that ends a head.
    Empty,
    /// Bytes to send, with escapes, or the name of a frame such as `PING`.
    Bytes(&'static str),
    /// The text of a `~` line: an event to wait for, or a mark.
    ///
    /// A mark waits for nothing: `next`, for example, separates the responses to two requests.
    Wait(&'static str),
}

impl Check {
    /// Returns whether the check has a control: an exchange that sends other lines.
    pub(crate) fn has_control(&self) -> bool {
        self.lines.iter().any(|line| line.by != By::Both)
    }

    /// Returns whether the check uses the resource for plain requests or for POST.
    pub(crate) fn asks_plainly(&self) -> bool {
        let is_plain = |text: &str| text.contains("/plain ") || text.contains("/echo ");
        self.lines.iter().any(|line| matches!(line.what, What::Text(text) if is_plain(text)))
    }

    /// Returns whether the check names a symptom as a failure, a warning or a note.
    pub(crate) fn asks(&self, symptom: &str) -> bool {
        let Rules { fail, warn, note, .. } = &self.rules;
        fail.iter().chain(warn).chain(note).any(|name| *name == symptom)
    }
}

/// Parses a table; an error has the line and its number.
pub(crate) fn parse(text: &'static str) -> Result<Vec<Check>, String> {
    let mut checks: Vec<Check> = Vec::new();
    let (mut section, mut name, mut is_open) = (Rules::default(), "", false);
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: &str| format!("line {}: {what}: {line}", number + 1);
        if let Some(title) = line.strip_prefix("== ") {
            (section, name, is_open) = (Rules::default(), title, false);
        } else if line.starts_with('#') {
        } else if let Some(sent) = sent(line) {
            let check =
                checks.last_mut().filter(|_| is_open).ok_or_else(|| wrong("no check is open"))?;
            check.lines.push(sent);
        } else if line.is_empty() {
            end_head(checks.last_mut().filter(|_| is_open));
        } else if let Some((key, value)) =
            line.split_once(": ").filter(|(key, _)| key.chars().all(char::is_lowercase))
        {
            let rules = checks
                .last_mut()
                .filter(|_| is_open)
                .map_or(&mut section, |check| &mut check.rules);
            rules.set(key, value).ok_or_else(|| wrong("no such rule"))?;
        } else {
            checks.push(
                Check::begin(line, name, &section).ok_or_else(|| wrong("no head of a check"))?,
            );
            is_open = true;
        }
    }
    checks.iter_mut().for_each(|check| end_head(Some(check)));
    Ok(checks)
}

/// Parses a line of a script; `None` if it begins with none of the five marks.
fn sent(line: &'static str) -> Option<Line> {
    let (mark, text) = line.split_at_checked(2)?;
    let (by, what) = match mark {
        "  " => (By::Both, What::Text(text)),
        "+ " => (By::Check, What::Text(text)),
        "- " => (By::Control, What::Text(text)),
        "| " => (By::Both, What::Bytes(text)),
        "~ " => (By::Both, What::Wait(text)),
        _ => return None,
    };
    Some(Line { by, what })
}

/// Handles an empty line of a table: ends the head before it.
///
/// An empty line after anything else only separates checks for readers.
fn end_head(check: Option<&mut Check>) {
    if let Some(lines) = check.map(|check| &mut check.lines)
        && matches!(lines.last(), Some(Line { what: What::Text(_), .. }))
    {
        lines.push(Line { by: By::Both, what: What::Empty });
    }
}

impl Check {
    /// Parses the first line of a check: `ID LEVEL RFC N, SECTION: TITLE`.
    ///
    /// Its rules begin as those of its section. `None` if the line has another form.
    fn begin(line: &'static str, section: &'static str, rules: &Rules) -> Option<Self> {
        let (head, title) = line.split_once(": ")?;
        let (id, rest) = head.split_once(' ')?;
        let (level, clause) = rest.split_at(rest.find(" RFC ")?);
        let has_number = id.chars().nth(1).is_some_and(|digit| digit.is_ascii_digit());
        let check = Self {
            id,
            level,
            clause: clause.trim(),
            title,
            section,
            rules: rules.clone(),
            lines: Vec::new(),
        };
        has_number.then_some(check)
    }
}

impl Rules {
    fn set(&mut self, key: &str, value: &'static str) -> Option<()> {
        let list = || value.split(", ").filter(|name| *name != "nothing").collect();
        match key {
            "says" => self.says = value,
            "needs" => self.needs = list(),
            "fail" => self.fail = list(),
            "warn" => self.warn = list(),
            "moot" => self.moot = list(),
            "note" => self.note = list(),
            "apply" => self.apply = value,
            _ => return None,
        }
        Some(())
    }
}
