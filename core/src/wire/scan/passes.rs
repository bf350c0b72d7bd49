//! The two passes, for a reader that can answer their questions.
#![allow(unsafe_code)]

use alloc::vec::Vec;

/// How many bytes of a line are looked at for its name.
pub(crate) const OPENING: usize = 32;

/// How many bytes stand after those that are looked at, so that a block can be loaded wherever a line begins or ends.
pub(crate) const PADDING: usize = 64;

/// A field line, as far as it is known before anybody reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Where it begins.
    pub(crate) start: usize,
    /// How many token characters it begins with. Perhaps there are more: where no colon stands after them, look again.
    pub(crate) name: usize,
    /// Where the control byte stands that ends it.
    pub(crate) end: usize,
    /// The bytes from `start` on: of this line, and of what follows where it is shorter.
    pub(crate) opening: &'a [u8; OPENING],
    /// The four bytes after the name, the first one lowest.
    pub(crate) middle: u32,
    /// The last byte before `end` and the three from there on, the first one lowest.
    pub(crate) closing: u32,
}

/// Who wants to know the lines. A trait and no closure, because only a method can be told to be compiled into whatever
/// calls it (all of them are `#[inline(always)]`): the call would cost as much as the line. What changes from line to line is
/// a value of its own, made where the lines are found, so that it stays in registers.
pub(crate) trait Reader {
    /// What changes from line to line.
    type State;

    /// Before the first line.
    fn start(&mut self) -> Self::State;

    /// The next line.
    fn line(&self, state: &mut Self::State, line: Line<'_>);

    /// After the last line.
    fn finish(&mut self, state: Self::State);
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

/// `controls` has bit i set where byte i of a block is a control byte other than HTAB.
///
/// Inlined into the caller, so that the closure is compiled for the caller's instruction set.
#[inline(always)]
pub(super) fn ends(
    controls: impl Fn(&[u8; 64]) -> u64,
    bytes: &[u8],
    len: usize,
    most: usize,
    ends: &mut Vec<u32>,
) -> Option<usize> {
    bytes.len().checked_sub(PADDING).filter(|&most| len <= most)?;
    let (mut count, mut before, mut at) = (0, 0, 0);
    while at < len {
        if ends.len() < count + 64 {
            make_room(ends, count, most)?;
        }
        let slots = ends.get_mut(count..)?.first_chunk_mut()?;
        // SAFETY: `at` is below `len`, and after those are as many bytes as a block has.
        let mut mask = controls(unsafe { octets(bytes, at) });
        if len - at < 64 {
            mask &= (1 << (len - at)) - 1;
        }
        let behind_one = mask << 1 | before >> 63;
        let begins = mask & !behind_one;
        let third = mask & behind_one & (mask << 2 | before >> 62);
        if third != 0 {
            // Runs that begin after the third byte are after the head.
            let begins = begins & (third & third.wrapping_neg()).wrapping_sub(1);
            return Some(count + store(begins, at, slots));
        }
        count += store(begins, at, slots);
        before = mask;
        at += 64;
    }
    None
}

#[cold]
fn make_room(ends: &mut Vec<u32>, count: usize, most: usize) -> Option<()> {
    if count > most {
        return None;
    }
    ends.resize((count + 64).next_power_of_two().max(128), 0);
    Some(())
}

/// Writes down where the set bits stand. The first two without a question: more are rare in one block, and a loop whose length
/// cannot be guessed costs more than the writes.
#[inline(always)]
fn store(mut bits: u64, at: usize, slots: &mut [u32; 64]) -> usize {
    let count = bits.count_ones() as usize;
    let mut put = |slot: &mut u32| {
        *slot = at as u32 + bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
    };
    let (few, many) = slots.split_at_mut(2);
    few.iter_mut().for_each(&mut put);
    if count > 2 {
        many.iter_mut().take(count - 2).for_each(put);
    }
    count
}

/// `token` says how many token characters its bytes begin with, or stops before one that is unusual.
#[inline(always)]
pub(super) fn lines(
    token: impl Fn(&[u8; OPENING]) -> usize,
    bytes: &[u8],
    mut start: usize,
    ends: &[u32],
    reader: &mut impl Reader,
) {
    let most = bytes.len().saturating_sub(PADDING);
    let mut state = reader.start();
    for &end in ends {
        let end = end as usize;
        if start == 0 || start > end || end > most {
            break;
        }
        // SAFETY: after `start` and `end` are 64 bytes, of which 32, then 4 after at most 32, and 3 are asked for; before
        // `end`, which is not 0, is one.
        let (opening, closing) = unsafe { (octets(bytes, start), u32::from_le_bytes(*octets(bytes, end - 1))) };
        let name = token(opening);
        // SAFETY: as above.
        let middle = u32::from_le_bytes(*unsafe { octets(bytes, start + name.min(OPENING)) });
        reader.line(&mut state, Line { start, name, end, opening, middle, closing });
        start = end + 2;
    }
    reader.finish(state);
}
