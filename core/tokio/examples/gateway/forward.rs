//! What an intermediary passes on, and with what in it (RFC 9110, 7.6).

use switchover::gateway::{EndToEnd, forwardable};
use switchover::{Field, FieldSource, Request};

/// A name and a value.
pub(crate) type FieldLine = (Vec<u8>, Vec<u8>);

/// The name under which we stand in Via.
const NAME: &str = "switchover";

/// Fields that mean the same in a trailer section as in a header section, by their definitions. A recipient may take any
/// other for a header field that was not checked (RFC 9110, 6.5.1).
const TRAILERS: [&str; 10] = [
    "Authentication-Info",
    "Content-Digest",
    "ETag",
    "Repr-Digest",
    "Server-Timing",
    "Signature",
    "Signature-Input",
    "grpc-message",
    "grpc-status",
    "grpc-status-details-bin",
];

/// What is passed on of a request; the head is gone when its content comes.
pub(crate) struct Forwarded {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Vec<FieldLine>,
    /// It goes no further.
    pub(crate) is_spent: bool,
    pub(crate) offer: Vec<String>,
    /// It offers something, whether that is passed on or not.
    pub(crate) has_offer: bool,
}

impl Forwarded {
    /// `backend` is the authority of a request that names none, as HTTP/1.0 may.
    pub(crate) fn new(request: &Request<'_>, backend: &str) -> Self {
        let fields = request.fields();
        // RFC 9112, 3.2.2: what an absolute target says counts more than Host.
        let mut list = vec![(b"Host".to_vec(), request.authority().unwrap_or(backend).into())];
        EndToEnd(&fields).each(&mut |field| {
            if !field.is("Host") {
                list.push((field.name.to_vec(), field.value.to_vec()));
            }
        });
        let is_spent = count_down(request.method(), &mut list);
        list.push((b"Via".to_vec(), via(http1(request.minor_version())).into_bytes()));
        if fields.get("Transfer-Encoding").is_some() {
            list.push((b"Transfer-Encoding".to_vec(), b"chunked".to_vec()));
        }
        Self {
            method: request.method().into(),
            target: origin_form(request),
            fields: list,
            is_spent,
            offer: forwardable(request).map(|protocol| protocol.to_string()).collect(),
            has_offer: request.offers().is_ok(),
        }
    }
}

/// What we add to Via of a message that was received in this version (RFC 9110, 7.6.3).
pub(crate) fn via(version: &str) -> String {
    format!("{version} {NAME}")
}

/// The name of a version of HTTP/1.
pub(crate) fn http1(minor_version: u8) -> &'static str {
    if minor_version == 0 { "1.0" } else { "1.1" }
}

/// The trailers that may be passed on.
#[derive(Clone, Copy)]
pub(crate) struct Trailers<'a>(pub(crate) &'a dyn FieldSource);

impl FieldSource for Trailers<'_> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.0.each(&mut |field| {
            if TRAILERS.iter().any(|name| field.is(name)) {
                each(field);
            }
        });
    }
}

/// Counts Max-Forwards down, in the requests that it is for. True if it is spent: the request goes no further
/// (RFC 9110, 7.6.2).
pub(crate) fn count_down(method: &str, fields: &mut [FieldLine]) -> bool {
    let mut is_spent = false;
    let lines = fields.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case(b"Max-Forwards"));
    for (_, value) in lines.filter(|_| matches!(method, "OPTIONS" | "TRACE")) {
        if !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
            // More than can be counted is as good as the most.
            let hops = str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX);
            is_spent |= hops == 0;
            *value = hops.saturating_sub(1).to_string().into_bytes();
        }
    }
    is_spent
}

/// A request that goes no further, as it came but for its secrets: the content of the answer to a TRACE, the content of
/// that to OPTIONS is empty (RFC 9110, 9.3.8).
pub(crate) fn last_answer(line: &str, fields: &dyn FieldSource) -> Vec<u8> {
    if !line.starts_with("TRACE ") {
        return Vec::new();
    }
    let mut text = format!("{line}\r\n").into_bytes();
    fields.each(&mut |field| {
        if !field.is_secret() {
            text.extend([field.name, b": ", field.value, b"\r\n"].concat());
        }
    });
    text.extend(b"\r\n");
    text
}

/// The status for a client: one that is none counts as that of a failed server (RFC 9110, 15).
pub(crate) fn known_status(status: u16) -> u16 {
    if status < 600 { status } else { 502 }
}

/// The target as an origin server takes it (RFC 9112, 3.2.1): without the authority that the absolute form has.
fn origin_form(request: &Request<'_>) -> String {
    let target = request.target();
    let Some((_, rest)) = target.split_once("://").filter(|_| !target.starts_with('/')) else { return target.into() };
    match rest.find(['/', '?']).map_or("", |end| &rest[end..]) {
        // RFC 9112, 3.2.4.
        "" if request.method() == "OPTIONS" => "*".into(),
        path if path.starts_with('/') => path.into(),
        query => format!("/{query}"),
    }
}
