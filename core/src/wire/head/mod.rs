//! Parsing of start line and field lines, from bytes to spans.
//!
//! Most heads arrive completely. Then `scan` finds all lines in one pass, and each is parsed. A
//! head that arrives in pieces, or that this fast path rejects, is parsed line by line as the line
//! ends are found. However the input is split, the time grows only with its length. Both ways
//! accept the same lines, and an accepted line needs no further check of its syntax.
//!
//! A rejected line is read again by `diagnose.rs`, slowly. It finds the first byte that no valid
//! message could have there, or that exceeds a limit. So the error for an input is the same however
//! it is split.

mod diagnose;
mod fast;
mod section;
mod start_line;

use alloc::vec::Vec;

use self::diagnose::{Line, diagnose};
pub(crate) use self::section::{Section, Tolerated};
use self::start_line::StartLine;
use crate::error::{ErrorKind, Fault};
use crate::limits::Limits;
use crate::wire::fields::{FieldSpan, Fields, Options, Span};
use crate::wire::known::{Known, KnownField, KnownFields};
use crate::wire::memory;
use crate::wire::scan;
use crate::wire::scan::class::is_tchar;
use crate::wire::syntax::{is_ows, trim};

/// A head or trailer section, while it is parsed and afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    start_line: StartLine,
    has_start_line: bool,
    is_complete: bool,
    known: Known,
    /// The offered protocols whose own rules the request satisfies, a bit for each.
    ///
    /// Bit 0 is the first protocol; those after the 64th have no bit.
    pub(crate) eligible: u64,
    fields: Vec<FieldSpan>,
    /// The offset at which the current line starts.
    line: usize,
    /// The offset before which no end of the current line was found.
    scanned: usize,
}

/// The number of field lines that suffices for most heads.
const USUAL: usize = 16;

impl Default for Head {
    fn default() -> Self {
        Self {
            start_line: StartLine::default(),
            has_start_line: false,
            is_complete: false,
            known: Known::NONE,
            eligible: 0,
            fields: Vec::new(),
            line: 0,
            scanned: 0,
        }
    }
}

impl Head {
    /// Clears the state for the next head, and keeps the allocated memory.
    pub(crate) fn clear(&mut self) {
        let mut fields = core::mem::take(&mut self.fields);
        fields.clear();
        *self = Self { fields, ..Self::default() };
    }

    /// Allocates memory for as many field lines as most heads have.
    pub(crate) fn make_room(&mut self) -> Result<(), ErrorKind> {
        memory::fit(&mut self.fields, USUAL)
    }

    /// Returns whether a head was received in part.
    pub(crate) fn is_begun(&self) -> bool {
        !self.is_complete && self.scanned > 0
    }

    /// Continues to parse a head with the bytes received since the last call.
    ///
    /// The first `len` bytes of `bytes` are everything received since the start of the head; bytes
    /// after them are ignored. After a complete head the next one begins. Returns the length of the
    /// head once its empty line was received, `None` before. After `OutOfMemory` the same call may
    /// succeed later.
    #[inline(always)]
    pub(crate) fn parse(
        &mut self,
        bytes: &mut [u8],
        len: usize,
        section: Section,
        limits: &Limits,
    ) -> Result<Option<usize>, Fault> {
        if self.is_complete || self.scanned == 0 {
            // A trailer section is a line or two, and any bytes may follow it.
            if !section.is_trailers()
                && let Some(len) = self.parse_fast(bytes, len, section, limits)
            {
                return Ok(Some(len));
            }
            self.clear();
        }
        self.parse_slow(&mut bytes[..len], section, limits)
    }

    #[inline(never)]
    fn parse_slow(
        &mut self,
        bytes: &mut [u8],
        section: Section,
        limits: &Limits,
    ) -> Result<Option<usize>, Fault> {
        loop {
            let stop = self.line_end(bytes, section);
            let (end, next) = match stop {
                Some(at) if bytes[at] == b'\r' => match bytes.get(at + 1) {
                    Some(b'\n') => (at, at + 2),
                    Some(_) => return Err(self.fault(bytes, at + 1, section, limits)),
                    None => {
                        self.scanned = at;
                        return self.partial(bytes, section, limits);
                    }
                },
                Some(at) if bytes[at] == b'\n' && section.ends_by_lf() => (at, at + 1),
                Some(at) => return Err(self.fault(bytes, at, section, limits)),
                None => {
                    self.scanned = bytes.len();
                    return self.partial(bytes, section, limits);
                }
            };
            let lines = self.fields.len() + 1;
            memory::fit(&mut self.fields, lines).map_err(Fault::at_once)?;
            let is_last = self.has_start_line_or(section) && end == self.line;
            let fits = next <= section.limit(limits);
            if !fits || !(is_last || self.take_line(bytes, end, section, limits)) {
                return Err(self.fault(bytes, next - 1, section, limits));
            }
            if is_last {
                self.is_complete = true;
                return Ok(Some(next));
            }
            self.line = next;
            self.scanned = next;
        }
    }

    /// Returns the offset of the next control byte, except those that a value may have.
    fn line_end(&self, bytes: &[u8], section: Section) -> Option<usize> {
        let mut from = self.scanned;
        loop {
            let at = from + scan::control(&bytes[from..])?;
            if !section.takes_control(bytes[at]) {
                return Some(at);
            }
            from = at + 1;
        }
    }

    /// Returns `None` to ask for more, or the fault if a length limit is exceeded.
    fn partial(
        &self,
        bytes: &[u8],
        section: Section,
        limits: &Limits,
    ) -> Result<Option<usize>, Fault> {
        let line =
            if self.has_start_line_or(section) { limits.field_line } else { limits.start_line };
        if self.scanned - self.line > line as usize || bytes.len() > section.limit(limits) {
            return Err(self.fault(bytes, bytes.len() - 1, section, limits));
        }
        Ok(None)
    }

    /// Fast path of `parse`: records bytes that only continue the last line.
    ///
    /// `bytes` is all of the head so far. It may end in the CR of that line.
    pub(crate) fn continue_line(&mut self, bytes: &[u8]) {
        self.scanned = bytes.strip_suffix(b"\r").unwrap_or(bytes).len();
    }

    /// Returns whether all `len` bytes are scanned, and they end inside a line.
    ///
    /// After a complete line, that is the next one, of which no byte has arrived. After a CR that
    /// waits for its LF it is `false`.
    pub(crate) fn is_inside_line(&self, len: usize) -> bool {
        self.scanned == len
    }

    /// Returns the offset up to which neither the line nor the section is too long.
    pub(crate) fn reach(&self, section: Section, limits: &Limits) -> usize {
        let line =
            if self.has_start_line_or(section) { limits.field_line } else { limits.start_line };
        self.line.saturating_add(line as usize).min(section.limit(limits))
    }

    fn has_start_line_or(&self, section: Section) -> bool {
        self.has_start_line || section.is_trailers()
    }

    fn take_line(
        &mut self,
        bytes: &mut [u8],
        end: usize,
        section: Section,
        limits: &Limits,
    ) -> bool {
        let line = &bytes[self.line..end];
        match section {
            Section::Request { .. } if !self.has_start_line => {
                self.begin(StartLine::request(token_len(line), scan::run, line, line.len(), limits))
            }
            Section::Response(tolerated) if !self.has_start_line => {
                self.begin(StartLine::response(line, tolerated, limits))
            }
            _ if line.len() > limits.field_line as usize => false,
            _ if section.folds() && is_ows(line[0]) && !self.fields.is_empty() => {
                self.unfold(bytes, end);
                true
            }
            _ => self.fields.len() < limits.fields as usize && self.field_line(bytes, end),
        }
    }

    /// Stores the parsed start line; returns `false` for `None`, a malformed line.
    fn begin(&mut self, start_line: Option<StartLine>) -> bool {
        self.has_start_line = start_line.is_some();
        self.start_line = start_line.unwrap_or_default();
        self.has_start_line
    }

    fn field_line(&mut self, bytes: &[u8], end: usize) -> bool {
        let Some(field) = field_line(bytes, self.line, token_len(&bytes[self.line..end]), end)
        else {
            return false;
        };
        self.known.note(slot(field, bytes), self.fields.len());
        self.fields.push(field);
        true
    }

    /// Replaces the line end of an obs-fold by spaces (RFC 9112, section 5.2).
    ///
    /// The last field's value then extends to the end of the new line, without trailing whitespace.
    /// It stays as it is if the new line has only whitespace.
    fn unfold(&mut self, bytes: &mut [u8], end: usize) {
        let crlf = bytes[self.line - 2] == b'\r';
        bytes[self.line - 1 - usize::from(crlf)..self.line].fill(b' ');
        let more = trimmed(&bytes[self.line..end], self.line);
        let Some(last) = self.fields.last_mut() else { return };
        // Only the new line is trimmed; otherwise many obs-folds would take quadratic time.
        if more.start < more.end {
            let is_empty = last.value.start == last.value.end;
            last.value =
                Span { start: if is_empty { more.start } else { last.value.start }, end: more.end };
        }
    }

    /// Returns the first fault of the current line.
    ///
    /// `seen` is the offset of the byte at which the parser noticed that there is a fault.
    fn fault(&self, bytes: &[u8], seen: usize, section: Section, limits: &Limits) -> Fault {
        let line = match section {
            Section::Request { lone_lf } if self.line == 0 => Line::Request { lone_lf },
            Section::Response(tolerated) if self.line == 0 => Line::Status(tolerated),
            _ => Line::Field { section, index: self.fields.len() },
        };
        diagnose(line, &bytes[..=seen], self.line, section.limit(limits), limits)
    }

    // Access to a parsed head.

    #[inline]
    pub(crate) fn method<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        self.start_line.word.of(bytes)
    }

    #[inline]
    pub(crate) fn reason<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        self.start_line.word.of(bytes)
    }

    #[inline]
    pub(crate) fn target<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        self.start_line.target.of(bytes)
    }

    pub(crate) fn target_offset(&self) -> usize {
        self.start_line.target.start as usize
    }

    #[inline]
    pub(crate) fn status(&self) -> u16 {
        self.start_line.status
    }

    /// Returns the minor version, the x of HTTP/1.x.
    ///
    /// It is 0 for HTTP/0.x and 1 for HTTP/2.x to 9.x, which a client may be set to accept.
    #[inline]
    pub(crate) fn minor(&self) -> u8 {
        self.start_line.minor
    }

    #[inline]
    pub(crate) fn fields<'b>(&'b self, bytes: &'b [u8]) -> Fields<'b> {
        Fields::new(bytes, &self.fields, &self.known)
    }

    #[inline]
    pub(crate) fn has(&self, known: KnownField) -> bool {
        self.known.seen & known.bit() != 0
    }

    #[inline]
    pub(crate) fn has_any(&self, known: KnownFields) -> bool {
        self.known.seen & known != 0
    }

    /// Returns the value of a known field and its offset, if the field occurs once.
    #[inline(always)]
    pub(crate) fn only<'b>(&self, known: KnownField, bytes: &'b [u8]) -> Option<(&'b [u8], usize)> {
        let field = self.fields.get(self.known.only(known)?)?;
        Some((field.value.of(bytes), field.value.start as usize))
    }

    /// Returns the values of all lines of a known field, with their offsets.
    pub(crate) fn values<'b>(
        &'b self,
        known: KnownField,
        bytes: &'b [u8],
    ) -> impl Iterator<Item = (&'b [u8], usize)> + Clone {
        self.fields(bytes)
            .known(known)
            .map(move |field| (field.value.of(bytes), field.value.start as usize))
    }

    pub(crate) fn options(&self, bytes: &[u8]) -> Options {
        let mut options = Options::default();
        self.values(KnownField::Connection, bytes).for_each(|(value, _)| options.add(value));
        options
    }
}

/// Returns whether a CRLF is at the offset `end` of `bytes`.
#[inline(always)]
fn ends_at(bytes: &[u8], end: usize) -> bool {
    bytes.get(end..end + 2) == Some(b"\r\n")
}

fn token_len(line: &[u8]) -> usize {
    line.iter().take_while(|&&byte| is_tchar(byte)).count()
}

fn slot(field: FieldSpan, bytes: &[u8]) -> usize {
    KnownField::recognise(field.name.of(bytes)).map_or(KnownField::COUNT, |known| known as usize)
}

/// Parses a field line in any valid form.
///
/// The name has `name` bytes and the line ends before `end`. `None` if the name is empty or no
/// colon follows it.
fn field_line(bytes: &[u8], start: usize, name: usize, end: usize) -> Option<FieldSpan> {
    let colon = start + name;
    if name == 0 || bytes.get(colon) != Some(&b':') {
        return None;
    }
    let raw = bytes.get(colon + 1..end)?;
    Some(FieldSpan { name: Span::new(start, colon), value: trimmed(raw, colon + 1) })
}

/// Returns the span of `raw` without surrounding whitespace.
///
/// `start` is the offset of `raw` in the head.
fn trimmed(raw: &[u8], start: usize) -> Span {
    let value = trim(raw);
    let lead =
        if value.is_empty() { 0 } else { raw.iter().take_while(|&&byte| is_ows(byte)).count() };
    Span::new(start + lead, start + lead + value.len())
}

#[cfg(test)]
mod tests;
