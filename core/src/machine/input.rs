//! The inputs of the state machine.

use super::{ClientVersion, UpgradeState};

/// An input of the state machine; see [`State::apply`].
///
/// With a tag of its own, so that the compiler sees which one it is wherever one is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Input {
    /// A request head.
    Request(RequestInfo),
    /// The first or a later part of the request's content.
    RequestContent,
    /// The end of the request by its framing.
    RequestEnd,
    /// A 100 (Continue).
    Continue,
    /// Another informational response, not 101.
    Informational,
    /// A 101; `early` where a server accepts before the request is complete.
    Switch {
        /// The server does not wait for the rest of the request.
        early: bool,
    },
    /// A final response head.
    Response(ResponseInfo),
    /// The end of the final response by its framing.
    ResponseEnd,
    /// The peer's end of input, met between messages.
    End,
    /// The peer broke the protocol.
    Fail,
    /// The skipped content is over the limit.
    DrainLimit,
    /// A server answers before there is a request, and reads no more.
    ///
    /// A final response follows at once.
    Reject,
    /// The caller wants no further request.
    CloseAfterResponse,
    /// The caller gives up.
    Abandon,
    /// HTTP goes on above the new layer.
    Resume,
    /// The HTTP/2 preface instead of a first request.
    Preface,
}

/// The facts of a request head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RequestInfo {
    /// `None`, `Offered` or `Connect`.
    pub upgrade: UpgradeState,
    /// Content (or a chunked end) follows.
    pub content: bool,
    /// The request expects a 100.
    pub expect: bool,
    /// The request allows a further one.
    pub persist: bool,
    /// The client's version.
    pub version: ClientVersion,
}

/// The facts of a final response head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ResponseInfo {
    /// The status is 2xx.
    pub success: bool,
    /// Content (or a chunked end) follows.
    pub content: bool,
    /// The response allows a further request.
    pub persist: bool,
}
