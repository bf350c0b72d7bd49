//! Exports for WebSocket: its key, subprotocols and compression.

use switchover::Order;
use switchover::websocket::{self, Deflate};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::args::{ArgReader, borrowed};
use crate::handle::{ask, with, with_exchange};
use crate::result::ResultBuffer;

/// Writes the `Sec-WebSocket-Key` of a nonce to the result buffer.
///
/// Writes an empty string if the nonce does not have 16 bytes.
#[wasm_bindgen]
pub fn websocket_key(nonce: &[u8]) {
    let key = nonce.try_into().map(websocket::key).unwrap_or_default();
    with_exchange(|out| out.text(key.as_bytes()));
}

/// Writes to the result buffer the subprotocols that the current request offers.
#[wasm_bindgen]
pub fn subprotocols(handle: u32) {
    with(handle, |connection, out| {
        let request = connection.request();
        out.displays(request.iter().flat_map(websocket::subprotocols));
    });
}

/// Returns the index of the selected subprotocol plus 1, or 0 for none.
///
/// `args` holds the list of preferences, which the index refers to.
#[wasm_bindgen]
pub fn select_subprotocol(handle: u32, args: &[u8], by: u32) -> u32 {
    let preferences = ArgReader::new(args).texts();
    let by = Order::from_number(by).unwrap_or_default();
    ask(handle, |connection| {
        let preferences = borrowed(&preferences);
        let request = connection.request();
        let selected =
            request.and_then(|request| websocket::select_subprotocol(&request, &preferences, by));
        let place =
            selected.and_then(|name| preferences.iter().position(|preference| *preference == name));
        place.map_or(0, |place| place as u32 + 1)
    })
}

/// Builds compression parameters from the arguments that JavaScript passes.
///
/// Window bits are passed plus 1; 0 means that they are not specified.
fn deflate(
    server_forgets: bool,
    client_forgets: bool,
    server_bits: u32,
    client_bits: u32,
) -> Deflate {
    let bits = |bits: u32| bits.checked_sub(1).map(|bits| bits as u8);
    Deflate {
        server_no_context_takeover: server_forgets,
        client_no_context_takeover: client_forgets,
        server_max_window_bits: bits(server_bits),
        client_max_window_bits: bits(client_bits),
    }
}

/// Writes compression parameters to the result buffer; returns false for `None`.
fn put_deflate(deflate: Option<Deflate>, out: &mut ResultBuffer) -> bool {
    if let Some(deflate) = &deflate {
        out.number(deflate.server_no_context_takeover.into());
        out.number(deflate.client_no_context_takeover.into());
        out.option(deflate.server_max_window_bits.map(u32::from));
        out.option(deflate.client_max_window_bits.map(u32::from));
    }
    deflate.is_some()
}

/// Selects and writes the parameters for accepting `permessage-deflate`.
///
/// The arguments are this server's own parameters. Returns false if no offer can be accepted.
#[wasm_bindgen]
pub fn select_deflate(
    handle: u32,
    server_forgets: bool,
    client_forgets: bool,
    server_bits: u32,
    client_bits: u32,
) -> bool {
    let own = deflate(server_forgets, client_forgets, server_bits, client_bits);
    with(handle, |connection, out| {
        put_deflate(
            connection.request().and_then(|request| websocket::select_deflate(&request, &own)),
            out,
        )
    })
}

/// Writes the compression parameters of a 101 to the result buffer.
///
/// `args` holds the fields of the 101. Returns false if they agree on no compression.
#[wasm_bindgen]
pub fn agreed_deflate(args: &[u8]) -> bool {
    let fields = ArgReader::new(args).fields();
    with_exchange(|out| put_deflate(Deflate::of(&fields), out))
}

/// Writes parameters as a value of `Sec-WebSocket-Extensions` to the result buffer.
#[wasm_bindgen]
pub fn deflate_text(
    server_forgets: bool,
    client_forgets: bool,
    server_bits: u32,
    client_bits: u32,
) {
    with_exchange(|out| {
        out.display(deflate(server_forgets, client_forgets, server_bits, client_bits))
    });
}
