//! Encoding of a server's informational and final responses.

use alloc::vec::Vec;

use bytes::BufMut;

use super::request::declared_framing;
use super::tidy::{self, Allowed};
use crate::connection::{Connection, SendFraming};
use crate::error::{Error, ErrorKind};
use crate::event::SwitchedBy;
use crate::machine::{ClientVersion, Input, Phase, ResponseInfo, Role, Tx, UpgradeState};
use crate::trace::TraceStep;
use crate::upgrade::{self, Why};
use crate::wire::encode::{self, EngineFields, FieldSummary, FramingLine, StatusLine};
use crate::wire::fields::{Field, Options};
use crate::wire::memory::Draft;
use crate::wire::message::ResponseHead;
use crate::wire::source::FieldSource;

impl Connection {
    pub(in crate::connection) fn send_informational_dyn(
        &mut self,
        response: &ResponseHead<'_>,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let strict = self.send_informational_strict(response, out);
        let tidy = |_: &Self| tidy::response(response.fields, response.status, Allowed::Nothing);
        self.retry_tidied(strict, tidy, |connection, fields| {
            connection.send_informational_strict(&ResponseHead { fields, ..*response }, out)
        })
    }

    fn send_informational_strict(
        &mut self,
        response: &ResponseHead<'_>,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
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
            let lowercase = connection.config().lowercase_names;
            encode::finish(draft, &survey, &EngineFields { lowercase, ..EngineFields::default() });
            encode::write_draft(draft, b"", out).map(|()| next)
        })?;
        self.state = next;
        self.record(TraceStep::SentInformational, u32::from(status));
        Ok(())
    }

    /// Sends a final response: its head, and all of its content if `content` is given.
    ///
    /// `required` lists the protocols of a 426 by `require`; it is empty otherwise.
    pub(in crate::connection) fn send_response_dyn(
        &mut self,
        response: &ResponseHead<'_>,
        required: &[&str],
        content: Option<&[u8]>,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        match self.send_response_strict(response, required, content, out) {
            Ok(()) => Ok(()),
            strict => self.send_response_tidied(strict, response, required, content, out),
        }
    }

    #[cold]
    fn send_response_tidied(
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
                _ if connection.opens_tunnel(status) => Allowed::Nothing,
                _ if connection.state.client_version == ClientVersion::Http11
                    && content.is_none() =>
                {
                    Allowed::Both
                }
                _ => Allowed::Length,
            };
            tidy::response(response.fields, status, allowed)
        };
        self.retry_tidied(strict, tidy, |connection, fields| {
            connection.send_response_strict(
                &ResponseHead { fields, ..*response },
                required,
                content,
                out,
            )
        })
    }

    fn send_response_strict(
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
        // HTTP/1.0 has no Upgrade, so such a client gets the field only in a 426, which must have
        // it.
        let is_understood =
            self.state.client_version != ClientVersion::Http10 || response.status == 426;
        let advertises = !self.scratch()?.offer.is_empty() && is_understood;
        if response.status == 426 && required.is_empty() && !advertises {
            // RFC 9110 15.5.22: a 426 names the required protocols; `require` sends it.
            return Err(Error::local(ErrorKind::InvalidStatus));
        }
        let before = self.state;
        let composed = self.with_draft(|connection, draft| {
            let outgoing =
                connection.compose_response(draft, response, required, content, advertises)?;
            let follows = content.filter(|_| outgoing != SendFraming::None).unwrap_or_default();
            encode::write_draft(draft, follows, out).map(|()| outgoing)
        });
        // The state was changed in place and is restored if the call fails: passing a new state
        // around costs more than the rest of this function.
        let outgoing = composed.inspect_err(|_| self.state = before)?;
        self.commit_response(response.status, outgoing, content.is_some());
        Ok(())
    }

    /// Records that the head of a final response was written, or noted.
    ///
    /// The state machine has already applied it. If `is_whole`, its content and end were written
    /// too.
    #[inline]
    pub(in crate::connection) fn commit_response(
        &mut self,
        status: u16,
        outgoing: SendFraming,
        is_whole: bool,
    ) {
        if let Some(scratch) = &mut self.scratch {
            scratch.offer.clear();
        }
        self.flags.has_answered = true;
        self.outgoing = if is_whole { SendFraming::None } else { outgoing };
        self.flags.ended_by_framing = !is_whole && outgoing == SendFraming::None;
        if self.state.tx == Tx::Switched {
            self.flags.owes_switched = Some(SwitchedBy::Connect);
            self.forget_agreed();
            self.why = None;
        } else {
            self.set_why_if_undecided(if status == 426 { Why::Required } else { Why::Declined });
        }
        self.record_inline(TraceStep::SentResponse, u32::from(status));
        if is_whole && outgoing != SendFraming::None {
            self.record_inline(TraceStep::SentEnd, 0);
        }
    }

    /// Encodes the head of a final response, and applies it to the state machine.
    fn compose_response(
        &mut self,
        draft: &mut Draft,
        response: &ResponseHead<'_>,
        required: &[&str],
        content: Option<&[u8]>,
        advertises: bool,
    ) -> Result<SendFraming, Error> {
        put_status_line(draft, response)?;
        let is_allowed = |field: Field<'_>| upgrade::is_for_response(response.status, field);
        let mut survey = FieldSummary::default();
        survey.lines_allowed(draft, response.fields, is_allowed)?;
        let framed = match content {
            None => self.frame(response.status, &survey),
            Some(content) => self.frame_whole(response.status, &survey, content.len() as u64),
        };
        let (outgoing, framing) = framed.map_err(Error::local)?;
        let answer = ResponseInfo {
            success: (200..=299).contains(&response.status),
            content: outgoing != SendFraming::None,
            persist: !survey.options.close && outgoing != SendFraming::UntilClose,
        };
        let says_nothing_of_the_hop =
            survey.has_no_hop_by_hop() && required.is_empty() && !advertises;
        let is_whole = content.is_some();
        if says_nothing_of_the_hop && self.apply_response_fast(answer, is_whole) {
            let lowercase = self.config().lowercase_names;
            let added = EngineFields { framing, lowercase, ..EngineFields::default() };
            encode::finish(draft, &survey, &added);
            return Ok(outgoing);
        }
        self.apply_response(answer, is_whole).map_err(Error::local)?;
        self.compose_hop_by_hop(draft, &survey, required, advertises, framing)
            .map_err(Error::local)?;
        Ok(outgoing)
    }

    /// Completes a response head with `Connection`, `Upgrade` and framing fields.
    ///
    /// For a 426 by `require`, also with the fields of its protocols. Out of line, as most
    /// responses need none of these hop-by-hop fields.
    #[inline(never)]
    fn compose_hop_by_hop(
        &self,
        draft: &mut Draft,
        survey: &FieldSummary,
        required: &[&str],
        advertises: bool,
        framing: FramingLine,
    ) -> Result<(), ErrorKind> {
        let persist = self.state.persist;
        let tunnels = self.state.tx == Tx::Switched;
        let hints = match required {
            [] => Vec::new(),
            required => upgrade::hints(required, &survey.written(draft))?,
        };
        let advertised = [if advertises { self.advertised() } else { "" }];
        let upgrade = match required {
            [] if advertises && !tunnels => &advertised[..],
            [] => &[],
            required => required,
        };
        let added = EngineFields {
            markers: &hints,
            framing,
            upgrade,
            close: !persist && !tunnels,
            // RFC 9112 9.3: an HTTP/1.0 client keeps the connection only if the response says so.
            keep_alive: persist && self.state.client_version == ClientVersion::Http10 && !tunnels,
            lowercase: self.config().lowercase_names,
            ..EngineFields::default()
        };
        encode::finish(draft, survey, &added);
        Ok(())
    }

    /// Fast path of `apply_response`, from the state `PLAIN_REQUEST`.
    ///
    /// The state may also have an offer; from any other, returns `false` and changes nothing. The
    /// response must not close the connection. Must equal `apply_response`; debug builds compare.
    #[inline(always)]
    pub(in crate::connection) fn apply_response_fast(
        &mut self,
        answer: ResponseInfo,
        is_whole: bool,
    ) -> bool {
        let response = if answer.content && !is_whole { Phase::Body } else { Phase::Done };
        let Some(state) = self.state.after_plain_response(response) else { return false };
        debug_assert_eq!(self.state.apply_response(self.role, answer, is_whole), Ok(state));
        self.state = state;
        true
    }

    /// Applies a response to the state machine, and its end if it is sent whole.
    #[inline(never)]
    pub(in crate::connection) fn apply_response(
        &mut self,
        answer: ResponseInfo,
        is_whole: bool,
    ) -> Result<(), ErrorKind> {
        self.state = self.state.apply_response(self.role, answer, is_whole)?;
        Ok(())
    }

    /// Returns the list of protocols to advertise in the next final response.
    ///
    /// It is the value of an `Upgrade` field.
    fn advertised(&self) -> &str {
        let list = self.scratch.as_ref().map_or(&[][..], |scratch| &scratch.offer);
        core::str::from_utf8(list).unwrap_or_default()
    }

    /// Returns whether a response with this status would be a 2xx to CONNECT.
    ///
    /// It then opens a tunnel (RFC 9110, section 9.3.6).
    pub(crate) fn opens_tunnel(&self, status: u16) -> bool {
        self.state.upgrade == UpgradeState::Connect && (200..=299).contains(&status)
    }

    /// Returns the framing of a response, and the framing field to add to its head.
    ///
    /// No field is added if the caller gave one. RFC 9112, section 6.3, from the sender's side.
    fn frame(
        &self,
        status: u16,
        survey: &FieldSummary,
    ) -> Result<(SendFraming, FramingLine), ErrorKind> {
        const NOTHING: (SendFraming, FramingLine) = (SendFraming::None, FramingLine::None);
        if status == 204 || self.opens_tunnel(status) {
            // RFC 9110 8.6 and 9.3.6: no framing field at all.
            return if survey.has_framing() {
                Err(ErrorKind::FramingConflict)
            } else {
                Ok(NOTHING)
            };
        }
        // RFC 9112 6.1: no Transfer-Encoding to an HTTP/1.0 client.
        let takes_chunked = self.state.client_version == ClientVersion::Http11;
        if survey.chunked && !takes_chunked {
            return Err(ErrorKind::FramingConflict);
        }
        if self.request_is_head() || status == 304 {
            return Ok(NOTHING);
        }
        if status == 205 {
            // RFC 9110 15.3.6: a 205 has no content, and must say so.
            return match survey.length {
                Some(0) => Ok(NOTHING),
                None if !survey.chunked => Ok((SendFraming::None, FramingLine::Length(0))),
                _ => Err(ErrorKind::FramingConflict),
            };
        }
        Ok(match declared_framing(survey) {
            SendFraming::None if survey.has_framing() => NOTHING,
            SendFraming::None if takes_chunked => (SendFraming::Chunked, FramingLine::Chunked),
            SendFraming::None => (SendFraming::UntilClose, FramingLine::None),
            given => (given, FramingLine::None),
        })
    }

    /// Returns the framing of a response sent whole, and the framing field to add.
    ///
    /// `len` is the length of its content. The framing is a length, or none without content.
    ///
    /// So the client's HTTP version does not matter. No field is added if the caller gave one.
    fn frame_whole(
        &self,
        status: u16,
        survey: &FieldSummary,
        len: u64,
    ) -> Result<(SendFraming, FramingLine), ErrorKind> {
        if survey.is_coded() {
            return Err(ErrorKind::FramingConflict);
        }
        if matches!(status, 204 | 205 | 304) || self.opens_tunnel(status) {
            return if len > 0 {
                Err(ErrorKind::FramingConflict)
            } else {
                self.frame(status, survey)
            };
        }
        let is_head = self.request_is_head();
        match survey.length {
            // RFC 9110 9.3.2: the length that a GET would have had. It may be left out.
            _ if is_head && len == 0 => return Ok((SendFraming::None, FramingLine::None)),
            Some(given) if given < len => return Err(ErrorKind::LengthExceeded),
            Some(given) if given > len => return Err(ErrorKind::LengthShort),
            _ => {}
        }
        let outgoing =
            if is_head || len == 0 { SendFraming::None } else { SendFraming::Length(len) };
        Ok((
            outgoing,
            if survey.length.is_some() { FramingLine::None } else { FramingLine::Length(len) },
        ))
    }

    /// Returns whether the request being answered is a HEAD (RFC 9110, section 9.3.2).
    pub(crate) fn request_is_head(&self) -> bool {
        self.heads & 1 != 0
    }

    /// Sends a server's last response: to the waiting request, or else to the next one.
    pub(in crate::connection) fn reject_dyn(
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
        self.send_response_dyn(response, &[], Some(content), out)
            .inspect_err(|_| (self.state, self.heads, self.why) = before)
    }

    pub(in crate::connection) fn note_response_dyn(
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
        let next = self.try_input(Input::Response(ResponseInfo {
            success,
            content: has_content,
            persist: !closes,
        }))?;
        let has_none = matches!(status, 204 | 205 | 304)
            || self.request_is_head()
            || self.opens_tunnel(status);
        if has_content && has_none {
            return Err(Error::local(ErrorKind::FramingConflict));
        }
        self.state = next;
        let has_content = self.state.response == Phase::Body;
        self.commit_response(
            status,
            if has_content { SendFraming::Own } else { SendFraming::None },
            false,
        );
        Ok(self.state.persist)
    }
}

fn put_status_line(draft: &mut Draft, response: &ResponseHead<'_>) -> Result<(), Error> {
    let line = StatusLine::new(response.status, response.reason);
    if !line.is_valid() {
        return Err(Error::local(ErrorKind::InvalidReason));
    }
    line.put(draft);
    Ok(())
}

/// Writes the field lines of an informational response.
///
/// It has no content, so no framing fields are allowed (RFC 9112, section 6.1; RFC 9110, section
/// 8.6). Connection options for persistence are not allowed either. `switches` is set for a 101,
/// which may list `upgrade` in `Connection`; the engine adds it anyway.
pub(super) fn write_interim(
    draft: &mut Draft,
    fields: &dyn FieldSource,
    switches: bool,
) -> Result<FieldSummary, Error> {
    let survey = encode::lines(draft, fields)?;
    let Options { close, keep_alive, upgrade, .. } = survey.options;
    let is_plain = !survey.has_framing() && !close && !keep_alive && (switches || !upgrade);
    if is_plain { Ok(survey) } else { Err(Error::local(ErrorKind::FramingConflict)) }
}
