//! Eight bytes at a time in a plain register.
//!
//! In a word `w` a byte below 0x20 is one whose subtraction of 0x20 borrows while its top bit was
//! clear. Equality with a constant is a byte that becomes zero under XOR. Borrows may run into the
//! bytes above, so only the lowest flag is trusted, and the byte there is looked at again.

use super::class::Class;
use super::passes::{self, OPENING, Questions, Reader};
use crate::wire::scan::class::is_tchar;

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Returns the top bit of each byte below the bound.
///
/// The first is right; those after it may be wrong.
const fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(LOW * bound as u64) & !word & HIGH
}

const fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (LOW * byte as u64), 1)
}

/// The instruction set of any machine: words of 8 bytes.
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

/// Reads a head; a function of its own, as on the detected paths.
#[inline(never)]
pub(super) fn head<R: Reader>(
    bytes: &[u8],
    len: usize,
    most: usize,
    reader: &mut R,
) -> Option<usize> {
    passes::head(Words, bytes, len, most, reader)
}

/// Returns the control bytes, exact in every bit.
///
/// No sum or difference leaves its byte.
#[inline(always)]
fn controls(block: &[u8; 64]) -> u64 {
    let (words, _) = block.as_chunks::<8>();
    words.iter().rev().fold(0, |mask, word| {
        let word = u64::from_le_bytes(*word);
        let seven = word & !HIGH;
        // The top bit of a byte: at least 0x20; not DEL.
        let visible = (seven + LOW * 0x60) | word;
        let not_del = ((seven ^ (LOW * 0x7f)) + LOW * 0x7f) | word;
        let control = (!visible | !not_del) & HIGH;
        // Gathers the eight top bits into the top byte.
        mask << 8 | (control >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

pub(crate) fn control(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for chunk in words {
        let word = u64::from_le_bytes(*chunk);
        // HTAB counts as a candidate here: it is rare, and leaving it out would cost every word.
        if (below(word, 0x20) | equal(word, 0x7f)) != 0
            && let Some(found) = chunk.iter().position(|&byte| stops(byte))
        {
            return Some(at + found);
        }
        at += 8;
    }
    rest.iter().position(|&byte| stops(byte)).map(|found| at + found)
}

/// Words, of which the last ends with the bytes and repeats some of the one before.
pub(super) fn has_control(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else {
        return bytes.iter().any(|&byte| stops(byte));
    };
    let may_stop = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        below(word, 0x20) | equal(word, 0x7f)
    };
    let (words, _) = bytes.as_chunks::<8>();
    // HTAB counts as a candidate here, as above.
    let any = words.iter().fold(may_stop(last), |any, word| any | may_stop(word));
    any != 0 && control(bytes).is_some()
}

pub(super) const fn stops(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}
