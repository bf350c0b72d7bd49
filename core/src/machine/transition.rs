//! The transitions of the state machine.
//!
//! [`State::apply`] returns the state that follows an [`Input`], which was received or decided.
//!
//! The same inputs serve both roles, because what one side sends is what the other receives. An
//! `Input::Request` is a head that a client sent or that a server received. A request travels on
//! the client's `tx` and the server's `rx`, a response the other way round. [`State::lane`],
//! [`State::leave_http`] and [`State::abort_request`] find the direction of a message. The other
//! differences between the roles are tests of `role`.
//!
//! A transition is a pure function of its values. A rejected input changes nothing. The caller
//! keeps the new state only if the bytes that belong to it could be written.

use super::{
    ClientVersion, Expect, Input, Phase, RequestInfo, ResponseInfo, Role, Rx, State, Tx,
    UpgradeState,
};
use crate::error::ErrorKind;

/// The maximum of [`State::pipelined`]: unanswered requests before the latest one.
pub(crate) const PIPELINE: u8 = 63;

/// The message of an exchange that an input belongs to: request or response.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Message {
    Request,
    Response,
}

impl State {
    /// Returns the state after `input`, or why it is rejected.
    ///
    /// Inlined: most callers pass a known kind of input, so that only one transition remains, on a
    /// state in registers. In WebAssembly, where size counts, all callers share one copy.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn apply(self, role: Role, input: Input) -> Result<Self, ErrorKind> {
        match input {
            Input::Request(opening) => self.on_request(role, opening),
            Input::RequestContent => self.on_request_content(role),
            Input::RequestEnd => self.on_request_end(role),
            Input::Continue => self.on_informational(role, true),
            Input::Informational => self.on_informational(role, false),
            Input::Switch { early } => self.on_switch(role, early),
            Input::Response(answer) => self.on_response(role, answer),
            Input::ResponseEnd => self.on_response_end(role),
            Input::End => self.on_end(role),
            Input::Fail => self.on_fail(role),
            Input::DrainLimit => self.on_drain_limit(role),
            Input::Reject => self.on_reject(role),
            Input::CloseAfterResponse => self.on_close_after_response(role),
            Input::Abandon => self.on_abandon(role),
            Input::Resume => self.on_resume(),
            Input::Preface => self.on_preface(role),
        }
    }

    /// Returns the state after a final response's head.
    ///
    /// If `is_whole`, the response is sent whole, and the state is that after its end.
    pub(crate) fn apply_response(
        self,
        role: Role,
        answer: ResponseInfo,
        is_whole: bool,
    ) -> Result<Self, ErrorKind> {
        let next = self.apply(role, Input::Response(answer))?;
        if is_whole && answer.content { next.apply(role, Input::ResponseEnd) } else { Ok(next) }
    }

    // Messages, in the order in which an exchange has them.

    fn on_request(mut self, role: Role, opening: RequestInfo) -> Result<Self, ErrorKind> {
        self.lane(role, Message::Request)?;
        if role == Role::Client && self.rx != Rx::Open {
            return Err(ErrorKind::Closed);
        }
        if matches!(self.request, Phase::Body | Phase::Aborted) {
            return Err(ErrorKind::RequestUnfinished);
        }
        // Nothing is pipelined after an offer: it would reach a server that may have switched.
        if self.undecided() || self.upgrade == UpgradeState::Agreed {
            return Err(ErrorKind::OfferPending);
        }
        if !self.persist {
            return Err(ErrorKind::NotPersistent);
        }
        if !self.is_idle() {
            match role {
                // RFC 9112 9.3.2: a client may pipeline; a server answers in order, one request at
                // a time.
                Role::Server => return Err(ErrorKind::Unanswered),
                Role::Client if self.pipelined == PIPELINE => return Err(ErrorKind::PipelineFull),
                Role::Client => self.pipelined += 1,
            }
        } else {
            self.response = Phase::Idle;
        }
        self.request = if opening.content { Phase::Body } else { Phase::Done };
        self.upgrade = opening.upgrade;
        // RFC 9110 10.1.1: without content there is nothing to continue with; an HTTP/1.0
        // expectation is ignored.
        let expects = opening.expect && opening.content && opening.version == ClientVersion::Http11;
        self.expect = if expects { Expect::Owed } else { Expect::None };
        self.persist = opening.persist;
        self.client_version = opening.version;
        Ok(self)
    }

    fn on_request_content(mut self, role: Role) -> Result<Self, ErrorKind> {
        self.lane(role, Message::Request)?;
        if self.request != Phase::Body {
            return Err(ErrorKind::NoContent);
        }
        if self.expect == Expect::Owed {
            self.expect = Expect::Begun;
        }
        Ok(self)
    }

    fn on_request_end(mut self, role: Role) -> Result<Self, ErrorKind> {
        self.lane(role, Message::Request)?;
        if self.request != Phase::Body {
            return Err(ErrorKind::NoContent);
        }
        self.request = Phase::Done;
        if self.upgrade == UpgradeState::Agreed {
            self.leave_http(role, Message::Request);
        }
        Ok(self.close_cycle(role))
    }

    fn on_informational(mut self, role: Role, is_continue: bool) -> Result<Self, ErrorKind> {
        self.response_due(role)?;
        if role == Role::Server {
            if self.rx == Rx::Failed {
                return Err(ErrorKind::Failed);
            }
            // RFC 9110 15.2: a server sends no 1xx to an HTTP/1.0 client.
            if self.client_version == ClientVersion::Http10 {
                return Err(ErrorKind::Http10Peer);
            }
        }
        if is_continue && self.pipelined == 0 {
            self.expect = Expect::None;
        }
        Ok(self)
    }

    #[inline]
    fn on_switch(mut self, role: Role, early: bool) -> Result<Self, ErrorKind> {
        self.response_due(role)?;
        if self.upgrade != UpgradeState::Offered || self.pipelined > 0 {
            return Err(ErrorKind::NothingOffered);
        }
        if role == Role::Server {
            match self.rx {
                Rx::Open => {}
                Rx::Failed => return Err(ErrorKind::Failed),
                Rx::Closed | Rx::Switched => return Err(ErrorKind::Closed),
            }
            // A client that waits for a 100 would never send the rest, and what it sends is not the
            // new protocol.
            if self.request == Phase::Body && !early {
                return Err(ErrorKind::BodyPending);
            }
        }
        self.upgrade = UpgradeState::Agreed;
        self.expect = Expect::None;
        self.leave_http(role, Message::Response);
        if self.request == Phase::Done {
            self.leave_http(role, Message::Request);
        }
        Ok(self)
    }

    fn on_response(mut self, role: Role, answer: ResponseInfo) -> Result<Self, ErrorKind> {
        self.response_due(role)?;
        let latest = self.pipelined == 0;
        if latest && self.upgrade == UpgradeState::Connect && answer.success && self.rx == Rx::Open
        {
            // RFC 9110 9.3.6: all bytes after the head of a 2xx to CONNECT belong to the tunnel.
            self.upgrade = UpgradeState::Agreed;
            self.response = Phase::Done;
            self.leave_http(role, Message::Response);
            self.leave_http(role, Message::Request);
            return Ok(self);
        }
        self.response = if answer.content { Phase::Body } else { Phase::Done };
        self.persist &= answer.persist;
        if role == Role::Server && self.expect == Expect::Owed && self.request == Phase::Body {
            // The client may omit its content or send it: the server cannot know what the next
            // bytes are.
            self.persist = false;
        }
        if latest {
            if self.upgrade == UpgradeState::Connect && role == Role::Server {
                // RFC 9931 8: bytes after a declined CONNECT may be meant for the tunnel. Our
                // client sends none before the response, so its connection persists if the proxy
                // allows it. A 407 is thus followed by another request on the same connection (RFC
                // 9112 9.3).
                self.persist = false;
            }
            self.decline();
            self.expect = Expect::None;
        } else if !answer.persist {
            // RFC 9112 9.6: no request after a response with "close" is responded to.
            self.pipelined = 0;
            self.decline();
            self.expect = Expect::None;
            self.abort_request(role);
        }
        Ok(if self.response == Phase::Done { self.answered(role) } else { self })
    }

    fn on_response_end(self, role: Role) -> Result<Self, ErrorKind> {
        self.lane(role, Message::Response)?;
        if self.response != Phase::Body {
            return Err(ErrorKind::NoContent);
        }
        Ok(self.answered(role))
    }

    // Inputs that end a connection.

    fn on_end(mut self, role: Role) -> Result<Self, ErrorKind> {
        self.reads()?;
        let over = match role {
            // A client may end its direction after our response with `close`.
            Role::Server => self.is_idle() || (self.response == Phase::Done && !self.persist),
            Role::Client => {
                self.request == Phase::Idle || (self.response == Phase::Done && self.pipelined == 0)
            }
        };
        if !over {
            return Err(ErrorKind::Truncated);
        }
        self.abort_request(role);
        self.close();
        Ok(self)
    }

    fn on_fail(mut self, role: Role) -> Result<Self, ErrorKind> {
        self.reads()?;
        if role == Role::Server && self.is_idle() {
            // An unreadable head still counts as a request that gets one response.
            self.request = Phase::Aborted;
            self.response = Phase::Idle;
            self.upgrade = UpgradeState::None;
            self.expect = Expect::None;
        }
        self.rx = Rx::Failed;
        self.persist = false;
        self.decline();
        if self.request == Phase::Body {
            self.request = Phase::Aborted;
        }
        if role == Role::Client && self.response == Phase::Body {
            self.response = Phase::Aborted;
        }
        if role == Role::Client || self.response == Phase::Done {
            self.stop_sending();
        }
        Ok(self)
    }

    fn on_drain_limit(mut self, role: Role) -> Result<Self, ErrorKind> {
        self.reads()?;
        self.rx = Rx::Closed;
        self.persist = false;
        self.expect = Expect::None;
        self.decline();
        match role {
            Role::Server if self.request == Phase::Body => self.request = Phase::Aborted,
            Role::Client if self.response == Phase::Body => {
                self.response = Phase::Aborted;
                self.abort_request(role);
                self.stop_sending();
            }
            _ => return Err(ErrorKind::NoContent),
        }
        Ok(self.close_cycle(role))
    }

    /// Applies [`Input::Reject`]: the server reads no more, and sends a last response.
    ///
    /// An idle server responds to the next request, as if that had been received incompletely.
    /// Otherwise the response is for the request that waits for one.
    fn on_reject(mut self, role: Role) -> Result<Self, ErrorKind> {
        if role == Role::Client {
            return Err(ErrorKind::WrongRole);
        }
        self.writes()?;
        if self.is_idle() {
            self.reads()?;
            self.request = Phase::Aborted;
            self.response = Phase::Idle;
            self.upgrade = UpgradeState::None;
        } else if self.response != Phase::Idle {
            return Err(ErrorKind::Answered);
        }
        self.expect = Expect::None;
        self.persist = false;
        self.abort_request(role);
        self.stop_reading();
        Ok(self)
    }

    fn on_close_after_response(mut self, role: Role) -> Result<Self, ErrorKind> {
        self.writes()?;
        if self.is_idle() {
            self.close();
            return Ok(self);
        }
        // To promise keep-alive and then close would be a race with the client's next request.
        if role == Role::Server && self.response != Phase::Idle && self.persist {
            return Err(ErrorKind::TooLate);
        }
        self.persist = false;
        Ok(self.close_cycle(role))
    }

    fn on_abandon(mut self, role: Role) -> Result<Self, ErrorKind> {
        if role == Role::Client
            && self.request == Phase::Body
            && self.tx == Tx::Open
            && self.rx == Rx::Open
        {
            self.abort_request(role);
            self.persist = false;
            return Ok(self.close_cycle(role));
        }
        for message in [&mut self.request, &mut self.response] {
            if *message == Phase::Body {
                *message = Phase::Aborted;
            }
        }
        self.decline();
        self.close();
        Ok(self)
    }

    // Inputs that switch a direction, or resume HTTP.

    fn on_resume(mut self) -> Result<Self, ErrorKind> {
        let whole = self.rx == Rx::Switched && self.tx == Tx::Switched;
        // After CONNECT the response is complete, and after a preface there was no request: no
        // response is owed.
        if !whole || self.request != Phase::Done || self.response != Phase::Idle {
            return Err(ErrorKind::NothingOwed);
        }
        self.rx = Rx::Open;
        self.tx = Tx::Open;
        self.upgrade = UpgradeState::Resumed;
        Ok(self)
    }

    fn on_preface(mut self, role: Role) -> Result<Self, ErrorKind> {
        if role == Role::Client {
            return Err(ErrorKind::WrongRole);
        }
        self.reads()?;
        if self.request != Phase::Idle {
            return Err(ErrorKind::Unasked);
        }
        self.upgrade = UpgradeState::Agreed;
        self.leave_http(role, Message::Request);
        self.leave_http(role, Message::Response);
        Ok(self)
    }

    // Helpers of several transitions.

    /// Checks that the direction in which `message` is sent still carries HTTP.
    fn lane(self, role: Role, message: Message) -> Result<(), ErrorKind> {
        match (role, message) {
            (Role::Client, Message::Request) | (Role::Server, Message::Response) => self.writes(),
            (Role::Client, Message::Response) | (Role::Server, Message::Request) => self.reads(),
        }
    }

    fn reads(self) -> Result<(), ErrorKind> {
        match self.rx {
            Rx::Open => Ok(()),
            Rx::Closed => Err(ErrorKind::Closed),
            Rx::Switched => Err(ErrorKind::Switched),
            Rx::Failed => Err(ErrorKind::Failed),
        }
    }

    fn writes(self) -> Result<(), ErrorKind> {
        match self.tx {
            Tx::Open => Ok(()),
            Tx::Closed if self.rx == Rx::Failed => Err(ErrorKind::Failed),
            Tx::Closed => Err(ErrorKind::Closed),
            Tx::Switched => Err(ErrorKind::Switched),
        }
    }

    /// Checks that a request waits for the head of its response.
    fn response_due(self, role: Role) -> Result<(), ErrorKind> {
        if self.request == Phase::Idle {
            self.lane(role, Message::Response)?;
            return Err(ErrorKind::Unasked);
        }
        match self.response {
            Phase::Idle => self.lane(role, Message::Response),
            Phase::Body | Phase::Done | Phase::Aborted => Err(ErrorKind::Answered),
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
}
