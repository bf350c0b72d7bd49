//! A reader that turns the bytes of a fuzz input into decisions.
//!
//! After its end a tape returns zeros without limit, so every prefix of an input is valid.

/// The unread bytes of a fuzz input, from which decisions are read in order.
#[derive(Clone, Debug)]
pub(crate) struct Tape<'t> {
    rest: &'t [u8],
}

impl<'t> Tape<'t> {
    pub(crate) fn new(bytes: &'t [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 != 0
    }

    /// Returns a number from 0 to `bound` - 1.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        match bound {
            0..=256 => self.byte() as usize % bound.max(1),
            _ => (self.byte() as usize | (self.byte() as usize) << 8) % bound,
        }
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Reads `len` bytes, or fewer at the end of the tape.
    pub(crate) fn take(&mut self, len: usize) -> &'t [u8] {
        let (taken, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Reads a byte with a length, and then as many bytes.
    pub(crate) fn piece(&mut self) -> &'t [u8] {
        let len = self.byte() as usize;
        self.take(len)
    }

    /// Returns all unread bytes.
    pub(crate) fn rest(self) -> &'t [u8] {
        self.rest
    }
}
