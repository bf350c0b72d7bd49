//! The fields, trailers and statuses that an intermediary forwards or changes.
//!
//! RFC 9110, section 7.6.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, MAX_FORWARDS, TRANSFER_ENCODING, VIA};
use http::{HeaderMap, Method, StatusCode, Version};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use http_body_util::combinators::MapFrame;
use switchover::FieldSource;
use switchover::gateway::EndToEnd;

/// The fields that are forwarded in a trailer section.
///
/// Their definitions permit them in one. A recipient might take any other trailer for a header
/// field that was not checked (RFC 9110, section 6.5.1).
const TRAILERS: [&str; 10] = [
    "authentication-info",
    "content-digest",
    "etag",
    "grpc-message",
    "grpc-status",
    "grpc-status-details-bin",
    "repr-digest",
    "server-timing",
    "signature",
    "signature-input",
];

/// Returns the end-to-end fields of a head, with this intermediary added to Via.
///
/// `version` is that of the received head (RFC 9110, sections 7.6.1 and 7.6.3).
pub(crate) fn end_to_end(headers: &HeaderMap, version: Version) -> HeaderMap {
    let mut passed = header_map(&EndToEnd(headers));
    passed.append(
        VIA,
        HeaderValue::from_static(match version {
            Version::HTTP_10 => "1.0 switchover",
            Version::HTTP_2 => "2.0 switchover",
            _ => "1.1 switchover",
        }),
    );
    passed
}

/// Returns whether a response may be forwarded, as to its framing fields.
///
/// It may not with an unknown transfer coding: the content would have none (RFC 9112, section 6.1).
/// Nor may it with an invalid length, or two that differ (RFC 9110, section 8.6). The engine reads
/// no length in a response to HEAD.
pub(crate) fn has_known_framing(headers: &HeaderMap) -> bool {
    let mut codings = members(headers, TRANSFER_ENCODING);
    let mut lengths = members(headers, CONTENT_LENGTH).map(number);
    let first = lengths.next();
    codings.all(|coding| coding.eq_ignore_ascii_case(b"chunked"))
        && first.is_none_or(|first| first.is_some() && lengths.all(|length| length == first))
}

/// Returns the members of a list-based field, from all its lines.
fn members(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let lists = headers.get_all(name).into_iter();
    lists.flat_map(|list| list.as_bytes().split(|&byte| byte == b',')).map(<[u8]>::trim_ascii)
}

fn number(digits: &[u8]) -> Option<u64> {
    let is_number = digits.iter().all(u8::is_ascii_digit);
    str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

/// Collects field lines in a `HeaderMap`, without those that are invalid there.
pub(crate) fn header_map(fields: &dyn FieldSource) -> HeaderMap {
    let mut map = HeaderMap::new();
    fields.each(&mut |field| {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(field.name), HeaderValue::from_bytes(field.value))
        {
            map.append(name, value);
        }
    });
    map
}

/// Content whose trailers are only those of `TRAILERS`.
pub(crate) type Forwarded<B> = MapFrame<B, fn(Frame<Bytes>) -> Frame<Bytes>>;

/// Returns content without trailers that are not in `TRAILERS`.
pub(crate) fn forwarded<B: Body<Data = Bytes>>(content: B) -> Forwarded<B> {
    content.map_frame(forwardable_trailers)
}

/// Removes trailers that are not in `TRAILERS`; a data frame stays unchanged.
pub(crate) fn forwardable_trailers(frame: Frame<Bytes>) -> Frame<Bytes> {
    frame.into_trailers().map_or_else(
        |content| content,
        |trailers| {
            let known = trailers.iter().filter(|(name, _)| TRAILERS.contains(&name.as_str()));
            Frame::trailers(known.map(|(name, value)| (name.clone(), value.clone())).collect())
        },
    )
}

/// Decrements Max-Forwards in OPTIONS and TRACE requests.
///
/// Returns `true` if its value was 0: the request must not be forwarded (RFC 9110, section 7.6.2).
/// Returns `false` for other methods, without the field, and if its value is no number.
pub(crate) fn count_down(method: &Method, headers: &mut HeaderMap) -> bool {
    let mut is_spent = false;
    let counts = [Method::OPTIONS, Method::TRACE].contains(method);
    for (_, value) in headers.iter_mut().filter(|(name, _)| counts && *name == MAX_FORWARDS) {
        if !value.is_empty() && value.as_bytes().iter().all(u8::is_ascii_digit) {
            // A number that does not fit in a u64 is replaced by the largest one.
            let hops =
                value.to_str().ok().and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX);
            is_spent |= hops == 0;
            *value = hops.saturating_sub(1).into();
        }
    }
    is_spent
}

/// Returns the content of the response to a request whose Max-Forwards is 0.
///
/// For TRACE it is the head of the request without its secret fields; for OPTIONS it is empty (RFC
/// 9110, section 9.3.8).
pub(crate) fn last_answer(line: &str, headers: &HeaderMap) -> Vec<u8> {
    if !line.starts_with("TRACE ") {
        return Vec::new();
    }
    let mut text = format!("{line}\r\n").into_bytes();
    headers.each(&mut |field| {
        if !field.is_secret() {
            text.extend([field.name, b": ", field.value, b"\r\n"].concat());
        }
    });
    text.extend(b"\r\n");
    text
}

/// Returns the status to send to the client: 502 in place of one above 599.
///
/// RFC 9110, section 15.
pub(crate) fn valid_status(status: StatusCode) -> StatusCode {
    if status.as_u16() < 600 { status } else { StatusCode::BAD_GATEWAY }
}
