//! Parsing of content: from bytes to events, up to the end of the message.

use crate::connection::{Connection, Scratch};
use crate::error::{Error, Fault};
use crate::event::{Shown, Step};
use crate::limits::Config;
use crate::machine::{Input, Role};
use crate::upgrade::Why;
use crate::wire::body::{Body, BodyPart, Bounds};
use crate::wire::head::{Head, Section, Tolerated};
use crate::wire::memory::Boxed;

impl Connection {
    #[inline(never)]
    pub(in crate::connection) fn read_body(&mut self) -> Result<Option<Step>, Error> {
        let Self { body, scratch, config, role, .. } = self;
        let Config { limits, lenient, .. } = &**config;
        let Some(Scratch { buffer, room, .. }) = scratch.as_deref_mut() else {
            return self.need_data();
        };
        let (bytes, len) = buffer.unread_mut();
        // All received content has been emitted; more is still to come.
        if len == 0 {
            return self.need_data();
        }
        let spaces = lenient.space_after_chunk_size && *role == Role::Client;
        let part = match body.decode(bytes, len, Bounds { limits, room, spaces }) {
            Ok(part) => part,
            Err(Fault { kind, at }) => {
                // The decoder has consumed the bytes before the fault, however the input was split.
                self.pass(at);
                return self.fail(kind, 0);
            }
        };
        let (BodyPart::Data { skip, .. } | BodyPart::More { skip } | BodyPart::Trailers { skip }) =
            part;
        if skip > 0 && !self.consume_content(skip)? {
            return Ok(None);
        }
        match part {
            BodyPart::Data { len, tail, .. } => self.take_data(len, tail),
            BodyPart::More { .. } => self.need_data(),
            BodyPart::Trailers { .. } => self.read_trailers(),
        }
    }

    /// Returns how many more bytes of the message may be discarded by `skip_content`.
    #[inline]
    pub(in crate::connection) fn drain_room(&self) -> u64 {
        let drained = self.scratch.as_ref().map_or(0, |scratch| scratch.drained);
        self.config().limits.drain.saturating_sub(drained)
    }

    /// Consumes `len` bytes of content or of its framing.
    ///
    /// If the caller skips the content, they count as discarded. Returns `false` if they then
    /// exceed `limits.drain`: receiving has ended.
    fn consume_content(&mut self, len: usize) -> Result<bool, Error> {
        if !self.flags.skips {
            self.pass(len);
            return Ok(true);
        }
        let room = self.drain_room();
        if len as u64 <= room {
            self.pass(len);
            self.scratch()?.drained += len as u64;
            return Ok(true);
        }
        self.pass(room as usize);
        self.apply_received(Input::DrainLimit)?;
        if self.role == Role::Client {
            // A server still responds.
            self.set_why_if_undecided(Why::Dropped);
        }
        Ok(false)
    }

    fn take_data(&mut self, len: usize, tail: usize) -> Result<Option<Step>, Error> {
        if self.role == Role::Server {
            self.apply_received(Input::RequestContent)?;
        }
        if self.flags.skips && !self.consume_content(len + tail)? {
            return Ok(None);
        }
        if self.body.is_complete() {
            self.end_incoming()?;
        }
        if self.flags.skips {
            return Ok(None);
        }
        if let Some(scratch) = &mut self.scratch {
            scratch.shown = Shown::Data { len, tail };
        }
        Ok(Some(Step::Event))
    }

    fn read_trailers(&mut self) -> Result<Option<Step>, Error> {
        let Self { scratch, config, role, .. } = self;
        let Config { limits, lenient, .. } = &**config;
        let Some(Scratch { buffer, trailers, .. }) = scratch.as_deref_mut() else {
            return self.need_data();
        };
        let (bytes, len) = buffer.unread_mut();
        let section = Section::Trailers((*role == Role::Client).then(|| Tolerated::by(lenient)));
        let head = match trailers {
            Some(trailers) => trailers,
            none => none.insert(Boxed::new(Head::default).map_err(Error::local)?),
        };
        let len = match head.parse(bytes, len, section, limits) {
            Ok(Some(len)) => len,
            Ok(None) => return self.need_data(),
            Err(fault) => return self.fault(fault),
        };
        self.end_incoming()?;
        self.flags.owes_end = false;
        Ok(Some(self.emit_end(len)))
    }

    /// Applies the end of a received message, which is complete by its framing.
    ///
    /// The event that reports the end may follow later.
    pub(in crate::connection) fn end_incoming(&mut self) -> Result<(), Error> {
        let input = if self.role == Role::Server { Input::RequestEnd } else { Input::ResponseEnd };
        self.apply_received(input)?;
        if self.role == Role::Client {
            self.heads >>= 1;
        }
        self.body = Body::None;
        self.flags.owes_end = true;
        Ok(())
    }
}
