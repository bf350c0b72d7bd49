//! The record of a test vector in terms that do not depend on this engine.
//!
//! The terms are the steps and the events of `tools/suite/README.md`.

use serde_json::{Value, json};
use switchover::binding::{EventParts, EventPlace};
use switchover::{Connection, Error, Event, FieldSource, Fields, Owes};

use super::host::{entries, split_fields};
use super::lines::FieldLine;
use crate::queries::query;
use crate::suite;
use crate::text::unescape;
use crate::vector::Vector;

/// The steps and events of one run.
#[derive(Debug, Default)]
pub struct Record {
    /// The received bytes, EOFs and calls of the caller, in order.
    pub steps: Vec<Value>,
    /// The engine's events, in order.
    pub events: Vec<Value>,
    /// True if the connection is closed at the end of the run, and reads nothing more.
    pub is_over: bool,
    /// True if the vector has a call for which `tools/suite/README.md` has no step.
    pub is_unspoken: bool,
    /// True while the caller is sending a message whose end is not yet recorded.
    is_open: bool,
}

/// Verbs left out of the record: a vector can be replayed without them.
///
/// They release memory, or return or discard something, and cause no later event. Queries are not
/// recorded either.
const SILENT: &[&str] = &["release", "select", "take", "trace"];

impl Record {
    /// Adds bytes that the peer sent.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.steps.push(json!({ "receive": latin1(bytes) }));
    }

    /// Adds the EOF of the peer, clean or truncated.
    pub(super) fn end(&mut self, name: &str) {
        self.steps.push(json!({ "end": name }));
    }

    /// Adds the step of a caller's call; `connection` is in the state after it.
    ///
    /// A rejected call has changed nothing, and is not added.
    pub(super) fn decision(&mut self, decision: &str, is_refused: bool, connection: &Connection) {
        let (verb, _) = decision.split_once(' ').unwrap_or((decision, ""));
        let is_query = query(verb).is_some() || decision == "request";
        if is_refused || is_query || SILENT.contains(&verb) {
            return;
        }
        let agreed: Vec<String> =
            connection.agreed().iter().map(|protocol| protocol.to_string()).collect();
        match (step(decision, &agreed), verb) {
            (None, _) => self.is_unspoken = true,
            // No offer was accepted, or the switch is recorded already.
            (Some(step), "accept" | "accept-early")
                if agreed.is_empty() || self.steps.contains(&step) => {}
            // The message was ended by its framing, and its end is recorded already.
            (Some(_), "end") if !self.is_open => {}
            (Some(step), _) => self.steps.push(step),
        }
        self.is_open = match verb {
            "request" | "response" | "require" => true,
            "end" => false,
            _ => self.is_open,
        };
        // The head alone ends this message. Other engines may need a call for that, so the
        // end is a step.
        if self.is_open && connection.owes() != Owes::Content {
            self.is_open = false;
            if !connection.may_speak() {
                self.steps.push(json!({ "do": "end", "trailers": [] }));
            }
        }
    }

    /// Adds an event of the engine.
    ///
    /// Adjacent pieces of content are merged into one event.
    pub(super) fn event(&mut self, event: &Event<'_>) {
        let EventParts { place, request, response, fields, bytes } = EventParts::of(event);
        let fields = fields.map_or(Value::Null, self::fields);
        let told = match (event, place, request, response) {
            (Event::Switched(switched), ..) => {
                let to: Vec<String> =
                    switched.protocols.iter().map(|protocol| protocol.to_string()).collect();
                json!({ "event": "switched", "by": switched.by.name(), "to": to })
            }
            (_, EventPlace::Content, ..) => return self.content("content", bytes),
            (_, EventPlace::End, ..) => json!({ "event": "end", "trailers": fields }),
            (.., Some(request), _) => {
                let offers: Vec<String> = request.offers().map_or(Vec::new(), |offers| {
                    offers.map(|offer| offer.protocol.to_string()).collect()
                });
                json!({
                    "event": "request", "method": request.method(), "target": request.target(),
                    "version": format!("1.{}", request.minor_version()), "fields": fields, "upgrade": offers,
                })
            }
            (_, EventPlace::Head, _, Some(response)) => json!({
                "event": "response", "status": response.status(),
                "version": format!("1.{}", response.minor_version()), "fields": fields,
            }),
            (.., Some(response)) => {
                json!({ "event": "informational", "status": response.status(), "fields": fields })
            }
            (.., None) => return,
        };
        self.events.push(told);
    }

    /// Adds content or bytes of a new protocol, to the last event if it has `kind`.
    pub(super) fn content(&mut self, kind: &str, data: &[u8]) {
        match self.events.last_mut() {
            Some(last) if last["event"] == kind => {
                let joined = last["bytes"].as_str().expect("a string").to_owned() + &latin1(data);
                last["bytes"] = joined.into();
            }
            _ => self.events.push(json!({ "event": kind, "bytes": latin1(data) })),
        }
    }

    /// Adds an error of the peer, unless the last event is an error.
    pub(super) fn error(&mut self, error: &Error, vector: &Vector) {
        if self.events.last().is_none_or(|last| last["event"] != "error") {
            self.events.push(suite::error(error.kind(), vector));
        }
    }
}

/// Returns the suite's step for a call of the caller; `None` if it has none.
fn step(decision: &str, agreed: &[String]) -> Option<Value> {
    let (verb, rest) = decision.split_once(' ').unwrap_or((decision, ""));
    let (what, lines) = split_fields(rest);
    let text = |text: &str| latin1(&unescape(text));
    let fields = pairs(&lines);
    Some(match verb {
        "request" => {
            let (line, offer) = what.split_once(" offer ").unwrap_or((what, ""));
            let (method, target) = line.split_once(' ').unwrap_or((line, ""));
            json!({
                "do": "request", "method": text(method), "target": text(target), "fields": fields, "upgrade": entries(offer),
            })
        }
        "response" | "respond" | "prepared" | "reject" => {
            let (head, content) = what.split_once(" content ").unwrap_or((what, ""));
            let (status, reason) = head.split_once(' ').unwrap_or((head, ""));
            let status: u16 = status.parse().expect("a status");
            let (reason, content) = (text(reason), text(content));
            match verb {
                "response" => {
                    json!({ "do": "response", "status": status, "reason": reason, "fields": fields })
                }
                "reject" => {
                    json!({ "do": "reject", "status": status, "reason": reason, "fields": fields, "content": content })
                }
                _ => {
                    json!({ "do": "respond", "status": status, "reason": reason, "fields": fields, "content": content })
                }
            }
        }
        "inform" => {
            json!({ "do": "informational", "status": what.parse::<u16>().expect("a status"), "fields": fields })
        }
        "require" => {
            json!({ "do": "response", "status": 426, "reason": "", "fields": fields, "upgrade": entries(what) })
        }
        "accept" | "accept-early" => json!({ "do": "switch", "to": agreed, "fields": fields }),
        "data" => json!({ "do": "content", "bytes": text(what) }),
        "end" => json!({ "do": "end", "trailers": fields }),
        _ => return None,
    })
}

fn fields(lines: Fields<'_>) -> Value {
    let mut owned: Vec<FieldLine> = Vec::new();
    lines.each(&mut |field| owned.push((field.name.to_vec(), field.value.to_vec())));
    pairs(&owned)
}

fn pairs(lines: &[FieldLine]) -> Value {
    lines.iter().map(|(name, value)| json!([latin1(name), latin1(value)])).collect()
}

/// Decodes bytes as Latin-1: one character for each byte.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}
