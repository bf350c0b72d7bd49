//! Exports that receive bytes, return events, or change state and send no bytes.
//!
//! Functions that return false on an error leave it in the result buffer.

use switchover::binding::{Bound, event_kind};
use switchover::{End, Error, Next};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::{self, done};
use crate::event;
use crate::handle::{ask, attempt, with, with_place};
use crate::result::address;
use crate::staging::staged;

/// Appends bytes received from the peer; returns false on an error.
#[wasm_bindgen]
pub fn receive(handle: u32, bytes: &[u8]) -> bool {
    attempt(handle, |connection| connection.receive(bytes).map(|()| true))
}

/// Appends `len` bytes received from the peer; returns false on an error.
///
/// The bytes start at the address that [`stage`](crate::staging::stage) returned.
#[wasm_bindgen]
pub fn receive_staged(handle: u32, len: usize) -> bool {
    staged(len, |bytes| receive(handle, bytes))
}

/// Reserves at least `min` bytes, if the limits allow, for the caller to read into.
///
/// Their address and length become those of the result buffer's bytes. Returns false on an error.
#[wasm_bindgen]
pub fn receive_buffer(handle: u32, min: usize) -> bool {
    with_place(handle, |connection, out| match connection.receive_buffer(min) {
        Ok(space) => Some((address(space), space.len() as u32)),
        Err(refused) => {
            error::put(&refused, out);
            None
        }
    })
}

/// Marks the first `len` bytes of the space from `receive_buffer` as received.
#[wasm_bindgen]
pub fn commit(handle: u32, len: usize) {
    ask(handle, |connection| {
        connection.commit(len);
    });
}

/// Records that the peer's byte stream has ended.
#[wasm_bindgen]
pub fn receive_eof(handle: u32, end: u32) {
    let end = End::from_number(end).unwrap_or(End::Truncated);
    ask(handle, |connection| connection.receive_eof(end));
}

/// The outcome of `next_event`; `js/engine/inbound.ts` repeats these numbers.
#[derive(Default)]
enum Outcome {
    /// The peer broke the protocol, or memory ran out: the result buffer has the error.
    #[default]
    Failed,
    NeedData,
    /// The reason for the pause is in the result buffer.
    Paused,
    /// The event is in the result buffer.
    Event,
}

/// Advances to the next event and returns an `Outcome` as a number.
///
/// Writes the event, the reason of a pause, or the error to the result buffer.
#[wasm_bindgen]
pub fn next_event(handle: u32) -> u32 {
    let outcome = with(handle, |connection, out| match connection.next_event() {
        Err(failure) => {
            error::put(&failure, out);
            Outcome::Failed
        }
        Ok(Next::NeedData) => Outcome::NeedData,
        Ok(Next::Paused(why)) => {
            out.number(why.number());
            Outcome::Paused
        }
        Ok(Next::Event(next)) => {
            event::put(&next, out);
            Outcome::Event
        }
    });
    outcome as u32
}

/// Advances to the next event without writing it to the result buffer.
///
/// Returns an `Outcome`; for an event, `Outcome::Event` plus the number of the event's kind. Only
/// an error is written to the result buffer.
#[wasm_bindgen]
pub fn advance(handle: u32) -> u32 {
    // `Outcome::Failed` is the default.
    attempt(handle, |connection| {
        Ok(match connection.next_event()? {
            Next::NeedData => Outcome::NeedData as u32,
            Next::Paused(_) => Outcome::Paused as u32,
            Next::Event(next) => Outcome::Event as u32 + event_kind(&next).number(),
        })
    })
}

/// Writes the current event to the result buffer; returns false if there is none.
#[wasm_bindgen]
pub fn event(handle: u32) -> bool {
    with(handle, |connection, out| {
        connection.event().map(|event| event::put(&event, out)).is_some()
    })
}

/// Moves the first bytes of the new protocol to the result buffer.
#[wasm_bindgen]
pub fn take_leftover(handle: u32) {
    with(handle, |connection, out| {
        connection.leave_leftover(|bytes| out.bytes.extend_from_slice(bytes))
    });
}

// Decisions that send nothing.

fn decide(handle: u32, verb: fn(&mut switchover::Connection) -> Result<(), Error>) -> bool {
    attempt(handle, |connection| verb(connection).map(|()| true))
}

/// Discards the rest of the content being received; returns false on an error.
#[wasm_bindgen]
pub fn skip_content(handle: u32) -> bool {
    decide(handle, switchover::Connection::skip_content)
}

/// Makes the current response the last one; returns false on an error.
#[wasm_bindgen]
pub fn close_after_response(handle: u32) -> bool {
    decide(handle, switchover::Connection::close_after_response)
}

/// Gives up a client's unfinished request, or else HTTP in both directions.
///
/// Returns false on an error.
#[wasm_bindgen]
pub fn abandon(handle: u32) -> bool {
    decide(handle, switchover::Connection::abandon)
}

/// Resumes HTTP above the new layer; returns false on an error.
#[wasm_bindgen]
pub fn resume_http(handle: u32) -> bool {
    decide(handle, switchover::Connection::resume_http)
}

/// Releases the memory of an idle connection.
#[wasm_bindgen]
pub fn release(handle: u32) {
    ask(handle, |connection| connection.release());
}

/// Merges the end of the message into the current event, if that is its last.
///
/// Returns false if the end will be an event of its own.
#[wasm_bindgen]
pub fn take_end(handle: u32) -> bool {
    ask(handle, |connection| connection.take_end())
}

/// Counts content that the caller read past the engine; returns false on an error.
#[wasm_bindgen]
pub fn pass_content(handle: u32, len: f64) -> bool {
    attempt(handle, |connection| connection.pass_content(len as u64).map(|()| true))
}

/// Moves the request head and all bytes after it to the result buffer.
///
/// The caller passes them to another parser. Returns false on an error.
#[wasm_bindgen]
pub fn hand_over(handle: u32) -> bool {
    with(handle, |connection, out| {
        let handed = connection.hand_over_into(&mut out.bytes);
        done(handed, out)
    })
}
