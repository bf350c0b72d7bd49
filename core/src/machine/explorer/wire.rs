//! The messages on their way between two ends.
//!
//! Each with the layer that it belongs to and the request that it is part of, in a queue of two.

use super::side::PIPELINE;
use crate::machine::Input;

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Message {
    pub(super) what: What,
    /// The number of times that HTTP had been resumed where it was sent.
    ///
    /// 0 for HTTP on the transport and for the new protocol that its switch leads to.
    pub(super) layer: u8,
    /// The number of requests that the client has sent since its own.
    pub(super) age: u8,
}

/// The kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    /// HTTP: what one side decided is what the other receives.
    Http(Input),
    /// Bytes of the new protocol.
    Foreign,
    /// The end of the layer's bytes.
    ///
    /// With whether the sender had given up, so that a message may be cut short.
    Eof {
        /// The sender gave up.
        gave_up: bool,
    },
}

/// The age of what belongs to no request.
///
/// One more than that of the oldest in a full pipeline.
pub(super) const NOBODY: u8 = PIPELINE;

/// The age of what belongs to the request that the client sends next.
pub(super) const NEXT: u8 = u8::MAX;

/// Returns the age after one more request.
pub(super) fn aged(age: u8) -> u8 {
    NOBODY.min(age.wrapping_add(1))
}

/// The messages in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Queue([Option<Message>; 2]);

impl Queue {
    /// Returns the next message to be read.
    pub(super) fn first(self) -> Option<Message> {
        self.0[0]
    }

    /// Returns the age of the first request among them.
    pub(super) fn first_request(self) -> Option<u8> {
        let is_request = |message: &Message| matches!(message.what, What::Http(Input::Request(_)));
        self.0.into_iter().flatten().find(is_request).map(|message| message.age)
    }

    pub(super) fn is_empty(self) -> bool {
        self.first().is_none()
    }

    /// Returns how many more messages it takes.
    pub(super) fn room(self) -> usize {
        self.0.iter().filter(|place| place.is_none()).count()
    }

    pub(super) fn push(&mut self, message: Message) {
        let place = self.0.iter_mut().find(|place| place.is_none()).expect("room was asked for");
        *place = Some(message);
    }

    /// Returns the queue without the first.
    pub(super) fn popped(self) -> Self {
        Self([self.0[1], None])
    }

    /// Returns the queue with every message one request older.
    pub(super) fn aged(self) -> Self {
        Self(self.0.map(|place| place.map(|message| Message { age: aged(message.age), ..message })))
    }
}
