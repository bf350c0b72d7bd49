//! The queue of frames that wait for the engine's window.

use alloc::collections::VecDeque;
use alloc::collections::btree_map::{BTreeMap, Entry};
use alloc::vec::Vec;

use super::frame::{CONTINUATION, HEADERS, Header};

/// The client's frames that the engine cannot accept yet, in order.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) frames: VecDeque<(Header, Vec<u8>)>,
    pub(super) bytes: usize,
    /// The number of queued frames of each stream.
    pub(super) streams: BTreeMap<u32, usize>,
    /// The number of queued frames that a header block must not overtake.
    pub(super) blocks_and_acks: usize,
}

impl Waiting {
    pub(super) fn push(&mut self, header: Header) {
        self.bytes += header.bytes.len();
        self.blocks_and_acks += usize::from(keeps_place(&header));
        *self.streams.entry(header.stream()).or_default() += 1;
        self.frames.push_back((header, Vec::new()));
    }

    pub(super) fn push_payload(&mut self, payload: &[u8]) {
        if let Some((_, held)) = self.frames.back_mut() {
            held.extend_from_slice(payload);
            self.bytes += payload.len();
        }
    }

    /// Removes the first `len` payload bytes of the first frame, as a frame.
    pub(super) fn split(&mut self, len: u32) -> Option<(Header, Vec<u8>)> {
        let (header, payload) = self.frames.front_mut()?;
        let rest = payload.split_off(payload.len().min(len as usize));
        let first = core::mem::replace(payload, rest);
        let (front, back) = header.split(len);
        *header = back;
        self.bytes -= first.len();
        Some((front, first))
    }

    pub(super) fn pop(&mut self) -> Option<(Header, Vec<u8>)> {
        let (header, payload) = self.frames.pop_front()?;
        self.bytes -= header.bytes.len() + payload.len();
        self.blocks_and_acks -= usize::from(keeps_place(&header));
        if let Entry::Occupied(mut count) = self.streams.entry(header.stream()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        Some((header, payload))
    }
}

/// Returns whether a header block must not overtake this frame.
///
/// That is the case for another header block, and for a SETTINGS ACK, because settings affect how
/// header blocks are encoded.
fn keeps_place(header: &Header) -> bool {
    matches!(header.kind(), HEADERS | CONTINUATION) || header.is_settings_ack()
}
