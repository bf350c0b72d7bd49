//! The client's preface, and the upgraded request as frames for the HTTP/2 engine.

use super::frame::{self, DATA, END_STREAM, HEADER, Header, LONGEST, PREFACE, SETTINGS};
use super::window::FIRST_WINDOW;
use crate::error::{ErrorKind, Ineligible};
use crate::upgrade::Request;
use crate::upgrade::context::OfferingRequest;
use crate::upgrade::h2c::{check, put_settings, requested};
use crate::upgrade::http2::{each_field, each_of_upgraded};
use crate::wire::memory::Draft;
use crate::wire::message::RequestHead;
use crate::wire::source::FieldSource;
use crate::wire::syntax::decimal;

/// The first bytes for the HTTP/2 engine, held until the client's SETTINGS frame.
pub(super) struct Opening {
    /// All bytes received from the client so far.
    ///
    /// They are held until its first SETTINGS frame is complete, or something else has come.
    held: Draft,
    /// The payload of a SETTINGS frame that goes before the client's own.
    ///
    /// It has the settings of the request's `HTTP2-Settings` field.
    settings: Draft,
    /// The frames of the request, which follow the client's own SETTINGS.
    request: Draft,
}

impl Opening {
    /// Encodes the upgraded request, or returns why it cannot be converted to HTTP/2.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(super) fn try_new(
        request: &Request<'_>,
        content: &[u8],
        trailers: &dyn FieldSource,
    ) -> Result<Result<Self, Ineligible>, ErrorKind> {
        let fields = request.fields();
        let head = RequestHead::new(request.method(), request.target(), &fields);
        if let Err(reason) = check(&OfferingRequest::from(&head), request.terms) {
            return Ok(Err(reason));
        }
        let Some(value) = requested(&fields) else { return Ok(Err(Ineligible::Settings)) };
        let says_otherwise = |len: &[u8]| decimal(len) != Some(content.len() as u64);
        if content.len() > FIRST_WINDOW || fields.get("Content-Length").is_some_and(says_otherwise)
        {
            return Ok(Err(Ineligible::Content));
        }
        let mut settings = Draft::new();
        put_settings(value, &mut settings);
        settings.whole()?;
        let request = frames(&head, content, trailers)?;
        Ok(Ok(Self { held: Draft::new(), settings, request }))
    }

    /// Allocates memory to hold `len` more bytes from the client.
    ///
    /// Returns an upper bound of the bytes that the engine may then receive: the client's, the
    /// added SETTINGS frame and the request. The error is `OutOfMemory`.
    pub(super) fn reserve(&mut self, len: usize) -> Result<usize, ErrorKind> {
        let held = self.held.len() + len;
        self.held.reserve(held)?;
        let settings = HEADER + self.settings.len();
        Ok(PREFACE.len() + settings + held + self.request.len())
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Returns all bytes received from the client so far.
    pub(super) fn held(&self) -> &[u8] {
        &self.held
    }

    /// Writes the first bytes for the engine to `out`, once they are complete.
    ///
    /// They are the preface, the added SETTINGS frame, the client's first one, and the request.
    /// Returns the client's bytes after its first SETTINGS frame. `None` until that frame is
    /// complete; an error if the client sent something else. Both write nothing.
    pub(super) fn begin(&self, out: &mut Draft) -> Option<Result<&[u8], ()>> {
        let Ok(len) = first_settings(&self.held)? else { return Some(Err(())) };
        let (first, rest) = self.held.split_at(len);
        let (preface, settings) = first.split_at(PREFACE.len());
        out.extend_from_slice(preface);
        frame::put(SETTINGS, 0, 0, &self.settings, out);
        out.extend_from_slice(settings);
        out.append(&self.request);
        Some(Ok(rest))
    }
}

/// Encodes the upgraded HTTP/1.1 request as HTTP/2 frames on stream 1.
///
/// # Errors
///
/// `OutOfMemory`.
fn frames(
    head: &RequestHead<'_>,
    content: &[u8],
    trailers: &dyn FieldSource,
) -> Result<Draft, ErrorKind> {
    let (mut fields, mut last, mut out) = (Draft::new(), Draft::new(), Draft::new());
    each_of_upgraded(head, &mut |name, value| frame::put_line(name, value, &mut fields));
    each_field(trailers, &mut |name, value| frame::put_line(name, value, &mut last));
    let is_whole = content.is_empty() && last.is_empty();
    frame::put_block(fields.whole()?, is_whole, 1, &mut out);
    let mut pieces = content.chunks(LONGEST).peekable();
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none() && last.is_empty();
        frame::put(DATA, if is_last { END_STREAM } else { 0 }, 1, piece, &mut out);
    }
    frame::put_block(last.whole()?, true, 1, &mut out);
    out.whole()?;
    Ok(out)
}

/// Returns the total length of the client's preface and its first SETTINGS frame.
///
/// `held` has the client's bytes so far. `None` until it contains all of both; an error if it
/// begins with something else.
fn first_settings(held: &[u8]) -> Option<Result<usize, ()>> {
    let seen = held.len().min(PREFACE.len());
    if held[..seen] != PREFACE[..seen] {
        return Some(Err(()));
    }
    let bytes = *held.get(PREFACE.len()..)?.first_chunk::<HEADER>()?;
    let header = Header { bytes };
    let len = header.len() as usize;
    if header.kind() != SETTINGS
        || header.is_settings_ack()
        || header.stream() != 0
        || len > LONGEST
    {
        return Some(Err(()));
    }
    let end = PREFACE.len() + bytes.len() + len;
    (held.len() >= end).then_some(Ok(end))
}
