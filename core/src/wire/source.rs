//! The sources that field lines are written from.

use crate::wire::fields::{Field, Fields};
use crate::wire::known::{KnownField, KnownFields};

/// A piece of a field source, for the encoder.
pub enum Piece<'a> {
    /// A line that is to be checked.
    Line(Field<'a>),
    /// A line whose bytes were checked by the type that it comes from.
    ///
    /// Its meaning was not checked.
    #[cfg(feature = "http")]
    Sound(Field<'a>),
    /// The lines of a [`Block`](crate::Block).
    ///
    /// An error counts them as one.
    Block(CheckedFields<'a>),
}

/// A [`FieldSource`] that has other pieces than lines that are to be checked.
pub trait Pieces {
    /// Calls `each` with every piece in order.
    fn each_piece<'s>(&'s self, each: &mut dyn FnMut(Piece<'s>));
}

/// Calls `each` with the pieces of any source: its lines, or larger pieces.
pub(crate) fn each_piece<'s>(source: &'s dyn FieldSource, each: &mut dyn FnMut(Piece<'s>)) {
    match source.pieces() {
        Some(pieces) => pieces.each_piece(each),
        None => source.each(&mut |field| each(Piece::Line(field))),
    }
}

/// A source of field lines, from which a head or trailer section is written.
///
/// Implemented for slices and arrays of [`Field`] and of name and value pairs, and for the
/// [`Fields`] of a received message. Also for a [`Block`](crate::Block) that was checked before,
/// for two of them as a pair, and for `()`. `&()` is none, where `&[]` would not say of what.
///
/// An implementation gives the same lines every time. The engine checks them as it writes them, in
/// one walk; the rules of an offered protocol, and [`Config::tidy`](crate::Config::tidy), ask
/// again.
pub trait FieldSource {
    /// Calls `each` with every field line in order.
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>));

    /// Calls `each` with the values of some known fields.
    ///
    /// The lines of one field come in their order.
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

    /// Returns the same lines in larger pieces, if there are any.
    #[doc(hidden)]
    fn pieces(&self) -> Option<&dyn Pieces> {
        None
    }

    /// Returns an upper bound of lines and their bytes, if one is known.
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

    /// Looks only at the lines that were found when the head was parsed.
    fn each_known<'s>(&'s self, wanted: KnownFields, each: &mut dyn FnMut(KnownField, &'s [u8])) {
        let mut rest = wanted & self.known.seen;
        while rest != 0 {
            let known = KnownField::ALL[rest.trailing_zeros() as usize];
            rest &= rest - 1;
            self.known(known).for_each(|span| each(known, span.value.of(self.bytes)));
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

/// The lines of the first source, then those of the second.
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

/// Field lines that have been checked, in the form in which they are sent.
#[derive(Clone, Copy)]
pub struct CheckedFields<'d>(&'d [u8]);

impl<'d> CheckedFields<'d> {
    /// Wraps lines that the encoder has written and checked.
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

/// Splits written lines into the first and the others.
///
/// A name has no colon, and a value no CR.
pub(crate) fn first_line(lines: &[u8]) -> Option<(Field<'_>, &[u8])> {
    let colon = memchr::memchr(b':', lines)?;
    let end = colon + memchr::memchr(b'\r', &lines[colon..])?;
    let value = lines.get(colon + 2..end)?;
    Some((Field { name: &lines[..colon], value }, lines.get(end + 2..).unwrap_or_default()))
}
