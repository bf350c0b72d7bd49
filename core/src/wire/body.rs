//! Content, from bytes to slices of them: by length, chunked, until the end.
//!
//! The chunk line is a little automaton that consumes byte by byte. So nothing of it has to stay in
//! the buffer, and a cut anywhere makes no difference. Trailers are field lines: the folder `head`
//! reads them.

use crate::enums::enums;
use crate::error::{ErrorKind, Fault};
use crate::limits::Limits;
use crate::wire::framing::Framing;
use crate::wire::scan::class::{is_tchar, is_value_octet};
use crate::wire::syntax::is_ows;

/// The content still to come of the message being received.
///
/// See [`Connection::content`](crate::Connection::content).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// Nothing: there is no message, or all of its content has been shown.
    None,
    /// A number of bytes.
    Length(u64),
    /// A number of bytes of the current chunk.
    ///
    /// What follows it is not known yet.
    Chunked(u64),
    /// Whatever comes before the connection ends.
    UntilClose,
}

/// The way in which the end of content is found (RFC 9112, section 6.3).
///
/// The kinds of [`Content`], without their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentKind {
    /// There is none, or none any more.
    None,
    /// By its length.
    Length,
    /// By chunks.
    Chunked,
    /// By the end of the connection.
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

/// The rest of the message being received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    None,
    Length(u64),
    Chunked(Chunked),
    /// The last chunk has come; field lines follow.
    Trailers,
    UntilClose,
}

/// Content that a message may still have; the largest number is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Room(pub(crate) u64);

impl Room {
    pub(crate) const UNBOUNDED: Self = Self(u64::MAX);

    pub(crate) fn holds(self, len: u64) -> bool {
        len <= self.0
    }

    /// Takes up what it holds.
    pub(crate) fn take(&mut self, len: u64) {
        if *self != Self::UNBOUNDED {
            self.0 -= len;
        }
    }
}

/// Limits for the content of a message.
pub(crate) struct Bounds<'a> {
    pub(crate) limits: &'a Limits,
    /// Of chunks; a length is looked at with its head.
    pub(crate) room: &'a mut Room,
    /// Whitespace may end a chunk's line.
    ///
    /// See [`Lenient::space_after_chunk_size`](crate::Lenient::space_after_chunk_size).
    pub(crate) spaces: bool,
}

/// The meaning of the next bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyPart {
    /// Framing of `skip` bytes, content of `len`, and `tail` bytes that are done with.
    Data { skip: usize, len: usize, tail: usize },
    /// `skip` bytes of framing, then the trailer section.
    Trailers { skip: usize },
    /// `skip` bytes of framing, and more is needed.
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

    /// Decodes the first `len` of `bytes`, which are at least one.
    ///
    /// The content of small chunks is coalesced.
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

    /// Returns the content still to come, as far as the framing has said.
    pub(crate) fn content(self) -> Content {
        match self {
            Self::None | Self::Length(0) => Content::None,
            Self::Length(left) => Content::Length(left),
            Self::Chunked(Chunked { left, place: ChunkState::Data, .. }) => Content::Chunked(left),
            Self::Chunked(_) | Self::Trailers => Content::Chunked(0),
            Self::UntilClose => Content::UntilClose,
        }
    }

    /// Counts `len` bytes of content read by the caller.
    ///
    /// Returns false if there cannot be as many.
    pub(crate) fn pass(&mut self, len: u64) -> bool {
        match self {
            Self::UntilClose => true,
            Self::Length(left) if *left >= len => {
                *left -= len;
                true
            }
            Self::Chunked(chunked @ Chunked { place: ChunkState::Data, .. })
                if chunked.left >= len =>
            {
                chunked.left -= len;
                if chunked.left == 0 {
                    chunked.place = ChunkState::DataCr;
                }
                true
            }
            _ => len == 0,
        }
    }

    /// Returns whether all that the framing asks for has come.
    pub(crate) fn is_complete(self) -> bool {
        matches!(self, Self::None | Self::Length(0))
    }
}

/// As much of `left` as there is.
fn take(left: &mut u64, available: usize) -> usize {
    let len = usize::try_from(*left).map_or(available, |left| left.min(available));
    *left -= len as u64;
    len
}

/// The state of the chunked decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChunkState {
    /// Before the first digit.
    Start,
    Size,
    /// Whitespace before a semicolon.
    Gap,
    /// After a semicolon.
    Semicolon,
    Name,
    /// Whitespace after a name.
    NameGap,
    Equals,
    Token,
    Quoted,
    Escaped,
    /// After a closing quote.
    QuotedEnd,
    LineEnd,
    Data,
    DataCr,
    DataLf,
}

/// The chunked coding of RFC 9112, section 7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunked {
    /// Of the chunk size while it is read, then of the data still to come.
    left: u64,
    /// Bytes of this chunk line.
    line: u32,
    /// Bytes of all extensions.
    extensions: u32,
    place: ChunkState,
}

impl Chunked {
    const NEW: Self = Self { left: 0, line: 0, extensions: 0, place: ChunkState::Start };

    fn decode(
        &mut self,
        bytes: &mut [u8],
        len: usize,
        bounds: Bounds<'_>,
    ) -> Result<BodyPart, Fault> {
        let Bounds { limits, room, spaces } = bounds;
        let line = self
            .chunk_line_fast(bytes, 0, limits)
            .filter(|(start, size)| *start < len && room.holds(*size));
        if let Some((start, size)) = line {
            (self.left, self.line, self.place) = (size, 0, ChunkState::Data);
            room.take(size);
            return Ok(self.data(bytes, start, len, limits, room));
        }
        for at in 0..len {
            let octet = bytes[at];
            if self.place == ChunkState::Data {
                return Ok(self.data(bytes, at, len, limits, room));
            }
            let fault = |kind| Fault { kind, at };
            let next = self.step(octet, *room, spaces).map_err(fault)?;
            self.count(octet, next, limits).map_err(fault)?;
            if self.place == ChunkState::LineEnd {
                if self.left == 0 {
                    return Ok(BodyPart::Trailers { skip: at + 1 });
                }
                room.take(self.left);
            }
            self.place = next;
        }
        Ok(BodyPart::More { skip: len })
    }

    /// Returns the content at `at`, coalesced with that of small chunks after it.
    ///
    /// Only chunks that are small, plain and complete are coalesced: a copy of so few bytes costs
    /// less than an event.
    #[inline(always)]
    fn data(
        &mut self,
        bytes: &mut [u8],
        at: usize,
        len: usize,
        limits: &Limits,
        room: &mut Room,
    ) -> BodyPart {
        let mut end = at + take(&mut self.left, len - at);
        let (first, mut content) = (end, end);
        if self.left == 0 {
            self.place = ChunkState::DataCr;
            // Chunks have less content than bytes, so no sum has to be looked at where the limit is
            // far.
            let gathers = limits.chunk_line >= DIGITS && room.holds((len - end) as u64);
            let until = if gathers { len } else { end };
            while let Some((start, size)) = small_chunk_line(bytes, end, until) {
                move_down(bytes, start, content, size);
                (content, end) = (content + size, start + size);
            }
            room.take((content - first) as u64);
        }
        BodyPart::Data { skip: at, len: content - at, tail: end - content }
    }

    /// Fast path of `step`: `chunk-size CRLF` as nearly every peer sends it.
    ///
    /// The CRLF of the chunk before comes first, if there was one. Returns where the data begins,
    /// and its length, which is not 0. Must equal the automaton, which reads any other line.
    #[inline(always)]
    fn chunk_line_fast(&self, bytes: &[u8], at: usize, limits: &Limits) -> Option<(usize, u64)> {
        let at = match self.place {
            ChunkState::Start => at,
            ChunkState::DataCr if bytes.get(at..at + 2)? == b"\r\n" => at + 2,
            _ => return None,
        };
        let line = bytes.get(at..)?.first_chunk::<LINE>()?;
        let mut size = 0;
        for (digits, &octet) in line.iter().enumerate() {
            let digit = HEX[octet as usize];
            if digit > 15 {
                let ends = octet == b'\r'
                    && line.get(digits + 1) == Some(&b'\n')
                    && digits <= limits.chunk_line as usize;
                return (ends && size > 0).then_some((at + digits + 2, size));
            }
            size = size << 4 | u64::from(digit);
        }
        None
    }

    fn step(&mut self, octet: u8, room: Room, spaces: bool) -> Result<ChunkState, ErrorKind> {
        use ChunkState::*;
        Ok(match (self.place, octet) {
            (Start | Size, digit) if digit.is_ascii_hexdigit() => {
                self.push(digit)?;
                if !room.holds(self.left) {
                    return Err(ErrorKind::ContentTooLarge);
                }
                Size
            }
            (Gap | NameGap, b'\r') if spaces => LineEnd,
            (Size | Name | Token | QuotedEnd, b'\r') => LineEnd,
            (Size | Gap | Name | NameGap | Token | QuotedEnd, b';') => Semicolon,
            (Size | Gap | Token | QuotedEnd, octet) if is_ows(octet) => Gap,
            (Semicolon, octet) if is_ows(octet) => Semicolon,
            (Semicolon | Name, octet) if is_tchar(octet) => Name,
            (Name | NameGap, octet) if is_ows(octet) => NameGap,
            (Name | NameGap, b'=') => Equals,
            (Equals, octet) if is_ows(octet) => Equals,
            (Equals, b'"') => Quoted,
            (Equals | Token, octet) if is_tchar(octet) => Token,
            (Quoted, b'"') => QuotedEnd,
            (Quoted, b'\\') => Escaped,
            (Quoted | Escaped, octet) if is_value_octet(octet) => Quoted,
            (LineEnd, b'\n') => Data,
            (DataCr, b'\r') => DataLf,
            (DataLf, b'\n') => Start,
            (DataCr | DataLf, _) => return Err(ErrorKind::ChunkEnd),
            (LineEnd, _) => return Err(ErrorKind::BareCr),
            (_, b'\n') => return Err(ErrorKind::BareLf),
            (Start | Size, _) => return Err(ErrorKind::ChunkSize),
            _ => return Err(ErrorKind::ChunkExtension),
        })
    }

    fn push(&mut self, digit: u8) -> Result<(), ErrorKind> {
        let value = u64::from(HEX[digit as usize]);
        self.left = self
            .left
            .checked_mul(16)
            .and_then(|size| size.checked_add(value))
            .ok_or(ErrorKind::ChunkSizeOverflow)?;
        Ok(())
    }

    /// Counts the bytes of the line and of the extensions; the CRLF is neither.
    fn count(&mut self, octet: u8, next: ChunkState, limits: &Limits) -> Result<(), ErrorKind> {
        match (self.place, next) {
            (ChunkState::DataCr | ChunkState::DataLf, _) => self.line = 0,
            (ChunkState::LineEnd, _) => self.line = 0,
            (_, ChunkState::LineEnd) => debug_assert_eq!(octet, b'\r'),
            (_, ChunkState::Size) => self.line = self.line.saturating_add(1),
            _ => {
                self.line = self.line.saturating_add(1);
                self.extensions = self.extensions.saturating_add(1);
            }
        }
        if self.line > limits.chunk_line {
            return Err(ErrorKind::ChunkLineTooLong);
        }
        if self.extensions > limits.chunk_extensions {
            return Err(ErrorKind::ChunkExtensionsTooLong);
        }
        Ok(())
    }
}

/// Chunks up to here are gathered.
const COALESCE_MAX: usize = 1024;

/// A small chunk's size has no more of them.
const DIGITS: u32 = 3;

/// Reads the line of a small chunk that has come whole.
///
/// The CRLF of the chunk before comes first. Returns where the data begins, and its length, which
/// is not 0. Any other line is read on its own.
#[inline(always)]
fn small_chunk_line(bytes: &[u8], at: usize, end: usize) -> Option<(usize, usize)> {
    let octets = u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
    let found = digits::<2>(octets).or_else(|| digits::<1>(octets)).or_else(|| digits::<3>(octets));
    let (len, size) = found.filter(|(_, size)| (1..=COALESCE_MAX).contains(size))?;
    let start = at + len;
    (start + size <= end).then_some((start, size))
}

/// Reads `CRLF chunk-size CRLF` with `COUNT` digits: its length, and the size.
#[inline(always)]
fn digits<const COUNT: usize>(octets: u64) -> Option<(usize, usize)> {
    const CRLF: u16 = u16::from_le_bytes(*b"\r\n");
    let digit = |place: usize| usize::from(HEX[usize::from((octets >> (16 + 8 * place)) as u8)]);
    let is_line = octets as u16 == CRLF && (octets >> (16 + 8 * COUNT)) as u16 == CRLF;
    let is_number = || (0..COUNT).all(|place| digit(place) <= 15);
    (is_line && is_number())
        .then(|| (4 + COUNT, (0..COUNT).fold(0, |size, place| size << 4 | digit(place))))
}

/// The bytes of a line that may be plain: seven digits and CRLF.
const LINE: usize = 9;

/// The value of each hex digit; more than 15 for other bytes.
static HEX: [u8; 256] = {
    let (mut table, mut octet) = ([u8::MAX; 256], 0);
    while octet < 256 {
        table[octet] = match octet as u8 {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            _ => u8::MAX,
        };
        octet += 1;
    }
    table
};

/// Moves bytes to a lower place.
///
/// A few of them as sixteen, where what is overwritten after them has been read.
#[inline(always)]
fn move_down(bytes: &mut [u8], from: usize, to: usize, len: usize) {
    if len <= 16
        && let Some((before, after)) = bytes.split_at_mut_checked(from)
        && let (Some(block), Some(place)) =
            (after.first_chunk::<16>(), before.get_mut(to..).and_then(<[u8]>::first_chunk_mut))
    {
        *place = *block;
    } else {
        bytes.copy_within(from..from + len, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn next(
        body: &mut Body,
        bytes: &mut [u8],
        len: usize,
        limits: &Limits,
    ) -> Result<BodyPart, Fault> {
        body.decode(bytes, len, Bounds { limits, room: &mut Room(u64::MAX), spaces: false })
    }

    /// Returns all content, and the bytes before the trailer section.
    ///
    /// The input is fed `step` bytes at a time.
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

    /// Checks that lines of small chunks count towards the limit like the first.
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

    /// Checks the limit, however the chunks are cut and their lines are read.
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
    fn malformed_lines_fail_at_the_octet_that_is_wrong() {
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
