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
use crate::syntax::{is_target, is_token, target_form};
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

    /// Composes and hands over, in memory that stays.
    fn write(&mut self, out: &mut dyn BufMut, compose: impl FnOnce(&mut Vec<u8>)) -> Result<(), Error> {
        let mut draft = core::mem::take(&mut self.scratch().draft);
        draft.clear();
        draft.reserve(DRAFT);
        compose(&mut draft);
        let written = encode::hand_over(&[&draft], out);
        self.scratch().draft = draft;
        written
    }

    fn try_input(&self, input: Input) -> Result<State, Error> {
        self.state.apply(self.role, input).map_err(Error::from)
    }

    // Requests.

    pub(super) fn ask(&mut self, request: &RequestHead<'_>, offer: &[&str], out: &mut dyn BufMut) -> Result<(), Error> {
        self.require_role(Role::Client)?;
        // RFC 9112, 9.2: what came before a request was asked is not its answer, whoever looks at it first.
        if self.state.is_idle() && self.unread() > 0 {
            return Err(Error::local(ErrorKind::UnreadInput));
        }
        let survey = check_request(request, offer, self.flags.old_server)?;
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
            host_first: true,
            ..Added::to(&survey)
        };
        self.write(out, |draft| {
            encode::request_line(draft, request.method, request.target);
            encode::fields(draft, request.fields, &added);
        })?;
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
        self.require_role(Role::Server)?;
        if !(100..=199).contains(&status) || status == 101 {
            return Err(Error::local(ErrorKind::InvalidStatus));
        }
        let survey = check_interim(fields, false)?;
        let next = self.try_input(if status == 100 { Input::Continue } else { Input::Informational })?;
        self.write(out, |draft| {
            StatusLine::usual(status).put(draft);
            encode::fields(draft, fields, &Added::to(&survey));
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
        self.require_role(Role::Server)?;
        if !(200..=599).contains(&response.status) {
            return Err(Error::local(ErrorKind::InvalidStatus));
        }
        let advertises = !self.scratch().offer.is_empty() && self.state.peer != Peer::V10;
        if response.status == 426 && required.is_empty() && !advertises {
            // RFC 9110, 15.5.22: it says what is required; `require` is the verb.
            return Err(Error::local(ErrorKind::InvalidStatus));
        }
        let status_line = StatusLine::new(response.status, response.reason);
        if !status_line.is_valid() {
            return Err(Error::local(ErrorKind::InvalidReason));
        }
        let is_allowed = |field: Field<'_>| upgrade::is_for_response(response.status, field);
        let survey = Survey::of_allowed(response.fields, is_allowed)?;
        let (outgoing, framing) = self.frame(response.status, &survey).map_err(Error::local)?;
        // In place, and back again if there is no space: a state that is passed around costs more than the rest of this.
        let before = self.state;
        self.change(Input::Response(Answer {
            success: (200..=299).contains(&response.status),
            content: outgoing != Outgoing::None,
            persist: !survey.options.close && outgoing != Outgoing::UntilClose,
        }))?;
        let persist = self.state.persist;
        let tunnels = self.state.tx == Tx::Switched;
        let mut advertised = core::mem::take(&mut self.scratch().offer);
        let advertised_list = [if advertises { core::str::from_utf8(&advertised).unwrap_or_default() } else { "" }];
        let upgrade = match required {
            // HTTP/1.0 knows no Upgrade: to such a client an advertisement would be noise.
            [] if advertises && !tunnels => &advertised_list[..],
            [] => &[],
            required => required,
        };
        let hints = upgrade::hints(required, response.fields);
        let added = Added {
            markers: &hints,
            framing,
            upgrade,
            close: !persist && !tunnels,
            // RFC 9112, 9.3: an HTTP/1.0 client keeps the connection only if it is told to.
            keep_alive: persist && self.state.peer == Peer::V10 && !tunnels,
            ..Added::to(&survey)
        };
        let written = self.write(out, |draft| {
            status_line.put(draft);
            encode::fields(draft, response.fields, &added);
        });
        if written.is_ok() {
            advertised.clear();
        }
        self.scratch().offer = advertised;
        if written.is_err() {
            self.state = before;
        }
        written?;
        self.begin_sending(outgoing);
        if tunnels {
            self.flags.owes_switched = Some(SwitchedBy::Connect);
            self.scratch().agreed.clear();
            self.why = None;
        } else {
            self.settle_why(if response.status == 426 { Why::Required } else { Why::Declined });
        }
        self.note(TraceStep::SentResponse, u32::from(response.status));
        Ok(())
    }

    /// RFC 9112, 6.3 from the sender's side: how the content ends, and the field that says so if the host gave none.
    fn frame(&self, status: u16, survey: &Survey) -> Result<(Outgoing, Option<&'static [u8]>), ErrorKind> {
        let tunnels = self.state.turn == Turn::Connect && (200..=299).contains(&status);
        if status == 204 || tunnels {
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
        self.require_role(Role::Server)?;
        if selection.cycle != self.cycle {
            return Err(Error::local(ErrorKind::StaleSelection));
        }
        let next = self.try_input(Input::Switch { early })?;
        let survey = check_interim(fields, true)?;
        let mut agreed = core::mem::take(&mut self.scratch().agreed);
        let request = self.kept_request().ok_or(Error::local(ErrorKind::NothingOffered))?;
        upgrade::write_selection(request, selection, &mut agreed).map_err(Error::local)?;
        let answer = upgrade::answer(request, Protocols::new(&agreed), fields).map_err(Error::local)?;
        let list = [core::str::from_utf8(&agreed).unwrap_or_default()];
        let proof = answer.proof.as_ref().map(Proof::field);
        let added = Added { markers: &answer.markers, proof, upgrade: &list, ..Added::to(&survey) };
        let continue_unsent = self.state.continue_unsent();
        let written = self.write(out, |draft| {
            if continue_unsent {
                // RFC 9110, 7.8: a 100 that is expected goes out before the 101.
                StatusLine::usual(100).put(draft);
                draft.extend_from_slice(b"\r\n");
            }
            StatusLine::usual(101).put(draft);
            encode::fields(draft, fields, &added);
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
        let has_trailers = encode::check_trailers(trailers)?;
        if has_trailers && self.outgoing != Outgoing::Chunked {
            return Err(Error::local(ErrorKind::TrailerForbidden));
        }
        if self.flags.ended_itself {
            self.flags.ended_itself = false;
            return Ok(());
        }
        self.is_sending()?;
        match self.outgoing {
            Outgoing::Chunked => self.write(out, |draft| {
                draft.extend_from_slice(b"0\r\n");
                encode::trailers(draft, trailers);
            })?,
            Outgoing::Length(_) => return Err(Error::local(ErrorKind::LengthShort)),
            Outgoing::None | Outgoing::UntilClose => {}
        }
        self.end_outgoing();
        Ok(())
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

/// The field lines of a 1xx. RFC 9112, 6.1 and RFC 9110, 8.6: no framing in what has no content; nothing here keeps the
/// connection alive or closes it. A 101 lists `upgrade` whether the host does or not.
fn check_interim(fields: &dyn FieldSource, switches: bool) -> Result<Survey, Error> {
    let survey = Survey::of(fields)?;
    let options = Options { upgrade: survey.options.upgrade && !switches, ..survey.options };
    let is_plain = !survey.has_framing() && options == Options::default();
    if is_plain { Ok(survey) } else { Err(Error::local(ErrorKind::FramingConflict)) }
}

/// Everything about a request that does not depend on the connection's state.
fn check_request(request: &RequestHead<'_>, offer: &[&str], old_server: bool) -> Result<Survey, Error> {
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
    let survey = Survey::of(request.fields)?;
    if !survey.has_host() {
        return Err(Error::local(ErrorKind::InvalidHost));
    }
    let has_content = outgoing(&survey) != Outgoing::None;
    let forbids_content = is_connect || request.method == "TRACE";
    // RFC 9110, 9.3.6, 9.3.8, 10.1.1; RFC 9112, 6.1: no chunked to a server that is known to speak HTTP/1.0.
    if (has_content && forbids_content) || (survey.expects_continue && !has_content) || (survey.chunked && old_server) {
        return Err(Error::local(ErrorKind::FramingConflict));
    }
    Ok(survey)
}
