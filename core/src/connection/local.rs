//! The public methods that control a connection without receiving or sending.

use super::{ConfigRef, Connection};
use crate::error::{Error, ErrorKind};
use crate::event::Shown;
use crate::limits::{Config, Limits};
use crate::machine::{Input, Phase, Role};
use crate::trace::TraceStep;
use crate::upgrade;
use crate::upgrade::{OfferContext, Why};
use crate::wire::body::{Content, Room};
use crate::wire::memory::{Boxed, Draft};

impl Connection {
    /// Discards the rest of the content being received, up to `limits.drain`.
    ///
    /// If more follows, receiving ends; else the end of the message is still emitted. Call it
    /// before the response if no more content will be read. A server's next final response then has
    /// `Connection: close` if the rest of a `Content-Length` exceeds the limit. Next: `next_event`.
    /// RFC 9112, sections 9.3 and 9.6.
    ///
    /// # Errors
    ///
    /// `NoContent`.
    pub fn skip_content(&mut self) -> Result<(), Error> {
        if self.incoming() != Phase::Body {
            return self.local_error(ErrorKind::NoContent);
        }
        self.flags.skips = true;
        // `limits.drain` alone limits content that is discarded.
        self.scratch()?.room = Room::UNBOUNDED;
        let room = self.drain_room();
        let exceeds = matches!(self.body.content(), Content::Length(rest) if rest > room);
        if exceeds && self.role == Role::Server {
            // After the head of the response it is too late.
            self.state = self.try_input(Input::CloseAfterResponse).unwrap_or(self.state);
        }
        Ok(())
    }

    /// Changes the limits, from the next message on.
    ///
    /// It fails while a request or its response is incomplete, and once a part of the next head has
    /// been read. It succeeds while `awaiting` is [`Awaiting::Request`](crate::Awaiting::Request),
    /// or [`Awaiting::Caller`](crate::Awaiting::Caller) of an idle client.
    ///
    /// # Errors
    ///
    /// `Unanswered`, `UnreadInput`, `OutOfMemory`.
    pub fn set_limits(&mut self, limits: &Limits) -> Result<(), Error> {
        if !self.state.is_idle() {
            return self.local_error(ErrorKind::Unanswered);
        }
        if self.scratch.as_ref().is_some_and(|scratch| scratch.head.is_begun()) {
            return self.local_error(ErrorKind::UnreadInput);
        }
        let changed = || Config { limits: *limits, ..self.config().clone() };
        let config = match Boxed::new(changed) {
            Ok(config) => config,
            Err(kind) => return self.local_error(kind),
        };
        if let Some(scratch) = &mut self.scratch {
            scratch.buffer.set_waiting(limits.waiting());
            scratch.terms = OfferContext::new(&config, self.role, self.flags.secure);
        }
        self.config = ConfigRef::Own(config);
        Ok(())
    }

    /// Makes the current response the last: no further request follows.
    ///
    /// A server's next final response has `Connection: close`; once a head without it has been
    /// sent, it is too late. If no request is pending, the connection closes now. A client closes
    /// after the last response that it waits for, and truncates a request that is unfinished by
    /// then. RFC 9112, section 9.6.
    ///
    /// # Errors
    ///
    /// `TooLate`, `Closed`, `Switched`, `Failed`.
    pub fn close_after_response(&mut self) -> Result<(), Error> {
        self.apply_decision(Input::CloseAfterResponse)
    }

    /// Gives up the request being sent, or the whole connection.
    ///
    /// A client with an unfinished request truncates it and still receives the response. In every
    /// other state, or the second time, HTTP ends in both directions. Close the transport's
    /// direction that has ended, or the whole transport as [`closing`](Self::closing) returns.
    ///
    /// # Errors
    ///
    /// None: every state allows it.
    pub fn abandon(&mut self) -> Result<(), Error> {
        self.apply_decision(Input::Abandon)?;
        if !self.state.undecided() {
            self.set_why_if_undecided(Why::Abandoned);
        }
        self.record(TraceStep::Abandoned, 0);
        Ok(())
    }

    /// Resumes HTTP within the new protocol, such as TLS, on this same object.
    ///
    /// The response to the original request is then sent there. Both directions must have switched
    /// by a 101, the end of the request must have been emitted, and the leftover taken. Next: a
    /// server responds, a client receives. RFC 2817, section 3.3; RFC 9110, section 7.8.
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
        // The end of the lower layer is not the end of the layer within it.
        self.end = None;
        if let Some(scratch) = &mut self.scratch {
            scratch.shown = Shown::Nothing;
        }
        self.record(TraceStep::Resumed, 0);
        Ok(())
    }

    /// Releases the memory of a connection that will be idle for a while.
    ///
    /// Without a message in progress, a kept head, unread bytes or a list to advertise, only the
    /// configuration stays on the heap. Otherwise what is needed stays too. The current event ends,
    /// and the contents of `trace`, `required` and `agreed` may be lost. With thousands of
    /// connections it is also faster to call it after each response. The next connection then gets
    /// memory that is still in the cache.
    pub fn release(&mut self) {
        self.consume_event();
        let idle = self.state.is_idle() || self.state.is_over();
        let Some(scratch) = &mut self.scratch else { return };
        scratch.buffer.release();
        scratch.draft = Draft::new();
        let advertises = self.role == Role::Server && !scratch.offer.is_empty();
        if idle && !scratch.buffer.has_memory() && !self.flags.owes_end && !advertises {
            self.scratch = None;
        }
    }
}
