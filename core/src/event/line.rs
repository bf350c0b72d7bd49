//! The text form of events: for logs, transcripts and the vectors of the tests.

use core::fmt::{Display, Formatter, Result, Write};

use super::{Event, Switched};
use crate::upgrade::{NoOffer, Request};
use crate::wire::fields::Fields;

/// The maximum length in bytes of content that is printed.
///
/// Of longer content only the length is printed.
const SHOWN: usize = 160;

/// Formats an event on one line, such as `request GET /chat 1.1 offers [foo/2]`.
///
/// The kind of event comes first, then its most important parts. An ineligible offer has its
/// reason, as in `websocket!key`. Bytes other than printable ASCII are escaped, so the text is one
/// line whatever the peer sends. Short content is printed. Field lines are printed only for
/// trailers, without the values of secret fields.
impl Display for Event<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Request(request) => {
                let (method, target) = request.line_bytes();
                write!(
                    f,
                    "request {} {} 1.{}",
                    Escaped(method),
                    Escaped(target),
                    request.minor_version()
                )?;
                offers(request, f)
            }
            Self::Informational(response) => write!(f, "informational {}", response.status()),
            Self::Response(response) => {
                write!(f, "response {} 1.{}", response.status(), response.minor_version())?;
                match response.dropped() {
                    0 => Ok(()),
                    dropped => write!(f, " dropped {dropped}"),
                }
            }
            Self::Data(data) if data.len() <= SHOWN => write!(f, "data \"{}\"", Escaped(data)),
            Self::Data(data) => write!(f, "data {} bytes", data.len()),
            Self::EndOfMessage(fields) => {
                f.write_str("end")?;
                trailers(fields, f)
            }
            Self::Switched(switched) => change(switched, f),
        }
    }
}

fn offers(request: &Request<'_>, f: &mut Formatter<'_>) -> Result {
    match request.offers() {
        Ok(offers) => {
            f.write_str(" offers [")?;
            for (index, offer) in offers.enumerate() {
                let separator = if index > 0 { ", " } else { "" };
                write!(f, "{separator}{}", offer.protocol)?;
                if let Some(reason) = offer.ineligible {
                    write!(f, "!{}", reason.name())?;
                }
            }
            f.write_str("]")
        }
        Err(NoOffer::Absent) => Ok(()),
        Err(reason) => write!(f, " offers nothing ({})", reason.name()),
    }
}

fn trailers(fields: &Fields<'_>, f: &mut Formatter<'_>) -> Result {
    fields.iter().try_for_each(|field| {
        let value = if field.is_secret() { b"<hidden>" } else { field.value };
        write!(f, " {{{}: {}}}", Escaped(field.name), Escaped(value))
    })
}

fn change(switched: &Switched<'_>, f: &mut Formatter<'_>) -> Result {
    write!(f, "switched by {}", switched.by.name())?;
    if !switched.protocols.is_empty() {
        write!(f, " to {}", switched.protocols)?;
    }
    match (&switched.request, &switched.response) {
        (Some(request), _) => {
            let (method, target) = request.line_bytes();
            write!(f, " for {} {}", Escaped(method), Escaped(target))
        }
        (None, Some(response)) => write!(f, " {}", response.status()),
        (None, None) => Ok(()),
    }
}

/// Bytes to print; backslashes and all but printable ASCII become escapes.
///
/// The escapes are `\r \n \t \0 \\ \xHH`.
struct Escaped<'a>(&'a [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.iter().try_for_each(|&byte| match byte {
            b'\r' => f.write_str("\\r"),
            b'\n' => f.write_str("\\n"),
            b'\t' => f.write_str("\\t"),
            0 => f.write_str("\\0"),
            b'\\' => f.write_str("\\\\"),
            0x20..=0x7e => f.write_char(byte.into()),
            _ => write!(f, "\\x{byte:02x}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use crate::{Connection, Event, Order, Role, Step};

    fn lines(connection: &mut Connection) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(Step::Event) = connection.advance() {
            lines.push(connection.event().expect("an event").to_string());
        }
        lines
    }

    #[test]
    fn a_line_for_each_event_of_a_server() {
        let mut server = Connection::new(Role::Server);
        let head = "Host: a\r\nTransfer-Encoding: chunked\r\n\
                    Upgrade: foo/2, websocket\r\nConnection: upgrade\r\n\r\n";
        let content = "3\r\na\\\n\r\nff\r\n".to_string()
            + &"x".repeat(255)
            + "\r\n0\r\nA: b\r\nCookie: c\r\n\r\nhello";
        server
            .receive(["POST /chat HTTP/1.1\r\n", head, &content].concat().as_bytes())
            .expect("room");
        // The content may be emitted in several parts.
        let came = lines(&mut server);
        assert_eq!(came[0], "request POST /chat 1.1 offers [foo/2, websocket!method]");
        assert!(came[1..came.len() - 1].iter().all(|line| line.starts_with("data ")), "{came:?}");
        assert_eq!(came.last().map(String::as_str), Some("end {A: b} {Cookie: <hidden>}"));
        let selection = server.select(&["foo/2"], Order::Client).expect("it is offered");
        server.accept(selection, &(), &mut Vec::new()).expect("a switch");
        assert_eq!(lines(&mut server), ["switched by upgrade to foo/2 for POST /chat"]);
    }

    #[test]
    fn what_is_short_is_shown_and_what_is_long_is_counted() {
        assert_eq!(Event::Data(b"a\\\n\xff").to_string(), "data \"a\\\\\\n\\xff\"");
        assert_eq!(Event::Data(&[b'x'; 161]).to_string(), "data 161 bytes");
    }
}
