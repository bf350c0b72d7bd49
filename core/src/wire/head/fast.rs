//! The fast path for a head that has arrived completely.
//!
//! It contains no branch that the processor often mispredicts.

use alloc::vec::Vec;

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
        let lines = HeadLines { section, limits, start_line, known, fields };
        let head_len = scan::head(bytes, len_at_most, lines_at_most, lines)?;
        if head_len > len_at_most || !self.are_what_they_seem(bytes) {
            return None;
        }
        self.eligible = 0;
        self.is_complete = true;
        Some(head_len)
    }

    /// Returns whether the long names recognised by their ends are known names.
    ///
    /// Only the first and the last eight bytes of these names have been compared before.
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
    section: Section,
    limits: &'a Limits,
    start_line: &'a mut StartLine,
    known: &'a mut Known,
    fields: &'a mut Vec<FieldSpan>,
}

/// The state of the pass over the field lines.
struct Found<'a> {
    head_len: usize,
    index: u32,
    /// The index of the last line of each known field.
    ///
    /// As long as no field is repeated, that is also the first line. It is written in place: a copy
    /// would have to wait for the writes just made.
    places: &'a mut Known,
    seen: KnownFields,
    /// The number of lines that hold a known field.
    known: u32,
    is_well: bool,
}

impl<'a> scan::Reader<'a> for HeadLines<'a> {
    type State = Found<'a>;
    type Item = FieldSpan;

    #[inline(always)]
    fn start(
        self,
        token: impl Fn() -> usize,
        run: impl Fn(&Class, &[u8], usize) -> usize,
        bytes: &[u8],
        ends: &[u32],
    ) -> Option<(Found<'a>, &'a mut Vec<FieldSpan>)> {
        let Self { section, limits, start_line, known: places, fields } = self;
        let (first, last) = (*ends.first()? as usize, *ends.last()? as usize);
        let head_len = last + 4;
        *start_line = match section {
            Section::Request { .. } => StartLine::request(token(), run, bytes, first, limits)?,
            Section::Response(tolerated) => {
                StartLine::response(bytes.get(..first)?, tolerated, limits)?
            }
            // A trailer section never takes the fast path.
            Section::Trailers(_) => return None,
        };
        let is_head = ends_at(bytes, first) && ends_at(bytes, head_len - 2);
        let is_short = head_len <= limits.field_line as usize || are_short(ends, limits);
        if !is_head || !is_short {
            return None;
        }
        memory::fit(fields, ends.len() - 1).ok()?;
        let found = Found { head_len, index: 0, places, seen: 0, known: 0, is_well: true };
        Some((found, fields))
    }

    /// Fast path of a field line: `name: value` as nearly every peer sends it.
    ///
    /// The syntax is `field-name ":" OWS field-value OWS` (RFC 9112, section 5). Here one space
    /// precedes the value, which is not empty, and none follows it. `finish` rejects an empty name.
    /// The scanner has already validated the bytes of the value. Must equal `line_slow`.
    #[inline(always)]
    fn line(found: &mut Found<'a>, line: scan::Line<'_>) -> Option<FieldSpan> {
        let scan::Line { start, name, end, name_begins, name_ends, middle, closing } = line;
        // An empty value ends with the space after the colon.
        let is_cut_well = middle[..2] == *b": "
            && middle[2] != b' '
            && closing[0] != b' '
            && closing[1..] == *b"\r\n";
        if !is_cut_well {
            return None;
        }
        found.note(KnownField::slot(name_begins, name_ends, name));
        Some(FieldSpan {
            name: Span::new(start, start + name),
            value: Span::new(start + name + 2, end),
        })
    }

    #[inline(always)]
    fn line_slow(found: &mut Found<'a>, bytes: &[u8], line: scan::Line<'_>) -> FieldSpan {
        let read = unusual(bytes, line.start, line.end);
        found.is_well &= read.is_some();
        let (field, slot) = read.unwrap_or_default();
        found.note(slot);
        field
    }

    #[inline(always)]
    fn finish(found: Found<'a>) -> Option<usize> {
        let Found { head_len, places, seen, known, is_well, .. } = found;
        *places = Known { seen: seen & KnownField::EACH, repeated: 0, ..*places };
        // A head that repeats a known field is left to the slow path.
        let is_well = is_well && seen & (1 << NAMELESS) == 0 && places.seen.count_ones() == known;
        is_well.then_some(head_len)
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
///
/// `None` if the line is malformed.
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
