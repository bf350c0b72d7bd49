//! The two passes over a head, for any instruction set and line parser.
//!
//! The first finds the ends of the lines. The second passes each line to the parser, a `Reader`.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::mem::MaybeUninit;

use super::Class;

/// The number of bytes at the start of a field line that are searched for its name.
pub(crate) const OPENING: usize = 32;

/// The number of bytes that must follow the received bytes in memory.
///
/// With them a whole block can be loaded from wherever a line begins or ends.
pub(crate) const PADDING: usize = 64;

/// The minimum length of the first line.
///
/// It guarantees that this many bytes precede every other line.
pub(crate) const FIRST_LINE: usize = 8;

/// The largest number of lines in a head that the scanner reads.
///
/// These are the start line, and as many field lines as the default limit permits. A head with more
/// is parsed line by line.
pub(crate) const LINES: usize = 129;

/// A field line as the scanner finds it, before it is parsed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// The offset of the line's first byte.
    pub(crate) start: usize,
    /// The number of token characters at the start of the line.
    ///
    /// The scanner may stop early: if no colon follows, the reader must count again.
    pub(crate) name: usize,
    /// The offset of the control byte that ends the line.
    pub(crate) end: usize,
    /// The eight bytes from the line's start on, the first one lowest.
    pub(crate) name_begins: u64,
    /// The last eight bytes of the name, the first one lowest.
    ///
    /// If the name is shorter, the first of them are bytes before the line.
    pub(crate) name_ends: u64,
    /// The three bytes after the field name: mostly `: ` and the value's first byte.
    pub(crate) middle: &'a [u8; 3],
    /// The byte before the line's end, and the two bytes that usually are its CRLF.
    pub(crate) closing: &'a [u8; 3],
}

/// A receiver of the lines that the scanner finds.
///
/// This is a trait and not a closure, because only methods can be forced to be inlined. Those for a
/// line are `#[inline(always)]`: a call would cost as much as the rest of the line. The state that
/// changes from line to line is a separate value, so that it stays in registers.
pub(crate) trait Reader<'a>: Sized {
    /// The state that changes from line to line.
    type State;

    /// The result of parsing one field line.
    type Item: Copy + 'a;

    /// Parses the start line; `None` ends the pass.
    ///
    /// `ends` are the offsets in `bytes` at which lines end; the start line ends at the first.
    /// `token` returns the number of token characters at the start of `bytes`, perhaps too few, as
    /// in [`Line::name`]; `run` is [`run`](super::run). Also returns the list that the results for
    /// the field lines replace, with memory for all of them.
    fn start(
        self,
        token: impl Fn() -> usize,
        run: impl Fn(&Class, &[u8], usize) -> usize,
        bytes: &[u8],
        ends: &[u32],
    ) -> Option<(Self::State, &'a mut Vec<Self::Item>)>;

    /// Fast path of a field line: parses it.
    ///
    /// Returns `None` and changes nothing if the line is unusual. Must equal `line_slow`.
    fn line(state: &mut Self::State, line: Line<'_>) -> Option<Self::Item>;

    /// Slow path of a field line: parses it in any form.
    fn line_slow(state: &mut Self::State, bytes: &[u8], line: Line<'_>) -> Self::Item;

    /// Ends the pass after the last line; returns its result, or `None` without one.
    ///
    /// The caller then parses the head line by line: it may be valid all the same.
    fn finish(state: Self::State) -> Option<usize>;
}

/// The scanner's operations, implemented once for each instruction set.
pub(super) trait Questions: Copy {
    /// Returns the control bytes of a block: bit i is set if byte i is one.
    fn controls(self, block: &[u8; 64]) -> u64;

    /// Returns the number of token characters at the beginning of `opening`.
    ///
    /// An implementation may stop early at a character that is rare in names.
    fn token(self, opening: &[u8; OPENING]) -> usize;

    /// Returns the number of consecutive bytes of a class; see [`run`](super::run).
    fn run(self, class: &Class, bytes: &[u8], at: usize) -> usize;
}

/// Parses a head with one instruction set; see [`head`](super::head).
///
/// It is inlined, so that everything is compiled for the instruction set of the caller.
#[inline(always)]
pub(super) fn head<'a, R: Reader<'a>>(
    ask: impl Questions,
    bytes: &[u8],
    len: usize,
    most: usize,
    reader: R,
) -> Option<usize> {
    let mut places = [MaybeUninit::uninit(); LINES + BLOCK];
    Lines::find(ask, bytes, len, most.min(LINES), &mut places)?.read(ask, reader)
}

/// The number of bytes scanned in one step.
const BLOCK: usize = 64;

/// The offsets at which the lines of a head end, up to the empty line.
///
/// Invariants: at least [`PADDING`] bytes of `bytes` follow every end. At least one byte
/// lies between two consecutive ends.
struct Lines<'a> {
    bytes: &'a [u8],
    ends: &'a [u32],
}

impl<'a> Lines<'a> {
    #[inline(always)]
    fn find(
        ask: impl Questions,
        bytes: &'a [u8],
        len: usize,
        most: usize,
        places: &'a mut [MaybeUninit<u32>],
    ) -> Option<Self> {
        // An offset is stored in 32 bits; the limits keep heads below that.
        let is_padded = bytes.len().checked_sub(PADDING).is_some_and(|most| len <= most);
        if !is_padded || len > u32::MAX as usize {
            return None;
        }
        let (mut count, mut at) = (0, 0);
        // The masks of the previous block's last byte, and of its last two bytes.
        let (mut one_before, mut two_before) = (0, 0);
        while at < len {
            // The last block may have more ends than are permitted.
            let rest = places.get_mut(count..).filter(|_| count <= most);
            let slots = rest.and_then(<[_]>::first_chunk_mut)?;
            // SAFETY: `at` is below `len`, and after those are as many bytes as a block has.
            let mask = ask.controls(unsafe { chunk_at(bytes, at) });
            let (after_one, after_two) = (mask << 1 | one_before, mask << 2 | two_before);
            let third = mask & after_one & after_two;
            let begins = mask & !after_one;
            count += store(begins, at, slots);
            if third != 0 {
                // Line ends after the run of three are behind the head.
                let behind = begins & !(third ^ third.wrapping_sub(1));
                count -= behind.count_ones() as usize;
                if at + (third.trailing_zeros() as usize) >= len {
                    return None;
                }
                let places = places.get(..count).filter(|_| count <= most)?;
                // SAFETY: `store` has written as many places as it said; a place is a number.
                let ends = unsafe { core::slice::from_raw_parts(places.as_ptr().cast(), count) };
                return Some(Self { bytes, ends });
            }
            (one_before, two_before) = (mask >> 63, mask >> 62);
            at += BLOCK;
        }
        None
    }

    #[inline(always)]
    fn read<'r, R: Reader<'r>>(self, ask: impl Questions, reader: R) -> Option<usize> {
        let Self { bytes, ends } = self;
        // SAFETY: after every end are 64 bytes.
        let token = || ask.token(unsafe { chunk_at(bytes, 0) }).min(OPENING);
        let run = |class: &_, bytes: &_, at| ask.run(class, bytes, at);
        let (mut state, items) = reader.start(token, run, bytes, ends)?;
        let (&first, ends) = ends.split_first()?;
        if (first as usize) < FIRST_LINE {
            return None;
        }
        let (mut start, mut unusual) = (first as usize + 2, None);
        items.clear();
        let mut lines = ends.iter().zip(items.spare_capacity_mut().get_mut(..ends.len())?);
        for (&end, item) in lines.by_ref() {
            // SAFETY: `start` is where the line begins that ends there.
            let line = unsafe { line_at(ask, bytes, start, end as usize) };
            start = line.end + 2;
            let Some(read) = R::line(&mut state, line) else {
                unusual = Some((line, item));
                break;
            };
            item.write(read);
        }
        // A separate loop: a call within the first loop, however rare, would cost every line
        // registers.
        if let Some((line, item)) = unusual {
            item.write(R::line_slow(&mut state, bytes, line));
            for (&end, item) in lines {
                // SAFETY: as above.
                let line = unsafe { line_at(ask, bytes, start, end as usize) };
                start = line.end + 2;
                let read = R::line(&mut state, line);
                item.write(read.unwrap_or_else(|| R::line_slow(&mut state, bytes, line)));
            }
        }
        // SAFETY: each of the items was written by one of the loops.
        unsafe { items.set_len(ends.len()) };
        R::finish(state)
    }
}

/// Returns the line between two offsets.
///
/// # Safety
/// `end` is one of the ends in [`Lines`] but not the first. `start` is two bytes after the end
/// before it.
#[inline(always)]
unsafe fn line_at(ask: impl Questions, bytes: &[u8], start: usize, end: usize) -> Line<'_> {
    debug_assert!(start <= end && end + PADDING <= bytes.len());
    // SAFETY: `start` is at least 10 and at most `end`, as a byte lies between this end and the one
    // before. After `end`, and so after `start`, are 64 bytes, of which 32, 8 and 3 are asked for.
    let (opening, closing) = unsafe { (chunk_at(bytes, start), chunk_at(bytes, end - 1)) };
    let name = ask.token(opening).min(OPENING);
    // SAFETY: as above: of the 64 bytes are asked for 3 after at most 32, and 8 that begin at most
    // 8 before `start`.
    let (middle, name_ends) =
        unsafe { (chunk_at(bytes, start + name), *chunk_at(bytes, start + name - 8)) };
    // SAFETY: as above.
    let name_begins = u64::from_le_bytes(*unsafe { chunk_at(bytes, start) });
    let name_ends = u64::from_le_bytes(name_ends);
    Line { start, name, end, name_begins, name_ends, middle, closing }
}

/// Returns the `LEN` bytes at offset `at`.
///
/// # Safety
/// `bytes` has at least `at + LEN` bytes.
#[inline(always)]
unsafe fn chunk_at<const LEN: usize>(bytes: &[u8], at: usize) -> &[u8; LEN] {
    debug_assert!(at + LEN <= bytes.len());
    // SAFETY: the caller's promise.
    unsafe { &*bytes.as_ptr().add(at).cast() }
}

/// Writes the offset of each set bit, plus `at`, to `slots`; returns their number.
///
/// The first two are written without a check. More than two in one block are rare, and a loop of
/// unpredictable length costs more than the writes.
#[inline(always)]
fn store(mut bits: u64, at: usize, slots: &mut [MaybeUninit<u32>; 64]) -> usize {
    let count = bits.count_ones() as usize;
    let mut put = |slot: &mut MaybeUninit<u32>| {
        slot.write(at as u32 + bits.trailing_zeros());
        bits &= bits.wrapping_sub(1);
    };
    let (few, many) = slots.split_at_mut(2);
    few.iter_mut().for_each(&mut put);
    if count > 2 {
        many.iter_mut().take(count - 2).for_each(put);
    }
    count
}
