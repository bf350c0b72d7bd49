//! Functions and tables for bindings to other languages.
//!
//! They are not a part of the public API, and may change in any version.

pub mod fallible;
mod method;
mod spelling;
mod text;
mod verbs;

use bytes::BufMut;

pub use method::Method;
pub use spelling::{LONGEST, Language, METHODS, Spelled};
pub use text::TextLines;
pub use verbs::{VERBS, Verb};

pub use crate::event::EventKind;
pub use crate::event::parts::{EventParts, EventPlace};
pub use crate::upgrade::http2::FieldLine;
pub use crate::wire::body::ContentKind;
pub use crate::wire::fields::LengthUnifier;
pub use crate::wire::known::KnownField;
pub use crate::wire::scan::Path as ScanPath;
pub use crate::wire::source::{Piece, Pieces};

use crate::beside::masque::Capsules;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::limits::{Config, Limits};
use crate::machine::Role;
use crate::upgrade::{Request, Selection, request};
use crate::wire::body::Content;
use crate::wire::encode::{self, Decimal};
use crate::wire::fields::{self, Field, Fields};
use crate::wire::framing;
use crate::wire::message::{RequestHead, ResponseHead};
use crate::wire::source::FieldSource;
use crate::wire::syntax;

/// Access to a connection for languages that cannot hold Rust references.
pub trait Bound: Sized {
    /// Creates a connection with a configuration that it does not share.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`: unlike `with_config`, it does not end the program then.
    fn try_with_config(role: Role, config: Config) -> Result<Self, Error>;

    /// Returns the role of the engine in the connection: client or server.
    fn role(&self) -> Role;

    /// Returns whether the transport is TLS.
    ///
    /// True if `Config::secure` is set, or if HTTP was resumed in TLS after an upgrade.
    fn is_secure(&self) -> bool;

    /// Returns the error of the peer that ended receiving, if there was one.
    fn failure(&self) -> Option<Error>;

    /// Returns the connection's limits, with those set by `set_limits`.
    fn limits(&self) -> Limits;

    /// Returns whether `bytes` overlaps the buffer of the connection's received bytes.
    ///
    /// In C, for example, a slice of an event could be passed to `receive`; the binding then
    /// rejects it.
    fn holds(&self, bytes: &[u8]) -> bool;

    /// Returns the bytes that `take_leftover` would return.
    fn leftover(&self) -> &[u8];

    /// Passes the bytes that `take_leftover` would return to `copy`, and removes them.
    ///
    /// No memory is allocated for it.
    fn leave_leftover<T>(&mut self, copy: impl FnOnce(&[u8]) -> T) -> T;

    /// Sends the head of a final response whose content the caller sends itself.
    ///
    /// A `Content-Length` of `len` is added, unless the fields have it. A length of 0 is not added
    /// in response to HEAD, or with a 204 or 304. Each time it has sent content, the caller passes
    /// the number of bytes to `send_data_parts`. The response ends after `len` bytes. If `len` is
    /// 0, or the response has no content, it ends with its head.
    ///
    /// # Errors
    ///
    /// Those of `send_response`; `FramingConflict` for another length, a `Transfer-Encoding`, a
    /// 204 or 205 with content, and a 2xx to CONNECT.
    fn respond_head(
        &mut self,
        head: &ResponseHead<'_>,
        len: u64,
        out: &mut impl BufMut,
    ) -> Result<(), Error>;

    /// Hands the connection over like `hand_over`, and writes the bytes to `out`.
    ///
    /// They are the request's head and all unread bytes.
    ///
    /// All of them are written; after an error nothing is.
    fn hand_over_into(&mut self, out: &mut impl BufMut) -> Result<(), Error>;
}

impl Bound for Connection {
    fn try_with_config(role: Role, config: Config) -> Result<Self, Error> {
        Self::try_with_config(role, config)
    }

    fn role(&self) -> Role {
        self.role
    }

    fn is_secure(&self) -> bool {
        self.flags.secure
    }

    fn failure(&self) -> Option<Error> {
        self.failure
    }

    fn limits(&self) -> Limits {
        self.config().limits
    }

    fn holds(&self, bytes: &[u8]) -> bool {
        self.scratch.as_ref().is_some_and(|scratch| scratch.buffer.holds(bytes))
    }

    fn leftover(&self) -> &[u8] {
        self.leftover()
    }

    fn leave_leftover<T>(&mut self, copy: impl FnOnce(&[u8]) -> T) -> T {
        self.leave_leftover(copy)
    }

    fn respond_head(
        &mut self,
        head: &ResponseHead<'_>,
        len: u64,
        out: &mut impl BufMut,
    ) -> Result<(), Error> {
        let digits = Decimal::new(len);
        let (mut has_length, mut conflicts, mut index) = (false, None, 0);
        head.fields.each(&mut |field| {
            let is_length = field.is("Content-Length");
            has_length |= is_length;
            if field.is("Transfer-Encoding") || (is_length && field.value != digits.as_bytes()) {
                conflicts = conflicts.or(Some(index));
            }
            index += 1;
        });
        if let Some(index) = conflicts {
            // Nothing may be repaired here: the caller sends bytes without a framing.
            return self.record_error(Error::in_field(ErrorKind::FramingConflict, index));
        }
        if self.opens_tunnel(head.status) || (len > 0 && matches!(head.status, 204 | 205)) {
            return self.record_error(Error::local(ErrorKind::FramingConflict));
        }
        // To HEAD and with a 304 it would be the length that a GET gets, which a 0 does not say.
        let says_nothing = matches!(head.status, 204 | 304) || self.request_is_head();
        if has_length || (len == 0 && says_nothing) {
            return self.send_response(head, out);
        }
        let lowercase = self.config().lowercase_names;
        let name: &[u8] = if lowercase { b"content-length" } else { b"Content-Length" };
        let length = [Field { name, value: digits.as_bytes() }];
        let source: &(&dyn FieldSource, _) = &(head.fields, length);
        self.send_response(&ResponseHead { fields: source, ..*head }, out)
    }

    fn hand_over_into(&mut self, out: &mut impl BufMut) -> Result<(), Error> {
        self.hand_over_into(out)
    }
}

/// Returns the kind of an event.
#[inline]
pub const fn event_kind(event: &Event<'_>) -> EventKind {
    event.kind()
}

/// Returns the kind of the content still to come, and its length in bytes.
///
/// The length of chunked content is what is left of the current chunk. The length is 0 if there is
/// no content, or if the end of the connection ends it.
pub const fn content_kind(content: Content) -> (ContentKind, u64) {
    content.kind_and_len()
}

/// Returns the method and the target of a request, as bytes.
#[inline]
pub fn request_line<'a>(request: &Request<'a>) -> (&'a [u8], &'a [u8]) {
    request.line_bytes()
}

/// Returns whether a request ends with its head (RFC 9112, section 6.3).
///
/// True without `Transfer-Encoding`, if `Content-Length` is missing or 0.
#[inline]
pub fn request_ends(request: &Request<'_>) -> bool {
    framing::ends(request.head, request.bytes)
}

/// Returns a target's path and query, like [`Request::path`] and `Request::query`.
///
/// It is for bindings that have copied the method and the target of a request.
pub fn path_and_query<'t>(method: &[u8], target: &'t [u8]) -> (&'t [u8], Option<&'t [u8]>) {
    request::path_and_query((method, target))
}

/// Returns the authority of a request, as [`Request::authority`] does.
///
/// It is for bindings that have copied the request's head.
pub fn authority<'a>(head: &RequestHead<'a>) -> Option<&'a [u8]> {
    request::authority(head.method.as_bytes(), head.target.as_bytes(), || {
        let mut host = None;
        head.fields.each(&mut |field| host = host.or(field.is("Host").then_some(field.value)));
        host
    })
}

/// Checks the bytes of a field line to be sent; returns the known field that it is.
///
/// `Ok(None)` if the engine does not know the field.
///
/// # Errors
///
/// `InvalidName` or `InvalidValue`.
pub fn check_field(field: Field<'_>) -> Result<Option<KnownField>, ErrorKind> {
    encode::check(field)
}

/// Returns whether `bytes` is a token, such as a method.
///
/// RFC 9110, section 5.6.2.
pub fn is_token(bytes: &[u8]) -> bool {
    syntax::is_token(bytes)
}

/// Returns the members of a list-based field value.
///
/// RFC 9110, section 5.6.1.
pub fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    fields::members(value)
}

/// Returns the bytes of a head or trailers, and four offsets in them for each line.
///
/// They are start and end of the field name, then start and end of the value.
#[inline]
pub fn spans<'a>(
    fields: &Fields<'a>,
) -> (&'a [u8], impl ExactSizeIterator<Item = [u32; 4]> + Clone + use<'a>) {
    fields.spans()
}

/// Returns the index among `fields` of the first line of a known field.
///
/// `None` if there is no such line. The parser has already found it, so that nothing is searched.
pub fn index_of(fields: &Fields<'_>, field: KnownField) -> Option<usize> {
    fields.index_of(field)
}

/// Encodes a nonce as `Sec-WebSocket-Key`, without an allocation.
///
/// It returns the characters that [`key`](crate::websocket::key) returns.
#[cfg(feature = "websocket")]
pub fn websocket_key(nonce: &[u8; 16]) -> [u8; 24] {
    crate::upgrade::websocket::encoded(nonce)
}

/// Returns whether `bytes` overlaps the bytes that a parser of capsules holds.
///
/// A binding rejects such bytes before it passes them to the parser.
pub fn capsules_hold(capsules: &Capsules, bytes: &[u8]) -> bool {
    capsules.holds(bytes)
}

/// The names of fields that commonly hold a credential, in lower case.
pub const SECRETS: [&str; 4] = Field::SECRETS;

/// The Cargo features that the crate is built with.
pub const FEATURES: &[&str] = &[
    #[cfg(feature = "std")]
    "std",
    #[cfg(feature = "websocket")]
    "websocket",
    #[cfg(feature = "h2c")]
    "h2c",
    #[cfg(feature = "http")]
    "http",
];

/// Encodes a selection, the server's choice among the offers, as four numbers.
///
/// For bindings to languages that keep a selection outside of Rust.
pub const fn selection_to_bits(selection: Selection) -> [u32; 4] {
    selection.to_bits()
}

/// Decodes a selection from the four numbers of [`selection_to_bits`].
///
/// A connection rejects the result if the numbers do not fit the offer of its request.
pub const fn selection_from_bits(bits: [u32; 4]) -> Selection {
    Selection::from_bits(bits)
}
