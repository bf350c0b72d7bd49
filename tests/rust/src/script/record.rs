//! A vector in words that are no engine's.
//!
//! They are the steps and the events of `suite/README.md`.

use serde_json::{Value, json};
use switchover::{Connection, Error, Event, FieldSource, Fields, Owes};

use super::host::{entries, split_fields};
use super::lines::FieldLine;
use crate::suite;
use crate::text::unescape;
use crate::vector::Vector;

/// The steps and events of one run.
#[derive(Debug, Default)]
pub struct Record {
    /// The bytes, ends and decisions, in order.
    pub steps: Vec<Value>,
    /// The events, in order.
    pub events: Vec<Value>,
    /// The connection is over: nothing more is read.
    pub is_over: bool,
    /// The vector has a decision for which the suite has no words.
    pub is_unspoken: bool,
    /// A message is being sent.
    is_open: bool,
}

/// Questions, which change nothing, and steps of this engine alone.
///
/// The latter need a memory like this one's.
const SILENT: &[&str] = &[
    "agreed",
    "awaiting",
    "closing",
    "content",
    "event",
    "may-speak",
    "offers",
    "owes",
    "persists",
    "release",
    "required",
    "select",
    "take",
    "trace",
    "unanswered",
    "unread",
    "wants-input",
    "why",
];

impl Record {
    /// Bytes of the peer.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.steps.push(json!({ "receive": latin1(bytes) }));
    }

    /// Adds the end of the peer's bytes.
    pub(super) fn end(&mut self, name: &str) {
        self.steps.push(json!({ "end": name }));
    }

    /// Adds a decision that was made, and the connection after it.
    ///
    /// One that is refused has changed nothing, and is none.
    pub(super) fn decision(&mut self, decision: &str, is_refused: bool, connection: &Connection) {
        let (verb, _) = decision.split_once(' ').unwrap_or((decision, ""));
        if is_refused || SILENT.contains(&verb) || decision == "request" {
            return;
        }
        let agreed: Vec<String> =
            connection.agreed().iter().map(|protocol| protocol.to_string()).collect();
        match (step(decision, &agreed), verb) {
            (None, _) => self.is_unspoken = true,
            // Nothing that is offered is wanted.
            (Some(step), "accept" | "accept-early")
                if agreed.is_empty() || self.steps.contains(&step) => {}
            // It has ended by itself, and its end is a step already.
            (Some(_), "end") if !self.is_open => {}
            (Some(step), _) => self.steps.push(step),
        }
        self.is_open = match verb {
            "request" | "response" | "require" => true,
            "end" => false,
            _ => self.is_open,
        };
        // Nothing says where it ends but its head, and not every engine looks there.
        if self.is_open && connection.owes() != Owes::Content {
            self.is_open = false;
            if !connection.may_speak() {
                self.steps.push(json!({ "do": "end", "trailers": [] }));
            }
        }
    }

    /// Adds an event of the engine.
    ///
    /// Adjacent pieces of content are one.
    pub(super) fn event(&mut self, event: &Event<'_>) {
        let told = match event {
            Event::Request(request) => {
                let offers: Vec<String> = request.offers().map_or(Vec::new(), |offers| {
                    offers.map(|offer| offer.protocol.to_string()).collect()
                });
                json!({
                    "event": "request", "method": request.method(), "target": request.target(),
                    "version": format!("1.{}", request.minor_version()), "fields": fields(request.fields()), "upgrade": offers,
                })
            }
            Event::Informational(response) => {
                json!({ "event": "informational", "status": response.status(), "fields": fields(response.fields()) })
            }
            Event::Response(response) => json!({
                "event": "response", "status": response.status(),
                "version": format!("1.{}", response.minor_version()), "fields": fields(response.fields()),
            }),
            Event::Data(data) => return self.content("content", data),
            Event::EndOfMessage(trailers) => {
                json!({ "event": "end", "trailers": fields(*trailers) })
            }
            Event::Switched(switched) => {
                let to: Vec<String> =
                    switched.protocols.iter().map(|protocol| protocol.to_string()).collect();
                json!({ "event": "switched", "by": switched.by.name(), "to": to })
            }
        };
        self.events.push(told);
    }

    /// Adds content, or the bytes of a new protocol.
    pub(super) fn content(&mut self, kind: &str, data: &[u8]) {
        match self.events.last_mut() {
            Some(last) if last["event"] == kind => {
                let joined = last["bytes"].as_str().expect("a string").to_owned() + &latin1(data);
                last["bytes"] = joined.into();
            }
            _ => self.events.push(json!({ "event": kind, "bytes": latin1(data) })),
        }
    }

    /// Adds an error of the peer's, once.
    pub(super) fn error(&mut self, error: &Error, vector: &Vector) {
        if self.events.last().is_none_or(|last| last["event"] != "error") {
            self.events.push(suite::error(error.kind(), vector));
        }
    }
}

/// Returns a decision as a step; `None` where the suite has no words for it.
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

/// Returns a character for each byte.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}
