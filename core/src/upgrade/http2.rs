//! Conversion of heads to HTTP/2, and fields that it forbids (RFC 9113, section 8).

use alloc::vec::Vec;

use super::hop::EndToEnd;
use crate::enums::enums;
use crate::error::ErrorKind;
use crate::wire::fields::{Field, members};
#[cfg(feature = "h2c")]
use crate::wire::framing::has_https_scheme;
use crate::wire::memory;
use crate::wire::message::RequestHead;
use crate::wire::source::FieldSource;
use crate::wire::syntax::{
    TargetForm, after_colon, is_token, is_value, target_form, trim, until_path,
};

/// The reason why HTTP/2 does not allow a field or a status.
///
/// RFC 9113, sections 8.2.1, 8.2.2 and 8.6; RFC 8441, section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OverHttp2 {
    /// The status 101, which HTTP/2 does not have.
    Switching,
    /// A `Connection` field, which HTTP/2 does not allow.
    Connection,
    /// A `Keep-Alive` field, which HTTP/2 does not allow.
    KeepAlive,
    /// A `Proxy-Connection` field, which HTTP/2 does not allow.
    ProxyConnection,
    /// A `Transfer-Encoding` field, which HTTP/2 does not allow.
    TransferEncoding,
    /// An `Upgrade` field, which HTTP/2 does not allow.
    Upgrade,
    /// A `TE` field with a value other than `trailers`.
    Te,
    /// A `Sec-WebSocket-Key` field, which only HTTP/1.1 has (RFC 8441, section 5).
    WebSocketKey,
    /// A `Sec-WebSocket-Accept` field, which only HTTP/1.1 has (RFC 8441, section 5).
    WebSocketAccept,
    /// A name that is not a token in lower case (RFC 9113, section 8.2.1).
    ///
    /// One leading colon is accepted. The names of pseudo-header fields are not checked further.
    Name,
    /// A value with a control character except HTAB, or with whitespace around it.
    ///
    /// Control characters are for example CR, LF and NUL (RFC 9113, section 8.2.1).
    Value,
}

enums! {
    OverHttp2 {
        Switching = "switching", Connection = "connection", KeepAlive = "keep-alive",
        ProxyConnection = "proxy-connection", TransferEncoding = "transfer-encoding",
        Upgrade = "upgrade", Te = "te", WebSocketKey = "sec-websocket-key",
        WebSocketAccept = "sec-websocket-accept", Name = "name", Value = "value",
    }
}

impl OverHttp2 {
    /// Returns a description in English, without a period.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Switching => "HTTP/2 has no 101",
            Self::Connection => "HTTP/2 has no Connection field",
            Self::KeepAlive => "HTTP/2 has no Keep-Alive field",
            Self::ProxyConnection => "HTTP/2 has no Proxy-Connection field",
            Self::TransferEncoding => "HTTP/2 has no Transfer-Encoding field",
            Self::Upgrade => "HTTP/2 has no Upgrade field",
            Self::Te => "TE says nothing but trailers in HTTP/2",
            Self::WebSocketKey => "Sec-WebSocket-Key is for HTTP/1.1 alone",
            Self::WebSocketAccept => "Sec-WebSocket-Accept is for HTTP/1.1 alone",
            Self::Name => "HTTP/2 has field names in lower case alone",
            Self::Value => "the field value holds a forbidden byte",
        }
    }

    /// Returns the fault of a field that HTTP/2 forbids by its name.
    ///
    /// `TE: trailers` is no fault. `None` if there is none.
    fn named(field: Field<'_>) -> Option<Self> {
        const FIELDS: [OverHttp2; 8] = [
            OverHttp2::Connection,
            OverHttp2::KeepAlive,
            OverHttp2::ProxyConnection,
            OverHttp2::TransferEncoding,
            OverHttp2::Upgrade,
            OverHttp2::Te,
            OverHttp2::WebSocketKey,
            OverHttp2::WebSocketAccept,
        ];
        let fault = FIELDS.into_iter().find(|fault| field.is(fault.name()));
        fault.filter(|&fault| fault != Self::Te || !field.value.eq_ignore_ascii_case(b"trailers"))
    }

    /// Returns the fault of a malformed name or value, or `None`.
    ///
    /// RFC 9113, section 8.2.1.
    fn malformed(field: Field<'_>) -> Option<Self> {
        let name = field.name.strip_prefix(b":").unwrap_or(field.name);
        if !is_token(name) || name.iter().any(u8::is_ascii_uppercase) {
            return Some(Self::Name);
        }
        let is_clean = is_value(field.value) && trim(field.value).len() == field.value.len();
        (!is_clean).then_some(Self::Value)
    }
}

impl core::fmt::Display for OverHttp2 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for OverHttp2 {}

/// Checks the field list of an HTTP/2 request, or of a response with `status`.
///
/// `status` is `None` for a request. Call it with the fields from an HTTP/2 library, before you use
/// them as an HTTP/1.1 message. `Sec-WebSocket-Key`, `Sec-WebSocket-Accept` and status 101 are
/// rejected too. RFC 9113, sections 8.2.1, 8.2.2 and 8.6; RFC 8441, section 5.
///
/// # Errors
///
/// The first reason why HTTP/2 does not allow the list.
pub fn check_http2(status: Option<u16>, fields: &dyn FieldSource) -> Result<(), OverHttp2> {
    let mut fault = (status == Some(101)).then_some(OverHttp2::Switching);
    fields.each(&mut |field| {
        fault = fault.or_else(|| OverHttp2::named(field).or_else(|| OverHttp2::malformed(field)))
    });
    fault.map_or(Ok(()), Err)
}

/// A field line, as name and value, of a message converted to another HTTP version.
pub type FieldLine = (Vec<u8>, Vec<u8>);

/// A callback for converted field lines: names in any case, values in two parts.
///
/// The two parts of a value belong together, without a separator.
pub(crate) type EachLine<'e> = &'e mut dyn FnMut(&[u8], [&[u8]; 2]);

/// Returns the field lines that `walk` passes to its callback.
///
/// Their names become lower case. The error is `OutOfMemory`.
pub(crate) fn collect(walk: impl FnOnce(EachLine<'_>)) -> Result<Vec<FieldLine>, ErrorKind> {
    let (mut list, mut result) = (Vec::new(), Ok(()));
    walk(&mut |name, value| {
        if result.is_ok() {
            result = line(name, value).and_then(|line| memory::push(&mut list, line));
        }
    });
    result.map(|()| list)
}

fn line(name: &[u8], value: [&[u8]; 2]) -> Result<FieldLine, ErrorKind> {
    let mut name = memory::copied(&[name])?;
    name.make_ascii_lowercase();
    Ok((name, memory::copied(&value)?))
}

/// Converts the field lines of an HTTP/1.1 message for HTTP/2.
///
/// Names become lower case. Hop-by-hop fields are left out, except `te: trailers`. Also left out
/// are Host, which belongs in `:authority`, Expect, and the WebSocket fields that HTTP/2 does not
/// use. Equal `Content-Length` values become one. RFC 9113, section 8.2.2; RFC 8441, section 5.
pub fn http2_fields(fields: &dyn FieldSource) -> Vec<FieldLine> {
    memory::or_end(collect(|each| each_field(fields, each)))
}

/// Calls `each` with the field lines of [`http2_fields`], names in any case.
pub(crate) fn each_field(fields: &dyn FieldSource, each: EachLine<'_>) {
    let end_to_end = EndToEnd(fields);
    end_to_end.each(&mut |field| {
        if OverHttp2::named(field).is_some() || field.is("Host") || field.is("Expect") {
            return;
        }
        each(field.name, [field.value, b""]);
    });
    let mut takes_trailers = false;
    fields.each(&mut |field| {
        let mut codings = members(field.value);
        takes_trailers |=
            field.is("TE") && codings.any(|coding| coding.eq_ignore_ascii_case(b"trailers"));
    });
    if takes_trailers {
        each(b"te", [b"trailers", b""]);
    }
}

/// Converts a request head for HTTP/2, pseudo-header fields first.
///
/// `secure` is whether its scheme is `https`. RFC 9113, section 8.3.1.
pub fn http2_request(request: &RequestHead<'_>, secure: bool) -> Vec<FieldLine> {
    memory::or_end(collect(|each| each_of_request(request, secure, each)))
}

/// Calls `each` with the field lines of [`http2_request`], names in any case.
pub(crate) fn each_of_request(request: &RequestHead<'_>, secure: bool, each: EachLine<'_>) {
    each_with_pseudo(request, request.method.as_bytes(), None, secure, each);
}

/// Calls `each` with the HTTP/2 field lines of a request that is upgraded to `h2c`.
///
/// The scheme is `https` if the target's is, else `http`: a trusted gateway may send an `https`
/// target without TLS.
#[cfg(feature = "h2c")]
pub(crate) fn each_of_upgraded(request: &RequestHead<'_>, each: EachLine<'_>) {
    each_of_request(request, has_https_scheme(request.target.as_bytes()), each);
}

/// Calls `each` with the HTTP/2 field lines of a request, pseudo-header first.
///
/// `method` is the value of `:method`. With a `protocol` the request is an extended CONNECT (RFC
/// 8441, section 4).
pub(crate) fn each_with_pseudo(
    request: &RequestHead<'_>,
    method: &[u8],
    protocol: Option<&str>,
    secure: bool,
    each: EachLine<'_>,
) {
    let (authority, path) = split_target(request);
    let scheme: &[u8] = if secure { b"https" } else { b"http" };
    // RFC 9113 8.5: a plain CONNECT has no scheme and no path.
    let is_tunnel = method == b"CONNECT" && protocol.is_none();
    for (name, value) in [
        (":method", Some([method, b""])),
        (":protocol", protocol.map(|protocol| [protocol.as_bytes(), b""])),
        (":scheme", Some([scheme, b""]).filter(|_| !is_tunnel)),
        (":authority", authority.map(|authority| [authority, b""])),
        (":path", Some(path).filter(|_| !is_tunnel)),
    ] {
        if let Some(value) = value {
            each(name.as_bytes(), value);
        }
    }
    each_field(request.fields, each);
}

/// Returns the authority of a request, and the path with query of its target.
///
/// The authority is that of the target if it has one, else that of Host (RFC 9112, section 3.2.2).
/// `None` if Host is missing or empty. The path is in two parts, to be joined.
fn split_target<'a>(request: &RequestHead<'a>) -> (Option<&'a [u8]>, [&'a [u8]; 2]) {
    let target = request.target.as_bytes();
    let form = target_form(request.method.as_bytes(), target);
    if form == Ok(TargetForm::Authority) {
        return (Some(target), [b"", b""]);
    }
    let hierarchy = after_colon(target).and_then(|rest| rest.strip_prefix(b"//"));
    if let (Ok(TargetForm::Absolute), Some(rest)) = (form, hierarchy) {
        let authority = until_path(rest);
        let path: [&[u8]; 2] = match &rest[authority.len()..] {
            // RFC 9112 3.2.4: the last proxy replaces the empty path by `*`.
            [] if request.method == "OPTIONS" => [b"*", b""],
            [] => [b"/", b""],
            query @ [b'?', ..] => [b"/", query],
            path => [path, b""],
        };
        return (Some(authority), path);
    }
    let mut host = None;
    request
        .fields
        .each(&mut |field| host = if field.is("Host") { Some(field.value) } else { host });
    // RFC 9113 8.3.1: an empty `:authority` is left out.
    (host.filter(|host| !host.is_empty()), [target, b""])
}
