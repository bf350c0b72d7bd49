//! The sources from which field lines are encoded.

use crate::wire::fields::{Field, Fields};
use crate::wire::known::{KnownField, KnownFields};

/// A field line, or a block of lines, with the extent of its earlier validation.
///
/// A [`FieldSource`] passes these to the encoder, which validates the rest.
pub enum Piece<'a> {
    /// A field line that the encoder must validate.
    Line(Field<'a>),
    /// A field line whose bytes the type that it comes from has validated.
    ///
    /// The encoder must still check the field's effect, for example on framing.
    #[cfg(feature = "http")]
    Sound(Field<'a>),
    /// The lines of a [`Block`](crate::Block), validated before.
    ///
    /// The index of an error counts them as one line.
    Block(CheckedFields<'a>),
}

/// A [`FieldSource`] that has parts whose bytes were validated before.
pub trait Pieces {
    /// Calls `each` with every piece in order.
    fn each_piece<'s>(&'s self, each: &mut dyn FnMut(Piece<'s>));
}

/// Calls `each` with all pieces of a source; if it has none, with its field lines.
pub(crate) fn each_piece<'s>(source: &'s dyn FieldSource, each: &mut dyn FnMut(Piece<'s>)) {
    match source.pieces() {
        Some(pieces) => pieces.each_piece(each),
        None => source.each(&mut |field| each(Piece::Line(field))),
    }
}

/// A source of field lines, from which a head or trailer section is encoded.
///
/// It is implemented for slices, arrays and `Vec`s of [`Field`] and of name and value pairs, and
/// for the [`Fields`] of a received message. It is also implemented for a validated
/// [`Block`](crate::Block), for [`EndToEnd`](crate::gateway::EndToEnd), for a pair of two sources,
/// for `()`, and for `http::HeaderMap` with the feature `http`. Use `&()` for no field lines; the
/// type of `&[]` is ambiguous.
///
/// An implementation must return the same lines every time. The engine validates them while it
/// encodes them, in one pass. The rules of an offered protocol, and
/// [`Config::tidy`](crate::Config::tidy), read them again.
pub trait FieldSource {
    /// Calls `each` with every field line in order.
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>));

    /// Calls `each` with the values of the known fields in `wanted`.
    ///
    /// The values of one field come in the order of its lines.
    #[doc(hidden)]
    fn each_known<'s>(&'s self, wanted: KnownFields, each: &mut dyn FnMut(KnownField, &'s [u8])) {
        self.each(&mut |field| {
            if let Some(known) =
                KnownField::recognise(field.name).filter(|known| wanted & known.bit() != 0)
            {
                each(known, field.value);
            }
        });
    }

    /// Returns the same lines as pieces, if the bytes of some were validated before.
    #[doc(hidden)]
    fn pieces(&self) -> Option<&dyn Pieces> {
        None
    }

    /// Returns upper bounds of the number of lines and of their total bytes, if known.
    ///
    /// The bytes are those of names and values.
    #[doc(hidden)]
    fn at_most(&self) -> Option<(usize, usize)> {
        None
    }
}

impl FieldSource for () {
    fn each<'s>(&'s self, _: &mut dyn FnMut(Field<'s>)) {}
}

impl FieldSource for Fields<'_> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.iter().for_each(each);
    }

    /// Calls `each` with the values of the known fields in `wanted`.
    ///
    /// The parser has recorded the first line of each, so only repeated fields are searched.
    fn each_known<'s>(&'s self, wanted: KnownFields, each: &mut dyn FnMut(KnownField, &'s [u8])) {
        let mut rest = wanted & self.known.seen;
        while rest != 0 {
            let known = KnownField::ALL[rest.trailing_zeros() as usize];
            rest &= rest - 1;
            match self.known.only(known).and_then(|index| self.spans.get(index)) {
                Some(span) => each(known, span.value.of(self.bytes)),
                None => self.known(known).for_each(|span| each(known, span.value.of(self.bytes))),
            }
        }
    }

    fn at_most(&self) -> Option<(usize, usize)> {
        Some((self.spans.len(), self.bytes.len()))
    }
}

impl FieldSource for [Field<'_>] {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.iter().for_each(|&field| each(field));
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FieldSource for [(N, V)] {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.iter()
            .for_each(|(name, value)| each(Field { name: name.as_ref(), value: value.as_ref() }));
    }
}

impl<T, const N: usize> FieldSource for [T; N]
where
    [T]: FieldSource,
{
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.as_slice().each(each);
    }
}

impl<T> FieldSource for alloc::vec::Vec<T>
where
    [T]: FieldSource,
{
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.as_slice().each(each);
    }
}

/// The field lines of the first source, then those of the second.
impl<A: FieldSource, B: FieldSource> FieldSource for (A, B) {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.0.each(each);
        self.1.each(each);
    }

    fn pieces(&self) -> Option<&dyn Pieces> {
        (self.0.pieces().is_some() || self.1.pieces().is_some()).then_some(self)
    }
}

impl<A: FieldSource, B: FieldSource> Pieces for (A, B) {
    fn each_piece<'s>(&'s self, each: &mut dyn FnMut(Piece<'s>)) {
        each_piece(&self.0, each);
        each_piece(&self.1, each);
    }
}

impl<S: FieldSource + ?Sized> FieldSource for &S {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        (**self).each(each);
    }

    fn each_known<'s>(&'s self, wanted: KnownFields, each: &mut dyn FnMut(KnownField, &'s [u8])) {
        (**self).each_known(wanted, each);
    }

    fn pieces(&self) -> Option<&dyn Pieces> {
        (**self).pieces()
    }

    fn at_most(&self) -> Option<(usize, usize)> {
        (**self).at_most()
    }
}

/// Encoded field lines; those in a [`Piece::Block`] have been validated.
#[derive(Clone, Copy)]
pub struct CheckedFields<'d>(&'d [u8]);

impl<'d> CheckedFields<'d> {
    /// Wraps encoded lines; those of a [`Piece::Block`] have been validated.
    pub(crate) fn new(lines: &'d [u8]) -> Self {
        Self(lines)
    }

    pub(crate) fn as_bytes(self) -> &'d [u8] {
        self.0
    }

    pub(crate) fn each_line(self, each: &mut dyn FnMut(Field<'d>)) {
        let mut rest = self.0;
        while let Some((field, after)) = first_line(rest) {
            each(field);
            rest = after;
        }
    }
}

impl FieldSource for CheckedFields<'_> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.each_line(each);
    }
}

/// Splits encoded lines into the first line and the rest; `None` if there is none.
///
/// A name contains no colon, and a value no CR.
pub(crate) fn first_line(lines: &[u8]) -> Option<(Field<'_>, &[u8])> {
    let colon = memchr::memchr(b':', lines)?;
    let end = colon + memchr::memchr(b'\r', &lines[colon..])?;
    let value = lines.get(colon + 2..end)?;
    Some((Field { name: &lines[..colon], value }, lines.get(end + 2..).unwrap_or_default()))
}
