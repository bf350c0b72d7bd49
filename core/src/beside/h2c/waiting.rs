//! The queue of the client's frames that wait for the engine's connection window.

use alloc::vec::Vec;

use super::frame::{CONTINUATION, HEADER, HEADERS, Header};
use super::window::FIRST_WINDOW;
use crate::error::ErrorKind;
use crate::wire::memory::{self, Draft};

/// The number of queued bytes from which on the client is not read.
///
/// It covers the client's window, and frames that need no window. A frame that has begun is still
/// read to its end. The number is also the longest payload that may be queued.
pub(super) const MOST_WAITING: usize = 4 * FIRST_WINDOW;

/// Returns whether a client's frame is short enough to be queued.
///
/// A longer one is passed to the engine at once. Longer DATA exceeds the client's window, an error
/// that the engine detects.
pub(super) fn may_wait(header: Header) -> bool {
    header.len() as usize <= MOST_WAITING
}

/// The fate of a frame from the client: passed to the engine, or queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Passes,
    Waits,
}

/// The maximum number of streams that have an entry in the queue's list of streams.
///
/// It bounds the time to find or insert an entry. Servers usually allow a client fewer streams at a
/// time. If there are more, the frames of the others are queued without an entry. While there are
/// such frames, the frames of every stream wait.
const MOST_STREAMS: usize = 4096;

/// The client's frames that the engine cannot accept yet, in order.
#[derive(Default)]
pub(super) struct Waiting {
    /// The queued frames as they came; a part of the last one's payload may be missing.
    bytes: Draft,
    /// The offset in `bytes` at which the first queued frame begins.
    start: usize,
    frames: usize,
    /// The identifiers of streams with queued frames, ascending, each with its count.
    streams: Vec<(u32, u32)>,
    /// The number of queued frames whose stream has no entry in `streams`.
    ///
    /// While there are any, no stream gets an entry. So no stream has both counted and uncounted
    /// frames.
    unlisted: usize,
    /// The number of queued frames that a header block must not overtake.
    blocks_and_acks: usize,
}

impl Waiting {
    /// Returns the number of queued frames.
    pub(super) fn frames(&self) -> usize {
        self.frames
    }

    /// Returns the number of queued bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Returns whether a frame of this stream is queued, or may be.
    ///
    /// True for every stream while there are queued frames of streams without an entry.
    pub(super) fn has_stream(&self, stream: u32) -> bool {
        self.unlisted > 0 || self.place_of(stream).is_ok()
    }

    /// Returns whether a header block or a SETTINGS ACK is queued.
    ///
    /// A new header block must not overtake it.
    pub(super) fn has_block_or_ack(&self) -> bool {
        self.blocks_and_acks > 0
    }

    /// Allocates memory for `len` more bytes of frames.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`; nothing has changed.
    pub(super) fn reserve(&mut self, len: usize) -> Result<(), ErrorKind> {
        if self.start > self.len() {
            self.bytes.remove_front(self.start);
            self.start = 0;
        }
        // Each begins with a header, the first perhaps with one that was received in part.
        let streams = self.streams.len() + len / HEADER + 1;
        memory::fit(&mut self.streams, streams.min(MOST_STREAMS))?;
        self.bytes.reserve(self.bytes.len() + HEADER + len)
    }

    pub(super) fn push(&mut self, header: Header) {
        self.bytes.extend_from_slice(&header.bytes);
        self.frames += 1;
        self.blocks_and_acks += usize::from(keeps_place(&header));
        match self.place_of(header.stream()) {
            Ok(place) => self.streams[place].1 += 1,
            Err(place) if self.streams.len() < MOST_STREAMS && self.unlisted == 0 => {
                self.streams.insert(place, (header.stream(), 1));
            }
            Err(_) => self.unlisted += 1,
        }
    }

    pub(super) fn push_payload(&mut self, payload: &[u8]) {
        if self.frames > 0 {
            self.bytes.extend_from_slice(payload);
        }
    }

    /// Returns the header of the first queued frame; `None` if the queue is empty.
    pub(super) fn first(&self) -> Option<Header> {
        let bytes = self.bytes.get(self.start..)?.first_chunk()?;
        Some(Header { bytes: *bytes })
    }

    /// Moves the first queued frame to `out`; does nothing if the queue is empty.
    pub(super) fn pop(&mut self, out: &mut Draft) {
        let Some(header) = self.first() else { return };
        let end = self.bytes.len().min(self.start + HEADER + header.len() as usize);
        out.extend_from_slice(&self.bytes[self.start..end]);
        self.start = end;
        self.frames -= 1;
        self.blocks_and_acks -= usize::from(keeps_place(&header));
        match self.place_of(header.stream()) {
            Ok(place) if self.streams[place].1 > 1 => self.streams[place].1 -= 1,
            Ok(place) => drop(self.streams.remove(place)),
            Err(_) => self.unlisted -= 1,
        }
        if self.frames == 0 {
            // The memory stays, as more frames of the same call may be queued.
            self.bytes.clear();
            self.start = 0;
        }
    }

    /// Moves the first `len` bytes of the first frame's payload to `out`, as a frame.
    ///
    /// The rest of the payload stays queued, behind a header with its length.
    pub(super) fn split(&mut self, len: u32, out: &mut Draft) {
        let Some(header) = self.first() else { return };
        let (front, back) = header.split(len);
        let payload = self.start + HEADER;
        let end = self.bytes.len().min(payload + len as usize);
        out.extend_from_slice(&front.bytes);
        out.extend_from_slice(&self.bytes[payload..end]);
        self.start = end - HEADER;
        self.bytes[self.start..end].copy_from_slice(&back.bytes);
    }

    fn place_of(&self, stream: u32) -> Result<usize, usize> {
        self.streams.binary_search_by_key(&stream, |&(stream, _)| stream)
    }
}

/// Returns whether a header block must not overtake this frame.
///
/// That is the case for another header block, and for a SETTINGS ACK, because settings affect how
/// header blocks are encoded.
fn keeps_place(header: &Header) -> bool {
    matches!(header.kind(), HEADERS | CONTINUATION) || header.is_settings_ack()
}

#[cfg(test)]
mod tests {
    use super::super::frame::DATA;
    use super::*;

    /// At most `MOST_STREAMS` streams get an entry; all frames are returned in order.
    #[test]
    fn more_streams_than_have_an_entry() {
        let (mut waiting, mut all, mut out) = (Waiting::default(), Draft::new(), Draft::new());
        let last = MOST_STREAMS as u32 + 100;
        for stream in (1..=last).rev() {
            super::super::frame::put(DATA, 0, stream, b"hello", &mut all);
        }
        for frame in all.chunks(HEADER + 5) {
            waiting.reserve(frame.len()).unwrap();
            let (header, payload) = frame.split_first_chunk().unwrap();
            waiting.push(Header { bytes: *header });
            waiting.push_payload(payload);
        }
        assert_eq!((waiting.streams.len(), waiting.unlisted), (MOST_STREAMS, 100));
        // Stream 100 has no entry, so no frame may overtake.
        assert!(waiting.has_stream(last) && waiting.has_stream(100) && waiting.has_stream(7777));
        waiting.split(2, &mut out);
        assert_eq!(out[HEADER..], *b"he");
        while waiting.frames() > 0 {
            waiting.pop(&mut out);
        }
        assert_eq!(out[2 * HEADER + 2..][..3], *b"llo");
        assert_eq!(out[2 * HEADER + 5..], all[HEADER + 5..]);
        assert!(waiting.streams.is_empty() && waiting.len() == 0 && !waiting.has_stream(7777));
    }
}
