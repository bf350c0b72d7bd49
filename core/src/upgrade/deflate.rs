//! The negotiation of `permessage-deflate` (RFC 7692, section 7.1).
//!
//! Compression itself is left to the caller's WebSocket library.

use core::fmt;

use super::extension::{Extension, Value, extensions};
use crate::wire::source::FieldSource;

pub(crate) const NAME: &[u8] = b"permessage-deflate";

/// The parameters of `permessage-deflate`.
///
/// They are those that a server prefers, or those that both sides have agreed on. `Display` writes
/// them as the value of `Sec-WebSocket-Extensions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Deflate {
    /// Set if the server resets its compression window after each message.
    pub server_no_context_takeover: bool,
    /// Set if the client resets its compression window after each message.
    pub client_no_context_takeover: bool,
    /// The base-2 logarithm of the server's maximum window size: 8 to 15.
    ///
    /// `None` means 15, and `Display` leaves the parameter out.
    pub server_max_window_bits: Option<u8>,
    /// The base-2 logarithm of the client's maximum window size: 8 to 15.
    ///
    /// `None` means 15, and `Display` leaves the parameter out.
    pub client_max_window_bits: Option<u8>,
}

const LARGEST: u8 = 15;

impl Deflate {
    /// Client: returns the parameters that the server's 101 has agreed to.
    ///
    /// `None` if the 101 has no permessage-deflate, or a malformed one. The engine has checked the
    /// parameters against the offer before it emitted the switch.
    pub fn of(fields: &dyn FieldSource) -> Option<Self> {
        let mut said = None;
        extensions(fields, &mut |extension| {
            said = said.or(Some(extension).filter(|extension| extension.is(NAME)));
        })?;
        match Parameters::read(&said?)? {
            Parameters { client_bits_hint: false, agreed } => Some(agreed),
            _ => None,
        }
    }

    /// Returns the parameters with which the server accepts an offer of the extension.
    ///
    /// `self` has the parameters that the server prefers. `None` if they exclude the offer, or if a
    /// parameter of either is illegal. RFC 7692, section 7.1.
    pub(crate) fn accept(&self, offer: &Extension<'_>) -> Option<Self> {
        if !self.is_legal() {
            return None;
        }
        let Parameters { agreed: offered, client_bits_hint } = Parameters::read(offer)?;
        let smaller = |own: Option<u8>, asked: Option<u8>| own.into_iter().chain(asked).min();
        let may_limit_client = client_bits_hint || offered.client_max_window_bits.is_some();
        // 7.1.2.2: a client that did not mention its window cannot be asked to limit it.
        if !may_limit_client && self.client_max_window_bits.is_some_and(|bits| bits < LARGEST) {
            return None;
        }
        let client_bits = smaller(self.client_max_window_bits, offered.client_max_window_bits);
        Some(Self {
            server_no_context_takeover: self.server_no_context_takeover
                || offered.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover
                || offered.client_no_context_takeover,
            server_max_window_bits: smaller(
                self.server_max_window_bits,
                offered.server_max_window_bits,
            ),
            client_max_window_bits: client_bits.filter(|_| may_limit_client),
        })
    }

    /// Returns whether the window sizes are legal (RFC 7692, section 7.1.2).
    fn is_legal(&self) -> bool {
        let mut windows =
            self.server_max_window_bits.into_iter().chain(self.client_max_window_bits);
        windows.all(|bits| (8..=LARGEST).contains(&bits))
    }
}

impl fmt::Display for Deflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("permessage-deflate")?;
        for (said, name) in [
            (self.server_no_context_takeover, "server_no_context_takeover"),
            (self.client_no_context_takeover, "client_no_context_takeover"),
        ] {
            if said {
                write!(f, "; {name}")?;
            }
        }
        for (bits, name) in [
            (self.server_max_window_bits, "server_max_window_bits"),
            (self.client_max_window_bits, "client_max_window_bits"),
        ] {
            if let Some(bits) = bits {
                write!(f, "; {name}={bits}")?;
            }
        }
        Ok(())
    }
}

/// Returns whether a 101's parameters suit those of an offer.
///
/// RFC 7692, section 7.1. `false` if one of them is unknown, repeated or illegal.
pub(crate) fn is_answer(answer: &Extension<'_>, offer: &Extension<'_>) -> bool {
    let (Some(answer), Some(offer)) = (Parameters::read(answer), Parameters::read(offer)) else {
        return false;
    };
    let (agreed, offered) = (answer.agreed, offer.agreed);
    let server_window_fits = offered
        .server_max_window_bits
        .is_none_or(|asked| agreed.server_max_window_bits.is_some_and(|bits| bits <= asked));
    let client_window_fits = agreed.client_max_window_bits.is_none_or(|bits| {
        offer.client_bits_hint || offered.client_max_window_bits.is_some_and(|asked| bits <= asked)
    });
    // 7.1.2.2: only an offer may leave the value out.
    !answer.client_bits_hint
        && agreed.server_no_context_takeover >= offered.server_no_context_takeover
        && server_window_fits
        && client_window_fits
}

/// The parameters of one `permessage-deflate` extension, in an offer or in a 101.
struct Parameters {
    agreed: Deflate,
    /// True for `client_max_window_bits` without a value: the server may choose one.
    client_bits_hint: bool,
}

impl Parameters {
    /// Parses an extension's parameters; `None` if one is unknown, repeated or illegal.
    fn read(extension: &Extension<'_>) -> Option<Self> {
        let mut read = Self { agreed: Deflate::default(), client_bits_hint: false };
        for (name, value) in extension.parameters() {
            let deflate = &mut read.agreed;
            let is_new = match (name, value) {
                (b"server_no_context_takeover", None) => {
                    !core::mem::replace(&mut deflate.server_no_context_takeover, true)
                }
                (b"client_no_context_takeover", None) => {
                    !core::mem::replace(&mut deflate.client_no_context_takeover, true)
                }
                (b"server_max_window_bits", Some(value)) => {
                    deflate.server_max_window_bits.replace(window_bits(value)?).is_none()
                }
                (b"client_max_window_bits", None) => {
                    deflate.client_max_window_bits.is_none()
                        && !core::mem::replace(&mut read.client_bits_hint, true)
                }
                (b"client_max_window_bits", Some(value)) => {
                    deflate.client_max_window_bits.replace(window_bits(value)?).is_none()
                        && !read.client_bits_hint
                }
                _ => false,
            };
            if !is_new {
                return None;
            }
        }
        Some(read)
    }
}

/// Parses a window size in bits: 8 to 15, without leading zeros; else `None`.
///
/// RFC 7692, section 7.1.2.
fn window_bits(value: Value<'_>) -> Option<u8> {
    let mut bytes = value.bytes();
    match (bytes.next()?, bytes.next(), bytes.next()) {
        (digit @ b'8'..=b'9', None, _) => Some(digit - b'0'),
        (b'1', Some(digit @ b'0'..=b'5'), None) => Some(10 + digit - b'0'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    const OWN: Deflate = Deflate {
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: None,
        client_max_window_bits: None,
    };

    fn parse(value: &str) -> Vec<Extension<'_>> {
        let mut list = Vec::new();
        let read = super::super::extension::parse(value.as_bytes(), &mut |one| list.push(one));
        read.map(|()| list).unwrap_or_default()
    }

    fn accepted(own: Deflate, offer: &str) -> Option<String> {
        own.accept(&parse(offer)[0]).map(|deflate| deflate.to_string())
    }

    /// Checks a server's response to offers with legal and with illegal parameters.
    ///
    /// Proves: R7692-7-2, R7692-7.1.1.1-1, R7692-7.1.1.1-2, R7692-7.1.1.2-1, R7692-7.1.2.1-1,
    /// R7692-7.1.2.1-2, R7692-7.1.2.2-1, R7692-7.1.2.2-2.
    #[test]
    fn a_server_answers_what_it_can() {
        let small =
            Deflate { server_max_window_bits: Some(10), client_max_window_bits: Some(11), ..OWN };
        for (own, offer, wanted) in [
            (OWN, "permessage-deflate", Some("permessage-deflate")),
            (OWN, "permessage-deflate; client_max_window_bits", Some("permessage-deflate")),
            (
                OWN,
                "permessage-deflate; client_max_window_bits=9",
                Some("permessage-deflate; client_max_window_bits=9"),
            ),
            (
                OWN,
                "permessage-deflate; server_max_window_bits=15",
                Some("permessage-deflate; server_max_window_bits=15"),
            ),
            (
                OWN,
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
            ),
            (
                small,
                "permessage-deflate; client_max_window_bits; server_max_window_bits=12",
                Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=11"),
            ),
            (
                small,
                "permessage-deflate; client_max_window_bits=\"10\"; server_max_window_bits=8",
                Some("permessage-deflate; server_max_window_bits=8; client_max_window_bits=10"),
            ),
            (small, "permessage-deflate", None),
            (OWN, "permessage-deflate; server_max_window_bits", None),
            (OWN, "permessage-deflate; server_max_window_bits=08", None),
            (OWN, "permessage-deflate; server_max_window_bits=16", None),
            (OWN, "permessage-deflate; server_max_window_bits=7", None),
            (OWN, "permessage-deflate; server_no_context_takeover=1", None),
            (OWN, "permessage-deflate; client_no_context_takeover=1", None),
            (
                OWN,
                "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
                None,
            ),
            (OWN, "permessage-deflate; client_max_window_bits; client_max_window_bits=9", None),
            (OWN, "permessage-deflate; client_max_window_bits=9; client_max_window_bits", None),
            (OWN, "permessage-deflate; unknown", None),
        ] {
            assert_eq!(accepted(own, offer).as_deref(), wanted, "{offer}");
        }
    }

    /// Checks that a client accepts only parameters that suit its offer.
    ///
    /// Proves: R7692-7-3, R7692-7.1.1.1-1, R7692-7.1.1.2-1, R7692-5-1.
    #[test]
    fn a_client_takes_what_it_offered() {
        for (offer, answer, wanted) in [
            ("", "", true),
            ("; client_max_window_bits", "; client_max_window_bits=9", true),
            ("; client_max_window_bits=10", "; client_max_window_bits=10", true),
            ("; client_max_window_bits=10", "; client_max_window_bits=11", false),
            ("", "; client_max_window_bits=9", false),
            ("; client_max_window_bits", "; client_max_window_bits", false),
            ("", "; server_max_window_bits=9", true),
            ("; server_max_window_bits=10", "", false),
            ("; server_max_window_bits=10", "; server_max_window_bits=11", false),
            ("; server_no_context_takeover", "", false),
            ("", "; server_no_context_takeover; client_no_context_takeover", true),
            ("", "; server_no_context_takeover=1", false),
            ("", "; client_no_context_takeover=1", false),
            ("", "; unknown=1", false),
        ] {
            let [offer, answer] =
                [offer, answer].map(|parameters| alloc::format!("permessage-deflate{parameters}"));
            assert_eq!(
                is_answer(&parse(&answer)[0], &parse(&offer)[0]),
                wanted,
                "{offer} / {answer}"
            );
        }
    }

    #[test]
    fn what_was_agreed_is_read_back() {
        let agreed =
            Deflate { server_max_window_bits: Some(9), client_no_context_takeover: true, ..OWN };
        let value = agreed.to_string();
        assert_eq!(Deflate::of(&[("sec-websocket-extensions", value.as_str())]), Some(agreed));
        assert_eq!(Deflate::of(&[("sec-websocket-extensions", "x-other")]), None);
        assert_eq!(Deflate::of(&()), None);
    }
}
