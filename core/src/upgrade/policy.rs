//! What particular tokens ask for: one row each. A token without a row needs nothing and works as it is.

use crate::decision::RequestHead;
use crate::error::ErrorKind;
use crate::event::Request;
use crate::fields::{Field, Fields, Protocol};
use crate::listed::listed;

/// Why one protocol of an offer cannot be accepted. The others beside it are not concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ineligible {
    /// The protocol is offered with another method.
    Method,
    /// `Sec-WebSocket-Key` is missing, repeated or not 16 octets in base64.
    Key,
    /// `Sec-WebSocket-Version` is not 13; a 426 with the versions that are spoken is the answer.
    Version,
}

listed! {
    Ineligible { Method = "method", Key = "key", Version = "version" }
}

impl Ineligible {
    /// The status that a host may answer with, if it wants the protocol and nothing else.
    pub const fn status(self) -> u16 {
        match self {
            Self::Method | Self::Key => 400,
            Self::Version => 426,
        }
    }

    /// A sentence for people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Method => "the protocol cannot be offered with this method",
            Self::Key => "the Sec-WebSocket-Key is not one base64 of 16 octets",
            Self::Version => "the Sec-WebSocket-Version is not 13",
        }
    }
}

/// One row of the table: the rules of a token on each occasion on which it can have some.
pub(crate) struct Policy {
    /// The token, in its registered case.
    pub(crate) name: &'static str,
    /// A client offers it: what the request must say, and what a 101 will have to prove.
    pub(crate) ask: fn(&RequestHead<'_>) -> Result<Option<Proof>, ErrorKind>,
    /// A server is offered it: what the request must say.
    pub(crate) check: fn(Request<'_>) -> Result<(), Ineligible>,
    /// A server accepts it: what its 101 proves.
    pub(crate) prove: fn(Request<'_>) -> Option<Proof>,
    /// A client gets a 101 for it: whether that proves what was asked.
    pub(crate) is_proven: fn(Fields<'_>, Option<&Proof>) -> bool,
}

/// The field by which a 101 proves that the server has understood the request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) name: &'static str,
    pub(crate) value: [u8; 28],
}

impl Proof {
    pub(crate) fn field(&self) -> Field<'_> {
        Field { name: self.name.as_bytes(), value: &self.value }
    }
}

static TABLE: &[Policy] = &[
    #[cfg(feature = "websocket")]
    super::websocket::POLICY,
];

/// The row of a protocol. A version makes it another token: `websocket/2` has no rules that we know.
pub(crate) fn of(protocol: &Protocol<'_>) -> Option<&'static Policy> {
    TABLE.iter().find(|policy| protocol.version.is_none() && protocol.name.eq_ignore_ascii_case(policy.name))
}

/// The protocol in the spelling of its registration, if it is one that we know.
pub(crate) fn registered<'a>(protocol: Protocol<'a>) -> Protocol<'a> {
    of(&protocol).map_or(protocol, |policy| Protocol { name: policy.name, ..protocol })
}

/// A token that names a layer with HTTP/1.1 above it (RFC 2817, 3): bare, it means the stack.
pub(crate) fn is_below_http(protocol: &Protocol<'_>) -> bool {
    protocol.name.eq_ignore_ascii_case("tls") && protocol.version.is_some()
}
