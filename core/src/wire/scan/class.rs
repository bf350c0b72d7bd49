//! Sets of bytes, such as those of a token, for lookup of 16 or 32 bytes at once.

/// A set of ASCII characters, as a table of 16 columns.
///
/// The low four bits of a byte select the column, and the high four bits select a bit in it. Bytes
/// above 0x7f are in no set.
#[derive(Debug)]
pub(crate) struct Class {
    #[cfg_attr(any(miri, not(target_arch = "x86_64")), allow(dead_code))]
    pub(super) columns: [u8; 16],
    /// The two ranges of a class that consists of exactly two ranges, else `None`.
    #[cfg_attr(any(miri, not(target_arch = "x86_64")), allow(dead_code))]
    pub(super) ranges: Option<Ranges>,
    /// The table for lookup of single bytes; `bit` is this set's bit in each entry.
    table: &'static [u8; 256],
    bit: u8,
}

/// Two byte ranges: the first byte of each, and the number of bytes after it.
///
/// Each number is repeated 16 times, to fill a vector.
pub(super) type Ranges = [([u8; 16], [u8; 16]); 2];

/// The bit for each value of the high four bits; 0 for bytes above 0x7f.
#[cfg_attr(any(miri, not(target_arch = "x86_64")), allow(dead_code))]
pub(super) const ROWS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

impl Class {
    /// Creates the class of the bytes whose entry in the table has `bit`.
    pub(crate) const fn of(table: &'static [u8; 256], bit: u8) -> Self {
        let (mut columns, mut byte) = ([0; 16], 0);
        while byte < table.len() {
            if table[byte] & bit != 0 {
                assert!(byte < 0x80, "a table has no column for it");
                columns[byte & 15] |= 1 << (byte >> 4);
            }
            byte += 1;
        }
        Self { columns, ranges: ranges(table, bit), table, bit }
    }

    /// Returns the number of consecutive bytes of the class from offset `at` on.
    #[inline]
    pub(super) fn run(&self, bytes: &[u8], at: usize) -> usize {
        let rest = bytes.get(at..).unwrap_or_default();
        let (table, bit) = (self.table, self.bit);
        let mut len = 0;
        // Each iteration handles four bytes. A single branch for all four would wait for four
        // lookups, and a short run, such as a method, would also pay for the bytes after it.
        while let Some([a, b, c, d]) = rest.get(len..).and_then(<[u8]>::first_chunk::<4>) {
            for (place, byte) in [a, b, c, d].into_iter().enumerate() {
                if table[*byte as usize] & bit == 0 {
                    return len + place;
                }
            }
            len += 4;
        }
        len + rest[len..].iter().take_while(|&&byte| table[byte as usize] & bit != 0).count()
    }

    /// Returns the number of consecutive bytes of the class from offset `at` on.
    ///
    /// It scans `LEN` bytes at a time, then the rest singly. `prefix` returns the number of bytes
    /// of the class at the beginning of one chunk.
    #[inline(always)]
    #[cfg_attr(
        any(
            miri,
            not(any(target_arch = "x86_64", target_feature = "neon", target_feature = "simd128"))
        ),
        allow(dead_code, reason = "no instruction says it of many bytes")
    )]
    pub(super) fn run_by<const LEN: usize>(
        &self,
        prefix: impl Fn(&[u8; LEN]) -> usize,
        bytes: &[u8],
        at: usize,
    ) -> usize {
        let mut len = 0;
        while let Some(chunk) = bytes.get(at + len..).and_then(<[u8]>::first_chunk) {
            let here = prefix(chunk);
            len += here;
            if here < LEN {
                return len;
            }
        }
        len + self.run_on(bytes, at + len)
    }

    /// Slow path of [`run_by`](Self::run_by): the last bytes, fewer than `LEN`.
    ///
    /// It also scans everything on machines without vectors. It is out of line to keep the head
    /// parser small.
    #[inline(never)]
    pub(super) fn run_on(&self, bytes: &[u8], at: usize) -> usize {
        self.run(bytes, at)
    }
}

const fn ranges(table: &[u8; 256], bit: u8) -> Option<Ranges> {
    let (mut ranges, mut count, mut at) = ([([0; 16], [0; 16]); 2], 0, 0);
    while at < table.len() {
        let first = at;
        while at < table.len() && table[at] & bit != 0 {
            at += 1;
        }
        if at > first {
            if count == ranges.len() {
                return None;
            }
            ranges[count] = ([first as u8; 16], [(at - first - 1) as u8; 16]);
            count += 1;
        }
        at += 1;
    }
    if count == ranges.len() { Some(ranges) } else { None }
}

const TOKEN: u8 = 1;
const TARGET: u8 = 2;
const HOST: u8 = 4;
const VALUE: u8 = 8;
const BASE64: u8 = 16;

/// The characters of a token.
pub(crate) static TOKEN_CLASS: Class = Class::of(CLASS, TOKEN);
/// The characters of a request target.
pub(crate) static TARGET_CLASS: Class = Class::of(CLASS, TARGET);
/// The characters of a host name, without percent-encoding.
pub(crate) static HOST_CLASS: Class = Class::of(CLASS, HOST);

/// The classes of each byte, one bit for each class.
const CLASS: &[u8; 256] = &classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let byte = index as u8;
        let mut class = 0;
        // RFC 9110 5.6.2: tchar.
        if byte.is_ascii_alphanumeric() || is_one_of(byte, b"!#$%&'*+-.^_`|~") {
            class |= TOKEN;
        }
        // RFC 9112 3.2: no whitespace, no control byte, no fragment. The caller decides about other
        // characters that a URI may not contain.
        if byte.is_ascii_graphic() && byte != b'#' {
            class |= TARGET;
        }
        // RFC 3986 3.2.2: reg-name without the percent sign, which two digits must follow.
        if byte.is_ascii_alphanumeric() || is_one_of(byte, b"-._~!$&'()*+,;=") {
            class |= HOST;
        }
        // RFC 9110 5.5: VCHAR, SP, HTAB, obs-text.
        if byte == b'\t' || (byte >= 0x20 && byte != 0x7f) {
            class |= VALUE;
        }
        if byte.is_ascii_alphanumeric() || is_one_of(byte, b"+/") {
            class |= BASE64;
        }
        table[index] = class;
        index += 1;
    }
    table
}

const fn is_one_of(byte: u8, set: &[u8]) -> bool {
    let mut at = 0;
    while at < set.len() {
        if set[at] == byte {
            return true;
        }
        at += 1;
    }
    false
}

pub(crate) const fn is_tchar(byte: u8) -> bool {
    CLASS[byte as usize] & TOKEN != 0
}

pub(crate) const fn is_target_byte(byte: u8) -> bool {
    CLASS[byte as usize] & TARGET != 0
}

pub(crate) fn is_value_byte(byte: u8) -> bool {
    CLASS[byte as usize] & VALUE != 0
}

/// Returns whether the byte is a digit of base64 (RFC 4648, section 4).
#[cfg(feature = "websocket")]
pub(crate) fn is_base64(byte: u8) -> bool {
    CLASS[byte as usize] & BASE64 != 0
}

pub(crate) fn is_host_byte(byte: u8) -> bool {
    CLASS[byte as usize] & HOST != 0
}
