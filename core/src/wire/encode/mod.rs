//! The encoder of messages: their start lines, field lines and trailer sections.

mod engine_fields;

use bytes::BufMut;

pub(crate) use engine_fields::{Decimal, EngineFields, FramingLine, finish};

use crate::error::{Error, ErrorKind};
use crate::wire::fields::{Field, Options, expects_continue, members};
use crate::wire::known::KnownField;
use crate::wire::memory::Draft;
use crate::wire::message::{REASON_OFFSET, standard_status_line};
use crate::wire::source::{CheckedFields, FieldSource, Piece, Pieces, each_piece, first_line};
use crate::wire::syntax::{Port, decimal, is_authority, is_token, is_value};

/// Writes all parts to `out`, or none.
///
/// Returns an error if `out` has too little room.
#[inline]
pub(crate) fn write_all(parts: &[&[u8]], out: &mut dyn BufMut) -> Result<(), Error> {
    let len = parts.iter().map(|part| part.len()).sum();
    if out.remaining_mut() < len {
        return Err(Error::too_small(len));
    }
    parts.iter().filter(|part| !part.is_empty()).for_each(|part| out.put_slice(part));
    Ok(())
}

/// Writes a head, and content after it, to `out`, or nothing.
///
/// Returns an error if memory ran out while the head was encoded, or `out` has too little room.
#[inline]
pub(crate) fn write_draft(
    draft: &Draft,
    content: &[u8],
    out: &mut dyn BufMut,
) -> Result<(), Error> {
    write_all(&[draft.whole().map_err(Error::local)?, content], out)
}

/// Writes CRLF.
///
/// Outside WebAssembly, two pushes compile to two stores; a slice would be a call.
#[inline(always)]
fn end_line(draft: &mut Draft) {
    draft.push(b'\r');
    draft.push(b'\n');
}

/// The start and end of a byte range of the draft, the head being encoded.
type DraftOffset = (usize, usize);

fn at(place: DraftOffset, draft: &[u8]) -> &[u8] {
    draft.get(place.0..place.1).unwrap_or_default()
}

/// Findings in the caller's field lines, such as framing and connection options.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FieldSummary {
    pub(crate) length: Option<u64>,
    /// Set if the last transfer coding in the caller's fields is chunked.
    pub(crate) chunked: bool,
    pub(crate) options: Options,
    pub(crate) expects_continue: bool,
    codings: bool,
    /// Set if the caller gave a `Connection` field, to merge with the engine's options.
    connection: bool,
    /// Set if the caller gave a `TE` field, which `Connection` must list.
    ///
    /// RFC 9110, section 10.1.4.
    te: bool,
    hosts: u32,
    /// The byte range of the `Host` line in the draft, the head being encoded.
    host: DraftOffset,
    host_index: usize,
    /// The number of field lines written so far; a `Block` counts as one.
    count: usize,
    /// The error of the first invalid field line, or else of conflicting framing.
    ///
    /// `reserved` has the error of the first line that `is_allowed` did not permit.
    fault: Option<Error>,
    reserved: Option<Error>,
    /// The range of the caller's field lines in the draft; the engine's follow it.
    lines: DraftOffset,
}

/// Checks the caller's field lines and appends them to `draft`.
///
/// # Errors
///
/// The error of the first line that may not be sent, or `FramingConflict` for the lines together.
/// `OutOfMemory` if `draft` cannot hold them.
pub(crate) fn lines(draft: &mut Draft, source: &dyn FieldSource) -> Result<FieldSummary, Error> {
    let mut survey = FieldSummary::default();
    survey.lines_allowed(draft, source, |_| true).map(|()| survey)
}

impl FieldSummary {
    /// Checks and writes field lines, each of which `is_allowed` must also permit.
    ///
    /// A line that is not permitted is reported only if there is no other error. The summary is
    /// filled in place, because copying it costs more than the lines of a short head.
    #[inline(always)]
    pub(crate) fn lines_allowed(
        &mut self,
        draft: &mut Draft,
        source: &dyn FieldSource,
        is_allowed: impl Fn(Field<'_>) -> bool,
    ) -> Result<(), Error> {
        let begin = draft.len();
        match source.pieces() {
            Some(pieces) => self.push_source(draft, pieces, &is_allowed),
            None => source.each(&mut |field| self.push(draft, field, is_allowed(field))),
        }
        self.lines = (begin, draft.len());
        draft.whole().map_err(Error::local)?;
        let final_coding_is_missing = self.codings && !self.chunked;
        // RFC 9112 6.2: never both framing fields; 6.1: chunked is the last coding.
        if (self.codings && self.length.is_some()) || final_coding_is_missing {
            self.fault = self.fault.or(Some(Error::local(ErrorKind::FramingConflict)));
        }
        self.fault.or(self.reserved).map_or(Ok(()), Err)
    }

    /// Writes the pieces of a source: single field lines, and each `Block` as a whole.
    ///
    /// A `Block` has no field that this summary records, and is permitted in every head.
    #[inline(never)]
    fn push_source(
        &mut self,
        draft: &mut Draft,
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

    /// Writes and checks a field line, and records it in this summary of the fields.
    #[inline(always)]
    fn push(&mut self, draft: &mut Draft, field: Field<'_>, is_allowed: bool) {
        let start = draft.len();
        line(draft, field);
        self.judge(check(field), field, start, is_allowed);
    }

    /// Writes a field line whose bytes were validated before, and records it here.
    #[cfg(feature = "http")]
    fn push_checked(&mut self, draft: &mut Draft, field: Field<'_>, is_allowed: bool) {
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
            // Most fields are not known to the engine.
            Ok(None) => Ok(()),
            Ok(Some(known)) => self.note(known, field, start),
            Err(kind) => Err(kind),
        };
        // Errors are rare; otherwise nothing is copied.
        if let Err(kind) = read {
            self.fault.get_or_insert(Error::in_field(kind, self.count));
        }
        if !is_allowed {
            self.reserved.get_or_insert(Error::in_field(ErrorKind::ReservedField, self.count));
        }
        self.count += 1;
    }

    /// Checks the value of a known field, and records it in this summary of the fields.
    ///
    /// `start` is the offset of its line in the draft.
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
                // Our own parser rejects a Transfer-Encoding that names no coding.
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
                // RFC 9112 7.4: every recipient accepts chunked, so TE does not list it.
                if members(field.value).any(|coding| coding.eq_ignore_ascii_case(b"chunked")) {
                    return Err(ErrorKind::FramingConflict);
                }
            }
            KnownField::Expect => {
                self.expects_continue |= expects_continue(field.value);
            }
            // The rules of a protocol check the protocol's own fields.
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn has_framing(&self) -> bool {
        self.length.is_some() || self.codings
    }

    /// Returns whether the caller's fields have a `Transfer-Encoding`.
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

    /// Returns the error for a `Host` that differs from the target's authority.
    pub(crate) fn host_differs(&self) -> Error {
        Error::in_field(ErrorKind::HostDiffers, self.host_index)
    }

    /// Returns the value of the caller's `Host`; empty if there is none.
    pub(crate) fn host<'d>(&self, draft: &'d [u8]) -> &'d [u8] {
        first_line(at(self.host, draft)).map_or(&[], |(field, _)| field.value)
    }

    /// Returns whether the caller's only `Connection` is `options`, ignoring case.
    fn lists(&self, options: &[u8], draft: &[u8]) -> bool {
        let (mut lines, mut is_same) = (0, false);
        self.written(draft).each(&mut |field| {
            if field.is("Connection") {
                (lines, is_same) = (lines + 1, field.value.eq_ignore_ascii_case(options));
            }
        });
        lines == 1 && is_same
    }

    /// Returns the caller's field lines as they were written to `draft`.
    pub(crate) fn written<'d>(&self, draft: &'d [u8]) -> CheckedFields<'d> {
        CheckedFields::new(at(self.lines, draft))
    }
}

/// Checks the bytes of a field line; returns the known field that it is.
///
/// `Ok(None)` if the engine does not know the field.
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

/// The fields rejected in a trailer section to send (RFC 9110, section 6.5.1).
///
/// They affect framing, routing, authentication or processing of the message.
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

/// Checks and writes a trailer section with its empty line.
///
/// Returns whether it has field lines.
pub(crate) fn trailers(draft: &mut Draft, source: &dyn FieldSource) -> Result<bool, Error> {
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
    draft.whole().map_err(Error::local)?;
    // A block may have no field line.
    let holds_any = draft.len() > begin;
    draft.extend_from_slice(b"\r\n");
    fault.map_or(Ok(holds_any), Err)
}

pub(crate) fn request_line(draft: &mut Draft, method: &str, target: &str) {
    for part in [method.as_bytes(), b" ", target.as_bytes(), b" HTTP/1.1\r\n"] {
        draft.extend_from_slice(part);
    }
}

/// A status line: `HTTP-version SP status-code SP [ reason-phrase ] CRLF`.
///
/// RFC 9112, section 4.
#[derive(Clone, Copy)]
pub(crate) enum StatusLine<'a> {
    /// The complete line with the registered reason phrase.
    Usual(&'static str),
    /// A status code, with a reason phrase other than its registered one.
    Own(u16, &'a [u8]),
}

impl<'a> StatusLine<'a> {
    /// Returns a status line with the registered reason phrase.
    ///
    /// If none is registered, the reason phrase is empty.
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
    pub(crate) fn put(self, draft: &mut Draft) {
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

/// Moves the `Host` line before all other field lines (RFC 9110, section 7.2).
pub(crate) fn move_host_first(draft: &mut [u8], survey: &FieldSummary) {
    let ((begin, _), (start, end)) = (survey.lines, survey.host);
    if begin < start
        && let Some(before) = draft.get_mut(begin..end)
    {
        before.rotate_right(end - start);
    }
}

#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(crate) fn line(draft: &mut Draft, field: Field<'_>) {
    draft.extend_from_slice(field.name);
    draft.extend_from_slice(b": ");
    draft.extend_from_slice(field.value);
    end_line(draft);
}

/// Replaces the content of `list` by the entries, separated by `, `.
///
/// If there is no memory for them, `list` is unchanged.
pub(crate) fn join(entries: &[&str], list: &mut Draft) -> Result<(), ErrorKind> {
    list.reserve(entries.iter().map(|entry| entry.len() + 2).sum())?;
    list.clear();
    for entry in entries {
        if !list.is_empty() {
            list.extend_from_slice(b", ");
        }
        list.extend_from_slice(entry.as_bytes());
    }
    Ok(())
}
