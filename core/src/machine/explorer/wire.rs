//! What is on its way between two ends: messages with the layer that they belong to and the request
//! that they are part of, in a queue of two.

use super::side::PIPELINE;
use crate::machine::Input;

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Message {
    pub(super) what: What,
    /// How often HTTP had been resumed where it was sent: 0 for HTTP on the transport and for the
    /// new protocol that its switch leads to.
    pub(super) layer: u8,
    /// How many requests the client has sent since the one that this is part of.
    pub(super) age: u8,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    /// HTTP: what one side decided is what the other receives.
    Http(Input),
    /// Bytes of the new protocol.
    Foreign,
    /// The end of the layer's bytes; whether the sender had given up, so that a message may be cut
    /// short.
    Eof {
        /// The sender gave up.
        gave_up: bool,
    },
}

/// The age of what belongs to no request: one more than that of the oldest in a full pipeline.
pub(super) const NOBODY: u8 = PIPELINE;

/// The age of what belongs to the request that the client sends next.
pub(super) const NEXT: u8 = u8::MAX;

/// One request older.
pub(super) fn aged(age: u8) -> u8 {
    NOBODY.min(age.wrapping_add(1))
}

/// The messages in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Queue([Option<Message>; 2]);

impl Queue {
    /// The next to be read.
    pub(super) fn first(self) -> Option<Message> {
        self.0[0]
    }

    /// The age of the first request among them.
    pub(super) fn first_request(self) -> Option<u8> {
        let is_request = |message: &Message| matches!(message.what, What::Http(Input::Request(_)));
        self.0.into_iter().flatten().find(is_request).map(|message| message.age)
    }

    pub(super) fn is_empty(self) -> bool {
        self.first().is_none()
    }

    /// How many more it takes.
    pub(super) fn room(self) -> usize {
        self.0.iter().filter(|place| place.is_none()).count()
    }

    pub(super) fn push(&mut self, message: Message) {
        let place = self.0.iter_mut().find(|place| place.is_none()).expect("room was asked for");
        *place = Some(message);
    }

    /// Without the first.
    pub(super) fn popped(self) -> Self {
        Self([self.0[1], None])
    }

    /// With every message one request older.
    pub(super) fn aged(self) -> Self {
        Self(self.0.map(|place| place.map(|message| Message { age: aged(message.age), ..message })))
    }
}
