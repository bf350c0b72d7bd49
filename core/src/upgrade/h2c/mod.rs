//! HTTP/1.1 to HTTP/2 on one connection (RFC 7540, 3.2): what the offer has to say, and a [`Splice`] in front of an HTTP/2
//! engine that knows nothing of upgrades.

mod frame;
mod splice;

use alloc::vec::Vec;

pub use splice::Splice;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::http2::{FieldLine, http2_request};
use super::rules::{Ineligible, Terms, Values, values};
use crate::decision::RequestHead;
use crate::fields::FieldSource;
use crate::syntax::decimal;

/// The client's first settings, in its request.
pub(crate) const SETTINGS: &str = "HTTP2-Settings";

/// RFC 7540, 3.2.1: exactly one `HTTP2-Settings` that decodes. What is more than a server can take along stays in
/// HTTP/1.1.
pub(crate) fn check(request: &RequestHead<'_>, terms: &Terms) -> Result<(), Ineligible> {
    match values(request.fields, SETTINGS) {
        Values::None if terms.bare_h2c => return Ok(()),
        Values::One(value) if settings(value).is_some() => {}
        _ => return Err(Ineligible::Settings),
    }
    let mut length = 0;
    request.fields.each(&mut |field| {
        if field.is("Content-Length") {
            length = length.max(decimal(field.value).unwrap_or(u64::MAX));
        }
    });
    if length > terms.h2c_content {
        return Err(Ineligible::Content);
    }
    let head = http2_request(request, false);
    if list_size(&head) > terms.h2c_head as usize { Err(Ineligible::Head) } else { Ok(()) }
}

/// The size of a field list as SETTINGS_MAX_HEADER_LIST_SIZE counts it (RFC 9113, 6.5.2).
fn list_size(list: &[FieldLine]) -> usize {
    list.iter().map(|(name, value)| name.len() + value.len() + 32).sum()
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
    let payload = URL_SAFE_NO_PAD.decode(value).ok()?;
    let (settings, rest) = payload.as_chunks::<6>();
    (rest.is_empty() && settings.iter().all(is_legal)).then_some(payload)
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
            assert!(settings(good.as_bytes()).is_some(), "{good}");
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
            assert!(settings(bad.as_bytes()).is_none(), "{reason}");
        }
    }
}
