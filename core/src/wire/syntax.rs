//! Small grammars of RFC 9110 and RFC 9112: tokens, numbers, authorities, targets.

use crate::wire::scan;
use crate::wire::scan::class::{HOST_CLASS, TARGET_CLASS, is_host_byte, is_tchar};

pub(crate) fn is_token(bytes: &[u8]) -> bool {
    // No branch for each byte, because nearly all input is a token.
    !bytes.is_empty() && bytes.iter().fold(true, |all, &byte| all & is_tchar(byte))
}

pub(crate) fn is_target(bytes: &[u8]) -> bool {
    !bytes.is_empty() && scan::run(&TARGET_CLASS, bytes, 0) == bytes.len()
}

pub(crate) fn is_value(bytes: &[u8]) -> bool {
    !scan::has_control(bytes)
}

/// Removes whitespace around a value or a list member (RFC 9110, section 5.6.3).
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let Some(first) = bytes.iter().position(|&byte| !is_ows(byte)) else { return &[] };
    let last = bytes.iter().rposition(|&byte| !is_ows(byte)).unwrap_or(first);
    &bytes[first..=last]
}

pub(crate) fn is_ows(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Parses `1*DIGIT` (RFC 9110, section 8.6).
///
/// `None` for anything else, and for numbers that do not fit in 64 bits.
pub(crate) fn decimal(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0u64, |number, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// The rule for the port of an authority.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// The port may be missing or empty, and is at most 65535, as in Host.
    Optional,
    /// The port is required, from 1 to 65535, as in CONNECT (RFC 9110, section 9.3.6).
    Required,
}

/// Returns whether `digits` is a number from 0 to 65535.
pub(crate) fn is_port(digits: &[u8]) -> bool {
    decimal(digits).is_some_and(|port| port <= 65_535)
}

/// Checks `uri-host [ ":" port ]` without userinfo (RFC 9110, section 7.2).
///
/// `Port::Optional` also permits an empty host.
pub(crate) fn is_authority(bytes: &[u8], port: Port) -> bool {
    // Most hosts are names without percent-encoding.
    let plain = scan::run(&HOST_CLASS, bytes, 0);
    let (host, rest) = match bytes {
        _ if plain == bytes.len() => (bytes, &bytes[plain..]),
        _ if bytes[plain] == b':' => bytes.split_at(plain),
        [b'[', ..] => match bytes.iter().position(|&byte| byte == b']') {
            Some(end) => (&bytes[..=end], &bytes[end + 1..]),
            None => return false,
        },
        _ => bytes.split_at(bytes.iter().position(|&byte| byte == b':').unwrap_or(bytes.len())),
    };
    let host_is_valid = match host {
        _ if host.len() == plain => true,
        [b'[', literal @ .., b']'] => is_ip_literal(literal),
        name => is_reg_name(name),
    };
    let port_is_valid = match (rest, port) {
        ([], Port::Optional) => true,
        ([b':', digits @ ..], Port::Optional) => digits.is_empty() || is_port(digits),
        ([b':', digits @ ..], Port::Required) => {
            is_port(digits) && decimal(digits) != Some(0) && !host.is_empty()
        }
        _ => false,
    };
    host_is_valid && port_is_valid
}

fn is_ip_literal(literal: &[u8]) -> bool {
    match literal {
        // IPvFuture: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ).
        [b'v' | b'V', rest @ ..] => {
            let Some(dot) = rest.iter().position(|&byte| byte == b'.') else { return false };
            let (version, address) = (&rest[..dot], &rest[dot + 1..]);
            !version.is_empty()
                && version.iter().all(u8::is_ascii_hexdigit)
                && !address.is_empty()
                && address.iter().all(|&byte| byte == b':' || is_host_byte(byte))
        }
        _ => core::str::from_utf8(literal)
            .is_ok_and(|text| text.parse::<core::net::Ipv6Addr>().is_ok()),
    }
}

fn is_reg_name(name: &[u8]) -> bool {
    let mut rest = name;
    loop {
        rest = match rest {
            [] => return true,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest
            }
            [byte, rest @ ..] if is_host_byte(*byte) => rest,
            _ => return false,
        }
    }
}

/// The form of a request target (RFC 9112, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetForm {
    /// A path, perhaps with a query, such as `/where?q=now`.
    Origin,
    /// A URI, such as `http://www.example.org/where`.
    Absolute,
    /// Host and port, such as `www.example.com:80`; only with CONNECT.
    Authority,
    /// `*`; only with OPTIONS.
    Asterisk,
}

/// The reason why a target is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetFault {
    Form,
    Authority,
}

/// Returns the form of `target`, or an error if none is valid with `method`.
pub(crate) fn target_form(method: &[u8], target: &[u8]) -> Result<TargetForm, TargetFault> {
    if method == b"CONNECT" {
        return match is_authority(target, Port::Required) {
            true => Ok(TargetForm::Authority),
            false => Err(TargetFault::Authority),
        };
    }
    match target {
        [b'/', ..] => Ok(TargetForm::Origin),
        b"*" if method == b"OPTIONS" => Ok(TargetForm::Asterisk),
        _ => absolute_form(target),
    }
}

fn absolute_form(target: &[u8]) -> Result<TargetForm, TargetFault> {
    let colon = target.iter().position(|&byte| byte == b':').ok_or(TargetFault::Form)?;
    let (scheme, rest) = (&target[..colon], &target[colon + 1..]);
    let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if !is_scheme {
        return Err(TargetFault::Form);
    }
    if !scheme.eq_ignore_ascii_case(b"http") && !scheme.eq_ignore_ascii_case(b"https") {
        // "host:port" outside CONNECT parses as a scheme, but lacks the slash of a hierarchical
        // URI.
        return match rest.strip_prefix(b"//") {
            Some(after) if !is_authority_with_userinfo(until_path(after)) => {
                Err(TargetFault::Authority)
            }
            None if !rest.starts_with(b"/") => Err(TargetFault::Form),
            _ => Ok(TargetForm::Absolute),
        };
    }
    // RFC 9110 4.2: an http URI has a non-empty host, and userinfo from a peer is an error.
    let after = rest.strip_prefix(b"//").ok_or(TargetFault::Authority)?;
    match authority_has_host(until_path(after)) {
        true => Ok(TargetForm::Absolute),
        false => Err(TargetFault::Authority),
    }
}

/// Returns the authority of a target in absolute-form, without userinfo.
///
/// `None` for `*` and in origin-form; empty if the URI has no authority (RFC 9112, section 3.2).
/// The target of a CONNECT must not be passed.
pub(crate) fn absolute_authority(target: &[u8]) -> Option<&[u8]> {
    if matches!(target, [b'/', ..] | b"*") {
        return None;
    }
    let authority = until_path(after_colon(target)?.strip_prefix(b"//").unwrap_or_default());
    Some(memchr::memrchr(b'@', authority).map_or(authority, |at| &authority[at + 1..]))
}

/// Removes the port of an authority, which must have one.
pub(crate) fn without_port(authority: &[u8]) -> &[u8] {
    memchr::memrchr(b':', authority).map_or(authority, |colon| &authority[..colon])
}

/// Returns path and query of a target in origin-form or absolute-form.
///
/// `*` is returned unchanged.
pub(crate) fn after_authority(target: &[u8]) -> &[u8] {
    if matches!(target, [b'/', ..] | b"*") {
        return target;
    }
    let rest = after_colon(target).unwrap_or_default();
    rest.strip_prefix(b"//").map_or(rest, |after| &after[until_path(after).len()..])
}

/// Returns the part of a target in absolute-form after the scheme and its colon.
pub(crate) fn after_colon(target: &[u8]) -> Option<&[u8]> {
    memchr::memchr(b':', target).and_then(|colon| target.get(colon + 1..))
}

/// Returns the authority at the beginning of `after`, the text after `//`.
pub(crate) fn until_path(after: &[u8]) -> &[u8] {
    &after[..after.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(after.len())]
}

/// Checks the authority of a URI with a scheme other than http and https.
///
/// It may have userinfo or an empty host (RFC 3986, section 3.2).
fn is_authority_with_userinfo(authority: &[u8]) -> bool {
    let host = authority
        .iter()
        .rposition(|&byte| byte == b'@')
        .map_or(authority, |at| &authority[at + 1..]);
    is_authority(host, Port::Optional)
}

fn authority_has_host(authority: &[u8]) -> bool {
    !authority.is_empty() && authority[0] != b':' && is_authority(authority, Port::Optional)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities() {
        for host in [
            "",
            "a",
            "a.b:80",
            "a:",
            "[::1]",
            "[::1]:8080",
            "[v1.a:b]",
            "1.2.3.4:1",
            "0.0.0.0=5000",
            "%41b",
        ] {
            assert!(is_authority(host.as_bytes(), Port::Optional), "{host}");
        }
        for host in [
            "a b", "u@a", "a/b", "a:b", "a:65536", "[::1", "[x]", "[::1]x", "%4", "a:1:2", "\u{e9}",
        ] {
            assert!(!is_authority(host.as_bytes(), Port::Optional), "{host}");
        }
        assert!(is_authority(b"a:1", Port::Required));
        for host in ["a", "a:", ":1", "a:0", "a:x"] {
            assert!(!is_authority(host.as_bytes(), Port::Required), "{host}");
        }
    }

    #[test]
    fn forms_fit_their_methods() {
        use TargetForm::*;
        for (method, target, form) in [
            ("GET", "/", Ok(Origin)),
            ("GET", "//a//b", Ok(Origin)),
            ("GET", "http://a", Ok(Absolute)),
            ("GET", "HTTPS://a:1/x?y", Ok(Absolute)),
            ("GET", "ftp://a/x", Ok(Absolute)),
            ("GET", "ftp://u:p@a:21/x", Ok(Absolute)),
            ("GET", "file:///x", Ok(Absolute)),
            ("GET", "s://]a/", Err(TargetFault::Authority)),
            ("OPTIONS", "*", Ok(Asterisk)),
            ("CONNECT", "a:1", Ok(Authority)),
            ("GET", "*", Err(TargetFault::Form)),
            ("GET", "a:1", Err(TargetFault::Form)),
            ("GET", "a", Err(TargetFault::Form)),
            ("GET", "http:///x", Err(TargetFault::Authority)),
            ("GET", "http://:80/x", Err(TargetFault::Authority)),
            ("GET", "http://u:p@a/", Err(TargetFault::Authority)),
            ("CONNECT", "/", Err(TargetFault::Authority)),
            ("CONNECT", "a", Err(TargetFault::Authority)),
        ] {
            assert_eq!(
                target_form(method.as_bytes(), target.as_bytes()),
                form,
                "{method} {target}"
            );
        }
    }

    #[test]
    fn what_an_absolute_target_names() {
        for (target, authority) in [
            ("/", None),
            ("//a/b", None),
            ("*", None),
            ("http://a", Some("a")),
            ("HTTP://A.b:80/x:y@z", Some("A.b:80")),
            ("http://[::1]:1?q", Some("[::1]:1")),
            ("ftp://u:p@a:21/x", Some("a:21")),
            ("file:///x", Some("")),
            ("urn:/x", Some("")),
        ] {
            assert_eq!(
                absolute_authority(target.as_bytes()),
                authority.map(str::as_bytes),
                "{target}"
            );
        }
    }

    #[test]
    fn what_stands_after_the_authority() {
        for (target, after) in [
            ("/a?b", "/a?b"),
            ("//a/b", "//a/b"),
            ("*", "*"),
            ("http://a", ""),
            ("HTTP://A.b:80/x:y@z?q", "/x:y@z?q"),
            ("http://[::1]:1?q", "?q"),
            ("file:///x", "/x"),
            ("urn:/x", "/x"),
            ("", ""),
            ("a", ""),
        ] {
            assert_eq!(after_authority(target.as_bytes()), after.as_bytes(), "{target}");
        }
    }

    #[test]
    fn numbers_do_not_overflow() {
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        for bad in ["18446744073709551616", "", "+1", "-1", "1_0", "0x5", " 1"] {
            assert_eq!(decimal(bad.as_bytes()), None, "{bad}");
        }
    }
}
