//! The scanner for any machine: eight bytes at a time in an ordinary register.
//!
//! A byte of a word is below 0x20 if subtracting 0x20 borrows and its top bit was clear. A byte
//! equals a constant if XOR with the constant makes it zero. Borrows may spill into the bytes
//! above. So only the lowest flag is reliable, and a word with a flag is checked byte by byte.
//! `controls` avoids borrows: it adds instead.

use super::class::Class;
use super::passes::{self, OPENING, Questions, Reader};
use crate::wire::scan::class::is_tchar;

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Returns a word with the top bit set for each byte below `bound`.
///
/// Only the lowest flag is reliable; flags above it may be wrong.
const fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(LOW * bound as u64) & !word & HIGH
}

/// Returns a word with the top bit set for each byte that is `byte`.
///
/// Only the lowest of these top bits is reliable; those above it may be wrong.
pub(crate) const fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (LOW * byte as u64), 1)
}

/// The scanner's operations on 8-byte words, which any machine has.
#[derive(Clone, Copy)]
struct Words;

impl Questions for Words {
    #[inline(always)]
    fn controls(self, block: &[u8; 64]) -> u64 {
        controls(block)
    }

    #[inline(always)]
    fn token(self, opening: &[u8; OPENING]) -> usize {
        opening.iter().take_while(|&&byte| is_tchar(byte)).count()
    }

    #[inline(always)]
    fn run(self, class: &Class, bytes: &[u8], at: usize) -> usize {
        class.run(bytes, at)
    }
}

/// Parses a head with 8-byte words; not inlined, so that choosing a path is cheap.
#[inline(never)]
pub(super) fn head<'a, R: Reader<'a>>(
    bytes: &[u8],
    len: usize,
    most: usize,
    reader: R,
) -> Option<usize> {
    passes::head(Words, bytes, len, most, reader)
}

/// Returns the control bytes of a block: bit i is set exactly if byte i is one.
///
/// No addition carries from one byte into the next.
#[inline(always)]
fn controls(block: &[u8; 64]) -> u64 {
    let (words, _) = block.as_chunks::<8>();
    words.iter().rev().fold(0, |mask, word| {
        let word = u64::from_le_bytes(*word);
        let seven = word & !HIGH;
        // The top bit of each byte is set if the byte is at least 0x20, or is not DEL.
        let visible = (seven + LOW * 0x60) | word;
        let not_del = ((seven ^ (LOW * 0x7f)) + LOW * 0x7f) | word;
        let control = (!visible | !not_del) & HIGH;
        // The multiplication gathers the eight top bits in the top byte.
        mask << 8 | (control >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

pub(crate) fn control(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for chunk in words {
        let word = u64::from_le_bytes(*chunk);
        // HTAB counts as a candidate: it is rare, and excluding it would cost time for every word.
        if (below(word, 0x20) | equal(word, 0x7f)) != 0
            && let Some(found) = chunk.iter().position(|&byte| stops(byte))
        {
            return Some(at + found);
        }
        at += 8;
    }
    rest.iter().position(|&byte| stops(byte)).map(|found| at + found)
}

/// Returns whether `bytes` contains a control byte other than HTAB.
///
/// The last word ends with the last byte, and may overlap the word before.
pub(super) fn has_control(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else {
        return bytes.iter().any(|&byte| stops(byte));
    };
    let may_stop = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        below(word, 0x20) | equal(word, 0x7f)
    };
    let (words, _) = bytes.as_chunks::<8>();
    // HTAB counts as a candidate, as in `control`.
    let any = words.iter().fold(may_stop(last), |any, word| any | may_stop(word));
    any != 0 && control(bytes).is_some()
}

pub(super) const fn stops(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}
