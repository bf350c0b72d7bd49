//! The opening handshake's two fields (RFC 6455, 4). Framing is the next protocol's work.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use super::policy::{Ineligible, Policy, Proof};
use crate::decision::RequestHead;
use crate::error::ErrorKind;
use crate::event::Request;
use crate::fields::Fields;

pub(crate) const POLICY: Policy = Policy { name: "websocket", ask, check, prove, is_proven };

/// What every `Sec-WebSocket-Accept` is made with.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const KEY: &str = "Sec-WebSocket-Key";
const VERSION: &str = "Sec-WebSocket-Version";
const ACCEPT: &str = "Sec-WebSocket-Accept";

/// RFC 6455, 4.1: GET, one valid key, version 13.
fn ask(request: &RequestHead<'_>) -> Result<Option<Proof>, ErrorKind> {
    let (mut proof, mut keys, mut versions) = (None, 0, 0);
    request.fields.each(&mut |field| {
        if field.is(KEY) {
            keys += 1;
            proof = is_key(field.value).then(|| accept(field.value));
        }
        versions += u32::from(field.is(VERSION) && field.value == b"13");
    });
    let is_valid = request.method == "GET" && keys == 1 && versions == 1 && proof.is_some();
    if is_valid { Ok(proof) } else { Err(ErrorKind::ProfileField) }
}

/// RFC 6455, 4.2.1: GET, one valid key, version 13.
fn check(request: Request<'_>) -> Result<(), Ineligible> {
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

fn prove(request: Request<'_>) -> Option<Proof> {
    key(request.fields()).map(accept)
}

/// RFC 6455, 4.1: the 101 proves that the server has read the key.
fn is_proven(fields: Fields<'_>, asked: Option<&Proof>) -> bool {
    asked.is_some_and(|proof| only(fields, ACCEPT) == Some(&proof.value))
}

/// The key, if there is exactly one and it is base64 of 16 octets.
fn key<'a>(fields: Fields<'a>) -> Option<&'a [u8]> {
    only(fields, KEY).filter(|key| is_key(key))
}

fn is_key(key: &[u8]) -> bool {
    let mut nonce = [0; 18];
    key.len() == 24 && STANDARD.decode_slice(key, &mut nonce) == Ok(16)
}

/// RFC 6455, 4.2.2: base64 of SHA-1 of the key and the GUID.
fn accept(key: &[u8]) -> Proof {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut value = [0; 28];
    let written = STANDARD.encode_slice(digest, &mut value);
    debug_assert_eq!(written, Ok(28));
    Proof { name: ACCEPT, value }
}

/// The value of a field that must stand once.
fn only<'a>(fields: Fields<'a>, name: &str) -> Option<&'a [u8]> {
    let mut values = fields.all(name);
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(&accept(b"dGhlIHNhbXBsZSBub25jZQ==").value, b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(is_key(b"dGhlIHNhbXBsZSBub25jZQ=="));
        for bad in ["", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZ!==", "dGhlIHNhbXBsZSBub25jZQAA"] {
            assert!(!is_key(bad.as_bytes()), "{bad}");
        }
    }
}
