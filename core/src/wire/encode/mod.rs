//! The encoder: decisions become bytes; only this code writes a CRLF.

mod engine_fields;

use alloc::vec::Vec;

use bytes::BufMut;

pub(crate) use engine_fields::{EngineFields, FramingLine, finish};

use crate::error::{Error, ErrorKind};
use crate::wire::fields::{Field, Options, expects_continue, members};
use crate::wire::known::KnownField;
use crate::wire::message::{REASON_OFFSET, standard_status_line};
use crate::wire::source::{CheckedFields, FieldSource, Piece, Pieces, each_piece, first_line};
use crate::wire::syntax::{Port, decimal, is_authority, is_token, is_value};

/// Writes the composed parts to `out`, all or nothing.
#[inline]
pub(crate) fn write_all(parts: &[&[u8]], out: &mut dyn BufMut) -> Result<(), Error> {
    let len = parts.iter().map(|part| part.len()).sum();
    if out.remaining_mut() < len {
        return Err(Error::too_small(len));
    }
    parts.iter().filter(|part| !part.is_empty()).for_each(|part| out.put_slice(part));
    Ok(())
}

/// Ends a line. Byte by byte, which is two stores; a slice would be a call.
#[inline(always)]
fn end_line(draft: &mut Vec<u8>) {
    draft.push(b'\r');
    draft.push(b'\n');
}

/// An offset in the draft, and a line's index.
type DraftOffset = (usize, usize);

fn at(place: DraftOffset, draft: &[u8]) -> &[u8] {
    draft.get(place.0..place.1).unwrap_or_default()
}

/// Framing and connection options found in the caller's fields.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FieldSummary {
    pub(crate) length: Option<u64>,
    /// The last transfer coding is chunked.
    pub(crate) chunked: bool,
    pub(crate) options: Options,
    pub(crate) expects_continue: bool,
    codings: bool,
    /// A `Connection` field was found; its options are merged with the engine's.
    connection: bool,
    /// There is a TE field, which `Connection` must list.
    ///
    /// RFC 9110, section 10.1.4.
    te: bool,
    hosts: u32,
    /// The offset of the line of `Host`, and its index.
    host: DraftOffset,
    host_index: usize,
    /// The number of lines.
    count: usize,
    /// The first that may not be sent, and the first that may not be sent here.
    fault: Option<Error>,
    reserved: Option<Error>,
    /// The offset of the field lines in the draft.
    lines: DraftOffset,
}

/// Writes the caller's field lines to the draft, each one checked.
///
/// The first that may not be sent is the error.
pub(crate) fn lines(draft: &mut Vec<u8>, source: &dyn FieldSource) -> Result<FieldSummary, Error> {
    let mut survey = FieldSummary::default();
    survey.lines_allowed(draft, source, |_| true).map(|()| survey)
}

impl FieldSummary {
    /// Writes field lines that must also be allowed in this place.
    ///
    /// That one is not allowed is the last of all errors. The summary is filled in place: to pass
    /// it around costs more than the lines of a short head.
    #[inline(always)]
    pub(crate) fn lines_allowed(
        &mut self,
        draft: &mut Vec<u8>,
        source: &dyn FieldSource,
        is_allowed: impl Fn(Field<'_>) -> bool,
    ) -> Result<(), Error> {
        let begin = draft.len();
        match source.pieces() {
            Some(pieces) => self.push_source(draft, pieces, &is_allowed),
            None => source.each(&mut |field| self.push(draft, field, is_allowed(field))),
        }
        self.lines = (begin, draft.len());
        let final_coding_is_missing = self.codings && !self.chunked;
        // RFC 9112 6.2: never both; 6.1: what is coded ends in chunked.
        if (self.codings && self.length.is_some()) || final_coding_is_missing {
            self.fault = self.fault.or(Some(Error::local(ErrorKind::FramingConflict)));
        }
        self.fault.or(self.reserved).map_or(Ok(()), Err)
    }

    /// Writes lines, and blocks as a whole.
    ///
    /// Blocks say nothing that the engine has to know, and are allowed everywhere.
    #[inline(never)]
    fn push_source(
        &mut self,
        draft: &mut Vec<u8>,
        source: &dyn Pieces,
        is_allowed: &dyn Fn(Field<'_>) -> bool,
    ) {
        source.each_piece(&mut |piece| match piece {
            Piece::Line(field) => self.push(draft, field, is_allowed(field)),
            #[cfg(feature = "http")]
            Piece::Sound(field) => self.push_checked(draft, field, is_allowed(field)),
            Piece::Block(lines) => {
                draft.extend_from_slice(lines.as_bytes());
                self.count += 1;
            }
        });
    }

    /// Writes a field line, checks it and records its facts.
    #[inline(always)]
    fn push(&mut self, draft: &mut Vec<u8>, field: Field<'_>, is_allowed: bool) {
        let start = draft.len();
        line(draft, field);
        self.judge(check(field), field, start, is_allowed);
    }

    /// Writes a line whose bytes were checked before.
    #[cfg(feature = "http")]
    fn push_checked(&mut self, draft: &mut Vec<u8>, field: Field<'_>, is_allowed: bool) {
        let start = draft.len();
        line(draft, field);
        self.judge(Ok(KnownField::recognise(field.name)), field, start, is_allowed);
    }

    #[inline(always)]
    fn judge(
        &mut self,
        checked: Result<Option<KnownField>, ErrorKind>,
        field: Field<'_>,
        start: usize,
        is_allowed: bool,
    ) {
        let read = match checked {
            // As most are.
            Ok(None) => Ok(()),
            Ok(Some(known)) => self.note(known, field, start),
            Err(kind) => Err(kind),
        };
        // Nearly always there is none, and nothing is moved.
        if let Err(kind) = read {
            self.fault.get_or_insert(Error::in_field(kind, self.count));
        }
        if !is_allowed {
            self.reserved.get_or_insert(Error::in_field(ErrorKind::ReservedField, self.count));
        }
        self.count += 1;
    }

    /// Records the facts of a known field's line.
    ///
    /// The line begins in the draft at `start`.
    fn note(&mut self, known: KnownField, field: Field<'_>, start: usize) -> Result<(), ErrorKind> {
        match known {
            KnownField::Upgrade => return Err(ErrorKind::ReservedField),
            KnownField::Connection => {
                if !members(field.value).all(is_token) {
                    return Err(ErrorKind::InvalidValue);
                }
                self.connection = true;
                self.options.add(field.value);
            }
            KnownField::Host => {
                self.hosts += 1;
                if self.hosts > 1 || !is_authority(field.value, Port::Optional) {
                    return Err(ErrorKind::InvalidHost);
                }
                self.host = (start, start + field.name.len() + field.value.len() + 4);
                self.host_index = self.count;
            }
            KnownField::ContentLength => {
                let length = decimal(field.value).ok_or(ErrorKind::FramingConflict)?;
                if self.length.replace(length).is_some() {
                    return Err(ErrorKind::FramingConflict);
                }
            }
            KnownField::TransferEncoding => {
                let mut codings = members(field.value).peekable();
                // A line that names no coding is one that our own reader refuses.
                codings.peek().ok_or(ErrorKind::FramingConflict)?;
                for coding in codings {
                    // RFC 9112 6.1: chunked is applied once, and last.
                    if self.chunked || !is_token(coding) {
                        return Err(ErrorKind::FramingConflict);
                    }
                    self.chunked = coding.eq_ignore_ascii_case(b"chunked");
                }
                self.codings = true;
            }
            KnownField::Te => {
                self.te = true;
                // RFC 9112 7.4: every recipient takes chunked, so it is not listed.
                if members(field.value).any(|coding| coding.eq_ignore_ascii_case(b"chunked")) {
                    return Err(ErrorKind::FramingConflict);
                }
            }
            KnownField::Expect => {
                self.expects_continue |= expects_continue(field.value);
            }
            // The fields of a protocol are for its rules.
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn has_framing(&self) -> bool {
        self.length.is_some() || self.codings
    }

    /// Returns whether a `Transfer-Encoding` was found.
    pub(crate) fn is_coded(&self) -> bool {
        self.codings
    }

    #[inline(always)]
    pub(crate) fn has_no_hop_by_hop(&self) -> bool {
        !self.connection && !self.te
    }

    pub(crate) fn has_host(&self) -> bool {
        self.hosts == 1
    }

    /// Returns the error for a missing, repeated or wrong `Host`.
    pub(crate) fn host_differs(&self) -> Error {
        Error::in_field(ErrorKind::HostDiffers, self.host_index)
    }

    /// Returns the value of `Host`.
    pub(crate) fn host<'d>(&self, draft: &'d [u8]) -> &'d [u8] {
        first_line(at(self.host, draft)).map_or(&[], |(field, _)| field.value)
    }

    /// Returns whether the caller's `Connection` is one line with these options.
    fn lists(&self, options: &[u8], draft: &[u8]) -> bool {
        let (mut lines, mut is_same) = (0, false);
        self.written(draft).each(&mut |field| {
            if field.is("Connection") {
                (lines, is_same) = (lines + 1, field.value.eq_ignore_ascii_case(options));
            }
        });
        lines == 1 && is_same
    }

    /// Returns the written field lines.
    pub(crate) fn written<'d>(&self, draft: &'d [u8]) -> CheckedFields<'d> {
        CheckedFields::new(at(self.lines, draft))
    }
}

/// Checks that a field line may be sent, and returns the known field it has.
#[inline(always)]
pub(crate) fn check(field: Field<'_>) -> Result<Option<KnownField>, ErrorKind> {
    let known = KnownField::recognise(field.name);
    let is_name = known.is_some() || is_token(field.name);
    match is_name {
        false => Err(ErrorKind::InvalidName),
        true if is_value(field.value) => Ok(known),
        true => Err(ErrorKind::InvalidValue),
    }
}

/// Fields that may not come in a trailer section (RFC 9110, section 6.5.1).
///
/// They change how a message is framed, routed, authenticated or read.
const FORBIDDEN_TRAILERS: &[&str] = &[
    "Age",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "Cookie",
    "Date",
    "Expect",
    "Expires",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Location",
    "Max-Forwards",
    "Pragma",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Range",
    "Retry-After",
    "Set-Cookie",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Vary",
    "WWW-Authenticate",
];

pub(crate) fn is_forbidden_trailer(field: &Field<'_>) -> bool {
    FORBIDDEN_TRAILERS.iter().any(|name| field.is(name))
}

/// Writes a trailer section with its empty line, each line checked.
///
/// Returns whether it has lines.
pub(crate) fn trailers(draft: &mut Vec<u8>, source: &dyn FieldSource) -> Result<bool, Error> {
    let (begin, mut count, mut fault) = (draft.len(), 0, None);
    let mut take = |index, field: Field<'_>| {
        line(draft, field);
        let allowed =
            if is_forbidden_trailer(&field) { Err(ErrorKind::TrailerForbidden) } else { Ok(()) };
        let verdict = check(field).and(allowed);
        fault = fault.or(verdict.err().map(|kind| Error::in_field(kind, index)));
    };
    each_piece(source, &mut |piece| {
        match piece {
            Piece::Line(field) => take(count, field),
            #[cfg(feature = "http")]
            Piece::Sound(field) => take(count, field),
            Piece::Block(lines) => lines.each_line(&mut |field| take(count, field)),
        }
        count += 1;
    });
    // A block may hold no line.
    let holds_any = draft.len() > begin;
    draft.extend_from_slice(b"\r\n");
    fault.map_or(Ok(holds_any), Err)
}

pub(crate) fn request_line(draft: &mut Vec<u8>, method: &str, target: &str) {
    for part in [method.as_bytes(), b" ", target.as_bytes(), b" HTTP/1.1\r\n"] {
        draft.extend_from_slice(part);
    }
}

/// `HTTP-version SP status-code SP [ reason-phrase ] CRLF` (RFC 9112, section 4).
#[derive(Clone, Copy)]
pub(crate) enum StatusLine<'a> {
    /// A usual status line, with the registered reason phrase.
    Usual(&'static str),
    /// A status line with the caller's reason phrase.
    Own(u16, &'a [u8]),
}

impl<'a> StatusLine<'a> {
    /// Returns a status line with the registered reason, or with none.
    #[inline]
    pub(crate) fn usual(status: u16) -> Self {
        match standard_status_line(status) {
            "" => Self::Own(status, b""),
            line => Self::Usual(line),
        }
    }

    pub(crate) fn new(status: u16, reason: &'a [u8]) -> Self {
        let usual = standard_status_line(status);
        match usual.as_bytes().get(REASON_OFFSET..).and_then(|rest| rest.strip_suffix(b"\r\n")) {
            Some(usual_reason) if core::ptr::eq(usual_reason, reason) || usual_reason == reason => {
                Self::Usual(usual)
            }
            _ => Self::Own(status, reason),
        }
    }

    pub(crate) fn is_valid(self) -> bool {
        match self {
            Self::Usual(_) => true,
            Self::Own(_, reason) => is_value(reason),
        }
    }

    #[inline(always)]
    pub(crate) fn put(self, draft: &mut Vec<u8>) {
        let (status, reason) = match self {
            Self::Usual(line) => return draft.extend_from_slice(line.as_bytes()),
            Self::Own(status, reason) => (status, reason),
        };
        let mut start = *b"HTTP/1.1 000 ";
        for (place, digit) in [(9, status / 100), (10, status / 10), (11, status)] {
            start[place] += (digit % 10) as u8;
        }
        // The space before the reason is sent even when there is none.
        for part in [&start, reason, b"\r\n"] {
            draft.extend_from_slice(part);
        }
    }
}

/// Moves `Host` to the front (RFC 9110, section 7.2).
pub(crate) fn move_host_first(draft: &mut [u8], survey: &FieldSummary) {
    let ((begin, _), (start, end)) = (survey.lines, survey.host);
    if begin < start
        && let Some(before) = draft.get_mut(begin..end)
    {
        before.rotate_right(end - start);
    }
}

#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(crate) fn line(draft: &mut Vec<u8>, field: Field<'_>) {
    draft.extend_from_slice(field.name);
    draft.extend(*b": ");
    draft.extend_from_slice(field.value);
    end_line(draft);
}

/// Joins the entries of a list as they are sent; the engine keeps them.
pub(crate) fn join(entries: &[&str], list: &mut Vec<u8>) {
    list.clear();
    for entry in entries {
        if !list.is_empty() {
            list.extend_from_slice(b", ");
        }
        list.extend_from_slice(entry.as_bytes());
    }
}
