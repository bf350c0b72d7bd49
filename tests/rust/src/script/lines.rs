//! The output of a connection, as the lines of a vector.

use std::fmt::Write;

use switchover::{Error, Event, FieldSource, Fields, Request, Response};

use crate::text::{escape, summary};

/// Name and value.
pub type FieldLine = (Vec<u8>, Vec<u8>);

/// A head that came out of a vector.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The method of a request.
    pub method: String,
    /// The target of a request.
    pub target: String,
    /// The status of a response, else 0.
    pub status: u16,
    /// The reason phrase of a response.
    pub reason: Vec<u8>,
    /// The offers of a request.
    pub offers: Vec<String>,
    /// The fields, in order.
    pub fields: Vec<FieldLine>,
}

impl Head {
    /// Returns the parts of a request that a line shows.
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

    /// Returns the parts of a response that a line shows.
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

/// Bytes as marked lines: one a line of the wire.
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

/// Escapes bytes; long runs of one byte become a repetition.
fn compact(bytes: &[u8]) -> String {
    with_repetitions(bytes, escape)
}

/// Shortens a line that is escaped already.
fn shortened(line: &str) -> String {
    with_repetitions(line.as_bytes(), |bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn with_repetitions(bytes: &[u8], put: impl Fn(&[u8]) -> String) -> String {
    let same = |one: &u8, other: &u8| one == other;
    bytes
        .chunk_by(same)
        .map(|run| match run.len() {
            24.. => format!("\\{{{}*{}}}", run.len(), put(&run[..1])),
            _ => put(run),
        })
        .collect()
}

/// Returns whether nothing happens after a line before more comes in.
pub(super) fn is_stop(line: &str) -> bool {
    line == "need-data" || line.starts_with("paused ")
}

/// Returns whether a line answers a query, and is no event.
pub(crate) fn is_answer(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or_default();
    matches!(
        word,
        "why"
            | "awaiting"
            | "may-speak"
            | "closing"
            | "wants-input"
            | "required"
            | "agreed"
            | "unanswered"
            | "offers"
            | "trace"
            | "parts"
            | "selected"
            | "unread"
            | "owes"
            | "persists"
            | "content"
            | "taken"
            | "event"
            | "handed"
    ) || super::profiles::is_answer(word)
        || (word == "request" && !line.contains('@'))
}

pub(super) fn error_line(error: &Error) -> String {
    let status = error.status().map_or("-".into(), |status| status.to_string());
    let offset = error.offset().map_or("-".into(), |offset| offset.to_string());
    format!("error {} {} {status} @{offset}", error.code(), error.kind().name())
}

/// Returns the line for the end, with the bytes that no message has.
pub(super) fn closed_line(discarded: usize) -> String {
    if discarded == 0 {
        "paused closed".into()
    } else {
        format!("paused closed discarded {discarded}")
    }
}

/// Returns the line of an event, with what a vector wants to know besides.
pub(super) fn event_line(event: &Event<'_>, position: u64, shows_fields: bool) -> String {
    let line = event.to_string();
    let fields =
        |fields: Fields<'_>| if shows_fields { fields_text(fields) } else { String::new() };
    match event {
        Event::Data(data) => format!("data {}", summary(data)),
        // Of trailers the values count, whosever they are.
        Event::EndOfMessage(trailers) => format!("end{} @{position}", fields_text(*trailers)),
        Event::Request(request) => {
            format!("{}{} @{position}", shortened(&line), fields(request.fields()))
        }
        Event::Informational(response) | Event::Response(response) => {
            format!("{line}{} @{position}", fields(response.fields()))
        }
        Event::Switched(switched) => {
            let response =
                switched.response.map_or(String::new(), |response| fields(response.fields()));
            format!("{line}{response} @{position}")
        }
    }
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

pub(super) fn offers_line(request: Option<Request<'_>>) -> String {
    format!("offers{}", request.map_or(" none".into(), |request| offers_text(&request)))
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
