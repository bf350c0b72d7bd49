//! The opening handshake's two fields (RFC 6455, 4). Framing is the next protocol's work.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use super::policy::Ineligible;
use crate::event::Request;
use crate::fields::Fields;

/// What every `Sec-WebSocket-Accept` is made with.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A `Sec-WebSocket-Accept`: base64 of 20 octets.
pub(crate) type Accept = [u8; 28];

pub(crate) const KEY: &str = "Sec-WebSocket-Key";
pub(crate) const VERSION: &str = "Sec-WebSocket-Version";
pub(crate) const ACCEPT: &str = "Sec-WebSocket-Accept";

/// RFC 6455, 4.2.1: GET, one valid key, version 13.
pub(crate) fn check(request: &Request<'_>) -> Result<(), Ineligible> {
    if request.method() != "GET" {
        return Err(Ineligible::Method);
    }
    if only(request.fields(), VERSION) != Some(b"13") {
        return Err(Ineligible::Version);
    }
    match key(request.fields()) {
        Some(_) => Ok(()),
        None => Err(Ineligible::Key),
    }
}

/// The key, if there is exactly one and it is base64 of 16 octets.
pub(crate) fn key<'a>(fields: Fields<'a>) -> Option<&'a [u8]> {
    only(fields, KEY).filter(|key| is_key(key))
}

pub(crate) fn is_key(key: &[u8]) -> bool {
    let mut nonce = [0; 18];
    key.len() == 24 && STANDARD.decode_slice(key, &mut nonce) == Ok(16)
}

/// RFC 6455, 4.2.2: base64 of SHA-1 of the key and the GUID.
pub(crate) fn accept(key: &[u8]) -> Accept {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut accept = [0; 28];
    let written = STANDARD.encode_slice(digest, &mut accept);
    debug_assert_eq!(written, Ok(28));
    accept
}

/// The value of a field that must stand once.
pub(crate) fn only<'a>(fields: Fields<'a>, name: &str) -> Option<&'a [u8]> {
    let mut values = fields.all(name);
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(&accept(b"dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(is_key(b"dGhlIHNhbXBsZSBub25jZQ=="));
        for bad in ["", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZ!==", "dGhlIHNhbXBsZSBub25jZQAA"] {
            assert!(!is_key(bad.as_bytes()), "{bad}");
        }
    }
}
