//! The parts of an event, for code that treats all kinds of events alike.

use super::{Event, Response};
use crate::upgrade::Request;
use crate::wire::fields::Fields;

/// The place of an event in the message that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventPlace {
    /// A head, whose content and end follow as events.
    Head,
    /// A part of the content.
    Content,
    /// The end of the message.
    End,
    /// An informational response or a switch, without events for content and end.
    Alone,
}

/// The parts of an event, whatever its kind.
#[derive(Clone, Copy, Debug)]
pub struct EventParts<'a> {
    /// The place of the event in its message.
    pub place: EventPlace,
    /// The request head of the event, if it has one.
    pub request: Option<Request<'a>>,
    /// The response head of the event, if it has one.
    pub response: Option<Response<'a>>,
    /// The field lines of the event's head, or the trailers of the message.
    ///
    /// `None` for content, and for a switch by an HTTP/2 preface.
    pub fields: Option<Fields<'a>>,
    /// The content, or at a switch the first bytes of the new protocol; else empty.
    pub bytes: &'a [u8],
}

impl<'a> EventParts<'a> {
    /// Returns the parts of an event.
    #[inline(always)]
    pub fn of(event: &Event<'a>) -> Self {
        match *event {
            Event::Request(request) => Self::heads(EventPlace::Head, Some(request), None),
            Event::Response(response) => Self::heads(EventPlace::Head, None, Some(response)),
            Event::Informational(response) => Self::heads(EventPlace::Alone, None, Some(response)),
            Event::Data(bytes) => Self { bytes, ..Self::heads(EventPlace::Content, None, None) },
            Event::EndOfMessage(trailers) => {
                Self { fields: Some(trailers), ..Self::heads(EventPlace::End, None, None) }
            }
            Event::Switched(switched) => Self {
                bytes: switched.leftover,
                ..Self::heads(EventPlace::Alone, switched.request, switched.response)
            },
        }
    }

    #[inline(always)]
    fn heads(
        place: EventPlace,
        request: Option<Request<'a>>,
        response: Option<Response<'a>>,
    ) -> Self {
        let of_request = request.map(|request| request.fields());
        let fields = of_request.or(response.map(|response| response.fields()));
        Self { place, request, response, fields, bytes: &[] }
    }
}
