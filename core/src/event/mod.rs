//! The events of a connection.
//!
//! An event borrows from the connection's buffer until the next inbound call.

mod line;

use crate::enums::enums;
use crate::upgrade::{Protocols, Request};
use crate::wire::fields::Fields;
use crate::wire::head::Head;
use crate::wire::protocol::Protocol;

/// The result of [`advance`](crate::Connection::advance).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// There is an event: see [`event`](crate::Connection::event).
    Event,
    /// Nothing happens before more bytes come.
    ///
    /// Call [`receive`](crate::Connection::receive). A client gets this too when it is its own
    /// turn. That is before it has sent a request, while its content is missing, and after the
    /// response. Then [`awaiting`](crate::Connection::awaiting) is `Caller`.
    NeedData,
    /// Nothing happens before your code acts.
    Paused(Paused),
}

/// The reason why receiving does not go on without your code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Paused {
    /// Accept the offer or the CONNECT, or decline it with any other response.
    ///
    /// Nothing after it is read before.
    Decision,
    /// Send the response, or finish it with `send_end`.
    ///
    /// The next request is not read before.
    Answer,
    /// Take the leftover and speak the new protocol.
    ///
    /// The peer's direction has left HTTP.
    Switched,
    /// No more HTTP in either direction: close the transport.
    ///
    /// [`unread`](crate::Connection::unread) holds the bytes that are discarded. After
    /// [`hand_over`](crate::Connection::hand_over): drop the engine, keep the transport.
    Closed,
}

enums! {
    Paused {
        Decision = "decision", Answer = "answer", Switched = "switched", Closed = "closed",
    }
}

/// An event: one thing that the peer sent.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A request head.
    ///
    /// Server; next come its content and its end, and an answer is owed.
    Request(Request<'a>),
    /// A response head with a status of 1xx but 101.
    ///
    /// Client; the final response is still to come.
    Informational(Response<'a>),
    /// A final response head. Client; next come its content and its end.
    Response(Response<'a>),
    /// Content.
    ///
    /// The cuts between slices have no meaning.
    Data(&'a [u8]),
    /// The end of the message, with its trailers.
    EndOfMessage(Fields<'a>),
    /// The peer's direction has left HTTP.
    ///
    /// Take the leftover; what comes next on the transport is the new protocol's.
    Switched(Switched<'a>),
}

/// The kinds of event, without their contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A request head.
    Request,
    /// The head of a response of 1xx but 101.
    Informational,
    /// The head of a final response.
    Response,
    /// Content.
    Data,
    /// The end of a message, with its trailers.
    EndOfMessage,
    /// The peer's direction has left HTTP.
    Switched,
}

enums! {
    EventKind {
        Request = "request", Informational = "informational", Response = "response", Data = "data",
        EndOfMessage = "end-of-message", Switched = "switched",
    }
}

impl Event<'_> {
    pub(crate) const fn kind(&self) -> EventKind {
        match self {
            Self::Request(_) => EventKind::Request,
            Self::Informational(_) => EventKind::Informational,
            Self::Response(_) => EventKind::Response,
            Self::Data(_) => EventKind::Data,
            Self::EndOfMessage(_) => EventKind::EndOfMessage,
            Self::Switched(_) => EventKind::Switched,
        }
    }

    /// Returns the name of its kind, such as `end-of-message`, for all languages.
    pub const fn name(&self) -> &'static str {
        self.kind().name()
    }
}

/// The head of a received response.
#[derive(Clone, Copy)]
pub struct Response<'a> {
    pub(crate) head: &'a Head,
    pub(crate) bytes: &'a [u8],
    pub(crate) dropped: u8,
}

impl<'a> Response<'a> {
    /// Returns the status, 100 to 999.
    ///
    /// An unknown one means what the x00 of its class means (RFC 9110, section 15).
    #[inline]
    pub fn status(&self) -> u16 {
        self.head.status()
    }

    /// Returns the reason phrase, often empty, without any meaning.
    #[inline]
    pub fn reason(&self) -> &'a [u8] {
        self.head.reason(self.bytes)
    }

    /// Returns the x of HTTP/1.x.
    #[inline]
    pub fn minor_version(&self) -> u8 {
        self.head.minor()
    }

    /// Returns the field lines.
    #[inline]
    pub fn fields(&self) -> Fields<'a> {
        self.head.fields(self.bytes)
    }

    /// Returns how many pipelined requests will not be answered.
    ///
    /// Those after this response's are dropped because it closes the connection. They may be sent
    /// again on another one if that is safe (RFC 9112, section 9.3.2).
    pub fn dropped(&self) -> u8 {
        self.dropped
    }

    /// Returns the protocols that the server would switch to.
    ///
    /// They are in the `Upgrade` field of a 426, or of any other response that advertises.
    pub fn advertised(&self) -> impl Iterator<Item = Protocol<'a>> + use<'a> {
        self.fields().list("upgrade").filter_map(Protocol::parse)
    }
}

impl core::fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("fields", &self.fields())
            .finish()
    }
}

/// The message or bytes that made the peer's direction leave HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SwitchedBy {
    /// The peer switched with a 101, or we did.
    Upgrade,
    /// A 2xx to CONNECT.
    Connect,
    /// The HTTP/2 preface, which is the beginning of the leftover.
    Http2Preface,
}

enums! { SwitchedBy { Upgrade = "upgrade", Connect = "connect", Http2Preface = "http2-preface" } }

/// The peer's direction has left HTTP.
#[derive(Clone, Copy, Debug)]
pub struct Switched<'a> {
    /// The cause of the switch.
    pub by: SwitchedBy,
    /// The protocols of the direction now, lowest layer first.
    ///
    /// Empty after CONNECT or a preface.
    pub protocols: Protocols<'a>,
    /// Server: the request, which is to be answered in the new protocol.
    pub request: Option<Request<'a>>,
    /// Client: the 101 or the 2xx.
    pub response: Option<Response<'a>>,
    /// The first bytes of the new protocol that have come.
    pub leftover: &'a [u8],
}

/// The kind of the current event, without borrowed bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shown {
    #[default]
    Nothing,
    Request,
    Informational,
    Response {
        dropped: u8,
    },
    /// `len` bytes of content, and `tail` bytes after them that have no use.
    Data {
        len: usize,
        tail: usize,
    },
    /// `len` bytes of trailer section.
    End {
        len: usize,
    },
    Switched(SwitchedBy),
}

impl Shown {
    /// Returns the number of unread bytes that it shows.
    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Data { len, tail } => len + tail,
            Self::End { len } => len,
            _ => 0,
        }
    }
}
