//! Parsing of heads: from bytes to events, and to inputs of the state machine.

use crate::connection::{Connection, Scratch};
use crate::error::{Error, ErrorKind, Fault};
use crate::event::{Shown, Step, SwitchedBy};
use crate::machine::{
    ClientVersion, Input, Phase, RequestInfo, ResponseInfo, Role, State, UpgradeState,
};
use crate::trace::TraceStep;
use crate::upgrade::{self, OfferCheck, Protocols, Why};
use crate::wire::body::{Body, Room};
use crate::wire::fields::{Options, expects_continue};
use crate::wire::framing::{self, Framing, PlainRequest};
use crate::wire::head::{Section, Tolerated};
use crate::wire::known::KnownField;

/// The first bytes of a client that speaks HTTP/2 with prior knowledge.
///
/// RFC 9113, section 3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The result of checking the protocols that a request offers.
struct Offered {
    upgrade: UpgradeState,
    /// The reason why no switch has happened so far.
    why: Why,
    /// The number of offered protocols; 0 if the offer is invalid or absent.
    count: u32,
}

impl Offered {
    /// Returns the `Offered` of a request without an offer that could be accepted.
    const fn nothing(why: Why) -> Self {
        Self { upgrade: UpgradeState::None, why, count: 0 }
    }
}

impl Connection {
    /// Parses the next head at the unread bytes; returns its length.
    ///
    /// `None` if it is incomplete.
    ///
    /// The function is inlined for each role, except in WebAssembly, where code size counts.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn read_head(&mut self, section: Section) -> Result<Option<usize>, Error> {
        let Self { scratch, config, .. } = self;
        let limits = &config.limits;
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
            Err(fault) => self.fault(fault),
        }
    }

    /// Skips empty lines before a request (RFC 9112, section 2.2).
    ///
    /// It also skips those that an idle client receives (RFC 9112, section 9.2). Returns whether
    /// the unread bytes may be the beginning of another empty line.
    #[inline(never)]
    fn skip_empty_lines(&mut self) -> Result<bool, Error> {
        let lone_lf = self.takes_lone_lf();
        loop {
            let unread = self.scratch()?.buffer.unread();
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

    /// Returns whether the configuration lets a bare LF end a line of a request's head.
    fn takes_lone_lf(&self) -> bool {
        self.role == Role::Server && self.config().lenient.lone_lf
    }

    /// Consumes `len` unread bytes that belong to no event.
    pub(super) fn pass(&mut self, len: usize) {
        if let Some(scratch) = &mut self.scratch {
            scratch.buffer.consume(len);
        }
        self.offset += len as u64;
    }

    #[inline(always)]
    pub(in crate::connection) fn read_request(&mut self) -> Result<Option<Step>, Error> {
        if self.offset == 0 && self.config().http2_preface {
            let unread = self.scratch()?.buffer.unread();
            if unread.starts_with(PREFACE) {
                self.apply_received(Input::Preface)?;
                self.flags.owes_switched = Some(SwitchedBy::Http2Preface);
                return Ok(None);
            }
            if PREFACE.starts_with(unread) && self.end.is_none() {
                return Ok(Some(Step::NeedData));
            }
        }
        let Scratch { head, buffer, .. } = self.scratch()?;
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
        let most = self.most_content();
        let Scratch { head, buffer, .. } = self.scratch()?;
        match framing::request_fast(head, buffer.unread_mut().0) {
            Some(plain) if plain.framing.is_within(most) => {
                Ok(self.take_request_fast(len, plain, most))
            }
            _ => self.take_request_slow(len, most),
        }
    }

    /// Returns the maximum size of a request's content that is accepted.
    fn most_content(&self) -> u64 {
        self.config().limits.content
    }

    /// Fast path of `take_request`, for a request that `framing::request_fast` accepts.
    ///
    /// Must equal `take_request_slow`; debug builds compare framing and state.
    #[inline(always)]
    fn take_request_fast(
        &mut self,
        len: usize,
        PlainRequest { framing, options }: PlainRequest,
        most: u64,
    ) -> Option<Step> {
        debug_assert_eq!(self.framing_of(len, most), Ok(framing));
        self.keep_request(len);
        let offered = self.offered(options);
        let request = if framing.has_content() { Phase::Body } else { Phase::Done };
        let state = State { request, upgrade: offered.upgrade, ..State::PLAIN_REQUEST };
        if cfg!(debug_assertions) {
            let opening = self.request_info(framing, &offered).expect("a head");
            assert_eq!(self.state.apply(self.role, Input::Request(opening)), Ok(state));
        }
        self.state = state;
        self.begin_request(framing, &offered, most)
    }

    #[inline(never)]
    fn take_request_slow(&mut self, len: usize, most: u64) -> Result<Option<Step>, Error> {
        let framing = match self.framing_of(len, most) {
            Ok(framing) => framing,
            Err(fault) => return self.fault(fault),
        };
        self.keep_request(len);
        let Scratch { head, buffer, .. } = self.scratch()?;
        let bytes = buffer.kept();
        let (options, is_connect) = (head.options(bytes), head.method(bytes) == b"CONNECT");
        let offered = match is_connect {
            true => Offered { upgrade: UpgradeState::Connect, ..Offered::nothing(Why::Connect) },
            false => self.offered(options),
        };
        let opening = self.request_info(framing, &offered)?;
        self.apply_received(Input::Request(opening))?;
        Ok(self.begin_request(framing, &offered, most))
    }

    fn framing_of(&mut self, len: usize, most: u64) -> Result<Framing, Fault> {
        let accepts_https = self.flags.secure || self.config().trusted_gateway;
        let Some(Scratch { head, buffer, .. }) = self.scratch.as_deref_mut() else {
            return Err(Fault { kind: ErrorKind::OutOfMemory, at: 0 });
        };
        framing::request(head, buffer.unread_mut().0, len, accepts_https, most)
    }

    #[inline(always)]
    fn keep_request(&mut self, len: usize) {
        self.offset += len as u64;
        let (end, secure) = (self.offset, self.flags.secure);
        let Some(Scratch { buffer, head_end, terms, .. }) = self.scratch.as_deref_mut() else {
            return;
        };
        *head_end = end;
        terms.secure = secure;
        let is_head = buffer.unread_mut().0.starts_with(b"HEAD ");
        buffer.keep(len);
        self.heads = u64::from(is_head);
    }

    /// Returns the properties of the current request that the state machine needs.
    fn request_info(&mut self, framing: Framing, offered: &Offered) -> Result<RequestInfo, Error> {
        let Scratch { head, buffer, .. } = self.scratch()?;
        let bytes = buffer.kept();
        Ok(RequestInfo {
            upgrade: offered.upgrade,
            content: framing.has_content(),
            expect: head
                .values(KnownField::Expect, bytes)
                .any(|(value, _)| expects_continue(value)),
            persist: head.options(bytes).persist(head.minor()),
            version: if head.minor() == 0 { ClientVersion::Http10 } else { ClientVersion::Http11 },
        })
    }

    /// Checks the `Upgrade` of the current request, if it has one.
    #[inline(always)]
    fn offered(&mut self, options: Options) -> Offered {
        if self.scratch.as_ref().is_some_and(|scratch| scratch.head.has(KnownField::Upgrade)) {
            self.check_offers(options)
        } else {
            Offered::nothing(Why::NotOffered)
        }
    }

    #[inline(never)]
    fn check_offers(&mut self, options: Options) -> Offered {
        let Some(request) = self.kept_request() else { return Offered::nothing(Why::NotOffered) };
        let OfferCheck { total: count, any, eligible } =
            match upgrade::check_offers(request, options) {
                Ok(verdict) => verdict,
                Err(reason) => return Offered::nothing(reason.into()),
            };
        if let Some(scratch) = &mut self.scratch {
            scratch.head.eligible = eligible;
        }
        match any {
            false => Offered { count, ..Offered::nothing(Why::Ineligible) },
            true => Offered { upgrade: UpgradeState::Offered, why: Why::Undecided, count },
        }
    }

    /// Begins a request that the state machine has accepted, and emits its head.
    ///
    /// Its content may have at most `most` bytes.
    #[inline(always)]
    fn begin_request(&mut self, framing: Framing, offered: &Offered, most: u64) -> Option<Step> {
        self.cycle = self.cycle.wrapping_add(1);
        self.why = Some(offered.why);
        self.begin_body(framing, most);
        Some(self.emit(Shown::Request, TraceStep::ReceivedRequest, offered.count))
    }

    /// Begins the content of a received message.
    ///
    /// Chunked content may have at most `most` bytes.
    #[inline(always)]
    fn begin_body(&mut self, framing: Framing, most: u64) {
        self.body = Body::new(framing);
        if let Some(scratch) = &mut self.scratch {
            (scratch.room, scratch.drained) = (Room(most), 0);
        }
        self.flags.owes_end = !framing.has_content();
        self.flags.skips = false;
        self.empty_lines = 0;
        self.informational = 0;
    }

    /// Reads bytes that a client receives while no request is open.
    ///
    /// Empty lines are skipped; any other byte is an error.
    #[inline(never)]
    pub(in crate::connection) fn read_idle(&mut self) -> Result<Option<Step>, Error> {
        let may_be_empty_line = self.skip_empty_lines()?;
        if !may_be_empty_line && !self.scratch()?.buffer.is_empty() {
            // RFC 9112 9.2: bytes that no request asked for are not a response, and the connection
            // closes.
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
        match self.scratch()?.head.status() {
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
        self.apply_received(input)?;
        self.keep_head(len);
        Ok(Some(self.emit(
            Shown::Informational,
            TraceStep::ReceivedInformational,
            u32::from(status),
        )))
    }

    fn keep_head(&mut self, len: usize) {
        if let Some(scratch) = &mut self.scratch {
            scratch.buffer.keep(len);
        }
        self.offset += len as u64;
    }

    /// Applies a 101; fails unless it fits the offer (RFC 9110, section 7.8).
    fn take_switch(&mut self, len: usize) -> Result<Option<Step>, Error> {
        let before = self.state;
        self.apply_received(Input::Switch { early: true })?;
        let lenient = self.config().lenient;
        let Scratch { buffer, head, offer, agreed, asked, .. } = self.scratch()?;
        let bytes = buffer.head(len);
        let verdict = upgrade::verify(head, bytes, Protocols::new(offer), &lenient, agreed)
            .and_then(|()| {
                let is_kept = upgrade::matches_request(
                    head.fields(bytes),
                    Protocols::new(agreed),
                    asked.as_deref(),
                );
                if is_kept { Ok(()) } else { Err(Fault { kind: ErrorKind::SwitchProfile, at: 0 }) }
            });
        let verdict = agreed.whole().map_err(Fault::at_once).and(verdict);
        if let Err(fault) = verdict {
            self.state = before;
            return self.fault(fault);
        }
        self.why = None;
        self.keep_head(len);
        self.flags.owes_switched = Some(SwitchedBy::Upgrade);
        Ok(None)
    }

    fn take_final(&mut self, len: usize, status: u16) -> Result<Option<Step>, Error> {
        let success = (200..=299).contains(&status);
        let is_latest = self.state.pipelined == 0;
        let tunnels = is_latest && self.state.upgrade == UpgradeState::Connect && success;
        let is_head = self.heads & 1 != 0;
        let lenient = self.config().lenient;
        let scratch = self.scratch()?;
        let bytes = scratch.buffer.head(len);
        let framing = match framing::response(&scratch.head, bytes, &lenient) {
            // RFC 9112 6.3: a response to HEAD and a 2xx to CONNECT have no content, whatever their
            // fields.
            _ if tunnels || is_head => Framing::None,
            Ok(framing) => framing,
            Err(fault) => return self.fault(fault),
        };
        let minor = scratch.head.minor();
        // RFC 9112 6.1: the framing is faulty even if the coding is accepted.
        let is_faulty = minor == 0 && scratch.head.has(KnownField::TransferEncoding);
        let persist = scratch.head.options(bytes).persist(minor)
            && framing != Framing::UntilClose
            && !is_faulty;
        let answer = ResponseInfo { success, content: framing.has_content(), persist };
        let dropped = if persist { 0 } else { self.state.pipelined };
        let undecided = self.state.undecided();
        if is_latest {
            self.remember_required(len, status)?;
        }
        self.apply_received(Input::Response(answer))?;
        self.flags.old_server |= minor == 0;
        if is_latest {
            self.set_why_if_undecided(if status == 426 { Why::Required } else { Why::Declined });
        } else if undecided && dropped > 0 {
            self.set_why_if_undecided(Why::Dropped);
        }
        self.heads = if dropped > 0 { self.heads & 1 } else { self.heads };
        if !framing.has_content() {
            self.heads >>= 1;
        }
        self.keep_head(len);
        self.begin_body(framing, u64::MAX);
        if tunnels {
            self.record(TraceStep::ReceivedResponse, u32::from(status));
            self.flags.owes_end = false;
            self.flags.owes_switched = Some(SwitchedBy::Connect);
            self.forget_agreed();
            self.why = None;
            return Ok(None);
        }
        Ok(Some(self.emit(
            Shown::Response { dropped },
            TraceStep::ReceivedResponse,
            u32::from(status),
        )))
    }

    /// Stores the protocols that a 426 requires, for `Connection::required`.
    ///
    /// A final response with any other status clears them.
    fn remember_required(&mut self, len: usize, status: u16) -> Result<(), Error> {
        let Scratch { buffer, head, required, .. } = self.scratch()?;
        required.clear();
        if status == 426 {
            let bytes = buffer.head(len);
            for (value, _) in head.values(KnownField::Upgrade, bytes) {
                let protocols = Protocols::new(value);
                protocols.iter().for_each(|protocol| upgrade::write_protocol(&protocol, required));
            }
        }
        required.whole().map(drop).map_err(Error::local)
    }
}
