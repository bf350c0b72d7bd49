//! The head of a request: the caller's fields, and those that the client adds.

use http::request::Parts;
use http::{Method, header};
use http_body::Body as HttpBody;
use switchover::http::target;
use switchover::{FieldSource, RequestHead};

use crate::error::Error;
use crate::field_names::FieldNames;
use crate::observe::ObservedConnection;
use crate::wire::Promise;

/// Writes the head of a request to `out`; returns the content length that it gives.
pub(super) fn write_request_head(
    http: &mut ObservedConnection,
    out: &mut Vec<u8>,
    mut head: Parts,
    body: &impl HttpBody,
    offer: &[&str],
) -> Result<Promise, Error> {
    complete(&mut head, body, offer)?;
    let target = target(&head.method, &head.uri);
    let ordered = head.extensions.get::<FieldNames>().map(|names| names.order(&head.headers));
    let fields: &dyn FieldSource = match &ordered {
        Some(ordered) => ordered,
        None => &head.headers,
    };
    http.send_request(&RequestHead::new(head.method.as_str(), &target, fields), offer, out)?;
    Ok(Promise::of(&head.headers, None))
}

/// Adds the fields that the caller did not set, such as `Host` and the framing.
///
/// A `Transfer-Encoding` of the caller is removed; chunked is added if the length is unknown.
fn complete(head: &mut Parts, body: &impl HttpBody, offer: &[&str]) -> Result<(), Error> {
    if let Some(authority) =
        head.uri.authority().filter(|_| !head.headers.contains_key(header::HOST))
    {
        // RFC 9110 7.2: without userinfo.
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        let host =
            host.parse().map_err(|_| Error::Misuse("the URI's authority cannot be a Host"))?;
        head.headers.insert(header::HOST, host);
    }
    head.headers.remove(header::TRANSFER_ENCODING);
    if !head.headers.contains_key(header::CONTENT_LENGTH) {
        match body.size_hint().exact() {
            // RFC 9110 8.6: a length of 0 is sent only if the method expects content.
            Some(0) if !matches!(head.method, Method::POST | Method::PUT | Method::PATCH) => {}
            Some(length) => drop(head.headers.insert(header::CONTENT_LENGTH, length.into())),
            None if body.is_end_stream() => {}
            None => {
                head.headers
                    .insert(header::TRANSFER_ENCODING, header::HeaderValue::from_static("chunked"));
            }
        }
    }
    let offers = |name| offer.iter().any(|protocol| protocol.eq_ignore_ascii_case(name));
    #[cfg(feature = "websocket")]
    if offers("websocket") {
        websocket(&mut head.headers)?;
    }
    if cfg!(feature = "h2c") && offers("h2c") {
        head.headers.entry("http2-settings").or_insert(FIRST_SETTINGS);
    }
    Ok(())
}

/// The SETTINGS payload of `HTTP2-Settings`, in base64url.
///
/// It sets 100 concurrent streams, and the default window (RFC 7540, section 3.2.1).
const FIRST_SETTINGS: header::HeaderValue = header::HeaderValue::from_static("AAMAAABkAAQAAP__");

/// Adds the key and version of a WebSocket handshake, unless the caller set them.
///
/// RFC 6455, section 4.1.
#[cfg(feature = "websocket")]
fn websocket(headers: &mut http::HeaderMap) -> Result<(), Error> {
    if !headers.contains_key(header::SEC_WEBSOCKET_KEY) {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|error| Error::Io(std::io::Error::other(error)))?;
        if let Ok(key) = switchover::websocket::key(&nonce).try_into() {
            headers.insert(header::SEC_WEBSOCKET_KEY, key);
        }
    }
    let version = || header::HeaderValue::from_static("13");
    headers.entry(header::SEC_WEBSOCKET_VERSION).or_insert_with(version);
    Ok(())
}
