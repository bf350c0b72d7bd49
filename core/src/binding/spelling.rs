//! Descriptions of errors, with the identifiers of each language.
//!
//! The table of errors has Rust's identifiers between backticks. All can be replaced at compile
//! time, as C requires.

/// A language other than Rust in which descriptions of errors are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// C: functions begin with `swo_`; limits and leniencies are in the configuration.
    C,
    /// Python: functions are methods; limits and leniencies are arguments of `Config`.
    Python,
    /// JavaScript: most names are Rust's names in camel case.
    JavaScript,
}

/// The methods that descriptions of errors, or comments, mention.
///
/// In C they are functions.
pub const METHODS: &[&str] = &[
    "abandon",
    "accept",
    "advertise",
    "content",
    "hand_over",
    "next_event",
    "offers",
    "owes",
    "pass_content",
    "receive_eof",
    "reject",
    "require",
    "respond",
    "resume_http",
    "select",
    "send_data",
    "send_end",
    "send_informational",
    "send_request",
    "send_response",
    "skip_content",
    "take_leftover",
    "unanswered",
    "unread",
    "wants_input",
];

/// Other identifiers in error texts or comments: in Rust, C, Python, JavaScript.
const OTHERS: &[[&str; 4]] = &[
    ["Config::tidy", "config.tidy", "Config.tidy", "config.tidy"],
    ["Content", "SWO_OWES_CONTENT", "Owes.CONTENT", "content"],
    ["Error::needed", "written", "needed", "needed"],
    ["Error::status", "swo_error_status", "error.status", "error.status"],
    ["Ineligible", "swo_ineligible", "Ineligible", "Ineligible"],
    ["Request", "SWO_EVENT_KIND_REQUEST", "Request", "request"],
    ["Role", "swo_role", "Role", "role"],
    ["Switched", "SWO_EVENT_KIND_SWITCHED", "Switched", "switched"],
    ["TraceStep::Tidied", "SWO_TRACE_STEP_TIDIED", "TraceStep.TIDIED", "tidied"],
    ["http2_preface", "config.http2_preface", "Config.http2_preface", "http2Preface"],
    ["secure", "config.secure", "Config.secure", "secure"],
    ["trusted_gateway", "config.trusted_gateway", "Config.trusted_gateway", "trustedGateway"],
    ["selection.early()", "swo_selection_early", "selection.early()", "selection.early()"],
];

/// The maximum length in bytes of a description of an error, in any language.
pub const LONGEST: usize = 640;

/// The text of an error, with the identifiers of one language.
pub struct Spelled {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Spelled {
    /// Replaces Rust's identifiers between backticks in `text` by those of `language`.
    ///
    /// An unknown identifier stays as it is. A result longer than `LONGEST` bytes is truncated.
    pub const fn new(text: &str, language: Language) -> Self {
        let mut spelled = Self { bytes: [0; LONGEST], len: 0 };
        let mut rest = text.as_bytes();
        while let Some((before, name, after)) = next_name(rest) {
            spelled.put(before);
            spelled.put(b"`");
            spelled.put_name(name, language);
            spelled.put(b"`");
            rest = after;
        }
        spelled.put(rest);
        spelled
    }

    /// Returns the text with the language's identifiers, as bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        match self.bytes.split_at_checked(self.len) {
            Some((bytes, _)) => bytes,
            None => &[],
        }
    }

    /// Returns the text with the language's identifiers.
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.as_bytes()) {
            Ok(text) => text,
            Err(_) => "",
        }
    }

    const fn put_name(&mut self, name: &[u8], language: Language) {
        let mut at = 0;
        while at < OTHERS.len() {
            if is_same(name, OTHERS[at][0].as_bytes()) {
                return self.put(OTHERS[at][language as usize + 1].as_bytes());
            }
            at += 1;
        }
        if let Some(member) = after(name, b"limits.") {
            return self.put_member(b"limits.", member, language);
        }
        if let Some(member) = after(name, b"lenient.") {
            return self.put_member(b"lenient.", member, language);
        }
        match language {
            Language::C if is_method(name) => {
                self.put(b"swo_");
                self.put(name);
            }
            Language::JavaScript if is_method(name) => self.put_camel(name),
            _ => self.put(name),
        }
    }

    const fn put_member(&mut self, group: &[u8], member: &[u8], language: Language) {
        match language {
            Language::C => self.put(b"config."),
            Language::Python => self.put(b"Config."),
            Language::JavaScript => {
                self.put(group);
                return self.put_camel(member);
            }
        }
        self.put(member);
    }

    const fn put_camel(&mut self, name: &[u8]) {
        let (mut at, mut is_first) = (0, false);
        while at < name.len() {
            if name[at] == b'_' {
                is_first = true;
            } else {
                self.put(&[if is_first { name[at].to_ascii_uppercase() } else { name[at] }]);
                is_first = false;
            }
            at += 1;
        }
    }

    const fn put(&mut self, bytes: &[u8]) {
        let mut at = 0;
        // This loop cannot panic, which would be much code in WebAssembly.
        while at < bytes.len() && self.len < LONGEST {
            self.bytes[self.len] = bytes[at];
            (self.len, at) = (self.len + 1, at + 1);
        }
    }
}

/// Splits a text into the part before its next identifier, this, and the rest.
///
/// An identifier is the text between two backticks, which are left out. `None` if there is none.
const fn next_name(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let Some((before, rest)) = cut(text) else { return None };
    let Some((name, rest)) = cut(rest) else { return None };
    Some((before, name, rest))
}

/// Splits a text at its first backtick, which is left out; `None` if it has none.
const fn cut(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'`' {
            return match text.split_at_checked(at) {
                Some((before, [_, rest @ ..])) => Some((before, rest)),
                _ => None,
            };
        }
        at += 1;
    }
    None
}

const fn is_method(name: &[u8]) -> bool {
    let mut at = 0;
    while at < METHODS.len() {
        if is_same(name, METHODS[at].as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn is_same(a: &[u8], b: &[u8]) -> bool {
    matches!(after(a, b), Some([]))
}

/// Removes `beginning` from the start of `text`; `None` if it is not there.
const fn after<'a>(text: &'a [u8], beginning: &[u8]) -> Option<&'a [u8]> {
    let (mut text, mut beginning) = (text, beginning);
    while let Some((wanted, others)) = beginning.split_first() {
        match text.split_first() {
            Some((byte, rest)) if *byte == *wanted => (text, beginning) = (rest, others),
            _ => return None,
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec::Vec;

    use super::*;
    use crate::error::ErrorKind;
    use crate::limits::{Lenient, Limits};

    /// Texts between backticks that are equal in all languages, such as field names.
    const PLAIN: &[&str] = &[
        "#",
        "*",
        "/",
        "Connection",
        "Content-Length",
        "Host",
        "Sec-WebSocket-Accept",
        "Transfer-Encoding",
        "Upgrade",
        "host:port",
        "http",
        "https",
        "name",
        "name/version",
        "target",
    ];

    #[test]
    fn a_text_has_the_names_of_its_language() {
        let text =
            "Raise `limits.field_line` or `lenient.lone_lf`; `send_end`, `Error::status`, `Host`.";
        let spelled =
            [Language::C, Language::Python, Language::JavaScript].map(|to| Spelled::new(text, to));
        assert_eq!(
            spelled.each_ref().map(Spelled::as_str),
            [
                "Raise `config.field_line` or `config.lone_lf`; `swo_send_end`, \
                 `swo_error_status`, `Host`.",
                "Raise `Config.field_line` or `Config.lone_lf`; `send_end`, `error.status`, \
                 `Host`.",
                "Raise `limits.fieldLine` or `lenient.loneLf`; `sendEnd`, `error.status`, `Host`.",
            ]
        );
        assert_eq!(Spelled::new("no name, a ` alone", Language::C).as_str(), "no name, a ` alone");
    }

    /// Each identifier in the table of errors is known to this module.
    ///
    /// It is in one of the module's lists, or is a limit or a leniency. An unknown one would be
    /// shown to users of other languages in Rust's spelling.
    #[test]
    fn every_name_in_the_table_of_errors_is_known() {
        let limits: Vec<_> =
            Limits::DEFAULT.table().map(|(name, _)| format!("limits.{name}")).collect();
        let lenient: Vec<_> =
            Lenient::none().table().map(|(name, _)| format!("lenient.{name}")).collect();
        for text in ErrorKind::ALL.iter().flat_map(|kind| [kind.text(), kind.advice()]) {
            let mut rest = text.as_bytes();
            while let Some((_, name, after)) = next_name(rest) {
                let name = str::from_utf8(name).expect("a name");
                let is_known = METHODS.contains(&name)
                    || PLAIN.contains(&name)
                    || OTHERS.iter().any(|other| other[0] == name)
                    || limits.iter().chain(&lenient).any(|member| member == name);
                assert!(is_known, "`{name}` in {text:?}");
                rest = after;
            }
            for language in [Language::C, Language::Python, Language::JavaScript] {
                let spelled = Spelled::new(text, language);
                assert!(!spelled.as_str().contains("::"), "{}", spelled.as_str());
                assert!(spelled.as_bytes().len() < LONGEST, "{text}");
            }
        }
    }
}
