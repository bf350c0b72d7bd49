//! Conversion between HTTP/1.1 and HTTP/2: fields, and offers as extended CONNECT.
//!
//! RFC 9113, section 8.2.2; RFC 8441.
//!
//! ```
//! use switchover::RequestHead;
//! use switchover::bridge::{OverHttp2, check_http2, extended_connect, http1_fields};
//!
//! // An offer in HTTP/1.1, sent over HTTP/2: without hop-by-hop fields, and without the key.
//! let fields = [
//!     ("Host", "a"),
//!     ("Connection", "Upgrade"),
//!     ("Sec-WebSocket-Key", "…"),
//!     ("Sec-WebSocket-Version", "13"),
//! ];
//! let asked = extended_connect(&RequestHead::new("GET", "/chat", &fields), "websocket", true);
//! let text = |bytes| str::from_utf8(bytes).unwrap();
//! let asked: Vec<_> = asked.iter().map(|(name, value)| (text(name), text(value))).collect();
//! assert_eq!(
//!     asked,
//!     [
//!         (":method", "CONNECT"),
//!         (":protocol", "websocket"),
//!         (":scheme", "https"),
//!         (":authority", "a"),
//!         (":path", "/chat"),
//!         ("sec-websocket-version", "13"),
//!     ]
//! );
//!
//! // In the other direction: the field lines to send with `GET /chat` and an offer of
//! // `websocket`, with a new key for this hop.
//! let fields = [(":protocol", "websocket"), ("sec-websocket-version", "13")];
//! let lines = http1_fields("a", &fields, Some("dGhlIHNhbXBsZSBub25jZQ==")).expect("valid fields");
//! assert_eq!(lines[0], (b"host".to_vec(), b"a".to_vec()));
//!
//! // Connection-specific fields such as Upgrade are not permitted in HTTP/2.
//! assert_eq!(check_http2(None, &[("upgrade", "foo/2")]), Err(OverHttp2::Upgrade));
//! ```

use alloc::vec::Vec;

use crate::error::ErrorKind;
use crate::upgrade::http2::{EachLine, FieldLine, collect, each_with_pseudo};
pub use crate::upgrade::http2::{OverHttp2, check_http2, http2_fields, http2_request};
use crate::upgrade::policy;
use crate::wire::memory::{self, Draft};
use crate::wire::message::RequestHead;
use crate::wire::protocol::Protocol;
use crate::wire::source::FieldSource;

/// Converts a request that offers `protocol` to an extended CONNECT.
///
/// `secure` is whether the request's scheme is `https`. In the result, pseudo-header fields come
/// first. Send the result only if the server's SETTINGS_ENABLE_CONNECT_PROTOCOL is 1. A 2xx
/// response to it means what a 101 means in HTTP/1.1. RFC 8441, sections 3 to 5.
pub fn extended_connect(request: &RequestHead<'_>, protocol: &str, secure: bool) -> Vec<FieldLine> {
    memory::or_end(collect(|each| each_of_connect(request, protocol, secure, each)))
}

/// Calls `each` with the field lines of [`extended_connect`], names in any case.
///
/// Each value has two parts, which the receiver joins.
pub(crate) fn each_of_connect(
    request: &RequestHead<'_>,
    protocol: &str,
    secure: bool,
    each: EachLine<'_>,
) {
    let registered = Protocol::parse(protocol.as_bytes()).map(policy::registered);
    // The registered spelling, because HTTP/2 peers compare `:protocol` exactly.
    let name =
        registered.filter(|known| known.version.is_none()).map_or(protocol, |known| known.name);
    each_with_pseudo(request, b"CONNECT", Some(name), secure, each);
}

/// Converts the field lines of an HTTP/2 request to HTTP/1.1.
///
/// `Host` gets `authority`, the value of `:authority`, or if that is empty, the value of a `host`
/// field. The `Cookie` fields are joined to one line (RFC 9113, section 8.2.3). Pseudo-header
/// fields and `http2-settings` in `fields` are left out.
///
/// For an extended CONNECT, send the lines with GET and its `:path`, and offer its `:protocol`. For
/// `websocket`, pass a new key for this hop (RFC 8441, section 5).
///
/// # Errors
///
/// An error if a field is not permitted in HTTP/2, such as one with an upper-case name. Also if a
/// value, `authority` or `websocket_key` has a forbidden byte, such as a line break, or whitespace
/// around it.
pub fn http1_fields(
    authority: &str,
    fields: &dyn FieldSource,
    websocket_key: Option<&str>,
) -> Result<Vec<FieldLine>, OverHttp2> {
    memory::or_end(try_http1_fields(authority, fields, websocket_key))
}

/// Converts HTTP/2 field lines to HTTP/1.1 like [`http1_fields`].
///
/// The inner result is that of `http1_fields`.
///
/// # Errors
///
/// `OutOfMemory`.
pub(crate) fn try_http1_fields(
    authority: &str,
    fields: &dyn FieldSource,
    websocket_key: Option<&str>,
) -> Result<Result<Vec<FieldLine>, OverHttp2>, ErrorKind> {
    // The authority and the key become field lines too, and must be checked.
    let added = [("host", authority), ("cookie", websocket_key.unwrap_or_default())];
    if let Err(fault) = check_http2(None, fields).and_then(|()| check_http2(None, &added)) {
        return Ok(Err(fault));
    }
    // RFC 9113 8.3.1: Host is used if there is no `:authority`.
    let mut host = authority.as_bytes();
    let mut cookies = Draft::new();
    fields.each(&mut |field| {
        if host.is_empty() && field.is("host") {
            host = field.value;
        } else if field.is("cookie") {
            let separator: &[u8] = if cookies.is_empty() { b"" } else { b"; " };
            cookies.extend_from_slice(separator);
            cookies.extend_from_slice(field.value);
        }
    });
    let cookies = cookies.whole()?;
    let lines = collect(|each| {
        each(b"host", [host, b""]);
        fields.each(&mut |field| {
            let is_apart = ["host", "cookie", "http2-settings"].iter().any(|name| field.is(name));
            if !is_apart && !field.name.starts_with(b":") {
                each(field.name, [field.value, b""]);
            }
        });
        if let Some(key) = websocket_key {
            each(b"sec-websocket-key", [key.as_bytes(), b""]);
        }
        if !cookies.is_empty() {
            each(b"cookie", [cookies, b""]);
        }
    })?;
    Ok(Ok(lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_break_becomes_a_line_of_its_own() {
        let fields = [("x-a", "b")];
        assert_eq!(http1_fields("a\r\nx: y", &fields, None), Err(OverHttp2::Value));
        assert_eq!(http1_fields("a", &fields, Some("k\r\nx: y")), Err(OverHttp2::Value));
        assert_eq!(http1_fields("a", &[("x-a", "b\nc")], None), Err(OverHttp2::Value));
        assert_eq!(http1_fields("a", &fields, Some("k")).map(|lines| lines.len()), Ok(3));
    }

    /// Checks that `http2_fields` merges equal lengths, whatever their leading zeros.
    ///
    /// Of several equal `Content-Length` values the first is kept. Different ones stay unchanged.
    ///
    /// Proves: R9110-8.6-9.
    #[test]
    fn lengths_that_agree_become_one() {
        let one = |lines: &[(&str, &str)]| -> Vec<Vec<u8>> {
            http2_fields(&lines.to_vec()).into_iter().map(|(_, value)| value).collect()
        };
        const LENGTH: &str = "Content-Length";
        assert_eq!(one(&[(LENGTH, "03, 3,3")]), [b"03"]);
        assert_eq!(one(&[(LENGTH, "3"), (LENGTH, "003")]), [b"3"]);
        assert_eq!(one(&[(LENGTH, "30, 3")]), [b"30, 3"]);
    }
}
