//! Encoding of requests, content and ends of messages.
//!
//! Each method validates its arguments, encodes the message and writes it if there is enough space.
//! Only then it changes the state.

use bytes::BufMut;

use super::tidy::{self, Tidied};
use crate::connection::{Connection, Scratch, SendFraming};
use crate::error::{Error, ErrorKind};
use crate::machine::{ClientVersion, Input, Phase, RequestInfo, Role, Rx, State, Tx, UpgradeState};
use crate::trace::TraceStep;
use crate::upgrade::{self, OfferContext, SentOffer, Why, token};
use crate::wire::encode::{self, EngineFields, FieldSummary, FramingLine};
use crate::wire::memory::{Boxed, Draft};
use crate::wire::message::{DataParts, RequestHead};
use crate::wire::source::FieldSource;
use crate::wire::syntax::{absolute_authority, is_target, is_token, target_form, without_port};

/// The initial memory in bytes to encode a head, which suffices for most heads.
const DRAFT: usize = 256;

impl Connection {
    pub(in crate::connection) fn require_role(&self, role: Role) -> Result<(), Error> {
        if self.role == role { Ok(()) } else { Err(Error::local(ErrorKind::WrongRole)) }
    }

    /// Calls `compose` with the connection's empty draft, whose memory is reused.
    ///
    /// If the draft is to be sent, `compose` also writes it to the caller, with
    /// [`write_draft`](encode::write_draft).
    #[inline(always)]
    pub(in crate::connection) fn with_draft<T>(
        &mut self,
        compose: impl FnOnce(&mut Self, &mut Draft) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut draft = core::mem::take(&mut self.scratch()?.draft);
        draft.clear();
        draft.reserve(DRAFT).map_err(Error::local)?;
        let outcome = compose(self, &mut draft);
        if let Some(scratch) = &mut self.scratch {
            scratch.draft = draft;
        }
        outcome
    }

    /// Returns the result of a first send, or of a second one with corrected lines.
    ///
    /// `strict` is the first result. If the field lines were rejected and `Config::tidy` is set,
    /// `tidy` corrects them. `send` then runs if something was corrected.
    #[inline(always)]
    pub(in crate::connection) fn retry_tidied<'f>(
        &mut self,
        strict: Result<(), Error>,
        tidy: impl Fn(&Self) -> Result<Tidied<'f>, ErrorKind>,
        mut send: impl FnMut(&mut Self, &dyn FieldSource) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match strict {
            Err(error) if self.config().tidy && tidy::may_cure(error.kind()) => {
                self.send_tidied(error, &tidy, &mut send)
            }
            strict => strict,
        }
    }

    /// Sends a rejected message once more, with corrected field lines.
    ///
    /// Returns the original `error` if nothing was corrected, or if the new one is also one that
    /// corrections might avoid. Any other new error has no index, as it would count the corrected
    /// lines.
    #[cold]
    fn send_tidied<'f>(
        &mut self,
        error: Error,
        tidy: &dyn Fn(&Self) -> Result<Tidied<'f>, ErrorKind>,
        send: &mut dyn FnMut(&mut Self, &dyn FieldSource) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let tidied = tidy(self).map_err(Error::local)?;
        if tidied.done == 0 {
            return Err(error);
        }
        match send(self, &tidied.lines) {
            Ok(()) => {
                self.record(TraceStep::Tidied, tidied.done);
                Ok(())
            }
            // Corrections do not help against what is wrong now.
            Err(second) if !tidy::may_cure(second.kind()) => Err(second.without_field()),
            Err(_) => Err(error),
        }
    }

    pub(in crate::connection) fn try_input(&self, input: Input) -> Result<State, Error> {
        self.state.apply(self.role, input).map_err(Error::local)
    }

    // Requests.

    pub(in crate::connection) fn send_request_dyn(
        &mut self,
        request: &RequestHead<'_>,
        offer: &[&str],
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let strict = self.send_request_strict(request, offer, out);
        self.retry_tidied(
            strict,
            |connection| {
                let lowercase = connection.config().lowercase_names;
                tidy::request(request, if lowercase { "host" } else { "Host" })
            },
            |connection, fields| {
                connection.send_request_strict(&RequestHead { fields, ..*request }, offer, out)
            },
        )
    }

    fn send_request_strict(
        &mut self,
        request: &RequestHead<'_>,
        offer: &[&str],
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        self.require_role(Role::Client)?;
        self.with_draft(|connection, draft| connection.compose_request(draft, request, offer, out))
    }

    /// Returns the limits and flags that decide which offers are eligible now.
    fn terms(&mut self) -> Result<OfferContext, Error> {
        let secure = self.flags.secure;
        Ok(OfferContext { secure, ..self.scratch()?.terms })
    }

    fn compose_request(
        &mut self,
        draft: &mut Draft,
        request: &RequestHead<'_>,
        offer: &[&str],
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        // RFC 9112 9.2: bytes received before a request was sent are no response to it, even if
        // they are read later.
        if self.state.rx == Rx::Open && self.state.is_idle() && !self.unread().is_empty() {
            return Err(Error::local(ErrorKind::UnreadInput));
        }
        let survey = write_request(draft, request, offer, self.flags.old_server)?;
        let asked = upgrade::offer_fields(request, offer, &self.terms()?)?;
        let (upgrade, why) = match (request.method, offer) {
            ("CONNECT", _) => (UpgradeState::Connect, Why::Connect),
            (_, []) => (UpgradeState::None, Why::NotOffered),
            _ => (UpgradeState::Offered, Why::Undecided),
        };
        let outgoing = declared_framing(&survey);
        let next = self.try_input(Input::Request(RequestInfo {
            upgrade,
            content: outgoing != SendFraming::None,
            expect: survey.expects_continue,
            persist: !survey.options.close && !asked.closes,
            version: ClientVersion::Http11,
        }))?;
        // RFC 9110 8.6: a method that usually has content gets a length of 0 if there is none.
        let expects_content = matches!(request.method, "POST" | "PUT" | "PATCH");
        let added = EngineFields {
            framing: if expects_content && !survey.has_framing() {
                FramingLine::Length(0)
            } else {
                FramingLine::None
            },
            markers: &asked.markers,
            upgrade: offer,
            hop_fields: &asked.hop_fields,
            close: survey.options.close,
            keep_alive: survey.options.keep_alive,
            lowercase: self.config().lowercase_names,
            ..EngineFields::default()
        };
        encode::finish(draft, &survey, &added);
        // No offer is pending, so the last one is of no use any more.
        self.scratch()?.keep_offer(offer, asked.remembered).map_err(Error::local)?;
        encode::write_draft(draft, b"", out)?;
        // The position of this request among the unanswered ones.
        let place = next.pipelined;
        let bit = 1 << place;
        self.heads = (self.heads & (bit - 1)) | if request.method == "HEAD" { bit } else { 0 };
        if self.state.is_idle() {
            self.empty_lines = 0;
        }
        self.state = next;
        self.why = Some(why);
        self.begin_sending(outgoing);
        let offered =
            offer.iter().filter_map(|entry| token::count(entry.as_bytes())).sum::<usize>();
        self.record(TraceStep::SentRequest, offered as u32);
        Ok(())
    }

    // Content.

    pub(in crate::connection) fn begin_sending(&mut self, outgoing: SendFraming) {
        self.outgoing = outgoing;
        self.flags.ended_by_framing = outgoing == SendFraming::None;
    }

    /// Checks that a message is being sent; returns a client's state after content.
    ///
    /// `None` for a server, whose state does not change with its content.
    fn check_sending(&self) -> Result<Option<State>, Error> {
        match self.role {
            Role::Client => self.try_input(Input::RequestContent).map(Some),
            Role::Server if self.state.response == Phase::Body && self.state.tx == Tx::Open => {
                Ok(None)
            }
            Role::Server => Err(self
                .try_input(Input::ResponseEnd)
                .err()
                .unwrap_or(Error::local(ErrorKind::NoContent))),
        }
    }

    pub(in crate::connection) fn plan_data(
        &self,
        len: u64,
    ) -> Result<(DataParts, Option<State>, SendFraming), Error> {
        if len == 0 && self.flags.ended_by_framing {
            return Ok((DataParts::plain(), None, self.outgoing));
        }
        let next = self.check_sending()?;
        Ok(match self.outgoing {
            // A chunk of size 0 would end the message.
            _ if len == 0 => (DataParts::plain(), None, self.outgoing),
            SendFraming::None | SendFraming::Own => return Err(Error::local(ErrorKind::NoContent)),
            SendFraming::Length(left) => match left.checked_sub(len) {
                Some(left) => (DataParts::plain(), next, SendFraming::Length(left)),
                None => return Err(Error::local(ErrorKind::LengthExceeded)),
            },
            SendFraming::Chunked => (DataParts::chunk(len), next, SendFraming::Chunked),
            SendFraming::UntilClose => (DataParts::plain(), next, SendFraming::UntilClose),
        })
    }

    pub(in crate::connection) fn commit_data(
        &mut self,
        next: Option<State>,
        outgoing: SendFraming,
    ) {
        self.state = next.unwrap_or(self.state);
        self.outgoing = outgoing;
        if outgoing == SendFraming::Length(0) {
            self.end_outgoing();
            self.flags.ended_by_framing = true;
        }
    }

    pub(in crate::connection) fn send_data_dyn(
        &mut self,
        data: &[u8],
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let (parts, next, outgoing) = self.plan_data(data.len() as u64)?;
        encode::write_all(&[parts.prefix(), data, parts.suffix()], out)?;
        self.commit_data(next, outgoing);
        Ok(())
    }

    pub(in crate::connection) fn send_end_dyn(
        &mut self,
        trailers: &dyn FieldSource,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let strict = self.send_end_strict(trailers, out);
        let tidy = |connection: &Self| {
            tidy::trailers(trailers, connection.outgoing == SendFraming::Chunked)
        };
        self.retry_tidied(strict, tidy, |connection, trailers| {
            connection.send_end_strict(trailers, out)
        })
    }

    fn send_end_strict(
        &mut self,
        trailers: &dyn FieldSource,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let is_over =
            self.with_draft(|connection, draft| connection.compose_end(draft, trailers, out))?;
        if is_over {
            self.flags.ended_by_framing = false;
        } else {
            self.end_outgoing();
        }
        Ok(())
    }

    /// Writes the end of the message being sent, with its trailers.
    ///
    /// Only the end of a chunked message has bytes. Returns `true`, and writes nothing, if the
    /// message had already ended.
    fn compose_end(
        &self,
        draft: &mut Draft,
        trailers: &dyn FieldSource,
        out: &mut dyn BufMut,
    ) -> Result<bool, Error> {
        draft.extend_from_slice(b"0\r\n");
        let has_trailers = encode::trailers(draft, trailers)?;
        if has_trailers && self.outgoing != SendFraming::Chunked {
            return Err(Error::local(ErrorKind::TrailerForbidden));
        }
        if self.flags.ended_by_framing {
            return Ok(true);
        }
        self.check_sending()?;
        match self.outgoing {
            SendFraming::Chunked => encode::write_draft(draft, b"", out)?,
            SendFraming::Length(missing) => return Err(Error::short(missing)),
            SendFraming::None | SendFraming::UntilClose | SendFraming::Own => {}
        }
        Ok(false)
    }

    pub(in crate::connection) fn end_outgoing(&mut self) {
        let input = if self.role == Role::Client { Input::RequestEnd } else { Input::ResponseEnd };
        // `check_sending` has found the message open, so the input is accepted.
        self.state = self.state.apply(self.role, input).unwrap_or(self.state);
        self.outgoing = SendFraming::None;
        self.record(TraceStep::SentEnd, 0);
    }
}

impl Scratch {
    /// Stores an offer to check the 101 against; allocates memory for the response.
    fn keep_offer(&mut self, offer: &[&str], sent: Option<SentOffer>) -> Result<(), ErrorKind> {
        encode::join(offer, &mut self.offer)?;
        sent.as_ref().map_or(Ok(()), SentOffer::whole)?;
        self.asked = sent.map(|sent| Boxed::new(|| sent)).transpose()?;
        self.head.make_room()?;
        self.agreed.reserve(self.offer.len())
    }
}

/// Returns the framing of the content that the caller's field lines declare.
///
/// `SendFraming::None` without framing fields, or with a length of 0.
pub(in crate::connection) fn declared_framing(survey: &FieldSummary) -> SendFraming {
    match survey.length {
        _ if survey.chunked => SendFraming::Chunked,
        None | Some(0) => SendFraming::None,
        Some(length) => SendFraming::Length(length),
    }
}

/// Encodes a request head up to its last field line.
///
/// The caller checks the state machine and the rules of the offered protocols.
fn write_request(
    draft: &mut Draft,
    request: &RequestHead<'_>,
    offer: &[&str],
    old_server: bool,
) -> Result<FieldSummary, Error> {
    if !is_token(request.method.as_bytes()) {
        return Err(Error::local(ErrorKind::InvalidMethod));
    }
    let target = request.target.as_bytes();
    if !is_target(target) || target_form(request.method.as_bytes(), target).is_err() {
        return Err(Error::local(ErrorKind::InvalidTarget));
    }
    let is_connect = request.method == "CONNECT";
    // A CONNECT cannot offer an upgrade.
    if !offer.is_empty() && (is_connect || !token::is_list(offer)) {
        return Err(Error::local(ErrorKind::InvalidProtocol));
    }
    encode::request_line(draft, request.method, request.target);
    let survey = encode::lines(draft, request.fields)?;
    if !survey.has_host() {
        return Err(Error::local(ErrorKind::InvalidHost));
    }
    // RFC 9112 3.2: Host must be the target's authority, or two recipients may see two resources.
    // Case does not matter.
    let is_host = |authority: &[u8]| authority.eq_ignore_ascii_case(survey.host(draft));
    let is_right = match is_connect {
        // The example of the RFC leaves the port out.
        true => is_host(target) || is_host(without_port(target)),
        false => absolute_authority(target).is_none_or(is_host),
    };
    if !is_right {
        return Err(survey.host_differs());
    }
    let has_content = declared_framing(&survey) != SendFraming::None;
    let forbids_content = is_connect || request.method == "TRACE";
    // RFC 9110 9.3.6, 9.3.8, 10.1.1; RFC 9112 6.1: chunked is not sent to a server that is known to
    // speak HTTP/1.0.
    if (has_content && forbids_content)
        || (survey.expects_continue && !has_content)
        || (survey.chunked && old_server)
    {
        return Err(Error::local(ErrorKind::FramingConflict));
    }
    encode::move_host_first(draft, &survey);
    Ok(survey)
}
