//! WebSocket frames (RFC 6455, section 5.2): read from pieces, or built.

/// A WebSocket frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

pub(crate) const TEXT: u8 = 1;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// The mask of all frames that the audit sends as a client.
const MASK: [u8; 4] = [1, 2, 3, 4];
/// The longest payload in bytes whose length fits into the second byte of a frame.
///
/// It is also the longest payload of a control frame (RFC 6455, section 5.5).
const CONTROL_MAX: u8 = 125;

/// A reader of the frames at the beginning of a growing buffer.
#[derive(Default)]
pub(crate) struct FrameReader {
    /// The complete frames at the beginning of the buffer, as far as it was read.
    pub(crate) frames: Vec<Frame>,
    /// The offset in the buffer of the first byte after `frames`.
    at: usize,
    /// True if the last data frame was not the final one of its message.
    is_fragmented: bool,
    /// True once the next bytes cannot be a frame: reading has stopped.
    pub(crate) is_broken: bool,
    /// True if a masked frame breaks a rule.
    is_of_server: bool,
}

/// The head of a frame, which tells frames from other bytes.
struct FrameHead {
    is_final: bool,
    reserved: u8,
    opcode: u8,
    len: u64,
    mask: Option<[u8; 4]>,
}

impl FrameReader {
    /// Returns a reader of a server's frames, which are never masked.
    ///
    /// RFC 6455, section 5.1.
    pub(crate) fn of_server() -> Self {
        Self { is_of_server: true, ..Self::default() }
    }

    /// Reads the new complete frames in `bytes`, which are all bytes received so far.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        while !self.is_broken
            && let Some((head, rest)) = FrameHead::read(&bytes[self.at..])
        {
            self.is_broken =
                !head.is_legal(self.is_fragmented) || (self.is_of_server && head.mask.is_some());
            if self.is_broken {
                return;
            }
            let Some(payload) = usize::try_from(head.len).ok().and_then(|len| rest.get(..len))
            else {
                return;
            };
            if head.opcode < CLOSE {
                self.is_fragmented = !head.is_final;
            }
            let mask = head.mask.unwrap_or_default();
            let unmasked = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
            self.frames.push(Frame { opcode: head.opcode, payload: unmasked.collect() });
            self.at = bytes.len() - rest.len() + payload.len();
        }
    }
}

impl FrameHead {
    /// Reads a head; returns it with the bytes after it, or `None` if more are needed.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
        let (len, rest) = match second & 0x7f {
            126 => rest
                .split_first_chunk::<2>()
                .map(|(len, rest)| (u64::from(u16::from_be_bytes(*len)), rest))?,
            127 => {
                rest.split_first_chunk::<8>().map(|(len, rest)| (u64::from_be_bytes(*len), rest))?
            }
            len => (u64::from(len), rest),
        };
        let (mask, rest) = match second & 0x80 {
            0 => (None, rest),
            _ => rest.split_first_chunk::<4>().map(|(mask, rest)| (Some(*mask), rest))?,
        };
        let (is_final, reserved, opcode) = (first & 0x80 != 0, first & 0x70, first & 0x0f);
        Some((Self { is_final, reserved, opcode, len, mask }, rest))
    }

    /// Returns whether a frame may have this head, within a fragmented message or not.
    ///
    /// RSV1 is allowed: it belongs to permessage-deflate (RFC 7692, section 6).
    fn is_legal(&self, is_fragmented: bool) -> bool {
        let is_known = match self.opcode {
            0 => is_fragmented,
            1 | 2 => !is_fragmented,
            CLOSE..=PONG => self.is_final && self.len <= u64::from(CONTROL_MAX),
            _ => false,
        };
        is_known && self.reserved & 0x30 == 0
    }
}

/// Returns the complete WebSocket frames at the beginning of `bytes`.
pub(crate) fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut reader = FrameReader::default();
    reader.read(bytes);
    reader.frames
}

/// Returns a masked frame of a client; the payload is truncated to 125 bytes.
pub(crate) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let (len, payload) = short(payload);
    let masked = payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask);
    [0x80 | opcode, 0x80 | len].into_iter().chain(MASK).chain(masked).collect()
}

/// Returns an unmasked frame of a server; the payload is truncated to 125 bytes.
pub(crate) fn unmasked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let (len, payload) = short(payload);
    [&[0x80 | opcode, len], payload].concat()
}

/// Truncates a payload to 125 bytes; returns its length and the bytes.
fn short(payload: &[u8]) -> (u8, &[u8]) {
    let len = u8::try_from(payload.len()).unwrap_or(CONTROL_MAX).min(CONTROL_MAX);
    (len, &payload[..usize::from(len)])
}

#[cfg(test)]
mod tests {
    use super::{FrameReader, PING, PONG, frames, masked};

    #[test]
    fn bytes_that_are_no_frames_are_told_from_those_to_come() {
        let broken = |bytes: &[u8]| {
            let mut reader = FrameReader::default();
            reader.read(bytes);
            (reader.frames.len(), reader.is_broken)
        };
        // The last chunk, another response, a continuation of nothing, and a fragmented ping.
        for bytes in [&b"0\r\n\r\n"[..], b"HTTP/1.1 200 OK", b"\x80\0", b"\x09\0"] {
            assert_eq!(broken(bytes), (0, true), "{}", bytes.escape_ascii());
        }
        assert_eq!(broken(b"\x81\x05hel"), (0, false));
        // A message of two frames with a pong between them, then another message.
        assert_eq!(broken(b"\x01\x01a\x8a\0\x80\x01b\xc1\x01c"), (4, false));
        assert_eq!(broken(b"\x01\x01a\x81\x01b"), (1, true));
    }

    #[test]
    fn frames_are_read_in_pieces_as_at_once() {
        let long = [&b"\x82\x7e\x04\0"[..], &[7; 1024], b"\x8a\x05audit"].concat();
        let mut reader = FrameReader::default();
        (0..=long.len()).for_each(|len| reader.read(&long[..len]));
        assert_eq!(reader.frames, frames(&long));
        assert_eq!(reader.frames[1].opcode, PONG);
        assert_eq!(frames(&masked(PING, b"audit"))[0].payload, b"audit");
    }
}
