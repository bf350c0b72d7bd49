//! What a call leaves for its caller: numbers, text and octets, at addresses that the caller reads its memory at.
//!
//! Everything of one event crosses at once: the texts stand one behind the other, so that the face decodes them with
//! one call and takes them apart by the lengths among the numbers. What a call left is over with the next one.

use std::fmt::{Display, Write as _};

use switchover::FieldSource;

/// Memory kept for the next call; what one call needed beyond it is given back.
const KEPT: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Exchange {
    /// Where the rest is; see [`publish`](Self::publish).
    view: [u32; 7],
    numbers: Vec<u32>,
    text: Vec<u8>,
    pub(crate) octets: Vec<u8>,
}

impl Exchange {
    pub(crate) const fn new() -> Self {
        Self { view: [0; 7], numbers: Vec::new(), text: Vec::new(), octets: Vec::new() }
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

    /// Says where everything is. Text that is all ASCII is decoded in a faster way.
    #[inline(never)]
    pub(crate) fn publish(&mut self) {
        self.view = [
            address(&self.numbers),
            self.numbers.len() as u32,
            address(&self.text),
            self.text.len() as u32,
            u32::from(self.text.is_ascii()),
            address(&self.octets),
            self.octets.len() as u32,
        ];
    }

    /// Octets that stay where they are until the next call.
    pub(crate) fn publish_place(&mut self, place: (u32, u32)) {
        self.publish();
        (self.view[5], self.view[6]) = place;
    }

    #[inline(never)]
    pub(crate) fn number(&mut self, number: u32) {
        self.numbers.push(number);
    }

    #[inline(never)]
    pub(crate) fn large(&mut self, number: u64) {
        self.numbers.extend([number as u32, (number >> 32) as u32]);
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
        let place = self.numbers.len();
        self.number(0);
        let count = list.map(|item| self.display(item)).count();
        self.numbers[place] = count as u32;
    }

    /// How many, where the first begins, then where each name and each value ends in the text.
    pub(crate) fn fields(&mut self, fields: &dyn FieldSource) {
        let place = self.numbers.len();
        self.number(0);
        self.number(self.text.len() as u32);
        let mut count = 0;
        fields.each(&mut |field| {
            self.text.extend_from_slice(field.name);
            self.number(self.text.len() as u32);
            self.text.extend_from_slice(field.value);
            self.number(self.text.len() as u32);
            count += 1;
        });
        self.numbers[place] = count;
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
