//! What the verbs of `send.rs` do: validate, count, compare with the space, write, and only then change the state.

use alloc::vec::Vec;

use bytes::BufMut;

use super::{Connection, Outgoing};
use crate::decision::{DataParts, RequestHead, ResponseHead};
use crate::encode::{self, Added, StatusLine, Survey};
use crate::error::{Error, ErrorKind};
use crate::event::SwitchedBy;
use crate::fields::{Field, FieldSource, Options};
use crate::state::{Answer, Input, Opening, Peer, Phase, Role, State, Turn, Tx};
use crate::syntax::{absolute_authority, is_target, is_token, target_form};
use crate::tidy::{self, Allowed, Tidied};
use crate::trace::TraceStep;
use crate::upgrade::{self, Proof, Protocols, Selection, Why, token};

/// Most heads that are sent are no longer, so the memory for them is asked for once.
const DRAFT: usize = 256;

const CHUNKED: &[u8] = b"Transfer-Encoding: chunked\r\n";
const EMPTY: &[u8] = b"Content-Length: 0\r\n";

impl Connection {
    fn require_role(&self, role: Role) -> Result<(), Error> {
        if self.role == role { Ok(()) } else { Err(Error::local(ErrorKind::WrongRole)) }
    }

    /// Composes in memory that stays. What `compose` has written is handed over by [`hand_over`](encode::hand_over) in it.
    #[inline(always)]
    fn with_draft<T>(&mut self, compose: impl FnOnce(&mut Self, &mut Vec<u8>) -> Result<T, Error>) -> Result<T, Error> {
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
    fn or_tidied<'f>(
        &mut self,
        strict: Result<(), Error>,
        tidy: impl FnOnce(&Self) -> Tidied<'f>,
        send: impl FnOnce(&mut Self, &dyn FieldSource) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match strict {
            Err(error) if self.config().tidy && tidy::may_cure(error.kind()) => self.tidied(error, tidy, send),
            strict => strict,
        }
    }

    /// A refusal is about the caller's own lines, but for the space that the others need.
    #[cold]
    fn tidied<'f>(
        &mut self,
        error: Error,
        tidy: impl FnOnce(&Self) -> Tidied<'f>,
        send: impl FnOnce(&mut Self, &dyn FieldSource) -> Result<(), Error>,
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
            Err(second) if second.needed().is_some() => Err(second),
            Err(_) => Err(error),
        }
    }

    fn try_input(&self, input: Input) -> Result<State, Error> {
        self.state.apply(self.role, input).map_err(Error::from)
    }

    // Requests.

    pub(super) fn ask(&mut self, request: &RequestHead<'_>, offer: &[&str], out: &mut dyn BufMut) -> Result<(), Error> {
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

    fn compose_request(
        &mut self,
        draft: &mut Vec<u8>,
        request: &RequestHead<'_>,
        offer: &[&str],
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        // RFC 9112, 9.2: what came before a request was asked is not its answer, whoever looks at it first.
        if self.state.is_idle() && self.unread() > 0 {
            return Err(Error::local(ErrorKind::UnreadInput));
        }
        let survey = write_request(draft, request, offer, self.flags.old_server)?;
        let asked = upgrade::ask(request, offer, &self.terms()).map_err(Error::local)?;
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
            framing: if expects_content && !survey.has_framing() { Some(EMPTY) } else { None },
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
        let place = next.behind;
        let bit = 1 << place;
        self.heads = (self.heads & (bit - 1)) | if request.method == "HEAD" { bit } else { 0 };
        if self.state.is_idle() {
            self.empty_lines = 0;
        }
        self.state = next;
        self.why = Some(why);
        self.flags.upgrade_required = false;
        self.begin_sending(outgoing);
        encode::join(offer, &mut self.scratch().offer);
        self.scratch().asked = asked.remembered;
        let offered = offer.iter().filter_map(|entry| token::count(entry.as_bytes())).sum::<usize>();
        self.note(TraceStep::SentRequest, offered as u32);
        Ok(())
    }

    // Responses.

    pub(super) fn inform(&mut self, status: u16, fields: &dyn FieldSource, out: &mut dyn BufMut) -> Result<(), Error> {
        let strict = self.inform_strictly(status, fields, out);
        let tidy = |_: &Self| tidy::response(fields, status, Allowed::Nothing);
        self.or_tidied(strict, tidy, |connection, fields| connection.inform_strictly(status, fields, out))
    }

    fn inform_strictly(&mut self, status: u16, fields: &dyn FieldSource, out: &mut dyn BufMut) -> Result<(), Error> {
        self.require_role(Role::Server)?;
        if !(100..=199).contains(&status) || status == 101 {
            return Err(Error::local(ErrorKind::InvalidStatus));
        }
        let input = if status == 100 { Input::Continue } else { Input::Informational };
        let next = self.with_draft(|connection, draft| {
            StatusLine::usual(status).put(draft);
            let survey = write_interim(draft, fields, false)?;
            let next = connection.try_input(input)?;
            encode::finish(draft, &survey, &Added::default());
            encode::hand_over(&[draft], out).map(|()| next)
        })?;
        self.state = next;
        self.note(TraceStep::SentInformational, u32::from(status));
        Ok(())
    }

    pub(super) fn respond(
        &mut self,
        response: &ResponseHead<'_>,
        required: &[&str],
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let strict = self.respond_strictly(response, required, out);
        let tidy = |connection: &Self| {
            let status = response.status;
            let allowed = match status {
                204 | 205 => Allowed::Nothing,
                _ if connection.would_tunnel(status) => Allowed::Nothing,
                _ if connection.state.peer == Peer::V11 => Allowed::Both,
                _ => Allowed::Length,
            };
            tidy::response(response.fields, status, allowed)
        };
        self.or_tidied(strict, tidy, |connection, fields| {
            connection.respond_strictly(&ResponseHead { fields, ..*response }, required, out)
        })
    }

    fn respond_strictly(
        &mut self,
        response: &ResponseHead<'_>,
        required: &[&str],
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        self.require_role(Role::Server)?;
        if !(200..=599).contains(&response.status) {
            return Err(Error::local(ErrorKind::InvalidStatus));
        }
        let advertises = !self.scratch().offer.is_empty() && self.state.peer != Peer::V10;
        if response.status == 426 && required.is_empty() && !advertises {
            // RFC 9110, 15.5.22: it says what is required; `require` is the verb.
            return Err(Error::local(ErrorKind::InvalidStatus));
        }
        let before = self.state;
        let composed = self.with_draft(|connection, draft| {
            let outgoing = connection.compose_response(draft, response, required, advertises)?;
            encode::hand_over(&[draft], out).map(|()| outgoing)
        });
        // The state was changed in place, and is as it was if anything is refused: a state that is passed around costs
        // more than the rest of this.
        let outgoing = composed.inspect_err(|_| self.state = before)?;
        if let Some(scratch) = &mut self.scratch {
            scratch.offer.clear();
        }
        self.begin_sending(outgoing);
        if self.state.tx == Tx::Switched {
            self.flags.owes_switched = Some(SwitchedBy::Connect);
            self.scratch().agreed.clear();
            self.why = None;
        } else {
            self.settle_why(if response.status == 426 { Why::Required } else { Why::Declined });
        }
        self.note(TraceStep::SentResponse, u32::from(response.status));
        Ok(())
    }

    /// Writes the head and makes the transition that belongs to it.
    fn compose_response(
        &mut self,
        draft: &mut Vec<u8>,
        response: &ResponseHead<'_>,
        required: &[&str],
        advertises: bool,
    ) -> Result<Outgoing, Error> {
        let status_line = StatusLine::new(response.status, response.reason);
        if !status_line.is_valid() {
            return Err(Error::local(ErrorKind::InvalidReason));
        }
        status_line.put(draft);
        let is_allowed = |field: Field<'_>| upgrade::is_for_response(response.status, field);
        let survey = encode::lines_allowed(draft, response.fields, is_allowed)?;
        let (outgoing, framing) = self.frame(response.status, &survey).map_err(Error::local)?;
        self.change(Input::Response(Answer {
            success: (200..=299).contains(&response.status),
            content: outgoing != Outgoing::None,
            persist: !survey.options.close && outgoing != Outgoing::UntilClose,
        }))?;
        let persist = self.state.persist;
        let tunnels = self.state.tx == Tx::Switched;
        let hints = match required {
            [] => Vec::new(),
            required => upgrade::hints(required, &survey.written(draft)),
        };
        let advertised = [if advertises { self.advertised() } else { "" }];
        let upgrade = match required {
            // HTTP/1.0 knows no Upgrade: to such a client an advertisement would be noise.
            [] if advertises && !tunnels => &advertised[..],
            [] => &[],
            required => required,
        };
        let added = Added {
            markers: &hints,
            framing,
            upgrade,
            close: !persist && !tunnels,
            // RFC 9112, 9.3: an HTTP/1.0 client keeps the connection only if it is told to.
            keep_alive: persist && self.state.peer == Peer::V10 && !tunnels,
            ..Added::default()
        };
        encode::finish(draft, &survey, &added);
        Ok(outgoing)
    }

    /// The list that the next final response advertises.
    fn advertised(&self) -> &str {
        let list = self.scratch.as_ref().map_or(&[][..], |scratch| &scratch.offer);
        core::str::from_utf8(list).unwrap_or_default()
    }

    /// RFC 9110, 9.3.6: a 2xx to CONNECT.
    fn would_tunnel(&self, status: u16) -> bool {
        self.state.turn == Turn::Connect && (200..=299).contains(&status)
    }

    /// RFC 9112, 6.3 from the sender's side: how the content ends, and the field that says so if the host gave none.
    fn frame(&self, status: u16, survey: &Survey) -> Result<(Outgoing, Option<&'static [u8]>), ErrorKind> {
        if status == 204 || self.would_tunnel(status) {
            // RFC 9110, 8.6 and 9.3.6: no framing field at all.
            return if survey.has_framing() { Err(ErrorKind::FramingConflict) } else { Ok((Outgoing::None, None)) };
        }
        // RFC 9112, 6.1: no Transfer-Encoding to an HTTP/1.0 client.
        let takes_chunked = self.state.peer == Peer::V11;
        if survey.chunked && !takes_chunked {
            return Err(ErrorKind::FramingConflict);
        }
        if self.heads & 1 != 0 || status == 304 {
            return Ok((Outgoing::None, None));
        }
        if status == 205 {
            // RFC 9110, 15.3.6: said to be empty, and empty.
            return match survey.length {
                Some(0) => Ok((Outgoing::None, None)),
                None if !survey.chunked => Ok((Outgoing::None, Some(EMPTY))),
                _ => Err(ErrorKind::FramingConflict),
            };
        }
        Ok(match outgoing(survey) {
            Outgoing::None if survey.has_framing() => (Outgoing::None, None),
            Outgoing::None if takes_chunked => (Outgoing::Chunked, Some(CHUNKED)),
            Outgoing::None => (Outgoing::UntilClose, None),
            given => (given, None),
        })
    }

    pub(super) fn switch(
        &mut self,
        selection: Selection,
        fields: &dyn FieldSource,
        early: bool,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let strict = self.switch_strictly(selection, fields, early, out);
        let tidy = |_: &Self| tidy::response(fields, 101, Allowed::Nothing);
        self.or_tidied(strict, tidy, |connection, fields| connection.switch_strictly(selection, fields, early, out))
    }

    fn switch_strictly(
        &mut self,
        selection: Selection,
        fields: &dyn FieldSource,
        early: bool,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        self.require_role(Role::Server)?;
        if selection.cycle != self.cycle {
            return Err(Error::local(ErrorKind::StaleSelection));
        }
        let next = self.try_input(Input::Switch { early })?;
        let mut agreed = core::mem::take(&mut self.scratch().agreed);
        let written = self.with_draft(|connection, draft| {
            connection.compose_switch(draft, selection, fields, &mut agreed)?;
            encode::hand_over(&[draft], out)
        });
        self.scratch().agreed = agreed;
        written?;
        self.state = next;
        self.flags.owes_switched = Some(SwitchedBy::Upgrade);
        // What was to be advertised is not, once there is no response in clear.
        self.scratch().offer.clear();
        self.why = None;
        self.note(TraceStep::SentSwitch, 101);
        Ok(())
    }

    fn compose_switch(
        &self,
        draft: &mut Vec<u8>,
        selection: Selection,
        fields: &dyn FieldSource,
        agreed: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if self.state.continue_unsent() {
            // RFC 9110, 7.8: a 100 that is expected goes out before the 101.
            StatusLine::usual(100).put(draft);
            draft.extend_from_slice(b"\r\n");
        }
        StatusLine::usual(101).put(draft);
        let survey = write_interim(draft, fields, true)?;
        let request = self.kept_request().ok_or(Error::local(ErrorKind::NothingOffered))?;
        upgrade::write_selection(request, selection, agreed).map_err(Error::local)?;
        let answer = upgrade::answer(request, Protocols::new(agreed), &survey.written(draft)).map_err(Error::local)?;
        let list = [core::str::from_utf8(agreed).unwrap_or_default()];
        let proof = answer.proof.as_ref().map(Proof::field);
        let added = Added { markers: &answer.markers, proof, upgrade: &list, ..Added::default() };
        encode::finish(draft, &survey, &added);
        Ok(())
    }

    // Content.

    fn begin_sending(&mut self, outgoing: Outgoing) {
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

    pub(super) fn plan_data(&self, len: usize) -> Result<(DataParts, Option<State>, Outgoing), Error> {
        if len == 0 && self.flags.ended_itself {
            return Ok((DataParts::plain(), None, self.outgoing));
        }
        let next = self.is_sending()?;
        Ok(match self.outgoing {
            // An empty chunk would be the last one.
            _ if len == 0 => (DataParts::plain(), None, self.outgoing),
            Outgoing::None => return Err(Error::local(ErrorKind::NoContent)),
            Outgoing::Length(left) => match left.checked_sub(len as u64) {
                Some(left) => (DataParts::plain(), next, Outgoing::Length(left)),
                None => return Err(Error::local(ErrorKind::LengthExceeded)),
            },
            Outgoing::Chunked => (DataParts::chunk(len), next, Outgoing::Chunked),
            Outgoing::UntilClose => (DataParts::plain(), next, Outgoing::UntilClose),
        })
    }

    pub(super) fn commit_data(&mut self, next: Option<State>, outgoing: Outgoing) {
        self.state = next.unwrap_or(self.state);
        self.outgoing = outgoing;
        if outgoing == Outgoing::Length(0) {
            self.end_outgoing();
            self.flags.ended_itself = true;
        }
    }

    pub(super) fn content(&mut self, data: &[u8], out: &mut dyn BufMut) -> Result<(), Error> {
        let (parts, next, outgoing) = self.plan_data(data.len())?;
        encode::hand_over(&[parts.prefix(), data, parts.suffix()], out)?;
        self.commit_data(next, outgoing);
        Ok(())
    }

    pub(super) fn finish(&mut self, trailers: &dyn FieldSource, out: &mut dyn BufMut) -> Result<(), Error> {
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
            Outgoing::None | Outgoing::UntilClose => {}
        }
        Ok(false)
    }

    fn end_outgoing(&mut self) {
        let input = if self.role == Role::Client { Input::RequestEnd } else { Input::ResponseEnd };
        // `is_sending` has found the message open, so this is accepted.
        self.state = self.state.apply(self.role, input).unwrap_or(self.state);
        self.outgoing = Outgoing::None;
        self.note(TraceStep::SentEnd, 0);
    }
}

/// What the given framing fields say.
fn outgoing(survey: &Survey) -> Outgoing {
    match survey.length {
        _ if survey.chunked => Outgoing::Chunked,
        None | Some(0) => Outgoing::None,
        Some(length) => Outgoing::Length(length),
    }
}

/// Writes the field lines of a 1xx. RFC 9112, 6.1 and RFC 9110, 8.6: no framing in what has no content; nothing here keeps
/// the connection alive or closes it. A 101 lists `upgrade` whether the caller does or not.
fn write_interim(draft: &mut Vec<u8>, fields: &dyn FieldSource, switches: bool) -> Result<Survey, Error> {
    let survey = encode::lines(draft, fields)?;
    let options = Options { upgrade: survey.options.upgrade && !switches, ..survey.options };
    let is_plain = !survey.has_framing() && options == Options::default();
    if is_plain { Ok(survey) } else { Err(Error::local(ErrorKind::FramingConflict)) }
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
    if !is_connect && !absolute_authority(target).is_none_or(is_host) {
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
