//! The transcript for programs: a JSON object for each event.

use std::io::Write;
use std::time::Duration;

use serde::Serialize;
use switchover::state::State;
use switchover::{Error, Event};

use super::lines::{self, MOST, MOST_SPOKEN};
use super::{By, Listener, Verdict, What};

/// One event of a transcript, as JSON.
#[derive(Serialize)]
pub(crate) struct JsonEvent {
    /// The number of the connection, counted from 1; 0 in a probe, and then omitted.
    #[serde(skip_serializing_if = "is_zero")]
    connection: u64,
    /// The entry's number within its connection, from 1; a gap means missing entries.
    ///
    /// In a probe it is 0, and then omitted.
    #[serde(skip_serializing_if = "is_nothing")]
    step: u32,
    /// The time since the transcript began, in milliseconds; 0 for `opened`.
    at: f64,
    /// The kind of entry, such as `received`, `event`, `decision` or `verdict`.
    what: &'static str,
    /// The name that belongs to `what`, such as an event's kind or a decision's verb.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    /// The entry in the language of the engine's test vectors; empty if it has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<String>,
    /// The number of bytes received or written; for a switch, that of the leftover.
    ///
    /// `None` for the kinds of entries that carry no bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
    /// True if `lines` shows only the first of the entry's bytes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
    /// A text for people, such as a remark or the peer's address; empty without one.
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Machine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault>,
    /// The status code of the latest request's final response, in a probe's verdict.
    ///
    /// `None` without one, and for a tunnel.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The engine's reason why no upgrade happened, in a verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

/// An error, with its row of the engine's table of errors.
#[derive(Serialize)]
struct Fault {
    code: u16,
    rule: &'static str,
    advice: &'static str,
    /// The status code with which a server responds to the error; `None` without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
}

impl From<&Error> for Fault {
    fn from(error: &Error) -> Self {
        let kind = error.kind();
        let (code, rule, advice) = (kind.code(), kind.clause(), kind.advice());
        Self { code, rule, advice, status: kind.status(), offset: error.offset() }
    }
}

/// The engine's state: both directions, request, response and offer.
#[derive(Serialize)]
struct Machine {
    theirs: &'static str,
    ours: &'static str,
    request: &'static str,
    response: &'static str,
    offer: &'static str,
}

impl From<&State> for Machine {
    fn from(state: &State) -> Self {
        Self {
            theirs: state.rx.name(),
            ours: state.tx.name(),
            request: state.request.name(),
            response: state.response.name(),
            offer: state.upgrade.name(),
        }
    }
}

impl JsonEvent {
    pub(crate) fn of(connection: u64, at: Duration, what: &What<'_>) -> Self {
        let moment = Self {
            connection,
            step: 0,
            // Finer resolution than microseconds is not reliable.
            at: at.as_micros() as f64 / 1000.0,
            what: "",
            name: String::new(),
            lines: lines::of(what),
            bytes: None,
            cut: false,
            text: String::new(),
            state: None,
            error: None,
            status: None,
            why: None,
        };
        let verb = |decision: &str| decision.split(' ').next().unwrap_or_default().to_owned();
        match what {
            What::Opened { peer, setup } => {
                Self { what: "opened", name: (*setup).into(), text: (*peer).into(), ..moment }
            }
            What::Received(bytes, _) => moment.bytes("received", bytes, MOST),
            What::Ended(end) => Self { what: "ended", name: end.name().into(), ..moment },
            What::Came(Event::Switched(switched), _) => Self {
                name: "switched".into(),
                ..moment.bytes("event", switched.leftover, usize::MAX)
            },
            What::Came(event, _) => Self { what: "event", name: event.name().into(), ..moment },
            What::MessageEnded(_) => {
                Self { what: "event", name: "end-of-message".into(), ..moment }
            }
            What::Paused(why) => Self { what: "paused", name: why.name().into(), ..moment },
            What::Failed(error) => Self {
                what: "error",
                name: error.kind().name().into(),
                text: error.to_string(),
                error: Some(error.into()),
                ..moment
            },
            What::Decided(decision, wrote) => {
                Self { name: verb(decision), ..moment.bytes("decision", wrote, MOST) }
            }
            What::Gave(_, wrote) => {
                Self { name: "data".into(), ..moment.bytes("decision", wrote, MOST) }
            }
            What::Refused(decision, error) => {
                let text = error.to_string();
                Self {
                    what: "refused",
                    name: verb(decision),
                    text,
                    error: Some(error.into()),
                    ..moment
                }
            }
            What::State(state) => Self { what: "state", state: Some(state.into()), ..moment },
            What::UpgradedWrite(By::Peer, bytes) => moment.bytes("heard", bytes, MOST_SPOKEN),
            What::UpgradedWrite(By::Us, bytes) => moment.bytes("spoke", bytes, MOST_SPOKEN),
            What::Whispered(By::Peer, len) => Self { what: "heard", bytes: Some(*len), ..moment },
            What::Whispered(By::Us, len) => Self { what: "spoke", bytes: Some(*len), ..moment },
            What::Remark(text) => Self { what: "remark", text: (*text).into(), ..moment },
            What::Verdict(Verdict { outcome, text, status, why }) => Self {
                what: "verdict",
                name: (*outcome).into(),
                text: text.clone(),
                status: *status,
                why: why.map(|why| why.name()),
                ..moment
            },
        }
    }

    /// Returns whether this entry is `opened`, the first of its connection.
    pub(crate) fn is_first(&self) -> bool {
        self.what == "opened"
    }

    /// Returns whether this entry is `verdict`, the last of its connection.
    pub(crate) fn is_last(&self) -> bool {
        self.what == "verdict"
    }

    pub(super) fn at_step(self, step: u32) -> Self {
        Self { step, ..self }
    }

    /// Sets the entry's kind and number of bytes; `lines` shows at most `most` of them.
    fn bytes(self, what: &'static str, bytes: &[u8], most: usize) -> Self {
        Self { what, bytes: Some(bytes.len()), cut: bytes.len() > most, ..self }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_nothing(number: &u32) -> bool {
    *number == 0
}

/// A listener that prints each entry as a line of JSON on standard error.
pub(super) struct Printer;

impl Listener for Printer {
    fn hear(&mut self, at: Duration, what: &What<'_>) {
        if let Ok(line) = serde_json::to_string(&JsonEvent::of(0, at, what)) {
            // Nobody may read standard error any more; that must not stop the program.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }
}
