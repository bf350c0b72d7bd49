//! Getters of a connection, callable at any time; also `same_protocol`.
//!
//! If a value may be missing, the comment of its function says what is returned then.

use switchover::binding::{Bound, content_kind, selection_to_bits};
use switchover::{Order, Protocol};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::args::{ArgReader, borrowed};
use crate::error;
use crate::event::{put_protocols, put_request};
use crate::handle::{ask, with};

/// Writes the nine fields of the connection's state to the result buffer.
#[wasm_bindgen]
pub fn state(handle: u32) {
    with(handle, |connection, out| {
        let state = connection.state();
        out.number(state.request.number());
        out.number(state.response.number());
        out.number(state.rx.number());
        out.number(state.tx.number());
        out.number(state.upgrade.number());
        out.number(state.expect.number());
        out.number(state.persist.into());
        out.number(state.client_version.number());
        out.number(state.pipelined.into());
    });
}

/// Returns the number of the `Awaiting` value.
///
/// It says what the connection waits for, such as a request's head.
#[wasm_bindgen]
pub fn awaiting(handle: u32) -> u32 {
    ask(handle, |connection| connection.awaiting() as u32)
}

/// Writes the received bytes after the current event to the result buffer.
#[wasm_bindgen]
pub fn unread(handle: u32) {
    with(handle, |connection, out| out.bytes.extend_from_slice(connection.unread()));
}

/// Returns the number of received bytes after the current event.
#[wasm_bindgen]
pub fn unread_len(handle: u32) -> u32 {
    ask(handle, |connection| connection.unread().len() as u32)
}

/// Returns the number of the `Owes` value: what the caller must send next.
#[wasm_bindgen]
pub fn owes(handle: u32) -> u32 {
    ask(handle, |connection| connection.owes() as u32)
}

/// Returns whether another request may follow on the connection.
#[wasm_bindgen]
pub fn persists(handle: u32) -> bool {
    ask(handle, |connection| connection.persists())
}

/// Writes the kind and length of the content that is still to be received.
#[wasm_bindgen]
pub fn content(handle: u32) {
    with(handle, |connection, out| {
        let (kind, len) = content_kind(connection.content());
        out.number(kind.number());
        out.large(len);
    });
}

/// Returns whether the caller should read from the transport.
#[wasm_bindgen]
pub fn wants_input(handle: u32) -> bool {
    ask(handle, |connection| connection.wants_input())
}

/// Returns whether the caller may send bytes of the new protocol.
#[wasm_bindgen]
pub fn may_speak(handle: u32) -> bool {
    ask(handle, |connection| connection.may_speak())
}

/// Returns the number of the `Closing` value: how to close the transport.
#[wasm_bindgen]
pub fn closing(handle: u32) -> u32 {
    ask(handle, |connection| connection.closing() as u32)
}

/// Returns the number of received bytes that events have covered so far.
#[wasm_bindgen]
pub fn position(handle: u32) -> f64 {
    ask(handle, |connection| connection.position() as f64)
}

/// Client: returns the number of requests without a complete final response.
///
/// Those that a response has dropped by closing the connection are not among them.
#[wasm_bindgen]
pub fn unanswered(handle: u32) -> u32 {
    ask(handle, |connection| connection.unanswered().into())
}

/// Returns the number of the reason why the upgrade has not happened, plus 1.
///
/// Returns 0 if there is no such reason.
#[wasm_bindgen]
pub fn why(handle: u32) -> u32 {
    ask(handle, |connection| connection.why().map_or(0, |why| why as u32 + 1))
}

/// Writes the peer's error to the result buffer; returns false if there is none.
#[wasm_bindgen]
pub fn failure(handle: u32) -> bool {
    with(handle, |connection, out| {
        connection.failure().map(|failure| error::put(&failure, out)).is_some()
    })
}

/// Writes the current request to the result buffer; returns false if there is none.
#[wasm_bindgen]
pub fn request(handle: u32) -> bool {
    with(handle, |connection, out| {
        connection.request().map(|request| put_request(&request, out)).is_some()
    })
}

/// Writes the authority of the current request; returns false if there is none.
#[wasm_bindgen]
pub fn authority(handle: u32) -> bool {
    with(handle, |connection, out| {
        let request = connection.request();
        let authority = request.and_then(|request| request.authority());
        authority.map(|authority| out.text(authority.as_bytes())).is_some()
    })
}

/// Writes the path of the current request; returns false if there is no request.
#[wasm_bindgen]
pub fn path(handle: u32) -> bool {
    with(handle, |connection, out| {
        connection.request().map(|request| out.text(request.path().as_bytes())).is_some()
    })
}

/// Writes the query of the current request; returns false if there is none.
#[wasm_bindgen]
pub fn query(handle: u32) -> bool {
    with(handle, |connection, out| {
        let query = connection.request().and_then(|request| request.query());
        query.map(|query| out.text(query.as_bytes())).is_some()
    })
}

/// Writes the protocols that a 426 to the latest request requires.
#[wasm_bindgen]
pub fn required(handle: u32) {
    with(handle, |connection, out| put_protocols(connection.required(), out));
}

/// Writes the protocols that a 101 switched to, to the result buffer.
#[wasm_bindgen]
pub fn agreed(handle: u32) {
    with(handle, |connection, out| put_protocols(connection.agreed(), out));
}

/// Moves all trace entries to the result buffer and returns their number.
#[wasm_bindgen]
pub fn trace(handle: u32) -> u32 {
    with(handle, |connection, out| {
        let mut count = 0;
        while let Some(entry) = connection.trace() {
            out.number(entry.step.number());
            out.number(entry.number);
            out.large(entry.offset);
            count += 1;
        }
        count
    })
}

/// Selects an offered protocol; writes four numbers that encode it, and an index.
///
/// The index is that of its preference in the list in `args`. Returns false if no offer matches.
#[wasm_bindgen]
pub fn select(handle: u32, args: &[u8], by: u32) -> bool {
    let preferences = ArgReader::new(args).texts();
    let by = Order::from_number(by).unwrap_or_default();
    with(handle, |connection, out| {
        let selection = connection.select(&borrowed(&preferences), by);
        if let Some(selection) = selection {
            selection_to_bits(selection).into_iter().for_each(|number| out.number(number));
            out.number(selection.preference() as u32);
        }
        selection.is_some()
    })
}

/// Returns whether the two names in `args` mean the same protocol.
#[wasm_bindgen]
pub fn same_protocol(args: &[u8]) -> bool {
    let mut args = ArgReader::new(args);
    let (one, other) = (Protocol::parse(args.bytes()), Protocol::parse(args.bytes()));
    one.zip(other).is_some_and(|(one, other)| one.same_as(&other))
}
