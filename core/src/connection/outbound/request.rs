//! What the verbs of `mod.rs` do, but for a server's answers: validate, count, compare with the space, write, and only then change the state.

use alloc::boxed::Box;
use alloc::vec::Vec;

use bytes::BufMut;

use super::tidy::{self, Tidied};
use crate::connection::{Connection, Outgoing};
use crate::error::{Error, ErrorKind};
use crate::machine::{Input, Opening, Peer, Phase, Role, Rx, State, Turn, Tx};
use crate::trace::TraceStep;
use crate::upgrade::{self, Terms, Why, token};
use crate::wire::encode::{self, Added, FramingLine, Survey};
use crate::wire::fields::FieldSource;
use crate::wire::outgoing::{DataParts, RequestHead};
use crate::wire::syntax::{absolute_authority, is_target, is_token, target_form, without_port};

/// Most heads that are sent are no longer, so the memory for them is asked for once.
const DRAFT: usize = 256;

impl Connection {
    pub(in crate::connection) fn require_role(&self, role: Role) -> Result<(), Error> {
        if self.role == role { Ok(()) } else { Err(Error::local(ErrorKind::WrongRole)) }
    }

    /// Composes in memory that stays. What `compose` has written is handed over by [`hand_over`](encode::hand_over) in it.
    #[inline(always)]
    pub(in crate::connection) fn with_draft<T>(
        &mut self,
        compose: impl FnOnce(&mut Self, &mut Vec<u8>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut draft = core::mem::take(&mut self.scratch().draft);
        draft.clear();
        draft.reserve(DRAFT);
        let outcome = compose(self, &mut draft);
        if let Some(scratch) = &mut self.scratch {
            scratch.draft = draft;
        }
        outcome
    }

    /// What a verb came to with the caller's field lines; where they may not be sent and the configuration says so, with the
    /// same lines put right.
    #[inline(always)]
    pub(in crate::connection) fn or_tidied<'f>(
        &mut self,
        strict: Result<(), Error>,
        tidy: impl Fn(&Self) -> Tidied<'f>,
        mut send: impl FnMut(&mut Self, &dyn FieldSource) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match strict {
            Err(error) if self.config().tidy && tidy::may_cure(error.kind()) => self.tidied(error, &tidy, &mut send),
            strict => strict,
        }
    }

    /// A refusal that is about lines is about the caller's own.
    #[cold]
    fn tidied<'f>(
        &mut self,
        error: Error,
        tidy: &dyn Fn(&Self) -> Tidied<'f>,
        send: &mut dyn FnMut(&mut Self, &dyn FieldSource) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let tidied = tidy(self);
        if tidied.done == 0 {
            return Err(error);
        }
        match send(self, &tidied.lines) {
            Ok(()) => {
                self.note(TraceStep::Tidied, tidied.done);
                Ok(())
            }
            // What is wrong with the lines is cured, and something else is wrong.
            Err(second) if !tidy::may_cure(second.kind()) => Err(second),
            Err(_) => Err(error),
        }
    }

    pub(in crate::connection) fn try_input(&self, input: Input) -> Result<State, Error> {
        self.state.apply(self.role, input).map_err(Error::local)
    }

    // Requests.

    pub(in crate::connection) fn ask(
        &mut self,
        request: &RequestHead<'_>,
        offer: &[&str],
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let strict = self.ask_strictly(request, offer, out);
        self.or_tidied(
            strict,
            |_| tidy::request(request),
            |connection, fields| connection.ask_strictly(&RequestHead { fields, ..*request }, offer, out),
        )
    }

    fn ask_strictly(&mut self, request: &RequestHead<'_>, offer: &[&str], out: &mut dyn BufMut) -> Result<(), Error> {
        self.require_role(Role::Client)?;
        self.with_draft(|connection, draft| connection.compose_request(draft, request, offer, out))
    }

    /// What decides which offers may be made now.
    fn terms(&mut self) -> Terms {
        let secure = self.flags.secure;
        Terms { secure, ..self.scratch().terms }
    }

    fn compose_request(
        &mut self,
        draft: &mut Vec<u8>,
        request: &RequestHead<'_>,
        offer: &[&str],
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        // RFC 9112, 9.2: what came before a request was asked is not its answer, whichever is looked at first.
        if self.state.rx == Rx::Open && self.state.is_idle() && !self.unread().is_empty() {
            return Err(Error::local(ErrorKind::UnreadInput));
        }
        let survey = write_request(draft, request, offer, self.flags.old_server)?;
        let asked = upgrade::ask(request, offer, &self.terms()).map_err(Error::ineligible_offer)?;
        let (turn, why) = match (request.method, offer) {
            ("CONNECT", _) => (Turn::Connect, Why::Connect),
            (_, []) => (Turn::None, Why::NotOffered),
            _ => (Turn::Offered, Why::Undecided),
        };
        let outgoing = outgoing(&survey);
        let next = self.try_input(Input::Request(Opening {
            turn,
            content: outgoing != Outgoing::None,
            expect: survey.expects_continue,
            persist: !survey.options.close && !asked.closes,
            version: Peer::V11,
        }))?;
        // RFC 9110, 8.6: where content would be expected, none is said to be there.
        let expects_content = matches!(request.method, "POST" | "PUT" | "PATCH");
        let added = Added {
            framing: if expects_content && !survey.has_framing() { FramingLine::Length(0) } else { FramingLine::None },
            markers: &asked.markers,
            upgrade: offer,
            hop_fields: &asked.hop_fields,
            close: survey.options.close,
            keep_alive: survey.options.keep_alive,
            ..Added::default()
        };
        encode::finish(draft, &survey, &added);
        encode::hand_over(&[draft], out)?;
        // The place of this request among the unanswered ones.
        let place = next.pipelined;
        let bit = 1 << place;
        self.heads = (self.heads & (bit - 1)) | if request.method == "HEAD" { bit } else { 0 };
        if self.state.is_idle() {
            self.empty_lines = 0;
        }
        self.state = next;
        self.why = Some(why);
        self.begin_sending(outgoing);
        let scratch = self.scratch();
        encode::join(offer, &mut scratch.offer);
        scratch.asked = asked.remembered.map(Box::new);
        // What the answer needs is asked for while the request travels.
        scratch.head.make_room();
        scratch.agreed.reserve(scratch.offer.len());
        let offered = offer.iter().filter_map(|entry| token::count(entry.as_bytes())).sum::<usize>();
        self.note(TraceStep::SentRequest, offered as u32);
        Ok(())
    }

    // Content.

    pub(in crate::connection) fn begin_sending(&mut self, outgoing: Outgoing) {
        self.outgoing = outgoing;
        self.flags.ended_itself = outgoing == Outgoing::None;
    }

    /// What is being sent, as the machine calls it.
    fn is_sending(&self) -> Result<Option<State>, Error> {
        match self.role {
            Role::Client => self.try_input(Input::RequestContent).map(Some),
            Role::Server if self.state.response == Phase::Body && self.state.tx == Tx::Open => Ok(None),
            Role::Server => Err(self.try_input(Input::ResponseEnd).err().unwrap_or(Error::local(ErrorKind::NoContent))),
        }
    }

    pub(in crate::connection) fn plan_data(&self, len: usize) -> Result<(DataParts, Option<State>, Outgoing), Error> {
        if len == 0 && self.flags.ended_itself {
            return Ok((DataParts::plain(), None, self.outgoing));
        }
        let next = self.is_sending()?;
        Ok(match self.outgoing {
            // An empty chunk would be the last one.
            _ if len == 0 => (DataParts::plain(), None, self.outgoing),
            Outgoing::None | Outgoing::Own => return Err(Error::local(ErrorKind::NoContent)),
            Outgoing::Length(left) => match left.checked_sub(len as u64) {
                Some(left) => (DataParts::plain(), next, Outgoing::Length(left)),
                None => return Err(Error::local(ErrorKind::LengthExceeded)),
            },
            Outgoing::Chunked => (DataParts::chunk(len), next, Outgoing::Chunked),
            Outgoing::UntilClose => (DataParts::plain(), next, Outgoing::UntilClose),
        })
    }

    pub(in crate::connection) fn commit_data(&mut self, next: Option<State>, outgoing: Outgoing) {
        self.state = next.unwrap_or(self.state);
        self.outgoing = outgoing;
        if outgoing == Outgoing::Length(0) {
            self.end_outgoing();
            self.flags.ended_itself = true;
        }
    }

    pub(in crate::connection) fn put_content(&mut self, data: &[u8], out: &mut dyn BufMut) -> Result<(), Error> {
        let (parts, next, outgoing) = self.plan_data(data.len())?;
        encode::hand_over(&[parts.prefix(), data, parts.suffix()], out)?;
        self.commit_data(next, outgoing);
        Ok(())
    }

    pub(in crate::connection) fn finish(
        &mut self,
        trailers: &dyn FieldSource,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let strict = self.finish_strictly(trailers, out);
        let tidy = |connection: &Self| tidy::trailers(trailers, connection.outgoing == Outgoing::Chunked);
        self.or_tidied(strict, tidy, |connection, trailers| connection.finish_strictly(trailers, out))
    }

    fn finish_strictly(&mut self, trailers: &dyn FieldSource, out: &mut dyn BufMut) -> Result<(), Error> {
        let is_over = self.with_draft(|connection, draft| connection.compose_end(draft, trailers, out))?;
        if is_over {
            self.flags.ended_itself = false;
        } else {
            self.end_outgoing();
        }
        Ok(())
    }

    /// Hands over what ends the message; true where it had ended before.
    fn compose_end(
        &self,
        draft: &mut Vec<u8>,
        trailers: &dyn FieldSource,
        out: &mut dyn BufMut,
    ) -> Result<bool, Error> {
        draft.extend_from_slice(b"0\r\n");
        let has_trailers = encode::trailers(draft, trailers)?;
        if has_trailers && self.outgoing != Outgoing::Chunked {
            return Err(Error::local(ErrorKind::TrailerForbidden));
        }
        if self.flags.ended_itself {
            return Ok(true);
        }
        self.is_sending()?;
        match self.outgoing {
            Outgoing::Chunked => encode::hand_over(&[draft], out)?,
            Outgoing::Length(_) => return Err(Error::local(ErrorKind::LengthShort)),
            Outgoing::None | Outgoing::UntilClose | Outgoing::Own => {}
        }
        Ok(false)
    }

    pub(in crate::connection) fn end_outgoing(&mut self) {
        let input = if self.role == Role::Client { Input::RequestEnd } else { Input::ResponseEnd };
        // `is_sending` has found the message open, so this is accepted.
        self.state = self.state.apply(self.role, input).unwrap_or(self.state);
        self.outgoing = Outgoing::None;
        self.note(TraceStep::SentEnd, 0);
    }
}

/// What the given framing fields say.
pub(in crate::connection) fn outgoing(survey: &Survey) -> Outgoing {
    match survey.length {
        _ if survey.chunked => Outgoing::Chunked,
        None | Some(0) => Outgoing::None,
        Some(length) => Outgoing::Length(length),
    }
}

/// Writes a request head up to its last field line, if all is right that does not depend on the connection's state.
fn write_request(
    draft: &mut Vec<u8>,
    request: &RequestHead<'_>,
    offer: &[&str],
    old_server: bool,
) -> Result<Survey, Error> {
    if !is_token(request.method.as_bytes()) {
        return Err(Error::local(ErrorKind::InvalidMethod));
    }
    let target = request.target.as_bytes();
    if !is_target(target) || target_form(request.method.as_bytes(), target).is_err() {
        return Err(Error::local(ErrorKind::InvalidTarget));
    }
    let is_connect = request.method == "CONNECT";
    // An offer on a CONNECT would not be one.
    if !offer.is_empty() && (is_connect || !token::is_list(offer)) {
        return Err(Error::local(ErrorKind::InvalidProtocol));
    }
    encode::request_line(draft, request.method, request.target);
    let survey = encode::lines(draft, request.fields)?;
    if !survey.has_host() {
        return Err(Error::local(ErrorKind::InvalidHost));
    }
    // RFC 9112, 3.2: identical, or two readers take the request for two resources. A name has no case.
    let is_host = |authority: &[u8]| authority.eq_ignore_ascii_case(survey.host(draft));
    let is_right = match is_connect {
        // The RFC's own example leaves the port out.
        true => is_host(target) || is_host(without_port(target)),
        false => absolute_authority(target).is_none_or(is_host),
    };
    if !is_right {
        return Err(survey.host_differs());
    }
    let has_content = outgoing(&survey) != Outgoing::None;
    let forbids_content = is_connect || request.method == "TRACE";
    // RFC 9110, 9.3.6, 9.3.8, 10.1.1; RFC 9112, 6.1: no chunked to a server that is known to speak HTTP/1.0.
    if (has_content && forbids_content) || (survey.expects_continue && !has_content) || (survey.chunked && old_server) {
        return Err(Error::local(ErrorKind::FramingConflict));
    }
    encode::move_host_first(draft, &survey);
    Ok(survey)
}
