//! The offer that a client keeps to check the 101 against it.

use super::context::Proof;
use crate::error::ErrorKind;
use crate::wire::fields::Field;
use crate::wire::known::{KnownField, KnownFields};
use crate::wire::memory::Draft;
use crate::wire::source::FieldSource;

/// The parts of a sent offer that are needed to check the 101.
///
/// They are some of its field lines, and the field that the 101 must have as a proof: for
/// WebSocket, `Sec-WebSocket-Accept`.
#[derive(Debug, Default)]
pub(crate) struct SentOffer {
    /// The field lines, each as one byte for the field, its value, and an LF.
    ///
    /// No value contains an LF. The byte for a field is no LF either: it is [`FIRST`] or more.
    lines: Draft,
    pub(crate) proof: Option<Proof>,
}

/// The byte that stands for the first of the known fields in `lines`.
const FIRST: u8 = b'A';

impl SentOffer {
    pub(crate) fn push(&mut self, known: KnownField, value: &[u8]) {
        self.lines.push(FIRST + known as u8);
        self.lines.extend_from_slice(value);
        self.lines.push(b'\n');
    }

    /// Returns `OutOfMemory` if memory ran out for one of the field lines.
    pub(crate) fn whole(&self) -> Result<(), ErrorKind> {
        self.lines.whole().map(drop)
    }

    fn lines(&self) -> impl Iterator<Item = (KnownField, &[u8])> {
        let lines = self.lines.split(|&byte| byte == b'\n');
        lines.filter_map(|line| line.split_first()).filter_map(|(&known, value)| {
            Some((KnownField::from_number(known.checked_sub(FIRST)?.into())?, value))
        })
    }
}

impl FieldSource for SentOffer {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.lines()
            .for_each(|(known, value)| each(Field { name: known.name().as_bytes(), value }));
    }

    fn each_known<'s>(&'s self, wanted: KnownFields, each: &mut dyn FnMut(KnownField, &'s [u8])) {
        self.lines()
            .filter(|(known, _)| wanted & known.bit() != 0)
            .for_each(|(known, value)| each(known, value));
    }
}
