//! Decoder of call arguments: strings and lists packed into one byte slice.
//!
//! Each string is preceded by its length in bytes, each list by its number of items. Both are
//! 32-bit integers, least significant byte first.

use std::borrow::Cow;

use switchover::Field;

pub(crate) struct ArgReader<'a> {
    rest: &'a [u8],
}

impl<'a> ArgReader<'a> {
    pub(crate) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    fn number(&mut self) -> usize {
        match self.rest.split_first_chunk() {
            Some((number, rest)) => {
                self.rest = rest;
                u32::from_le_bytes(*number) as usize
            }
            None => 0,
        }
    }

    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let len = self.number().min(self.rest.len());
        let (bytes, rest) = self.rest.split_at(len);
        self.rest = rest;
        bytes
    }

    /// Reads a string in which each byte is one character (Latin-1).
    ///
    /// `js/engine/args.ts` encodes it so.
    #[inline(never)]
    pub(crate) fn text(&mut self) -> Cow<'a, str> {
        let bytes = self.bytes();
        match str::from_utf8(bytes) {
            Ok(text) if bytes.is_ascii() => Cow::Borrowed(text),
            _ => bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into(),
        }
    }

    #[inline(never)]
    pub(crate) fn texts(&mut self) -> Vec<Cow<'a, str>> {
        (0..self.number()).map(|_| self.text()).collect()
    }

    #[inline(never)]
    pub(crate) fn fields(&mut self) -> Vec<Field<'a>> {
        (0..self.number()).map(|_| Field { name: self.bytes(), value: self.bytes() }).collect()
    }
}

/// Borrows a list of strings as the `&str` list that the core expects.
pub(crate) fn borrowed<'a>(texts: &'a [Cow<'_, str>]) -> Vec<&'a str> {
    texts.iter().map(AsRef::as_ref).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(parts: &[&[u8]]) -> Vec<u8> {
        parts.iter().flat_map(|part| [&(part.len() as u32).to_le_bytes(), *part].concat()).collect()
    }

    #[test]
    fn a_character_is_an_byte() {
        let bytes = args(&[b"GET", b"\xe9"]);
        let mut args = ArgReader::new(&bytes);
        assert_eq!(args.text(), "GET");
        assert_eq!(args.text(), "\u{e9}");
        assert_eq!(args.text(), "");
    }

    #[test]
    fn what_is_cut_short_is_not_read_beyond() {
        let mut whole = 2u32.to_le_bytes().to_vec();
        whole.extend(args(&[b"a", b"b", b"c", b"d"]));
        let fields = ArgReader::new(&whole).fields();
        assert_eq!(
            fields.iter().map(|field| (field.name, field.value)).collect::<Vec<_>>(),
            [(&b"a"[..], &b"b"[..]), (b"c", b"d"),]
        );
        for end in 4..whole.len() {
            assert_eq!(ArgReader::new(&whole[..end]).fields().len(), 2);
        }
    }
}
