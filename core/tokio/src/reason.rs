//! The reason phrase, for which the crate `http` has no field.

use bytes::Bytes;

/// A reason phrase other than the standard one of its status.
///
/// It is an extension of a response. The client sets it on received responses, and a handler may
/// set it on its own, except on a 101 or a 426. If a handler's phrase has an invalid character, the
/// client gets a 500. RFC 9112, section 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonPhrase(Bytes);

impl ReasonPhrase {
    /// Creates a phrase for a response's [extensions](http::Response::extensions_mut).
    pub fn new(text: impl Into<Bytes>) -> Self {
        Self(text.into())
    }

    /// Returns the bytes of the reason phrase; their encoding is unknown.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
