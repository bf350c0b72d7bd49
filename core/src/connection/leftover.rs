//! The public methods that take unread bytes for another protocol or parser.

use super::{Connection, Scratch};
use crate::error::{Error, ErrorKind};
use crate::event::Shown;
use crate::machine::{Input, Phase, Role, Rx, Tx, UpgradeState};
use crate::trace::TraceStep;
use crate::upgrade::Why;
use crate::wire::body::Body;
use crate::wire::encode;
use alloc::vec::Vec;
use bytes::{BufMut, Bytes};

impl Connection {
    /// Returns the received bytes of the new protocol.
    ///
    /// Empty unless the peer's direction has switched. On a server, also empty until the end of the
    /// request has been emitted.
    pub(crate) fn leftover(&self) -> &[u8] {
        if self.state.rx == Rx::Switched && !self.flags.owes_end { self.unread() } else { &[] }
    }

    /// Removes and returns the bytes of the new protocol that were received.
    ///
    /// They are the `leftover` of the event `Switched`. All further bytes of the transport belong
    /// to the new protocol, and `receive` rejects them. The current event ends. Wait for
    /// `Switched`: until the end of the request has been emitted, a server gets no bytes here.
    pub fn take_leftover(&mut self) -> Bytes {
        self.leave_leftover(Bytes::copy_from_slice)
    }

    /// Passes the received bytes of the new protocol to `copy`, then discards them.
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

    /// Server: hands the whole connection over to another parser.
    ///
    /// Returns the current request's head and all bytes after it, exactly as received. Call it at
    /// the `Request` event, before the next inbound call. While the head of an offer or a CONNECT
    /// is kept, the call is allowed later too. It fails once something after the head was read, or
    /// a final response or 101 was sent. After a handover the engine can do nothing more;
    /// [`Paused::Closed`](crate::Paused::Closed) follows. Drop the engine, keep the transport.
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

    /// Hands the connection over: writes head and unread bytes to `out`.
    ///
    /// They are written whole or not at all, for another parser. HTTP has then ended on this
    /// connection.
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
            // A 101 was a response: the bytes before and after it belong to different layers.
            (_, Phase::Idle) if self.state.upgrade != UpgradeState::Resumed => {}
            _ => return Err(Error::local(ErrorKind::Answered)),
        }
        let is_whole =
            |scratch: &Scratch| scratch.buffer.keeps() && self.position() == scratch.head_end;
        let is_kept = self.scratch.as_deref().is_some_and(is_whole);
        if is_kept { Ok(()) } else { Err(Error::local(ErrorKind::HeadGone)) }
    }
}
