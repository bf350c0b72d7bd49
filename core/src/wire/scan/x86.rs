//! The scanner for x86-64: 32 bytes at a time with AVX2, 16 with SSE2.
//!
//! Every such processor has SSE2.
#![allow(unsafe_code)]

use core::arch::x86_64::*;

use super::class::{Class, ROWS, Ranges};
use super::passes::{self, OPENING, Questions, Reader};
use crate::wire::scan::class::TOKEN_CLASS;

/// Returns whether AVX2 may be used.
///
/// The processor must have AVX2, BMI1, BMI2 and POPCNT, and the system must save the wide registers
/// of each thread. The check repeats that of the standard library, to work without `std` too. It is
/// skipped if the target is compiled with these features; else an SGX enclave gets `false`.
pub(super) fn has_avx2() -> bool {
    if cfg!(all(
        target_feature = "avx2",
        target_feature = "bmi1",
        target_feature = "bmi2",
        target_feature = "popcnt"
    )) {
        return true;
    }
    // An SGX enclave cannot execute CPUID.
    if cfg!(target_env = "sgx") {
        return false;
    }
    // `__cpuid_count` is unsafe in the oldest supported Rust, and safe in newer ones.
    #[allow(unused_unsafe)]
    // SAFETY: every x86-64 has the instruction; outside of an enclave every program may use it.
    let ask = |leaf| unsafe { __cpuid_count(leaf, 0) };
    if ask(0).eax < 7 {
        return false;
    }
    let (old, new) = (ask(1).ecx, ask(7).ebx);
    let has_all = old & OSXSAVE != 0 && old & AVX != 0 && old & POPCNT != 0 && new & WIDE == WIDE;
    // SAFETY: OSXSAVE says that the instruction is there and may be used.
    has_all && unsafe { kept_registers() } & (XMM | YMM) == XMM | YMM
}

// Bits of ECX in leaf 1, of EBX in leaf 7 (AVX2, BMI1, BMI2), and of XCR0. See Intel's manual,
// volume 2, CPUID, and volume 1, 13.3.
const POPCNT: u32 = 1 << 23;
const OSXSAVE: u32 = 1 << 27;
const AVX: u32 = 1 << 28;
const WIDE: u32 = 1 << 5 | 1 << 3 | 1 << 8;
const XMM: u64 = 1 << 1;
const YMM: u64 = 1 << 2;

#[target_feature(enable = "xsave")]
fn kept_registers() -> u64 {
    // SAFETY: the processor has XSAVE, and register 0 is there with it.
    unsafe { _xgetbv(0) }
}

/// The scanner's operations with AVX2, which also use BMI1, BMI2 and POPCNT.
#[derive(Clone, Copy)]
struct Avx2;

impl Questions for Avx2 {
    #[inline(always)]
    fn controls(self, block: &[u8; 64]) -> u64 {
        // SAFETY: there is a value of this type only where the instructions are there.
        unsafe { controls_avx2(block) }
    }

    #[inline(always)]
    fn token(self, opening: &[u8; OPENING]) -> usize {
        // SAFETY: as above.
        unsafe { prefix_avx2(&TOKEN_CLASS, opening) }
    }

    #[inline(always)]
    fn run(self, class: &Class, bytes: &[u8], at: usize) -> usize {
        // SAFETY: as above.
        class.run_by(|chunk| unsafe { prefix_avx2(class, chunk) }, bytes, at)
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn head_avx2<'a, R: Reader<'a>>(
    bytes: &[u8],
    len: usize,
    most: usize,
    reader: R,
) -> Option<usize> {
    passes::head(Avx2, bytes, len, most, reader)
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn run_avx2(class: &Class, bytes: &[u8], at: usize) -> usize {
    Avx2.run(class, bytes, at)
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_avx2(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: 32 bytes are read where 32 are, and the instruction asks for no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// Returns the control bytes of a block: bit i is set if byte i is one.
///
/// To each byte 1 is added. As a signed number, the sum is above 0x20 exactly for the bytes 0x20 to
/// 0x7e; for 0x7f it overflows. Bytes above 0x7f are told by their highest bit: they are no control
/// bytes either.
#[inline]
#[target_feature(enable = "avx2")]
fn controls_avx2(block: &[u8; 64]) -> u64 {
    let (halves, _) = block.as_chunks::<32>();
    !halves.iter().rev().fold(0, |mask, half| {
        let bytes = load_avx2(half);
        let next = _mm256_add_epi8(bytes, _mm256_set1_epi8(1));
        let other = _mm256_or_si256(bytes, _mm256_cmpgt_epi8(next, _mm256_set1_epi8(0x20)));
        mask << 32 | u64::from(_mm256_movemask_epi8(other) as u32)
    })
}

/// Returns the number of leading bytes of the class, by a table of 16 by 8.
///
/// The low four bits of each byte select a column, the high four bits select a bit in it. Bytes
/// above 0x7f match nothing.
#[inline]
#[target_feature(enable = "avx2,bmi1")]
fn prefix_avx2(class: &Class, bytes: &[u8; 32]) -> usize {
    let bytes = load_avx2(bytes);
    let columns = _mm256_broadcastsi128_si256(load_sse2(&class.columns));
    let rows = _mm256_broadcastsi128_si256(load_sse2(&ROWS));
    let column = _mm256_shuffle_epi8(columns, bytes);
    let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0f));
    let row = _mm256_shuffle_epi8(rows, high);
    let others = _mm256_cmpeq_epi8(_mm256_and_si256(column, row), _mm256_setzero_si256());
    (_mm256_movemask_epi8(others) as u32).trailing_zeros() as usize
}

/// The scanner's operations with SSE2, which every x86-64 has.
#[derive(Clone, Copy)]
struct Sse2;

impl Questions for Sse2 {
    #[inline(always)]
    fn controls(self, block: &[u8; 64]) -> u64 {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { controls_sse2(block) }
    }

    #[inline(always)]
    fn token(self, opening: &[u8; OPENING]) -> usize {
        // SAFETY: as above.
        unsafe { token_sse2(opening) }
    }

    /// Counts bytes of a class: with SSE2 if it is two ranges, else byte by byte.
    #[inline(always)]
    fn run(self, class: &Class, bytes: &[u8], at: usize) -> usize {
        match &class.ranges {
            // SAFETY: SSE2 is part of x86-64.
            Some(ranges) => class.run_by(|chunk| unsafe { prefix_sse2(ranges, chunk) }, bytes, at),
            None => class.run(bytes, at),
        }
    }
}

/// Parses a head with SSE2; not inlined, so that choosing a path is cheap.
#[inline(never)]
pub(super) fn head_sse2<'a, R: Reader<'a>>(
    bytes: &[u8],
    len: usize,
    most: usize,
    reader: R,
) -> Option<usize> {
    passes::head(Sse2, bytes, len, most, reader)
}

#[inline(never)]
pub(super) fn run_sse2(class: &Class, bytes: &[u8], at: usize) -> usize {
    Sse2.run(class, bytes, at)
}

#[inline]
#[target_feature(enable = "sse2")]
fn load_sse2(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: 16 bytes are read where 16 are, and the instruction asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// Returns the control bytes of a block: bit i is set if byte i is one.
///
/// It works as [`controls_avx2`] does.
#[inline]
#[target_feature(enable = "sse2")]
fn controls_sse2(block: &[u8; 64]) -> u64 {
    let (quarters, _) = block.as_chunks::<16>();
    !quarters.iter().rev().fold(0, |mask, quarter| {
        let bytes = load_sse2(quarter);
        let next = _mm_add_epi8(bytes, _mm_set1_epi8(1));
        let other = _mm_or_si128(bytes, _mm_cmpgt_epi8(next, _mm_set1_epi8(0x20)));
        mask << 16 | u64::from(_mm_movemask_epi8(other) as u32)
    })
}

/// Returns the number of letters, digits, `-` and `_` at the beginning.
///
/// SSE2 has no table lookup for all token characters. A token with another character is counted
/// again by the slow path.
#[inline]
#[target_feature(enable = "sse2")]
fn token_sse2(bytes: &[u8; OPENING]) -> usize {
    let (halves, _) = bytes.as_chunks::<16>();
    let usual = halves.iter().rev().fold(0, |mask, half| {
        let bytes = load_sse2(half);
        let minus = |from: u8, bytes| _mm_sub_epi8(bytes, _mm_set1_epi8(from as i8));
        let letter = is_at_most(minus(b'a', _mm_or_si128(bytes, _mm_set1_epi8(0x20))), 25);
        let digit = is_at_most(minus(b'0', bytes), 9);
        let hyphen = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'-' as i8));
        let underscore = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'_' as i8));
        let usual = _mm_or_si128(_mm_or_si128(letter, digit), _mm_or_si128(hyphen, underscore));
        mask << 16 | _mm_movemask_epi8(usual) as u32
    });
    (!usual).trailing_zeros() as usize
}

#[inline]
#[target_feature(enable = "sse2")]
fn prefix_sse2(ranges: &Ranges, bytes: &[u8; 16]) -> usize {
    let bytes = load_sse2(bytes);
    let [one, other] = ranges.each_ref().map(|(first, more)| {
        let bytes = _mm_sub_epi8(bytes, load_sse2(first));
        _mm_cmpeq_epi8(_mm_min_epu8(bytes, load_sse2(more)), bytes)
    });
    (!_mm_movemask_epi8(_mm_or_si128(one, other))).trailing_zeros() as usize
}

#[inline]
#[target_feature(enable = "sse2")]
fn is_at_most(bytes: __m128i, bound: u8) -> __m128i {
    _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(bound as i8)), bytes)
}
