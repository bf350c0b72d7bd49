//! What moves the machine, and why it refuses to move.

use super::{Peer, Turn};

/// What an input asks of the machine; see [`State::apply`]. With a tag of its own, so that the compiler sees which one it
/// is wherever one is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Input {
    /// A request head.
    Request(Opening),
    /// The first or a later part of the request's content.
    RequestContent,
    /// The end of the request by its framing.
    RequestEnd,
    /// A 100.
    Continue,
    /// Another informational response, not 101.
    Informational,
    /// A 101; `early` where a server accepts before the request is complete.
    Switch {
        /// The server does not wait for the rest of the request.
        early: bool,
    },
    /// A final response head.
    Response(Answer),
    /// The end of the final response by its framing.
    ResponseEnd,
    /// The peer's end of input, met between messages.
    End,
    /// The peer broke the protocol.
    Fail,
    /// More content than the host is willing to skip.
    DrainLimit,
    /// A server answers before there is a request, and reads no more. A final response follows at once.
    Reject,
    /// The host wants no further request.
    CloseAfterResponse,
    /// The host gives up.
    Abandon,
    /// HTTP goes on above the new layer.
    Resume,
    /// The HTTP/2 preface instead of a first request.
    Preface,
}

/// What the machine needs to know of a request head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Opening {
    /// `None`, `Offered` or `Connect`.
    pub turn: Turn,
    /// Content (or a chunked end) follows.
    pub content: bool,
    /// It expects a 100.
    pub expect: bool,
    /// It allows a further request.
    pub persist: bool,
    /// The client's version.
    pub version: Peer,
}

/// What the machine needs to know of a final response head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Answer {
    /// The status is 2xx.
    pub success: bool,
    /// Content (or a chunked end) follows.
    pub content: bool,
    /// It allows a further request.
    pub persist: bool,
}

/// Why an input was refused. The state has not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rejected {
    /// No request is there to be answered.
    Unasked,
    /// The final response has begun already.
    Answered,
    /// The request before is not complete.
    RequestUnfinished,
    /// A request is not answered.
    Unanswered,
    /// An offer or CONNECT is undecided; nothing may follow it.
    OfferPending,
    /// Too many requests wait for their responses.
    PipelineFull,
    /// The connection will not carry another request.
    NotPersistent,
    /// The message has no content, or none any more.
    NoContent,
    /// Nobody expects a 100.
    NotExpected,
    /// An HTTP/1.0 client gets no informational response.
    Http10Peer,
    /// Nothing was offered that could be accepted.
    NothingOffered,
    /// The request is not complete.
    BodyPending,
    /// Nothing is owed after the switch, or it has not happened.
    NothingOwed,
    /// The final head has left without `close`.
    TooLate,
    /// The input ended inside a message or before an answer.
    Truncated,
    /// The direction is closed.
    Closed,
    /// The direction has left HTTP.
    Switched,
    /// The peer broke the protocol earlier.
    Failed,
    /// The verb belongs to the other role.
    WrongRole,
}
