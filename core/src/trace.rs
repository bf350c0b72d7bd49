//! The latest steps of a connection, in a bounded ring.
//!
//! They are enough to print a transcript, or to see afterwards *why*.

use crate::enums::enums;

/// The kind of a step; each says what its number means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TraceStep {
    /// A request head came; the number of offered protocols.
    #[default]
    ReceivedRequest,
    /// An informational response came; its status.
    ReceivedInformational,
    /// A final response head came; its status.
    ReceivedResponse,
    /// A message ended.
    ReceivedEnd,
    /// The peer's direction has left HTTP; bytes of leftover.
    ReceivedSwitch,
    /// The input ended.
    ReceivedEof,
    /// The peer broke the protocol; the error's number.
    PeerError,
    /// A request head was sent; the number of offered protocols.
    SentRequest,
    /// An informational response was sent; its status.
    SentInformational,
    /// A final response head was sent; its status.
    SentResponse,
    /// A message was ended.
    SentEnd,
    /// A 101 was sent.
    SentSwitch,
    /// A call was refused; the error's number.
    Refused,
    /// HTTP was resumed above a new layer.
    Resumed,
    /// Your code gave up.
    Abandoned,
    /// Field lines were corrected before they were sent.
    ///
    /// By [`Config::tidy`](crate::Config::tidy); a bit for each correction. 1: a `Content-Length`
    /// left out. 2: one length written once. 4: a `Transfer-Encoding` left out. 8: a field of a
    /// handshake left out. 16: trailers left out. 32: an `Expect` left out. 64: Host written as the
    /// target has it.
    Tidied,
    /// The connection was given to another parser; how many bytes.
    HandedOver,
}

enums! {
    TraceStep {
        ReceivedRequest = "received-request", ReceivedInformational = "received-informational",
        ReceivedResponse = "received-response", ReceivedEnd = "received-end",
        ReceivedSwitch = "received-switch", ReceivedEof = "received-eof", PeerError = "peer-error",
        SentRequest = "sent-request", SentInformational = "sent-informational",
        SentResponse = "sent-response", SentEnd = "sent-end", SentSwitch = "sent-switch",
        Refused = "refused", Resumed = "resumed", Abandoned = "abandoned", Tidied = "tidied",
        HandedOver = "handed-over",
    }
}

/// One entry of the trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Trace {
    /// The kind of the step.
    pub step: TraceStep,
    /// The number of the step; [`TraceStep`] has its meaning.
    pub number: u32,
    /// The bytes that had been received and passed at that time.
    pub offset: u64,
}

/// The latest entries; older ones give way.
#[derive(Debug)]
pub(crate) struct Ring {
    entries: [Trace; Self::SIZE],
    /// The number of entries that were added; it wraps.
    ///
    /// The number taken or lost wraps too.
    pushed: u32,
    popped: u32,
}

impl Ring {
    const SIZE: usize = 32;

    pub(crate) fn push(&mut self, entry: Trace) {
        self.entries[self.pushed as usize % Self::SIZE] = entry;
        self.pushed = self.pushed.wrapping_add(1);
    }

    pub(crate) fn pop(&mut self) -> Option<Trace> {
        let kept = self.pushed.wrapping_sub(self.popped).min(Self::SIZE as u32);
        self.popped = self.pushed.wrapping_sub(kept.checked_sub(1)?);
        Some(self.entries[self.popped.wrapping_sub(1) as usize % Self::SIZE])
    }
}

impl Default for Ring {
    fn default() -> Self {
        Self { entries: [Trace::default(); Self::SIZE], pushed: 0, popped: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_latest() {
        let mut ring = Ring::default();
        for number in 0..100 {
            ring.push(Trace { number, ..Trace::default() });
        }
        for number in 68..100 {
            assert_eq!(ring.pop().map(|entry| entry.number), Some(number));
        }
        assert_eq!(ring.pop(), None);
        ring.push(Trace { number: 7, ..Trace::default() });
        assert_eq!(ring.pop().map(|entry| entry.number), Some(7));
        assert_eq!(ring.pop(), None);
    }
}
