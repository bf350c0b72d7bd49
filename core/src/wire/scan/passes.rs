//! The two passes, for a reader that can answer their questions.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::mem::MaybeUninit;

use super::Class;

/// How many bytes of a line are looked at for its name.
pub(crate) const OPENING: usize = 32;

/// How many bytes stand after those that are looked at, so that a block can be loaded wherever a line begins or ends.
pub(crate) const PADDING: usize = 64;

/// The first line is at least as long, so that this many bytes stand before every other line.
pub(crate) const FIRST_LINE: usize = 8;

/// A head of so many lines is taken without memory from the heap.
pub(crate) const LINES: usize = 128;

/// A field line, as far as it is known before anybody reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Where it begins.
    pub(crate) start: usize,
    /// How many token characters it begins with. Perhaps there are more: where no colon stands after them, look again.
    pub(crate) name: usize,
    /// Where the control byte stands that ends it.
    pub(crate) end: usize,
    /// The eight bytes from `start` on, the first one lowest.
    pub(crate) name_begins: u64,
    /// The eight bytes before the end of the name: of this line, and of what stands before where the name is shorter.
    pub(crate) name_ends: u64,
    /// The three bytes after the name.
    pub(crate) middle: &'a [u8; 3],
    /// The last byte before `end` and two from there on.
    pub(crate) closing: &'a [u8; 3],
}

/// Who wants to know the lines. A trait and no closure, because only a method can be told to be compiled into whatever
/// calls it (all of them are `#[inline(always)]`): the call would cost as much as the line. What changes from line to line is
/// a value of its own, so that it stays in registers.
pub(crate) trait Reader: Sized {
    /// What changes from line to line.
    type State;

    /// What a field line becomes.
    type Item;

    /// The first line, which is no field line: it ends at the first of `ends`, at each of which a line ends. `run` is
    /// [`run`](super::run). `None` where no more of the head is asked for.
    fn start(&mut self, run: impl Fn(&Class, &[u8], usize) -> usize, ends: &[u32]) -> Option<Self::State>;

    /// Where the field lines go, one after the other; those for which there is no place are not read.
    fn items(&mut self) -> &mut [Self::Item];

    /// The next field line, and where it goes; false where it is not as most are, and then nothing has changed.
    fn line(state: &mut Self::State, line: Line<'_>, item: &mut Self::Item) -> bool;

    /// The same for such a line.
    fn unusual_line(state: &mut Self::State, line: Line<'_>, item: &mut Self::Item);

    /// After the last line.
    fn finish(&mut self, state: Self::State) -> Option<usize>;
}

/// What an instruction set answers.
pub(super) trait Questions: Copy {
    /// Bit i is set where byte i is a control byte.
    fn controls(self, block: &[u8; 64]) -> u64;

    /// How many token characters the bytes begin with; or it stops before one that is unusual.
    fn token(self, opening: &[u8; OPENING]) -> usize;

    /// [`run`](super::run).
    fn run(self, class: &Class, bytes: &[u8], at: usize) -> usize;
}

/// What [`head`](super::head) is, for an instruction set.
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

/// How many bytes are looked at in one step.
const BLOCK: usize = 64;

/// Why the lines of a head were not found.
enum Unfound {
    Incomplete,
    TooMany,
}

/// Where the lines of a head end: its first line and all others, up to the empty one.
///
/// What the methods promise each other: every end is a place in `bytes` after which [`PADDING`] bytes stand, and between two
/// ends that follow each other lies a byte that is neither.
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
            let slots = places.get_mut(count..).filter(|_| count <= most).and_then(<[_]>::first_chunk_mut);
            let Some(slots) = slots else { return Err(Unfound::TooMany) };
            // SAFETY: `at` is below `len`, and after those are as many bytes as a block has.
            let mask = ask.controls(unsafe { octets(bytes, at) });
            let (after_one, after_two) = (mask << 1 | one_before, mask << 2 | two_before);
            let third = mask & after_one & after_two;
            // Runs that begin after the third byte are after the head.
            let begins = mask & !after_one & (third & third.wrapping_neg()).wrapping_sub(1);
            count += store(begins, at, slots);
            if third != 0 {
                if at + (third.trailing_zeros() as usize) >= len {
                    return Err(Unfound::Incomplete);
                }
                let Some(places) = places.get(..count).filter(|_| count <= most) else { return Err(Unfound::TooMany) };
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
        // Apart from the others: a call among those, rare as it is, would cost each of them its registers.
        if let Some((line, item)) = unusual {
            R::unusual_line(&mut state, line, item);
            for (&end, item) in lines {
                // SAFETY: as above.
                let line = unsafe { line_at(ask, bytes, start, end as usize) };
                start = line.end + 2;
                if !R::line(&mut state, line, item) {
                    R::unusual_line(&mut state, line, item);
                }
            }
        }
        reader.finish(state)
    }
}

/// The line between two places.
///
/// # Safety
/// It ends at one of [`Lines`]'s ends that is not the first, and begins two bytes after the end before.
#[inline(always)]
unsafe fn line_at(ask: impl Questions, bytes: &[u8], start: usize, end: usize) -> Line<'_> {
    debug_assert!(start <= end && end + PADDING <= bytes.len());
    // SAFETY: `start` is at least 10 and at most `end`, as a byte lies between this end and the one before. After `end`,
    // and so after `start`, are 64 bytes, of which 32, 8 and 3 are asked for.
    let (opening, closing) = unsafe { (octets(bytes, start), octets(bytes, end - 1)) };
    let name = ask.token(opening).min(OPENING);
    // SAFETY: as above: of the 64 bytes are asked for 3 after at most 32, and 8 that begin at most 8 before `start`.
    let (middle, name_ends) = unsafe { (octets(bytes, start + name), *octets(bytes, start + name - 8)) };
    // SAFETY: as above.
    let name_begins = u64::from_le_bytes(*unsafe { octets(bytes, start) });
    let name_ends = u64::from_le_bytes(name_ends);
    Line { start, name, end, name_begins, name_ends, middle, closing }
}

/// The `LEN` bytes at `at`.
///
/// # Safety
/// They are there.
#[inline(always)]
unsafe fn octets<const LEN: usize>(bytes: &[u8], at: usize) -> &[u8; LEN] {
    debug_assert!(at + LEN <= bytes.len());
    // SAFETY: the caller's promise.
    unsafe { &*bytes.as_ptr().add(at).cast() }
}

/// Writes down where the set bits stand, and how many they are. The first two without a question: more are rare in one block,
/// and a loop whose length cannot be guessed costs more than the writes.
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
