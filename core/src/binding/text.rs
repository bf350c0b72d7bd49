//! Field lines as text, which are checked when they are sent.

use crate::wire::fields::Field;
use crate::wire::scan::swar;
use crate::wire::source::FieldSource;
use crate::wire::syntax::trim;

/// Field lines of the form `Name: value`, each ended by CRLF.
///
/// The CRLF of the last line is optional.
///
/// Unlike a [`Block`](crate::Block), it allocates nothing and may have any field. Each time it is
/// sent, each of its lines is checked, and counts as one line. A line without a colon, or an empty
/// one, has an invalid name; that name may go on to the next colon. A lone LF after the colon is an
/// invalid byte of the value.
#[derive(Clone, Copy, Debug)]
pub struct TextLines<'a>(pub &'a [u8]);

impl<'a> TextLines<'a> {
    /// Calls `each` with the name and the value of every line, in order.
    // The small flavour of the C library has it once.
    #[cfg_attr(feature = "std", inline(always))]
    #[cfg_attr(not(feature = "std"), inline(never))]
    pub fn each_line(self, each: &mut dyn FnMut(Field<'a>)) {
        let mut rest = self.0;
        while !rest.is_empty() {
            // A name with the end of a line in it is as invalid as that line without a colon.
            let Some((name, after)) = split(b':', rest) else {
                return each(Field { name: b"", value: rest });
            };
            let (value, next) = match split(b'\n', after) {
                Some((value, next)) => match value {
                    [value @ .., b'\r'] => (value, next),
                    // The lone LF is an invalid byte of the value.
                    _ => (&after[..=value.len()], next),
                },
                None => (after, &after[after.len()..]),
            };
            let value = match value {
                // Nothing is to be removed but the usual space.
                [b' ', inner @ ..] if IS_FAST && has_no_space_around(inner) => inner,
                value => trim(value),
            };
            each(Field { name, value });
            rest = next;
        }
    }
}

/// True if this build prefers speed to code size, as with the feature `std`.
const IS_FAST: bool = cfg!(feature = "std");

/// The number of bytes that are searched in words before memchr is called.
const SHORT: usize = 32;

/// Splits bytes at the first `byte`, which is in neither part.
///
/// Names and most values are short, so that eight bytes at a time are faster than a call of memchr.
#[cfg_attr(feature = "std", inline(always))]
fn split(byte: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut first = 0;
    while IS_FAST && first < SHORT {
        let Some(&word) = bytes[first..].first_chunk() else { break };
        let found = swar::equal(u64::from_le_bytes(word), byte);
        if found != 0 {
            first += found.trailing_zeros() as usize / 8;
            return Some((&bytes[..first], &bytes[first + 1..]));
        }
        first += word.len();
    }
    first += memchr::memchr(byte, &bytes[first..])?;
    Some((&bytes[..first], &bytes[first + 1..]))
}

fn has_no_space_around(value: &[u8]) -> bool {
    matches!((value.first(), value.last()), (Some(b'!'..), Some(b'!'..)))
}

impl FieldSource for TextLines<'_> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.each_line(each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Connection, ErrorKind, ResponseHead, Role, Step};
    use std::string::String;
    use std::vec::Vec;

    fn answer(text: &str) -> Result<String, (ErrorKind, Option<usize>)> {
        let mut server = Connection::new(Role::Server);
        server.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("a request");
        assert_eq!(server.advance(), Ok(Step::Event));
        let mut out = Vec::new();
        let lines = TextLines(text.as_bytes());
        server
            .respond(&ResponseHead::new(200, &lines), b"", &mut out)
            .map_err(|error| (error.kind(), error.field()))?;
        let head = String::from_utf8(out).expect("text");
        Ok(head.replace("HTTP/1.1 200 OK\r\n", "").replace("Content-Length: 0\r\n\r\n", ""))
    }

    #[test]
    fn lines_are_sent_as_fields() {
        assert_eq!(answer("a: 1\r\nB:\t 2 \r\n"), Ok("a: 1\r\nB: 2\r\n".into()));
        assert_eq!(answer("a: 1"), Ok("a: 1\r\n".into()));
        assert_eq!(answer("a:"), Ok("a: \r\n".into()));
        assert_eq!(answer(""), Ok("".into()));
        let close = answer("Connection: close\r\n").expect("a response");
        assert!(close.contains("Connection: close"), "{close}");
    }

    #[test]
    fn names_of_any_length_end_at_their_colon() {
        for len in 1..40 {
            let line = "n".repeat(len) + ": a:b;:\r\n";
            assert_eq!(answer(&line), Ok(line), "{len}");
        }
    }

    #[test]
    fn each_line_is_checked_and_counted() {
        for (text, kind, at) in [
            ("a: 1\r\nb\r\n", ErrorKind::InvalidName, 1),
            ("a: 1\r\n\r\nb: 2\r\n", ErrorKind::InvalidName, 1),
            ("a: 1\r\n\r\n", ErrorKind::InvalidName, 1),
            ("\r\n", ErrorKind::InvalidName, 0),
            ("\n", ErrorKind::InvalidName, 0),
            ("a : 1\r\n", ErrorKind::InvalidName, 0),
            (" a: 1\r\n", ErrorKind::InvalidName, 0),
            ("a: 1\r\n b: 2\r\n", ErrorKind::InvalidName, 1),
            ("a: 1\nb: 2\r\n", ErrorKind::InvalidValue, 0),
            ("a: 1\r\nb: 2\n", ErrorKind::InvalidValue, 1),
            ("a: 1\rb: 2\r\n", ErrorKind::InvalidValue, 0),
            ("a: 1\0\r\n", ErrorKind::InvalidValue, 0),
        ] {
            assert_eq!(answer(text), Err((kind, Some(at))), "{text:?}");
        }
    }
}
