//! The fast path for a head that has arrived completely.
//!
//! It contains no branch that the processor often mispredicts.

use super::{Head, Section, StartLine, ends_at, field_line, slot, token_len};
use crate::limits::Limits;
use crate::wire::fields::{FieldSpan, Span};
use crate::wire::known::{FIRST_LINES, Known, KnownField, KnownFields, NAMELESS};
use crate::wire::memory;
use crate::wire::scan;
use crate::wire::scan::class::Class;

impl Head {
    /// Fast path of `Head::parse`: most complete heads without a fault.
    ///
    /// Returns `None` for any other input; `self` must then be cleared. Must equal `parse_slow`.
    #[inline(always)]
    pub(super) fn parse_fast(
        &mut self,
        bytes: &[u8],
        len: usize,
        section: Section,
        limits: &Limits,
    ) -> Option<usize> {
        let Self { start_line, known, fields, .. } = self;
        // Bytes beyond the limit for heads are not scanned. This also keeps all offsets below 2^32.
        let (len_at_most, lines_at_most) =
            (len.min(section.limit(limits)), (limits.fields as usize).saturating_add(1));
        let lines = &mut HeadLines {
            bytes,
            section,
            limits,
            start_line,
            known: Some(known),
            fields,
            head_len: 0,
        };
        let head_len = scan::head(bytes, len_at_most, lines_at_most, lines)?;
        if head_len > len_at_most || !self.are_what_they_seem(bytes) {
            return None;
        }
        self.eligible = 0;
        self.is_complete = true;
        Some(head_len)
    }

    /// Verifies the known fields of whose names only the ends have been compared.
    #[inline]
    fn are_what_they_seem(&self, bytes: &[u8]) -> bool {
        let mut long = self.known.seen & KnownField::LONG;
        while long != 0 {
            let slot = long.trailing_zeros() as usize;
            let Some(field) = self.fields.get(self.known.first[slot] as usize) else {
                return false;
            };
            if !KnownField::verify_slot(field.name.of(bytes)) {
                return false;
            }
            long &= long - 1;
        }
        true
    }
}

/// A reader that stores the parsed lines in the parts of a `Head`.
struct HeadLines<'a> {
    bytes: &'a [u8],
    section: Section,
    limits: &'a Limits,
    start_line: &'a mut StartLine,
    /// The table of known fields in the `Head`; `None` once [`Found`] has it.
    ///
    /// It is written in place: a copy would have to wait for the writes just made.
    known: Option<&'a mut Known>,
    fields: &'a mut alloc::vec::Vec<FieldSpan>,
    head_len: usize,
}

/// The state of the pass over the field lines.
struct Found<'a> {
    bytes: &'a [u8],
    index: u32,
    /// The index of the last line of each known field.
    ///
    /// As long as no field is repeated, that is also the first line.
    places: &'a mut Known,
    seen: KnownFields,
    /// The number of lines that hold a known field.
    known: u32,
    is_well: bool,
}

impl<'a> scan::Reader for HeadLines<'a> {
    type State = Found<'a>;
    type Item = FieldSpan;

    #[inline(always)]
    fn start(
        &mut self,
        run: impl Fn(&Class, &[u8], usize) -> usize,
        ends: &[u32],
    ) -> Option<Found<'a>> {
        let Self { bytes, limits, .. } = *self;
        let (start_line, last) = (*ends.first()? as usize, *ends.last()? as usize);
        self.head_len = last + 4;
        *self.start_line = match self.section {
            Section::Request { .. } => StartLine::request(run, bytes, start_line, limits)?,
            Section::Response(tolerated) => {
                StartLine::response(bytes.get(..start_line)?, tolerated, limits)?
            }
            // A trailer section never takes the fast path.
            Section::Trailers(_) => return None,
        };
        let is_head = ends_at(bytes, start_line) && ends_at(bytes, self.head_len - 2);
        let is_short = self.head_len <= limits.field_line as usize || are_short(ends, limits);
        memory::fit(self.fields, ends.len() - 1).ok()?;
        self.fields.resize(ends.len() - 1, FieldSpan::default());
        let places = self.known.take().filter(|_| is_head && is_short)?;
        Some(Found { bytes, index: 0, places, seen: 0, known: 0, is_well: true })
    }

    fn items(&mut self) -> &mut [FieldSpan] {
        self.fields
    }

    /// Fast path of a field line: `name: value` as nearly every peer sends it.
    ///
    /// The syntax is `field-name ":" OWS field-value OWS` (RFC 9112, section 5). Here one space
    /// precedes the value, which is not empty, and none follows it. `finish` rejects an empty name.
    /// The scanner has already validated the bytes of the value. Must equal `line_slow`.
    #[inline(always)]
    fn line(found: &mut Found<'a>, line: scan::Line<'_>, field: &mut FieldSpan) -> bool {
        let scan::Line { start, name, end, name_begins, name_ends, middle, closing } = line;
        // An empty value ends with the space after the colon.
        let is_cut_well = middle[..2] == *b": "
            && middle[2] != b' '
            && closing[0] != b' '
            && closing[1..] == *b"\r\n";
        if !is_cut_well {
            return false;
        }
        *field = FieldSpan {
            name: Span::new(start, start + name),
            value: Span::new(start + name + 2, end),
        };
        found.note(KnownField::slot(name_begins, name_ends, name));
        true
    }

    #[inline(always)]
    fn line_slow(found: &mut Found<'a>, line: scan::Line<'_>, field: &mut FieldSpan) {
        let read = unusual(found.bytes, line.start, line.end);
        found.is_well &= read.is_some();
        let (span, slot) = read.unwrap_or_default();
        *field = span;
        found.note(slot);
    }

    #[inline(always)]
    fn finish(&mut self, found: Found<'a>) -> Option<usize> {
        let Found { places, seen, known, is_well, .. } = found;
        *places = Known { seen: seen & KnownField::EACH, repeated: 0, ..*places };
        // A head that repeats a known field is left to the slow path.
        let is_well = is_well && seen & (1 << NAMELESS) == 0 && places.seen.count_ones() == known;
        is_well.then_some(self.head_len)
    }
}

impl Found<'_> {
    #[inline(always)]
    fn note(&mut self, slot: usize) {
        let slot = slot % FIRST_LINES;
        self.places.first[slot] = self.index;
        self.seen |= 1 << slot;
        self.known += u32::from(slot < KnownField::COUNT);
        self.index += 1;
    }
}

/// Parses a field line that the fast path rejects; also returns its [`Known`] slot.
#[cold]
#[inline(never)]
fn unusual(bytes: &[u8], start: usize, end: usize) -> Option<(FieldSpan, usize)> {
    let name = token_len(bytes.get(start..end)?);
    let field = field_line(bytes, start, name, end).filter(|_| ends_at(bytes, end))?;
    Some((field, slot(field, bytes)))
}

/// Returns whether every field line is within `limits.field_line`.
#[cold]
fn are_short(ends: &[u32], limits: &Limits) -> bool {
    ends.windows(2).all(|pair| pair[1] - pair[0] - 2 <= limits.field_line)
}
