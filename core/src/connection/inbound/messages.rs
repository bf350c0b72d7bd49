//! Messages as they come: heads and content, from bytes to events and inputs of the machine.

use crate::connection::{Connection, Scratch};
use crate::error::{Error, ErrorKind, Fault};
use crate::event::{Shown, Step, SwitchedBy};
use crate::limits::{self, Config, Limits};
use crate::machine::{Answer, Input, Opening, Peer, Phase, Role, State, Turn};
use crate::trace::TraceStep;
use crate::upgrade::{self, Protocols, Verdict, Why};
use crate::wire::body::{Body, Bounds, Part, Room};
use crate::wire::fields::{Options, expects_continue};
use crate::wire::framing::{self, Framing, Plain};
use crate::wire::head::{Section, Tolerated};
use crate::wire::known::KnownField;

/// What a client with prior knowledge of HTTP/2 sends first (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a request could turn the connection into.
struct Offered {
    turn: Turn,
    /// Why it has not, so far.
    why: Why,
    /// How many protocols it offers.
    count: u32,
}

impl Offered {
    /// It stays HTTP/1.1.
    const fn nothing(why: Why) -> Self {
        Self { turn: Turn::None, why, count: 0 }
    }
}

impl Connection {
    // Heads.

    /// The length of the next head, once all of it is there. In WebAssembly, where size counts, there is one for both roles.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn read_head(&mut self, section: Section) -> Result<Option<usize>, Error> {
        let Self { scratch, config, .. } = self;
        let limits = Limits::of(config.as_deref());
        let Some(Scratch { buffer, head, .. }) = scratch.as_deref_mut() else { return Ok(None) };
        let (bytes, len) = buffer.unread_mut();
        if len == 0 {
            return Ok(None);
        }
        match head.parse(bytes, len, section, limits) {
            Ok(None) => {
                if head.is_inside_line(len) {
                    buffer.expect_line(head.reach(section, limits));
                }
                Ok(None)
            }
            Ok(len) => Ok(len),
            Err(Fault { kind, at }) => self.fail(kind, at),
        }
    }

    /// RFC 9112, 2.2: a few empty lines before a request are skipped; RFC 9112, 9.2 allows them to an idle client.
    /// Says whether a line might be one that has not come whole.
    #[inline(never)]
    fn skip_empty_lines(&mut self) -> Result<bool, Error> {
        let lone_lf = self.takes_lone_lf();
        loop {
            let unread = self.scratch().buffer.unread();
            let len = match unread {
                [b'\r', b'\n', ..] => 2,
                [b'\n', ..] if lone_lf => 1,
                _ => return Ok(unread == b"\r"),
            };
            let limit = self.config().limits.empty_lines;
            if u32::from(self.empty_lines) >= limit {
                return self.fail(ErrorKind::EmptyLines, 0);
            }
            self.empty_lines = self.empty_lines.saturating_add(1);
            self.pass(len);
        }
    }

    /// A leniency of servers.
    fn takes_lone_lf(&self) -> bool {
        self.role == Role::Server && self.config().lenient.lone_lf
    }

    /// Consumes bytes that no event shows.
    fn pass(&mut self, len: usize) {
        self.scratch().buffer.consume(len);
        self.offset += len as u64;
    }

    #[inline(always)]
    pub(in crate::connection) fn read_request(&mut self) -> Result<Option<Step>, Error> {
        if self.offset == 0 && self.config().http2_preface {
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
        let Scratch { head, buffer, .. } = self.scratch();
        let begins_empty = !head.is_begun() && matches!(buffer.peek(), Some(b'\r' | b'\n'));
        if begins_empty && self.skip_empty_lines()? {
            return self.need_data();
        }
        let lone_lf = self.takes_lone_lf();
        match self.read_head(Section::Request { lone_lf })? {
            Some(len) => self.take_request(len),
            None => self.need_data(),
        }
    }

    #[inline(always)]
    fn take_request(&mut self, len: usize) -> Result<Option<Step>, Error> {
        let Scratch { head, buffer, .. } = self.scratch();
        match framing::plain(head, buffer.unread_mut().0) {
            Some(plain) if plain.framing.is_within(self.most_content()) => Ok(self.take_plain_request(len, plain)),
            _ => self.take_any_request(len),
        }
    }

    /// Returns the limit of content of a request.
    fn most_content(&self) -> u64 {
        self.config().limits.content
    }

    /// What the rules and the machine make of a plain request is known beforehand, and is written down as they would.
    #[inline(always)]
    fn take_plain_request(&mut self, len: usize, Plain { framing, options }: Plain) -> Option<Step> {
        debug_assert_eq!(self.framing_of(len), Ok(framing));
        self.keep_request(len);
        let offered = self.offered(options);
        let request = if framing.has_content() { Phase::Body } else { Phase::Done };
        let state = State { request, turn: offered.turn, ..State::ASKED };
        if cfg!(debug_assertions) {
            let opening = self.opening(framing, &offered);
            assert_eq!(self.state.apply(self.role, Input::Request(opening)), Ok(state));
        }
        self.state = state;
        self.begin_request(framing, &offered)
    }

    #[inline(never)]
    fn take_any_request(&mut self, len: usize) -> Result<Option<Step>, Error> {
        let framing = match self.framing_of(len) {
            Ok(framing) => framing,
            Err(Fault { kind, at }) => return self.fail(kind, at),
        };
        self.keep_request(len);
        let Scratch { head, buffer, .. } = self.scratch();
        let bytes = buffer.kept();
        let (options, is_connect) = (head.options(bytes), head.method(bytes) == b"CONNECT");
        let offered = match is_connect {
            true => Offered { turn: Turn::Connect, ..Offered::nothing(Why::Connect) },
            false => self.offered(options),
        };
        let opening = self.opening(framing, &offered);
        self.received(Input::Request(opening))?;
        Ok(self.begin_request(framing, &offered))
    }

    fn framing_of(&mut self, len: usize) -> Result<Framing, Fault> {
        let (secure, most) = (self.flags.secure, self.most_content());
        let Scratch { head, buffer, .. } = self.scratch();
        framing::request(head, buffer.unread_mut().0, len, secure, most)
    }

    #[inline(always)]
    fn keep_request(&mut self, len: usize) {
        self.offset += len as u64;
        let (end, secure) = (self.offset, self.flags.secure);
        let Scratch { buffer, head_end, terms, .. } = self.scratch();
        *head_end = end;
        terms.secure = secure;
        let is_head = buffer.unread_mut().0.starts_with(b"HEAD ");
        buffer.keep(len);
        self.heads = u64::from(is_head);
    }

    /// What the machine needs to know of the request that is kept.
    fn opening(&mut self, framing: Framing, offered: &Offered) -> Opening {
        let Scratch { head, buffer, .. } = self.scratch();
        let bytes = buffer.kept();
        Opening {
            turn: offered.turn,
            content: framing.has_content(),
            expect: head.values(KnownField::Expect, bytes).any(|(value, _)| expects_continue(value)),
            persist: head.options(bytes).persist(head.minor()),
            version: if head.minor() == 0 { Peer::V10 } else { Peer::V11 },
        }
    }

    /// What the `Upgrade` of the request that is kept comes to, if it has one.
    #[inline(always)]
    fn offered(&mut self, options: Options) -> Offered {
        if self.scratch().head.has(KnownField::Upgrade) {
            self.judge(options)
        } else {
            Offered::nothing(Why::NotOffered)
        }
    }

    #[inline(never)]
    fn judge(&mut self, options: Options) -> Offered {
        let Some(request) = self.kept_request() else { return Offered::nothing(Why::NotOffered) };
        let Verdict { total: count, any, eligible } = match upgrade::judge(request, options) {
            Ok(verdict) => verdict,
            Err(reason) => return Offered::nothing(reason.into()),
        };
        self.scratch().head.eligible = eligible;
        match any {
            false => Offered { count, ..Offered::nothing(Why::Ineligible) },
            true => Offered { turn: Turn::Offered, why: Why::Undecided, count },
        }
    }

    /// The machine has taken the request.
    #[inline(always)]
    fn begin_request(&mut self, framing: Framing, offered: &Offered) -> Option<Step> {
        self.cycle = self.cycle.wrapping_add(1);
        self.why = Some(offered.why);
        self.begin_body(framing);
        Some(self.tell(Shown::Request, TraceStep::ReceivedRequest, offered.count))
    }

    #[inline(always)]
    fn begin_body(&mut self, framing: Framing) {
        self.body = Body::new(framing);
        if framing == Framing::Chunked {
            self.scratch().room = if self.role == Role::Server { Room(self.most_content()) } else { Room::UNBOUNDED };
        }
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
        match self.read_head(Section::Response(Tolerated::by(&self.config().lenient)))? {
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
        Ok(Some(self.tell(Shown::Informational, TraceStep::ReceivedInformational, u32::from(status))))
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
        let bytes = buffer.head(len);
        let verdict = upgrade::verify(head, bytes, Protocols::new(offer), &lenient, agreed).and_then(|()| {
            let is_kept = upgrade::is_kept(head.fields(bytes), Protocols::new(agreed), asked.as_deref());
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
        let lenient = self.config().lenient;
        let scratch = self.scratch();
        let bytes = scratch.buffer.head(len);
        let framing = match framing::response(&scratch.head, bytes, &lenient) {
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
        if tunnels {
            self.note(TraceStep::ReceivedResponse, u32::from(status));
            self.flags.owes_end = false;
            self.flags.owes_switched = Some(SwitchedBy::Connect);
            self.scratch().agreed.clear();
            self.why = None;
            return Ok(None);
        }
        Ok(Some(self.tell(Shown::Response { dropped }, TraceStep::ReceivedResponse, u32::from(status))))
    }

    /// What a 426 asks for, for `required` and `retry`.
    fn remember_required(&mut self, len: usize, status: u16) {
        let Scratch { buffer, head, required, .. } = self.scratch();
        required.clear();
        if status == 426 {
            let bytes = buffer.head(len);
            for (value, _) in head.values(KnownField::Upgrade, bytes) {
                let protocols = Protocols::new(value);
                protocols.iter().for_each(|protocol| upgrade::write_protocol(&protocol, required));
            }
        }
    }

    // Content.

    #[inline(never)]
    pub(in crate::connection) fn read_body(&mut self) -> Result<Option<Step>, Error> {
        let Self { body, scratch, config, role, .. } = self;
        let Config { limits, lenient, .. } = config.as_deref().unwrap_or(&limits::DEFAULT);
        let Some(Scratch { buffer, room, .. }) = scratch.as_deref_mut() else { return self.need_data() };
        let (bytes, len) = buffer.unread_mut();
        // After the event that shows all there is, in a message that comes slowly.
        if len == 0 {
            return self.need_data();
        }
        let spaces = lenient.space_after_chunk_size && *role == Role::Client;
        let part = match body.decode(bytes, len, Bounds { limits, room, spaces }) {
            Ok(part) => part,
            Err(Fault { kind, at }) => {
                // The decoder has taken what came before, however it was cut.
                self.pass(at);
                return self.fail(kind, 0);
            }
        };
        let (Part::Data { skip, .. } | Part::More { skip } | Part::Trailers { skip }) = part;
        if skip > 0 && !self.consume_content(skip)? {
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
        if self.flags.skips {
            return Ok(None);
        }
        self.scratch().shown = Shown::Data { len, tail };
        Ok(Some(Step::Event))
    }

    fn read_trailers(&mut self) -> Result<Option<Step>, Error> {
        let Self { scratch, config, role, .. } = self;
        let Config { limits, lenient, .. } = config.as_deref().unwrap_or(&limits::DEFAULT);
        let Some(Scratch { buffer, trailers, .. }) = scratch.as_deref_mut() else { return self.need_data() };
        let (bytes, len) = buffer.unread_mut();
        let section = Section::Trailers((*role == Role::Client).then(|| Tolerated::by(lenient)));
        let len = match trailers.get_or_insert_default().parse(bytes, len, section, limits) {
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
