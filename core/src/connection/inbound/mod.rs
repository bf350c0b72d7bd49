//! The public methods that receive bytes and return events.

mod content;
mod read;

use core::mem;

use super::{Connection, End, Scratch};
use crate::error::{Error, ErrorKind, Fault};
use crate::event::{Event, Paused, Shown, Step};
use crate::machine::{Input, Phase, Role, Rx, State, Tx};
use crate::trace::{Trace, TraceStep};
use crate::upgrade::Why;
use crate::wire::body::{Body, Content};

/// The result of [`next_event`](Connection::next_event).
#[derive(Clone, Copy, Debug)]
pub enum Next<'a> {
    /// The next event: a part of a message, or a switch.
    Event(Event<'a>),
    /// More bytes from the peer are needed for the next event.
    ///
    /// A client also gets this when it is the one to send; see [`Step::NeedData`].
    NeedData,
    /// The caller must act before the next event.
    Paused(Paused),
}

impl Connection {
    /// Appends bytes received from the peer.
    ///
    /// All bytes are appended or none. The current event ends. It fails with `BufferFull` if the
    /// unread bytes have reached `limits.buffered`, or what one head or trailer section needs if
    /// that is more. Any other error but `OutOfMemory` means that nothing more is read. Next:
    /// `next_event`.
    ///
    /// # Errors
    ///
    /// `BufferFull`, `AfterEnd`, `OutOfMemory`, `Closed`, `Switched`, `Failed`.
    #[inline(always)]
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.receive_fast(bytes) { Ok(()) } else { self.receive_slow(bytes) }
    }

    /// Fast path of `receive`: appends bytes that continue an unfinished line.
    ///
    /// Returns `false` and changes nothing if they do not, or if it cannot tell. Must equal
    /// `receive_slow`.
    #[inline(always)]
    fn receive_fast(&mut self, bytes: &[u8]) -> bool {
        self.state.rx == Rx::Open
            && self.scratch.as_mut().is_some_and(|scratch| scratch.buffer.append_inside_line(bytes))
    }

    #[inline(never)]
    fn receive_slow(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.may_receive()?;
        let Scratch { buffer, head, .. } = self.scratch()?;
        if buffer.is_inside_line() {
            head.continue_line(buffer.unread());
        }
        let appended = buffer.append(bytes);
        appended.or_else(|kind| self.local_error(kind))
    }

    /// Returns space of at least `min` bytes to read the transport into.
    ///
    /// `min` is reduced to `limits.buffered`, or to what one head or trailer section needs if that
    /// is more. The current event ends. Fails like [`receive`](Self::receive). Next:
    /// [`commit`](Self::commit) with the number of bytes read.
    ///
    /// # Errors
    ///
    /// `BufferFull`, `AfterEnd`, `OutOfMemory`, `Closed`, `Switched`, `Failed`.
    #[inline]
    pub fn receive_buffer(&mut self, min: usize) -> Result<&mut [u8], Error> {
        self.may_receive()?;
        let most = self.config().limits.waiting();
        self.scratch()?.buffer.reserve(min.clamp(1, most)).map_err(Error::local)
    }

    /// Appends the first `len` bytes of the space from `receive_buffer`, once.
    ///
    /// Returns the number of bytes appended. It is 0 if `len` exceeds the space: `commit` may then
    /// be called again. It may also be 0 if another inbound call came between. Next: `next_event`.
    #[inline]
    pub fn commit(&mut self, len: usize) -> usize {
        self.consume_event();
        let Some(scratch) = &mut self.scratch else { return 0 };
        scratch.buffer.commit(len)
    }

    /// Records the end of the peer's bytes.
    ///
    /// It takes effect once all bytes received before it have been read. Ignored after an earlier
    /// call, and once the peer's direction has switched. Next: `next_event`.
    pub fn receive_eof(&mut self, end: End) {
        self.consume_event();
        // After the switch it is the end of the new protocol.
        if self.state.rx != Rx::Switched && self.end.is_none() {
            self.end = Some(end);
            if let Some(scratch) = &mut self.scratch {
                scratch.buffer.end_line();
            }
            self.record(TraceStep::ReceivedEof, 0);
        }
    }

    /// Returns whether the caller should read from the transport.
    ///
    /// Stop reading while it is `false`: the peer notices that as back-pressure. It is `false` too
    /// after the peer's direction has ended or switched. After a switch, read the new protocol
    /// without the engine.
    pub fn wants_input(&self) -> bool {
        self.state.rx == Rx::Open && self.end.is_none() && !self.is_full()
    }

    #[inline]
    fn is_full(&self) -> bool {
        let waiting = self.scratch.as_ref().map_or(0, |scratch| scratch.buffer.len());
        let limits = &self.config().limits;
        waiting >= limits.buffered as usize && waiting >= limits.waiting()
    }

    #[inline]
    fn may_receive(&mut self) -> Result<(), Error> {
        // The bytes of the last event no longer count as unread.
        self.consume_event();
        if self.state.rx == Rx::Open && self.end.is_none() && !self.is_full() {
            return Ok(());
        }
        self.input_error()
    }

    #[cold]
    fn input_error(&mut self) -> Result<(), Error> {
        let kind = match self.state.rx {
            Rx::Switched => ErrorKind::Switched,
            Rx::Closed => ErrorKind::Closed,
            Rx::Failed => ErrorKind::Failed,
            Rx::Open if self.end.is_some() => ErrorKind::AfterEnd,
            Rx::Open => ErrorKind::BufferFull,
        };
        self.local_error(kind)
    }

    /// Ends the current event, and moves on to the next one.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`, after which the same call may succeed later. Any other error means that the
    /// peer broke the protocol: receiving has ended. A server may still respond once:
    /// [`reject`](Self::reject), with [`Error::status`]. Each call then returns the same error
    /// until that response is complete, or until [`abandon`](Self::abandon). `abandon` leaves a
    /// response that has begun unfinished; the client notices if the transport is closed as
    /// [`closing`](Self::closing) returns. On a client, and on a server that has already responded,
    /// the next call returns [`Paused::Closed`].
    #[inline]
    pub fn advance(&mut self) -> Result<Step, Error> {
        // While a peer sends slowly, most calls find a few more bytes of an unfinished line, and
        // nothing else can have changed.
        if self.state.rx == Rx::Open
            && self.scratch.as_ref().is_some_and(|scratch| scratch.buffer.is_inside_line())
        {
            return Ok(Step::NeedData);
        }
        // Most messages have no content: their end follows the head.
        if mem::take(&mut self.flags.owes_end) {
            Ok(self.emit_owed_end())
        } else {
            self.advance_slow()
        }
    }

    #[inline(never)]
    fn emit_owed_end(&mut self) -> Step {
        self.consume_event();
        self.emit_end(0)
    }

    /// Slow path of `advance`: ends the current event, and reads up to the next one.
    ///
    /// It is out of line to keep the fast path small.
    #[inline(never)]
    fn advance_slow(&mut self) -> Result<Step, Error> {
        self.consume_event();
        // Checked before anything is read, as it holds for one call after every request.
        match self.request_is_complete() {
            true => Ok(Step::Paused(self.paused())),
            false => self.step_until_event(),
        }
    }

    /// Returns the current event, if there is one.
    ///
    /// It lasts until the next inbound call: `receive`, `receive_buffer`, `commit`, `receive_eof`,
    /// `next_event`, `advance`, `pass_content`, `take_leftover`, `hand_over`, `resume_http` or
    /// `release`. Methods that send do not end it.
    #[inline(always)]
    pub fn event(&self) -> Option<Event<'_>> {
        self.scratch.as_deref()?.event(self.role)
    }

    /// Calls [`advance`](Self::advance), and returns the [`event`](Self::event).
    ///
    /// It also returns the errors of the peer that `advance` returns.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub fn next_event(&mut self) -> Result<Next<'_>, Error> {
        Ok(match self.advance()? {
            Step::NeedData => Next::NeedData,
            Step::Paused(why) => Next::Paused(why),
            Step::Event => match self.event() {
                Some(event) => Next::Event(event),
                None => Next::NeedData,
            },
        })
    }

    /// Returns the content still to come after the current event.
    ///
    /// After the peer's bytes ended in the middle of a message, it is the missing content. RFC
    /// 9112, section 6.3. Next: [`pass_content`](Self::pass_content), if the caller can read
    /// content without the engine.
    #[inline]
    pub fn content(&self) -> Content {
        self.body.content()
    }

    /// Merges the end of the message into the current event, if that is its last.
    ///
    /// Returns `true` if it is the last: no [`Event::EndOfMessage`] follows. It is so for a head
    /// without content, and for the last [`Event::Data`] of a message with `Content-Length`. The
    /// event remains readable after that, and after the response, until the next inbound call.
    /// `false` changes nothing: the end is then an event of its own. RFC 9112, section 6.
    #[inline]
    pub fn take_end(&mut self) -> bool {
        let is_shown =
            self.scratch.as_deref().is_some_and(|scratch| scratch.shown != Shown::Nothing);
        if !is_shown || !mem::take(&mut self.flags.owes_end) {
            return false;
        }
        self.record(TraceStep::ReceivedEnd, 0);
        true
    }

    /// Counts `len` bytes of content that the caller has read without the engine.
    ///
    /// For example with `splice` or `sendfile`, or into its own memory. State and positions are
    /// then as if the bytes had gone through [`receive`](Self::receive); they do not count towards
    /// `limits.drain`. The current event ends. At most as many bytes as [`content`](Self::content)
    /// returns are allowed, and only if the engine has no unread bytes. Next: `next_event`; after
    /// the last byte it emits the end. RFC 9112, section 6.
    ///
    /// # Errors
    ///
    /// `NoContent`, `UnreadInput`, `LengthExceeded`, `AfterEnd`, `Closed`, `Switched`, `Failed`.
    pub fn pass_content(&mut self, len: u64) -> Result<(), Error> {
        self.consume_event();
        if self.state.rx != Rx::Open || self.end.is_some() {
            return self.input_error();
        }
        if self.incoming() != Phase::Body {
            return self.local_error(ErrorKind::NoContent);
        }
        if !self.unread().is_empty() {
            return self.local_error(ErrorKind::UnreadInput);
        }
        // More bytes than any connection carries are rejected, so that the positions do not
        // overflow.
        let end = self.offset.checked_add(len).filter(|end| *end <= i64::MAX as u64);
        let Some(end) = end.filter(|_| self.body.pass(len)) else {
            return self.local_error(ErrorKind::LengthExceeded);
        };
        if len > 0 && self.role == Role::Server {
            self.apply_received(Input::RequestContent)?;
        }
        self.offset = end;
        if self.body.is_complete() { self.end_incoming() } else { Ok(()) }
    }

    /// Returns the phase of the message being received.
    #[inline]
    pub(in crate::connection) fn incoming(&self) -> Phase {
        if self.role == Role::Server { self.state.request } else { self.state.response }
    }

    /// Repeats `step` until it returns an event, a pause, or the need for more bytes.
    #[inline(never)]
    fn step_until_event(&mut self) -> Result<Step, Error> {
        loop {
            if let Some(step) = self.step()? {
                return Ok(step);
            }
        }
    }

    /// Takes one step towards the next event.
    ///
    /// `None` if there is nothing to return yet, so that another step must follow.
    fn step(&mut self) -> Result<Option<Step>, Error> {
        if mem::take(&mut self.flags.owes_end) {
            return Ok(Some(self.emit_end(0)));
        }
        match self.state.rx {
            // Nothing has been received yet.
            Rx::Open if self.scratch.is_none() => self.need_data(),
            Rx::Open => self.read(),
            Rx::Switched => Ok(self.emit_switch()),
            Rx::Failed => match self.failure {
                // Returned again until the caller has responded or given up.
                Some(failure) if self.state.tx == Tx::Open => Err(failure),
                _ => Ok(Some(Step::Paused(Paused::Closed))),
            },
            Rx::Closed if self.state.tx == Tx::Open => Ok(Some(Step::Paused(Paused::Answer))),
            Rx::Closed => Ok(Some(Step::Paused(Paused::Closed))),
        }
    }

    /// Makes the end of a message the current event.
    ///
    /// `len` is the number of unread bytes that are its trailer section: 0 if it has none.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(in crate::connection) fn emit_end(&mut self, len: usize) -> Step {
        let trailers = self.scratch.as_mut().and_then(|scratch| scratch.trailers.as_mut());
        if let Some(trailers) = trailers.filter(|_| len == 0) {
            trailers.clear();
        }
        self.emit(Shown::End { len }, TraceStep::ReceivedEnd, 0)
    }

    /// Makes an event the current one, and records it in the trace with `number`.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(in crate::connection) fn emit(
        &mut self,
        shown: Shown,
        step: TraceStep,
        number: u32,
    ) -> Step {
        let offset = self.offset + shown.len() as u64;
        if let Some(scratch) = &mut self.scratch {
            scratch.shown = shown;
            scratch.trace.push(Trace { step, number, offset });
        }
        Step::Event
    }

    fn emit_switch(&mut self) -> Option<Step> {
        let Some(by) = self.flags.owes_switched.take() else {
            return Some(Step::Paused(Paused::Switched));
        };
        let leftover = self.unread().len();
        Some(self.emit(Shown::Switched(by), TraceStep::ReceivedSwitch, leftover as u32))
    }

    fn read(&mut self) -> Result<Option<Step>, Error> {
        match self.role {
            Role::Server if self.state.next_cycle() => self.read_request(),
            _ if self.incoming() == Phase::Body => self.read_body(),
            Role::Server => Ok(Some(Step::Paused(self.paused()))),
            // No request waits for a response.
            Role::Client
                if self.state.request == Phase::Idle || self.state.response == Phase::Done =>
            {
                self.read_idle()
            }
            Role::Client => self.read_response(),
        }
    }

    /// Returns whether a server has read all of a request and not begun to respond.
    fn request_is_complete(&self) -> bool {
        let State { request, response, rx, .. } = self.state;
        self.role == Role::Server && (rx, request, response) == (Rx::Open, Phase::Done, Phase::Idle)
    }

    /// Returns what a server must send before the next request is read.
    fn paused(&self) -> Paused {
        if self.state.undecided() { Paused::Decision } else { Paused::Answer }
    }

    /// Returns `NeedData`, or applies the end of the peer's bytes if it was received.
    ///
    /// `None` once the end is applied. The end is an error of the peer if it truncates a message,
    /// or if a client still waits for a response.
    pub(in crate::connection) fn need_data(&mut self) -> Result<Option<Step>, Error> {
        let Some(end) = self.end else { return Ok(Some(Step::NeedData)) };
        let is_empty = self.scratch.as_ref().is_none_or(|scratch| scratch.buffer.is_empty());
        if self.body == Body::UntilClose && end == End::Clean {
            // RFC 9112 8: the end of the connection completes a close-delimited message.
            self.end_incoming()?;
            return Ok(None);
        }
        match self.state.apply(self.role, Input::End) {
            Ok(next) if is_empty || self.state.request == Phase::Body => {
                self.state = next;
                Ok(None)
            }
            _ if self.role == Role::Client && is_empty && self.state.response == Phase::Idle => {
                self.fail(ErrorKind::NoResponse, 0)
            }
            _ => {
                let at = self.scratch.as_ref().map_or(0, |scratch| scratch.buffer.len());
                self.fail(ErrorKind::Truncated, at)
            }
        }
    }

    /// Returns a fault as an error.
    ///
    /// `OutOfMemory` changes nothing; every other fault is the peer's, and fails the connection.
    #[cold]
    pub(in crate::connection) fn fault<T>(&mut self, fault: Fault) -> Result<T, Error> {
        match fault.kind {
            ErrorKind::OutOfMemory => self.local_error(fault.kind),
            kind => self.fail(kind, fault.at),
        }
    }

    /// Ends receiving with an error of the peer, `at` bytes after the first unread one.
    #[cold]
    pub(in crate::connection) fn fail<T>(
        &mut self,
        kind: ErrorKind,
        at: usize,
    ) -> Result<T, Error> {
        let error = Error::at(kind, self.offset + at as u64);
        if self.role == Role::Server && self.state.is_idle() {
            // A request that could not be read does not count as a HEAD, though the previous one
            // may have.
            self.heads = 0;
            self.why = None;
        }
        self.state = self.state.apply(self.role, Input::Fail).unwrap_or(self.state);
        self.failure = Some(error);
        self.set_why_if_undecided(Why::Failed);
        self.record(TraceStep::PeerError, u32::from(error.code()));
        Err(error)
    }

    /// Applies an input received from the peer to the state machine.
    ///
    /// A 101 without an offer is rejected, and fails the connection. The state machine accepts
    /// every other input here. Another rejection would be a bug in this crate: it fails the
    /// connection, and panics in debug builds only.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(in crate::connection) fn apply_received(&mut self, input: Input) -> Result<(), Error> {
        self.apply_in_place(input).or_else(|refusal| self.unexpected_input(input, refusal))
    }

    #[cold]
    fn unexpected_input(&mut self, input: Input, refusal: ErrorKind) -> Result<(), Error> {
        if refusal == ErrorKind::NothingOffered {
            return self.fail(ErrorKind::SwitchUnasked, 0);
        }
        debug_assert!(false, "{input:?} is refused: {refusal:?}");
        self.fail(ErrorKind::Unsolicited, 0)
    }
}
