//! The decoder of the chunked transfer coding.
//!
//! RFC 9112, section 7.1.

use super::{BodyPart, Bounds, Room, take};
use crate::error::{ErrorKind, Fault};
use crate::limits::Limits;
use crate::wire::scan::class::{is_tchar, is_value_byte};
use crate::wire::syntax::is_ows;

/// The part of the chunked coding that the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChunkState {
    /// Before the first digit of the chunk size.
    Start,
    Size,
    /// In whitespace after the chunk size or the value of a chunk extension.
    Gap,
    /// After a semicolon, before the name of a chunk extension.
    Semicolon,
    Name,
    /// In whitespace after the name of a chunk extension.
    NameGap,
    Equals,
    Token,
    Quoted,
    Escaped,
    /// After the closing quote of a chunk extension's value.
    QuotedEnd,
    LineEnd,
    Data,
    DataCr,
    DataLf,
}

/// The state of the decoder of the chunked coding (RFC 9112, section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunked {
    /// The chunk size read so far, then the chunk's data bytes still to come.
    left: u64,
    /// The length of the current chunk line so far, in bytes.
    line: u32,
    /// The total length of the chunk extensions of this message so far, in bytes.
    extensions: u32,
    place: ChunkState,
}

impl Chunked {
    pub(super) const NEW: Self = Self { left: 0, line: 0, extensions: 0, place: ChunkState::Start };

    /// Returns the number of data bytes still to come in the current chunk.
    pub(super) fn data_left(self) -> u64 {
        if self.place == ChunkState::Data { self.left } else { 0 }
    }

    /// Records that the caller itself read `len` bytes of the current chunk's data.
    ///
    /// Returns `false` and changes nothing if the chunk has fewer bytes left.
    pub(super) fn pass(&mut self, len: u64) -> bool {
        let left = self.data_left();
        if len > left {
            return false;
        }
        if left > 0 {
            self.left -= len;
            if self.left == 0 {
                self.place = ChunkState::DataCr;
            }
        }
        true
    }

    pub(super) fn decode(
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
            let byte = bytes[at];
            if self.place == ChunkState::Data {
                return Ok(self.data(bytes, at, len, limits, room));
            }
            let fault = |kind| Fault { kind, at };
            let next = self.step(byte, *room, spaces).map_err(fault)?;
            self.count(byte, next, limits).map_err(fault)?;
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

    /// Returns content from offset `at`, coalesced with that of small chunks after it.
    ///
    /// Chunks are coalesced only if the current one ends in the input and no limit can be exceeded.
    /// They must be small, complete and without extensions: to copy so few bytes costs less than
    /// another event.
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
            // Chunks have fewer content bytes than wire bytes. If all remaining bytes fit within
            // the content limit, no chunk needs to be checked against it.
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

    /// Fast path of `step`: reads a complete `chunk-size CRLF` without extensions.
    ///
    /// A CRLF before the line, which ends the previous chunk, is read too. The size has at most
    /// seven digits. Returns the offset of the data and its length, which is not 0; `None` in any
    /// other case. The line may extend into bytes after the input: the caller must check that. Must
    /// equal the byte-by-byte `step`.
    #[inline(always)]
    fn chunk_line_fast(&self, bytes: &[u8], at: usize, limits: &Limits) -> Option<(usize, u64)> {
        let at = match self.place {
            ChunkState::Start => at,
            ChunkState::DataCr if bytes.get(at..at + 2)? == b"\r\n" => at + 2,
            _ => return None,
        };
        let line = bytes.get(at..)?.first_chunk::<LINE>()?;
        let mut size = 0;
        for (digits, &byte) in line.iter().enumerate() {
            let digit = HEX[byte as usize];
            if digit > 15 {
                let ends = byte == b'\r'
                    && line.get(digits + 1) == Some(&b'\n')
                    && digits <= limits.chunk_line as usize;
                return (ends && size > 0).then_some((at + digits + 2, size));
            }
            size = size << 4 | u64::from(digit);
        }
        None
    }

    fn step(&mut self, byte: u8, room: Room, spaces: bool) -> Result<ChunkState, ErrorKind> {
        use ChunkState::*;
        Ok(match (self.place, byte) {
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
            (Size | Gap | Token | QuotedEnd, byte) if is_ows(byte) => Gap,
            (Semicolon, byte) if is_ows(byte) => Semicolon,
            (Semicolon | Name, byte) if is_tchar(byte) => Name,
            (Name | NameGap, byte) if is_ows(byte) => NameGap,
            (Name | NameGap, b'=') => Equals,
            (Equals, byte) if is_ows(byte) => Equals,
            (Equals, b'"') => Quoted,
            (Equals | Token, byte) if is_tchar(byte) => Token,
            (Quoted, b'"') => QuotedEnd,
            (Quoted, b'\\') => Escaped,
            (Quoted | Escaped, byte) if is_value_byte(byte) => Quoted,
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

    /// Counts a byte that belongs to a chunk line, and perhaps to its extensions.
    ///
    /// The CRLF is not counted. Returns an error if either count exceeds its limit.
    fn count(&mut self, byte: u8, next: ChunkState, limits: &Limits) -> Result<(), ErrorKind> {
        match (self.place, next) {
            (ChunkState::DataCr | ChunkState::DataLf, _) => self.line = 0,
            (ChunkState::LineEnd, _) => self.line = 0,
            (_, ChunkState::LineEnd) => debug_assert_eq!(byte, b'\r'),
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

/// The largest size in bytes of a chunk that is coalesced with the one before.
pub(super) const COALESCE_MAX: usize = 1024;

/// The largest number of hex digits in the size of a chunk that is coalesced.
const DIGITS: u32 = 3;

/// Parses the line of a small, complete chunk without extensions.
///
/// The line begins with the CRLF that ends the previous chunk. Returns the offset of the data and
/// its length, which is not 0. `None` in any other case, for a size of over three digits, and if
/// fewer than 8 bytes are left.
#[inline(always)]
fn small_chunk_line(bytes: &[u8], at: usize, end: usize) -> Option<(usize, usize)> {
    let word = u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
    let found = digits::<2>(word).or_else(|| digits::<1>(word)).or_else(|| digits::<3>(word));
    let (len, size) = found.filter(|(_, size)| (1..=COALESCE_MAX).contains(size))?;
    let start = at + len;
    (start + size <= end).then_some((start, size))
}

/// Parses `CRLF chunk-size CRLF` with `COUNT` digits from the low bytes of `word`.
///
/// Returns the length of these bytes, and the chunk size; `None` if `word` begins otherwise.
#[inline(always)]
fn digits<const COUNT: usize>(word: u64) -> Option<(usize, usize)> {
    const CRLF: u16 = u16::from_le_bytes(*b"\r\n");
    let digit = |place: usize| usize::from(HEX[usize::from((word >> (16 + 8 * place)) as u8)]);
    let is_line = word as u16 == CRLF && (word >> (16 + 8 * COUNT)) as u16 == CRLF;
    let is_number = || (0..COUNT).all(|place| digit(place) <= 15);
    (is_line && is_number())
        .then(|| (4 + COUNT, (0..COUNT).fold(0, |size, place| size << 4 | digit(place))))
}

/// The length of the longest chunk line for the fast path: seven digits and CRLF.
const LINE: usize = 9;

/// The value of each byte as a hex digit; 255 for bytes that are no digit.
static HEX: [u8; 256] = {
    let (mut table, mut byte) = ([u8::MAX; 256], 0);
    while byte < 256 {
        table[byte] = match byte as u8 {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            _ => u8::MAX,
        };
        byte += 1;
    }
    table
};

/// Moves `len` bytes from the offset `from` to the lower offset `to`.
///
/// Up to 16 bytes are copied as a block of 16, if `to` is at least 16 lower and `bytes` has 16 from
/// `from` on. The bytes that this overwrites beyond `len` have been read already.
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
