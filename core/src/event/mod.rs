//! The events of a connection.
//!
//! An event borrows from the connection's buffer until the next inbound call.

mod line;
pub(crate) mod parts;

use crate::enums::enums;
use crate::upgrade::{Protocols, Request};
use crate::wire::fields::Fields;
use crate::wire::head::Head;
use crate::wire::protocol::Protocol;

/// The result of [`advance`](crate::Connection::advance).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// An event is current: read it with [`event`](crate::Connection::event).
    Event,
    /// More bytes from the peer are needed for the next event.
    ///
    /// Pass them to [`receive`](crate::Connection::receive). A client also gets this when it is the
    /// one to send: before its request, while the request's content is incomplete, and after the
    /// response. Then [`awaiting`](crate::Connection::awaiting) is `Caller` or `Continue`.
    NeedData,
    /// The caller must act before the next event.
    Paused(Paused),
}

/// The reason why the caller must act before the next event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Paused {
    /// Accept the offer or the CONNECT, or decline it with another final response.
    ///
    /// No bytes after the request are read before that.
    Decision,
    /// Send the response, or finish it with `send_end`.
    ///
    /// The next request is not read before that.
    Answer,
    /// Take the leftover and speak the new protocol.
    ///
    /// The peer's direction has left HTTP; the leftover is what was received after that.
    Switched,
    /// HTTP has ended in both directions: close the transport.
    ///
    /// [`unread`](crate::Connection::unread) returns the bytes that are discarded. After
    /// [`hand_over`](crate::Connection::hand_over): drop the engine, keep the transport.
    Closed,
}

enums! {
    Paused {
        Decision = "decision", Answer = "answer", Switched = "switched", Closed = "closed",
    }
}

/// An event: a part of a message, or a switch, received from the peer.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A request head.
    ///
    /// For servers. The request's content and its end follow, and a response is owed.
    Request(Request<'a>),
    /// The head of an informational (1xx) response other than 101.
    ///
    /// For clients. A final response or a 101 is still to come.
    Informational(Response<'a>),
    /// The head of a final response.
    ///
    /// For clients. The response's content and its end follow.
    Response(Response<'a>),
    /// A part of the message's content.
    ///
    /// Content may be split anywhere; the boundaries between parts have no meaning.
    Data(&'a [u8]),
    /// The end of the message, with its trailers.
    EndOfMessage(Fields<'a>),
    /// The switch of the peer's direction to a new protocol.
    ///
    /// Take the leftover; all further bytes on the transport belong to the new protocol.
    Switched(Switched<'a>),
}

/// The kind of an event, without its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A request head.
    Request,
    /// The head of an informational (1xx) response other than 101.
    Informational,
    /// The head of a final response.
    Response,
    /// A part of the message's content.
    Data,
    /// The end of a message, with its trailers.
    EndOfMessage,
    /// The switch of the peer's direction to a new protocol.
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

    /// Returns the name of the event's kind, such as `end-of-message`.
    ///
    /// All languages use the same names.
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
    /// Treat an unknown status up to 599 like the x00 of its class, and one above that like a 500.
    /// RFC 9110, section 15.
    #[inline]
    pub fn status(&self) -> u16 {
        self.head.status()
    }

    /// Returns the reason phrase, which may be empty and has no meaning.
    #[inline]
    pub fn reason(&self) -> &'a [u8] {
        self.head.reason(self.bytes)
    }

    /// Returns the minor version: the x of HTTP/1.x.
    ///
    /// If [`any_version`](crate::Lenient::any_version) accepted another major version, it is 0 for
    /// HTTP/0.x and 1 for higher ones.
    #[inline]
    pub fn minor_version(&self) -> u8 {
        self.head.minor()
    }

    /// Returns the field lines of the head.
    #[inline]
    pub fn fields(&self) -> Fields<'a> {
        self.head.fields(self.bytes)
    }

    /// Returns the number of pipelined requests that will not be answered.
    ///
    /// They follow this response's request, and are dropped because this response closes the
    /// connection. They may be sent again on another connection if that is safe (RFC 9112, section
    /// 9.3.2).
    pub fn dropped(&self) -> u8 {
        self.dropped
    }

    /// Returns the protocols that the server offers to switch to.
    ///
    /// They are the valid members of `Upgrade`, which a 426 should have and any other response may
    /// have.
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

/// The cause of the peer's switch to a new protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SwitchedBy {
    /// A 101, from the peer or from us.
    Upgrade,
    /// A 2xx to CONNECT.
    Connect,
    /// The HTTP/2 preface, with which the leftover begins.
    Http2Preface,
}

enums! { SwitchedBy { Upgrade = "upgrade", Connect = "connect", Http2Preface = "http2-preface" } }

/// A switch of the peer's direction to a new protocol.
#[derive(Clone, Copy, Debug)]
pub struct Switched<'a> {
    /// The cause of the switch.
    pub by: SwitchedBy,
    /// The protocols that the peer now sends, lowest layer first.
    ///
    /// Empty after a CONNECT or an HTTP/2 preface.
    pub protocols: Protocols<'a>,
    /// Server: the request; after a 101 the new protocol responds to it.
    ///
    /// `None` on a client, and after a preface, which comes without a request.
    pub request: Option<Request<'a>>,
    /// Client: the 101, or the 2xx to CONNECT. `None` on a server.
    pub response: Option<Response<'a>>,
    /// The bytes of the new protocol received so far.
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
    /// `len` bytes of content, then `tail` bytes of framing to skip.
    Data {
        len: usize,
        tail: usize,
    },
    /// The end of a message, with `len` bytes of trailer section, 0 if it has none.
    End {
        len: usize,
    },
    Switched(SwitchedBy),
}

impl Shown {
    /// Returns the number of unread bytes that are consumed when the event ends.
    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Data { len, tail } => len + tail,
            Self::End { len } => len,
            _ => 0,
        }
    }
}
