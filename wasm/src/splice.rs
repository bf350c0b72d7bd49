//! Exports for a splice: a relay between an `h2c` client and an HTTP/2 engine.

use switchover::h2c::Splice;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::args::ArgReader;
use crate::error::put_fault;
use crate::handle::{self, ask_kept, with, with_kept};

/// The return values of `splice_new` that are not handles.
///
/// `js/engine/splice.ts` repeats these numbers.
#[derive(Clone, Copy, Default)]
enum Refused {
    /// There is no current request.
    #[default]
    NoRequest,
    /// The request cannot be relayed; the reason is in the result buffer.
    Ineligible,
}

/// Creates a splice for the current request of a connection.
///
/// `content` is the whole content of the request; `args` holds its trailer fields. Returns the
/// handle plus 2, or the number of a `Refused` value.
#[wasm_bindgen]
pub fn splice_new(connection: u32, content: &[u8], args: &[u8]) -> u32 {
    let trailers = ArgReader::new(args).fields();
    let (refused, splice) = with(connection, |connection, out| {
        let Some(request) = connection.request() else { return (Refused::NoRequest, None) };
        let splice = Splice::new(&request, content, &trailers);
        (
            Refused::Ineligible,
            splice.map_err(|reason| put_fault(reason.name(), reason.text(), out)).ok(),
        )
    });
    splice.map_or(refused as u32, |splice| handle::add(splice) + 2)
}

/// Frees a splice; its handle becomes invalid.
#[wasm_bindgen]
pub fn splice_free(handle: u32) {
    handle::remove::<Splice>(handle);
}

/// Gives the relay (a splice) bytes that the client sent for the HTTP/2 engine.
#[wasm_bindgen]
pub fn splice_client_sent(handle: u32, bytes: &[u8]) {
    ask_kept(handle, |splice: &mut Splice| splice.client_sent(bytes));
}

/// Records that the client's byte stream has ended.
#[wasm_bindgen]
pub fn splice_client_ended(handle: u32) {
    ask_kept(handle, |splice: &mut Splice| splice.client_ended());
}

/// Gives the relay (a splice) bytes that the HTTP/2 engine wrote for the client.
#[wasm_bindgen]
pub fn splice_engine_sent(handle: u32, bytes: &[u8]) {
    ask_kept(handle, |splice: &mut Splice| splice.engine_sent(bytes));
}

/// Moves the bytes that are now ready for the engine to the result buffer.
#[wasm_bindgen]
pub fn splice_take_for_engine(handle: u32) {
    with_kept(handle, |splice: &mut Splice, out| {
        out.bytes.extend_from_slice(&splice.take_for_engine())
    });
}

/// Moves the bytes that are now ready for the client to the result buffer.
#[wasm_bindgen]
pub fn splice_take_for_client(handle: u32) {
    with_kept(handle, |splice: &mut Splice, out| {
        out.bytes.extend_from_slice(&splice.take_for_client())
    });
}

/// Returns whether the caller should read from the client.
#[wasm_bindgen]
pub fn splice_wants_client(handle: u32) -> bool {
    ask_kept(handle, |splice: &mut Splice| splice.wants_client())
}

/// Returns whether bytes of the client wait for the engine's flow-control window.
#[wasm_bindgen]
pub fn splice_is_waiting(handle: u32) -> bool {
    ask_kept(handle, |splice: &mut Splice| splice.is_waiting())
}

/// Returns whether client and engine can now be connected directly.
#[wasm_bindgen]
pub fn splice_is_done(handle: u32) -> bool {
    ask_kept(handle, |splice: &mut Splice| splice.is_done())
}
