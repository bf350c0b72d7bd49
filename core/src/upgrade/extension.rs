//! The grammar of `Sec-WebSocket-Extensions` (RFC 6455, section 9.1).
//!
//! It is a list of `token *( ";" token [ "=" ( token / quoted-string ) ] )`.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::wire::known::KnownField;
use crate::wire::scan;
use crate::wire::scan::class::TOKEN_CLASS;
use crate::wire::source::FieldSource;
use crate::wire::syntax::{is_ows, is_token};

/// One extension with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extension<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) parameters: Vec<Parameter<'a>>,
}

/// The name and value of a parameter; a quoted value is stored unquoted.
pub(crate) type Parameter<'a> = (&'a [u8], Option<Cow<'a, [u8]>>);

impl Extension<'_> {
    pub(crate) fn is(&self, name: &[u8]) -> bool {
        self.name == name
    }
}

/// Returns the extensions of all field lines; `None` if a line is malformed.
///
/// RFC 6455, section 9.1.
pub(crate) fn extensions(fields: &dyn FieldSource) -> Option<Vec<Extension<'_>>> {
    let mut list = Some(Vec::new());
    fields.each_known(KnownField::WebSocketExtensions.bit(), &mut |_, value| {
        list = list.take().and_then(|list| parse(value, list));
    });
    list
}

/// Appends one line's extensions to `list`; `None` if the line is malformed.
pub(crate) fn parse<'a>(
    value: &'a [u8],
    mut list: Vec<Extension<'a>>,
) -> Option<Vec<Extension<'a>>> {
    walk(value, &mut |piece| match piece {
        Piece::Name(name) => list.push(Extension { name, parameters: Vec::new() }),
        Piece::Parameter(parameter) => {
            if let Some(extension) = list.last_mut() {
                extension.parameters.push(parameter);
            }
        }
    })?;
    Some(list)
}

/// Returns whether a `Sec-WebSocket-Extensions` value is well-formed.
pub(crate) fn is_valid(value: &[u8]) -> bool {
    // The value that browsers send.
    value == b"permessage-deflate; client_max_window_bits" || walk(value, &mut |_| {}).is_some()
}

/// A part of a `Sec-WebSocket-Extensions` value: an extension's name or parameter.
enum Piece<'a> {
    Name(&'a [u8]),
    /// A parameter of the extension named before it.
    Parameter(Parameter<'a>),
}

fn walk<'a>(value: &'a [u8], each: &mut impl FnMut(Piece<'a>)) -> Option<()> {
    let mut rest = Rest(value);
    loop {
        // RFC 9110 5.6.1: empty list members are ignored.
        while rest.takes(b',') {}
        if rest.is_empty() {
            return Some(());
        }
        each(Piece::Name(rest.token()?));
        while rest.takes(b';') {
            let name = rest.token()?;
            let value = if rest.takes(b'=') { Some(rest.value()?) } else { None };
            each(Piece::Parameter((name, value)));
        }
        if !rest.is_empty() && !rest.takes(b',') {
            return None;
        }
    }
}

/// The part of a field value that has not been parsed.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn skip_whitespace(&mut self) {
        while let [first, rest @ ..] = self.0
            && is_ows(*first)
        {
            self.0 = rest;
        }
    }

    fn is_empty(&mut self) -> bool {
        self.skip_whitespace();
        self.0.is_empty()
    }

    fn takes(&mut self, byte: u8) -> bool {
        self.skip_whitespace();
        let Some(rest) = self.0.strip_prefix(&[byte]) else { return false };
        self.0 = rest;
        true
    }

    fn token(&mut self) -> Option<&'a [u8]> {
        self.skip_whitespace();
        let (token, rest) = self.0.split_at(scan::run(&TOKEN_CLASS, self.0, 0));
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    /// Parses a parameter's value: a token, or a quoted string that contains one.
    ///
    /// RFC 6455, section 9.1.
    fn value(&mut self) -> Option<Cow<'a, [u8]>> {
        if !self.takes(b'"') {
            return self.token().map(Cow::Borrowed);
        }
        let mut value = Vec::new();
        loop {
            match self.0 {
                [b'"', rest @ ..] => {
                    self.0 = rest;
                    return is_token(&value).then_some(Cow::Owned(value));
                }
                [b'\\', byte, rest @ ..] | [byte, rest @ ..] => {
                    value.push(*byte);
                    self.0 = rest;
                }
                [] => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    fn shown(value: &str) -> Option<String> {
        let list = parse(value.as_bytes(), Vec::new())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let parameter = |(name, value): &Parameter<'_>| match value {
            Some(value) => format!("{}={}", text(name), text(value)),
            None => text(name),
        };
        let one = |extension: &Extension<'_>| {
            let parameters: Vec<_> = extension.parameters.iter().map(parameter).collect();
            format!("{}({})", text(extension.name), parameters.join(" "))
        };
        Some(list.iter().map(one).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn lists() {
        for (value, wanted) in [
            ("", ""),
            (" , ,", ""),
            ("a", "a()"),
            ("a,b;c", "a() b(c)"),
            ("a ; b = c;d=\"e\" ,, f", "a(b=c d=e) f()"),
            ("a;b=\"\\c\"", "a(b=c)"),
        ] {
            assert_eq!(shown(value).as_deref(), Some(wanted), "{value}");
        }
        for bad in [
            "a b",
            ";",
            "a;",
            "a;=b",
            "a;b=",
            "a;b=\"",
            "a;b=\"\"",
            "a;b=\"c d\"",
            "a;b=\"c\"d",
            "a=b",
            "a;\"b\"",
        ] {
            assert_eq!(shown(bad), None, "{bad}");
        }
    }
}
