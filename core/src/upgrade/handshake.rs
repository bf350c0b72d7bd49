//! The checks and the proof of the WebSocket handshake (RFC 6455, section 4).

use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use super::context::{Proof, Values, values};
use super::deflate;
use super::extension::{self, extensions};
use super::sorted::sorted;
use crate::error::Ineligible;
use crate::wire::fields::members;
use crate::wire::known::{KnownField, KnownFields};
use crate::wire::memory;
use crate::wire::scan::class::is_base64;
use crate::wire::source::FieldSource;
use crate::wire::syntax::is_token;

/// The GUID that is hashed together with the value of `Sec-WebSocket-Key`.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const ACCEPT: &str = "Sec-WebSocket-Accept";
/// The fields that are checked in a request that offers `websocket`.
const ASKED: KnownFields = KnownField::set(&[
    KnownField::WebSocketKey,
    KnownField::WebSocketVersion,
    KnownField::WebSocketProtocol,
    KnownField::WebSocketExtensions,
]);

/// The fields of a 101 that choose a subprotocol and extensions from the offer.
const CHOSEN: KnownFields =
    KnownField::set(&[KnownField::WebSocketProtocol, KnownField::WebSocketExtensions]);

/// The fields of a `websocket` offer that are stored to check the 101 against.
pub(crate) const REMEMBERED: KnownFields = CHOSEN;

/// Checks a `websocket` offer's version (13), key, subprotocols and extensions.
///
/// RFC 6455, sections 4.1 and 4.2.1.
pub(crate) fn check(fields: &dyn FieldSource) -> Result<(), Ineligible> {
    let (mut version, mut key) = (Values::None, Values::None);
    let (mut has_subprotocols, mut has_valid_extensions) = (false, true);
    fields.each_known(ASKED, &mut |known, value| match known {
        KnownField::WebSocketKey => key.add(value),
        KnownField::WebSocketVersion => version.add(value),
        KnownField::WebSocketProtocol => has_subprotocols = true,
        _ => has_valid_extensions &= extension::is_valid(value),
    });
    if version != Values::One(b"13") {
        return Err(Ineligible::Version);
    }
    if !matches!(key, Values::One(key) if is_key(key)) {
        return Err(Ineligible::Key);
    }
    if has_subprotocols && !are_valid(fields) {
        return Err(Ineligible::Subprotocol);
    }
    if has_valid_extensions { Ok(()) } else { Err(Ineligible::Extension) }
}

/// Returns whether all offered subprotocols are tokens, and none is repeated.
///
/// A slash is accepted as well: kubectl sends `SPDY/3.1+portforward.k8s.io`. RFC 6455, sections 4.1
/// and 4.3.
fn are_valid(fields: &dyn FieldSource) -> bool {
    let (mut list, mut is_whole, mut are_names) = (Vec::new(), true, true);
    each_subprotocol(fields, &mut |name| {
        is_whole = is_whole && memory::push(&mut list, name).is_ok();
        are_names &= name.split(|&byte| byte == b'/').all(is_token);
    });
    are_names
        && match is_whole {
            true => sorted(list).windows(2).all(|pair| pair[0] != pair[1]),
            false => are_different(fields),
        }
}

/// Returns whether no offered subprotocol is repeated; slow, but needs no memory.
fn are_different(fields: &dyn FieldSource) -> bool {
    let (mut are_different, mut place) = (true, 0);
    each_subprotocol(fields, &mut |name| {
        let mut other_place = 0;
        each_subprotocol(fields, &mut |other| {
            are_different &= other_place == place || other != name;
            other_place += 1;
        });
        place += 1;
    });
    are_different
}

/// Returns whether a 101 chooses only offered subprotocols and extensions.
///
/// It may have at most one subprotocol, and at most one field line of extensions. RFC 6455,
/// sections 4.1 and 11.3.
pub(crate) fn is_answer(asked: &dyn FieldSource, answer: &dyn FieldSource) -> bool {
    let (mut subprotocol, mut extensions) = (Values::None, Values::None);
    answer.each_known(CHOSEN, &mut |known, value| match known {
        KnownField::WebSocketProtocol => subprotocol.add(value),
        _ => extensions.add(value),
    });
    let subprotocol_is_asked = match subprotocol {
        Values::None => true,
        Values::One(name) => {
            let mut is_asked = false;
            each_subprotocol(asked, &mut |offered| is_asked |= offered == name);
            is_asked
        }
        Values::Several => false,
    };
    let extensions_are_asked = match extensions {
        Values::None => true,
        Values::One(value) => are_asked(asked, value),
        Values::Several => false,
    };
    subprotocol_is_asked && extensions_are_asked
}

/// Returns whether all extensions of a 101 were offered.
///
/// `permessage-deflate` may be chosen once, with parameters that suit the offer. `false` if the
/// list of the offer or of the 101 is malformed.
fn are_asked(asked: &dyn FieldSource, answer: &[u8]) -> bool {
    let (mut are_asked, mut deflates) = (true, 0);
    let read = extension::parse(answer, &mut |chosen| {
        let (mut is_asked, is_deflate) = (false, chosen.is(deflate::NAME));
        let offered = extensions(asked, &mut |offer| {
            is_asked |=
                offer.is(chosen.name) && (!is_deflate || deflate::is_answer(&chosen, &offer));
        });
        are_asked &= is_asked && offered.is_some();
        deflates += u32::from(is_deflate);
    });
    // RFC 7692 5: two extensions that use the same bit of a frame cannot both be active.
    read.is_some() && are_asked && deflates <= 1
}

/// Returns the `Sec-WebSocket-Accept` field for the key of an offer.
///
/// Its value is base64 of SHA-1 of the key and the GUID. `None` if the key is missing, repeated, or
/// not 24 bytes long. RFC 6455, section 4.2.2.
pub(crate) fn proof(asked: &dyn FieldSource) -> Option<Proof> {
    let Values::One(key) = values(asked, KnownField::WebSocketKey) else { return None };
    // `check` has validated the key, which always has this length.
    let key: &[u8; 24] = key.try_into().ok()?;
    let mut text = [0; 60];
    let (start, end) = text.split_at_mut(key.len());
    start.copy_from_slice(key);
    end.copy_from_slice(GUID);
    let digest = Sha1::digest(text);
    let mut value = [0; 28];
    let written = STANDARD.encode_slice(digest, &mut value);
    debug_assert_eq!(written, Ok(28));
    Some(Proof { known: KnownField::WebSocketAccept, name: ACCEPT, value })
}

/// Returns whether a `Sec-WebSocket-Key` value is base64 of 16 bytes.
///
/// It has 22 characters, the last of which encodes two bits, and two of padding.
fn is_key(value: &[u8]) -> bool {
    let Some(([digits @ .., last, b'=', b'='], [])) = value.split_first_chunk::<24>() else {
        return false;
    };
    matches!(last, b'A' | b'Q' | b'g' | b'w')
        && digits.iter().fold(true, |all, &byte| all & is_base64(byte))
}

/// Calls `each` with every subprotocol in all `Sec-WebSocket-Protocol` lines.
fn each_subprotocol<'s>(fields: &'s dyn FieldSource, each: &mut dyn FnMut(&'s [u8])) {
    fields.each_known(KnownField::WebSocketProtocol.bit(), &mut |_, value| {
        members(value).for_each(&mut *each);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(key: &str) -> Option<[u8; 28]> {
        proof(&[("Sec-WebSocket-Key", key)]).map(|proof| proof.value)
    }

    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), Some(*b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert_eq!(STANDARD.encode(b"the sample nonce"), "dGhlIHNhbXBsZSBub25jZQ==");
        for bad in
            ["", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZ!==", "dGhlIHNhbXBsZSBub25jZQAA"]
        {
            assert!(!is_key(bad.as_bytes()), "{bad}");
        }
    }
}
