//! The rules of protocols that an offer can break.

use crate::enums::enums;

/// Why one protocol of an offer cannot be accepted.
///
/// The others beside it are not concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ineligible {
    /// The protocol is offered with another method.
    Method,
    /// `Sec-WebSocket-Key` is missing, repeated or malformed.
    ///
    /// It has to be 16 bytes in base64 (RFC 6455, section 4.2.1).
    Key,
    /// `Sec-WebSocket-Version` is not 13.
    ///
    /// The response is a 426 with the versions that are spoken (RFC 6455, section 4.4).
    Version,
    /// `Sec-WebSocket-Protocol` is not a list of distinct names.
    ///
    /// RFC 6455, section 4.1.
    Subprotocol,
    /// `Sec-WebSocket-Extensions` is malformed (RFC 6455, section 9.1).
    Extension,
    /// The request has content that the protocol does not allow.
    ///
    /// Or more than can be taken along.
    Content,
    /// The head is larger than `limits.h2c_head`.
    Head,
    /// The protocol cannot be switched to over TLS.
    Secure,
    /// `HTTP2-Settings` is missing, repeated or no legal settings.
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
    /// Returns the status to answer with, if your code requires the protocol.
    pub const fn status(self) -> u16 {
        match self {
            Self::Version => 426,
            Self::Head => 431,
            _ => 400,
        }
    }

    /// Returns a sentence for people.
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
