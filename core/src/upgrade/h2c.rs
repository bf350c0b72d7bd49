//! The rules of an `h2c` offer, which switches from HTTP/1.1 to HTTP/2.
//!
//! RFC 7540, section 3.2.

use super::context::{OfferContext, OfferingRequest, Values, values};
use super::http2::each_of_upgraded;
use crate::error::Ineligible;
use crate::wire::known::{KnownField, KnownFields};
use crate::wire::memory::Draft;
use crate::wire::message::RequestHead;
use crate::wire::source::FieldSource;
use crate::wire::syntax::decimal;

/// The field of the offer that carries the client's SETTINGS payload.
pub(crate) const SETTINGS: &str = "HTTP2-Settings";

/// Checks the `HTTP2-Settings` and the size of a request that offers `h2c`.
///
/// RFC 7540, section 3.2.1. If the request is larger than the server's limits for `h2c`, the offer
/// is not eligible, and the request stays in HTTP/1.1. With `bare_h2c`, a request without the field
/// passes whatever its size.
pub(crate) fn check(request: &OfferingRequest<'_>, terms: &OfferContext) -> Result<(), Ineligible> {
    const LOOKED_AT: KnownFields =
        KnownField::set(&[KnownField::Http2Settings, KnownField::ContentLength]);
    let (mut length, mut settings) = (0, Values::None);
    request.fields.each_known(LOOKED_AT, &mut |known, value| match known {
        KnownField::Http2Settings => settings.add(value),
        _ => length = length.max(decimal(value).unwrap_or(u64::MAX)),
    });
    match settings {
        Values::None if terms.bare_h2c => return Ok(()),
        Values::One(value) if are_settings(value) => {}
        _ => return Err(Ineligible::Settings),
    }
    if length > terms.h2c_content {
        return Err(Ineligible::Content);
    }
    if fits(request, terms.h2c_head) { Ok(()) } else { Err(Ineligible::Head) }
}

/// Returns whether the size of the request's head in HTTP/2 is within `limit`.
///
/// The size is counted as for SETTINGS_MAX_HEADER_LIST_SIZE (RFC 9113, section 6.5.2).
fn fits(request: &OfferingRequest<'_>, limit: u32) -> bool {
    let limit = limit as usize;
    // An upper bound first: the pseudo-header fields need less than 256 bytes beyond target and
    // method. Each field line is as long as in HTTP/1.1, or left out.
    let most =
        |(lines, bytes)| 256 + request.target.len() + request.method.len() + lines * LINE + bytes;
    if limit == u32::MAX as usize
        || request.fields.at_most().is_some_and(|size| most(size) <= limit)
    {
        return true;
    }
    let text = |bytes| core::str::from_utf8(bytes).unwrap_or_default();
    let head = RequestHead::new(text(request.method), text(request.target), request.fields);
    list_size(&head) <= limit
}

/// The overhead in bytes that HTTP/2 counts per field line.
///
/// RFC 9113, section 6.5.2.
const LINE: usize = 32;

/// Returns the size of an upgraded head as SETTINGS_MAX_HEADER_LIST_SIZE counts it.
///
/// RFC 9113, section 6.5.2.
fn list_size(head: &RequestHead<'_>) -> usize {
    let mut size = 0;
    each_of_upgraded(head, &mut |name, [value, rest]| {
        size += name.len() + value.len() + rest.len() + LINE;
    });
    size
}

/// Returns the value of a request's `HTTP2-Settings` field.
///
/// `None` if the field is missing or repeated, or if its settings are not legal.
pub(crate) fn requested(fields: &dyn FieldSource) -> Option<&[u8]> {
    match values(fields, KnownField::Http2Settings) {
        Values::One(value) if are_settings(value) => Some(value),
        _ => None,
    }
}

/// Decodes a value that [`requested`] has returned, and appends it to `out`.
///
/// It is the payload of a SETTINGS frame.
pub(crate) fn put_settings(value: &[u8], out: &mut Draft) {
    let (settings, _) = value.as_chunks::<8>();
    for setting in settings.iter().filter_map(setting) {
        let [_, _, payload @ ..] = setting.to_be_bytes();
        out.extend_from_slice(&payload);
    }
}

/// Returns whether an `HTTP2-Settings` value is base64url of legal settings.
///
/// It has no padding (RFC 7540, section 3.2.1). A setting has six bytes, so it takes exactly eight
/// characters.
fn are_settings(value: &[u8]) -> bool {
    let (settings, rest) = value.as_chunks::<8>();
    rest.is_empty() && settings.iter().all(|text| setting(text).is_some_and(is_legal))
}

/// Decodes the 48 bits of a setting: its identifier, then its value.
///
/// `None` if a character is not base64url.
fn setting(text: &[u8; 8]) -> Option<u64> {
    let (bits, all) = text.iter().fold((0, 0), |(bits, all), &byte| {
        let digit = DIGITS[byte as usize];
        (bits << 6 | u64::from(digit), all | digit)
    });
    // The value of a valid digit has neither of its two top bits set.
    (all & 0xc0 == 0).then_some(bits)
}

/// The value of each byte as a base64url digit, else 0xff (RFC 4648, section 5).
static DIGITS: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut digits, mut at) = ([0xff; 256], 0);
    while at < alphabet.len() {
        digits[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    digits
};

/// Returns whether an HTTP/2 setting has a legal value; most settings allow any.
///
/// RFC 9113, section 6.5.2 and RFC 8441, section 3.
fn is_legal(setting: u64) -> bool {
    let value = setting as u32;
    match (setting >> 32) as u16 {
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
        // Settings as sent by curl, Java and nghttp, an unknown setting, and an empty value.
        for good in [
            "AAMAAABkAAQCAAAAAAIAAAAA",
            "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
            "AAMAAABkAAQAAP__",
            "EjQAAAAB",
            "",
        ] {
            assert!(are_settings(good.as_bytes()), "{good}");
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
            assert!(!are_settings(bad.as_bytes()), "{reason}");
        }
    }
}
