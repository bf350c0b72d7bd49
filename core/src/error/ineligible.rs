//! The reasons why an offered protocol cannot be accepted.

use crate::enums::enums;

/// The reason why one protocol of an offer cannot be accepted.
///
/// It does not concern the other protocols of the offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ineligible {
    /// The protocol cannot be offered in a request with this method.
    Method,
    /// `Sec-WebSocket-Key` is missing, repeated or malformed.
    ///
    /// It must be 16 bytes in base64 (RFC 6455, section 4.2.1).
    Key,
    /// `Sec-WebSocket-Version` is missing, repeated or not 13.
    ///
    /// Respond with a 426 that lists the supported versions (RFC 6455, section 4.2.2).
    Version,
    /// `Sec-WebSocket-Protocol` is not a list of distinct names.
    ///
    /// RFC 6455, section 4.1.
    Subprotocol,
    /// `Sec-WebSocket-Extensions` is malformed (RFC 6455, section 9.1).
    Extension,
    /// The request has content, or fields for it, that the protocol does not allow.
    ///
    /// Or, for `h2c`, its content exceeds `limits.h2c_content`.
    Content,
    /// The request's head, counted as in HTTP/2, is larger than `limits.h2c_head`.
    Head,
    /// The protocol cannot be switched to over TLS.
    Secure,
    /// `HTTP2-Settings` is missing, repeated, or does not hold legal settings.
    ///
    /// RFC 7540, section 3.2.1.
    Settings,
    /// A hop-by-hop field of the protocol is not listed in `Connection`.
    ///
    /// RFC 7540, section 3.2.1.
    NotListed,
}

enums! {
    Ineligible {
        Method = "method", Key = "key", Version = "version", Subprotocol = "subprotocol",
        Extension = "extension", Content = "content", Head = "head", Secure = "secure",
        Settings = "settings", NotListed = "not-listed",
    }
}

impl Ineligible {
    /// Returns the status with which a server responds if it requires the protocol.
    pub const fn status(self) -> u16 {
        match self {
            Self::Version => 426,
            Self::Head => 431,
            _ => 400,
        }
    }

    /// Returns a description in English, without a period.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Method => "the protocol cannot be offered with this method",
            Self::Key => "the Sec-WebSocket-Key is not one base64 of 16 bytes",
            Self::Version => "the Sec-WebSocket-Version is not 13",
            Self::Subprotocol => "the Sec-WebSocket-Protocol is not a list of distinct names",
            Self::Extension => "the Sec-WebSocket-Extensions is malformed",
            Self::Content => {
                "the request has content that the protocol does not allow, or too much of it"
            }
            Self::Head => "the head is too large to be answered in HTTP/2",
            Self::Secure => "the protocol cannot be switched to over TLS",
            Self::Settings => "the HTTP2-Settings are missing, repeated or not legal",
            Self::NotListed => "Connection does not list the protocol's own field",
        }
    }
}
