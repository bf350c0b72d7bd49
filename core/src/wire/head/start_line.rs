//! The start line of a request or a response.

use super::section::Tolerated;
use crate::limits::Limits;
use crate::wire::fields::Span;
use crate::wire::scan::class::{Class, TARGET_CLASS};

/// The parts of a start line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StartLine {
    /// The method of a request, or the reason phrase of a response.
    pub(super) word: Span,
    pub(super) target: Span,
    pub(super) status: u16,
    /// The minor version, the x of HTTP/1.x; 0 for HTTP/0.x, 1 for HTTP/2.x to 9.x.
    pub(super) minor: u8,
}

/// Returns whether these bytes are `HTTP/`, a digit, a dot, and any byte.
#[cold]
fn is_any_version(version: [u8; 8]) -> bool {
    let [name @ .., major, dot, _] = version;
    name == *b"HTTP/" && major.is_ascii_digit() && dot == b'.'
}

/// The bytes `HTTP/1.`, the first one lowest.
const HTTP_1: u64 = u64::from_le_bytes(*b"HTTP/1.\0");

impl StartLine {
    /// Parses `method SP request-target SP HTTP-version` (RFC 9112, section 3).
    ///
    /// There must be exactly two spaces.
    ///
    /// The line is the first `end` bytes of `bytes`; bytes after it are ignored. It begins with
    /// `method` token characters. `run` is [`scan::run`](crate::wire::scan::run).
    #[inline(always)]
    pub(super) fn request(
        method: usize,
        run: impl Fn(&Class, &[u8], usize) -> usize,
        bytes: &[u8],
        end: usize,
        limits: &Limits,
    ) -> Option<Self> {
        let target = method + 1;
        let target_end = target + run(&TARGET_CLASS, bytes, target);
        let version: &[u8; 9] = bytes.get(target_end..end)?.try_into().ok()?;
        let [name @ .., minor] = version;
        let is_well = u64::from_le_bytes(*name) == HTTP_1 << 8 | b' ' as u64
            && minor.is_ascii_digit()
            && bytes.get(method) == Some(&b' ')
            && method > 0
            && target_end > target
            && end <= limits.start_line as usize
            && method <= limits.method as usize;
        is_well.then(|| Self {
            word: Span::new(0, method),
            target: Span::new(target, target_end),
            status: 0,
            minor: minor - b'0',
        })
    }

    /// Parses `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112, section 4).
    #[inline]
    pub(super) fn response(line: &[u8], tolerated: Tolerated, limits: &Limits) -> Option<Self> {
        let (version, rest) = line.split_first_chunk::<8>()?;
        let ([space, code @ ..], rest) = rest.split_first_chunk::<4>()?;
        let [hundreds, tens, ones] = code.map(|digit| u16::from(digit.wrapping_sub(b'0')));
        let mut minor = version[7].wrapping_sub(b'0');
        let is_http_1 = u64::from_le_bytes(*version) & 0x00ff_ffff_ffff_ffff == HTTP_1;
        let is_well = *space == b' '
            && (is_http_1 || (tolerated.any_version && is_any_version(*version)))
            && (minor <= 9 && (1..=9).contains(&hundreds) && tens <= 9 && ones <= 9)
            && (rest.first() == Some(&b' ') || (tolerated.bare_status && rest.is_empty()))
            && line.len() <= limits.start_line as usize;
        if !is_http_1 {
            minor = u8::from(version[5] > b'0');
        }
        is_well.then(|| Self {
            word: Span::new(line.len() - rest.len().saturating_sub(1), line.len()),
            target: Span::default(),
            status: hundreds * 100 + tens * 10 + ones,
            minor,
        })
    }
}
