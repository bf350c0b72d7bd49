//! The capsules after a 101: DATAGRAM is parsed and written, others are skipped.
//!
//! RFC 9297, section 3.

use alloc::vec::Vec;
use core::ops::Range;

use bytes::BufMut;

use crate::error::ErrorKind;
use crate::wire::buffer::overlap;
use crate::wire::memory;

/// A fault that aborts a stream of capsules (RFC 9297, section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CapsuleFault {
    /// A datagram's payload is longer than the parser's limit.
    TooLong,
    /// A datagram has no complete context identifier (RFC 9298, section 5).
    NoContext,
    /// The stream ended inside a capsule, or before all capsules were read.
    Truncated,
}

crate::enums::enums! {
    CapsuleFault { TooLong = "too-long", NoContext = "no-context", Truncated = "truncated" }
}

impl CapsuleFault {
    /// Returns a description of the fault in English, without a period.
    pub const fn text(self) -> &'static str {
        match self {
            Self::TooLong => "a datagram is longer than the limit",
            Self::NoContext => "a datagram has no context",
            Self::Truncated => "the stream ended inside a capsule",
        }
    }
}

impl core::fmt::Display for CapsuleFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for CapsuleFault {}

/// An HTTP Datagram, which a DATAGRAM capsule carries (RFC 9297, section 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// The context identifier: 0 is a UDP payload or an IP packet.
    ///
    /// Both sides agree on other values; drop a datagram with an unknown one (RFC 9298, sections 4
    /// and 5). The identifier has 62 bits, and higher bits are not written.
    pub context: u64,
    /// The payload: the bytes of the datagram after the context identifier.
    pub payload: &'a [u8],
}

const DATAGRAM: u64 = 0;

/// The largest variable-length integer (RFC 9000, section 16).
const LARGEST: u64 = (1 << 62) - 1;

/// A parser of DATAGRAM capsules, for the bytes after a 101.
///
/// Capsules of other types are skipped (RFC 9297, section 3.2).
pub struct Capsules {
    /// The longest datagram payload in bytes, which limits the memory used.
    longest: usize,
    held: Vec<u8>,
    /// The number of bytes of `held` that have been consumed.
    passed: usize,
    /// The number of bytes still to skip of a capsule other than DATAGRAM.
    skip: u64,
    /// The fault of the stream of capsules; after it nothing is parsed.
    fault: Option<CapsuleFault>,
}

/// Formats only the state, not the payloads.
impl core::fmt::Debug for Capsules {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Capsules")
            .field("held", &(self.held.len() - self.passed))
            .field("skip", &self.skip)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

impl Capsules {
    /// The length of the longest UDP payload in bytes (RFC 9298, section 5).
    pub const UDP_PAYLOAD: usize = 65_527;

    /// Creates a parser of datagrams with at most `longest` bytes of payload.
    ///
    /// [`UDP_PAYLOAD`](Self::UDP_PAYLOAD) is the maximum of UDP.
    pub fn new(longest: usize) -> Self {
        Self { longest, held: Vec::new(), passed: 0, skip: 0, fault: None }
    }

    /// Appends bytes of the stream of capsules that the peer sends after the 101.
    ///
    /// The first are those that [`take_leftover`](crate::Connection::take_leftover) returns. Next:
    /// [`next_datagram`](Self::next_datagram) until it returns `None`.
    pub fn receive(&mut self, bytes: &[u8]) {
        memory::or_end(self.try_receive(bytes));
    }

    /// Appends bytes of the stream of capsules like [`receive`](Self::receive).
    ///
    /// # Errors
    ///
    /// `OutOfMemory`; nothing is appended.
    pub(crate) fn try_receive(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        self.held.drain(..core::mem::take(&mut self.passed));
        let len = self.held.len() + bytes.len();
        memory::fit(&mut self.held, len)?;
        self.held.extend_from_slice(bytes);
        Ok(())
    }

    /// Returns whether `bytes` overlaps the memory that holds received capsules.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        overlap(&self.held, bytes)
    }

    /// Returns the next datagram; `None` if more bytes are needed.
    ///
    /// # Errors
    ///
    /// The fault of the stream of capsules, which is then aborted: each further call returns the
    /// same error.
    pub fn next_datagram(&mut self) -> Result<Option<Datagram<'_>>, CapsuleFault> {
        let datagram = match self.fault {
            Some(fault) => Err(fault),
            None => self.read(),
        };
        self.fault = datagram.as_ref().err().copied();
        let datagram = datagram?;
        Ok(datagram.map(|(context, payload)| Datagram { context, payload: &self.held[payload] }))
    }

    /// Consumes the next datagram; returns its context and its payload's range.
    ///
    /// The range is within `held`. `None` if more bytes are needed.
    fn read(&mut self) -> Result<Option<(u64, Range<usize>)>, CapsuleFault> {
        let value = loop {
            let rest = &self.held[self.passed..];
            let skipped = self.skip.min(rest.len() as u64);
            self.skip -= skipped;
            self.passed += skipped as usize;
            let rest = &rest[skipped as usize..];
            let Some((kind, after)) = varint(rest) else { return Ok(None) };
            let Some((len, value)) = varint(after) else { return Ok(None) };
            let prefix = rest.len() - value.len();
            if kind != DATAGRAM {
                self.passed += prefix;
                self.skip = len;
                continue;
            }
            // A context identifier has at most eight bytes.
            if len > (self.longest as u64).saturating_add(8) {
                return Err(CapsuleFault::TooLong);
            }
            let start = self.passed + prefix;
            let Some(end) = usize::try_from(len).ok().and_then(|len| start.checked_add(len)) else {
                return Err(CapsuleFault::TooLong);
            };
            if self.held.len() < end {
                return Ok(None);
            }
            self.passed = end;
            break start..end;
        };
        let (context, payload) =
            varint(&self.held[value.clone()]).ok_or(CapsuleFault::NoContext)?;
        if payload.len() > self.longest {
            return Err(CapsuleFault::TooLong);
        }
        Ok(Some((context, value.end - payload.len()..value.end)))
    }

    /// Checks that the stream ends between two capsules.
    ///
    /// # Errors
    ///
    /// `Truncated` if it ends inside a capsule, or if not all capsules have been read yet; or the
    /// earlier fault of the stream.
    pub fn finish(&self) -> Result<(), CapsuleFault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let is_whole = self.skip == 0 && self.held.len() == self.passed;
        if is_whole { Ok(()) } else { Err(CapsuleFault::Truncated) }
    }
}

impl Datagram<'_> {
    /// Writes the datagram as a DATAGRAM capsule (RFC 9297, section 3.5).
    ///
    /// # Panics
    ///
    /// If `out` has room for fewer bytes than [`written_len`](Self::written_len) returns.
    pub fn write(&self, out: &mut impl BufMut) {
        let len = self.payload.len() as u64 + varint_len(self.known_context()) as u64;
        for number in [DATAGRAM, len, self.known_context()] {
            put_varint(number, out);
        }
        out.put_slice(self.payload);
    }

    /// Returns the number of bytes that [`write`](Self::write) writes.
    pub fn written_len(&self) -> usize {
        let len = self.payload.len() + varint_len(self.known_context());
        1 + varint_len(len as u64) + len
    }

    fn known_context(&self) -> u64 {
        self.context & LARGEST
    }
}

/// Parses a variable-length integer; returns it and the bytes after it.
///
/// RFC 9000, section 16. `None` if it is incomplete.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let len = 1 << (bytes.first()? >> 6);
    let (bytes, rest) = bytes.split_at_checked(len)?;
    let number = bytes.iter().fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
    Some((number & (u64::MAX >> (66 - 8 * len)), rest))
}

fn varint_len(number: u64) -> usize {
    match number {
        0..=0x3f => 1,
        0x40..=0x3fff => 2,
        0x4000..=0x3fff_ffff => 4,
        _ => 8,
    }
}

fn put_varint(number: u64, out: &mut impl BufMut) {
    match varint_len(number) {
        1 => out.put_u8(number as u8),
        2 => out.put_u16(number as u16 | 0x4000),
        4 => out.put_u32(number as u32 | 0x8000_0000),
        _ => out.put_u64(number | 0xc000_0000_0000_0000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    /// Returns as text the datagrams in `bytes`, and the fault if there is one.
    ///
    /// The parser receives `piece` bytes at a time.
    fn shown(bytes: &[u8], piece: usize, longest: usize) -> String {
        let (mut capsules, mut out) = (Capsules::new(longest), String::new());
        for piece in bytes.chunks(piece) {
            capsules.receive(piece);
            loop {
                match capsules.next_datagram() {
                    Ok(Some(Datagram { context, payload })) => {
                        out += &alloc::format!("{context}:{} ", String::from_utf8_lossy(payload));
                    }
                    Ok(None) => break,
                    Err(fault) => return out + fault.name(),
                }
            }
        }
        out + capsules.finish().err().map_or("", CapsuleFault::name)
    }

    /// Capsules of unknown types are skipped, and a truncated capsule is an error.
    ///
    /// Both hold for input in pieces of every length. Requirement R9297-3.3-1.
    #[test]
    fn streams() {
        let mut stream = Vec::new();
        Datagram { context: 0, payload: b"one" }.write(&mut stream);
        // Type 0x1b with two bytes, and a type with a length of 70 encoded in eight bytes.
        stream.extend_from_slice(b"\x1b\x02xx\x2f\xc0\0\0\0\0\0\0\x46");
        stream.extend_from_slice(&[b'y'; 70]);
        Datagram { context: 64, payload: b"" }.write(&mut stream);
        // An integer may be encoded longer than necessary (RFC 9000 16).
        stream.extend_from_slice(b"\x40\x00\x40\x04\x40\x00zz");
        for piece in 1..=stream.len() {
            assert_eq!(shown(&stream, piece, 100), "0:one 64: 0:zz ", "{piece}");
            assert_eq!(
                shown(&stream[..stream.len() - 1], piece, 100),
                "0:one 64: truncated",
                "{piece}"
            );
            assert_eq!(shown(&stream[..20], piece, 100), "0:one truncated", "{piece}");
            assert_eq!(shown(&stream, piece, 2), "too-long", "{piece}");
        }
        assert_eq!(shown(b"\x00\x00", 1, 9), "no-context");
        assert_eq!(shown(b"\x00\x01\x40", 1, 9), "no-context");
        assert_eq!(
            shown(b"\x00\xff\xff\xff\xff\xff\xff\xff\xff", 3, Capsules::UDP_PAYLOAD),
            "too-long"
        );
    }

    #[test]
    fn the_length_is_known_before() {
        let beyond = Datagram { context: 1 << 62 | 7, payload: b"abc" };
        let mut out = Vec::new();
        beyond.write(&mut out);
        assert_eq!(
            (shown(&out, 1, usize::MAX).as_str(), out.len()),
            ("7:abc ", beyond.written_len())
        );
        for (context, len) in
            [(0, 0), (63, 62), (64, 63), (1 << 14, 16_383), (1 << 30, 65_527), ((1 << 62) - 1, 1)]
        {
            let (payload, mut out) = (alloc::vec![b'x'; len], Vec::new());
            let datagram = Datagram { context, payload: &payload };
            datagram.write(&mut out);
            assert_eq!(out.len(), datagram.written_len());
            let mut capsules = Capsules::new(Capsules::UDP_PAYLOAD);
            capsules.receive(&out);
            assert_eq!(capsules.next_datagram(), Ok(Some(datagram)));
        }
    }
}
