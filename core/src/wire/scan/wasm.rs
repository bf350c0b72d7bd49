//! The scanner for WebAssembly with fixed-width vectors: 16 bytes at a time.
#![allow(unsafe_code)]

use core::arch::wasm32::*;

use super::class::{Class, ROWS};
use super::passes::{self, OPENING, Questions, Reader};
use crate::wire::scan::class::TOKEN_CLASS;

/// The scanner's operations with SIMD128; compiled only where that is enabled.
#[derive(Clone, Copy)]
struct Simd128;

impl Questions for Simd128 {
    #[inline(always)]
    fn controls(self, block: &[u8; 64]) -> u64 {
        controls(block)
    }

    #[inline(always)]
    fn token(self, opening: &[u8; OPENING]) -> usize {
        prefix(&TOKEN_CLASS, opening)
    }

    #[inline(always)]
    fn run(self, class: &Class, bytes: &[u8], at: usize) -> usize {
        class.run_by(|chunk| prefix(class, chunk), bytes, at)
    }
}

pub(super) fn head<'a, R: Reader<'a>>(
    bytes: &[u8],
    len: usize,
    most: usize,
    reader: R,
) -> Option<usize> {
    passes::head(Simd128, bytes, len, most, reader)
}

pub(super) fn run(class: &Class, bytes: &[u8], at: usize) -> usize {
    Simd128.run(class, bytes, at)
}

#[inline]
fn load(bytes: &[u8; 16]) -> v128 {
    // SAFETY: 16 bytes are read where 16 are, and the instruction asks for no alignment.
    unsafe { v128_load(bytes.as_ptr().cast()) }
}

#[inline]
fn controls(block: &[u8; 64]) -> u64 {
    let (quarters, _) = block.as_chunks::<16>();
    quarters.iter().rev().fold(0, |mask, quarter| {
        let bytes = load(quarter);
        let del = u8x16_eq(bytes, u8x16_splat(0x7f));
        let control = v128_or(u8x16_lt(bytes, u8x16_splat(0x20)), del);
        mask << 16 | u64::from(u8x16_bitmask(control))
    })
}

#[inline]
fn prefix(class: &Class, bytes: &[u8; 32]) -> usize {
    let (halves, _) = bytes.as_chunks::<16>();
    let others = halves.iter().rev().fold(0, |mask, half| {
        let bytes = load(half);
        // An index beyond the table yields zero.
        let column = u8x16_swizzle(load(&class.columns), v128_and(bytes, u8x16_splat(0x8f)));
        let row = u8x16_swizzle(load(&ROWS), u8x16_shr(bytes, 4));
        let others = u8x16_eq(v128_and(column, row), u8x16_splat(0));
        mask << 16 | u32::from(u8x16_bitmask(others))
    });
    others.trailing_zeros() as usize
}
