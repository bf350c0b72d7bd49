//! Proxying over HTTP/1.1 by upgrade, and the capsule protocol.
//!
//! `connect-udp` (RFC 9298), `connect-ip` (RFC 9484), and the capsules (RFC 9297) that these and
//! other protocols use after the 101.
//!
//! ```
//! use switchover::masque::{Capsules, Datagram, UdpTarget};
//! use switchover::{Connection, Order, Role, Step};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut proxy = Connection::new(Role::Server);
//! proxy.receive(
//!     b"GET /.well-known/masque/udp/192.0.2.6/443/ HTTP/1.1\r\nHost: proxy\r\n\
//!       Connection: Upgrade\r\nUpgrade: connect-udp\r\nCapsule-Protocol: ?1\r\n\r\n\0\x03\0hi",
//! )?;
//! let mut out = Vec::new();
//! while let Step::Event = proxy.advance()? {
//!     let Some(selection) = proxy.select(&["connect-udp"], Order::Client) else { continue };
//!     let request = proxy.request().expect("a request with an offer is kept");
//!     let target = UdpTarget::parse(UdpTarget::TEMPLATE, request.target()).ok_or("respond 400")?;
//!     assert_eq!((target.host.as_str(), target.port), ("192.0.2.6", 443));
//!     // Such a request has no content to wait for. The engine adds `Capsule-Protocol: ?1`.
//!     proxy.accept(selection.early(), &(), &mut out)?;
//! }
//!
//! // The client sends capsules; forward each datagram of context 0 to the UDP socket.
//! let mut capsules = Capsules::new(Capsules::UDP_PAYLOAD);
//! capsules.receive(&proxy.take_leftover());
//! assert_eq!(capsules.next_datagram()?, Some(Datagram { context: 0, payload: b"hi" }));
//! assert_eq!(capsules.next_datagram()?, None);
//!
//! // Send each packet from the UDP socket to the client as a datagram.
//! out.clear();
//! Datagram { context: 0, payload: b"hello" }.write(&mut out);
//! assert_eq!(out, b"\0\x06\0hello");
//! # Ok(())
//! # }
//! ```

mod capsule;
mod target;

pub use capsule::{CapsuleFault, Capsules, Datagram};
pub use target::{IpTarget, UdpTarget};

use crate::upgrade::context::Values;
use crate::wire::scan::class::is_tchar;
use crate::wire::source::FieldSource;

/// Returns whether a message announces capsules with a `Capsule-Protocol` field.
///
/// There must be one such field line. Its value must be the item `?1`, with any parameters. Any
/// other value counts as absent (RFC 9297, section 3.4).
pub fn says_capsules(fields: &dyn FieldSource) -> bool {
    let mut capsules = Values::None;
    fields.each(&mut |field| {
        if field.is("Capsule-Protocol") {
            capsules.add(field.value);
        }
    });
    match capsules {
        Values::One(value) => value.strip_prefix(b"?1").is_some_and(are_parameters),
        Values::None | Values::Several => false,
    }
}

/// Returns whether `rest` matches `*( ";" *SP key [ "=" bare-item ] )`.
///
/// These are the parameters of RFC 9651, section 3.1.2.
fn are_parameters(mut rest: &[u8]) -> bool {
    while let Some(parameter) = rest.strip_prefix(b";") {
        let start = parameter.iter().position(|&byte| byte != b' ').unwrap_or(parameter.len());
        let parameter = &parameter[start..];
        let is_key = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte)
        };
        let key = parameter.iter().position(|&byte| !is_key(byte)).unwrap_or(parameter.len());
        if !parameter.first().is_some_and(|&byte| byte.is_ascii_lowercase() || byte == b'*') {
            return false;
        }
        rest = match parameter[key..].strip_prefix(b"=").map(bare_item) {
            Some(Some(rest)) => rest,
            Some(None) => return false,
            None => &parameter[key..],
        };
    }
    rest.is_empty()
}

/// Returns the bytes after a bare item with which `value` begins.
///
/// RFC 9651, section 3.3. `None` if it begins with none. Lengths of numbers, the padding of base64,
/// percent-encoding, and that a date is an integer, are not checked.
fn bare_item(value: &[u8]) -> Option<&[u8]> {
    match value {
        [b'"', rest @ ..] | [b'%', b'"', rest @ ..] => string(rest),
        [b'?', b'0' | b'1', rest @ ..] => Some(rest),
        [b':', rest @ ..] => {
            let end = rest.iter().position(|&byte| byte == b':')?;
            let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
            rest[..end].iter().all(is_base64).then_some(&rest[end + 1..])
        }
        [b'@', rest @ ..] => number(rest),
        [first, ..] if first.is_ascii_digit() || *first == b'-' => number(value),
        [first, rest @ ..] if first.is_ascii_alphabetic() || *first == b'*' => {
            let is_over = |&byte: &u8| !(is_tchar(byte) || byte == b':' || byte == b'/');
            Some(&rest[rest.iter().position(is_over).unwrap_or(rest.len())..])
        }
        _ => None,
    }
}

/// Returns the bytes after the closing quote of a string of printable ASCII.
///
/// `rest` begins after the opening quote. `None` if the string is malformed or has no end.
fn string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = match rest {
            [b'"', rest @ ..] => return Some(rest),
            [b'\\', b'"' | b'\\', rest @ ..] => rest,
            [byte, rest @ ..] if *byte != b'\\' && (byte.is_ascii_graphic() || *byte == b' ') => {
                rest
            }
            _ => return None,
        };
    }
}

/// Returns the bytes after a number; `None` if `value` does not begin with one.
///
/// It is an integer or a decimal, perhaps negative. The number of its digits is not checked.
fn number(value: &[u8]) -> Option<&[u8]> {
    let digits =
        |value: &[u8]| value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
    let value = value.strip_prefix(b"-").unwrap_or(value);
    let (whole, rest) = value.split_at(digits(value));
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => {
            fraction.split_at_checked(digits(fraction)).filter(|(digits, _)| !digits.is_empty())?.1
        }
        None => rest,
    };
    (!whole.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only one `Capsule-Protocol` line with the item `?1` announces capsules.
    ///
    /// The item may have any valid parameters.
    ///
    /// Requirements R9297-3.4-1 and R9297-3.4-2.
    #[test]
    fn capsule_protocol_is_an_item() {
        for good in [
            "?1",
            "?1;a",
            "?1;a=1;b=\"x;\\\"y\"",
            "?1; *a-b.c=:AQ==:",
            "?1;a=?0",
            "?1;a=-1.5;b=@1700000000;c=t*/x:y",
            "?1;a=%\"x%c3\"",
        ] {
            assert!(says_capsules(&[("capsule-protocol", good)]), "{good}");
        }
        for bad in [
            "?0",
            "",
            "1",
            "?1, ?1",
            "?1,",
            "(?1)",
            "\"?1\"",
            "?1 ",
            "?1;",
            "?1;A",
            "?1;a=",
            "?1;a=\"x",
            "?1x",
            "?1;a=?5",
            "?1;a=@@",
            "?1;a=-",
            "?1;a=1.",
            "?1;a=\"é\"",
            "?1;a=:!:",
        ] {
            assert!(!says_capsules(&[("capsule-protocol", bad)]), "{bad}");
        }
        assert!(!says_capsules(&[("capsule-protocol", "?1"), ("Capsule-Protocol", "?1")]));
        assert!(!says_capsules(&()));
    }
}
