//! WebAssembly with fixed-width vectors: 16 bytes at a time.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::arch::wasm32::*;

use super::class::{Class, ROWS};
use super::passes::{self, Reader};
use crate::wire::scan::class::TOKEN_CLASS;

pub(super) fn ends(bytes: &[u8], len: usize, most: usize, ends: &mut Vec<u32>) -> Option<usize> {
    passes::ends(controls, bytes, len, most, ends)
}

pub(super) fn lines(bytes: &[u8], start: usize, ends: &[u32], reader: &mut impl Reader) {
    passes::lines(|opening| prefix(&TOKEN_CLASS, opening), bytes, start, ends, reader);
}

#[inline]
fn load(octets: &[u8; 16]) -> v128 {
    // SAFETY: 16 bytes are read where 16 are, and the instruction asks for no alignment.
    unsafe { v128_load(octets.as_ptr().cast()) }
}

#[inline]
fn controls(block: &[u8; 64]) -> u64 {
    let (quarters, _) = block.as_chunks::<16>();
    quarters.iter().rev().fold(0, |mask, quarter| {
        let octets = load(quarter);
        let tab = u8x16_eq(octets, u8x16_splat(b'\t'));
        let del = u8x16_eq(octets, u8x16_splat(0x7f));
        let control = v128_or(v128_andnot(u8x16_lt(octets, u8x16_splat(0x20)), tab), del);
        mask << 16 | u64::from(u8x16_bitmask(control))
    })
}

pub(super) fn run(class: &Class, bytes: &[u8], at: usize) -> usize {
    class.run_by(|octets| prefix(class, octets), bytes, at)
}

#[inline]
fn prefix(class: &Class, octets: &[u8; 32]) -> usize {
    let (halves, _) = octets.as_chunks::<16>();
    let others = halves.iter().rev().fold(0, |mask, half| {
        let octets = load(half);
        // An index beyond the table finds zero.
        let column = u8x16_swizzle(load(&class.columns), v128_and(octets, u8x16_splat(0x8f)));
        let row = u8x16_swizzle(load(&ROWS), u8x16_shr(octets, 4));
        let others = u8x16_eq(v128_and(column, row), u8x16_splat(0));
        mask << 16 | u32::from(u8x16_bitmask(others))
    });
    others.trailing_zeros() as usize
}
