//! Start line and field lines, from octets to spans.
//!
//! Lines are taken one by one as their ends are found: an octet that has been looked at is not looked at again,
//! however the input is cut. What is accepted here is checked for good. What is not goes through `diagnose.rs`, a
//! slow walk over that one line which finds the first octet that no valid message could have had there: so an error
//! is the same for one input at every split.

use alloc::vec::Vec;

use crate::diagnose::{Fault, Line, diagnose};
use crate::fields::{FieldSpan, Fields, Options, Span};
use crate::limits::Limits;
use crate::scan;
use crate::syntax::{is_ows, is_target, is_token, trim};

/// What kind of lines are parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Request,
    Response,
    Trailers,
}

/// The fields that the engine acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Host,
    ContentLength,
    TransferEncoding,
    Connection,
    Upgrade,
    Expect,
}

impl Known {
    const COUNT: usize = 6;

    fn recognise(name: &[u8]) -> Option<Self> {
        let (known, spelled): (Self, &[u8]) = match name.len() {
            4 => (Self::Host, b"host"),
            6 => (Self::Expect, b"expect"),
            7 => (Self::Upgrade, b"upgrade"),
            10 => (Self::Connection, b"connection"),
            14 => (Self::ContentLength, b"content-length"),
            17 => (Self::TransferEncoding, b"transfer-encoding"),
            _ => return None,
        };
        name.eq_ignore_ascii_case(spelled).then_some(known)
    }
}

const NOWHERE: u16 = u16::MAX;

/// A head, or a trailer section, while it is parsed and afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Method or reason.
    word: Span,
    target: Span,
    pub(crate) status: u16,
    /// The x of HTTP/1.x.
    pub(crate) minor: u8,
    has_start_line: bool,
    is_complete: bool,
    /// Where each known field stands first, and which stand more than once.
    first: [u16; Known::COUNT],
    repeated: u8,
    fields: Vec<FieldSpan>,
    /// Where the current line begins.
    line: usize,
    /// Up to where no line end was found.
    scanned: usize,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            word: Span::default(),
            target: Span::default(),
            status: 0,
            minor: 0,
            has_start_line: false,
            is_complete: false,
            first: [NOWHERE; Known::COUNT],
            repeated: 0,
            fields: Vec::new(),
            line: 0,
            scanned: 0,
        }
    }
}

impl Head {
    /// Ready for the next head; the memory stays.
    pub(crate) fn clear(&mut self) {
        let mut fields = core::mem::take(&mut self.fields);
        fields.clear();
        *self = Self { fields, ..Self::default() };
    }

    /// Whether some of it has been seen, and not all.
    pub(crate) fn is_begun(&self) -> bool {
        !self.is_complete && self.scanned > 0
    }

    /// Parses on. `bytes` begins with the head's first octet and holds all that has come. Gives the head's length once
    /// its empty line is there.
    pub(crate) fn parse(
        &mut self,
        bytes: &mut [u8],
        section: Section,
        limits: &Limits,
    ) -> Result<Option<usize>, Fault> {
        if self.is_complete {
            self.clear();
        }
        loop {
            let stop = scan::control(&bytes[self.scanned..]).map(|found| self.scanned + found);
            let end = match stop {
                Some(at) if bytes[at] == b'\r' => match bytes.get(at + 1) {
                    Some(b'\n') => at,
                    Some(_) => return Err(self.fault(bytes, at + 1, section, limits)),
                    None => {
                        self.scanned = at;
                        return self.partial(bytes, section, limits);
                    }
                },
                Some(at) => return Err(self.fault(bytes, at, section, limits)),
                None => {
                    self.scanned = bytes.len();
                    return self.partial(bytes, section, limits);
                }
            };
            let next = end + 2;
            let is_last = self.has_start_line_or(section) && end == self.line;
            let fits = next <= section.limit(limits);
            if !fits || !(is_last || self.take_line(bytes, end, section, limits)) {
                return Err(self.fault(bytes, end + 1, section, limits));
            }
            if is_last {
                self.is_complete = true;
                return Ok(Some(next));
            }
            self.line = next;
            self.scanned = next;
        }
    }

    /// More octets are needed, unless what is there is too much already.
    fn partial(&self, bytes: &[u8], section: Section, limits: &Limits) -> Result<Option<usize>, Fault> {
        let line = if self.has_start_line_or(section) { limits.field_line } else { limits.start_line };
        if self.scanned - self.line > line as usize || bytes.len() > section.limit(limits) {
            return Err(self.fault(bytes, bytes.len() - 1, section, limits));
        }
        Ok(None)
    }

    fn has_start_line_or(&self, section: Section) -> bool {
        self.has_start_line || section == Section::Trailers
    }

    fn take_line(&mut self, bytes: &mut [u8], end: usize, section: Section, limits: &Limits) -> bool {
        let line = &bytes[self.line..end];
        match section {
            Section::Request if !self.has_start_line => self.request_line(line, limits),
            Section::Response if !self.has_start_line => self.status_line(line, limits),
            _ if line.len() > limits.field_line as usize => false,
            Section::Response if is_ows(line[0]) && !self.fields.is_empty() => {
                self.unfold(bytes, end);
                true
            }
            _ => self.fields.len() < limits.fields as usize && self.field_line(line),
        }
    }

    /// `method SP request-target SP HTTP-version`, on exactly two spaces (RFC 9112, 3).
    fn request_line(&mut self, line: &[u8], limits: &Limits) -> bool {
        let Some((front, version)) = line.len().checked_sub(9).map(|at| line.split_at(at)) else { return false };
        let (Some(space), [b' ', b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9']) =
            (memchr::memchr(b' ', front), version)
        else {
            return false;
        };
        let (method, target) = (&front[..space], &front[space + 1..]);
        self.word = Span::new(self.line, self.line + space);
        self.target = Span::new(self.line + space + 1, self.line + front.len());
        self.minor = minor - b'0';
        self.has_start_line = true;
        line.len() <= limits.start_line as usize
            && method.len() <= limits.method as usize
            && is_token(method)
            && is_target(target)
    }

    /// `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112, 4).
    fn status_line(&mut self, line: &[u8], limits: &Limits) -> bool {
        let [
            b'H',
            b'T',
            b'T',
            b'P',
            b'/',
            b'1',
            b'.',
            minor @ b'0'..=b'9',
            b' ',
            hundreds @ b'1'..=b'9',
            tens @ b'0'..=b'9',
            ones @ b'0'..=b'9',
            b' ',
            ..,
        ] = line
        else {
            return false;
        };
        self.minor = minor - b'0';
        self.status = [hundreds, tens, ones].iter().fold(0, |status, digit| status * 10 + u16::from(**digit - b'0'));
        self.word = Span::new(self.line + 13, self.line + line.len());
        self.has_start_line = true;
        line.len() <= limits.start_line as usize
    }

    /// `field-name ":" OWS field-value OWS` (RFC 9112, 5). The value's octets have passed the scanner.
    fn field_line(&mut self, line: &[u8]) -> bool {
        let Some(colon) = memchr::memchr(b':', line) else { return false };
        let (name, raw) = (&line[..colon], &line[colon + 1..]);
        if !is_token(name) {
            return false;
        }
        if let Some(known) = Known::recognise(name) {
            match &mut self.first[known as usize] {
                first @ &mut NOWHERE => *first = self.fields.len() as u16,
                _ => self.repeated |= 1 << known as u8,
            }
        }
        let value = self.line + colon + 1;
        self.fields.push(FieldSpan { name: Span::new(self.line, self.line + colon), value: trimmed(raw, value) });
        true
    }

    /// RFC 9112, 5.2: a client replaces a fold in a response by spaces.
    fn unfold(&mut self, bytes: &mut [u8], end: usize) {
        bytes[self.line - 2..self.line].fill(b' ');
        if let Some(last) = self.fields.last_mut() {
            let start = last.name.end as usize + 1;
            last.value = trimmed(&bytes[start..end], start);
        }
    }

    /// The lowest octet that is wrong. `seen` is the last one that had to be looked at to know that something is.
    fn fault(&self, bytes: &[u8], seen: usize, section: Section, limits: &Limits) -> Fault {
        let line = match section {
            Section::Request if self.line == 0 => Line::Request,
            Section::Response if self.line == 0 => Line::Status,
            _ => Line::Field { section, index: self.fields.len() },
        };
        diagnose(line, &bytes[..=seen], self.line, section.limit(limits), limits)
    }

    // Afterwards.

    pub(crate) fn method<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        self.word.of(bytes)
    }

    pub(crate) fn reason<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        self.word.of(bytes)
    }

    pub(crate) fn target<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        self.target.of(bytes)
    }

    pub(crate) fn target_offset(&self) -> usize {
        self.target.start as usize
    }

    pub(crate) fn fields<'b>(&'b self, bytes: &'b [u8]) -> Fields<'b> {
        Fields::new(bytes, &self.fields)
    }

    pub(crate) fn has(&self, known: Known) -> bool {
        self.first[known as usize] != NOWHERE
    }

    /// The values of all lines of a known field, with their places.
    pub(crate) fn values<'b>(&'b self, known: Known, bytes: &'b [u8]) -> impl Iterator<Item = (&'b [u8], usize)> {
        let first = match self.first[known as usize] {
            NOWHERE => self.fields.len(),
            first => first as usize,
        };
        let again = self.repeated & (1 << known as u8) != 0;
        let lines = if again { &self.fields[first..] } else { self.fields.get(first..=first).unwrap_or_default() };
        lines
            .iter()
            .filter(move |field| !again || Known::recognise(field.name.of(bytes)) == Some(known))
            .map(move |field| (field.value.of(bytes), field.value.start as usize))
    }

    pub(crate) fn options(&self, bytes: &[u8]) -> Options {
        let mut options = Options::default();
        self.values(Known::Connection, bytes).for_each(|(value, _)| options.add(value));
        options
    }
}

impl Section {
    fn limit(self, limits: &Limits) -> usize {
        match self {
            Self::Request | Self::Response => limits.head as usize,
            Self::Trailers => limits.trailers as usize,
        }
    }
}

/// The span of `raw`, which stands at `start`, without the whitespace around it.
fn trimmed(raw: &[u8], start: usize) -> Span {
    let value = trim(raw);
    let lead = if value.is_empty() { 0 } else { raw.iter().take_while(|&&octet| is_ows(octet)).count() };
    Span::new(start + lead, start + lead + value.len())
}
