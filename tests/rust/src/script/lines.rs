//! The text of a connection's output, as lines of a test vector.

use std::fmt::Write;

use switchover::binding::{EventParts, EventPlace};
use switchover::{Error, Event, FieldSource, Fields, Request, Response};

use crate::queries::query;
use crate::text::{escape, summary};

/// The name and the value of a field line.
pub type FieldLine = (Vec<u8>, Vec<u8>);

/// The head of a message that the engine emitted in a run of a vector.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The method of a request.
    pub method: String,
    /// The target of a request.
    pub target: String,
    /// The status of a response; 0 for a request.
    pub status: u16,
    /// The reason phrase of a response.
    pub reason: Vec<u8>,
    /// The protocols that a request offers.
    pub offers: Vec<String>,
    /// The field lines, in order.
    pub fields: Vec<FieldLine>,
}

impl Head {
    /// Copies the head of a request.
    pub fn of_request(request: &Request<'_>) -> Self {
        Self {
            method: request.method().into(),
            target: request.target().into(),
            offers: request.offers().map_or(Vec::new(), |offers| {
                offers.map(|offer| offer.protocol.to_string()).collect()
            }),
            fields: owned(request.fields()),
            ..Self::default()
        }
    }

    /// Copies the head of a response.
    pub fn of_response(response: &Response<'_>) -> Self {
        Self {
            status: response.status(),
            reason: response.reason().to_vec(),
            fields: owned(response.fields()),
            ..Self::default()
        }
    }
}

fn owned(fields: Fields<'_>) -> Vec<FieldLine> {
    fields.iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}

/// Returns bytes as escaped lines of a vector.
///
/// `mark` begins the text of a line that ends with CRLF; the CRLF is left out. Where no CRLF
/// begins in the next 4,000 bytes, a doubled mark begins up to 100,000 bytes, with any CRLF in them
/// escaped.
pub(crate) fn put_lines(bytes: &[u8], mark: char) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|pair| pair == b"\r\n");
        match end {
            Some(end) if end < 4000 => {
                let text = compact(&rest[..end]);
                lines.push(if text.is_empty() {
                    mark.to_string()
                } else {
                    format!("{mark} {text}")
                });
                rest = &rest[end + 2..];
            }
            _ => {
                let (piece, after) = rest.split_at(rest.len().min(100_000));
                lines.push(format!("{mark}{mark} {}", compact(piece)));
                rest = after;
            }
        }
    }
    lines
}

/// Escapes bytes, and writes 24 or more equal bytes as a repetition `\{24*a}`.
fn compact(bytes: &[u8]) -> String {
    with_repetitions(bytes, escape)
}

/// Writes long runs of one byte as repetitions, in a line that is escaped already.
fn shortened(line: &str) -> String {
    with_repetitions(line.as_bytes(), |bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn with_repetitions(bytes: &[u8], put: impl Fn(&[u8]) -> String) -> String {
    let same = |one: &u8, other: &u8| one == other;
    bytes
        .chunk_by(same)
        .map(|run| match run.len() {
            // A brace would end the repetition.
            24.. => match run[0] {
                byte @ (b'{' | b'}') => format!("\\{{{}*\\x{byte:02x}}}", run.len()),
                _ => format!("\\{{{}*{}}}", run.len(), put(&run[..1])),
            },
            _ => put(run),
        })
        .collect()
}

/// Returns whether a line is `need-data` or a pause, at which the engine stops.
pub(super) fn is_stop(line: &str) -> bool {
    line == "need-data" || line.starts_with("paused ")
}

/// Returns whether a line is the result of a decision or query, and no event.
pub(crate) fn is_answer(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or_default();
    matches!(word, "trace" | "parts" | "selected" | "taken" | "handed")
        || query(word).is_some()
        || super::profiles::is_answer(word)
        || (word == "request" && !line.contains('@'))
}

pub(super) fn error_line(error: &Error) -> String {
    let status = error.status().map_or("-".into(), |status| status.to_string());
    let offset = error.offset().map_or("-".into(), |offset| offset.to_string());
    format!("error {} {} {status} @{offset}", error.code(), error.kind().name())
}

/// Returns the line of a closed connection, with the bytes discarded, if any.
pub(super) fn closed_line(discarded: usize) -> String {
    if discarded == 0 {
        "paused closed".into()
    } else {
        format!("paused closed discarded {discarded}")
    }
}

/// Returns the line of an event, with the position in the input after it.
///
/// The line of content has no position. `shows_fields` adds the field lines of heads; trailers
/// are always shown.
pub(crate) fn event_line(event: &Event<'_>, position: u64, shows_fields: bool) -> String {
    let EventParts { place, response, fields, bytes, .. } = EventParts::of(event);
    let line = match place {
        EventPlace::Content => return format!("data {}", summary(bytes)),
        EventPlace::End => "end".into(),
        EventPlace::Head => shortened(&event.to_string()),
        EventPlace::Alone => event.to_string(),
    };
    // Trailers are always shown; the request of a switch was shown before.
    let is_shown = place == EventPlace::End
        || shows_fields && (place == EventPlace::Head || response.is_some());
    let fields = fields.filter(|_| is_shown).map_or(String::new(), fields_text);
    format!("{line}{fields} @{position}")
}

fn offers_text(request: &Request<'_>) -> String {
    match request.offers() {
        Ok(offers) => {
            let list: Vec<String> = offers
                .map(|offer| match offer.ineligible {
                    None => offer.protocol.to_string(),
                    Some(reason) => format!("{}!{}", offer.protocol, reason.name()),
                })
                .collect();
            format!(" offers [{}]", list.join(", "))
        }
        Err(reason) if reason.name() == "absent" => String::new(),
        Err(reason) => format!(" offers nothing ({})", reason.name()),
    }
}

/// Returns the value of the query `offers`: the offers, or why a request has none.
///
/// It is `none` without a request, and empty if the request makes no offer.
pub(crate) fn offers_value(request: Option<Request<'_>>) -> String {
    request.map_or("none".into(), |request| offers_text(&request).trim_start().to_owned())
}

fn fields_text(fields: Fields<'_>) -> String {
    let mut text = String::new();
    put_fields(&mut text, &fields);
    text
}

pub(super) fn put_fields(text: &mut String, fields: &dyn FieldSource) {
    fields.each(&mut |field| {
        write!(text, " {{{}: {}}}", escape(field.name), escape(field.value)).unwrap()
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::unescape;

    #[test]
    fn repetitions_come_back() {
        for byte in 0..=255 {
            let bytes = [&[byte; 30][..], b"a", &[byte; 23]].concat();
            assert_eq!(unescape(&compact(&bytes)), bytes);
        }
    }
}
