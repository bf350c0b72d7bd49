//! The results of a call: numbers, text and bytes.
//!
//! They lie at addresses that the caller reads its memory at.
//!
//! Everything of one event crosses at once. A head is not copied. The face gets where it stands in
//! the connection's buffer, decodes it with one call, and takes it apart by the places among the
//! numbers. Other texts stand one after the other, to be taken apart by their lengths. What a call
//! left is over with the next one.

use std::fmt::{Display, Write as _};

#[cfg(feature = "profiles")]
use switchover::FieldSource;
use switchover::{Fields, binding};

/// Memory kept for the next call; what one call needed beyond it is given back.
const KEPT: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct ResultBuffer {
    /// The addresses of the rest; see [`publish`](Self::publish).
    view: [u32; 6],
    numbers: Vec<u32>,
    text: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

impl ResultBuffer {
    pub(crate) const fn new() -> Self {
        Self { view: [0; 6], numbers: Vec::new(), text: Vec::new(), bytes: Vec::new() }
    }

    /// Returns the place of the addresses; the buffer does not move.
    pub(crate) fn address(&self) -> u32 {
        address(&self.view)
    }

    // Once, and not in each of fifty exports.
    #[inline(never)]
    pub(crate) fn clear(&mut self) {
        self.numbers.clear();
        self.text.clear();
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
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
            address(&self.bytes),
            self.bytes.len() as u32,
        ];
    }

    /// Publishes bytes that stay where they are until the next call.
    pub(crate) fn publish_place(&mut self, place: (u32, u32)) {
        self.publish();
        (self.view[4], self.view[5]) = place;
    }

    #[inline(never)]
    pub(crate) fn number(&mut self, number: u32) {
        self.numbers.push(number);
    }

    // The pieces of an event are few and known, and it is written at each message.
    #[inline(always)]
    pub(crate) fn numbers<const N: usize>(&mut self, numbers: [u32; N]) {
        self.numbers.extend_from_slice(&numbers);
    }

    #[inline(never)]
    pub(crate) fn large(&mut self, number: u64) {
        self.numbers([number as u32, (number >> 32) as u32]);
    }

    /// Writes `None` as 0, and every number one higher.
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

    /// Writes a list with its length before it to the result.
    pub(crate) fn displays<T: Display>(&mut self, list: impl Iterator<Item = T>) {
        self.list(list, |item, out| out.display(item));
    }

    pub(crate) fn list<T>(&mut self, list: impl Iterator<Item = T>, put: impl Fn(T, &mut Self)) {
        let place = self.numbers.len();
        self.number(0);
        let count = list.map(|item| put(item, self)).count();
        self.numbers[place] = count as u32;
    }

    /// Writes field lines of any source, by copy.
    ///
    /// The places are those in the text.
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

    /// Writes field lines of a head to the result.
    ///
    /// The places are those in it.
    pub(crate) fn lines(&mut self, head: &Place<'_>, fields: &Fields<'_>) {
        self.spans(head.bytes.len(), binding::spans(fields).1);
    }

    /// Writes the number of lines, then the places of each name and each value.
    ///
    /// In two numbers, or in halves of one where the text is so short that they fit.
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

/// A head where it stands in the module's memory, without the line ends after it.
pub(crate) struct Place<'a> {
    bytes: &'a [u8],
}

impl<'a> Place<'a> {
    /// Returns the place up to the last field line's end.
    ///
    /// That of `first` where there is none.
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

    /// Returns where a part of it begins and ends.
    pub(crate) fn span(&self, part: &[u8]) -> [u32; 2] {
        let start = address(part).wrapping_sub(address(self.bytes));
        [start, start.wrapping_add(part.len() as u32)]
    }

    pub(crate) fn put(&self, out: &mut ResultBuffer) {
        out.numbers([address(self.bytes), self.bytes.len() as u32]);
    }
}

/// Returns the address of bytes in the module's memory.
pub(crate) fn address<T>(slice: &[T]) -> u32 {
    slice.as_ptr().addr() as u32
}

/// A writer of text.
///
/// It is ASCII here: method, target and protocol names are checked to be, and the rest is our own.
struct Latin<'a>(&'a mut Vec<u8>);

impl std::fmt::Write for Latin<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
