//! End-to-end fields, and messages between HTTP/1.1 and HTTP/2.

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

/// Returns the field lines of the current head.
///
/// A server's request, a client's response.
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

/// Writes field lines made from those of the current head to the result.
///
/// Returns false where there is no head.
fn put_head(handle: u32, put: impl FnOnce(&dyn FieldSource, &mut ResultBuffer)) -> bool {
    with(handle, |connection, out| head(connection).map(|fields| put(&fields, out)).is_some())
}

/// Writes the field lines that are not for one hop; false where there is no head.
#[wasm_bindgen]
pub fn end_to_end(handle: u32) -> bool {
    put_head(handle, |fields, out| out.fields(&EndToEnd(fields)))
}

/// Writes the field lines as HTTP/2 has them; false where there is no head.
#[wasm_bindgen]
pub fn http2_fields(handle: u32) -> bool {
    put_head(handle, |fields, out| out.fields(&bridge::http2_fields(fields)))
}

/// Writes the protocols that may be forwarded to the result.
#[wasm_bindgen]
pub fn forwardable(handle: u32) {
    with(handle, |connection, out| {
        let request = connection.request();
        out.displays(request.iter().flat_map(gateway::forwardable));
    });
}

/// Returns whether an intermediary may pass on an offer of that protocol.
#[wasm_bindgen]
pub fn may_forward(args: &[u8]) -> bool {
    let mut args = ArgReader::new(args);
    str::from_utf8(args.bytes()).is_ok_and(gateway::may_forward)
}

/// Writes the current request translated; false where there is none.
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

/// Writes the current request as HTTP/2 has it; false where there is none.
#[wasm_bindgen]
pub fn http2_request(handle: u32) -> bool {
    put_request(handle, bridge::http2_request)
}

/// Writes the current request as an extended CONNECT; false where there is none.
///
/// `args` holds the protocol.
#[wasm_bindgen]
pub fn extended_connect(handle: u32, args: &[u8]) -> bool {
    let protocol = ArgReader::new(args).text();
    put_request(handle, |head, secure| bridge::extended_connect(head, &protocol, secure))
}

/// Returns why the lines may not stand in HTTP/2, one higher than its number.
///
/// 0 is nothing.
///
/// The status is one higher too, 0 is a request. `args` holds the fields.
#[wasm_bindgen]
pub fn check_http2(status: u32, args: &[u8]) -> u32 {
    let status = status.checked_sub(1).map(|status| status as u16);
    match bridge::check_http2(status, &ArgReader::new(args).fields()) {
        Ok(()) => 0,
        Err(fault) => fault.number() + 1,
    }
}

/// Writes field lines of HTTP/2 as HTTP/1.1 has them; false leaves the fault.
///
/// `args` holds the authority, the key if there is one, and the fields.
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
