//! The opening handshake of WebSocket (RFC 6455, section 4).
//!
//! It covers the key, the subprotocol and `permessage-deflate`; the engine itself adds
//! `Sec-WebSocket-Accept`. Frames are left to a WebSocket library.

use alloc::string::String;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub use super::deflate::Deflate;

use super::deflate;
use super::extension::extensions;
use super::request::Request;
use super::token::Order;

const SUBPROTOCOL: &str = "Sec-WebSocket-Protocol";

/// Encodes a nonce as the value of `Sec-WebSocket-Key`.
///
/// The nonce must be random, and new for each connection (RFC 6455, section 4.1). Send the key with
/// `Sec-WebSocket-Version: 13` in a request that offers `websocket`.
pub fn key(nonce: &[u8; 16]) -> String {
    encoded(nonce).map(char::from).iter().collect()
}

/// Encodes a WebSocket nonce as 24 bytes of base64, without an allocation.
pub(crate) fn encoded(nonce: &[u8; 16]) -> [u8; 24] {
    let mut key = [0; 24];
    let written = STANDARD.encode_slice(nonce, &mut key);
    debug_assert_eq!(written, Ok(24));
    key
}

/// Returns the subprotocols that a request offers, in the client's order.
///
/// They are the members of all `Sec-WebSocket-Protocol` field lines; those that are not UTF-8 are
/// left out. RFC 6455, section 4.1.
pub fn subprotocols<'a>(request: &Request<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    // Names of an eligible offer are ASCII.
    request.fields().list(SUBPROTOCOL).filter_map(|name| core::str::from_utf8(name).ok())
}

/// Server: chooses a subprotocol that both sides support.
///
/// `by` says whose order decides, that of `preferences` or that of the client. Send the result in
/// the 101 as the value of `Sec-WebSocket-Protocol`; without that field no subprotocol is used.
/// `None` if no preference was offered. Names are compared with their case. RFC 6455, section
/// 4.2.2.
pub fn select_subprotocol<'p>(
    request: &Request<'_>,
    preferences: &[&'p str],
    by: Order,
) -> Option<&'p str> {
    let fields = request.fields();
    let place =
        |wanted: &&&str| fields.list(SUBPROTOCOL).position(|name| name == wanted.as_bytes());
    let mut matches = preferences.iter().filter(|wanted| place(wanted).is_some());
    match by {
        Order::Server => matches.next().copied(),
        Order::Client => matches.min_by_key(place).copied(),
    }
}

/// Server: chooses the parameters with which to accept `permessage-deflate`.
///
/// The first offer that this side's own parameters allow is accepted. Send the result, as text, in
/// the 101 as the value of `Sec-WebSocket-Extensions`; without that field nothing is compressed.
/// `None` if no offer can be accepted or the request's field is malformed. RFC 7692, sections 5.1
/// and 7.1.
pub fn select_deflate(request: &Request<'_>, own: &Deflate) -> Option<Deflate> {
    let fields = request.fields();
    let mut chosen = None;
    extensions(&fields, &mut |offer| {
        if chosen.is_none() && offer.is(deflate::NAME) {
            chosen = own.accept(&offer);
        }
    })?;
    chosen
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::{Connection, Event, Next, Role};

    #[test]
    fn whose_order_of_subprotocols_counts() {
        let mut server = Connection::new(Role::Server);
        let fields = "Host: a\r\nSec-WebSocket-Protocol: a, b\r\nsec-websocket-protocol: c\r\n\r\n";
        server.receive(["GET / HTTP/1.1\r\n", fields].concat().as_bytes()).expect("room");
        let Ok(Next::Event(Event::Request(request))) = server.next_event() else {
            panic!("a request")
        };
        assert_eq!(subprotocols(&request).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(select_subprotocol(&request, &["c", "B", "b"], Order::Client), Some("b"));
        assert_eq!(select_subprotocol(&request, &["c", "B", "b"], Order::Server), Some("c"));
        assert_eq!(select_subprotocol(&request, &["A", ""], Order::Server), None);
    }
}
