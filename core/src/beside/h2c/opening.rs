//! The client's preface, and the upgraded request as frames for the HTTP/2 engine.

use alloc::vec::Vec;

use super::frame::{self, DATA, END_STREAM, Header, LONGEST, PREFACE, SETTINGS};
use crate::upgrade::http2::{http2_fields, upgraded_request};
use crate::wire::message::RequestHead;
use crate::wire::source::FieldSource;

/// Encodes the upgraded HTTP/1.1 request as HTTP/2 frames on stream 1.
pub(super) fn frames(
    head: &RequestHead<'_>,
    content: &[u8],
    trailers: &dyn FieldSource,
) -> Vec<u8> {
    let trailers = http2_fields(trailers);
    let mut out = Vec::new();
    let is_whole = content.is_empty() && trailers.is_empty();
    frame::put_list(&upgraded_request(head), is_whole, 1, &mut out);
    let mut pieces = content.chunks(LONGEST).peekable();
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none() && trailers.is_empty();
        frame::put(DATA, if is_last { END_STREAM } else { 0 }, 1, piece, &mut out);
    }
    if !trailers.is_empty() {
        frame::put_list(&trailers, true, 1, &mut out);
    }
    out
}

/// Returns the total length of the client's preface and its first SETTINGS frame.
///
/// `None` until `held` contains all of both; an error if its bytes are something else.
pub(super) fn first_settings(held: &[u8]) -> Option<Result<usize, ()>> {
    let seen = held.len().min(PREFACE.len());
    if held[..seen] != PREFACE[..seen] {
        return Some(Err(()));
    }
    let bytes = *held.get(PREFACE.len()..)?.first_chunk::<9>()?;
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
