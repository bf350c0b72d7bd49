//! The public methods that return a connection's state, and `select`.

use super::{Closing, Connection, Owes, SendFraming};
use crate::machine::{Awaiting, Expect, Phase, Role, Rx, State, Tx, UpgradeState};
use crate::trace::Trace;
use crate::upgrade;
use crate::upgrade::{Order, Protocols, Request, Selection, Why};

impl Connection {
    /// Returns the state in detail, for logs and debugging tools.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns the party that the connection is waiting for.
    ///
    /// Use it to choose a timeout. When that expires, a server calls [`reject`](Self::reject) with
    /// a 408, or [`abandon`](Self::abandon) if its response has begun. It just closes an idle
    /// connection ([`Awaiting::Request`]). A client sends its content if it waits for a 100
    /// ([`Awaiting::Continue`]), and otherwise calls `abandon`.
    pub fn awaiting(&self) -> Awaiting {
        match self.state.awaiting(self.role) {
            Awaiting::Request if !self.unread().is_empty() => Awaiting::Head,
            awaiting => awaiting,
        }
    }

    /// Server: returns whether the client waits for a 100 before it sends its content.
    ///
    /// RFC 9110, section 10.1.1.
    fn owes_continue(&self) -> bool {
        let State { request, response, expect, .. } = self.state;
        self.role == Role::Server
            && (request, response, expect) == (Phase::Body, Phase::Idle, Expect::Owed)
    }

    /// Returns what the caller must send next.
    ///
    /// If several things are due, returns the one to be sent first.
    pub fn owes(&self) -> Owes {
        match self.role {
            _ if self.state.tx != Tx::Open => Owes::Nothing,
            Role::Server if self.owes_continue() => Owes::Continue,
            Role::Server
                if self.state.request != Phase::Idle && self.state.response == Phase::Idle =>
            {
                Owes::Response
            }
            _ if self.outgoing != SendFraming::None => Owes::Content,
            _ => Owes::Nothing,
        }
    }

    /// Returns whether another request may follow, as far as is known.
    ///
    /// It may not once a message, a call or an error makes the current exchange the last, nor while
    /// a direction has switched. On a client without an open request, it may not while there are
    /// unread bytes, as no request asked for them. RFC 9112, sections 9.2 and 9.3.
    pub fn persists(&self) -> bool {
        let has_stray_input =
            self.role == Role::Client && self.state.is_idle() && !self.unread().is_empty();
        self.state.persist
            && self.state.rx != Rx::Switched
            && self.state.tx != Tx::Switched
            && !has_stray_input
    }

    /// Returns the received bytes after the current event.
    ///
    /// While an offer is undecided, those after the request belong to no protocol. If you decline
    /// the offer and doubt that the client meant them as HTTP, call
    /// [`close_after_response`](Self::close_after_response): then they are never read. RFC 9931,
    /// section 5.
    #[inline]
    pub fn unread(&self) -> &[u8] {
        let Some(scratch) = self.scratch.as_deref() else { return &[] };
        scratch.buffer.unread().get(scratch.shown.len()..).unwrap_or_default()
    }

    /// Returns the number of the peer's bytes up to the end of the current event.
    #[inline]
    pub fn position(&self) -> u64 {
        let shown = self.scratch.as_ref().map_or(0, |scratch| scratch.shown.len());
        self.offset + shown as u64
    }

    /// Server: returns the current request, as long as its head is kept.
    ///
    /// The head is kept through the event that emits it. With an offer, even an ineligible one, or
    /// a CONNECT, it is kept at least until a final response declines that, or receiving ends. It
    /// stays if the offer or CONNECT is accepted. Once HTTP is resumed in a new protocol, it is
    /// kept until the response there is complete.
    pub fn request(&self) -> Option<Request<'_>> {
        self.kept_request().filter(|request| self.role == Role::Server && !request.bytes.is_empty())
    }

    /// Client: returns the protocols that a 426 to the latest request requires.
    ///
    /// The final response to that request sets them; there are none if it is not a 426. Until then
    /// they are those of an earlier request. Next: [`send_request`](Self::send_request) with some
    /// of them as the offer, on a new connection if the 426 closes this one. RFC 9110, section
    /// 15.5.22.
    pub fn required(&self) -> Protocols<'_> {
        Protocols::new(self.scratch.as_ref().map_or(&[], |scratch| &scratch.required))
    }

    /// Returns the protocols that a 101 switched to, lowest layer first.
    ///
    /// Empty before a 101, after a switch by CONNECT or HTTP/2 preface, and from the next request
    /// on.
    pub fn agreed(&self) -> Protocols<'_> {
        let is_agreed = matches!(self.state.upgrade, UpgradeState::Agreed | UpgradeState::Resumed);
        Protocols::new(
            self.scratch.as_ref().filter(|_| is_agreed).map_or(&[], |scratch| &scratch.agreed),
        )
    }

    /// Returns whether the caller may send bytes of the new protocol.
    ///
    /// A client may once it has received the 101 (or 2xx to CONNECT) and its request is complete. A
    /// server may once it has sent one, or has received an HTTP/2 preface. No event reports the
    /// switch of our own direction. If the 101 comes in the middle of a client's content, its
    /// direction switches with the `send_data` or `send_end` that completes the request.
    pub fn may_speak(&self) -> bool {
        let switched_by_peer = self.role == Role::Server || self.state.rx == Rx::Switched;
        switched_by_peer && self.state.tx == Tx::Switched
    }

    /// Returns how to close the transport, if it is closed now.
    ///
    /// RFC 9112, sections 8 and 9.6.
    pub fn closing(&self) -> Closing {
        if self.role == Role::Client {
            return Closing::Close;
        }
        let is_unfinished = matches!(self.state.response, Phase::Body | Phase::Aborted);
        // A response that the caller encodes may have any framing: the worst is assumed.
        let is_close_delimited = match self.outgoing {
            SendFraming::UntilClose => true,
            SendFraming::Own => !self.state.persist,
            _ => false,
        };
        let may_lose_a_response =
            self.flags.has_answered && self.end.is_none() && self.state.tx != Tx::Switched;
        match (is_close_delimited && is_unfinished, may_lose_a_response) {
            (true, _) => Closing::Reset,
            (false, true) => Closing::Linger,
            (false, false) => Closing::Close,
        }
    }

    /// Client: returns the number of requests without a complete final response.
    ///
    /// Those that [`Response::dropped`](crate::Response::dropped) has counted are not in it. Once
    /// the connection has ended, they may be sent again on another one if that is safe (RFC 9112,
    /// section 9.3.2).
    pub fn unanswered(&self) -> u8 {
        match (self.role, self.state.request, self.state.response) {
            (Role::Server, _, _) | (_, Phase::Idle, _) | (_, _, Phase::Done) => 0,
            _ => self.state.pipelined + 1,
        }
    }

    /// Returns why the latest request's upgrade has not happened.
    ///
    /// `None` before the first request, and if the upgrade or CONNECT was accepted. `None` too if a
    /// server did not read the latest request's head, because of an error or after `reject`.
    pub fn why(&self) -> Option<Why> {
        self.why
    }

    /// Removes and returns the oldest entry of the trace, a log of messages and calls.
    ///
    /// `None` if no entry is left.
    pub fn trace(&mut self) -> Option<Trace> {
        self.scratch.as_mut()?.trace.pop()
    }

    /// Server: selects an offered protocol that both sides support.
    ///
    /// Pass the result to [`accept`](Self::accept). Each preference is a protocol such as `foo/2`,
    /// or a stack of layers such as `TLS/1.2, HTTP/1.1`. A version must be equal to the one
    /// offered. A preference that is not a valid protocol name matches nothing. `None` if nothing
    /// matches, or no offer waits for a decision. [`Request::offers`] returns what was offered, and
    /// why a protocol is ineligible.
    pub fn select(&self, preferences: &[&str], by: Order) -> Option<Selection> {
        if self.state.upgrade != UpgradeState::Offered {
            return None;
        }
        upgrade::select(self.request()?, preferences, by, self.cycle)
    }
}
