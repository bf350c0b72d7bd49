//! What a call leaves for its caller: numbers, text and bytes, at addresses that the caller reads its memory at.
//!
//! Everything of one event crosses at once. A head is not copied: the face gets told where it stands in the connection's
//! buffer, decodes it with one call, and takes it apart by the places among the numbers. Other texts stand one after the
//! other, to be taken apart by their lengths. What a call left is over with the next one.

use std::fmt::{Display, Write as _};

use switchover::{FieldSource, Fields};

/// Memory kept for the next call; what one call needed beyond it is given back.
const KEPT: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Exchange {
    /// Where the rest is; see [`publish`](Self::publish).
    view: [u32; 6],
    numbers: Vec<u32>,
    text: Vec<u8>,
    pub(crate) octets: Vec<u8>,
}

impl Exchange {
    pub(crate) const fn new() -> Self {
        Self { view: [0; 6], numbers: Vec::new(), text: Vec::new(), octets: Vec::new() }
    }

    /// Where the caller finds the addresses; the exchange does not move.
    pub(crate) fn address(&self) -> u32 {
        address(&self.view)
    }

    // Once, and not in each of fifty exports.
    #[inline(never)]
    pub(crate) fn clear(&mut self) {
        self.numbers.clear();
        self.text.clear();
        self.octets.clear();
        self.octets.shrink_to(KEPT);
        self.text.shrink_to(KEPT);
    }

    /// Says where everything is.
    #[inline(never)]
    pub(crate) fn publish(&mut self) {
        self.view = [
            address(&self.numbers),
            self.numbers.len() as u32,
            address(&self.text),
            self.text.len() as u32,
            address(&self.octets),
            self.octets.len() as u32,
        ];
    }

    /// Bytes that stay where they are until the next call.
    pub(crate) fn publish_place(&mut self, place: (u32, u32)) {
        self.publish();
        (self.view[4], self.view[5]) = place;
    }

    #[inline(never)]
    pub(crate) fn number(&mut self, number: u32) {
        self.numbers.push(number);
    }

    pub(crate) fn numbers<const N: usize>(&mut self, numbers: [u32; N]) {
        self.numbers.extend_from_slice(&numbers);
    }

    #[inline(never)]
    pub(crate) fn large(&mut self, number: u64) {
        self.numbers([number as u32, (number >> 32) as u32]);
    }

    /// `None` as 0, everything else one higher.
    pub(crate) fn option(&mut self, number: Option<u32>) {
        self.number(number.map_or(0, |number| number + 1));
    }

    #[inline(never)]
    pub(crate) fn text(&mut self, octets: &[u8]) {
        self.number(octets.len() as u32);
        self.text.extend_from_slice(octets);
    }

    pub(crate) fn display(&mut self, what: impl Display) {
        let before = self.text.len();
        // Writing to memory cannot fail.
        let _ = write!(Latin(&mut self.text), "{what}");
        self.number((self.text.len() - before) as u32);
    }

    /// A list with its length before it.
    pub(crate) fn displays<T: Display>(&mut self, list: impl Iterator<Item = T>) {
        self.list(list, |item, out| out.display(item));
    }

    pub(crate) fn list<T>(&mut self, list: impl Iterator<Item = T>, put: impl Fn(T, &mut Self)) {
        let place = self.numbers.len();
        self.number(0);
        let count = list.map(|item| put(item, self)).count();
        self.numbers[place] = count as u32;
    }

    /// Field lines of any source, copied: the places are those in the text.
    pub(crate) fn fields(&mut self, fields: &dyn FieldSource) {
        let mut spans = Vec::new();
        fields.each(&mut |field| {
            for part in [field.name, field.value] {
                let start = self.text.len();
                self.text.extend_from_slice(part);
                spans.push((start, self.text.len()));
            }
        });
        self.spans(self.text.len(), spans.len() / 2, spans.into_iter());
    }

    /// Field lines of a head: the places are those in it.
    pub(crate) fn lines(&mut self, head: Place, fields: &Fields<'_>) {
        let spans = fields.iter().flat_map(|field| [head.span(field.name), head.span(field.value)]);
        self.spans(head.len, fields.len(), spans);
    }

    /// How many lines, then where each name and each value begins and ends: in two numbers, or in halves of one where
    /// the head is so short that they fit.
    fn spans(&mut self, len: usize, lines: usize, spans: impl Iterator<Item = (usize, usize)>) {
        if len <= usize::from(u16::MAX) {
            self.number((lines as u32) << 1);
            self.numbers.reserve(2 * lines);
            spans.for_each(|(start, end)| self.numbers.push(start as u32 | (end as u32) << 16));
        } else {
            self.number((lines as u32) << 1 | 1);
            spans.for_each(|(start, end)| self.numbers([start as u32, end as u32]));
        }
    }
}

/// Where a head stands in the module's memory.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    start: usize,
    len: usize,
}

impl Place {
    /// From `first`, which begins it, to the last field line's end; that of `last` where there is none.
    pub(crate) fn of(first: &[u8], last: &[u8], fields: &Fields<'_>) -> Self {
        let last = fields.len().checked_sub(1).and_then(|line| fields.at(line)).map_or(last, |field| field.value);
        let start = first.as_ptr().addr();
        Self { start, len: last.as_ptr_range().end.addr() - start }
    }

    /// Where a part of it begins and ends.
    pub(crate) fn span(&self, part: &[u8]) -> (usize, usize) {
        let start = part.as_ptr().addr() - self.start;
        (start, start + part.len())
    }

    pub(crate) fn put(&self, out: &mut Exchange) {
        out.numbers([self.start as u32, self.len as u32]);
    }
}

/// Where something stands in the module's memory.
pub(crate) fn address<T>(slice: &[T]) -> u32 {
    slice.as_ptr().addr() as u32
}

/// Text is ASCII here: method, target and protocol names are checked to be, and the rest is our own.
struct Latin<'a>(&'a mut Vec<u8>);

impl std::fmt::Write for Latin<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
