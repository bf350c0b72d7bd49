//! The messages that the events of a connection make up.

use switchover::binding::{EventParts, EventPlace};
use switchover::{Event, Fields};

/// A field line: its name and its value.
pub type Line = (Vec<u8>, Vec<u8>);

/// The field lines of a section, in order.
pub type Lines = Vec<Line>;

/// A message, as a connection has sent or received it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The method of a request.
    pub method: String,
    /// The target of a request.
    pub target: String,
    /// The minor version: the y of HTTP/1.y.
    pub minor: u8,
    /// The status of a response.
    pub status: u16,
    /// The reason phrase of a response.
    pub reason: Vec<u8>,
    /// The protocols that a request offers, in order.
    pub offered: Vec<String>,
    /// The header section.
    pub fields: Lines,
    /// The content, without its framing.
    pub content: Vec<u8>,
    /// The trailer section.
    pub trailers: Lines,
}

impl Message {
    /// Returns the message that begins with an event's head.
    ///
    /// `None` if the event has no head.
    fn begun(parts: &EventParts<'_>) -> Option<Self> {
        let message = match (parts.request, parts.response) {
            (Some(request), _) => Self {
                method: request.method().to_owned(),
                target: request.target().to_owned(),
                minor: request.minor_version(),
                offered: request.offers().map_or(Vec::new(), |offers| {
                    offers.map(|offer| offer.protocol.to_string()).collect()
                }),
                ..Self::default()
            },
            (_, Some(response)) => Self {
                minor: response.minor_version(),
                status: response.status(),
                reason: response.reason().to_vec(),
                ..Self::default()
            },
            (None, None) => return None,
        };
        Some(Self { fields: parts.fields.map(owned).unwrap_or_default(), ..message })
    }
}

/// The messages received on a connection, collected from its events.
#[derive(Debug, Default)]
pub struct Messages {
    /// The messages that have come to their end, in order.
    pub complete: Vec<Message>,
    /// The message whose head has come, and whose end has not.
    pub current: Option<Message>,
}

impl Messages {
    /// Adds an event to the message that it belongs to.
    ///
    /// The request of a `Switched` event is not added: it was complete before.
    ///
    /// # Panics
    ///
    /// If there is content or an end without a head before it.
    pub fn add(&mut self, event: &Event<'_>) {
        let parts = EventParts::of(event);
        match parts.place {
            EventPlace::Head => self.current = Message::begun(&parts),
            EventPlace::Content => {
                self.current.as_mut().expect("a head").content.extend_from_slice(parts.bytes);
            }
            EventPlace::End => {
                let trailers = parts.fields.map(owned).unwrap_or_default();
                self.complete.push(Message { trailers, ..self.current.take().expect("a head") });
            }
            EventPlace::Alone => {
                self.complete.extend(parts.response.and_then(|_| Message::begun(&parts)));
            }
        }
    }
}

/// Returns field lines as owned bytes.
pub fn owned(fields: Fields<'_>) -> Lines {
    fields.iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}
