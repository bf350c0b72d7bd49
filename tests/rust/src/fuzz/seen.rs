//! The observable state of a connection, and events as text, for comparison.

use std::fmt::{self, Debug, Write};

use switchover::binding::{Bound, EventParts, EventPlace};
use switchover::state::State;
use switchover::{Awaiting, Closing, Connection, Content, Error, Event, Fields, Owes, Why};

use crate::text::checksum;

/// Bytes whose `Debug` output is escaped ASCII.
#[derive(Clone, PartialEq)]
pub(super) struct Text(pub(super) Vec<u8>);

impl Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    state: State,
    position: u64,
    unread: u64,
    content: Content,
    owes: Owes,
    leftover: usize,
    pub(super) event: Option<(&'static str, u64)>,
    failure: Option<Error>,
    why: Option<Why>,
    awaiting: Awaiting,
    unanswered: u8,
    closing: Closing,
    flags: [bool; 6],
    protocols: [String; 2],
}

impl Seen {
    /// Returns the values of getters that a rejected call must not change.
    pub(super) fn of(connection: &Connection) -> Self {
        Self {
            state: connection.state(),
            position: connection.position(),
            unread: checksum(connection.unread()),
            content: connection.content(),
            owes: connection.owes(),
            leftover: connection.unread().len(),
            event: connection.event().map(|event| (event.name(), summary(&event))),
            failure: connection.failure(),
            why: connection.why(),
            awaiting: connection.awaiting(),
            unanswered: connection.unanswered(),
            flags: [
                connection.owes() == Owes::Continue,
                connection.owes() == Owes::Content,
                connection.may_speak(),
                connection.wants_input(),
                connection.is_secure(),
                connection.persists(),
            ],
            closing: connection.closing(),
            protocols: [connection.agreed().to_string(), connection.required().to_string()],
        }
    }
}

/// Returns a checksum of an event's field lines, and of its content or leftover.
fn summary(event: &Event<'_>) -> u64 {
    let EventParts { fields, bytes, .. } = EventParts::of(event);
    checksum(fields.map_or(&[][..], |fields| fields.as_bytes())).wrapping_add(checksum(bytes))
}

/// Returns an event as text: its `Display` form and reason, then its field lines.
///
/// For content, the text is the content alone.
pub(super) fn text_of_event(event: &Event<'_>) -> Text {
    let EventParts { place, response, fields, bytes, .. } = EventParts::of(event);
    if place == EventPlace::Content {
        return Text(bytes.to_vec());
    }
    let mut line = event.to_string();
    if let Some(response) = response {
        write!(line, " {:?}", response.reason()).expect("a string");
    }
    fields.map_or_else(|| Text(line.clone().into()), |fields| text_of(&line, fields))
}

pub(super) fn text_of(line: &str, fields: Fields<'_>) -> Text {
    let mut text = line.as_bytes().to_vec();
    for field in fields.iter() {
        [b"\n", field.name, b": ", field.value]
            .iter()
            .for_each(|part| text.extend_from_slice(part));
    }
    Text(text)
}
