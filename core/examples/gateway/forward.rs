//! What an intermediary passes on, and with what in it (RFC 9110, 7.6).

use switchover::gateway::{EndToEnd, forwardable};
use switchover::{Field, FieldSource, Request};

/// The name under which we stand in Via.
const NAME: &str = "switchover";

/// Fields that mean the same in a trailer section as in a header section, by their definitions. A recipient may take any
/// other for a header field that nobody has checked (RFC 9110, 6.5.1).
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
    pub(crate) fields: Vec<(Vec<u8>, Vec<u8>)>,
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
        EndToEnd(&fields).each(&mut |field| match hops_left(request, &field) {
            Some(hops) => list.push((field.name.to_vec(), hops.saturating_sub(1).to_string().into_bytes())),
            None if field.is("Host") => {}
            None => list.push((field.name.to_vec(), field.value.to_vec())),
        });
        list.push((b"Via".to_vec(), via(http1(request.minor_version())).into_bytes()));
        if fields.get("Transfer-Encoding").is_some() {
            list.push((b"Transfer-Encoding".to_vec(), b"chunked".to_vec()));
        }
        Self {
            method: request.method().into(),
            target: origin_form(request),
            fields: list,
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

/// Whether the request goes no further: its Max-Forwards is spent (RFC 9110, 7.6.2).
pub(crate) fn ends_here(request: &Request<'_>) -> bool {
    request.fields().iter().any(|field| hops_left(request, &field) == Some(0))
}

/// The number in a Max-Forwards that counts.
fn hops_left(request: &Request<'_>, field: &Field<'_>) -> Option<u64> {
    let counts = matches!(request.method(), "OPTIONS" | "TRACE") && field.is("Max-Forwards");
    let value = str::from_utf8(field.value).ok().filter(|_| counts)?;
    let is_number = !value.is_empty() && value.bytes().all(|digit| digit.is_ascii_digit());
    // More than can be counted is as good as the most.
    is_number.then(|| value.parse().unwrap_or(u64::MAX))
}

/// The request as it came, without its secrets: the content of the answer to a TRACE (RFC 9110, 9.3.8).
pub(crate) fn traced(request: &Request<'_>) -> Vec<u8> {
    let line = format!("{} {} HTTP/1.{}\r\n", request.method(), request.target(), request.minor_version());
    let mut text = line.into_bytes();
    for field in request.fields().iter().filter(|field| !field.is_secret()) {
        text.extend([field.name, b": ", field.value, b"\r\n"].concat());
    }
    text.extend(b"\r\n");
    text
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
