//! The heads of requests and responses, and the status for an error.

use h2::ext::Protocol;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, Response, StatusCode, Uri, Version, request};
use switchover::bridge::{http1_fields, http2_fields};
use switchover_tokio::{BoxError, Error};

use crate::backend::status;
use crate::forward::{end_to_end, header_map, valid_status};

/// Converts the target and fields of an HTTP/2 request to HTTP/1.1.
///
/// Returns `None` for a malformed request, such as one with a field of HTTP/1.1 alone. Others have
/// two Host fields and no `:authority`, or a path that does not begin with a slash (RFC 9113,
/// section 8.3.1).
pub(crate) fn to_request(head: &request::Parts) -> Option<(Uri, HeaderMap)> {
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).parse().ok()?;
    let authority = head.uri.authority().map_or("", |authority| authority.as_str());
    if authority.is_empty() && head.headers.get_all(HOST).iter().count() > 1 {
        return None;
    }
    let fields = http1_fields(authority, &head.headers, None).ok()?;
    let mut headers = end_to_end(&header_map(&fields), Version::HTTP_2);
    if head.extensions.get::<Protocol>().is_some() {
        headers.remove(CONTENT_LENGTH);
    }
    Some((target, headers))
}

/// Returns the status for a client whose offer the backend has declined.
///
/// A 2xx becomes a 502, as it would mean that the offer was accepted (RFC 8441, section 5). So does
/// a status above 599.
pub(crate) fn when_declined(status: StatusCode) -> StatusCode {
    if status.is_success() { StatusCode::BAD_GATEWAY } else { valid_status(status) }
}

/// Converts a response head of the backend to HTTP/2.
pub(crate) fn translated(
    status: StatusCode,
    headers: &HeaderMap,
    version: Version,
) -> Response<()> {
    let mut head = plain(status);
    *head.headers_mut() = header_map(&http2_fields(&end_to_end(headers, version)));
    // RFC 9110 8.6: a length in these means nothing, and a client of HTTP/2 awaits as much content.
    if status.is_informational() || status == StatusCode::NO_CONTENT {
        head.headers_mut().remove(CONTENT_LENGTH);
    }
    head
}

pub(crate) fn plain(status: StatusCode) -> Response<()> {
    let mut head = Response::new(());
    *head.status_mut() = status;
    head
}

/// Returns a response's status for an error: 4xx if the client caused it, else 5xx.
pub(crate) fn blamed(error: &BoxError) -> StatusCode {
    match error.downcast_ref() {
        Some(Error::Body(own)) if matches!(own.downcast_ref(), Some(Error::TimedOut(_))) => {
            StatusCode::REQUEST_TIMEOUT
        }
        Some(Error::Body(_)) => StatusCode::BAD_REQUEST,
        Some(error) => status(error),
        None => StatusCode::BAD_GATEWAY,
    }
}
