//! A head that is there as a whole, in one go. No branch in it is one that the processor would often guess wrong.

use core::slice::IterMut;

use super::{Head, Section, ends_at, field_line, slot, token_len};
use crate::limits::Limits;
use crate::wire::fields::{FieldSpan, Span};
use crate::wire::known::{FIRST_LINES, FirstLines, Known, KnownField, KnownFields};
use crate::wire::scan;

impl Head {
    /// A head of which all is there and all is well; else `None`, and nothing that is left of the attempt means anything.
    #[inline(always)]
    pub(super) fn whole(&mut self, bytes: &[u8], len: usize, section: Section, limits: &Limits) -> Option<usize> {
        let mut ends = core::mem::take(&mut self.ends);
        // What a head may not have is not looked at. It is also what keeps the places below 2^32.
        let (len_at_most, lines_at_most) = (len.min(section.limit(limits)), (limits.fields as usize).saturating_add(1));
        let count = scan::ends(bytes, len_at_most, lines_at_most, &mut ends);
        let whole = match count {
            Some(count) => self.read_lines(bytes, len, &ends[..count], section, limits),
            None => None,
        };
        self.ends = ends;
        whole
    }

    #[inline(always)]
    fn read_lines(
        &mut self,
        bytes: &[u8],
        len: usize,
        ends: &[u32],
        section: Section,
        limits: &Limits,
    ) -> Option<usize> {
        let (all, (&start_line, ends)) = (ends, ends.split_first()?);
        let start_line = start_line as usize;
        let head_len = ends.last().map_or(start_line, |&last| last as usize) + 4;
        self.line = 0;
        let starts_well = match section {
            Section::Request => self.request_line(bytes, start_line, limits),
            Section::Response { bare } => self.status_line(bytes.get(..start_line)?, bare, limits),
            // A trailer section is never taken in one go.
            Section::Trailers { .. } => false,
        };
        let is_head = head_len <= len
            && head_len <= section.limit(limits)
            && ends.len() <= limits.fields as usize
            && ends_at(bytes, start_line)
            && ends_at(bytes, head_len - 2);
        if !starts_well || !is_head {
            return None;
        }
        self.fields.resize(ends.len(), FieldSpan::default());
        self.known = Known::NONE;
        self.eligible = 0;
        let (first, fields) = (Some(&mut self.known.first), self.fields.iter_mut());
        let mut reader = FieldLines { bytes, fields, first, seen: 0, is_well: false };
        scan::lines(bytes, start_line + 2, ends, &mut reader);
        let FieldLines { seen, is_well, .. } = reader;
        self.known.seen = seen;
        let is_well = is_well && self.are_what_they_seem(bytes);
        self.is_complete = is_well && (head_len <= limits.field_line as usize || are_short(all, limits));
        self.is_complete.then_some(head_len)
    }

    /// Whether the known fields with names longer than what `slot` looks at are those.
    #[inline]
    fn are_what_they_seem(&self, bytes: &[u8]) -> bool {
        let mut long = self.known.seen & KnownField::LONG;
        while long != 0 {
            let slot = long.trailing_zeros() as usize;
            let Some(field) = self.fields.get(self.known.first[slot] as usize) else { return false };
            if !KnownField::ALL[slot].is_what_it_seems(field.name.of(bytes)) {
                return false;
            }
            long &= long - 1;
        }
        true
    }
}

const COLON_SPACE: u16 = u16::from_le_bytes(*b": ");
const CRLF: u16 = u16::from_le_bytes(*b"\r\n");
const SPACE: u32 = b' ' as u32;

/// Reads the field lines.
struct FieldLines<'a> {
    bytes: &'a [u8],
    /// Where the spans go.
    fields: IterMut<'a, FieldSpan>,
    /// Where the places of known fields go: to where they stay, as a copy of what was just written waits for the writes.
    first: Option<&'a mut FirstLines>,
    seen: KnownFields,
    is_well: bool,
}

/// What has been found so far.
struct Found<'a> {
    fields: IterMut<'a, FieldSpan>,
    index: u32,
    /// Where each known field stands last, which is first as long as none is repeated.
    first: Option<&'a mut FirstLines>,
    seen: KnownFields,
    repeated: KnownFields,
    is_well: bool,
}

impl<'a> scan::Reader for FieldLines<'a> {
    type State = Found<'a>;

    #[inline(always)]
    fn start(&mut self) -> Found<'a> {
        let fields = core::mem::take(&mut self.fields);
        Found { fields, index: 0, first: self.first.take(), seen: 0, repeated: 0, is_well: true }
    }

    /// `field-name ":" OWS field-value OWS` (RFC 9112, 5) as nearly everybody sends it: a name of some length, one space before
    /// the value, none after it. The value's bytes have passed the scanner.
    #[inline(always)]
    fn line(&self, found: &mut Found<'a>, line: scan::Line<'_>) {
        let scan::Line { start, mut name, end, opening, middle, closing } = line;
        let (first, last) = (middle >> 16 & 0xff, closing & 0xff);
        let is_cut_well = (middle as u16 == COLON_SPACE) & ((closing >> 8) as u16 == CRLF);
        let mut value = (start + name + 2, end);
        let mut slot = KnownField::slot(opening, name);
        if !(is_cut_well & (first > SPACE) & (last > SPACE) & (name > 0) & (name < scan::OPENING)) {
            let unusual = unusual(self.bytes, start, end);
            found.is_well &= unusual.is_some();
            (name, value, slot) = unusual.unwrap_or_default();
        }
        let bit = 1 << (slot % FIRST_LINES);
        if let Some(first) = &mut found.first {
            first[slot % FIRST_LINES] = found.index;
        }
        found.repeated |= found.seen & bit;
        found.seen |= bit;
        found.index += 1;
        if let Some(span) = found.fields.next() {
            span.name = Span::new(start, start + name);
            span.value = Span::new(value.0, value.1);
        }
    }

    #[inline(always)]
    fn finish(&mut self, found: Found<'a>) {
        self.seen = found.seen & KnownField::EACH;
        // A field that stands twice is left to the other way.
        self.is_well = found.is_well && found.repeated & KnownField::EACH == 0;
    }
}

/// Any other line: the length of its name, where its value begins and ends, its slot.
#[cold]
#[inline(never)]
fn unusual(bytes: &[u8], start: usize, end: usize) -> Option<(usize, (usize, usize), usize)> {
    let name = token_len(bytes.get(start..end)?);
    let field = field_line(bytes, start, name, end).filter(|_| ends_at(bytes, end))?;
    Some((name, (field.value.start as usize, field.value.end as usize), slot(field, bytes)))
}

/// Whether each field line keeps to the limit.
#[cold]
fn are_short(ends: &[u32], limits: &Limits) -> bool {
    ends.windows(2).all(|pair| pair[1] - pair[0] - 2 <= limits.field_line)
}
