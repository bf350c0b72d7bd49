//! HTTP/1.1 to HTTP/2 on one connection: what the offer has to say (RFC 7540, 3.2).

use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::http2::{FieldLine, http2_request};
use super::rules::{Terms, Values, values};
use crate::error::Ineligible;
use crate::wire::fields::FieldSource;
use crate::wire::outgoing::RequestHead;
use crate::wire::syntax::decimal;

/// The client's first settings, in its request.
pub(crate) const SETTINGS: &str = "HTTP2-Settings";

/// RFC 7540, 3.2.1: exactly one `HTTP2-Settings` that decodes. What is more than a server can take along stays in
/// HTTP/1.1.
pub(crate) fn check(request: &RequestHead<'_>, terms: &Terms) -> Result<(), Ineligible> {
    // What HTTP/2 says of every request takes less than this; of each field line it is as much as here, or nothing.
    let (mut length, mut most) = (0, 256 + request.target.len() + request.method.len());
    let mut asked = Values::None;
    request.fields.each(&mut |field| {
        most += field.name.len() + field.value.len() + LINE;
        if field.is(SETTINGS) {
            asked.add(field.value);
        } else if field.is("Content-Length") {
            length = length.max(decimal(field.value).unwrap_or(u64::MAX));
        }
    });
    match asked {
        Values::None if terms.bare_h2c => return Ok(()),
        Values::One(value) if are_settings(value) => {}
        _ => return Err(Ineligible::Settings),
    }
    if length > terms.h2c_content {
        return Err(Ineligible::Content);
    }
    let limit = terms.h2c_head as usize;
    let fits = most <= limit || list_size(&http2_request(request, false)) <= limit;
    if fits { Ok(()) } else { Err(Ineligible::Head) }
}

/// What each line adds to the size of a list, beside its bytes (RFC 9113, 6.5.2).
const LINE: usize = 32;

/// The size of a field list as SETTINGS_MAX_HEADER_LIST_SIZE counts it (RFC 9113, 6.5.2).
fn list_size(list: &[FieldLine]) -> usize {
    list.iter().map(|(name, value)| name.len() + value.len() + LINE).sum()
}

/// The payload of the SETTINGS frame that a request's `HTTP2-Settings` holds.
pub(crate) fn requested(fields: &dyn FieldSource) -> Option<Vec<u8>> {
    match values(fields, SETTINGS) {
        Values::One(value) => settings(value),
        Values::None | Values::Several => None,
    }
}

/// Decodes the value; `None` where it is not base64url without padding of settings that may be sent (RFC 7540, 3.2.1).
fn settings(value: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(value).ok().filter(|payload| are_legal(payload))
}

/// Whether the value decodes. Clients send no more than a few settings, and for those no memory is asked for.
fn are_settings(value: &[u8]) -> bool {
    let mut few = [0; 96];
    match value.len() {
        0..=128 => URL_SAFE_NO_PAD.decode_slice(value, &mut few).is_ok_and(|len| are_legal(&few[..len])),
        _ => settings(value).is_some(),
    }
}

fn are_legal(payload: &[u8]) -> bool {
    let (settings, rest) = payload.as_chunks::<6>();
    rest.is_empty() && settings.iter().all(is_legal)
}

/// RFC 9113, 6.5.2 and RFC 8441, 3: the values that are no error. An unknown setting is ignored.
fn is_legal(setting: &[u8; 6]) -> bool {
    let [id_high, id_low, value @ ..] = *setting;
    let value = u32::from_be_bytes(value);
    match u16::from_be_bytes([id_high, id_low]) {
        ENABLE_PUSH | ENABLE_CONNECT_PROTOCOL => value <= 1,
        INITIAL_WINDOW_SIZE => value <= 0x7fff_ffff,
        MAX_FRAME_SIZE => (16_384..=0xff_ffff).contains(&value),
        _ => true,
    }
}

const ENABLE_PUSH: u16 = 2;
const INITIAL_WINDOW_SIZE: u16 = 4;
const MAX_FRAME_SIZE: u16 = 5;
const ENABLE_CONNECT_PROTOCOL: u16 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_may_be_sent() {
        // curl's, Java's, nghttp's, an unknown setting, and none at all.
        for good in
            ["AAMAAABkAAQCAAAAAAIAAAAA", "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA", "AAMAAABkAAQAAP__", "EjQAAAAB", ""]
        {
            assert!(settings(good.as_bytes()).is_some() && are_settings(good.as_bytes()), "{good}");
            assert!(are_settings(good.repeat(8).as_bytes()), "{good}, eight times");
        }
        for (bad, reason) in [
            ("AAMAAABk=", "padding"),
            ("AAMAAAB", "no whole setting"),
            ("AAM+AABk", "the other alphabet"),
            ("AAIAAAAC", "ENABLE_PUSH 2"),
            ("AASAAAAA", "INITIAL_WINDOW_SIZE 2^31"),
            ("AAUAAD__", "MAX_FRAME_SIZE 16383"),
            ("AAUBAAAA", "MAX_FRAME_SIZE 2^24"),
            ("AAgAAAAC", "ENABLE_CONNECT_PROTOCOL 2"),
            ("AAMAAABl!", "not base64"),
        ] {
            assert!(settings(bad.as_bytes()).is_none() && !are_settings(bad.as_bytes()), "{reason}");
        }
    }
}
