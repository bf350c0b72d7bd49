//! Messages as they come: heads and content, from bytes to events and inputs of the machine.

use crate::connection::{Connection, Scratch};
use crate::error::{Error, ErrorKind, Fault};
use crate::event::{Shown, Step, SwitchedBy};
use crate::limits;
use crate::machine::{Answer, Input, Opening, Peer, Phase, Role, State, Turn};
use crate::trace::TraceStep;
use crate::upgrade::{self, Protocols, Verdict, Why};
use crate::wire::body::{Body, Part};
use crate::wire::fields::{Options, expects_continue};
use crate::wire::framing::{self, Framing};
use crate::wire::head::Section;
use crate::wire::known::KnownField;

/// What a client with prior knowledge of HTTP/2 sends first (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

impl Connection {
    // Heads.

    /// The length of the next head, once all of it is there.
    #[inline(always)]
    fn read_head(&mut self, section: Section) -> Result<Option<usize>, Error> {
        let Self { scratch, config, role, flags, .. } = self;
        let limits = config.as_deref().map_or(&limits::DEFAULT.limits, |config| &config.limits);
        let Scratch { buffer, head, slack, .. } = match scratch {
            Some(scratch) => &mut **scratch,
            none => crate::connection::fresh(none, config.as_deref(), *role, *flags),
        };
        let (bytes, len) = buffer.unread_mut();
        if len == 0 {
            *slack = 0;
            return Ok(None);
        }
        let outcome = head.parse(bytes, len, section, limits);
        *slack = if outcome == Ok(None) { head.slack(len, section, limits) } else { 0 };
        match outcome {
            Ok(len) => Ok(len),
            Err(Fault { kind, at }) => self.fail(kind, at),
        }
    }

    /// RFC 9112, 2.2: a few empty lines before a request are skipped; RFC 9112, 9.2 allows them to an idle client.
    /// Says whether a line might be one that has not come whole.
    #[inline(always)]
    fn skip_empty_lines(&mut self) -> Result<bool, Error> {
        if self.scratch().buffer.unread().first() == Some(&b'\r') { self.skip_some_empty_lines() } else { Ok(false) }
    }

    #[inline(never)]
    fn skip_some_empty_lines(&mut self) -> Result<bool, Error> {
        loop {
            let unread = self.scratch().buffer.unread();
            if !unread.starts_with(b"\r\n") {
                return Ok(unread == b"\r");
            }
            let limit = self.config().limits.empty_lines;
            if u32::from(self.empty_lines) >= limit {
                return self.fail(ErrorKind::EmptyLines, 0);
            }
            self.empty_lines = self.empty_lines.saturating_add(1);
            self.pass(2);
        }
    }

    /// Consumes bytes that no event shows.
    fn pass(&mut self, len: usize) {
        self.scratch().buffer.consume(len);
        self.offset += len as u64;
    }

    #[inline(always)]
    pub(in crate::connection) fn read_request(&mut self) -> Result<Option<Step>, Error> {
        if self.config().http2_preface && self.offset == 0 {
            let unread = self.scratch().buffer.unread();
            if unread.starts_with(PREFACE) {
                self.received(Input::Preface)?;
                self.flags.owes_switched = Some(SwitchedBy::Http2Preface);
                return Ok(None);
            }
            if PREFACE.starts_with(unread) && self.end.is_none() {
                return Ok(Some(Step::NeedData));
            }
        }
        let may_be_empty_line = !self.scratch().head.is_begun() && self.skip_empty_lines()?;
        if may_be_empty_line {
            return self.need_data();
        }
        match self.read_head(Section::Request)? {
            Some(len) => self.take_request(len),
            None => self.need_data(),
        }
    }

    #[inline(always)]
    fn take_request(&mut self, len: usize) -> Result<Option<Step>, Error> {
        let Scratch { head, buffer, .. } = self.scratch();
        match framing::plain(head, buffer.unread_mut().0) {
            Some(framing) => Ok(self.take_plain_request(len, framing)),
            None => self.take_any_request(len),
        }
    }

    /// What the rules and the machine make of a plain request is known beforehand, and is written down as they would.
    #[inline(always)]
    fn take_plain_request(&mut self, len: usize, framing: Framing) -> Option<Step> {
        let end = self.offset + len as u64;
        let state = match framing.has_content() {
            true => State { request: Phase::Body, ..State::ASKED },
            false => State::ASKED,
        };
        debug_assert_eq!(self.apply_plainly(len, framing), Ok(state));
        let Scratch { head, buffer, head_end, .. } = self.scratch();
        *head_end = end;
        let is_head = head.method(buffer.unread()) == b"HEAD";
        buffer.keep(len);
        self.offset = end;
        self.heads = u64::from(is_head);
        self.state = state;
        self.count_request(0, Why::NotOffered);
        self.begin_body(framing);
        self.show(Shown::Request)
    }

    /// What the rules and the machine say to a request that was found plain.
    fn apply_plainly(&mut self, len: usize, framing: Framing) -> Result<State, ErrorKind> {
        let secure = self.flags.secure;
        let Scratch { head, buffer, .. } = self.scratch();
        let bytes = buffer.unread_mut().0;
        let is_plain = framing::request(head, bytes, len, secure) == Ok(framing)
            && head.options(bytes).persist(head.minor())
            && head.method(bytes) != b"CONNECT";
        let opening = Opening {
            turn: Turn::None,
            content: framing.has_content(),
            expect: false,
            persist: is_plain,
            version: Peer::V11,
        };
        self.state.apply(self.role, Input::Request(opening))
    }

    #[inline(never)]
    fn take_any_request(&mut self, len: usize) -> Result<Option<Step>, Error> {
        let secure = self.flags.secure;
        let end = self.offset + len as u64;
        let Scratch { head, buffer, head_end, .. } = self.scratch();
        *head_end = end;
        let (bytes, _) = buffer.unread_mut();
        let framing = match framing::request(head, bytes, len, secure) {
            Ok(framing) => framing,
            Err(Fault { kind, at }) => return self.fail(kind, at),
        };
        let method = head.method(bytes);
        let options = head.options(bytes);
        let (is_connect, is_head) = (method == b"CONNECT", method == b"HEAD");
        let opening = Opening {
            turn: if is_connect { Turn::Connect } else { Turn::None },
            content: framing.has_content(),
            expect: head.has(KnownField::Expect)
                && head.values(KnownField::Expect, bytes).any(|(value, _)| expects_continue(value)),
            persist: options.persist(head.minor()),
            version: if head.minor() == 0 { Peer::V10 } else { Peer::V11 },
        };
        let has_upgrade = head.has(KnownField::Upgrade);
        buffer.keep(len);
        self.offset = end;
        self.heads = u64::from(is_head);
        match has_upgrade && !is_connect {
            true => self.begin_offered(opening, options)?,
            false => self.begin_cycle(opening, 0, if is_connect { Why::Connect } else { Why::NotOffered })?,
        }
        self.begin_body(framing);
        Ok(self.show(Shown::Request))
    }

    /// The request's head is legal and kept, and has an `Upgrade`: what it offers decides how its cycle begins.
    #[inline(never)]
    fn begin_offered(&mut self, opening: Opening, options: Options) -> Result<(), Error> {
        let Some(request) = self.kept_request() else { return self.begin_cycle(opening, 0, Why::NotOffered) };
        let Verdict { total, any, eligible } = match upgrade::judge(request, options) {
            Ok(verdict) => verdict,
            Err(reason) => return self.begin_cycle(opening, 0, reason.into()),
        };
        self.scratch().head.eligible = eligible;
        match any {
            false => self.begin_cycle(opening, total, Why::Ineligible),
            true => self.begin_cycle(Opening { turn: Turn::Offered, ..opening }, total, Why::Undecided),
        }
    }

    #[inline(always)]
    fn begin_cycle(&mut self, opening: Opening, offered: u32, why: Why) -> Result<(), Error> {
        self.received(Input::Request(opening))?;
        self.count_request(offered, why);
        Ok(())
    }

    #[inline(always)]
    fn count_request(&mut self, offered: u32, why: Why) {
        self.cycle = self.cycle.wrapping_add(1);
        self.why = Some(why);
        self.note(TraceStep::ReceivedRequest, offered);
    }

    fn begin_body(&mut self, framing: Framing) {
        self.body = Body::new(framing);
        self.flags.owes_end = !framing.has_content();
        self.flags.skips = false;
        self.drained = 0;
        self.empty_lines = 0;
        self.informational = 0;
    }

    /// A client without an open question: stray empty lines pass, anything else is no answer.
    #[inline(never)]
    pub(in crate::connection) fn read_idle(&mut self) -> Result<Option<Step>, Error> {
        let may_be_empty_line = self.skip_empty_lines()?;
        if !may_be_empty_line && !self.scratch().buffer.is_empty() {
            // RFC 9112, 9.2: data without an outstanding request is no response, and the connection closes.
            return self.fail(ErrorKind::Unsolicited, 0);
        }
        self.need_data()
    }

    #[inline(never)]
    pub(in crate::connection) fn read_response(&mut self) -> Result<Option<Step>, Error> {
        let bare = self.config().lenient.status_without_space;
        match self.read_head(Section::Response { bare })? {
            Some(len) => self.take_response(len),
            None => self.need_data(),
        }
    }

    fn take_response(&mut self, len: usize) -> Result<Option<Step>, Error> {
        match self.scratch().head.status() {
            101 => self.take_switch(len),
            status @ 100..=199 => self.take_informational(len, status),
            status => self.take_final(len, status),
        }
    }

    fn take_informational(&mut self, len: usize, status: u16) -> Result<Option<Step>, Error> {
        if u32::from(self.informational) >= self.config().limits.informational {
            return self.fail(ErrorKind::TooManyInformational, 0);
        }
        self.informational = self.informational.saturating_add(1);
        let input = if status == 100 { Input::Continue } else { Input::Informational };
        self.received(input)?;
        self.keep_head(len);
        self.note(TraceStep::ReceivedInformational, u32::from(status));
        Ok(self.show(Shown::Informational))
    }

    fn keep_head(&mut self, len: usize) {
        self.scratch().buffer.keep(len);
        self.offset += len as u64;
    }

    /// RFC 9110, 7.8: a 101 switches to what was offered, and to nothing else.
    fn take_switch(&mut self, len: usize) -> Result<Option<Step>, Error> {
        let before = self.state;
        self.received(Input::Switch { early: true })?;
        let lenient = self.config().lenient;
        let Scratch { buffer, head, offer, agreed, asked, .. } = self.scratch();
        let bytes = &buffer.unread()[..len];
        let verdict = upgrade::verify(head, bytes, Protocols::new(offer), &lenient, agreed).and_then(|()| {
            let is_kept = upgrade::is_kept(head.fields(bytes), Protocols::new(agreed), asked);
            if is_kept { Ok(()) } else { Err(Fault { kind: ErrorKind::SwitchProfile, at: 0 }) }
        });
        if let Err(Fault { kind, at }) = verdict {
            self.state = before;
            return self.fail(kind, at);
        }
        self.why = None;
        self.keep_head(len);
        self.flags.owes_switched = Some(SwitchedBy::Upgrade);
        Ok(None)
    }

    fn take_final(&mut self, len: usize, status: u16) -> Result<Option<Step>, Error> {
        let success = (200..=299).contains(&status);
        let is_latest = self.state.pipelined == 0;
        let tunnels = is_latest && self.state.turn == Turn::Connect && success;
        let is_head = self.heads & 1 != 0;
        let scratch = self.scratch();
        let bytes = &scratch.buffer.unread()[..len];
        let framing = match framing::response(&scratch.head, bytes) {
            // RFC 9112, 6.3: neither has content, and a tunnel's fields mean nothing.
            _ if tunnels || is_head => Framing::None,
            Ok(framing) => framing,
            Err(Fault { kind, at }) => return self.fail(kind, at),
        };
        let minor = scratch.head.minor();
        let persist = scratch.head.options(bytes).persist(minor) && framing != Framing::UntilClose;
        let answer = Answer { success, content: framing.has_content(), persist };
        let dropped = if persist { 0 } else { self.state.pipelined };
        let undecided = self.state.undecided();
        self.received(Input::Response(answer))?;
        self.flags.old_server |= minor == 0;
        if is_latest {
            self.remember_required(len, status);
            self.settle_why(if status == 426 { Why::Required } else { Why::Declined });
        } else if undecided && dropped > 0 {
            self.settle_why(Why::Dropped);
        }
        self.heads = if dropped > 0 { self.heads & 1 } else { self.heads };
        if !framing.has_content() {
            self.heads >>= 1;
        }
        self.keep_head(len);
        self.begin_body(framing);
        self.note(TraceStep::ReceivedResponse, u32::from(status));
        if tunnels {
            self.flags.owes_end = false;
            self.flags.owes_switched = Some(SwitchedBy::Connect);
            self.scratch().agreed.clear();
            self.why = None;
            return Ok(None);
        }
        Ok(self.show(Shown::Response { dropped }))
    }

    /// What a 426 asks for, for `required` and `retry`.
    fn remember_required(&mut self, len: usize, status: u16) {
        let Scratch { buffer, head, required, .. } = self.scratch();
        required.clear();
        if status == 426 {
            let bytes = &buffer.unread()[..len];
            for (value, _) in head.values(KnownField::Upgrade, bytes) {
                let protocols = Protocols::new(value);
                protocols.iter().for_each(|protocol| upgrade::write_protocol(&protocol, required));
            }
        }
    }

    // Content.

    #[inline(never)]
    pub(in crate::connection) fn read_body(&mut self) -> Result<Option<Step>, Error> {
        let limits = self.config().limits;
        let Self { body, scratch, .. } = self;
        let Some(scratch) = scratch else { return self.need_data() };
        let (bytes, len) = scratch.buffer.unread_mut();
        let part = match body.decode(bytes, len, &limits) {
            Ok(part) => part,
            Err(Fault { kind, at }) => {
                // The decoder has taken what came before, however it was cut.
                self.pass(at);
                return self.fail(kind, 0);
            }
        };
        let (Part::Data { skip, .. } | Part::More { skip } | Part::Trailers { skip }) = part;
        if !self.consume_content(skip)? {
            return Ok(None);
        }
        match part {
            Part::Data { len, tail, .. } => self.take_data(len, tail),
            Part::More { .. } => self.need_data(),
            Part::Trailers { .. } => self.read_trailers(),
        }
    }

    /// Consumes bytes of content or of its framing. What your code skips is counted; false where it has become too much
    /// and receiving has ended.
    fn consume_content(&mut self, len: usize) -> Result<bool, Error> {
        let room = self.config().limits.drain.saturating_sub(self.drained);
        if !self.flags.skips || len as u64 <= room {
            self.pass(len);
            self.drained += if self.flags.skips { len as u64 } else { 0 };
            return Ok(true);
        }
        self.pass(room as usize);
        self.received(Input::DrainLimit)?;
        Ok(false)
    }

    fn take_data(&mut self, len: usize, tail: usize) -> Result<Option<Step>, Error> {
        if self.role == Role::Server {
            self.received(Input::RequestContent)?;
        }
        if self.flags.skips && !self.consume_content(len + tail)? {
            return Ok(None);
        }
        if self.body.is_complete() {
            self.end_incoming()?;
        }
        Ok(if self.flags.skips { None } else { self.show(Shown::Data { len, tail }) })
    }

    fn read_trailers(&mut self) -> Result<Option<Step>, Error> {
        let limits = self.config().limits;
        let folds = self.role == Role::Client;
        let Scratch { buffer, trailers, .. } = self.scratch();
        let (bytes, len) = buffer.unread_mut();
        let len = match trailers.parse(bytes, len, Section::Trailers { folds }, &limits) {
            Ok(Some(len)) => len,
            Ok(None) => return self.need_data(),
            Err(Fault { kind, at }) => return self.fail(kind, at),
        };
        self.end_incoming()?;
        self.flags.owes_end = false;
        Ok(Some(self.tell_end(len)))
    }

    /// The message is complete by its framing; the event that says so may come later.
    pub(in crate::connection) fn end_incoming(&mut self) -> Result<(), Error> {
        let input = if self.role == Role::Server { Input::RequestEnd } else { Input::ResponseEnd };
        self.received(input)?;
        if self.role == Role::Client {
            self.heads >>= 1;
        }
        self.body = Body::None;
        self.flags.owes_end = true;
        Ok(())
    }
}
