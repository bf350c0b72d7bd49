//! Conversion between HTTP/1.1 and HTTP/2 (RFC 9113, section 8.2.2; RFC 8441).

use alloc::vec::Vec;

use switchover::ErrorKind;
use switchover::binding::{FieldLine, fallible};
use switchover::bridge::{self, OverHttp2};

use crate::convert::status;
use crate::error::{Done, swo_result};
use crate::handle::Release;
use crate::handle::memory::{FieldList, RequestGiven};
use crate::object::{Handle, Lines, swo_lines};
use crate::out::Out;
use crate::send::{request_head, text};
use crate::types::{swo_field, swo_request_head, swo_slice};

export! {
    /// Checks that the field lines of an HTTP/2 message are allowed in HTTP/2.
    ///
    /// `status` is the status of a response, or 0 for a request. Check the field lines that an
    /// HTTP/2 library delivers before you use them as a message. Errors: SWO_REFUSED if they are
    /// not allowed, which makes the message malformed. It is also for `Sec-WebSocket-Key`,
    /// `Sec-WebSocket-Accept` and status 101. `reason` is then a SWO_OVER_HTTP2_*, else SWO_NONE.
    /// RFC 9113, sections 8.2.1, 8.2.2 and 8.6; RFC 8441, section 5.
    fn swo_check_http2(
        status: u32, fields: *const swo_field, count: usize, reason: *mut u32,
    ) -> swo_result = check_http2(status, (fields, count), reason);

    /// Converts the field lines of an HTTP/1.1 message to HTTP/2.
    ///
    /// Names become lower case. Left out are hop-by-hop fields (except `te: trailers`), `Host`
    /// (HTTP/2 has `:authority`) and `Expect`. Of the fields of a WebSocket handshake, the key and
    /// the accept value are left out. Errors: SWO_ERROR_OUT_OF_MEMORY. Next: swo_lines_get; at the
    /// end swo_lines_free. RFC 9113, section 8.2.2; RFC 8441, section 5.
    fn swo_http2_fields(
        fields: *const swo_field, count: usize, lines: *mut *mut swo_lines,
    ) -> swo_result = http2_fields((fields, count), lines);

    /// Converts a request to HTTP/2: pseudo-header fields, then other field lines.
    ///
    /// The other lines are those of swo_http2_fields. `secure` is not 0 if the scheme is `https`.
    /// Errors: SWO_ERROR_INVALID_METHOD and SWO_ERROR_INVALID_TARGET if the method or the target is
    /// not UTF-8, SWO_ERROR_OUT_OF_MEMORY. Next: swo_lines_get; at the end swo_lines_free. RFC
    /// 9113, section 8.3.1.
    fn swo_http2_request(
        request: *const swo_request_head, secure: u32, lines: *mut *mut swo_lines,
    ) -> swo_result = http2_request(request, secure, lines);

    /// Converts a request that offers `protocol` to an extended CONNECT.
    ///
    /// The extended CONNECT requests the same protocol over HTTP/2. A 2xx to it means what a 101
    /// means in HTTP/1.1. Send it only if the server's SETTINGS_ENABLE_CONNECT_PROTOCOL is 1.
    /// `secure` is not 0 if the scheme is `https`. Errors: those of swo_http2_request, and
    /// SWO_ERROR_INVALID_PROTOCOL if the protocol is not UTF-8. Next: swo_lines_get; at the end
    /// swo_lines_free. RFC 8441, sections 4 and 5.
    fn swo_extended_connect(
        request: *const swo_request_head, protocol: swo_slice, secure: u32,
        lines: *mut *mut swo_lines,
    ) -> swo_result = extended_connect(request, protocol, secure, lines);

    /// Converts the field lines of an HTTP/2 request to HTTP/1.1.
    ///
    /// `authority` (the request's `:authority`) becomes `Host`; if it is empty, the line `host`
    /// does. Several `cookie` lines become one. Pseudo-header fields in `fields` are left out, and
    /// `http2-settings`.
    /// `websocket_key` is for an extended CONNECT to `websocket`: a new key for this hop
    /// (swo_websocket_key); no key if its `data` is NULL. Errors: SWO_REFUSED if a field line, the
    /// authority or the key is malformed; `reason` is then a SWO_OVER_HTTP2_*, else SWO_NONE.
    /// SWO_ERROR_INVALID_HOST and SWO_ERROR_INVALID_VALUE if the authority or the key is not UTF-8,
    /// SWO_ERROR_OUT_OF_MEMORY.
    /// Next: swo_lines_get, then swo_send_request with these lines; for an extended CONNECT with
    /// the method GET, its `:path`, and its `:protocol` as the offer. At the end swo_lines_free.
    /// RFC 9113, section 8.2.3; RFC 8441, section 5.
    fn swo_http1_fields(
        authority: swo_slice, fields: *const swo_field, count: usize, websocket_key: swo_slice,
        lines: *mut *mut swo_lines, reason: *mut u32,
    ) -> swo_result = http1_fields(authority, (fields, count), (websocket_key, ()), lines, reason);

    /// Returns converted field lines as an array.
    ///
    /// The array has `count` entries. `fields` is valid until swo_lines_free.
    fn swo_lines_get(
        lines: *const swo_lines, fields: *mut *const swo_field, count: *mut usize,
    ) -> swo_result = lines_get(lines, fields, count);

    /// Frees converted field lines. NULL is allowed.
    fn swo_lines_free(lines: *mut swo_lines) -> swo_result = lines_free((lines, ()));
}

fn check_http2(code: u32, fields: FieldList<'_>, reason: Out<'_, u32>) -> Done {
    let status = (code != 0).then(|| status(code));
    reason.reason(bridge::check_http2(status, &fields).map_err(OverHttp2::number))
}

fn http2_fields(fields: FieldList<'_>, out: Out<'_, *mut swo_lines>) -> Done {
    lines(fallible::http2_fields(&fields)?, out)
}

fn http2_request(given: RequestGiven<'_>, secure: u32, out: Out<'_, *mut swo_lines>) -> Done {
    lines(fallible::http2_request(&request_head(&given)?, secure != 0)?, out)
}

fn extended_connect(
    given: RequestGiven<'_>,
    protocol: &[u8],
    secure: u32,
    out: Out<'_, *mut swo_lines>,
) -> Done {
    let protocol = text(protocol, ErrorKind::InvalidProtocol)?;
    lines(fallible::extended_connect(&request_head(&given)?, protocol, secure != 0)?, out)
}

fn http1_fields(
    authority: &[u8],
    fields: FieldList<'_>,
    key: Option<&[u8]>,
    out: Out<'_, *mut swo_lines>,
    reason: Out<'_, u32>,
) -> Done {
    let authority = text(authority, ErrorKind::InvalidHost)?;
    let key = key.map(|key| text(key, ErrorKind::InvalidValue)).transpose()?;
    let converted = fallible::http1_fields(authority, &fields, key)?;
    lines(reason.reason(converted.map_err(OverHttp2::number))?, out)
}

fn lines(owned: Vec<FieldLine>, out: Out<'_, *mut swo_lines>) -> Done {
    out.set(swo_lines::new(Lines::new(owned)?)?)
}

fn lines_get(lines: &Lines, fields: Out<'_, *const swo_field>, count: Out<'_, usize>) -> Done {
    fields.set(lines.fields().as_ptr())?;
    count.set(lines.fields().len())
}

fn lines_free(lines: Release<swo_lines>) -> Done {
    lines.free()
}
