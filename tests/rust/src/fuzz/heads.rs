//! Parts of messages from a tape: usual ones, nearly usual ones, any bytes.

use switchover::Field;

use super::tape::Tape;
use crate::message::Line;

const NAMES: &[&str] = &[
    "Host",
    "Content-Length",
    "Content-Type",
    "Transfer-Encoding",
    "Connection",
    "X",
    "Cookie",
    "TE",
    "Expect",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "HTTP2-Settings",
    "Capsule-Protocol",
    "Upgrade",
    "Date",
    "Trailer",
];
const VALUES: &[&str] = &[
    "a",
    "",
    "0",
    "3",
    "10",
    "chunked",
    "close",
    "keep-alive",
    "upgrade",
    "trailers",
    "100-continue",
    "dGhlIHNhbXBsZSBub25jZQ==",
    "13",
    "chat, superchat",
    "permessage-deflate; client_max_window_bits",
    "AAMAAABkAAQAAP__",
    "?1",
    "a, b",
    " a ",
    "close, x-hop",
    "gzip, chunked",
    "3, 3",
];
pub(super) const METHODS: &[&str] =
    &["GET", "HEAD", "POST", "PUT", "OPTIONS", "CONNECT", "TRACE", "M-SEARCH"];
pub(super) const TARGETS: &[&str] =
    &["/", "*", "a:1", "/a?b=c", "http://a/b", "https://a:1/", "a", "//a", "urn:x:y"];
pub(super) const OFFERS: &[&[&str]] = &[
    &[],
    &[],
    &["foo/2"],
    &["foo/2", "bar"],
    &["websocket"],
    &["h2c"],
    &["TLS/1.2"],
    &["connect-udp"],
    &["a b"],
];

pub(super) fn bytes(tape: &mut Tape<'_>, usual: &[&str]) -> Vec<u8> {
    match tape.byte() {
        index @ 0..=159 => usual[index as usize % usual.len()].into(),
        index @ 160..=191 => nearly(tape, usual[index as usize % usual.len()]),
        _ => tape.piece().to_vec(),
    }
}

/// Returns a word with one bit flipped; an empty word stays empty.
///
/// A comparison that ignores this bit would find it equal to the word.
fn nearly(tape: &mut Tape<'_>, usual: &str) -> Vec<u8> {
    let (mut bytes, at) = (usual.as_bytes().to_vec(), tape.below(usual.len().max(1)));
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << tape.below(8);
    }
    bytes
}

pub(super) fn text(tape: &mut Tape<'_>, usual: &[&str]) -> String {
    String::from_utf8_lossy(&bytes(tape, usual)).into_owned()
}

pub(super) fn lines(tape: &mut Tape<'_>, most: usize) -> Vec<Line> {
    (0..tape.below(most)).map(|_| (bytes(tape, NAMES), bytes(tape, VALUES))).collect()
}

pub(super) fn as_fields(lines: &[Line]) -> Vec<Field<'_>> {
    lines.iter().map(|(name, value)| Field { name, value }).collect()
}
