//! The grammar of lists, tokens, codings, authorities and chunk extensions.
//!
//! The reader in `mod.rs` uses these functions.

use super::Line;

pub(super) fn values<'m>(fields: &'m [Line], name: &str) -> Vec<&'m [u8]> {
    let named = fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()));
    named.map(|(_, value)| &value[..]).collect()
}

/// Returns the members of a list field, from all field lines with its name.
///
/// Empty members are left out (RFC 9110, section 5.6.1).
pub(super) fn members<'m>(fields: &'m [Line], name: &str) -> Vec<&'m [u8]> {
    let all = values(fields, name)
        .into_iter()
        .flat_map(|value| value.split(|&byte| byte == b','))
        .map(trimmed);
    all.filter(|member| !member.is_empty()).collect()
}

pub(super) fn trimmed(value: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !is_blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}

/// Returns whether a value is a token (RFC 9110, section 5.6.2).
pub(super) fn is_token(value: &[u8]) -> bool {
    !value.is_empty()
        && value
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// Returns whether a byte is `HTAB / SP / VCHAR / obs-text`.
///
/// RFC 9110, section 5.5 and RFC 9112, section 4.
pub(super) fn is_text(byte: &u8) -> bool {
    *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f)
}

/// Returns whether a value is a token, with or without parameters.
///
/// Unlike in RFC 9112, section 7, a parameter may lack its value.
pub(super) fn is_coding(value: &[u8]) -> bool {
    after_token(value).is_some_and(are_extensions)
}

/// Returns whether the rest of a line has the syntax of chunk extensions.
///
/// `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`, RFC 9112, section 7.1.1.
pub(super) fn are_extensions(rest: &[u8]) -> bool {
    let mut rest = rest;
    loop {
        if rest.is_empty() {
            return true;
        }
        let Some(after) = trimmed_start(rest).strip_prefix(b";") else { return false };
        let Some(after) = after_token(trimmed_start(after)) else { return false };
        rest = match trimmed_start(after).strip_prefix(b"=") {
            None => after,
            Some(value) => {
                let value = trimmed_start(value);
                let Some(after) = after_token(value).or_else(|| after_quoted(value)) else {
                    return false;
                };
                after
            }
        };
    }
}

fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

fn trimmed_start(value: &[u8]) -> &[u8] {
    let start = value.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(value.len());
    &value[start..]
}

fn after_token(value: &[u8]) -> Option<&[u8]> {
    let end = value.iter().position(|byte| !is_token(&[*byte])).unwrap_or(value.len());
    (end > 0).then(|| &value[end..])
}

/// Returns the bytes after a leading quoted-string (RFC 9110, section 5.6.4).
///
/// `None` if the value does not begin with one.
fn after_quoted(value: &[u8]) -> Option<&[u8]> {
    let mut rest = value.strip_prefix(b"\"")?;
    loop {
        rest = match rest {
            [b'"', rest @ ..] => return Some(rest),
            [b'\\', byte, rest @ ..] if is_text(byte) => rest,
            [byte, rest @ ..] if is_text(byte) && *byte != b'\\' => rest,
            _ => return None,
        };
    }
}

/// Returns whether a value is `uri-host [ ":" port ]`.
///
/// RFC 9110, section 7.2 and RFC 3986, sections 3.2.2 and 3.2.3.
///
/// The host may be empty, and the port is less than 65,536.
pub(super) fn is_authority(value: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(byte);
    let port = match value.strip_prefix(b"[") {
        Some(literal) => {
            let Some(end) = literal.iter().position(|&byte| byte == b']') else { return false };
            let (address, port) = (&literal[..end], &literal[end + 1..]);
            let is_v6 = std::str::from_utf8(address)
                .is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok());
            let is_future = || {
                let dot = address.iter().position(|&byte| byte == b'.').unwrap_or(0);
                let (version, rest) = address.split_at(dot);
                matches!(version, [b'v' | b'V', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit))
                    && rest.len() > 1
                    && rest[1..].iter().all(|byte| is_name(byte) || *byte == b':')
            };
            if !is_v6 && !is_future() {
                return false;
            }
            port
        }
        None => {
            let mut host = value.split(|&byte| byte == b':').next().unwrap_or_default();
            let port = &value[host.len()..];
            while let [first, rest @ ..] = host {
                host = match (first, rest) {
                    (b'%', [high, low, rest @ ..])
                        if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
                    {
                        rest
                    }
                    _ if is_name(first) => rest,
                    _ => return false,
                };
            }
            port
        }
    };
    // A TCP port has 16 bits.
    port.is_empty()
        || (port[0] == b':'
            && port[1..].iter().all(u8::is_ascii_digit)
            && number(&port[1..]) < 65_536)
}
