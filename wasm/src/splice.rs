//! Splices by number.

use switchover::h2c::Splice;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::args::ArgReader;
use crate::error::put_fault;
use crate::handle::{self, ask_kept, with, with_kept};

/// The outcomes of `splice_new` below the first number of a splice.
///
/// They stand in `js/engine/splice.ts` too.
#[derive(Clone, Copy, Default)]
enum Refused {
    /// There is no current request.
    #[default]
    NoRequest,
    /// Why is left.
    Ineligible,
}

/// Makes a splice of a connection's current request.
///
/// Returns its number, two higher than it is, or what is in the way. `args` holds the trailers.
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

/// Gives its memory back; its number stands for nothing now.
#[wasm_bindgen]
pub fn splice_free(handle: u32) {
    handle::remove::<Splice>(handle);
}

/// Takes bytes of the client.
#[wasm_bindgen]
pub fn splice_client_sent(handle: u32, bytes: &[u8]) {
    ask_kept(handle, |splice: &mut Splice| splice.client_sent(bytes));
}

/// Tells the splice that the client has ended.
#[wasm_bindgen]
pub fn splice_client_ended(handle: u32) {
    ask_kept(handle, |splice: &mut Splice| splice.client_ended());
}

/// Takes bytes of the engine.
#[wasm_bindgen]
pub fn splice_engine_sent(handle: u32, bytes: &[u8]) {
    ask_kept(handle, |splice: &mut Splice| splice.engine_sent(bytes));
}

/// Writes what goes to the engine now to the result.
#[wasm_bindgen]
pub fn splice_take_for_engine(handle: u32) {
    with_kept(handle, |splice: &mut Splice, out| {
        out.bytes.extend_from_slice(&splice.take_for_engine())
    });
}

/// Writes what goes to the client now to the result.
#[wasm_bindgen]
pub fn splice_take_for_client(handle: u32) {
    with_kept(handle, |splice: &mut Splice, out| {
        out.bytes.extend_from_slice(&splice.take_for_client())
    });
}

/// Returns whether the client should be read.
#[wasm_bindgen]
pub fn splice_wants_client(handle: u32) -> bool {
    ask_kept(handle, |splice: &mut Splice| splice.wants_client())
}

/// Returns whether bytes of the client wait.
#[wasm_bindgen]
pub fn splice_is_waiting(handle: u32) -> bool {
    ask_kept(handle, |splice: &mut Splice| splice.is_waiting())
}

/// Returns whether the splice is out of the way.
#[wasm_bindgen]
pub fn splice_is_done(handle: u32) -> bool {
    ask_kept(handle, |splice: &mut Splice| splice.is_done())
}
