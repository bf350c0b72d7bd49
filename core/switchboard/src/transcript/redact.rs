//! Redaction of the values of credential fields in transcripts.

use std::sync::atomic::{AtomicBool, Ordering};

use switchover::Field;

use super::escape::push_escaped;

/// The text that replaces a secret value in transcripts.
pub(super) const HIDDEN: &str = "<hidden>";

/// True if transcripts show the values of credential fields.
static SHOWS_SECRETS: AtomicBool = AtomicBool::new(false);

/// Turns off the redaction of transcripts for the rest of the process.
pub(crate) fn show_secrets() {
    SHOWS_SECRETS.store(true, Ordering::Relaxed);
}

pub(super) fn hides_secrets() -> bool {
    !SHOWS_SECRETS.load(Ordering::Relaxed)
}

pub(super) fn is_hidden(field: Field<'_>) -> bool {
    field.is_secret() && hides_secrets()
}

/// A length above that of any credential field's name.
const LONG_NAME: usize = 32;

/// A scanner for credential fields in a stream, which may be split anywhere.
///
/// It also recognises malformed and obsolete lines: a space before the colon, an obs-fold, a line
/// after a lone CR or LF.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    place: Place,
    /// The name of the current field line so far, without spaces and tabs.
    name: Vec<u8>,
}

/// The position of the next byte within a message.
#[derive(Clone, Copy)]
enum Place {
    /// The beginning of a line; `is_secret` is true if the previous value is hidden.
    ///
    /// A fold could continue that value.
    Begin {
        is_secret: bool,
    },
    /// After a CR, which may end the line; `is_secret` is true if its value is hidden.
    AfterCr {
        is_secret: bool,
    },
    Name,
    /// Inside a field's value, or inside a line that is not a field.
    Value {
        is_secret: bool,
    },
}

impl Default for Place {
    fn default() -> Self {
        Self::Begin { is_secret: false }
    }
}

impl Redactor {
    /// Consumes a byte; returns whether the byte belongs to a hidden value.
    fn hides(&mut self, byte: u8) -> bool {
        let is_secret = match self.place {
            Place::Value { is_secret } | Place::AfterCr { is_secret } => is_secret,
            // An empty line ends the field, which a fold could continue.
            Place::Begin { is_secret } => is_secret && !matches!(byte, b'\r' | b'\n'),
            Place::Name => false,
        };
        self.place = match (self.place, byte) {
            (_, b'\r') => Place::AfterCr { is_secret },
            (_, b'\n') => Place::Begin { is_secret },
            (Place::Value { .. }, _) => return is_secret,
            (Place::Begin { .. } | Place::AfterCr { .. }, b' ' | b'\t') if is_secret => {
                Place::Value { is_secret }
            }
            (Place::Name, b':') => {
                let name = std::mem::take(&mut self.name);
                Place::Value { is_secret: is_hidden(Field { name: &name, value: b"" }) }
            }
            (place, b' ' | b'\t') => place,
            (Place::Name, _) if self.name.len() == LONG_NAME => Place::Value { is_secret: false },
            (place, _) => {
                if !matches!(place, Place::Name) {
                    self.name.clear();
                }
                self.name.push(byte);
                Place::Name
            }
        };
        matches!(self.place, Place::Value { is_secret: true }) && byte != b':'
    }

    /// Consumes bytes of the stream without returning their text.
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.hides(byte);
        }
    }

    /// Consumes bytes and returns them as escaped text, with secret values replaced.
    pub(super) fn shown(&mut self, bytes: &[u8]) -> String {
        let (mut text, mut was_hidden) = (String::with_capacity(bytes.len()), false);
        for &byte in bytes {
            let is_hidden = self.hides(byte);
            if !is_hidden {
                push_escaped(&mut text, byte);
            } else if !was_hidden {
                text.push_str(if text.is_empty() { "" } else { " " });
                text.push_str(HIDDEN);
            }
            was_hidden = is_hidden;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of credential fields are hidden however the bytes are split.
    #[test]
    fn secrets_are_hidden_in_whole_and_in_pieces() {
        let heads = [
            (
                "GET / HTTP/1.1\r\nCookie: XX\r\nA: b\r\n\r\n",
                "GET / HTTP/1.1\\r\\nCookie: <hidden>\\r\\nA: b\\r\\n\\r\\n",
            ),
            ("cookie:XX", "cookie: <hidden>"),
            ("Proxy-Authorization: a:XX", "Proxy-Authorization: <hidden>"),
            ("Cookie : XX", "Cookie : <hidden>"),
            (" Cookie: XX", " Cookie: <hidden>"),
            ("Cookie:\r\n XX\r\n\tXX\r\nA: b", "Cookie:\\r\\n <hidden>\\r\\n <hidden>\\r\\nA: b"),
            ("A: b\nCookie: XX\rCookie: XX", "A: b\\nCookie: <hidden>\\rCookie: <hidden>"),
            ("Cookie: XX\r\n\r\n content", "Cookie: <hidden>\\r\\n\\r\\n content"),
            ("Cookies: a, Cookie: b", "Cookies: a, Cookie: b"),
            ("Set-Cookie2: a\r\nMy-Cookie: b", "Set-Cookie2: a\\r\\nMy-Cookie: b"),
        ];
        for (head, wanted) in heads {
            assert_eq!(Redactor::default().shown(head.as_bytes()), wanted);
            for at in 0..head.len() {
                let (first, rest) = head.as_bytes().split_at(at);
                let mut secrecy = Redactor::default();
                secrecy.pass(first);
                assert!(!secrecy.shown(rest).contains('X'), "{head:?} cut at {at}");
            }
        }
    }
}
