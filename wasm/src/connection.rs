//! Bytes in, events out.

use switchover::binding::{Bound, event_kind};
use switchover::{End, Error, Next};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::{self, done};
use crate::event;
use crate::handle::{ask, attempt, with, with_place};
use crate::result::address;
use crate::staging::staged;

/// Takes bytes of the peer; false leaves the error.
#[wasm_bindgen]
pub fn receive(handle: u32, bytes: &[u8]) -> bool {
    attempt(handle, |connection| connection.receive(bytes).map(|()| true))
}

/// Takes staged bytes of the peer; false puts the error.
///
/// They lie where [`stage`](crate::staging::stage) said.
#[wasm_bindgen]
pub fn receive_staged(handle: u32, len: usize) -> bool {
    staged(len, |bytes| receive(handle, bytes))
}

/// Writes where to read `min` bytes or more to; false leaves the error.
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

/// Takes the first `len` bytes of that place.
#[wasm_bindgen]
pub fn commit(handle: u32, len: usize) {
    ask(handle, |connection| {
        connection.commit(len);
    });
}

/// Tells the connection that the peer's bytes have ended.
#[wasm_bindgen]
pub fn receive_eof(handle: u32, end: u32) {
    let end = End::from_number(end).unwrap_or(End::Truncated);
    ask(handle, |connection| connection.receive_eof(end));
}

/// The outcome of `next_event`; `js/engine/inbound.ts` has the numbers too.
#[derive(Default)]
enum Outcome {
    /// The peer's error is left.
    #[default]
    Failed,
    NeedData,
    /// Why is left.
    Paused,
    /// The event is left.
    Event,
}

/// Moves on to the next event, and leaves all of it.
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

/// Moves on like `next_event` and puts nothing but an error.
///
/// Returns the outcome; of an event one that is as much higher as its kind's number.
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

/// Writes the current event once more; false where there is none.
#[wasm_bindgen]
pub fn event(handle: u32) -> bool {
    with(handle, |connection, out| {
        connection.event().map(|event| event::put(&event, out)).is_some()
    })
}

/// Writes the first bytes of the new protocol to the result.
///
/// They are out of the connection then.
#[wasm_bindgen]
pub fn take_leftover(handle: u32) {
    with(handle, |connection, out| connection.take_leftover_into(&mut out.bytes));
}

// What a caller may decide without sending anything.

fn decide(handle: u32, verb: fn(&mut switchover::Connection) -> Result<(), Error>) -> bool {
    attempt(handle, |connection| verb(connection).map(|()| true))
}

/// Drops the rest of the content; false leaves the error.
#[wasm_bindgen]
pub fn skip_content(handle: u32) -> bool {
    decide(handle, switchover::Connection::skip_content)
}

/// Ends the connection after this request's response; false puts the error.
#[wasm_bindgen]
pub fn close_after_response(handle: u32) -> bool {
    decide(handle, switchover::Connection::close_after_response)
}

/// Gives up; false leaves the error.
#[wasm_bindgen]
pub fn abandon(handle: u32) -> bool {
    decide(handle, switchover::Connection::abandon)
}

/// Resumes HTTP above the new layer; false puts the error.
#[wasm_bindgen]
pub fn resume_http(handle: u32) -> bool {
    decide(handle, switchover::Connection::resume_http)
}

/// Gives memory back.
#[wasm_bindgen]
pub fn release(handle: u32) {
    ask(handle, |connection| connection.release());
}

/// Folds the end of the message into the current event; says whether it did.
#[wasm_bindgen]
pub fn take_end(handle: u32) -> bool {
    ask(handle, |connection| connection.take_end())
}

/// Counts content that did not come through here; false leaves the error.
#[wasm_bindgen]
pub fn pass_content(handle: u32, len: f64) -> bool {
    attempt(handle, |connection| connection.pass_content(len as u64).map(|()| true))
}

/// Gives the whole connection away, and leaves its bytes; false leaves the error.
#[wasm_bindgen]
pub fn hand_over(handle: u32) -> bool {
    with(handle, |connection, out| {
        let handed = connection.hand_over_into(&mut out.bytes);
        done(handed, out)
    })
}
