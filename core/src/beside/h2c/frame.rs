//! The part of HTTP/2's framing that the `h2c` upgrade filter `Splice` needs.
//!
//! RFC 9113, sections 4.1 and 6. Field lists are encoded as HPACK literals.

use crate::wire::memory::Draft;

/// The connection preface of a client (RFC 9113, section 3.4).
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The longest frame payload that every endpoint accepts, in bytes.
///
/// RFC 9113, section 4.2.
pub(super) const LONGEST: usize = 16_384;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const SETTINGS: u8 = 4;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const ACK: u8 = 1;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const PADDED: u8 = 8;

/// The length of a frame's header in bytes (RFC 9113, section 4.1).
pub(super) const HEADER: usize = 9;

/// The nine bytes of an HTTP/2 frame's header (RFC 9113, section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) bytes: [u8; HEADER],
}

impl Header {
    fn new(len: usize, kind: u8, flags: u8, stream: u32) -> Self {
        let [_, high, middle, low] = (len as u32).to_be_bytes();
        let [a, b, c, d] = stream.to_be_bytes();
        Self { bytes: [high, middle, low, kind, flags, a, b, c, d] }
    }

    pub(super) fn len(&self) -> u32 {
        let [high, middle, low, ..] = self.bytes;
        u32::from_be_bytes([0, high, middle, low])
    }

    pub(super) fn kind(&self) -> u8 {
        self.bytes[3]
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.bytes[4] & flag != 0
    }

    pub(super) fn stream(&self) -> u32 {
        let [.., a, b, c, d] = self.bytes;
        u32::from_be_bytes([a & 0x7f, b, c, d])
    }

    /// Splits a frame's header into those of two frames.
    ///
    /// The payload of the first has `len` bytes, that of the second the rest. Only the second keeps
    /// END_STREAM; both keep the other flags.
    pub(super) fn split(&self, len: u32) -> (Self, Self) {
        let [kind, flags] = [self.kind(), self.bytes[4]];
        let front = Self::new(len as usize, kind, flags & !END_STREAM, self.stream());
        (front, Self::new((self.len() - len) as usize, kind, flags, self.stream()))
    }

    pub(super) fn is_settings_ack(&self) -> bool {
        self.kind() == SETTINGS && self.has(ACK)
    }
}

/// An incremental parser of HTTP/2 frames; the input may be split anywhere.
///
/// The payload of a frame is returned in the pieces in which it arrives.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The bytes of a frame's header received so far; `len` of them are valid.
    partial: [u8; HEADER],
    len: usize,
    /// The number of payload bytes still to come in the current frame.
    left: u32,
}

/// The next part of the input: the header of a frame, or a part of its payload.
pub(super) enum Piece<'a> {
    Header(Header),
    Payload(&'a [u8]),
}

impl Frames {
    /// Removes and returns the next frame header or part of a payload from `input`.
    ///
    /// `None` if more bytes are needed; an incomplete header is kept.
    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Piece<'a>> {
        if self.left > 0 {
            let (payload, rest) = input.split_at(input.len().min(self.left as usize));
            *input = rest;
            self.left -= payload.len() as u32;
            return (!payload.is_empty()).then_some(Piece::Payload(payload));
        }
        let place = &mut self.partial[self.len..];
        let (more, rest) = input.split_at(input.len().min(place.len()));
        place[..more.len()].copy_from_slice(more);
        self.len += more.len();
        *input = rest;
        if self.len < self.partial.len() {
            return None;
        }
        self.len = 0;
        let header = Header { bytes: self.partial };
        self.left = header.len();
        Some(Piece::Header(header))
    }

    /// Returns whether the payload of the latest frame is complete.
    ///
    /// The latest frame is the last one whose header is complete. Also true before the first frame.
    pub(super) fn is_whole(&self) -> bool {
        self.left == 0
    }

    /// Moves the bytes of an incomplete frame header to `out`.
    pub(super) fn take_partial(&mut self, out: &mut Draft) {
        out.extend_from_slice(&self.partial[..self.len]);
        self.len = 0;
    }

    pub(super) fn has_partial(&self) -> bool {
        self.len > 0
    }
}

pub(super) fn put(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Draft) {
    out.extend_from_slice(&Header::new(payload.len(), kind, flags, stream).bytes);
    out.extend_from_slice(payload);
}

/// Encodes a field block as HEADERS, and CONTINUATION frames as needed.
///
/// `ends_stream` sets END_STREAM on the HEADERS frame. An empty block encodes nothing.
pub(super) fn put_block(block: &[u8], ends_stream: bool, stream: u32, out: &mut Draft) {
    let end_stream = if ends_stream { END_STREAM } else { 0 };
    let mut pieces = block.chunks(LONGEST).peekable();
    let mut kind = HEADERS;
    while let Some(piece) = pieces.next() {
        let end_headers = if pieces.peek().is_none() { END_HEADERS } else { 0 };
        let flags = end_headers | if kind == HEADERS { end_stream } else { 0 };
        put(kind, flags, stream, piece, out);
        kind = CONTINUATION;
    }
}

/// Appends a field line to an HPACK field block, as a never-indexed literal.
///
/// RFC 7541, section 6.2.3. So the dynamic table that the client shares with the HTTP/2 engine does
/// not change. The name becomes lower case.
pub(super) fn put_line(name: &[u8], value: [&[u8]; 2], block: &mut Draft) {
    block.push(0x10);
    put_length(name.len(), block);
    name.iter().for_each(|byte| block.push(byte.to_ascii_lowercase()));
    put_length(value.iter().map(|part| part.len()).sum(), block);
    value.iter().for_each(|part| block.extend_from_slice(part));
}

/// Encodes a length with a prefix of seven bits (RFC 7541, section 5.1).
///
/// The bit for Huffman coding is not set.
fn put_length(len: usize, out: &mut Draft) {
    let Some(mut rest) = len.checked_sub(0x7f) else { return out.push(len as u8) };
    out.push(0x7f);
    while rest >= 0x80 {
        out.push(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn lengths_of_the_rfc() {
        for (len, wanted) in
            [(10, &[10][..]), (126, &[126]), (127, &[127, 0]), (1464, &[127, 0xb9, 0x0a])]
        {
            let mut out = Draft::new();
            put_length(len, &mut out);
            assert_eq!(*out, *wanted, "{len}");
        }
    }

    #[test]
    fn a_long_list_goes_on_in_continuations() {
        let (mut block, mut out) = (Draft::new(), Draft::new());
        put_line(b"a", [&[b'x'; 40_000], b""], &mut block);
        put_block(&block, true, 1, &mut out);
        let (mut frames, mut input, mut shown) = (Frames::default(), &out[..], Vec::new());
        while let Some(piece) = frames.next(&mut input) {
            if let Piece::Header(header) = piece {
                shown.push((header.kind(), header.bytes[4], header.len(), header.stream()));
            }
        }
        assert_eq!(
            shown,
            [
                (HEADERS, END_STREAM, 16_384, 1),
                (CONTINUATION, 0, 16_384, 1),
                (CONTINUATION, END_HEADERS, 7_239, 1)
            ]
        );
    }
}
