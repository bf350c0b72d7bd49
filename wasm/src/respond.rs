//! Exports that send a whole response (head, content and end) in one call.
//!
//! Each that sends writes the bytes to send to the result buffer. If it returns false, the buffer
//! holds the error. The others make, describe and free prepared responses.

use switchover::{Prepared, ResponseHead};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::args::ArgReader;
use crate::config;
use crate::error::{self, done};
use crate::handle::{self, ask_kept, with, with_exchange, with_kept, with_prepared};

/// Calls a function with a response head built from `status` and `args`.
///
/// `args` holds the fields and the reason phrase; without `has_reason` the usual phrase is used.
pub(crate) fn with_head<T>(
    status: u16,
    has_reason: bool,
    args: &[u8],
    call: impl FnOnce(&ResponseHead<'_>) -> T,
) -> T {
    let mut args = ArgReader::new(args);
    let (fields, reason) = (args.fields(), args.bytes());
    let usual = ResponseHead::new(status, &fields);
    call(&ResponseHead { reason: if has_reason { reason } else { usual.reason }, ..usual })
}

/// Sends a whole final response; `args` holds the fields and the reason phrase.
#[wasm_bindgen]
pub fn respond(handle: u32, status: u16, has_reason: bool, args: &[u8], content: &[u8]) -> bool {
    with_head(status, has_reason, args, |head| {
        with(handle, |connection, out| {
            let sent = connection.respond(head, content, &mut out.bytes);
            done(sent, out)
        })
    })
}

/// Sends a final error response, even before a request has arrived.
///
/// `args` holds the fields and the reason phrase.
#[wasm_bindgen]
pub fn reject(handle: u32, status: u16, has_reason: bool, args: &[u8], content: &[u8]) -> bool {
    with_head(status, has_reason, args, |head| {
        with(handle, |connection, out| {
            let sent = connection.reject(head, content, &mut out.bytes);
            done(sent, out)
        })
    })
}

/// Prepares a whole response for connections with the pending configuration.
///
/// `args` holds the fields and the reason phrase. Returns the handle plus 1, or 0 on an error,
/// which is then in the result buffer.
#[wasm_bindgen]
pub fn prepared_new(status: u16, has_reason: bool, args: &[u8], content: &[u8]) -> u32 {
    let config = config::next().unwrap_or_default();
    match with_head(status, has_reason, args, |head| Prepared::with_config(head, content, config)) {
        Ok(prepared) => handle::add(prepared) + 1,
        Err(refused) => {
            with_exchange(|out| error::put(&refused, out));
            0
        }
    }
}

/// Frees a prepared response; its handle becomes invalid.
#[wasm_bindgen]
pub fn prepared_free(handle: u32) {
    handle::remove::<Prepared>(handle);
}

/// Returns the status code of a prepared response.
#[wasm_bindgen]
pub fn prepared_status(handle: u32) -> u16 {
    ask_kept(handle, |prepared: &mut Prepared| prepared.status())
}

/// Writes the content of a prepared response to the result buffer.
#[wasm_bindgen]
pub fn prepared_content(handle: u32) {
    with_kept(handle, |prepared: &mut Prepared, out| {
        out.bytes.extend_from_slice(prepared.content())
    });
}

/// Responds with a prepared response, and writes its bytes to the result buffer.
///
/// Returns false on an error, which is then in the result buffer.
#[wasm_bindgen]
pub fn respond_prepared(handle: u32, prepared: u32) -> bool {
    with_prepared(handle, prepared, |connection, prepared, out| {
        let sent = connection.respond_prepared(prepared, &mut out.bytes);
        done(sent, out)
    })
}
