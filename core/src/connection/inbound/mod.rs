//! Bytes in, events out.

mod messages;

use core::mem;

use super::{Connection, End, Scratch};
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Paused, Shown, Step};
use crate::machine::{Input, Phase, Role, Rx, State, Tx};
use crate::trace::{Trace, TraceStep};
use crate::upgrade::Why;
use crate::wire::body::{Body, Content};
use crate::wire::buffer::{self, Buffer};

/// What [`next_event`](Connection::next_event) came to.
#[derive(Clone, Copy, Debug)]
pub enum Next<'a> {
    /// Something happened.
    Event(Event<'a>),
    /// Nothing happens before more bytes come.
    NeedData,
    /// Nothing happens before your code acts.
    Paused(Paused),
}

impl Connection {
    /// Takes bytes that the peer sent, all of them, however many; the current event is over. Refused with `BufferFull`
    /// while `limits.buffered` bytes wait already, and where nothing more is read; then nothing is taken. Next: `next_event`.
    ///
    /// Refused: `BufferFull`, `AfterEnd`, `Closed`, `Switched`, `Failed`.
    #[inline(always)]
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.go_on(bytes) { Ok(()) } else { self.receive_whole(bytes) }
    }

    /// Takes bytes that are only more of a line that has not ended; says whether they are.
    #[inline(always)]
    fn go_on(&mut self, bytes: &[u8]) -> bool {
        self.state.rx == Rx::Open && self.scratch.as_mut().is_some_and(|scratch| scratch.buffer.go_on(bytes))
    }

    #[inline(never)]
    fn receive_whole(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.may_receive()?;
        self.buffer_for_more().append(bytes);
        Ok(())
    }

    #[inline(always)]
    fn buffer_for_more(&mut self) -> &mut Buffer {
        let Scratch { buffer, head, .. } = self.scratch();
        if buffer.is_inside_line() {
            head.go_on(buffer.unread());
        }
        buffer
    }

    /// [`receive`](Self::receive) where the allocator may have no memory: then it is false, and nothing is taken.
    #[inline(always)]
    pub(crate) fn try_receive(&mut self, bytes: &[u8]) -> Result<bool, Error> {
        if self.go_on(bytes) { Ok(true) } else { self.try_receive_whole(bytes) }
    }

    #[inline(never)]
    fn try_receive_whole(&mut self, bytes: &[u8]) -> Result<bool, Error> {
        self.may_receive()?;
        Ok(self.has_scratch() && self.buffer_for_more().try_append(bytes))
    }

    /// [`receive_buffer`](Self::receive_buffer) where the allocator may have no memory: then there is no space.
    pub(crate) fn try_receive_buffer(&mut self, min: usize) -> Result<Option<&mut [u8]>, Error> {
        self.may_receive()?;
        let min = min.clamp(1, self.config().limits.waiting());
        Ok(if self.has_scratch() { self.scratch().buffer.try_reserve(min) } else { None })
    }

    /// Whether there is memory for it.
    #[inline]
    fn has_scratch(&self) -> bool {
        self.scratch.is_some() || buffer::is_left::<Scratch>()
    }

    /// Space of at least `min` bytes to read the transport into (of `limits.buffered` at most); the current event is
    /// over. Refused like [`receive`](Self::receive). Next: [`commit`](Self::commit) what was read.
    ///
    /// Refused: `BufferFull`, `AfterEnd`, `Closed`, `Switched`, `Failed`.
    #[inline]
    pub fn receive_buffer(&mut self, min: usize) -> Result<&mut [u8], Error> {
        self.may_receive()?;
        let most = self.config().limits.waiting();
        Ok(self.scratch().buffer.reserve(min.clamp(1, most)))
    }

    /// Takes the first `len` bytes of the space that [`receive_buffer`](Self::receive_buffer) gave, once, and says how
    /// many it took: none where the space does not hold as many, which may be tried again, or another inbound call has
    /// moved it. Next: `next_event`.
    #[inline]
    pub fn commit(&mut self, len: usize) -> usize {
        self.settle_event();
        let Some(scratch) = &mut self.scratch else { return 0 };
        scratch.buffer.commit(len)
    }

    /// The peer's bytes have ended. The end has its place after them: it counts when everything before it has been
    /// read. Next: `next_event`.
    pub fn receive_eof(&mut self, end: End) {
        self.settle_event();
        // After the switch it is the new protocol's end.
        if self.state.rx != Rx::Switched && self.end.is_none() {
            self.end = Some(end);
            if let Some(scratch) = &mut self.scratch {
                scratch.buffer.end_line();
            }
            self.note(TraceStep::ReceivedEof, 0);
        }
    }

    /// Whether to go on reading the transport. While it is false, the peer feels it as back-pressure.
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
        // What the last event showed does not wait any more.
        self.settle_event();
        if self.state.rx == Rx::Open && self.end.is_none() && !self.is_full() {
            return Ok(());
        }
        self.refuse_input()
    }

    #[cold]
    fn refuse_input(&mut self) -> Result<(), Error> {
        let kind = match self.state.rx {
            Rx::Switched => ErrorKind::Switched,
            Rx::Closed => ErrorKind::Closed,
            Rx::Failed => ErrorKind::Failed,
            Rx::Open if self.end.is_some() => ErrorKind::AfterEnd,
            Rx::Open => ErrorKind::BufferFull,
        };
        self.refuse(kind)
    }

    /// Moves on to the next event; the current one is over. An error is the peer's: receiving has ended, and a server may
    /// still answer it once: [`reject`](Self::reject), with [`Error::status`]. It hears the same error until that answer is
    /// complete, or until [`abandon`](Self::abandon), which leaves an answer that had begun unfinished: visibly so, if the
    /// transport is closed as [`closing`](Self::closing) says. A client is then paused: [`Paused::Closed`].
    #[inline]
    pub fn advance(&mut self) -> Result<Step, Error> {
        // On slow input most calls bring a few bytes of a line that has not ended, and nothing else can have happened.
        if self.state.rx == Rx::Open && self.scratch.as_ref().is_some_and(|scratch| scratch.buffer.is_inside_line()) {
            return Ok(Step::NeedData);
        }
        // After most heads nothing follows but the end.
        if mem::take(&mut self.flags.owes_end) { Ok(self.tell_owed_end()) } else { self.advance_whole() }
    }

    #[inline(never)]
    fn tell_owed_end(&mut self) -> Step {
        self.settle_event();
        self.tell_end(0)
    }

    /// Apart, so that the short cuts do not pay for it.
    #[inline(never)]
    fn advance_whole(&mut self) -> Result<Step, Error> {
        self.settle_event();
        // Before anything is read, as after every request one call comes to this.
        match self.is_to_answer() {
            true => Ok(Step::Paused(self.paused())),
            false => self.step_on(),
        }
    }

    /// The current event, until the next inbound call: `receive`, `receive_buffer`, `commit`, `receive_eof`,
    /// `next_event`, `advance`, `pass_content`, `take_leftover`, `hand_over`, `resume_http` or `release`. Decisions do not end it.
    #[inline(always)]
    pub fn event(&self) -> Option<Event<'_>> {
        self.scratch.as_deref()?.event(self.role)
    }

    /// [`advance`](Self::advance) and [`event`](Self::event) in one.
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

    /// What is still to come of the message being received, after the current event. When the message was cut short, this is
    /// what was missing. RFC 9112, 6.3. Next: [`pass_content`](Self::pass_content), if your code can read content past the
    /// engine.
    #[inline]
    pub fn content(&self) -> Content {
        self.body.content()
    }

    /// Folds the end of the message into the current event: true where the current event was the last of its message, so
    /// that no [`Event::EndOfMessage`] will follow it. That is known for a head without content, and for the last
    /// [`Event::Data`] of a message with `Content-Length`. The event stays current: what it shows can be read after its end as
    /// well, and after the answer, until the next inbound call. False changes nothing: the end is then an event of its own.
    /// RFC 9112, 6.
    #[inline]
    pub fn take_end(&mut self) -> bool {
        let is_shown = self.scratch.as_deref().is_some_and(|scratch| scratch.shown != Shown::Nothing);
        if !is_shown || !mem::take(&mut self.flags.owes_end) {
            return false;
        }
        self.note(TraceStep::ReceivedEnd, 0);
        true
    }

    /// Counts `len` bytes of content that your code has read from the transport itself, with `splice`, `sendfile` or into
    /// its own memory. The state and the positions are those after the same bytes through [`receive`](Self::receive); they
    /// do not count towards `limits.drain`. The current event is over. Allowed for as many bytes as
    /// [`content`](Self::content) says, once all bytes given to the engine have been read from it. Next: `next_event`; after
    /// the last byte it shows the end. RFC 9112, 6.
    ///
    /// Refused: `NoContent`, `UnreadInput`, `LengthExceeded`, `AfterEnd`, `Closed`, `Switched`, `Failed`.
    pub fn pass_content(&mut self, len: u64) -> Result<(), Error> {
        self.settle_event();
        if self.state.rx != Rx::Open || self.end.is_some() {
            return self.refuse_input();
        }
        if self.incoming() != Phase::Body {
            return self.refuse(ErrorKind::NoContent);
        }
        if !self.unread().is_empty() {
            return self.refuse(ErrorKind::UnreadInput);
        }
        // No connection brings as many as would leave the positions without room for what follows.
        let end = self.offset.checked_add(len).filter(|end| *end <= i64::MAX as u64);
        let Some(end) = end.filter(|_| self.body.pass(len)) else {
            return self.refuse(ErrorKind::LengthExceeded);
        };
        if len > 0 && self.role == Role::Server {
            self.received(Input::RequestContent)?;
        }
        self.offset = end;
        if self.body.is_complete() { self.end_incoming() } else { Ok(()) }
    }

    /// The message being received.
    #[inline]
    pub(in crate::connection) fn incoming(&self) -> Phase {
        if self.role == Role::Server { self.state.request } else { self.state.response }
    }

    /// Steps until there is something to say.
    #[inline(never)]
    fn step_on(&mut self) -> Result<Step, Error> {
        loop {
            if let Some(step) = self.step()? {
                return Ok(step);
            }
        }
    }

    // One step; `None` where the state has changed and the next step follows from it.

    fn step(&mut self) -> Result<Option<Step>, Error> {
        if mem::take(&mut self.flags.owes_end) {
            return Ok(Some(self.tell_end(0)));
        }
        match self.state.rx {
            Rx::Open => self.read(),
            Rx::Switched => Ok(self.tell_switch()),
            Rx::Failed => match self.failure {
                // Told again until your code has answered it.
                Some(failure) if self.state.tx == Tx::Open => Err(failure),
                _ => Ok(Some(Step::Paused(Paused::Closed))),
            },
            Rx::Closed if self.state.tx == Tx::Open => Ok(Some(Step::Paused(Paused::Answer))),
            Rx::Closed => Ok(Some(Step::Paused(Paused::Closed))),
        }
    }

    /// The end of a message, with `len` bytes of trailer section.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(in crate::connection) fn tell_end(&mut self, len: usize) -> Step {
        if let Some(trailers) = &mut self.scratch().trailers
            && len == 0
        {
            trailers.clear();
        }
        self.tell(Shown::End { len }, TraceStep::ReceivedEnd, 0)
    }

    /// Shows an event and notes it.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(in crate::connection) fn tell(&mut self, shown: Shown, step: TraceStep, number: u32) -> Step {
        let offset = self.offset + shown.len() as u64;
        let scratch = self.scratch();
        scratch.shown = shown;
        scratch.trace.push(Trace { step, number, offset });
        Step::Event
    }

    fn tell_switch(&mut self) -> Option<Step> {
        let Some(by) = self.flags.owes_switched.take() else { return Some(Step::Paused(Paused::Switched)) };
        let leftover = self.unread().len();
        Some(self.tell(Shown::Switched(by), TraceStep::ReceivedSwitch, leftover as u32))
    }

    fn read(&mut self) -> Result<Option<Step>, Error> {
        match self.role {
            Role::Server if self.state.next_cycle() => self.read_request(),
            _ if self.incoming() == Phase::Body => self.read_body(),
            Role::Server => Ok(Some(Step::Paused(self.paused()))),
            // Nothing was asked, or all of it is answered.
            Role::Client if self.state.request == Phase::Idle || self.state.response == Phase::Done => self.read_idle(),
            Role::Client => self.read_response(),
        }
    }

    /// A whole request has come, and no answer to it has begun.
    fn is_to_answer(&self) -> bool {
        let State { request, response, rx, .. } = self.state;
        self.role == Role::Server && (rx, request, response) == (Rx::Open, Phase::Done, Phase::Idle)
    }

    /// What a server has to do before the next request is read.
    fn paused(&self) -> Paused {
        if self.state.undecided() { Paused::Decision } else { Paused::Answer }
    }

    /// More is needed, unless the end of input is met.
    pub(in crate::connection) fn need_data(&mut self) -> Result<Option<Step>, Error> {
        let Some(end) = self.end else { return Ok(Some(Step::NeedData)) };
        let is_empty = self.scratch.as_ref().is_none_or(|scratch| scratch.buffer.is_empty());
        if self.body == Body::UntilClose && end == End::Clean {
            // RFC 9112, 8: the end of the connection completes what is delimited by it.
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

    /// The peer broke the protocol at `at` bytes from the unread ones' start.
    #[cold]
    pub(in crate::connection) fn fail<T>(&mut self, kind: ErrorKind, at: usize) -> Result<T, Error> {
        let error = Error::at(kind, self.offset + at as u64);
        if self.role == Role::Server && self.state.is_idle() {
            // What could not be read is no HEAD, though the request before may have been one.
            self.heads = 0;
            self.why = None;
        }
        self.state = self.state.apply(self.role, Input::Fail).unwrap_or(self.state);
        self.failure = Some(error);
        self.settle_why(Why::Failed);
        self.note(TraceStep::PeerError, u32::from(error.code()));
        Err(error)
    }

    /// The machine takes every input that the wire can give it here; if one is missing, that is our fault and must not
    /// make a program panic.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(in crate::connection) fn received(&mut self, input: Input) -> Result<(), Error> {
        self.change(input).or_else(|refusal| self.not_received(input, refusal))
    }

    #[cold]
    fn not_received(&mut self, input: Input, refusal: ErrorKind) -> Result<(), Error> {
        if refusal == ErrorKind::NothingOffered {
            return self.fail(ErrorKind::SwitchUnasked, 0);
        }
        debug_assert!(false, "{input:?} is refused: {refusal:?}");
        self.fail(ErrorKind::Unsolicited, 0)
    }
}
