//! The grammar of `Sec-WebSocket-Extensions` (RFC 6455, section 9.1).
//!
//! It is a list of `token *( ";" token [ "=" ( token / quoted-string ) ] )`.

use crate::wire::known::KnownField;
use crate::wire::scan;
use crate::wire::scan::class::{TOKEN_CLASS, is_tchar};
use crate::wire::source::FieldSource;
use crate::wire::syntax::is_ows;

/// One WebSocket extension with its parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extension<'a> {
    pub(crate) name: &'a [u8],
    /// The text of the parameters, each with a semicolon before it; it is well-formed.
    parameters: &'a [u8],
}

/// The name of an extension's parameter, and its value if it has one.
pub(crate) type Parameter<'a> = (&'a [u8], Option<Value<'a>>);

/// The value of an extension's parameter: a token, perhaps from a quoted string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a>(&'a [u8]);

impl<'a> Extension<'a> {
    pub(crate) fn is(&self, name: &[u8]) -> bool {
        self.name == name
    }

    pub(crate) fn parameters(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        let mut rest = Rest(self.parameters);
        core::iter::from_fn(move || rest.parameter().flatten())
    }
}

impl Value<'_> {
    /// Returns the bytes of the token, without the backslashes of a quoted string.
    pub(crate) fn bytes(&self) -> impl Iterator<Item = u8> {
        let mut rest = self.0.iter().copied();
        core::iter::from_fn(move || match rest.next()? {
            b'\\' => rest.next(),
            byte => Some(byte),
        })
    }
}

/// Calls `each` with the extensions of all `Sec-WebSocket-Extensions` lines.
///
/// Returns `None` if a line is malformed; extensions before that fault have then been passed to
/// `each`. RFC 6455, section 9.1.
pub(crate) fn extensions<'s>(
    fields: &'s dyn FieldSource,
    each: &mut dyn FnMut(Extension<'s>),
) -> Option<()> {
    let mut are_valid = Some(());
    fields.each_known(KnownField::WebSocketExtensions.bit(), &mut |_, value| {
        are_valid = are_valid.and_then(|()| parse(value, each));
    });
    are_valid
}

/// Calls `each` with the extensions in the value of one line.
///
/// Returns `None` if the value is malformed; `each` may have been called before that.
pub(crate) fn parse<'a>(value: &'a [u8], each: &mut dyn FnMut(Extension<'a>)) -> Option<()> {
    let mut rest = Rest(value);
    loop {
        // RFC 9110 5.6.1: empty list members are ignored.
        while rest.takes(b',') {}
        if rest.is_empty() {
            return Some(());
        }
        let name = rest.token()?;
        let from = rest.0;
        while rest.parameter()?.is_some() {}
        each(Extension { name, parameters: &from[..from.len() - rest.0.len()] });
        if !rest.is_empty() && !rest.takes(b',') {
            return None;
        }
    }
}

/// Returns whether a `Sec-WebSocket-Extensions` value is well-formed.
pub(crate) fn is_valid(value: &[u8]) -> bool {
    // The value that browsers send.
    value == b"permessage-deflate; client_max_window_bits" || parse(value, &mut |_| {}).is_some()
}

/// The part of a `Sec-WebSocket-Extensions` value that has not been parsed.
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

    /// Parses the next parameter of an extension.
    ///
    /// `Some(None)` if there is no further one; `None` if it is malformed.
    fn parameter(&mut self) -> Option<Option<Parameter<'a>>> {
        if !self.takes(b';') {
            return Some(None);
        }
        let name = self.token()?;
        let value = if self.takes(b'=') { Some(self.value()?) } else { None };
        Some(Some((name, value)))
    }

    /// Parses a parameter's value: a token, or a quoted string that contains one.
    ///
    /// RFC 6455, section 9.1. `None` if it is malformed.
    fn value(&mut self) -> Option<Value<'a>> {
        if !self.takes(b'"') {
            return self.token().map(Value);
        }
        let quoted = self.0;
        loop {
            match self.0 {
                [b'"', rest @ ..] => {
                    let value = Value(&quoted[..quoted.len() - self.0.len()]);
                    self.0 = rest;
                    let is_token = !value.0.is_empty() && value.bytes().all(is_tchar);
                    return is_token.then_some(value);
                }
                [b'\\', _, rest @ ..] | [_, rest @ ..] => self.0 = rest,
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
    use alloc::vec::Vec;

    fn shown(value: &str) -> Option<String> {
        let mut list = Vec::new();
        parse(value.as_bytes(), &mut |extension| list.push(extension))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let parameter = |(name, value): Parameter<'_>| match value {
            Some(value) => {
                format!("{}={}", text(name), text(&value.bytes().collect::<Vec<_>>()))
            }
            None => text(name),
        };
        let one = |extension: &Extension<'_>| {
            let parameters: Vec<_> = extension.parameters().map(parameter).collect();
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
