//! The state machine of a connection, for both roles.
//!
//! The rules for the state of a connection are here, and nothing here handles bytes. This file has
//! the state and its queries, `input` the inputs, and `transition` the new state or the error for
//! each input. `changes` has state changes that several transitions share.

mod changes;
mod input;
mod transition;

use crate::enums::enums;

pub(crate) use input::{Input, RequestInfo, ResponseInfo};

/// The role of the engine in a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The engine is the client: it sends requests.
    Client,
    /// The engine is the server: it responds to requests.
    Server,
}

/// The progress of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The message has not begun.
    Idle,
    /// The head has been sent or received; content or the end is still to come.
    Body,
    /// The message is complete by its framing.
    Done,
    /// The message was given up, or broke off, before its end.
    Aborted,
}

/// The state of the direction in which the peer sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rx {
    /// The peer sends HTTP.
    Open,
    /// The peer's bytes have ended, or no more of them are read.
    Closed,
    /// The peer sends the new protocol.
    Switched,
    /// The peer broke the protocol or exceeded a limit.
    Failed,
}

/// The state of the direction in which we send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tx {
    /// We send HTTP.
    Open,
    /// We send no more HTTP.
    Closed,
    /// We send the new protocol.
    Switched,
}

/// The progress of the latest request's upgrade or CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpgradeState {
    /// There is no offer that may be accepted, and no CONNECT.
    None,
    /// The request offers at least one protocol that may be accepted.
    Offered,
    /// The request is a CONNECT.
    Connect,
    /// A 101 or 2xx accepted the offer or CONNECT, or an HTTP/2 preface came.
    Agreed,
    /// The offer or CONNECT was declined, or can no longer be accepted.
    Declined,
    /// HTTP was resumed within the new protocol, such as TLS, for the response.
    ///
    /// RFC 9110, section 7.8.
    Resumed,
}

/// The progress of the client's `Expect: 100-continue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expect {
    /// No 100 is expected: there was no expectation, or it is met or void.
    None,
    /// A 100 is expected, and the client has sent no content.
    Owed,
    /// A 100 is expected and was not sent, but the client has begun its content.
    Begun,
}

/// The HTTP version of the client, as in its latest request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientVersion {
    /// There has been no request.
    Unknown,
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1 or a later minor version.
    Http11,
}

/// The party that the connection is waiting for.
///
/// Use it to choose a timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Awaiting {
    /// Your code: a decision on an offer, a response, more content or the next request.
    Caller,
    /// The client, which may send a request to the idle server.
    Request,
    /// The peer, which has to send more content or the end of its message.
    Content,
    /// The server, which has to send a response.
    Response,
    /// The server, which should send a 100 before the client sends its content.
    ///
    /// Send the content anyway after a timeout (RFC 9110, section 10.1.1).
    Continue,
    /// Nobody: HTTP has ended on this connection.
    Nothing,
    /// The client, which has to send the rest of a request's head that has begun.
    Head,
}

/// The state of one connection.
///
/// `core/docs/states.md` describes the states that can be reached, and the transitions between
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The progress of the latest request.
    pub request: Phase,
    /// The progress of the response to the oldest unanswered (or the latest) request.
    pub response: Phase,
    /// The state of the direction in which the peer sends.
    pub rx: Rx,
    /// The state of the direction in which we send.
    pub tx: Tx,
    /// The progress of the latest request's upgrade or CONNECT.
    pub upgrade: UpgradeState,
    /// The progress of the latest request's `Expect: 100-continue`.
    pub expect: Expect,
    /// True while no message, call or error has made the current exchange the last.
    ///
    /// It stays true after a switch. RFC 9112, section 9.3.
    pub persist: bool,
    /// The client's HTTP version, as in the latest request.
    pub client_version: ClientVersion,
    /// The number of unanswered requests before the latest (client only).
    ///
    /// All of them have been sent completely. A request counts until its final response has ended.
    /// None counts once the head of a response has come that closes the connection.
    pub pipelined: u8,
}

impl State {
    /// The state of a new connection.
    pub const NEW: Self = Self {
        request: Phase::Idle,
        response: Phase::Idle,
        rx: Rx::Open,
        tx: Tx::Open,
        upgrade: UpgradeState::None,
        expect: Expect::None,
        persist: true,
        client_version: ClientVersion::Unknown,
        pipelined: 0,
    };

    /// The state of a server that has read a whole plain request.
    ///
    /// Plain means HTTP/1.1, no CONNECT, offer or expected 100, on a connection that persists.
    pub(crate) const PLAIN_REQUEST: Self =
        Self { request: Phase::Done, client_version: ClientVersion::Http11, ..Self::NEW };

    /// Returns the state of a server after a final response to a plain request.
    ///
    /// Returns `None` unless the state is [`PLAIN_REQUEST`](Self::PLAIN_REQUEST), with or without
    /// an offer. The response must not close the connection; `response` is its progress. An offer
    /// is then declined.
    #[inline(always)]
    pub(crate) fn after_plain_response(self, response: Phase) -> Option<Self> {
        let upgrade = match self.upgrade {
            UpgradeState::None => UpgradeState::None,
            UpgradeState::Offered => UpgradeState::Declined,
            _ => return None,
        };
        (self == Self { upgrade: self.upgrade, ..Self::PLAIN_REQUEST }).then_some(Self {
            response,
            upgrade,
            ..Self::PLAIN_REQUEST
        })
    }

    /// Returns whether an offer or a CONNECT waits for its response.
    pub fn undecided(self) -> bool {
        matches!(self.upgrade, UpgradeState::Offered | UpgradeState::Connect)
    }

    /// Returns whether all requests so far, and their responses, are complete.
    pub fn is_idle(self) -> bool {
        self.request == Phase::Idle
            || (matches!(self.request, Phase::Done)
                && self.response == Phase::Done
                && self.pipelined == 0)
    }

    /// Returns whether the connection is idle and the next request may begin.
    ///
    /// A server may then read its head; a client may send it. Pipelined requests begin earlier.
    pub fn next_cycle(self) -> bool {
        self.is_idle() && self.persist && self.rx == Rx::Open && self.tx == Tx::Open
    }

    /// Returns whether neither direction carries HTTP.
    pub fn is_over(self) -> bool {
        self.rx != Rx::Open && self.tx != Tx::Open
    }

    /// Returns whether both directions have switched to the new protocol.
    pub fn is_switched(self) -> bool {
        self.rx == Rx::Switched && self.tx == Tx::Switched
    }

    /// Returns whether the client still expects a 100 and no final response has begun.
    pub fn continue_unsent(self) -> bool {
        self.expect != Expect::None && self.response == Phase::Idle
    }

    /// Returns the party that the connection is waiting for.
    ///
    /// Never [`Awaiting::Head`]: a state does not know of unread bytes.
    pub fn awaiting(self, role: Role) -> Awaiting {
        if self.is_over() {
            return Awaiting::Nothing;
        }
        match role {
            Role::Server => self.server_awaits(),
            Role::Client => self.client_awaits(),
        }
    }

    fn server_awaits(self) -> Awaiting {
        if self.rx == Rx::Open {
            if self.is_idle() {
                return Awaiting::Request;
            }
            // A client that waits for its 100 sends nothing: the caller must act.
            let owed = self.expect == Expect::Owed && self.response == Phase::Idle;
            if self.request == Phase::Body && !owed {
                return Awaiting::Content;
            }
        }
        Awaiting::Caller
    }

    fn client_awaits(self) -> Awaiting {
        if self.rx != Rx::Open {
            return Awaiting::Caller;
        }
        match (self.response, self.request) {
            (Phase::Idle, Phase::Body) if self.expect == Expect::Owed => Awaiting::Continue,
            // A response that begins early does not end the request: the server may wait for the
            // rest of it. If each end waited for the other's content, neither would act.
            (Phase::Body, Phase::Body) if self.expect != Expect::Owed => Awaiting::Caller,
            (Phase::Body, _) => Awaiting::Content,
            (_, Phase::Body | Phase::Idle) | (Phase::Done, _) => Awaiting::Caller,
            (Phase::Idle | Phase::Aborted, Phase::Done | Phase::Aborted) => Awaiting::Response,
        }
    }
}

enums! {
    Role { Client = "client", Server = "server" }
    Phase { Idle = "idle", Body = "body", Done = "done", Aborted = "aborted" }
    Rx { Open = "open", Closed = "closed", Switched = "switched", Failed = "failed" }
    Tx { Open = "open", Closed = "closed", Switched = "switched" }
    UpgradeState {
        None = "none", Offered = "offered", Connect = "connect", Agreed = "agreed",
        Declined = "declined", Resumed = "resumed",
    }
    Expect { None = "none", Owed = "owed", Begun = "begun" }
    ClientVersion { Unknown = "unknown", Http10 = "1.0", Http11 = "1.1" }
    Awaiting {
        Caller = "caller", Request = "request", Content = "content", Response = "response",
        Continue = "continue", Nothing = "nothing", Head = "head",
    }
}

#[cfg(test)]
mod explorer;
