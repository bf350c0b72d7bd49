//! The variables in the target of a proxying request.
//!
//! RFC 9298, section 3; RFC 9484, section 4.6.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::ErrorKind;
use crate::wire::memory;
use crate::wire::syntax::{Port, after_authority, is_authority};

/// The destination of a `connect-udp` request (RFC 9298, section 3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UdpTarget {
    /// A host name or an IP address; an IPv6 address has no brackets.
    pub host: String,
    /// The UDP port, from 1 to 65535.
    pub port: u16,
}

/// The destination of a `connect-ip` request (RFC 9484, section 4.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IpTarget {
    /// A host name, an address or a prefix such as `192.0.2.0/24`.
    ///
    /// `None` stands for `*`, any.
    pub target: Option<String>,
    /// The Internet Protocol number; `None` stands for `*`, any.
    pub protocol: Option<u8>,
}

impl UdpTarget {
    /// The path of the default URI template for `connect-udp`.
    ///
    /// RFC 9298, section 2, puts a scheme and an authority before it.
    pub const TEMPLATE: &str = "/.well-known/masque/udp/{target_host}/{target_port}/";

    /// Parses the variables `target_host` and `target_port` of a request target.
    ///
    /// RFC 9298, section 3.1.
    ///
    /// Returns `None` if the target does not match the template, or if a variable is invalid; then
    /// respond with 400. A template may have `{name}` and `{?name,name}`; with any other
    /// expression, no target matches.
    pub fn parse(template: &str, target: &str) -> Option<Self> {
        memory::or_end(Self::try_parse(template, target))
    }

    /// Parses a request target like [`parse`](Self::parse).
    ///
    /// The inner result is that of `parse`.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn try_parse(template: &str, target: &str) -> Result<Option<Self>, ErrorKind> {
        let values = decoded(variables(template, target, ["target_host", "target_port"]))?;
        Ok(values.and_then(|[host, port]| {
            let port = number(&port).filter(|&port: &u16| port > 0)?;
            is_host(&host).then_some(Self { host, port })
        }))
    }
}

impl IpTarget {
    /// The path of the default URI template for `connect-ip`.
    ///
    /// RFC 9484, section 3, puts a scheme and an authority before it.
    pub const TEMPLATE: &str = "/.well-known/masque/ip/{target}/{ipproto}/";

    /// Parses the variables `target` and `ipproto` of a request target.
    ///
    /// RFC 9484, section 4.6.
    ///
    /// Returns `None` if the target does not match the template, or if a variable is invalid; then
    /// respond with 400. A template may have `{name}` and `{?name,name}`; with any other
    /// expression, no target matches.
    pub fn parse(template: &str, target: &str) -> Option<Self> {
        memory::or_end(Self::try_parse(template, target))
    }

    /// Parses a request target like [`parse`](Self::parse).
    ///
    /// The inner result is that of `parse`.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn try_parse(template: &str, target: &str) -> Result<Option<Self>, ErrorKind> {
        let values = decoded(variables(template, target, ["target", "ipproto"]))?;
        Ok(values.and_then(|[target, protocol]| {
            let protocol = match protocol.as_str() {
                "*" => None,
                digits => Some(number(digits)?),
            };
            let target = Some(target).filter(|target| target != "*");
            let is_valid = target
                .as_deref()
                .is_none_or(|target| is_prefix(target).unwrap_or_else(|| is_host(target)));
            is_valid.then_some(Self { target, protocol })
        }))
    }
}

/// Returns whether `host` is an IP address, or a host name as in RFC 3986.
///
/// An IPv6 address has no brackets, and there is no port.
///
/// A name must not contain a percent sign, because it has been decoded.
fn is_host(host: &str) -> bool {
    let is_name =
        || !host.contains([':', '[', '%']) && is_authority(host.as_bytes(), Port::Optional);
    !host.is_empty() && (is_name() || host.parse::<core::net::Ipv6Addr>().is_ok())
}

/// Parses a decimal number without leading zeros.
///
/// `None` if it is malformed, or too large for its type.
fn number<N: core::str::FromStr>(digits: &str) -> Option<N> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    is_plain.then(|| digits.parse().ok())?
}

/// Returns whether `target` is a valid IP prefix; `None` if it has no slash.
///
/// It has the form `address/length`. RFC 9484, section 4.6: all bits after the prefix must be 0.
fn is_prefix(target: &str) -> Option<bool> {
    let (address, length) = target.split_once('/')?;
    let length: u32 = number(length).unwrap_or(u32::MAX);
    Some(match address.parse() {
        Ok(core::net::IpAddr::V4(address)) => {
            length <= 32 && u64::from(address.to_bits()) & ((1 << (32 - length)) - 1) == 0
        }
        Ok(core::net::IpAddr::V6(address)) => {
            length <= 128
                && address.to_bits() & 1u128.checked_shl(128 - length).unwrap_or(0).wrapping_sub(1)
                    == 0
        }
        Err(_) => false,
    })
}

/// Returns the values of a template's variables, in the order of `names`.
///
/// They are not decoded. `None` if the target does not match the template.
///
/// The template may have expressions of the forms `{name}` and `{?name,name}` (RFC 6570, section
/// 1.2). The examples of RFC 9298 and RFC 9484 have no others. Each variable must occur exactly
/// once, and no other variable.
fn variables<'a, const N: usize>(
    template: &str,
    target: &'a str,
    names: [&str; N],
) -> Option<[&'a str; N]> {
    let mut values = [None; N];
    let (mut template, mut rest) =
        (template, core::str::from_utf8(after_authority(target.as_bytes())).ok()?);
    while let Some((literal, opened)) = template.split_once('{') {
        let (expression, after) = opened.split_once('}')?;
        rest = rest.strip_prefix(literal)?;
        // The value ends at the next character of the template, or at the query that `{?` begins.
        let end = if after.starts_with("{?") { Some('?') } else { after.chars().next() };
        match expression.strip_prefix('?') {
            None => rest = take_value(expression, rest, end, &names, &mut values)?,
            Some(list) => {
                for (index, name) in list.split(',').enumerate() {
                    rest = rest
                        .strip_prefix(if index == 0 { '?' } else { '&' })?
                        .strip_prefix(name)?
                        .strip_prefix('=')?;
                    rest = take_value(name, rest, Some('&'), &names, &mut values)?;
                }
            }
        }
        template = after;
    }
    let is_complete = rest == template && values.iter().all(Option::is_some);
    is_complete.then(|| values.map(Option::unwrap_or_default))
}

/// Stores the value of the variable `name`, with which `rest` begins.
///
/// The value extends to the first `end`, or to the end of `rest`. Returns the text after it; `None`
/// if the variable is unknown or repeated.
fn take_value<'a>(
    name: &str,
    rest: &'a str,
    end: Option<char>,
    names: &[&str],
    values: &mut [Option<&'a str>],
) -> Option<&'a str> {
    let len = end.and_then(|end| rest.find(end)).unwrap_or(rest.len());
    let place = names.iter().position(|wanted| *wanted == name)?;
    let (value, rest) = rest.split_at_checked(len)?;
    values.get_mut(place)?.replace(value).is_none().then_some(rest)
}

/// Decodes the percent-encoded values of variables.
///
/// `None` if `values` is `None`, or if a value is malformed.
///
/// # Errors
///
/// `OutOfMemory`.
fn decoded<const N: usize>(values: Option<[&str; N]>) -> Result<Option<[String; N]>, ErrorKind> {
    let mut texts = [const { String::new() }; N];
    let Some(values) = values else { return Ok(None) };
    for (value, text) in values.into_iter().zip(&mut texts) {
        // Decoded it is no longer.
        let mut bytes = Vec::new();
        memory::fit(&mut bytes, value.len())?;
        match decode(value, bytes) {
            Some(decoded) => *text = decoded,
            None => return Ok(None),
        }
    }
    Ok(Some(texts))
}

/// Decodes the value of a variable into the empty `bytes`; returns it as text.
///
/// RFC 6570, section 3.2.2. `None` unless all characters are unreserved or percent-encoded, and the
/// result is UTF-8. A bare `*` is permitted too, which RFC 9484, section 4.6 uses for any.
fn decode(value: &str, mut bytes: Vec<u8>) -> Option<String> {
    let mut rest = value.as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [b'%', high, low, rest @ ..] => {
                let digit = |byte: u8| (byte as char).to_digit(16);
                bytes.push((digit(*high)? * 16 + digit(*low)?) as u8);
                rest
            }
            [byte, rest @ ..] if byte.is_ascii_alphanumeric() || b"-._~*".contains(byte) => {
                bytes.push(*byte);
                rest
            }
            _ => return None,
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    fn udp(template: &str, target: &str) -> Option<String> {
        UdpTarget::parse(template, target).map(|UdpTarget { host, port }| format!("{host} {port}"))
    }

    /// A UDP target has a valid host and port (requirement R9298-3.1-1).
    #[test]
    fn udp_targets() {
        let default =
            |rest: &str| udp(UdpTarget::TEMPLATE, &format!("/.well-known/masque/udp/{rest}"));
        assert_eq!(default("192.0.2.6/443/").as_deref(), Some("192.0.2.6 443"));
        assert_eq!(default("2001%3Adb8%3A%3A42/443/").as_deref(), Some("2001:db8::42 443"));
        assert_eq!(default("a%2Eexample/65535/").as_deref(), Some("a.example 65535"));
        for bad in [
            "/443/",
            "a/0/",
            "a/65536/",
            "a/+1/",
            "a//",
            "a/x/",
            "a/443",
            "a/443/x",
            "a/b/443/",
            "2001:db8::42/443/",
            "%5B%3A%3A1%5D/443/",
            "1%3A2/443/",
            "a%0/443/",
            "a%00/443/",
            "a%FF/443/",
            "a%20b/443/",
            "a%40b/443/",
            "a%23b/443/",
            "a%5Cb/443/",
            "a%25b/443/",
            "%C3%A9/443/",
            "a/0443/",
        ] {
            assert_eq!(default(bad), None, "{bad}");
        }
    }

    #[test]
    fn templates() {
        for (template, target, wanted) in [
            ("/p?h={target_host}&p={target_port}", "/p?h=a&p=1", Some("a 1")),
            ("/p{?target_host,target_port}", "/p?target_host=a&target_port=1", Some("a 1")),
            (
                "/p{?target_host,target_port}",
                "https://proxy/p?target_host=a&target_port=1",
                Some("a 1"),
            ),
            ("/p{?target_host,target_port}", "/p?target_host=a", None),
            ("/p{?target_host,target_port}", "/p?target_port=1&target_host=a", None),
            ("/{target_host}", "/a", None),
            ("/x/{target_host}{?target_port}", "/x/a?target_port=1", Some("a 1")),
            ("/{target_host}/{target_port}/{target_host}", "/a/1/a", None),
            ("/{target_host}/{target_port}/{other}", "/a/1/c", None),
            ("/{target_host", "/a", None),
        ] {
            assert_eq!(udp(template, target).as_deref(), wanted, "{template} {target}");
        }
    }

    /// The variables of an IP target are validated (requirement R9484-4.1-1).
    #[test]
    fn ip_targets() {
        let parse = |rest: &str| {
            IpTarget::parse(IpTarget::TEMPLATE, &format!("/.well-known/masque/ip/{rest}"))
        };
        let both = |target: Option<&str>, protocol| {
            Some(IpTarget { target: target.map(|t| t.to_string()), protocol })
        };
        assert_eq!(parse("*/*/"), both(None, None));
        assert_eq!(parse("%2A/17/"), both(None, Some(17)));
        assert_eq!(parse("a.example/*/"), both(Some("a.example"), None));
        assert_eq!(parse("192.0.2.0%2F24/6/"), both(Some("192.0.2.0/24"), Some(6)));
        assert_eq!(parse("2001%3Adb8%3A%3A%2F32/*/"), both(Some("2001:db8::/32"), None));
        assert_eq!(parse("0.0.0.0%2F0/*/"), both(Some("0.0.0.0/0"), None));
        assert_eq!(parse("%3A%3A%2F0/*/"), both(Some("::/0"), None));
        for bad in [
            "/*/",
            "*/256/",
            "*/+6/",
            "*//",
            "192.0.2.1%2F24/6/",
            "192.0.2.0%2F33/6/",
            "2001%3Adb8%3A%3A1%2F32/*/",
            "%3A%3A1%2F0/*/",
            "a%2F24/6/",
            "192.0.2.0%2F/6/",
            "192.0.2.0%2F024/6/",
            "*/06/",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
