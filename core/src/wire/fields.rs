//! Ordered field lines: lookup by name, lists, and connection options.
//!
//! RFC 9110, section 5.6.1.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::wire::known::{Known, KnownField};
use crate::wire::syntax::{decimal, trim};

/// A byte range of a head or trailer section, counted from its first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    #[inline]
    pub(crate) fn new(start: usize, end: usize) -> Self {
        // A u32 limit bounds the length of a head, so the casts lose nothing.
        Self { start: start as u32, end: end as u32 }
    }

    #[inline]
    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FieldSpan {
    pub(crate) name: Span,
    pub(crate) value: Span,
}

/// A field line: its name as sent, its value without surrounding whitespace.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Field<'a> {
    /// The name, in the sender's spelling; compare it without regard to case.
    pub name: &'a [u8],
    /// The value, with nothing decoded (RFC 9110, section 5.5).
    ///
    /// The field's definition says what bytes above 0x7f mean. Spaces replace a received obs-fold.
    pub value: &'a [u8],
}

impl<'a> Field<'a> {
    /// The names for which [`is_secret`](Self::is_secret) is true, in lower case.
    pub(crate) const SECRETS: [&'static str; 4] =
        ["authorization", "proxy-authorization", "cookie", "set-cookie"];

    /// Returns whether the field's name is `name`, ignoring case.
    ///
    /// RFC 9110, section 5.1.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Returns whether the field commonly holds a credential, which must not be logged.
    ///
    /// These fields are `Authorization`, `Proxy-Authorization`, `Cookie` and `Set-Cookie`. `Debug`
    /// redacts their values, here and in heads, trailers and a [`Block`](crate::Block).
    pub fn is_secret(&self) -> bool {
        Self::SECRETS.iter().any(|name| self.is(name))
    }
}

/// Shows the field as text, with a secret value redacted.
impl core::fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Field")
            .field(&String::from_utf8_lossy(self.name))
            .field(&self.shown_value())
            .finish()
    }
}

impl Field<'_> {
    fn shown_value(&self) -> Cow<'_, str> {
        if self.is_secret() { "…".into() } else { String::from_utf8_lossy(self.value) }
    }
}

impl<'a> From<(&'a str, &'a str)> for Field<'a> {
    fn from((name, value): (&'a str, &'a str)) -> Self {
        Self { name: name.as_bytes(), value: value.as_bytes() }
    }
}

/// The field lines of a received head or trailer section.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) spans: &'a [FieldSpan],
    pub(super) known: &'a Known,
}

impl<'a> Fields<'a> {
    pub(crate) const NONE: Self = Self { bytes: &[], spans: &[], known: &Known::NONE };

    #[inline]
    pub(crate) fn new(bytes: &'a [u8], spans: &'a [FieldSpan], known: &'a Known) -> Self {
        Self { bytes, spans, known }
    }

    /// Returns one slice that contains every name and value.
    ///
    /// So all of them can be copied at once.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the number of field lines.
    #[inline]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Returns whether there are no field lines.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Returns the field line at `index`, counted from 0; `None` if there are fewer.
    #[inline]
    pub fn at(&self, index: usize) -> Option<Field<'a>> {
        self.spans.get(index).map(|span| self.view(span))
    }

    /// Returns an iterator over all field lines in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Field<'a>> + Clone + use<'a> {
        let fields = *self;
        self.spans.iter().map(move |span| fields.view(span))
    }

    #[inline]
    pub(crate) fn spans(
        &self,
    ) -> (&'a [u8], impl ExactSizeIterator<Item = [u32; 4]> + Clone + use<'a>) {
        (
            self.bytes,
            self.spans
                .iter()
                .map(|span| [span.name.start, span.name.end, span.value.start, span.value.end]),
        )
    }

    /// Returns the value of the first field line of that name, if there is one.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// Returns the index of the first line of a known field; `None` if there is none.
    ///
    /// The parser has recorded the index, so no line is searched.
    pub(crate) fn index_of(&self, field: KnownField) -> Option<usize> {
        self.known.first(field)
    }

    /// Returns the lines of a known field, without a search for the first.
    #[inline]
    pub(crate) fn known(
        &self,
        known: KnownField,
    ) -> impl Iterator<Item = &'a FieldSpan> + Clone + use<'a> {
        let bytes = self.bytes;
        let again = self.known.repeated & known.bit() != 0;
        let lines =
            self.known.first(known).and_then(|first| self.spans.get(first..)).unwrap_or_default();
        let lines = if again { lines } else { lines.get(..1).unwrap_or_default() };
        lines
            .iter()
            .filter(move |span| !again || KnownField::recognise(span.name.of(bytes)) == Some(known))
    }

    /// Returns the values of all field lines of that name, in order.
    pub fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.iter().filter(move |field| field.is(name)).map(|field| field.value)
    }

    /// Returns the members of a list field, from all of its field lines.
    ///
    /// The members are trimmed, and empty ones are left out (RFC 9110, section 5.6.1).
    ///
    /// A comma inside a quoted string splits too.
    pub fn list<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.all(name).flat_map(members)
    }

    #[inline]
    fn view(&self, span: &FieldSpan) -> Field<'a> {
        Field { name: span.name.of(self.bytes), value: span.value.of(self.bytes) }
    }
}

impl core::fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let lines = self.iter().map(|field| (String::from_utf8_lossy(field.name), field));
        f.debug_map()
            .entries(lines.map(|(name, field)| (name, String::from(field.shown_value()))))
            .finish()
    }
}

/// Returns the members of one list value, trimmed, without empty ones.
pub(crate) fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    Commas { rest: Some(value) }.map(trim).filter(|member| !member.is_empty())
}

#[derive(Clone)]
struct Commas<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Commas<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        // Most lists are a word or two, for which a call of memchr would cost more.
        let comma = match rest.len() {
            0..32 => rest.iter().position(|&byte| byte == b','),
            _ => memchr::memchr(b',', rest),
        };
        match comma {
            Some(comma) => {
                self.rest = Some(&rest[comma + 1..]);
                Some(&rest[..comma])
            }
            None => {
                self.rest = None;
                Some(rest)
            }
        }
    }
}

/// Returns the one number that a `Content-Length` value repeats, as text and value.
///
/// For `3, 03` they are `3` and 3. Empty members are ignored. `None` if there is no number, or the
/// members differ. RFC 9110, section 8.6.
pub(crate) fn one_length(value: &[u8]) -> Option<(&[u8], u64)> {
    let mut lengths = members(value);
    let length = lengths.next()?;
    let number = decimal(length)?;
    lengths.all(|other| decimal(other) == Some(number)).then_some((length, number))
}

/// A filter that unites repeated `Content-Length` lines of one message.
///
/// RFC 9110, section 8.6.
#[derive(Debug, Default)]
pub struct LengthUnifier(Option<u64>);

impl LengthUnifier {
    /// Returns the field line to pass on; `None` for a repeated `Content-Length`.
    ///
    /// A line is repeated if its number is that of the `Content-Length` before. An empty value
    /// counts as repeated, too. A list of equal numbers becomes one number. Other fields and
    /// invalid values are returned unchanged.
    #[inline]
    pub fn unify<'a>(&mut self, field: Field<'a>) -> Option<Field<'a>> {
        if !field.is("Content-Length") {
            return Some(field);
        }
        // Beside another line, an empty one is an empty member of their list.
        members(field.value).next()?;
        let Some((value, number)) = one_length(field.value) else { return Some(field) };
        (self.0.replace(number) != Some(number)).then_some(Field { value, ..field })
    }
}

/// The connection options that this engine acts on (RFC 9110, section 7.6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    pub(crate) upgrade: bool,
    pub(crate) http2_settings: bool,
}

impl Options {
    /// Adds the connection options of one `Connection` field line.
    #[inline]
    pub(crate) fn add(&mut self, value: &[u8]) {
        // The usual values of browsers, libraries and proxies are compared as a whole.
        match value {
            b"keep-alive" | b"Keep-Alive" => self.keep_alive = true,
            b"close" => self.close = true,
            b"Upgrade" | b"upgrade" => self.upgrade = true,
            b"Upgrade, HTTP2-Settings" => (self.upgrade, self.http2_settings) = (true, true),
            b"keep-alive, Upgrade" | b"Keep-Alive, Upgrade" => {
                (self.keep_alive, self.upgrade) = (true, true)
            }
            _ => self.add_list(value),
        }
    }

    #[inline(never)]
    fn add_list(&mut self, value: &[u8]) {
        for option in members(value) {
            match option.len() {
                5 => self.close |= option.eq_ignore_ascii_case(b"close"),
                7 => self.upgrade |= option.eq_ignore_ascii_case(b"upgrade"),
                10 => self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive"),
                14 => self.http2_settings |= option.eq_ignore_ascii_case(b"http2-settings"),
                _ => {}
            }
        }
    }

    /// Returns whether the connection persists (RFC 9112, section 9.3).
    ///
    /// It does not with `close`; otherwise it does in HTTP/1.1, and in HTTP/1.0 with `keep-alive`.
    pub(crate) fn persist(self, minor: u8) -> bool {
        !self.close && (minor > 0 || self.keep_alive)
    }
}

/// Returns whether `Expect` lists `100-continue` (RFC 9110, section 10.1.1).
pub(crate) fn expects_continue(value: &[u8]) -> bool {
    members(value).any(|expectation| expectation.eq_ignore_ascii_case(b"100-continue"))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn lists_skip_empty_members_and_whitespace() {
        let got: Vec<_> = members(b" ,a , b c,\t,d,").collect();
        assert_eq!(got, [&b"a"[..], b"b c", b"d"]);
        assert_eq!(members(b"").count(), 0);
    }

    #[test]
    fn options_that_are_compared_whole_are_those_of_the_list() {
        let options = ["keep-alive", "close", "upgrade", "http2-settings", "te", ""];
        for (first, second) in
            options.iter().flat_map(|first| options.iter().map(move |second| (first, second)))
        {
            for separator in [", ", ","] {
                let lower = [*first, separator, *second].concat();
                let capital =
                    |word: &str| word.split('-').map(capitalised).collect::<Vec<_>>().join("-");
                let capitals = [capital(first), separator.into(), capital(second)].concat();
                let mixed =
                    lower.replace("upgrade", "Upgrade").replace("http2-settings", "HTTP2-Settings");
                for value in [lower, capitals, mixed, (*first).into(), capital(first)] {
                    let (mut whole, mut list) = (Options::default(), Options::default());
                    whole.add(value.as_bytes());
                    list.add_list(value.as_bytes());
                    assert_eq!(whole, list, "{value:?}");
                }
            }
        }
    }

    fn capitalised(word: &str) -> alloc::string::String {
        word.chars()
            .enumerate()
            .map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c })
            .collect()
    }

    #[test]
    fn options_and_persistence() {
        let of = |value: &[u8]| {
            let mut options = Options::default();
            options.add(value);
            options
        };
        assert!(of(b"keep-alive").persist(0) && !of(b"").persist(0));
        assert!(of(b"").persist(1) && !of(b"x, Close ,y").persist(1));
        assert!(!of(b"close, keep-alive").persist(0));
        assert!(of(b"foo,,UPGRADE").upgrade && !of(b"upgrade-insecure-requests").upgrade);
    }
}
