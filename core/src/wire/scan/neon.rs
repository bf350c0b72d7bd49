//! The scanner for aarch64, with NEON: 16 bytes at a time.
#![allow(unsafe_code)]

use core::arch::aarch64::*;

use super::class::{Class, ROWS};
use super::passes::{self, OPENING, Questions, Reader};
use crate::wire::scan::class::TOKEN_CLASS;

/// The scanner's operations with NEON; compiled only for machines that have it.
#[derive(Clone, Copy)]
struct Neon;

impl Questions for Neon {
    #[inline(always)]
    fn controls(self, block: &[u8; 64]) -> u64 {
        // SAFETY: as said of the type.
        unsafe { controls(block) }
    }

    #[inline(always)]
    fn token(self, opening: &[u8; OPENING]) -> usize {
        // SAFETY: as above.
        unsafe { prefix(&TOKEN_CLASS, opening) }
    }

    #[inline(always)]
    fn run(self, class: &Class, bytes: &[u8], at: usize) -> usize {
        // SAFETY: as above.
        class.run_by(|chunk| unsafe { prefix(class, chunk) }, bytes, at)
    }
}

pub(super) fn head<'a, R: Reader<'a>>(
    bytes: &[u8],
    len: usize,
    most: usize,
    reader: R,
) -> Option<usize> {
    passes::head(Neon, bytes, len, most, reader)
}

pub(super) fn run(class: &Class, bytes: &[u8], at: usize) -> usize {
    Neon.run(class, bytes, at)
}

#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: 16 bytes are read where 16 are, and the instruction asks for no alignment.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn controls(block: &[u8; 64]) -> u64 {
    let (quarters, _) = block.as_chunks::<16>();
    let [a, b, c, d] = core::array::from_fn(|at| {
        let bytes = load(&quarters[at]);
        vorrq_u8(vcltq_u8(bytes, vdupq_n_u8(0x20)), vceqq_u8(bytes, vdupq_n_u8(0x7f)))
    });
    // NEON has no instruction that gathers the top bits. Each byte keeps the bit of its position,
    // and pairwise additions combine these bits.
    let places = load(&[1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128]);
    let ab = vpaddq_u8(vandq_u8(a, places), vandq_u8(b, places));
    let cd = vpaddq_u8(vandq_u8(c, places), vandq_u8(d, places));
    let abcd = vpaddq_u8(ab, cd);
    vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(abcd, abcd)))
}

#[inline]
#[target_feature(enable = "neon")]
fn prefix(class: &Class, bytes: &[u8; 32]) -> usize {
    let (halves, _) = bytes.as_chunks::<16>();
    let first = prefix_of(class, &halves[0]);
    if first < 16 { first } else { 16 + prefix_of(class, &halves[1]) }
}

#[inline]
#[target_feature(enable = "neon")]
fn prefix_of(class: &Class, bytes: &[u8; 16]) -> usize {
    let bytes = load(bytes);
    // An index beyond the table yields zero.
    let column = vqtbl1q_u8(load(&class.columns), vandq_u8(bytes, vdupq_n_u8(0x8f)));
    let row = vqtbl1q_u8(load(&ROWS), vshrq_n_u8::<4>(bytes));
    let others = vreinterpretq_u16_u8(vceqq_u8(vandq_u8(column, row), vdupq_n_u8(0)));
    // The narrowing shift leaves four bits for each byte.
    let others = vget_lane_u64::<0>(vreinterpret_u64_u8(vshrn_n_u16::<4>(others)));
    others.trailing_zeros() as usize / 4
}
