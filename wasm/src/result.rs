//! The result buffer: numbers, text and bytes that a call returns to JavaScript.
//!
//! JavaScript reads them from the module's memory, at addresses that [`ResultBuffer`] publishes.
//! They are valid until the next call.
//!
//! All of an event is returned at once. The bytes of a head are not copied. The buffer holds the
//! head's address in the connection's own memory, and the offsets of its parts. JavaScript decodes
//! the head with one call and cuts it at these offsets. Other strings are concatenated; their
//! lengths are among the numbers.

use std::fmt::{Display, Write as _};

#[cfg(feature = "profiles")]
use switchover::FieldSource;
use switchover::{Fields, binding};

/// The most bytes of memory that `text` and `bytes` each keep for the next call.
const KEPT: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct ResultBuffer {
    /// The addresses and lengths of the three buffers; see [`publish`](Self::publish).
    view: [u32; 6],
    numbers: Vec<u32>,
    text: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

impl ResultBuffer {
    pub(crate) const fn new() -> Self {
        Self { view: [0; 6], numbers: Vec::new(), text: Vec::new(), bytes: Vec::new() }
    }

    /// Returns the address of `view`, which never moves.
    pub(crate) fn address(&self) -> u32 {
        address(&self.view)
    }

    // Not inlined, so that the code exists once and not in each of fifty exports.
    #[inline(never)]
    pub(crate) fn clear(&mut self) {
        self.numbers.clear();
        self.text.clear();
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.text.shrink_to(KEPT);
    }

    /// Stores the current addresses and lengths of the buffers in `view`.
    #[inline(never)]
    pub(crate) fn publish(&mut self) {
        self.view = [
            address(&self.numbers),
            self.numbers.len() as u32,
            address(&self.text),
            self.text.len() as u32,
            address(&self.bytes),
            self.bytes.len() as u32,
        ];
    }

    /// Publishes bytes that lie elsewhere and do not move until the next call.
    ///
    /// `place` is their address and their length.
    pub(crate) fn publish_place(&mut self, place: (u32, u32)) {
        self.publish();
        (self.view[4], self.view[5]) = place;
    }

    #[inline(never)]
    pub(crate) fn number(&mut self, number: u32) {
        self.numbers.push(number);
    }

    // Inlined, because an event has few numbers, whose count is known, and each message writes
    // some.
    #[inline(always)]
    pub(crate) fn numbers<const N: usize>(&mut self, numbers: [u32; N]) {
        self.numbers.extend_from_slice(&numbers);
    }

    #[inline(never)]
    pub(crate) fn large(&mut self, number: u64) {
        self.numbers([number as u32, (number >> 32) as u32]);
    }

    /// Writes 0 for `None`, otherwise the number plus 1.
    pub(crate) fn option(&mut self, number: Option<u32>) {
        self.number(number.map_or(0, |number| number + 1));
    }

    #[inline(never)]
    pub(crate) fn text(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u32);
        self.text.extend_from_slice(bytes);
    }

    pub(crate) fn display(&mut self, what: impl Display) {
        let before = self.text.len();
        // Writing to memory cannot fail.
        let _ = write!(Latin(&mut self.text), "{what}");
        self.number((self.text.len() - before) as u32);
    }

    /// Writes the number of items, then each item as a string.
    pub(crate) fn displays<T: Display>(&mut self, list: impl Iterator<Item = T>) {
        self.list(list, |item, out| out.display(item));
    }

    pub(crate) fn list<T>(&mut self, list: impl Iterator<Item = T>, put: impl Fn(T, &mut Self)) {
        let place = self.numbers.len();
        self.number(0);
        let count = list.map(|item| put(item, self)).count();
        self.numbers[place] = count as u32;
    }

    /// Copies fields of any source into the text buffer.
    ///
    /// The offsets of names and values count from the start of that buffer.
    #[cfg(feature = "profiles")]
    pub(crate) fn fields(&mut self, fields: &dyn FieldSource) {
        let mut spans = Vec::new();
        fields.each(&mut |field| {
            let start = self.text.len();
            self.text.extend_from_slice(field.name);
            let middle = self.text.len();
            self.text.extend_from_slice(field.value);
            spans.push([start, middle, middle, self.text.len()].map(|place| place as u32));
        });
        self.spans(self.text.len(), spans.into_iter());
    }

    /// Writes the fields of a head that stays in the connection's memory.
    ///
    /// The offsets of names and values count from the start of the head.
    pub(crate) fn lines(&mut self, head: &Place<'_>, fields: &Fields<'_>) {
        self.spans(head.bytes.len(), binding::spans(fields).1);
    }

    /// Writes the number of fields and a flag, then the offsets of names and values.
    ///
    /// The first number is twice the number of fields, plus 1 if each offset is one number. Without
    /// that flag the text is short enough for 16 bits, and start and end share one number.
    fn spans(&mut self, len: usize, lines: impl ExactSizeIterator<Item = [u32; 4]>) {
        let count = lines.len() as u32;
        if len <= usize::from(u16::MAX) {
            self.number(count << 1);
            self.numbers.reserve(2 * lines.len());
            for [name, name_end, value, value_end] in lines {
                self.numbers([name | name_end << 16, value | value_end << 16]);
            }
        } else {
            self.number(count << 1 | 1);
            lines.for_each(|line| self.numbers(line));
        }
    }
}

/// A head in the connection's memory, without the line breaks at its end.
pub(crate) struct Place<'a> {
    bytes: &'a [u8],
}

impl<'a> Place<'a> {
    /// Returns the part of the head up to the end of its last field line.
    ///
    /// Without field lines, it ends with `first`: a part of the start line, or none for trailers.
    pub(crate) fn of(fields: &Fields<'a>, first: &[u8]) -> Self {
        let head = Self { bytes: fields.as_bytes() };
        let last = fields
            .len()
            .checked_sub(1)
            .and_then(|line| fields.at(line))
            .map_or(first, |field| field.value);
        let [_, end] = head.span(last);
        Self { bytes: head.bytes.get(..end as usize).unwrap_or_default() }
    }

    /// Returns the offsets in the head at which `part` begins and ends.
    pub(crate) fn span(&self, part: &[u8]) -> [u32; 2] {
        let start = address(part).wrapping_sub(address(self.bytes));
        [start, start.wrapping_add(part.len() as u32)]
    }

    pub(crate) fn put(&self, out: &mut ResultBuffer) {
        out.numbers([address(self.bytes), self.bytes.len() as u32]);
    }
}

/// Returns the address of a slice in the module's memory.
pub(crate) fn address<T>(slice: &[T]) -> u32 {
    slice.as_ptr().addr() as u32
}

/// A `fmt::Write` that appends to a byte vector.
///
/// JavaScript reads each byte as one character. Protocol names were validated and other texts are
/// constants of the core, so these are ASCII. Only a subprotocol of a request without an eligible
/// offer of `websocket` may have other characters, of several bytes each.
struct Latin<'a>(&'a mut Vec<u8>);

impl std::fmt::Write for Latin<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
