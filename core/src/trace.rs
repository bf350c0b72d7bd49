//! The trace: the latest 32 steps of a connection, in a ring.
//!
//! From it a program can print a transcript, or find out afterwards *why* something happened.

use crate::enums::enums;

/// The kind of a trace entry; each comment also explains the entry's `number`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TraceStep {
    /// A request head was received; the number is that of offered protocols.
    #[default]
    ReceivedRequest,
    /// An informational response was received; the number is its status.
    ReceivedInformational,
    /// A final response head was received; the number is its status.
    ReceivedResponse,
    /// A received message ended.
    ReceivedEnd,
    /// The peer's direction switched; the number is that of leftover bytes.
    ReceivedSwitch,
    /// The end of the peer's bytes was received.
    ReceivedEof,
    /// The peer broke the protocol or a limit; the number is that of the error.
    PeerError,
    /// A request head was sent; the number is that of offered protocols.
    SentRequest,
    /// An informational response was sent; the number is its status.
    SentInformational,
    /// A final response head was sent; the number is its status.
    SentResponse,
    /// A sent message with content ended.
    SentEnd,
    /// A 101 was sent; the number is its status.
    SentSwitch,
    /// A call failed; the number is that of the error.
    Refused,
    /// HTTP was resumed within a new protocol.
    Resumed,
    /// Your code called `abandon`.
    Abandoned,
    /// Field lines were corrected before they were sent.
    ///
    /// That is due to [`Config::tidy`](crate::Config::tidy). The number has a bit for each kind of
    /// correction. 1: a `Content-Length` removed. 2: a repeated length sent once. 4: a
    /// `Transfer-Encoding` removed. 8: a handshake field or an `Upgrade` removed. 16: trailers
    /// removed. 32: an `Expect` removed. 64: Host set to the target's authority.
    Tidied,
    /// Another parser took over the connection; the number is that of the bytes it got.
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
    /// The detail of the step: a status, an error's number, a count, or bits.
    ///
    /// The comment of each [`TraceStep`] says which; 0 if the step has none.
    pub number: u32,
    /// The number of the peer's bytes consumed then, with those of the current event.
    ///
    /// A received head or end that the entry records is included.
    pub offset: u64,
}

/// The latest entries of the trace; new entries replace the oldest.
///
/// Each part of the entries has a list of its own, so that none is padded.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    steps: [TraceStep; Self::SIZE],
    numbers: [u32; Self::SIZE],
    offsets: [u64; Self::SIZE],
    /// The number of entries added so far, which wraps around.
    ///
    /// `popped` is the number of entries taken, and wraps around too. Each `pop` that returns an
    /// entry also adds those overwritten by then.
    pushed: u32,
    popped: u32,
}

impl Ring {
    const SIZE: usize = 32;

    pub(crate) fn push(&mut self, Trace { step, number, offset }: Trace) {
        let place = self.pushed as usize % Self::SIZE;
        (self.steps[place], self.numbers[place], self.offsets[place]) = (step, number, offset);
        self.pushed = self.pushed.wrapping_add(1);
    }

    pub(crate) fn pop(&mut self) -> Option<Trace> {
        let kept = self.pushed.wrapping_sub(self.popped).min(Self::SIZE as u32);
        self.popped = self.pushed.wrapping_sub(kept.checked_sub(1)?);
        let place = self.popped.wrapping_sub(1) as usize % Self::SIZE;
        let (step, number) = (self.steps[place], self.numbers[place]);
        Some(Trace { step, number, offset: self.offsets[place] })
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
