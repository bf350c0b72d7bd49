//! The machine of both roles.
//!
//! Everything that changes the state of a connection is here, and nothing here knows a byte.
//!
//! This file says what a state is and what can be asked of it. `input` says what moves it;
//! `transition` how, or which error it is that it does not move.

mod changes;
mod input;
mod transition;

use crate::enums::enums;

pub(crate) use input::{Input, RequestInfo, ResponseInfo};

/// The end of the connection that this engine is.
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
    /// Head passed, content or its end still to come.
    Body,
    /// Complete by its framing.
    Done,
    /// Given up before its end.
    Aborted,
}

/// The peer's direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rx {
    /// The peer sends HTTP.
    Open,
    /// Ended, or nothing more is read.
    Closed,
    /// The peer has left HTTP.
    Switched,
    /// The peer broke the protocol.
    Failed,
}

/// Our direction of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tx {
    /// We send HTTP.
    Open,
    /// We send no more HTTP.
    Closed,
    /// We have left HTTP.
    Switched,
}

/// The effect that the current cycle is about to have on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpgradeState {
    /// No upgrade is offered.
    None,
    /// The request offers at least one protocol that may be accepted.
    Offered,
    /// The request is a CONNECT.
    Connect,
    /// A 101, a 2xx to CONNECT or a preface switched the connection.
    Agreed,
    /// The offer or CONNECT got another answer.
    Declined,
    /// HTTP was resumed above the new layer; the answer is still owed.
    ///
    /// RFC 9110, section 7.8.
    Resumed,
}

/// The client's `Expect: 100-continue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expect {
    /// No 100 is expected, or the expectation is settled.
    None,
    /// Expected, and no content has come.
    Owed,
    /// Expected and not sent, but content has come.
    Begun,
}

/// The version that the client of a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientVersion {
    /// No request has been seen.
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
    /// Your code: a decision, an answer, more content, the next request.
    Caller,
    /// The peer: the next request (an idle server connection).
    Request,
    /// The peer: more content or the end of the message.
    Content,
    /// The peer: a response.
    Response,
    /// The peer: a 100 before content is sent.
    ///
    /// Bounded by your timeout (RFC 9110, section 10.1.1).
    Continue,
    /// Nobody: HTTP is over on this connection.
    Nothing,
    /// The peer: the rest of a request's head, of which some bytes have come.
    Head,
}

/// The state of one connection. See `docs/states.md` for all that can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The latest request.
    pub request: Phase,
    /// The response to the oldest unanswered request.
    pub response: Phase,
    /// The peer's direction.
    pub rx: Rx,
    /// The state of our direction.
    pub tx: Tx,
    /// The effect of the latest request on the connection.
    pub upgrade: UpgradeState,
    /// The latest request's expectation.
    pub expect: Expect,
    /// A further request may follow.
    pub persist: bool,
    /// The client's version (server only).
    pub client_version: ClientVersion,
    /// Complete requests whose final response has not ended (client only).
    ///
    /// Those before the latest.
    pub pipelined: u8,
}

impl State {
    /// A connection on which nothing has happened.
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

    /// The state of a server that has read all of a plain request.
    ///
    /// HTTP/1.1, no content, no offer, and the connection persists.
    pub(crate) const PLAIN_REQUEST: Self =
        Self { request: Phase::Done, client_version: ClientVersion::Http11, ..Self::NEW };

    /// Returns the state after a response that says nothing about the connection.
    ///
    /// What it leaves of [`ASKED`](Self::ASKED), with an offer or without; `response` is how far
    /// the response has come.
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

    /// Returns whether no request is under way and none unanswered.
    pub fn is_idle(self) -> bool {
        self.request == Phase::Idle
            || (matches!(self.request, Phase::Done)
                && self.response == Phase::Done
                && self.pipelined == 0)
    }

    /// Returns whether a fresh cycle may begin.
    ///
    /// A server may read the next request head; a client may send one.
    pub fn next_cycle(self) -> bool {
        self.is_idle() && self.persist && self.rx == Rx::Open && self.tx == Tx::Open
    }

    /// Returns whether neither direction can carry HTTP.
    pub fn is_over(self) -> bool {
        self.rx != Rx::Open && self.tx != Tx::Open
    }

    /// Returns whether both directions have left HTTP.
    pub fn is_switched(self) -> bool {
        self.rx == Rx::Switched && self.tx == Tx::Switched
    }

    /// Returns whether a 100 is expected and was not sent.
    pub fn continue_unsent(self) -> bool {
        self.expect != Expect::None && self.response == Phase::Idle
    }

    /// Returns the party that the connection is waiting for.
    ///
    /// Never [`Awaiting::Head`], as a state knows no bytes.
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
            // A client that waits for its 100 sends nothing: your code is the one to move.
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
            // An answer that comes early does not finish the request: a server that reads on waits
            // for the rest, and if each end waited for the other's content, neither would be the
            // one to move.
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
