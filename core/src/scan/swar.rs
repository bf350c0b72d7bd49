//! Eight octets at a time in a plain register.
//!
//! In a word `w` an octet below 0x20 is one whose subtraction of 0x20 borrows while its top bit was clear; equality
//! with a constant is an octet that becomes zero under XOR. Borrows may run into the octets above, so only the lowest
//! flag is trusted, and the octet there is looked at again.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

const fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(LOW * bound as u64) & !word & HIGH
}

const fn equal(word: u64, octet: u8) -> u64 {
    below(word ^ (LOW * octet as u64), 1)
}

pub(crate) fn control(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut words = bytes.chunks_exact(8);
    for chunk in &mut words {
        let word = u64::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7]]);
        // HTAB counts as a candidate here: it is rare, and leaving it out would cost every word.
        if (below(word, 0x20) | equal(word, 0x7f)) != 0
            && let Some(found) = chunk.iter().position(|&octet| stops(octet))
        {
            return Some(at + found);
        }
        at += 8;
    }
    words.remainder().iter().position(|&octet| stops(octet)).map(|found| at + found)
}

const fn stops(octet: u8) -> bool {
    (octet < 0x20 && octet != b'\t') || octet == 0x7f
}
