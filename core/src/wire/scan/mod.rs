//! The scanner: fast search for the lines of a head.
//!
//! All `unsafe` code of this crate is in this module.
//!
//! # How it works
//!
//! A head consists of lines, and the bytes that end a line (CR, LF) are control bytes. So one pass
//! over the head, 64 bytes at a time, tests each byte: *is it a control byte?* The results of a
//! block are the bits of one word. An example with 16 bytes (`.` is a zero):
//!
//! ```text
//! bytes     A : 1 ␍ ␊ B b : 2 ␍ ␊ ␍ ␊ x y z
//! control    . . . 1 1 . . . . 1 1 1 1 . . .      mask
//! begins     . . . 1 . . . . . 1 . . . . . .      mask & !(mask << 1)
//! third      . . . . . . . . . . . 1 1 . . .      mask & mask << 1 & mask << 2
//! ```
//!
//! (The first byte is the lowest bit, so `<<` moves the bits to the right in this picture.) Where a
//! run of control bytes *begins*, a line may end: in the example, two lines end, at 3 and at 9. A
//! run of *three* means that a line begins with a control byte. Only the empty line does, so the
//! head ends with it. No step depends on where a line began, so the processor works on several
//! blocks at the same time. A scanner that walks from line to line has to wait for the end of each.
//!
//! This pass also validates the field values. A stray NUL or a bare LF begins a run of its own, so
//! it looks like the end of a line. The module `head` then finds no CRLF at that place. The same
//! happens with an HTAB, which a value may contain. Such a head is rare, and is parsed line by
//! line.
//!
//! The second pass counts the token characters at the beginning of each field line, which are its
//! name. It then passes the line to the module `head`. Apart from the two passes, [`run`] counts
//! consecutive bytes of a class, for example of a target. [`control`] finds the end of
//! a line for the parser that works line by line.
//!
//! # The implementations
//!
//! The two passes are written once, in `passes.rs`. `x86.rs`, `neon.rs` and `wasm.rs` implement
//! their basic operations with vector instructions, `swar.rs` with ordinary arithmetic on words. On
//! x86-64 the choice between AVX2 and SSE2 is made once, at run time. On other machines it is made
//! at compile time. `naive.rs` is the simple implementation that all others
//! are compared with.

pub(crate) mod class;
#[cfg(test)]
mod naive;
#[cfg(all(target_arch = "aarch64", target_feature = "neon", not(miri)))]
mod neon;
mod passes;
mod path;
pub(crate) mod swar;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod x86;

pub(crate) use class::Class;
pub(crate) use passes::{Line, OPENING, PADDING, Reader};
pub use path::Path;

/// Parses the head at the beginning of `bytes`, and returns the reader's result.
///
/// The empty line must be within the first `len` bytes; bytes after the head do not matter. Returns
/// `None` in these cases, in which the data given to the reader is meaningless:
///
/// - The head is incomplete.
/// - Fewer than [`PADDING`] bytes follow the first `len`.
/// - The head has more than `most` lines, or more than 129, its start line included.
/// - The first line has fewer than 8 bytes, so it is no start line.
/// - The reader rejects a line or the head, or this build has no scanner.
///
/// At the end of each line is some control byte; the reader must check that it is a CRLF. The
/// caller must check that the head ends within `len`, as its last LF may not.
#[inline]
pub(crate) fn head<'a, R: Reader<'a>>(
    bytes: &[u8],
    len: usize,
    most: usize,
    reader: R,
) -> Option<usize> {
    head_on(Path::current(), bytes, len, most, reader)
}

#[inline(always)]
#[allow(unsafe_code)]
fn head_on<'a, R: Reader<'a>>(
    path: Path,
    bytes: &[u8],
    len: usize,
    most: usize,
    reader: R,
) -> Option<usize> {
    match path {
        // SAFETY: the path is AVX2 only where the processor has what that asks for.
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        Path::Avx2 => unsafe { x86::head_avx2(bytes, len, most, reader) },
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        Path::Sse2 => x86::head_sse2(bytes, len, most, reader),
        #[cfg(all(target_arch = "aarch64", target_feature = "neon", not(miri)))]
        Path::Neon => neon::head(bytes, len, most, reader),
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Path::Simd128 => wasm::head(bytes, len, most, reader),
        _ if Path::HAS_SWAR => swar::head(bytes, len, most, reader),
        // No other path exists. Without one, heads are parsed line by line.
        _ => None,
    }
}

/// Returns the number of consecutive bytes of a class from offset `at` on.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(crate) fn run(class: &Class, bytes: &[u8], at: usize) -> usize {
    run_on(Path::current(), class, bytes, at)
}

/// Splits `bytes` after the token at their beginning.
///
/// The token may be empty. It is scanned byte by byte, because most tokens are short.
#[inline]
#[allow(unsafe_code)]
pub(crate) fn token(bytes: &[u8]) -> (&str, &[u8]) {
    let (token, rest) = bytes.split_at(class::TOKEN_CLASS.run(bytes, 0));
    // SAFETY: the bytes of a class are ASCII.
    (unsafe { core::str::from_utf8_unchecked(token) }, rest)
}

#[inline(always)]
#[allow(unsafe_code)]
fn run_on(path: Path, class: &Class, bytes: &[u8], at: usize) -> usize {
    match path {
        // SAFETY: the path is AVX2 only where the processor has what that asks for.
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        Path::Avx2 => unsafe { x86::run_avx2(class, bytes, at) },
        #[cfg(all(target_arch = "aarch64", target_feature = "neon", not(miri)))]
        Path::Neon => neon::run(class, bytes, at),
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Path::Simd128 => wasm::run(class, bytes, at),
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        Path::Sse2 => x86::run_sse2(class, bytes, at),
        _ => class.run_on(bytes, at),
    }
}

/// Returns whether `bytes` contains a control byte other than HTAB.
#[inline]
pub(crate) fn has_control(bytes: &[u8]) -> bool {
    swar::has_control(bytes)
}

/// Returns the offset of the first control byte other than HTAB.
///
/// In a field value, only these bytes may end the line or be an error. Meant for input that arrives
/// in small pieces.
#[inline]
pub(crate) fn control(bytes: &[u8]) -> Option<usize> {
    match bytes {
        // A single byte, the slowest form of input, is not worth a call.
        [byte] => swar::stops(*byte).then_some(0),
        _ => swar::control(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::passes::LINES;
    use super::*;
    use crate::wire::scan::class::is_tchar;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    #[test]
    fn control_agrees_with_its_twin_on_every_byte_at_every_place() {
        for byte in (0..=255u8).step_by(if cfg!(miri) { 37 } else { 1 }) {
            for len in 0..if cfg!(miri) { 18 } else { 70 } {
                for at in 0..=len {
                    let mut bytes = alloc::vec![b'a'; len + 1];
                    bytes[at] = byte;
                    bytes[len] = b'\r';
                    assert_eq!(
                        control(&bytes),
                        naive::control(&bytes),
                        "byte {byte} at {at} of {len}"
                    );
                    assert_eq!(control(&bytes[..len]), naive::control(&bytes[..len]));
                    assert_eq!(has_control(&bytes[..len]), naive::control(&bytes[..len]).is_some());
                }
            }
        }
    }

    struct Seen<'a> {
        bytes: &'a [u8],
        lines: &'a mut Vec<(usize, usize, usize)>,
    }

    impl<'a> Reader<'a> for Seen<'a> {
        type State = &'a [u8];
        type Item = (usize, usize, usize);

        fn start(
            self,
            _: impl Fn() -> usize,
            _: impl Fn(&Class, &[u8], usize) -> usize,
            _: &[u8],
            ends: &[u32],
        ) -> Option<(&'a [u8], &'a mut Vec<Self::Item>)> {
            self.lines.reserve(ends.len() - 1);
            Some((self.bytes, self.lines))
        }

        fn finish(_: &'a [u8]) -> Option<usize> {
            Some(0)
        }

        fn line_slow(_: &mut &'a [u8], bytes: &[u8], line: Line<'_>) -> Self::Item {
            let rest = &bytes[line.start..];
            (line.start, rest.iter().take_while(|&&byte| is_tchar(byte)).count(), line.end)
        }

        fn line(bytes: &mut &'a [u8], line: Line<'_>) -> Option<Self::Item> {
            let rest = &bytes[line.start..];
            assert_eq!(line.name_begins.to_le_bytes(), rest[..8]);
            assert_eq!(line.name_ends.to_le_bytes(), bytes[line.start + line.name - 8..][..8]);
            assert_eq!(line.middle, &rest[line.name..][..3]);
            assert_eq!(line.closing, &bytes[line.end - 1..][..3]);
            // A path may stop early and leave the rest of the name to the reader.
            let all = rest.iter().take_while(|&&byte| is_tchar(byte)).count();
            assert!(line.name == all || (line.name < all && line.middle[0] != b':'));
            // Half of the lines are reported as unusual.
            (line.end & 1 == 0).then_some((line.start, all, line.end))
        }
    }

    /// Checks that all available instruction sets agree with `naive`.
    ///
    /// The input is followed by each of four different bytes.
    fn agree(input: &[u8]) {
        for path in Path::available() {
            for after in [b'x', b'\r', b' ', b':'] {
                let (bytes, mut lines) = ([input, &[after; PADDING]].concat(), Vec::new());
                let seen = Seen { bytes: &bytes, lines: &mut lines };
                let found = head_on(path, &bytes, input.len(), usize::MAX, seen).map(|_| lines);
                let expected = naive::lines(input, &bytes[input.len()..]);
                assert_eq!(found, expected, "{path:?} {:?}", input.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn runs_end_at_the_first_byte_of_no_class() {
        for (class, has) in [
            (&crate::wire::scan::class::TOKEN_CLASS, is_tchar as fn(u8) -> bool),
            (&crate::wire::scan::class::TARGET_CLASS, crate::wire::scan::class::is_target_byte),
        ] {
            for byte in (0..=255u8).step_by(if cfg!(miri) { 5 } else { 1 }) {
                for at in (0..70).step_by(if cfg!(miri) { 23 } else { 1 }) {
                    let mut bytes = [b'a'; 75];
                    bytes[at] = byte;
                    let expected = if has(byte) { 75 } else { at };
                    for path in Path::available() {
                        assert_eq!(
                            run_on(path, class, &bytes, 0),
                            expected,
                            "{path:?} {byte} at {at}"
                        );
                        assert_eq!(run_on(path, class, &bytes[..at], 0), at);
                        assert_eq!(run_on(path, class, &bytes, 80), 0);
                    }
                }
            }
        }
    }

    #[test]
    fn every_byte_at_every_place_of_a_block() {
        let (values, places) = if cfg!(miri) { (61, 47) } else { (1, 1) };
        for byte in (0..=255u8).step_by(values) {
            for at in (0..140).step_by(places) {
                let mut bytes = [b'a'; 144];
                bytes[at] = byte;
                bytes[140..].copy_from_slice(b"\r\n\r\n");
                agree(&bytes);
                agree(&bytes[..143]);
            }
        }
    }

    #[test]
    fn every_name_at_every_distance_from_the_end() {
        for byte in (0..=255u8).step_by(if cfg!(miri) { 61 } else { 1 }) {
            for len in (0..70).step_by(if cfg!(miri) { 17 } else { 1 }) {
                let name = [&[b'n'; 80][..len], &[byte], b":"].concat();
                agree(&[&b"the first\r\n"[..], &name, b"\r\n\r\n"].concat());
                agree(&[&name, &b"\r\n\r\n"[..]].concat());
            }
        }
    }

    #[test]
    fn more_lines_than_are_asked_for_are_not_read() {
        for path in Path::available() {
            for (lines, most, wanted) in [
                (3, 4, true),
                (64, 3, false),
                (LINES - 1, LINES, true),
                (LINES + 1, LINES, false),
                (LINES + 1, LINES + 1, false),
            ] {
                let others = b"a\r\n".repeat(lines - 1);
                let bytes = [&b"the first\r\n"[..], &others, b"\r\n", &[b'x'; PADDING]].concat();
                let seen = Seen { bytes: &bytes, lines: &mut Vec::new() };
                let is_read = head_on(path, &bytes, bytes.len() - PADDING, most, seen);
                assert_eq!(is_read.is_some(), wanted, "{path:?} {lines} of {most}");
            }
        }
    }

    #[test]
    fn random_lines() {
        let mut state = 0x5eed_u64;
        let mut below = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % bound as u64) as usize
        };
        for _ in 0..if cfg!(miri) { 15 } else { 10_000 } {
            let mut bytes = Vec::new();
            for _ in 0..below(9) {
                let line = below(90);
                bytes.extend((0..line).map(|_| b"abcXYZ019-_!~:: \t\x80\xff"[below(19)]));
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"\r\n");
            for _ in 0..below(3) {
                let at = below(bytes.len());
                bytes[at] = b"\r\n\0\x7f\x1f a:"[below(8)];
            }
            agree(&bytes);
        }
    }
}
