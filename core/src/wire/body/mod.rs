//! Decoding of content: from received bytes to slices, for each kind of framing.
//!
//! The chunk line is parsed by a state machine that consumes every byte at once. So no part of it
//! stays in the buffer, and the input may be split anywhere. Trailers are field lines, which the
//! module `head` parses.

mod chunked;

use chunked::Chunked;

use crate::enums::enums;
use crate::error::Fault;
use crate::limits::Limits;
use crate::wire::framing::Framing;

/// The content still to come of the message being received.
///
/// See [`Connection::content`](crate::Connection::content).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// There is no message, it has no content, or it has been received completely.
    None,
    /// The number of content bytes still to come.
    Length(u64),
    /// The number of data bytes still to come in the current chunk.
    ///
    /// It is 0 between chunks and in the trailer section. The sizes of later chunks are not known
    /// yet.
    Chunked(u64),
    /// All bytes until the connection closes.
    UntilClose,
}

/// The way in which the end of content is found (RFC 9112, section 6.3).
///
/// These are the variants of [`Content`] without their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentKind {
    /// There is no message, it has no content, or it has been received completely.
    None,
    /// The content has the length that `Content-Length` gives.
    Length,
    /// The content is sent in the chunked transfer coding.
    Chunked,
    /// The content ends when the connection closes.
    UntilClose,
}

enums! {
    ContentKind {
        None = "none", Length = "length", Chunked = "chunked", UntilClose = "until-close",
    }
}

impl Content {
    pub(crate) const fn kind_and_len(self) -> (ContentKind, u64) {
        match self {
            Self::None => (ContentKind::None, 0),
            Self::Length(len) => (ContentKind::Length, len),
            Self::Chunked(len) => (ContentKind::Chunked, len),
            Self::UntilClose => (ContentKind::UntilClose, 0),
        }
    }
}

/// The decoder for the rest of the message being received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    None,
    Length(u64),
    Chunked(Chunked),
    /// The last chunk was received; the trailer section follows.
    Trailers,
    UntilClose,
}

/// The number of bytes that chunked content may still have within its limit.
///
/// `u64::MAX` means that there is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Room(pub(crate) u64);

impl Room {
    pub(crate) const UNBOUNDED: Self = Self(u64::MAX);

    pub(crate) fn holds(self, len: u64) -> bool {
        len <= self.0
    }

    /// Subtracts `len` from the content bytes still allowed, if there is a limit.
    pub(crate) fn take(&mut self, len: u64) {
        if *self != Self::UNBOUNDED {
            self.0 -= len;
        }
    }
}

/// The limits that apply while the content of a message is decoded.
pub(crate) struct Bounds<'a> {
    pub(crate) limits: &'a Limits,
    /// The number of content bytes that chunks may still have.
    ///
    /// A `Content-Length` is compared with the limit when the head is read.
    pub(crate) room: &'a mut Room,
    /// Permits whitespace at the end of a chunk line.
    ///
    /// See [`Lenient::space_after_chunk_size`](crate::Lenient::space_after_chunk_size).
    pub(crate) spaces: bool,
}

/// The result of decoding some received bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyPart {
    /// `skip` bytes of framing, `len` bytes of content, then `tail` bytes to discard.
    Data { skip: usize, len: usize, tail: usize },
    /// `skip` bytes of framing, then the trailer section.
    Trailers { skip: usize },
    /// `skip` bytes of framing, after which more input is needed.
    More { skip: usize },
}

impl Body {
    pub(crate) fn new(framing: Framing) -> Self {
        match framing {
            Framing::None | Framing::Length(0) => Self::None,
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::Chunked(Chunked::NEW),
            Framing::UntilClose => Self::UntilClose,
        }
    }

    /// Decodes the next part of the message from the first `len` bytes of `bytes`.
    ///
    /// `len` is at least 1. The data of consecutive small chunks is moved together within `bytes`.
    pub(crate) fn decode(
        &mut self,
        bytes: &mut [u8],
        len: usize,
        bounds: Bounds<'_>,
    ) -> Result<BodyPart, Fault> {
        debug_assert!(len > 0);
        match self {
            Self::Trailers => Ok(BodyPart::Trailers { skip: 0 }),
            Self::None => Ok(BodyPart::More { skip: 0 }),
            Self::Length(left) => Ok(BodyPart::Data { skip: 0, len: take(left, len), tail: 0 }),
            Self::UntilClose => Ok(BodyPart::Data { skip: 0, len, tail: 0 }),
            Self::Chunked(chunked) => {
                let part = chunked.decode(bytes, len, bounds)?;
                if matches!(part, BodyPart::Trailers { .. }) {
                    *self = Self::Trailers;
                }
                Ok(part)
            }
        }
    }

    /// Returns the content still to come, as far as it is known.
    pub(crate) fn content(self) -> Content {
        match self {
            Self::None | Self::Length(0) => Content::None,
            Self::Length(left) => Content::Length(left),
            Self::Chunked(chunked) => Content::Chunked(chunked.data_left()),
            Self::Trailers => Content::Chunked(0),
            Self::UntilClose => Content::UntilClose,
        }
    }

    /// Records that the caller read `len` content bytes from the transport itself.
    ///
    /// Returns `false` and changes nothing if fewer bytes are left, in chunked content in the
    /// current chunk.
    pub(crate) fn pass(&mut self, len: u64) -> bool {
        match self {
            Self::UntilClose => true,
            Self::Length(left) if *left >= len => {
                *left -= len;
                true
            }
            Self::Chunked(chunked) => chunked.pass(len),
            _ => len == 0,
        }
    }

    /// Returns whether the message has been received completely.
    pub(crate) fn is_complete(self) -> bool {
        matches!(self, Self::None | Self::Length(0))
    }
}

/// Subtracts from `left` as many bytes as are available, and returns their number.
fn take(left: &mut u64, available: usize) -> usize {
    let len = usize::try_from(*left).map_or(available, |left| left.min(available));
    *left -= len as u64;
    len
}

#[cfg(test)]
mod tests {
    use super::chunked::COALESCE_MAX;
    use super::*;
    use crate::error::ErrorKind;
    use alloc::vec::Vec;

    fn next(
        body: &mut Body,
        bytes: &mut [u8],
        len: usize,
        limits: &Limits,
    ) -> Result<BodyPart, Fault> {
        body.decode(bytes, len, Bounds { limits, room: &mut Room(u64::MAX), spaces: false })
    }

    /// Returns the decoded content, and the offset of the trailer section.
    ///
    /// The input is decoded `step` bytes at a time. The offset is `None` if the input ends before
    /// the trailer section.
    fn decode(input: &[u8], step: usize) -> Result<(Vec<u8>, Option<usize>), (ErrorKind, usize)> {
        let (mut body, mut content, mut at) = (Body::new(Framing::Chunked), Vec::new(), 0);
        let mut end = 0;
        let mut input = input.to_vec();
        while at < input.len() || end < input.len() {
            end = end.max((at + step).min(input.len()));
            let have = end - at;
            let part = next(&mut body, &mut input[at..], have, &Limits::DEFAULT);
            match part.map_err(|fault| (fault.kind, at + fault.at))? {
                BodyPart::Data { skip, len, tail } => {
                    content.extend_from_slice(&input[at + skip..at + skip + len]);
                    at += skip + len + tail;
                }
                BodyPart::Trailers { skip } => return Ok((content, Some(at + skip))),
                BodyPart::More { skip } => {
                    at += skip;
                    if end == input.len() {
                        break;
                    }
                    end = (end + step).min(input.len());
                }
            }
        }
        Ok((content, None))
    }

    #[test]
    fn chunks_and_extensions() {
        let input = b"5;a;b=c ; d = \"x\\\"y;\"\r\nhello\r\n006\r\n world\r\n000\r\n";
        for step in 1..=input.len() {
            assert_eq!(
                decode(input, step),
                Ok((b"hello world".to_vec(), Some(input.len()))),
                "step {step}"
            );
        }
    }

    #[test]
    fn small_chunks_are_gathered_and_nothing_is_lost() {
        for size in [1usize, 2, 3, 5, 15, 16, 17, 31, 33, 200, 1023, 1024, 1025] {
            let mut content = Vec::new();
            let mut input = Vec::new();
            for number in 0..20usize {
                let chunk: Vec<u8> =
                    (0..size + number % 3).map(|at| (at * 7 + number) as u8).collect();
                let line = alloc::format!("{:X}\r\n", chunk.len());
                input.extend([line.as_bytes(), &chunk, b"\r\n"].concat());
                content.extend(chunk);
            }
            input.extend_from_slice(b"0\r\n");
            for step in [1, 2, 3, 7, 16, 64, 100, 1000, input.len()] {
                assert_eq!(
                    decode(&input, step),
                    Ok((content.clone(), Some(input.len()))),
                    "{size} by {step}"
                );
            }
            let (mut body, len) = (Body::new(Framing::Chunked), input.len());
            let first = next(&mut body, &mut input, len, &Limits::DEFAULT);
            let whole = size + 2 <= COALESCE_MAX;
            assert!(
                matches!(first, Ok(BodyPart::Data { len, .. }) if (len == content.len()) == whole),
                "{size}: {first:?}"
            );
        }
    }

    /// Checks that the limit for a chunk line applies to coalesced chunks too.
    #[test]
    fn every_line_is_held_to_the_limit() {
        let (mut body, mut input) =
            (Body::new(Framing::Chunked), b"1\r\na\r\n01\r\nb\r\n0\r\n\r\n".to_vec());
        let limits = Limits { chunk_line: 1, ..Limits::DEFAULT };
        let len = input.len();
        assert_eq!(
            next(&mut body, &mut input, len, &limits),
            Ok(BodyPart::Data { skip: 3, len: 1, tail: 0 })
        );
        let fault = Fault { kind: ErrorKind::ChunkLineTooLong, at: 3 };
        assert_eq!(next(&mut body, &mut input[4..], len - 4, &limits), Err(fault));
    }

    /// Checks the limit for chunked content with the input in pieces of every size.
    #[test]
    fn content_is_bounded_at_the_digit_that_is_too_much() {
        let bytes = b"3\r\nabc\r\n0a\r\n0123456789\r\n1\r\nx\r\n0\r\n";
        for (most, content, at) in
            [(2, "", 0), (12, "abc", 9), (13, "abc0123456789", 24), (14, "abc0123456789x", 33)]
        {
            for step in 1..=bytes.len() {
                let (mut body, mut room, mut input) =
                    (Body::new(Framing::Chunked), Room(most), bytes.to_vec());
                let (mut taken, mut begin, mut end) = (Vec::new(), 0, step.min(bytes.len()));
                let last = loop {
                    let bounds =
                        Bounds { limits: &Limits::DEFAULT, room: &mut room, spaces: false };
                    match body.decode(&mut input[begin..], end - begin, bounds) {
                        Ok(BodyPart::Data { skip, len, tail }) => {
                            taken.extend_from_slice(&input[begin + skip..][..len]);
                            begin += skip + len + tail;
                        }
                        Ok(BodyPart::More { skip }) => begin += skip,
                        Ok(BodyPart::Trailers { skip }) => break (None, begin + skip),
                        Err(fault) => break (Some(fault.kind), begin + fault.at),
                    }
                    end = end.max((begin + step).min(bytes.len()));
                };
                let kind = (most < 14).then_some(ErrorKind::ContentTooLarge);
                assert_eq!(
                    (taken.as_slice(), last),
                    (content.as_bytes(), (kind, at)),
                    "{most} by {step}"
                );
            }
        }
    }

    #[test]
    fn malformed_lines_fail_at_the_byte_that_is_wrong() {
        use ErrorKind::*;
        for (input, kind, at) in [
            ("x", ChunkSize, 0),
            ("+5", ChunkSize, 0),
            ("0x5", ChunkSize, 1),
            ("5 \r\n", ChunkExtension, 2),
            ("5\n", BareLf, 1),
            ("5\rx", BareCr, 2),
            ("5;\r\n", ChunkExtension, 2),
            ("5;a=\r\n", ChunkExtension, 4),
            ("5;a b\r\n", ChunkExtension, 4),
            ("5;a=\"\0", ChunkExtension, 5),
            ("1\r\nab", ChunkEnd, 4),
            ("1\r\na\rb", ChunkEnd, 5),
            ("10000000000000000", ChunkSizeOverflow, 16),
        ] {
            for step in 1..=input.len() {
                assert_eq!(decode(input.as_bytes(), step), Err((kind, at)), "{input:?} by {step}");
            }
        }
    }
}
