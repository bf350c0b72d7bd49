//! The one part of a status line that `http` has no place for.

use bytes::Bytes;

/// A reason phrase other than the standard one of its status.
///
/// It is an extension of the responses that a client gets, and of those that a handler gives. A
/// phrase with an invalid character makes a handler's response a 500. RFC 9112, section 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonPhrase(Bytes);

impl ReasonPhrase {
    /// Creates a phrase for a response's [extensions](http::Response::extensions_mut).
    pub fn new(text: impl Into<Bytes>) -> Self {
        Self(text.into())
    }

    /// Returns the bytes of the reason phrase; their encoding is not known.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
