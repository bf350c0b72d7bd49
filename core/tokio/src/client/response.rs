//! The head of a response as `http::Response`.

use std::io;

use bytes::Bytes;
use http::Response;
use switchover::ResponseHead;

use crate::ReasonPhrase;
use crate::error::Error;
use crate::field_names::FieldNames;

/// Converts the head of a received response to an `http::Response`.
///
/// A reason phrase other than the registered one becomes an extension. With `field_names`, the
/// field names as they were received become another.
pub(super) fn to_response(
    received: switchover::Response<'_>,
    field_names: bool,
) -> Result<Response<()>, Error> {
    let reason = received.reason();
    let is_usual = reason == ResponseHead::usual_reason(received.status()).as_bytes();
    let reason = (!is_usual).then(|| ReasonPhrase::new(Bytes::copy_from_slice(reason)));
    let names = field_names.then(|| FieldNames::of(received.fields()));
    let mut response = Response::<()>::try_from(received).map_err(invalid)?;
    if let Some(names) = names {
        response.extensions_mut().insert(names);
    }
    if let Some(reason) = reason {
        response.extensions_mut().insert(reason);
    }
    Ok(response)
}

fn invalid(error: http::Error) -> Error {
    Error::Io(io::Error::new(io::ErrorKind::InvalidData, error))
}
