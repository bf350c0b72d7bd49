//! Messages in transit between two ends, in a queue of two for each direction.
//!
//! Each message records its layer and the request that it belongs to.

use super::side::PIPELINE;
use crate::machine::Input;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Message {
    pub(super) what: What,
    /// The number of times that the message's sender had resumed HTTP before.
    ///
    /// 0 is HTTP on the transport, and the new protocol that it switched to.
    pub(super) layer: u8,
    /// The number of requests that the client has sent after the message's own request.
    pub(super) age: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    /// A part of an HTTP message, as the input of the receiver's state machine.
    Http(Input),
    /// Bytes of the new protocol.
    Foreign,
    /// The end of the bytes that the sender sends in its layer.
    Eof {
        /// Set if the sender had given up, so that its last message may be incomplete.
        gave_up: bool,
    },
}

/// The age of a part of an HTTP message that belongs to no request.
///
/// It is one more than the age of the oldest request in a full pipeline.
pub(super) const NOBODY: u8 = PIPELINE;

/// The age of a rejection that was sent before the request that it belongs to.
///
/// The client's next request makes it 0.
pub(super) const NEXT: u8 = u8::MAX;

/// Returns the age of a message after the client has sent another request.
///
/// `NEXT` becomes 0. The largest age, `NOBODY`, stays.
pub(super) fn aged(age: u8) -> u8 {
    NOBODY.min(age.wrapping_add(1))
}

/// The messages in transit in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Queue([Option<Message>; 2]);

impl Queue {
    pub(super) fn first(self) -> Option<Message> {
        self.0[0]
    }

    /// Returns the age of the first request in the queue; `None` if it has no request.
    pub(super) fn first_request(self) -> Option<u8> {
        let is_request = |message: &Message| matches!(message.what, What::Http(Input::Request(_)));
        self.0.into_iter().flatten().find(is_request).map(|message| message.age)
    }

    pub(super) fn is_empty(self) -> bool {
        self.first().is_none()
    }

    /// Returns the number of messages that can still be added.
    pub(super) fn room(self) -> usize {
        self.0.iter().filter(|place| place.is_none()).count()
    }

    pub(super) fn push(&mut self, message: Message) {
        let place = self.0.iter_mut().find(|place| place.is_none()).expect("room was asked for");
        *place = Some(message);
    }

    /// Returns the queue without its first message.
    pub(super) fn popped(self) -> Self {
        Self([self.0[1], None])
    }

    /// Returns the queue after one more request of the client.
    ///
    /// Each message in it is one request older.
    pub(super) fn aged(self) -> Self {
        Self(self.0.map(|place| place.map(|message| Message { age: aged(message.age), ..message })))
    }
}
