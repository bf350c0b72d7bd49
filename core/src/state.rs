//! The machine of both roles. Everything that changes the state of a connection is in this file, and nothing
//! in this file knows a byte: an [`Input`] says what was received or decided, [`State::apply`] says what follows.
//!
//! One vocabulary serves both roles, because what one side sends is what the other receives: an
//! `Input::Request` is a head that a client sent or that a server received. A request travels on the client's `tx`
//! and the server's `rx`, a response the other way round; [`State::lane`] is the one place that knows it. Where
//! else the roles differ, the line names the clause.
//!
//! A transition is a pure function from value to value: a refused one changes nothing, and the caller commits the
//! new state only after the bytes that belong to it have been written.

use crate::listed::listed;

/// Which end of the connection this engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sends requests.
    Client,
    /// Answers them.
    Server,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Not begun.
    Idle,
    /// Head passed, content or its end still to come.
    Body,
    /// Complete by its framing.
    Done,
    /// Given up before its end.
    Cut,
}

/// The peer's direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rx {
    /// Carries HTTP.
    Open,
    /// Ended, or nothing more is read.
    Closed,
    /// Left HTTP.
    Switched,
    /// The peer broke the protocol.
    Failed,
}

/// Our direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tx {
    /// Carries HTTP.
    Open,
    /// No more HTTP leaves.
    Closed,
    /// Left HTTP.
    Switched,
}

/// What the current cycle is about to turn into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// Plain HTTP.
    None,
    /// The request offers at least one protocol that may be accepted.
    Offered,
    /// The request is a CONNECT.
    Connect,
    /// A 101, a 2xx to CONNECT or a preface switched the connection.
    Agreed,
    /// The offer or CONNECT got another answer.
    Refused,
    /// HTTP was resumed above the new layer; the answer is still owed (RFC 9110, 7.8).
    Spent,
}

/// The client's `Expect: 100-continue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expect {
    /// Nothing expected, or already settled.
    None,
    /// Expected, and no content has come.
    Owed,
    /// Expected and not sent, but content has come.
    Begun,
}

/// The version that the client of a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// No request seen yet.
    Unknown,
    /// HTTP/1.0.
    V10,
    /// HTTP/1.1 or a later minor version.
    V11,
}

/// Whom the engine waits for; the host sets its deadlines by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Awaiting {
    /// The host: a decision, an answer, more content, the next request.
    Host,
    /// The peer: the next request (an idle server connection).
    Request,
    /// The peer: more content or the end of the message.
    Content,
    /// The peer: a response.
    Response,
    /// The peer: a 100 before content is sent; bounded by the host's patience (RFC 9110, 10.1.1).
    Continue,
    /// Nobody: HTTP is over on this connection.
    Nothing,
}

/// What an input asks of the machine; see [`State::apply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// The request before is not answered.
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

/// How many complete requests a client may have waiting behind the one being answered.
pub(crate) const PIPELINE: u8 = 63;

/// The state of one connection. See `docs/states.md` for all that can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The latest request.
    pub request: Phase,
    /// The response to the oldest unanswered request.
    pub response: Phase,
    /// The peer's direction.
    pub rx: Rx,
    /// Our direction.
    pub tx: Tx,
    /// What the latest request is about to turn the connection into.
    pub turn: Turn,
    /// The latest request's expectation.
    pub expect: Expect,
    /// A further request may follow.
    pub persist: bool,
    /// The client's version (server only).
    pub peer: Peer,
    /// Complete requests before the latest whose final response has not ended (client only).
    pub behind: u8,
}

/// Which of the two messages an input belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Message {
    Request,
    Response,
}

impl State {
    /// A connection on which nothing has happened.
    pub const NEW: Self = Self {
        request: Phase::Idle,
        response: Phase::Idle,
        rx: Rx::Open,
        tx: Tx::Open,
        turn: Turn::None,
        expect: Expect::None,
        persist: true,
        peer: Peer::Unknown,
        behind: 0,
    };

    /// What follows from `input`, or why it cannot be.
    pub(crate) fn apply(self, role: Role, input: Input) -> Result<Self, Rejected> {
        match input {
            Input::Request(opening) => self.begin(role, opening),
            Input::RequestContent => self.content(role),
            Input::RequestEnd => self.end_request(role),
            Input::Continue => self.inform(role, true),
            Input::Informational => self.inform(role, false),
            Input::Switch { early } => self.switch(role, early),
            Input::Response(answer) => self.answer(role, answer),
            Input::ResponseEnd => self.end_response(role),
            Input::End => self.end(role),
            Input::Fail => self.fail(role),
            Input::DrainLimit => self.drain_limit(role),
            Input::CloseAfterResponse => self.close_after_response(role),
            Input::Abandon => self.abandon(role),
            Input::Resume => self.resume(),
            Input::Preface => self.preface(role),
        }
    }

    // The messages, in the order in which a cycle meets them.

    fn begin(mut self, role: Role, opening: Opening) -> Result<Self, Rejected> {
        self.lane(role, Message::Request)?;
        if role == Role::Client && self.rx != Rx::Open {
            return Err(Rejected::Closed);
        }
        if matches!(self.request, Phase::Body | Phase::Cut) {
            return Err(Rejected::RequestUnfinished);
        }
        // Nothing is pipelined behind an offer: it would reach a server that may have switched.
        if self.undecided() || self.turn == Turn::Agreed {
            return Err(Rejected::OfferPending);
        }
        if !self.persist {
            return Err(Rejected::NotPersistent);
        }
        if !self.is_idle() {
            match role {
                // RFC 9112, 9.3.2: a client may pipeline; a server answers in order, one request at a time.
                Role::Server => return Err(Rejected::Unanswered),
                Role::Client if self.behind == PIPELINE => return Err(Rejected::PipelineFull),
                Role::Client => self.behind += 1,
            }
        } else {
            self.response = Phase::Idle;
        }
        self.request = if opening.content { Phase::Body } else { Phase::Done };
        self.turn = opening.turn;
        // RFC 9110, 10.1.1: without content there is nothing to continue with; an HTTP/1.0 expectation is ignored.
        let expects = opening.expect && opening.content && opening.version == Peer::V11;
        self.expect = if expects { Expect::Owed } else { Expect::None };
        self.persist = opening.persist;
        self.peer = opening.version;
        Ok(self)
    }

    fn content(mut self, role: Role) -> Result<Self, Rejected> {
        self.lane(role, Message::Request)?;
        if self.request != Phase::Body {
            return Err(Rejected::NoContent);
        }
        if self.expect == Expect::Owed {
            self.expect = Expect::Begun;
        }
        Ok(self)
    }

    fn end_request(mut self, role: Role) -> Result<Self, Rejected> {
        self.lane(role, Message::Request)?;
        if self.request != Phase::Body {
            return Err(Rejected::NoContent);
        }
        self.request = Phase::Done;
        if self.turn == Turn::Agreed {
            self.leave_http(role, Message::Request);
        }
        Ok(self.settle(role))
    }

    fn inform(mut self, role: Role, is_continue: bool) -> Result<Self, Rejected> {
        self.response_due(role)?;
        if role == Role::Server {
            if self.rx == Rx::Failed {
                return Err(Rejected::Failed);
            }
            // RFC 9110, 15.2: a server sends no 1xx to an HTTP/1.0 client.
            if self.peer == Peer::V10 {
                return Err(Rejected::Http10Peer);
            }
            if is_continue && self.expect == Expect::None {
                return Err(Rejected::NotExpected);
            }
        }
        if is_continue && self.behind == 0 {
            self.expect = Expect::None;
        }
        Ok(self)
    }

    fn switch(mut self, role: Role, early: bool) -> Result<Self, Rejected> {
        self.response_due(role)?;
        if self.turn != Turn::Offered || self.behind > 0 {
            return Err(Rejected::NothingOffered);
        }
        if role == Role::Server {
            match self.rx {
                Rx::Open => {}
                Rx::Failed => return Err(Rejected::Failed),
                Rx::Closed | Rx::Switched => return Err(Rejected::Closed),
            }
            // A client that awaits a 100 would never send the rest, and what it sends is not the new protocol.
            if self.request == Phase::Body && !early {
                return Err(Rejected::BodyPending);
            }
        }
        self.turn = Turn::Agreed;
        self.expect = Expect::None;
        self.leave_http(role, Message::Response);
        if self.request == Phase::Done {
            self.leave_http(role, Message::Request);
        }
        Ok(self)
    }

    fn answer(mut self, role: Role, answer: Answer) -> Result<Self, Rejected> {
        self.response_due(role)?;
        let latest = self.behind == 0;
        if latest && self.turn == Turn::Connect && answer.success && self.rx == Rx::Open {
            // RFC 9110, 9.3.6: a 2xx to CONNECT is a tunnel from the empty line on.
            self.turn = Turn::Agreed;
            self.response = Phase::Done;
            self.leave_http(role, Message::Response);
            self.leave_http(role, Message::Request);
            return Ok(self);
        }
        self.response = if answer.content { Phase::Body } else { Phase::Done };
        self.persist &= answer.persist;
        if role == Role::Server && self.expect == Expect::Owed && self.request == Phase::Body {
            // The client may drop its content or send it: whatever comes next cannot be told apart.
            self.persist = false;
        }
        if latest {
            if self.turn == Turn::Connect {
                // RFC 9931, 8: what follows a refused CONNECT may be the tunnel's bytes.
                self.persist = false;
            }
            self.refuse();
            self.expect = Expect::None;
        } else if !answer.persist {
            // RFC 9112, 9.6: nothing behind a response with "close" will be answered.
            self.behind = 0;
            self.refuse();
            self.expect = Expect::None;
            self.cut_request(role);
        }
        Ok(if self.response == Phase::Done { self.answered(role) } else { self })
    }

    fn end_response(self, role: Role) -> Result<Self, Rejected> {
        self.lane(role, Message::Response)?;
        if self.response != Phase::Body {
            return Err(Rejected::NoContent);
        }
        Ok(self.answered(role))
    }

    // What ends a connection.

    fn end(mut self, role: Role) -> Result<Self, Rejected> {
        self.reads()?;
        let over = match role {
            // A client that stops after our closing response has not broken anything.
            Role::Server => self.is_idle() || (self.response == Phase::Done && !self.persist),
            Role::Client => self.request == Phase::Idle || (self.response == Phase::Done && self.behind == 0),
        };
        if !over {
            return Err(Rejected::Truncated);
        }
        self.cut_request(role);
        self.close();
        Ok(self)
    }

    fn fail(mut self, role: Role) -> Result<Self, Rejected> {
        self.reads()?;
        if role == Role::Server && self.is_idle() {
            // A head that could not be read: a request all the same, to be answered once.
            self.request = Phase::Cut;
            self.response = Phase::Idle;
            self.turn = Turn::None;
            self.expect = Expect::None;
        }
        self.rx = Rx::Failed;
        self.persist = false;
        self.refuse();
        if self.request == Phase::Body {
            self.request = Phase::Cut;
        }
        if role == Role::Client && self.response == Phase::Body {
            self.response = Phase::Cut;
        }
        if role == Role::Client || self.response == Phase::Done {
            self.stop_sending();
        }
        Ok(self)
    }

    fn drain_limit(mut self, role: Role) -> Result<Self, Rejected> {
        self.reads()?;
        self.rx = Rx::Closed;
        self.persist = false;
        self.expect = Expect::None;
        self.refuse();
        match role {
            Role::Server if self.request == Phase::Body => self.request = Phase::Cut,
            Role::Client if self.response == Phase::Body => {
                self.response = Phase::Cut;
                self.cut_request(role);
                self.stop_sending();
            }
            _ => return Err(Rejected::NoContent),
        }
        Ok(self.settle(role))
    }

    fn close_after_response(mut self, role: Role) -> Result<Self, Rejected> {
        self.writes()?;
        if self.is_idle() {
            self.close();
            return Ok(self);
        }
        // Keep-alive promised and then closed would race with the next request.
        if role == Role::Server && self.response != Phase::Idle && self.persist {
            return Err(Rejected::TooLate);
        }
        self.persist = false;
        Ok(self.settle(role))
    }

    fn abandon(mut self, role: Role) -> Result<Self, Rejected> {
        if role == Role::Client && self.request == Phase::Body && self.tx == Tx::Open && self.rx == Rx::Open {
            self.cut_request(role);
            self.persist = false;
            return Ok(self.settle(role));
        }
        for message in [&mut self.request, &mut self.response] {
            if *message == Phase::Body {
                *message = Phase::Cut;
            }
        }
        self.refuse();
        self.close();
        Ok(self)
    }

    // What leaves HTTP, and comes back to it.

    fn resume(mut self) -> Result<Self, Rejected> {
        let whole = self.rx == Rx::Switched && self.tx == Tx::Switched;
        // After CONNECT the response is done, after a preface there was no request: nothing is owed.
        if !whole || self.request != Phase::Done || self.response != Phase::Idle {
            return Err(Rejected::NothingOwed);
        }
        self.rx = Rx::Open;
        self.tx = Tx::Open;
        self.turn = Turn::Spent;
        Ok(self)
    }

    fn preface(mut self, role: Role) -> Result<Self, Rejected> {
        if role == Role::Client {
            return Err(Rejected::WrongRole);
        }
        self.reads()?;
        if self.request != Phase::Idle {
            return Err(Rejected::Unasked);
        }
        self.turn = Turn::Agreed;
        self.leave_http(role, Message::Request);
        self.leave_http(role, Message::Response);
        Ok(self)
    }

    // What several of them share.

    /// The direction that `message` travels on must still carry HTTP.
    fn lane(self, role: Role, message: Message) -> Result<(), Rejected> {
        match (role, message) {
            (Role::Client, Message::Request) | (Role::Server, Message::Response) => self.writes(),
            (Role::Client, Message::Response) | (Role::Server, Message::Request) => self.reads(),
        }
    }

    fn reads(self) -> Result<(), Rejected> {
        match self.rx {
            Rx::Open => Ok(()),
            Rx::Closed => Err(Rejected::Closed),
            Rx::Switched => Err(Rejected::Switched),
            Rx::Failed => Err(Rejected::Failed),
        }
    }

    fn writes(self) -> Result<(), Rejected> {
        match self.tx {
            Tx::Open => Ok(()),
            Tx::Closed if self.rx == Rx::Failed => Err(Rejected::Failed),
            Tx::Closed => Err(Rejected::Closed),
            Tx::Switched => Err(Rejected::Switched),
        }
    }

    /// Some request waits for the head of its response.
    fn response_due(self, role: Role) -> Result<(), Rejected> {
        if self.request == Phase::Idle {
            self.lane(role, Message::Response)?;
            return Err(Rejected::Unasked);
        }
        match self.response {
            Phase::Idle => self.lane(role, Message::Response),
            Phase::Body | Phase::Done | Phase::Cut => Err(Rejected::Answered),
        }
    }

    fn leave_http(&mut self, role: Role, message: Message) {
        match (role, message) {
            (Role::Client, Message::Request) | (Role::Server, Message::Response) => {
                if self.tx == Tx::Open {
                    self.tx = Tx::Switched;
                }
            }
            (Role::Client, Message::Response) | (Role::Server, Message::Request) => {
                if self.rx == Rx::Open {
                    self.rx = Rx::Switched;
                }
            }
        }
    }

    /// The final response has ended.
    fn answered(mut self, role: Role) -> Self {
        self.response = Phase::Done;
        if self.behind > 0 {
            self.behind -= 1;
            self.response = Phase::Idle;
        }
        self.settle(role)
    }

    /// Closes what a cycle without a successor leaves open.
    fn settle(mut self, role: Role) -> Self {
        if self.persist || self.response != Phase::Done || self.behind > 0 {
            return self;
        }
        match role {
            // RFC 9112, 9.6: after a response with "close" nothing more is processed but the rest of this request.
            Role::Server => {
                self.stop_sending();
                if self.request != Phase::Body {
                    self.stop_reading();
                }
            }
            Role::Client => {
                self.cut_request(role);
                self.close();
            }
        }
        self
    }

    fn close(&mut self) {
        self.persist = false;
        self.stop_sending();
        self.stop_reading();
    }

    fn stop_sending(&mut self) {
        if self.tx == Tx::Open {
            self.tx = Tx::Closed;
        }
    }

    fn stop_reading(&mut self) {
        if self.rx == Rx::Open {
            self.rx = Rx::Closed;
        }
    }

    /// An unfinished request stays unfinished; what carried it ends.
    fn cut_request(&mut self, role: Role) {
        if self.request == Phase::Body {
            self.request = Phase::Cut;
            match role {
                Role::Client => self.stop_sending(),
                Role::Server => self.stop_reading(),
            }
        }
    }

    fn refuse(&mut self) {
        if self.undecided() {
            self.turn = Turn::Refused;
        }
    }

    // What others ask.

    /// An offer or a CONNECT waits for its answer.
    pub fn undecided(self) -> bool {
        matches!(self.turn, Turn::Offered | Turn::Connect)
    }

    /// No request is under way and none unanswered.
    pub fn is_idle(self) -> bool {
        self.request == Phase::Idle
            || (matches!(self.request, Phase::Done) && self.response == Phase::Done && self.behind == 0)
    }

    /// A server may read the next request head; a client may send one in a fresh cycle.
    pub fn next_cycle(self) -> bool {
        self.is_idle() && self.persist && self.rx == Rx::Open && self.tx == Tx::Open
    }

    /// Neither direction can carry HTTP.
    pub fn is_over(self) -> bool {
        self.rx != Rx::Open && self.tx != Tx::Open
    }

    /// Both directions have left HTTP.
    pub fn is_switched(self) -> bool {
        self.rx == Rx::Switched && self.tx == Tx::Switched
    }

    /// A 100 is expected and was not sent.
    pub fn continue_unsent(self) -> bool {
        self.expect != Expect::None && self.response == Phase::Idle
    }

    /// Whom the engine waits for.
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
            // A client that waits for its 100 sends nothing: the host is the one to move.
            let owed = self.expect == Expect::Owed && self.response == Phase::Idle;
            if self.request == Phase::Body && !owed {
                return Awaiting::Content;
            }
        }
        Awaiting::Host
    }

    fn client_awaits(self) -> Awaiting {
        if self.rx != Rx::Open {
            return Awaiting::Host;
        }
        match (self.response, self.request) {
            (Phase::Idle, Phase::Body) if self.expect == Expect::Owed => Awaiting::Continue,
            // An answer that comes early does not finish the request: a server that reads on waits for the rest, and
            // if each end waited for the other's content, neither would be the one to move.
            (Phase::Body, Phase::Body) if self.expect != Expect::Owed => Awaiting::Host,
            (Phase::Body, _) => Awaiting::Content,
            (_, Phase::Body | Phase::Idle) | (Phase::Done, _) => Awaiting::Host,
            (Phase::Idle | Phase::Cut, Phase::Done | Phase::Cut) => Awaiting::Response,
        }
    }
}

listed! {
    Role { Client = "client", Server = "server" }
    Phase { Idle = "idle", Body = "body", Done = "done", Cut = "cut" }
    Rx { Open = "open", Closed = "closed", Switched = "switched", Failed = "failed" }
    Tx { Open = "open", Closed = "closed", Switched = "switched" }
    Turn { None = "none", Offered = "offered", Connect = "connect", Agreed = "agreed", Refused = "refused", Spent = "spent" }
    Expect { None = "none", Owed = "owed", Begun = "begun" }
    Peer { Unknown = "unknown", V10 = "1.0", V11 = "1.1" }
    Awaiting { Host = "host", Request = "request", Content = "content", Response = "response", Continue = "continue", Nothing = "nothing" }
}

#[cfg(test)]
mod explorer;
