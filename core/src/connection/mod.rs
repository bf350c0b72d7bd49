//! The connection, which joins all other modules.
//!
//! Bytes in, events out (`inbound`), decisions in, bytes out (`outbound`), and the getters between.

mod inbound;
mod outbound;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::{BufMut, Bytes};

pub use inbound::Next;
pub use outbound::{Block, Prepared};

use crate::error::{Error, ErrorKind};
use crate::event::{Event, Response, Shown, Switched, SwitchedBy};
use crate::limits::{self, Config, Limits};
use crate::machine::{Awaiting, Expect, Input, Phase, Role, Rx, State, Tx, UpgradeState};
use crate::trace::{Ring, Trace, TraceStep};
use crate::upgrade::{self, OfferContext, Order, Protocols, Request, Selection, SentOffer, Why};
use crate::wire::body::{Body, Room};
use crate::wire::buffer::Buffer;
use crate::wire::encode;
use crate::wire::fields::Fields;
use crate::wire::head::Head;

/// The end of the peer's bytes: clean or truncated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// A FIN, and over TLS a closure alert before it.
    Clean,
    /// A reset, or over TLS no closure alert: more may have been meant.
    ///
    /// RFC 9112, section 9.8.
    Truncated,
}

crate::enums::enums! { End { Clean = "clean", Truncated = "truncated" } }

/// The next thing that the caller must send; see [`Connection::owes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owes {
    /// Nothing.
    Nothing,
    /// Server: a 100, or a final response.
    ///
    /// The client waits for one before it sends its content (RFC 9110, section 10.1.1).
    Continue,
    /// Server: the response to a request, whole or its head.
    Response,
    /// Content, or the end of the message being sent.
    Content,
}

crate::enums::enums! {
    Owes {
        Nothing = "nothing", Continue = "continue", Response = "response", Content = "content",
    }
}

/// The way to close the transport; see [`Connection::closing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closing {
    /// Close it: the peer loses nothing by that.
    Close,
    /// Send the FIN, then read and discard until the peer closes too.
    ///
    /// For a few seconds at most; then close. A socket that is closed with bytes unread is reset,
    /// which may take the last response away from the client.
    Linger,
    /// Reset the connection.
    ///
    /// On a TCP socket set SO_LINGER to 0 and close, over TLS send no closure alert. A response
    /// ends with the connection, as an HTTP/1.0 client has it, and is not complete. After a FIN the
    /// client would take it for whole.
    Reset,
}

crate::enums::enums! { Closing { Close = "close", Linger = "linger", Reset = "reset" } }

/// The framing of the message being sent, as far as it is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SendFraming {
    /// Nothing.
    None,
    /// A number of bytes.
    Length(u64),
    /// Chunks until your code ends it.
    Chunked,
    /// Bytes until your code ends it; then the connection closes.
    UntilClose,
    /// Written by the caller; see [`Connection::note_response`].
    Own,
}

/// One HTTP/1.1 connection, without its transport.
///
/// Your code moves the bytes: what it reads from the transport goes into
/// [`receive`](Self::receive), what the `send_*` methods write goes out. No call blocks, and none
/// reads a clock.
pub struct Connection {
    config: Option<Arc<Config>>,
    /// Everything that needs memory; given back by [`release`](Self::release).
    pub(crate) scratch: Option<Box<Scratch>>,
    body: Body,
    outgoing: SendFraming,
    /// The offset of the unread bytes in the peer's bytes.
    offset: u64,
    pub(crate) failure: Option<Error>,
    /// A bit for each unanswered HEAD request, the oldest lowest.
    heads: u64,
    /// Content skipped of the current message.
    drained: u64,
    /// Counts requests, so that a `Selection` of another one is known.
    cycle: u32,
    /// Empty lines before the current head.
    ///
    /// Or informational responses before the current final one.
    empty_lines: u16,
    informational: u16,
    state: State,
    pub(crate) role: Role,
    end: Option<End>,
    why: Option<Why>,
    pub(crate) flags: Flags,
}

/// A log gets no bytes of the peer: they may be a password.
impl core::fmt::Debug for Connection {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Connection")
            .field("role", &self.role)
            .field("state", &self.state)
            .field("awaiting", &self.awaiting())
            .field("why", &self.why)
            .field("unread", &self.unread().len())
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

/// An idle connection costs this much and no heap.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Connection>() <= 128);

/// Facts that the state machine does not need.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) secure: bool,
    /// A message has ended and no event has said so.
    owes_end: bool,
    /// The peer's direction has switched and no event has said so.
    owes_switched: Option<SwitchedBy>,
    /// The message sent was complete before `send_end`; that call may still come.
    ended_by_framing: bool,
    /// Your code does not want the rest of the content.
    skips: bool,
    /// The server has answered in HTTP/1.0.
    old_server: bool,
    /// Server: a response has been sent, or begun.
    has_answered: bool,
}

#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) buffer: Buffer,
    head: Head,
    /// Few messages have any.
    trailers: Option<Box<Head>>,
    /// The offset of the end of the current request's head.
    head_end: u64,
    /// Content that may still come in chunks.
    room: Room,
    shown: Shown,
    /// The context of offers at the time of the head.
    terms: OfferContext,
    /// The client's own offer, or what a server advertises next.
    offer: Vec<u8>,
    /// The protocols that a 101 switched to.
    agreed: Vec<u8>,
    /// The protocols that a 426 requires.
    required: Vec<u8>,
    /// The message being composed; stale between two calls.
    draft: Vec<u8>,
    /// The offer that a client checks the 101 against.
    asked: Option<Box<SentOffer>>,
    trace: Ring,
}

impl Connection {
    /// Creates a connection with the default configuration, without TLS.
    pub fn new(role: Role) -> Self {
        Self::build(role, None)
    }

    /// Creates a connection with a configuration, which may be shared.
    pub fn with_config(role: Role, config: impl Into<Arc<Config>>) -> Self {
        Self::build(role, Some(config.into()))
    }

    fn build(role: Role, config: Option<Arc<Config>>) -> Self {
        let secure = config.as_ref().is_some_and(|config| config.secure);
        Self {
            config,
            scratch: None,
            body: Body::None,
            outgoing: SendFraming::None,
            offset: 0,
            failure: None,
            heads: 0,
            drained: 0,
            cycle: 0,
            empty_lines: 0,
            informational: 0,
            state: State::NEW,
            role,
            end: None,
            why: None,
            flags: Flags { secure, ..Flags::default() },
        }
    }

    // What your code may ask.

    /// Returns the state, for logs and pages that show it.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns whom the engine waits for; set deadlines by it.
    ///
    /// When one expires, a server calls [`reject`](Self::reject) with a 408, or just closes an idle
    /// connection ([`Awaiting::Request`]); a client calls [`abandon`](Self::abandon).
    pub fn awaiting(&self) -> Awaiting {
        match self.state.awaiting(self.role) {
            Awaiting::Request if !self.unread().is_empty() => Awaiting::Head,
            awaiting => awaiting,
        }
    }

    /// Server: returns whether the client waits for a 100.
    ///
    /// RFC 9110, section 10.1.1.
    fn owes_continue(&self) -> bool {
        let State { request, response, expect, .. } = self.state;
        self.role == Role::Server
            && (request, response, expect) == (Phase::Body, Phase::Idle, Expect::Owed)
    }

    /// Returns what the caller must send next.
    ///
    /// Of several things, the first one that it waits for.
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
    /// It may if nothing has been sent or received that closes the connection, and no direction has
    /// left HTTP. For a client without an open request, unread bytes close it, as no request asked
    /// for them (RFC 9112, section 9.2). RFC 9112, section 9.3.
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
    /// While an offer is undecided they belong to no protocol. If you decline and do not trust the
    /// client to have meant them as HTTP, call [`close_after_response`](Self::close_after_response)
    /// and they are never read. RFC 9931, section 5.
    pub fn unread(&self) -> &[u8] {
        let Some(scratch) = self.scratch.as_deref() else { return &[] };
        scratch.buffer.unread().get(scratch.shown.len()..).unwrap_or_default()
    }

    /// Returns the number of the peer's bytes that the events have passed.
    #[inline]
    pub fn position(&self) -> u64 {
        let shown = self.scratch.as_ref().map_or(0, |scratch| scratch.shown.len());
        self.offset + shown as u64
    }

    /// Server: returns the current request, as long as its head is kept.
    ///
    /// That is through the event that showed it. With an offer, a CONNECT or a response owed in a
    /// new protocol, it is until that is settled.
    pub fn request(&self) -> Option<Request<'_>> {
        self.kept_request().filter(|request| self.role == Role::Server && !request.bytes.is_empty())
    }

    /// Client: returns the protocols that the latest 426 requires.
    ///
    /// Next: [`send_request`](Self::send_request) with some of it as the offer; where the 426
    /// closes the connection, on a new one. RFC 9110, section 15.5.22.
    pub fn required(&self) -> Protocols<'_> {
        Protocols::new(self.scratch.as_ref().map_or(&[], |scratch| &scratch.required))
    }

    /// Returns the protocols that a 101 switched to, lowest layer first.
    pub fn agreed(&self) -> Protocols<'_> {
        let is_agreed = matches!(self.state.upgrade, UpgradeState::Agreed | UpgradeState::Resumed);
        Protocols::new(
            self.scratch.as_ref().filter(|_| is_agreed).map_or(&[], |scratch| &scratch.agreed),
        )
    }

    /// Returns whether our direction may carry the new protocol.
    ///
    /// A client has its 101 (or 2xx to CONNECT) and its request is out; a server has accepted. No
    /// event tells a client that its own direction has switched. After a 101 in the middle of its
    /// content, the `send_data` or `send_end` that completes the request does it.
    pub fn may_speak(&self) -> bool {
        let switched_by_peer = self.role == Role::Server || self.state.rx == Rx::Switched;
        switched_by_peer && self.state.tx == Tx::Switched
    }

    /// Returns how to close the transport, should it be closed now.
    ///
    /// RFC 9112, sections 8 and 9.6.
    pub fn closing(&self) -> Closing {
        if self.role == Role::Client {
            return Closing::Close;
        }
        let is_unfinished = matches!(self.state.response, Phase::Body | Phase::Aborted);
        // A response that your code writes itself may be framed in any way: the worst is assumed.
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
    /// Once the connection is over, these may be sent again on another one where that is safe (RFC
    /// 9112, section 9.3.2).
    pub fn unanswered(&self) -> u8 {
        match (self.role, self.state.request, self.state.response) {
            (Role::Server, _, _) | (_, Phase::Idle, _) | (_, _, Phase::Done) => 0,
            _ => self.state.pipelined + 1,
        }
    }

    /// Returns why the current upgrade did not happen.
    ///
    /// `None` if it did, or before the first request.
    pub fn why(&self) -> Option<Why> {
        self.why
    }

    /// Takes the oldest entry of the trace.
    pub fn trace(&mut self) -> Option<Trace> {
        self.scratch.as_mut()?.trace.pop()
    }

    /// Server: selects an offered protocol that both sides support.
    ///
    /// Call [`accept`](Self::accept) with it. Each preference is a protocol such as `foo/2`, or a
    /// stack of layers such as `TLS/1.2, HTTP/1.1`. Versions are compared as they are, and what is
    /// no protocol's name matches nothing. `None` if nothing matches: [`Request::offers`] says what
    /// was offered, and what is wrong with it.
    pub fn select(&self, preferences: &[&str], by: Order) -> Option<Selection> {
        if self.state.upgrade != UpgradeState::Offered {
            return None;
        }
        upgrade::select(self.request()?, preferences, by, self.cycle)
    }

    /// Returns the first bytes of the new protocol.
    ///
    /// There are none before the end of the request has been reported.
    pub(crate) fn leftover(&self) -> &[u8] {
        if self.state.rx == Rx::Switched && !self.flags.owes_end { self.unread() } else { &[] }
    }

    /// Takes the first bytes of the new protocol out of the connection.
    ///
    /// They are those that the event's `leftover` shows, and what has come since. Everything that
    /// the transport delivers from now on is the new protocol's. The current event ends. It is
    /// empty before `Switched`, so wait for that event.
    pub fn take_leftover(&mut self) -> Bytes {
        self.leave_leftover(Bytes::copy_from_slice)
    }

    /// Passes the leftover to `copy`, and then drops it.
    pub(crate) fn leave_leftover<T>(&mut self, copy: impl FnOnce(&[u8]) -> T) -> T {
        self.consume_event();
        let leftover = self.leftover();
        let (copied, len) = (copy(leftover), leftover.len());
        if let Some(scratch) = &mut self.scratch {
            scratch.buffer.consume(len);
        }
        self.offset += len as u64;
        copied
    }

    /// Server: gives the whole connection to another parser.
    ///
    /// Returns the current request's head and every byte after it, exactly as they came. Allowed
    /// until something after the head has been read, or a final response or 101 was sent. The
    /// engine is then done; [`Paused::Closed`](crate::Paused::Closed) follows. Drop the engine,
    /// keep the transport.
    ///
    /// # Errors
    ///
    /// `WrongRole`, `Unasked`, `Answered`, `HeadGone`, `Closed`, `Switched`, `Failed`,
    /// `OutputTooSmall`.
    pub fn hand_over(&mut self) -> Result<Bytes, Error> {
        let mut bytes = Vec::new();
        self.hand_over_into(&mut bytes)?;
        Ok(bytes.into())
    }

    /// Hands over into memory of the caller's: all of it or nothing.
    pub(crate) fn hand_over_into(&mut self, out: &mut impl BufMut) -> Result<(), Error> {
        let written = self.may_hand_over().and_then(|()| {
            let scratch = self.scratch.as_deref();
            scratch.map_or(Ok(0), |scratch| {
                let parts = [scratch.buffer.kept(), scratch.buffer.unread()];
                encode::write_all(&parts, out)
                    .map(|()| parts.iter().map(|part| part.len()).sum::<usize>())
            })
        });
        let len = match written {
            Ok(len) => len,
            Err(error) => return self.record_error(error),
        };
        self.apply_decision(Input::Abandon)?;
        self.set_why_if_undecided(Why::Abandoned);
        let Some(scratch) = &mut self.scratch else { return Ok(()) };
        let unread = scratch.buffer.len();
        scratch.shown = Shown::Nothing;
        scratch.buffer.unkeep();
        scratch.buffer.consume(unread);
        self.offset += unread as u64;
        self.body = Body::None;
        self.flags.owes_end = false;
        self.record(TraceStep::HandedOver, len as u32);
        Ok(())
    }

    fn may_hand_over(&self) -> Result<(), Error> {
        self.require_role(Role::Server)?;
        if self.state.rx != Rx::Open || self.state.tx != Tx::Open {
            return Err(Error::local(match (self.state.rx, self.state.tx) {
                (Rx::Failed, _) => ErrorKind::Failed,
                (_, Tx::Switched) => ErrorKind::Switched,
                _ => ErrorKind::Closed,
            }));
        }
        match (self.state.request, self.state.response) {
            (Phase::Idle, _) => return Err(Error::local(ErrorKind::Unasked)),
            // A 101 was an answer: what came before it belongs to another layer than what comes
            // after.
            (_, Phase::Idle) if self.state.upgrade != UpgradeState::Resumed => {}
            _ => return Err(Error::local(ErrorKind::Answered)),
        }
        let is_whole =
            |scratch: &Scratch| scratch.buffer.keeps() && self.position() == scratch.head_end;
        let is_kept = self.scratch.as_deref().is_some_and(is_whole);
        if is_kept { Ok(()) } else { Err(Error::local(ErrorKind::HeadGone)) }
    }

    // What your code may decide without sending anything.

    /// Discards the rest of the content being received, up to `limits.drain`.
    ///
    /// Beyond that receiving ends. The end of the message is still reported. Next: `next_event`.
    /// RFC 9112, section 9.3.
    ///
    /// # Errors
    ///
    /// `NoContent`.
    pub fn skip_content(&mut self) -> Result<(), Error> {
        if self.incoming() != Phase::Body {
            return self.local_error(ErrorKind::NoContent);
        }
        self.flags.skips = true;
        // What is dropped is bounded by `drain`.
        self.scratch().room = Room::UNBOUNDED;
        Ok(())
    }

    /// Changes the limits, from the next message on.
    ///
    /// Refused while a request is not answered, and after a part of the next head has been read.
    /// While `awaiting` is [`Awaiting::Request`], or [`Awaiting::Caller`] of an idle client, it is
    /// not.
    ///
    /// # Errors
    ///
    /// `Unanswered`, `UnreadInput`.
    pub fn set_limits(&mut self, limits: &Limits) -> Result<(), Error> {
        if !self.state.is_idle() {
            return self.local_error(ErrorKind::Unanswered);
        }
        if self.scratch.as_ref().is_some_and(|scratch| scratch.head.is_begun()) {
            return self.local_error(ErrorKind::UnreadInput);
        }
        let config = Config { limits: *limits, ..self.config().clone() };
        if let Some(scratch) = &mut self.scratch {
            scratch.buffer.set_waiting(limits.waiting());
            scratch.terms = OfferContext::new(&config, self.role, self.flags.secure);
        }
        self.config = Some(Arc::new(config));
        Ok(())
    }

    /// Makes the current response the last: no request follows this one.
    ///
    /// A server's next final response says `close`. Without a request pending the connection closes
    /// now. Once that head has left it is too late. A client closes after the response that is on
    /// its way, and cuts a request that it has not finished by then. RFC 9112, section 9.6.
    ///
    /// # Errors
    ///
    /// `TooLate`, `Closed`, `Switched`, `Failed`.
    pub fn close_after_response(&mut self) -> Result<(), Error> {
        self.apply_decision(Input::CloseAfterResponse)
    }

    /// Gives up.
    ///
    /// A client with an unfinished request cuts it and reads on for the answer. In every other
    /// state, or the second time, no more HTTP in either direction. Close the transport's direction
    /// that has ended, or all of it as [`closing`](Self::closing) says.
    ///
    /// # Errors
    ///
    /// None: every state allows it.
    pub fn abandon(&mut self) -> Result<(), Error> {
        let before = self.state.upgrade;
        self.apply_decision(Input::Abandon)?;
        if before != self.state.upgrade {
            self.set_why_if_undecided(Why::Abandoned);
        }
        self.record(TraceStep::Abandoned, 0);
        Ok(())
    }

    /// Resumes HTTP above the new layer, on this same object.
    ///
    /// The original request is answered there. Both directions must have switched by a 101, the end
    /// of the request must have been reported and the leftover taken. A server next answers, a
    /// client receives. RFC 2817, section 3.3; RFC 9110, section 7.8.
    ///
    /// ```
    /// use switchover::{Connection, Event, Order, ResponseHead, Role, Step};
    ///
    /// # fn main() -> Result<(), switchover::Error> {
    /// let mut server = Connection::new(Role::Server);
    /// server.receive(
    ///     b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: TLS/1.3\r\nConnection: upgrade\r\n\r\n",
    /// )?;
    /// let mut out = Vec::new();
    /// while let Step::Event = server.advance()? {
    ///     if let Some(Event::EndOfMessage(_)) = server.event() {
    ///         let selection = server.select(&["TLS/1.3, HTTP/1.1"], Order::Client);
    ///         let selection = selection.expect("TLS is offered");
    ///         server.accept(selection, &(), &mut out)?;
    ///     }
    /// }
    /// // The beginning of the handshake, if it has come already, is the TLS library's; so is all
    /// // that follows.
    /// let client_hello = server.take_leftover();
    /// # assert!(client_hello.is_empty());
    ///
    /// // Once the handshake is over: the request of before is answered within TLS.
    /// server.resume_http()?;
    /// out.clear();
    /// server.send_response(&ResponseHead::new(204, &()), &mut out)?;
    /// assert_eq!(out, b"HTTP/1.1 204 No Content\r\n\r\n");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `NothingOwed`, `LeftoverPending`.
    pub fn resume_http(&mut self) -> Result<(), Error> {
        let next = match self.state.apply(self.role, Input::Resume) {
            Ok(next) => next,
            Err(kind) => return self.local_error(kind),
        };
        let has_leftover = self.scratch.as_ref().is_some_and(|scratch| !scratch.buffer.is_empty());
        if has_leftover || self.flags.owes_end {
            return self.local_error(ErrorKind::LeftoverPending);
        }
        self.state = next;
        self.flags.secure |= upgrade::is_secured(self.agreed());
        self.flags.owes_switched = None;
        // The end of what was below is not the end of what is above.
        self.end = None;
        if let Some(scratch) = &mut self.scratch {
            scratch.shown = Shown::Nothing;
        }
        self.record(TraceStep::Resumed, 0);
        Ok(())
    }

    /// Releases the memory of a parked connection.
    ///
    /// Without a message or leftover nothing stays on the heap, else only what is needed. What
    /// `trace`, `required` and the current event held is gone. Among thousands of connections it is
    /// also faster to do so after each response: the next one gets memory that is still in the
    /// cache.
    pub fn release(&mut self) {
        self.consume_event();
        let idle = self.state.is_idle() || self.state.is_over();
        let Some(scratch) = &mut self.scratch else { return };
        scratch.buffer.release();
        scratch.draft = Vec::new();
        let advertises = self.role == Role::Server && !scratch.offer.is_empty();
        if idle && !scratch.buffer.has_memory() && !self.flags.owes_end && !advertises {
            self.scratch = None;
        }
    }

    // What the two halves share.

    #[inline]
    pub(crate) fn config(&self) -> &Config {
        self.config.as_deref().unwrap_or(&limits::DEFAULT)
    }

    /// Returns the head that was just read, whatever the state of its cycle.
    fn kept_request(&self) -> Option<Request<'_>> {
        self.scratch.as_deref().map(Scratch::request)
    }

    #[inline(always)]
    fn scratch(&mut self) -> &mut Scratch {
        match self.scratch {
            Some(ref mut scratch) => scratch,
            ref mut none => allocate_scratch(none, self.config.as_deref(), self.role, self.flags),
        }
    }

    /// Changes the state in place, or leaves it and says why.
    ///
    /// Inlined, as the machine is: each caller knows its input.
    #[inline(always)]
    fn apply_in_place(&mut self, input: Input) -> Result<(), ErrorKind> {
        self.state = self.state.apply(self.role, input)?;
        Ok(())
    }

    /// Applies an input by a decision of the caller.
    fn apply_decision(&mut self, input: Input) -> Result<(), Error> {
        self.state = self.try_input(input).or_else(|error| self.record_error(error))?;
        Ok(())
    }

    fn local_error<T>(&mut self, kind: ErrorKind) -> Result<T, Error> {
        self.record_error(Error::local(kind))
    }

    fn record_error<T>(&mut self, error: Error) -> Result<T, Error> {
        // After a peer error each call says which one it was.
        let error = match (error.kind(), self.failure) {
            (ErrorKind::Failed, Some(failure)) => failure,
            _ => error,
        };
        self.record(TraceStep::Refused, u32::from(error.code()));
        Err(error)
    }

    #[inline(never)]
    fn record(&mut self, step: TraceStep, number: u32) {
        self.record_inline(step, number);
    }

    /// Records a trace entry, inlined where most calls pass.
    #[inline(always)]
    fn record_inline(&mut self, step: TraceStep, number: u32) {
        let offset = self.position();
        self.scratch().trace.push(Trace { step, number, offset });
    }

    /// Sets why the upgrade did not happen, unless that is decided.
    fn set_why_if_undecided(&mut self, why: Why) {
        if self.why == Some(Why::Undecided) {
            self.why = Some(why);
        }
    }

    /// Ends the current event: its bytes are consumed.
    ///
    /// Its head is dropped unless it is still needed.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn consume_event(&mut self) {
        let Some(scratch) = &mut self.scratch else { return };
        let passed = core::mem::take(&mut scratch.shown).len();
        let keeps = scratch.buffer.keeps();
        if passed > 0 {
            scratch.buffer.consume(passed);
            self.offset += passed as u64;
        }
        if keeps
            && !self.keeps_head()
            && let Some(scratch) = &mut self.scratch
        {
            scratch.buffer.unkeep();
        }
    }

    /// Returns whether the latest head is still needed.
    fn keeps_head(&self) -> bool {
        match self.role {
            Role::Client => self.state.rx == Rx::Switched,
            // First what most requests are. What is wrong with the offers can be read until the
            // answer.
            Role::Server if self.state.upgrade == UpgradeState::None => {
                self.why == Some(Why::Ineligible) && self.state.response == Phase::Idle
            }
            Role::Server => self.keeps_offer(),
        }
    }

    /// Returns whether the latest head has an offer; few have one.
    ///
    /// Apart, as a jump by a table would be a guess for all.
    #[cold]
    fn keeps_offer(&self) -> bool {
        match self.state.upgrade {
            UpgradeState::Offered | UpgradeState::Connect | UpgradeState::Agreed => true,
            UpgradeState::Resumed => self.state.response != Phase::Done,
            UpgradeState::None | UpgradeState::Declined => false,
        }
    }
}

#[cold]
#[inline(never)]
pub(in crate::connection) fn allocate_scratch<'s>(
    none: &'s mut Option<Box<Scratch>>,
    config: Option<&Config>,
    role: Role,
    flags: Flags,
) -> &'s mut Scratch {
    let config = config.unwrap_or(&limits::DEFAULT);
    none.insert(Box::new(Scratch {
        buffer: Buffer::with_room_for(config.limits.waiting()),
        terms: OfferContext::new(config, role, flags.secure),
        ..Scratch::default()
    }))
}

impl Scratch {
    #[inline(always)]
    fn request(&self) -> Request<'_> {
        Request { head: &self.head, bytes: self.buffer.kept(), terms: &self.terms }
    }

    #[inline]
    fn response(&self, dropped: u8) -> Response<'_> {
        Response { head: &self.head, bytes: self.buffer.kept(), dropped }
    }

    /// Returns the event.
    ///
    /// Each takes what it borrows, and nothing else is looked at.
    #[inline(always)]
    fn event(&self, role: Role) -> Option<Event<'_>> {
        let first = |len: usize| self.buffer.unread().get(..len).unwrap_or_default();
        Some(match self.shown {
            Shown::Nothing => return None,
            Shown::Request => Event::Request(self.request()),
            Shown::Informational => Event::Informational(self.response(0)),
            Shown::Response { dropped } => Event::Response(self.response(dropped)),
            Shown::Data { len, .. } => Event::Data(first(len)),
            Shown::End { len } => Event::EndOfMessage(
                self.trailers.as_ref().map_or(Fields::NONE, |trailers| trailers.fields(first(len))),
            ),
            Shown::Switched(by) => Event::Switched(self.switched(role, by)),
        })
    }

    #[cold]
    #[inline(never)]
    fn switched(&self, role: Role, by: SwitchedBy) -> Switched<'_> {
        let has_head = by != SwitchedBy::Http2Preface;
        Switched {
            by,
            protocols: Protocols::new(&self.agreed),
            request: (has_head && role == Role::Server).then(|| self.request()),
            response: (has_head && role == Role::Client).then(|| self.response(0)),
            leftover: self.buffer.unread(),
        }
    }
}
