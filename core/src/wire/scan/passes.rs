//! The two passes over a head, generic over its reader.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::mem::MaybeUninit;

use super::Class;

/// The bytes of a line that are looked at for its name.
pub(crate) const OPENING: usize = 32;

/// The bytes that must stand after the head.
///
/// So a block can be loaded wherever a line begins or ends.
pub(crate) const PADDING: usize = 64;

/// The minimum length of the first line.
///
/// So this many bytes stand before every other line.
pub(crate) const FIRST_LINE: usize = 8;

/// A head of so many lines is taken without memory from the heap.
pub(crate) const LINES: usize = 128;

/// A field line as the scanner finds it, before it is parsed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// The offset of its first byte.
    pub(crate) start: usize,
    /// The number of token characters at its beginning.
    ///
    /// Perhaps there are more: where no colon stands after them, look again.
    pub(crate) name: usize,
    /// The offset of the control byte that ends the line.
    pub(crate) end: usize,
    /// The eight bytes from `start` on, the first one lowest.
    pub(crate) name_begins: u64,
    /// The eight bytes before the end of the name.
    ///
    /// If the name is shorter, the first are of what stands before it.
    pub(crate) name_ends: u64,
    /// The three bytes after the name.
    pub(crate) middle: &'a [u8; 3],
    /// The last byte before `end` and two from there on.
    pub(crate) closing: &'a [u8; 3],
}

/// A receiver of lines.
///
/// A trait and no closure, because only a method can be told to be compiled into whatever calls it
/// (all of them are `#[inline(always)]`). The call would cost as much as the line. What changes
/// from line to line is a value of its own, so that it stays in registers.
pub(crate) trait Reader: Sized {
    /// The state that changes from line to line.
    type State;

    /// The result of a field line.
    type Item;

    /// Reads the start line; `None` ends the pass.
    ///
    /// It ends at the first of `ends`, at each of which a line ends. `run` is [`run`](super::run).
    fn start(
        &mut self,
        run: impl Fn(&Class, &[u8], usize) -> usize,
        ends: &[u32],
    ) -> Option<Self::State>;

    /// Returns the slots for field lines; lines without a slot are not read.
    fn items(&mut self) -> &mut [Self::Item];

    /// Fast path of a field line: writes it to its slot.
    ///
    /// Returns false, and changes nothing, for an unusual line. Must equal `line_slow`.
    fn line(state: &mut Self::State, line: Line<'_>, item: &mut Self::Item) -> bool;

    /// Slow path of a field line.
    fn line_slow(state: &mut Self::State, line: Line<'_>, item: &mut Self::Item);

    /// Ends the pass after the last line.
    fn finish(&mut self, state: Self::State) -> Option<usize>;
}

/// The operations of an instruction set.
pub(super) trait Questions: Copy {
    /// Returns a mask of control bytes: bit i for byte i.
    fn controls(self, block: &[u8; 64]) -> u64;

    /// Returns how many token characters the bytes begin with.
    ///
    /// It may stop before an unusual one.
    fn token(self, opening: &[u8; OPENING]) -> usize;

    /// Returns the length of a run; see [`run`](super::run).
    fn run(self, class: &Class, bytes: &[u8], at: usize) -> usize;
}

/// Reads a head with one instruction set; see [`head`](super::head).
///
/// Inlined into the caller, so that everything is compiled for the caller's instruction set.
#[inline(always)]
pub(super) fn head<R: Reader>(
    ask: impl Questions,
    bytes: &[u8],
    len: usize,
    most: usize,
    reader: &mut R,
) -> Option<usize> {
    let (mut places, mut more_places) = ([MaybeUninit::uninit(); LINES + BLOCK], Vec::new());
    let mut room = most.min(LINES);
    let mut found = Lines::find(ask, bytes, len, room, &mut places);
    // Few limits let more lines through.
    while let Err(Unfound::TooMany) = found
        && room < most
    {
        room = (4 * room).min(most);
        more_places.resize(room + BLOCK, MaybeUninit::uninit());
        found = Lines::find(ask, bytes, len, room, &mut more_places);
    }
    found.ok()?.read(ask, reader)
}

/// The bytes looked at in one step.
const BLOCK: usize = 64;

/// Why the lines of a head were not found.
enum Unfound {
    Incomplete,
    TooMany,
}

/// An iterator over the ends of a head's lines, up to the empty one.
///
/// What the methods promise each other: every end is a place in `bytes` after which [`PADDING`]
/// bytes stand. Between two ends that follow each other lies a byte that is neither.
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
    ) -> Result<Self, Unfound> {
        // A place is 32 bits, which the limits keep to.
        let is_padded = bytes.len().checked_sub(PADDING).is_some_and(|most| len <= most);
        if !is_padded || len > u32::MAX as usize {
            return Err(Unfound::Incomplete);
        }
        let (mut count, mut at) = (0, 0);
        // The last byte of the block before, and its last two.
        let (mut one_before, mut two_before) = (0, 0);
        while at < len {
            // The last block may have more than is asked for.
            let slots =
                places.get_mut(count..).filter(|_| count <= most).and_then(<[_]>::first_chunk_mut);
            let Some(slots) = slots else { return Err(Unfound::TooMany) };
            // SAFETY: `at` is below `len`, and after those are as many bytes as a block has.
            let mask = ask.controls(unsafe { chunk_at(bytes, at) });
            let (after_one, after_two) = (mask << 1 | one_before, mask << 2 | two_before);
            let third = mask & after_one & after_two;
            // Runs that begin after the third byte are after the head.
            let begins = mask & !after_one & (third & third.wrapping_neg()).wrapping_sub(1);
            count += store(begins, at, slots);
            if third != 0 {
                if at + (third.trailing_zeros() as usize) >= len {
                    return Err(Unfound::Incomplete);
                }
                let Some(places) = places.get(..count).filter(|_| count <= most) else {
                    return Err(Unfound::TooMany);
                };
                // SAFETY: `store` has written as many places as it said; a place is a number.
                let ends = unsafe { core::slice::from_raw_parts(places.as_ptr().cast(), count) };
                return Ok(Self { bytes, ends });
            }
            (one_before, two_before) = (mask >> 63, mask >> 62);
            at += BLOCK;
        }
        Err(Unfound::Incomplete)
    }

    #[inline(always)]
    fn read<R: Reader>(self, ask: impl Questions, reader: &mut R) -> Option<usize> {
        let Self { bytes, ends } = self;
        let mut state = reader.start(|class, bytes, at| ask.run(class, bytes, at), ends)?;
        let (&first, ends) = ends.split_first()?;
        if (first as usize) < FIRST_LINE {
            return None;
        }
        let (mut start, mut unusual) = (first as usize + 2, None);
        let mut lines = ends.iter().zip(reader.items());
        for (&end, item) in lines.by_ref() {
            // SAFETY: `start` is where the line begins that ends there.
            let line = unsafe { line_at(ask, bytes, start, end as usize) };
            start = line.end + 2;
            if !R::line(&mut state, line, item) {
                unusual = Some((line, item));
                break;
            }
        }
        // Apart from the others: a call among those, rare as it is, would cost each of them its
        // registers.
        if let Some((line, item)) = unusual {
            R::line_slow(&mut state, line, item);
            for (&end, item) in lines {
                // SAFETY: as above.
                let line = unsafe { line_at(ask, bytes, start, end as usize) };
                start = line.end + 2;
                if !R::line(&mut state, line, item) {
                    R::line_slow(&mut state, line, item);
                }
            }
        }
        reader.finish(state)
    }
}

/// Returns the line between two offsets.
///
/// # Safety
/// It ends at one of [`Lines`]'s ends that is not the first, and begins two bytes after the end
/// before.
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

/// Returns the `LEN` bytes at `at`.
///
/// # Safety
/// They are there.
#[inline(always)]
unsafe fn chunk_at<const LEN: usize>(bytes: &[u8], at: usize) -> &[u8; LEN] {
    debug_assert!(at + LEN <= bytes.len());
    // SAFETY: the caller's promise.
    unsafe { &*bytes.as_ptr().add(at).cast() }
}

/// Writes the places of the set bits, and returns their number.
///
/// The first two without a question: more are rare in one block, and a loop whose length cannot be
/// guessed costs more than the writes.
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
