//! Exports that send parts of a message.
//!
//! Each but `advertise` writes the bytes to send to the result buffer. If it returns false, the
//! buffer holds the error.

use switchover::RequestHead;
use switchover::binding::selection_from_bits;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::args::{ArgReader, borrowed};
use crate::error::{self, done};
use crate::handle::{attempt, with};
use crate::respond::with_head;

/// Sends a request; `args` holds the method, target, offered protocols and fields.
#[wasm_bindgen]
pub fn send_request(handle: u32, args: &[u8]) -> bool {
    let mut args = ArgReader::new(args);
    let (method, target, offer, fields) = (args.text(), args.text(), args.texts(), args.fields());
    let (head, offer) = (RequestHead::new(&method, &target, &fields), borrowed(&offer));
    with(handle, |connection, out| {
        let sent = connection.send_request(&head, &offer, &mut out.bytes);
        done(sent, out)
    })
}

/// Sends an informational response; `args` holds the fields and the reason phrase.
#[wasm_bindgen]
pub fn send_informational(handle: u32, status: u16, has_reason: bool, args: &[u8]) -> bool {
    with_head(status, has_reason, args, |head| {
        with(handle, |connection, out| {
            let sent = connection.send_informational(head, &mut out.bytes);
            done(sent, out)
        })
    })
}

/// Sends a final response head; `args` holds the fields and the reason phrase.
#[wasm_bindgen]
pub fn send_response(handle: u32, status: u16, has_reason: bool, args: &[u8]) -> bool {
    with_head(status, has_reason, args, |head| {
        with(handle, |connection, out| {
            let sent = connection.send_response(head, &mut out.bytes);
            done(sent, out)
        })
    })
}

/// Accepts an offer with a 101; `args` holds the fields.
///
/// `selection` holds the four numbers that `select` wrote. If `early` is set, the switch does not
/// wait for the end of the request.
#[wasm_bindgen]
pub fn accept(handle: u32, selection: &[u32], early: bool, args: &[u8]) -> bool {
    let fields = ArgReader::new(args).fields();
    with(handle, |connection, out| {
        // An array of another length stands for no selection; the core returns an error for it.
        let selection = selection_from_bits(selection.try_into().unwrap_or_default());
        let selection = if early { selection.early() } else { selection };
        let sent = connection.accept(selection, &fields, &mut out.bytes);
        done(sent, out)
    })
}

/// Sends a 426; `args` holds the required protocols and the fields.
#[wasm_bindgen]
pub fn require(handle: u32, args: &[u8]) -> bool {
    let mut args = ArgReader::new(args);
    let (protocols, fields) = (args.texts(), args.fields());
    with(handle, |connection, out| {
        let sent = connection.require(&borrowed(&protocols), &fields, &mut out.bytes);
        done(sent, out)
    })
}

/// Advertises the protocols in `args` in the next final response.
#[wasm_bindgen]
pub fn advertise(handle: u32, args: &[u8]) -> bool {
    let protocols = ArgReader::new(args).texts();
    attempt(handle, |connection| connection.advertise(&borrowed(&protocols)).map(|()| true))
}

/// Writes content with its framing to the result buffer, for the caller to send.
///
/// Returns false on an error, which is then in the result buffer.
#[wasm_bindgen]
pub fn send_data(handle: u32, data: &[u8]) -> bool {
    with(handle, |connection, out| {
        let sent = connection.send_data(data, &mut out.bytes);
        done(sent, out)
    })
}

/// Writes the framing of `len` bytes of content, which the caller sends itself.
///
/// The result holds the length of the prefix, and the prefix followed by the suffix.
#[wasm_bindgen]
pub fn send_data_parts(handle: u32, len: usize) -> bool {
    with(handle, |connection, out| match connection.send_data_parts(len as u64) {
        Ok(parts) => {
            out.number(parts.prefix().len() as u32);
            out.bytes.extend_from_slice(parts.prefix());
            out.bytes.extend_from_slice(parts.suffix());
            true
        }
        Err(refused) => {
            error::put(&refused, out);
            false
        }
    })
}

/// Writes the end of the message to the result buffer, for the caller to send.
///
/// `args` holds the trailer fields. Returns false on an error, which is then in the result buffer.
#[wasm_bindgen]
pub fn send_end(handle: u32, args: &[u8]) -> bool {
    let trailers = ArgReader::new(args).fields();
    with(handle, |connection, out| {
        let sent = connection.send_end(&trailers, &mut out.bytes);
        done(sent, out)
    })
}
