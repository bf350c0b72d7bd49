//! Exports for intermediaries: fields and offers to forward, HTTP/2 conversion.

use switchover::binding::Bound;
use switchover::binding::FieldLine;
use switchover::bridge;
use switchover::gateway::{self, EndToEnd};
use switchover::{Connection, Event, FieldSource, Fields, RequestHead};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::args::ArgReader;
use crate::error::put_fault;
use crate::handle::{with, with_exchange};
use crate::result::ResultBuffer;

/// Returns the fields of the current head, or `None` if there is none.
///
/// It is the head of the current event's response, or else of the server's current request.
fn head(connection: &Connection) -> Option<Fields<'_>> {
    let response = match connection.event() {
        Some(Event::Response(response) | Event::Informational(response)) => Some(response),
        Some(Event::Switched(switched)) => switched.response,
        _ => None,
    };
    response
        .map(|response| response.fields())
        .or_else(|| connection.request().map(|request| request.fields()))
}

/// Calls `put` with the fields of the current head and the result buffer.
///
/// It is the head of the current event's response, or else of the server's current request. Returns
/// false if there is none.
fn put_head(handle: u32, put: impl FnOnce(&dyn FieldSource, &mut ResultBuffer)) -> bool {
    with(handle, |connection, out| head(connection).map(|fields| put(&fields, out)).is_some())
}

/// Writes the end-to-end fields of the current head to the result buffer.
///
/// It is the head of the current event's response, or else of the server's current request.
/// Returns false if there is none.
#[wasm_bindgen]
pub fn end_to_end(handle: u32) -> bool {
    put_head(handle, |fields, out| out.fields(&EndToEnd(fields)))
}

/// Writes the end-to-end fields of those in `args` to the result buffer.
#[wasm_bindgen]
pub fn end_to_end_fields(args: &[u8]) {
    let fields = ArgReader::new(args).fields();
    with_exchange(|out| out.fields(&EndToEnd(&fields)));
}

/// Writes the fields of the current head to the result buffer, converted to HTTP/2.
///
/// It is the head of the current event's response, or else of the server's current request.
/// Returns false if there is none.
#[wasm_bindgen]
pub fn http2_fields(handle: u32) -> bool {
    put_head(handle, |fields, out| out.fields(&bridge::http2_fields(fields)))
}

/// Writes to the result buffer the offered protocols that a proxy may forward.
#[wasm_bindgen]
pub fn forwardable(handle: u32) {
    with(handle, |connection, out| {
        let request = connection.request();
        out.displays(request.iter().flat_map(gateway::forwardable));
    });
}

/// Returns whether an intermediary may forward an offer of the protocol in `args`.
#[wasm_bindgen]
pub fn may_forward(args: &[u8]) -> bool {
    let mut args = ArgReader::new(args);
    str::from_utf8(args.bytes()).is_ok_and(gateway::may_forward)
}

/// Writes the current request to the result buffer, converted by `translate`.
///
/// Returns false if there is no current request.
fn put_request(
    handle: u32,
    translate: impl FnOnce(&RequestHead<'_>, bool) -> Vec<FieldLine>,
) -> bool {
    with(handle, |connection, out| {
        let Some(request) = connection.request() else { return false };
        let fields = request.fields();
        let head = RequestHead::new(request.method(), request.target(), &fields);
        out.fields(&translate(&head, connection.is_secure()));
        true
    })
}

/// Writes the current request to the result buffer as an HTTP/2 field list.
///
/// Returns false if there is no current request.
#[wasm_bindgen]
pub fn http2_request(handle: u32) -> bool {
    put_request(handle, bridge::http2_request)
}

/// Writes the current request as an extended CONNECT for HTTP/2.
///
/// `args` holds the value of `:protocol`. Returns false if there is no current request.
#[wasm_bindgen]
pub fn extended_connect(handle: u32, args: &[u8]) -> bool {
    let protocol = ArgReader::new(args).text();
    put_request(handle, |head, secure| bridge::extended_connect(head, &protocol, secure))
}

/// Returns 0 if HTTP/2 allows the fields in `args`, otherwise the fault plus 1.
///
/// `status` is 0 for a request, otherwise the response's status plus 1.
#[wasm_bindgen]
pub fn check_http2(status: u32, args: &[u8]) -> u32 {
    let status = status.checked_sub(1).map(|status| status as u16);
    match bridge::check_http2(status, &ArgReader::new(args).fields()) {
        Ok(()) => 0,
        Err(fault) => fault.number() + 1,
    }
}

/// Converts an HTTP/2 field list to HTTP/1.1 and writes it to the result buffer.
///
/// `args` holds the authority, a list of at most one WebSocket key, and the fields. Returns false
/// if any of them is malformed or not permitted in HTTP/2. The fault is then in the result buffer.
#[wasm_bindgen]
pub fn http1_fields(args: &[u8]) -> bool {
    let mut args = ArgReader::new(args);
    let (authority, key, fields) = (args.text(), args.texts(), args.fields());
    with_exchange(|out| {
        match bridge::http1_fields(&authority, &fields, key.first().map(AsRef::as_ref)) {
            Ok(lines) => {
                out.fields(&lines);
                true
            }
            Err(fault) => {
                put_fault(fault.name(), &format!("{} has no place in HTTP/2", fault.name()), out);
                false
            }
        }
    })
}
