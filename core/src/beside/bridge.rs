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

use crate::upgrade::http2::FieldLine;
use crate::upgrade::http2::pseudo;
pub use crate::upgrade::http2::{OverHttp2, check_http2, http2_fields, http2_request};
use crate::upgrade::policy;
use crate::wire::message::RequestHead;
use crate::wire::protocol::Protocol;
use crate::wire::source::FieldSource;

/// Converts a request that offers `protocol` to an extended CONNECT.
///
/// `secure` is whether its scheme is `https`. In the result, pseudo-header fields come first. Send
/// it only if the server's SETTINGS_ENABLE_CONNECT_PROTOCOL is 1. A 2xx response to it means what a
/// 101 means in HTTP/1.1. RFC 8441, sections 3 to 5.
pub fn extended_connect(request: &RequestHead<'_>, protocol: &str, secure: bool) -> Vec<FieldLine> {
    let registered = Protocol::parse(protocol.as_bytes()).map(policy::registered);
    // The registered spelling, because HTTP/2 peers compare `:protocol` exactly.
    let name =
        registered.filter(|known| known.version.is_none()).map_or(protocol, |known| known.name);
    pseudo(request, b"CONNECT", Some(name), secure)
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
    check_http2(None, fields)?;
    // The authority and the key become field lines too, and must be checked.
    check_http2(None, &[("host", authority), ("cookie", websocket_key.unwrap_or_default())])?;
    // RFC 9113 8.3.1: Host is used if there is no `:authority`.
    let mut host = authority.as_bytes().to_vec();
    fields.each(&mut |field| {
        if host.is_empty() && field.is("host") {
            host = field.value.to_vec();
        }
    });
    let mut list = alloc::vec![(b"host".to_vec(), host)];
    let mut cookies: Vec<u8> = Vec::new();
    fields.each(&mut |field| {
        if field.is("cookie") {
            let separator: &[u8] = if cookies.is_empty() { b"" } else { b"; " };
            cookies.extend_from_slice(separator);
            cookies.extend_from_slice(field.value);
        } else if !field.name.starts_with(b":") && !field.is("host") && !field.is("http2-settings")
        {
            list.push((field.name.to_vec(), field.value.to_vec()));
        }
    });
    let key = websocket_key.map(|key| (b"sec-websocket-key".to_vec(), key.as_bytes().to_vec()));
    let cookies = Some((b"cookie".to_vec(), cookies)).filter(|(_, value)| !value.is_empty());
    list.extend(key.into_iter().chain(cookies));
    Ok(list)
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
}
