//! A head that is there as a whole, in one go. No branch in it is one that the processor would often guess wrong.

use super::{Head, Section, StartLine, ends_at, field_line, slot, token_len};
use crate::limits::Limits;
use crate::wire::fields::{FieldSpan, Span};
use crate::wire::known::{FIRST_LINES, FirstLines, Known, KnownField, KnownFields};
use crate::wire::scan;
use crate::wire::scan::class::Class;

impl Head {
    /// A head of which all is there and all is well; else `None`, and nothing that is left of the attempt means anything.
    #[inline(always)]
    pub(super) fn whole(&mut self, bytes: &[u8], len: usize, section: Section, limits: &Limits) -> Option<usize> {
        let Self { start_line, known, fields, .. } = self;
        *known = Known::NONE;
        let Known { first, seen, .. } = known;
        // What a head may not have is not looked at. It is also what keeps the places below 2^32.
        let (len_at_most, lines_at_most) = (len.min(section.limit(limits)), (limits.fields as usize).saturating_add(1));
        let lines = HeadLines { bytes, section, limits, start_line, first: Some(first), seen, fields, head_len: 0 };
        let head_len = scan::head(bytes, len_at_most, lines_at_most, lines)?;
        if head_len > len_at_most || !self.are_what_they_seem(bytes) {
            return None;
        }
        self.eligible = 0;
        self.is_complete = true;
        Some(head_len)
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

/// The least that may stand there: `: !`, and `!` CRLF from the low byte on.
const COLON_SPACE_VALUE: u32 = u32::from_be_bytes(*b"\0: !");
const VALUE_CRLF: u32 = u32::from_le_bytes(*b"\0!\r\n");
/// How many bytes are at least `!`.
const VALUES: u32 = 0x100 - b'!' as u32;

/// Reads the lines of a head into its parts.
struct HeadLines<'a> {
    bytes: &'a [u8],
    section: Section,
    limits: &'a Limits,
    start_line: &'a mut StartLine,
    /// Where the places of known fields go: to where they stay, as a copy of what was just written waits for the writes.
    first: Option<&'a mut FirstLines>,
    seen: &'a mut KnownFields,
    fields: &'a mut alloc::vec::Vec<FieldSpan>,
    head_len: usize,
}

/// What has been found so far.
struct Found<'a> {
    bytes: &'a [u8],
    index: u32,
    /// Where each known field stands last, which is first as long as none is repeated.
    first: &'a mut FirstLines,
    seen: KnownFields,
    repeated: KnownFields,
    is_well: bool,
}

impl<'a> scan::Reader for HeadLines<'a> {
    type State = Found<'a>;
    type Item = FieldSpan;

    #[inline(always)]
    fn start(&mut self, run: impl Fn(&Class, &[u8], usize) -> usize, ends: &[u32]) -> Option<Found<'a>> {
        let Self { bytes, limits, .. } = *self;
        let (&start_line, fields) = ends.split_first()?;
        let start_line = start_line as usize;
        self.head_len = fields.last().map_or(start_line, |&last| last as usize) + 4;
        *self.start_line = match self.section {
            Section::Request => StartLine::request(run, bytes, start_line, limits)?,
            Section::Response { bare } => StartLine::response(bytes.get(..start_line)?, bare, limits)?,
            // A trailer section is never taken in one go.
            Section::Trailers { .. } => return None,
        };
        let is_head = ends_at(bytes, start_line) && ends_at(bytes, self.head_len - 2);
        let is_short = self.head_len <= limits.field_line as usize || are_short(ends, limits);
        self.fields.resize(fields.len(), FieldSpan::default());
        let first = self.first.take().filter(|_| is_head && is_short)?;
        Some(Found { bytes, index: 0, first, seen: 0, repeated: 0, is_well: true })
    }

    fn items(&mut self) -> &mut [FieldSpan] {
        self.fields
    }

    /// `field-name ":" OWS field-value OWS` (RFC 9112, 5) as nearly everybody sends it: a name of some length, one space before
    /// the value, none after it. The value's bytes have passed the scanner.
    #[inline(always)]
    fn line(found: &mut Found<'a>, line: scan::Line<'_>) -> FieldSpan {
        let scan::Line { start, mut name, end, opening, middle, closing } = line;
        let mut value = (start + name + 2, end);
        let mut slot = KnownField::slot(opening, name);
        // Only where the other bytes are the same is the difference that small.
        let is_cut_well = ((middle >> 8).wrapping_sub(COLON_SPACE_VALUE) < VALUES)
            & ((closing << 8).wrapping_sub(VALUE_CRLF) < VALUES << 8);
        if !(is_cut_well & (name.wrapping_sub(1) < scan::OPENING - 1)) {
            let unusual = unusual(found.bytes, start, end);
            found.is_well &= unusual.is_some();
            (name, value, slot) = unusual.unwrap_or_default();
        }
        let slot = slot % FIRST_LINES;
        let bit = 1 << slot;
        found.first[slot] = found.index;
        found.repeated |= found.seen & bit;
        found.seen |= bit;
        found.index += 1;
        FieldSpan { name: Span::new(start, start + name), value: Span::new(value.0, value.1) }
    }

    #[inline(always)]
    fn finish(self, found: Found<'a>) -> Option<usize> {
        *self.seen = found.seen & KnownField::EACH;
        // A field that stands twice is left to the other way.
        (found.is_well && found.repeated & KnownField::EACH == 0).then_some(self.head_len)
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
