//! What a server answers: informational responses, the 101, final responses with or without their content.

use alloc::vec::Vec;

use bytes::BufMut;

use super::request::outgoing;
use super::tidy::{self, Allowed};
use crate::connection::{Connection, Outgoing};
use crate::error::{Error, ErrorKind};
use crate::event::SwitchedBy;
use crate::machine::{Answer, Input, Peer, Phase, Role, Turn, Tx};
use crate::trace::TraceStep;
use crate::upgrade::{self, Proof, Protocols, Selection, Why};
use crate::wire::encode::{self, Added, FramingLine, StatusLine, Survey};
use crate::wire::fields::{Field, FieldSource, Options};
use crate::wire::outgoing::ResponseHead;

impl Connection {
    pub(in crate::connection) fn inform(
        &mut self,
        response: &ResponseHead<'_>,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let strict = self.inform_strictly(response, out);
        let tidy = |_: &Self| tidy::response(response.fields, response.status, Allowed::Nothing);
        self.or_tidied(strict, tidy, |connection, fields| {
            connection.inform_strictly(&ResponseHead { fields, ..*response }, out)
        })
    }

    fn inform_strictly(&mut self, response: &ResponseHead<'_>, out: &mut dyn BufMut) -> Result<(), Error> {
        self.require_role(Role::Server)?;
        let status = response.status;
        if !(100..=199).contains(&status) || status == 101 {
            return Err(Error::local(ErrorKind::InvalidStatus));
        }
        let input = if status == 100 { Input::Continue } else { Input::Informational };
        let next = self.with_draft(|connection, draft| {
            put_status_line(draft, response)?;
            let survey = write_interim(draft, response.fields, false)?;
            let next = connection.try_input(input)?;
            encode::finish(draft, &survey, &Added::default());
            encode::hand_over(&[draft], out).map(|()| next)
        })?;
        self.state = next;
        self.note(TraceStep::SentInformational, u32::from(status));
        Ok(())
    }

    /// A final response: its head, and all of its content where the caller gives that too.
    pub(in crate::connection) fn answer(
        &mut self,
        response: &ResponseHead<'_>,
        required: &[&str],
        content: Option<&[u8]>,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        match self.answer_strictly(response, required, content, out) {
            Ok(()) => Ok(()),
            strict => self.answer_tidied(strict, response, required, content, out),
        }
    }

    #[cold]
    fn answer_tidied(
        &mut self,
        strict: Result<(), Error>,
        response: &ResponseHead<'_>,
        required: &[&str],
        content: Option<&[u8]>,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let tidy = |connection: &Self| {
            let status = response.status;
            let allowed = match status {
                204 | 205 => Allowed::Nothing,
                _ if connection.would_tunnel(status) => Allowed::Nothing,
                _ if connection.state.peer == Peer::V11 && content.is_none() => Allowed::Both,
                _ => Allowed::Length,
            };
            tidy::response(response.fields, status, allowed)
        };
        self.or_tidied(strict, tidy, |connection, fields| {
            connection.answer_strictly(&ResponseHead { fields, ..*response }, required, content, out)
        })
    }

    fn answer_strictly(
        &mut self,
        response: &ResponseHead<'_>,
        required: &[&str],
        content: Option<&[u8]>,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        self.require_role(Role::Server)?;
        if !(200..=599).contains(&response.status) {
            return Err(Error::local(ErrorKind::InvalidStatus));
        }
        // HTTP/1.0 knows no Upgrade: to such a client it would be noise, but in a 426, which has to name what would do.
        let is_understood = self.state.peer != Peer::V10 || response.status == 426;
        let advertises = !self.scratch().offer.is_empty() && is_understood;
        if response.status == 426 && required.is_empty() && !advertises {
            // RFC 9110, 15.5.22: it says what is required; `require` is the verb.
            return Err(Error::local(ErrorKind::InvalidStatus));
        }
        let before = self.state;
        let composed = self.with_draft(|connection, draft| {
            let outgoing = connection.compose_response(draft, response, required, content, advertises)?;
            let follows = content.filter(|_| outgoing != Outgoing::None).unwrap_or_default();
            encode::hand_over(&[draft, follows], out).map(|()| outgoing)
        });
        // The state was changed in place, and is as it was if anything is refused: a state that is passed around costs
        // more than the rest of this.
        let outgoing = composed.inspect_err(|_| self.state = before)?;
        self.answered(response.status, outgoing, content.is_some());
        Ok(())
    }

    /// The head of a final response has left, with its content if it is whole, and the machine has been told.
    #[inline]
    pub(in crate::connection) fn answered(&mut self, status: u16, outgoing: Outgoing, is_whole: bool) {
        if let Some(scratch) = &mut self.scratch {
            scratch.offer.clear();
        }
        self.flags.has_answered = true;
        self.outgoing = if is_whole { Outgoing::None } else { outgoing };
        self.flags.ended_itself = !is_whole && outgoing == Outgoing::None;
        if self.state.tx == Tx::Switched {
            self.flags.owes_switched = Some(SwitchedBy::Connect);
            self.scratch().agreed.clear();
            self.why = None;
        } else {
            self.settle_why(if status == 426 { Why::Required } else { Why::Declined });
        }
        self.note_here(TraceStep::SentResponse, u32::from(status));
        if is_whole && outgoing != Outgoing::None {
            self.note_here(TraceStep::SentEnd, 0);
        }
    }

    /// Writes the head and makes the transition that belongs to it.
    fn compose_response(
        &mut self,
        draft: &mut Vec<u8>,
        response: &ResponseHead<'_>,
        required: &[&str],
        content: Option<&[u8]>,
        advertises: bool,
    ) -> Result<Outgoing, Error> {
        put_status_line(draft, response)?;
        let is_allowed = |field: Field<'_>| upgrade::is_for_response(response.status, field);
        let mut survey = Survey::default();
        survey.lines_allowed(draft, response.fields, is_allowed)?;
        let framed = match content {
            None => self.frame(response.status, &survey),
            Some(content) => self.frame_whole(response.status, &survey, content.len() as u64),
        };
        let (outgoing, framing) = framed.map_err(Error::local)?;
        let answer = Answer {
            success: (200..=299).contains(&response.status),
            content: outgoing != Outgoing::None,
            persist: !survey.options.close && outgoing != Outgoing::UntilClose,
        };
        let says_nothing_of_the_hop = survey.says_nothing_of_the_hop() && required.is_empty() && !advertises;
        let is_whole = content.is_some();
        if says_nothing_of_the_hop && self.take_plain_answer(answer, is_whole) {
            encode::finish(draft, &survey, &Added { framing, ..Added::default() });
            return Ok(outgoing);
        }
        self.take_answer(answer, is_whole).map_err(Error::local)?;
        self.compose_for_the_hop(draft, &survey, required, advertises, framing);
        Ok(outgoing)
    }

    /// Ends the head where there may be something to say about the connection or a protocol. Apart, so that most answers do
    /// not pay for it.
    #[inline(never)]
    fn compose_for_the_hop(
        &self,
        draft: &mut Vec<u8>,
        survey: &Survey,
        required: &[&str],
        advertises: bool,
        framing: FramingLine,
    ) {
        let persist = self.state.persist;
        let tunnels = self.state.tx == Tx::Switched;
        let hints = match required {
            [] => Vec::new(),
            required => upgrade::hints(required, &survey.written(draft)),
        };
        let advertised = [if advertises { self.advertised() } else { "" }];
        let upgrade = match required {
            [] if advertises && !tunnels => &advertised[..],
            [] => &[],
            required => required,
        };
        let added = Added {
            markers: &hints,
            framing,
            upgrade,
            close: !persist && !tunnels,
            // RFC 9112, 9.3: an HTTP/1.0 client keeps the connection only if the response says so.
            keep_alive: persist && self.state.peer == Peer::V10 && !tunnels,
            ..Added::default()
        };
        encode::finish(draft, survey, &added);
    }

    /// What the machine makes of the answer to a plain request is known beforehand, where nothing has to be said about the
    /// connection; false, and no change, where another than a plain one is answered.
    #[inline(always)]
    pub(in crate::connection) fn take_plain_answer(&mut self, answer: Answer, is_whole: bool) -> bool {
        let response = if answer.content && !is_whole { Phase::Body } else { Phase::Done };
        let Some(state) = self.state.answered_plainly(response) else { return false };
        debug_assert_eq!(self.state.apply_answer(self.role, answer, is_whole), Ok(state));
        self.state = state;
        true
    }

    /// Takes an answer into the machine, and its end too where that is whole.
    #[inline(never)]
    pub(in crate::connection) fn take_answer(&mut self, answer: Answer, is_whole: bool) -> Result<(), ErrorKind> {
        self.state = self.state.apply_answer(self.role, answer, is_whole)?;
        Ok(())
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

    /// RFC 9112, 6.3 from the sender's side: how the content ends, and the field that says so if the caller gave none.
    fn frame(&self, status: u16, survey: &Survey) -> Result<(Outgoing, FramingLine), ErrorKind> {
        const NOTHING: (Outgoing, FramingLine) = (Outgoing::None, FramingLine::None);
        if status == 204 || self.would_tunnel(status) {
            // RFC 9110, 8.6 and 9.3.6: no framing field at all.
            return if survey.has_framing() { Err(ErrorKind::FramingConflict) } else { Ok(NOTHING) };
        }
        // RFC 9112, 6.1: no Transfer-Encoding to an HTTP/1.0 client.
        let takes_chunked = self.state.peer == Peer::V11;
        if survey.chunked && !takes_chunked {
            return Err(ErrorKind::FramingConflict);
        }
        if self.answers_head() || status == 304 {
            return Ok(NOTHING);
        }
        if status == 205 {
            // RFC 9110, 15.3.6: said to be empty, and empty.
            return match survey.length {
                Some(0) => Ok(NOTHING),
                None if !survey.chunked => Ok((Outgoing::None, FramingLine::Length(0))),
                _ => Err(ErrorKind::FramingConflict),
            };
        }
        Ok(match outgoing(survey) {
            Outgoing::None if survey.has_framing() => NOTHING,
            Outgoing::None if takes_chunked => (Outgoing::Chunked, FramingLine::Chunked),
            Outgoing::None => (Outgoing::UntilClose, FramingLine::None),
            given => (given, FramingLine::None),
        })
    }

    /// The same where all of the content is there: it is framed by its length, whatever the client's version.
    fn frame_whole(&self, status: u16, survey: &Survey, len: u64) -> Result<(Outgoing, FramingLine), ErrorKind> {
        if survey.is_coded() {
            return Err(ErrorKind::FramingConflict);
        }
        if matches!(status, 204 | 205 | 304) || self.would_tunnel(status) {
            return if len > 0 { Err(ErrorKind::FramingConflict) } else { self.frame(status, survey) };
        }
        let is_head = self.answers_head();
        match survey.length {
            // RFC 9110, 9.3.2: what the length of the content would have been. It need not be said.
            _ if is_head && len == 0 => return Ok((Outgoing::None, FramingLine::None)),
            Some(given) if given < len => return Err(ErrorKind::LengthExceeded),
            Some(given) if given > len => return Err(ErrorKind::LengthShort),
            _ => {}
        }
        let outgoing = if is_head || len == 0 { Outgoing::None } else { Outgoing::Length(len) };
        Ok((outgoing, if survey.length.is_some() { FramingLine::None } else { FramingLine::Length(len) }))
    }

    /// RFC 9110, 9.3.2: the request that is being answered is a HEAD.
    pub(in crate::connection) fn answers_head(&self) -> bool {
        self.heads & 1 != 0
    }

    /// The last answer: to the request that waits for one, or else to the request that comes next.
    pub(in crate::connection) fn answer_unasked(
        &mut self,
        response: &ResponseHead<'_>,
        content: &[u8],
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        self.require_role(Role::Server)?;
        if !(400..=599).contains(&response.status) {
            return Err(Error::local(ErrorKind::InvalidStatus));
        }
        let before = (self.state, self.heads, self.why);
        self.state = self.try_input(Input::Reject)?;
        if before.0.is_idle() {
            self.heads = u64::from(self.unread().trim_ascii_start().starts_with(b"HEAD "));
            self.why = None;
        }
        self.answer(response, &[], Some(content), out).inspect_err(|_| (self.state, self.heads, self.why) = before)
    }

    pub(in crate::connection) fn note_answer(
        &mut self,
        status: u16,
        has_content: bool,
        closes: bool,
    ) -> Result<bool, Error> {
        self.require_role(Role::Server)?;
        if !(200..=599).contains(&status) {
            return Err(Error::local(ErrorKind::InvalidStatus));
        }
        let success = (200..=299).contains(&status);
        let next = self.try_input(Input::Response(Answer { success, content: has_content, persist: !closes }))?;
        let has_none = matches!(status, 204 | 205 | 304) || self.answers_head() || self.would_tunnel(status);
        if has_content && has_none {
            return Err(Error::local(ErrorKind::FramingConflict));
        }
        self.state = next;
        let has_content = self.state.response == Phase::Body;
        self.answered(status, if has_content { Outgoing::Own } else { Outgoing::None }, false);
        Ok(self.state.persist)
    }

    pub(in crate::connection) fn switch(
        &mut self,
        selection: Selection,
        fields: &dyn FieldSource,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let strict = self.switch_strictly(selection, fields, out);
        let tidy = |_: &Self| tidy::response(fields, 101, Allowed::Nothing);
        self.or_tidied(strict, tidy, |connection, fields| connection.switch_strictly(selection, fields, out))
    }

    fn switch_strictly(
        &mut self,
        selection: Selection,
        fields: &dyn FieldSource,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        self.require_role(Role::Server)?;
        if selection.cycle != self.cycle {
            return Err(Error::local(ErrorKind::StaleSelection));
        }
        let next = self.try_input(Input::Switch { early: selection.early })?;
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
}

fn put_status_line(draft: &mut Vec<u8>, response: &ResponseHead<'_>) -> Result<(), Error> {
    let line = StatusLine::new(response.status, response.reason);
    if !line.is_valid() {
        return Err(Error::local(ErrorKind::InvalidReason));
    }
    line.put(draft);
    Ok(())
}

/// Writes the field lines of a 1xx. RFC 9112, 6.1 and RFC 9110, 8.6: no framing in what has no content; nothing here keeps
/// the connection alive or closes it. A 101 lists `upgrade` whether the caller does or not.
fn write_interim(draft: &mut Vec<u8>, fields: &dyn FieldSource, switches: bool) -> Result<Survey, Error> {
    let survey = encode::lines(draft, fields)?;
    let Options { close, keep_alive, upgrade, .. } = survey.options;
    let is_plain = !survey.has_framing() && !close && !keep_alive && (switches || !upgrade);
    if is_plain { Ok(survey) } else { Err(Error::local(ErrorKind::FramingConflict)) }
}
