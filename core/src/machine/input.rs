//! The inputs of the state machine.

use super::{ClientVersion, UpgradeState};

/// An input of the state machine; see [`State::apply`].
///
/// Its tag is not stored in a field's niche, so that the compiler can resolve each constant input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Input {
    /// A request head.
    Request(RequestInfo),
    /// Some content of the request.
    RequestContent,
    /// The end of the request, as its framing determines it.
    RequestEnd,
    /// A 100 (Continue).
    Continue,
    /// An informational response other than 100 and 101.
    Informational,
    /// A 101 (Switching Protocols).
    Switch {
        /// Set if a server may accept before the request is complete.
        ///
        /// A client always sets it, because a 101 may come at any time.
        early: bool,
    },
    /// A final response head.
    Response(ResponseInfo),
    /// The end of the final response, as its framing determines it.
    ResponseEnd,
    /// The end of the peer's bytes.
    End,
    /// The peer broke the protocol or exceeded a limit.
    Fail,
    /// The discarded content exceeds `limits.drain`.
    DrainLimit,
    /// A server is about to send its last response, and reads no more.
    ///
    /// `Response` follows at once. There need not be a request.
    Reject,
    /// The caller wants the current response to be the last.
    CloseAfterResponse,
    /// The caller gives up the request or the connection, or hands it over.
    Abandon,
    /// HTTP is resumed within the new protocol.
    Resume,
    /// The HTTP/2 preface instead of a first request.
    Preface,
}

/// The properties of a request head that the state machine needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RequestInfo {
    /// The kind of upgrade: `None`, `Offered` or `Connect`.
    pub upgrade: UpgradeState,
    /// Set unless the message ends with its head.
    pub content: bool,
    /// Set if the request has `Expect: 100-continue`.
    pub expect: bool,
    /// Set if another request may follow this one on the connection.
    pub persist: bool,
    /// The client's HTTP version.
    pub version: ClientVersion,
}

/// The properties of a final response head that the state machine needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ResponseInfo {
    pub success: bool,
    /// Set unless the message ends with its head.
    pub content: bool,
    /// Set if another request may follow this response on the connection.
    pub persist: bool,
}
