//! What the rules of particular tokens are written with: what they are judged by, and how they judge.

use crate::fields::{Field, FieldSource, length_bit};
use crate::limits::Config;
use crate::listed::listed;
use crate::machine::Role;

/// Why one protocol of an offer cannot be accepted. The others beside it are not concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ineligible {
    /// The protocol is offered with another method.
    Method,
    /// `Sec-WebSocket-Key` is missing, repeated or not 16 octets in base64.
    Key,
    /// `Sec-WebSocket-Version` is not 13; a 426 with the versions that are spoken is the answer.
    Version,
    /// `Sec-WebSocket-Protocol` is not a list of distinct names.
    Subprotocol,
    /// `Sec-WebSocket-Extensions` is malformed.
    Extension,
    /// The request has content that the protocol does not allow, or more than can be taken along.
    Content,
    /// The head is larger than `limits.h2c_head`.
    Head,
    /// The protocol cannot be switched to over TLS.
    Secure,
    /// `HTTP2-Settings` is missing, repeated or no legal settings.
    Settings,
    /// A field of the protocol that is meant for this hop is not listed in `Connection`.
    NotListed,
}

listed! {
    Ineligible {
        Method = "method", Key = "key", Version = "version", Subprotocol = "subprotocol", Extension = "extension",
        Content = "content", Head = "head", Secure = "secure", Settings = "settings", NotListed = "not-listed",
    }
}

impl Ineligible {
    /// The status that a host may answer with, if it wants the protocol and nothing else.
    pub const fn status(self) -> u16 {
        match self {
            Self::Version => 426,
            Self::Head => 431,
            _ => 400,
        }
    }

    /// A sentence for people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Method => "the protocol cannot be offered with this method",
            Self::Key => "the Sec-WebSocket-Key is not one base64 of 16 octets",
            Self::Version => "the Sec-WebSocket-Version is not 13",
            Self::Subprotocol => "the Sec-WebSocket-Protocol is not a list of distinct names",
            Self::Extension => "the Sec-WebSocket-Extensions is malformed",
            Self::Content => "the request has content that the protocol does not allow, or too much of it",
            Self::Head => "the head is too large to be answered in HTTP/2",
            Self::Secure => "the protocol cannot be switched to over TLS",
            Self::Settings => "the HTTP2-Settings are missing, repeated or not legal",
            Self::NotListed => "Connection does not list the protocol's own field",
        }
    }
}

/// What of a connection decides which offers may be accepted, or made.
#[cfg_attr(not(feature = "h2c"), allow(dead_code, reason = "there is no h2c to decide on"))]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) offers: u32,
    pub(crate) h2c_head: u32,
    pub(crate) h2c_content: u64,
    pub(crate) bare_h2c: bool,
    pub(crate) secure: bool,
}

impl Terms {
    pub(crate) fn new(config: &Config, role: Role, secure: bool) -> Self {
        let Config { limits, bare_h2c, .. } = *config;
        let terms = Self {
            offers: limits.offers,
            h2c_head: limits.h2c_head,
            h2c_content: limits.h2c_content,
            bare_h2c,
            secure,
        };
        match role {
            Role::Server => terms,
            // How much a server takes along is the server's to say.
            Role::Client => Self { h2c_head: u32::MAX, h2c_content: u64::MAX, ..terms },
        }
    }
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

/// Whether there is a field line of that name.
pub(crate) fn has(fields: &dyn FieldSource, name: &[u8]) -> bool {
    let mut is_there = false;
    fields.each_of(length_bit(name.len()), &mut |field| is_there |= field.name.eq_ignore_ascii_case(name));
    is_there
}

/// What a field that must stand once has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values<'a> {
    None,
    One(&'a [u8]),
    Several,
}

impl<'a> Values<'a> {
    pub(crate) fn add(&mut self, value: &'a [u8]) {
        *self = if *self == Self::None { Self::One(value) } else { Self::Several };
    }
}

pub(crate) fn values<'a>(fields: &'a dyn FieldSource, name: &str) -> Values<'a> {
    let mut values = Values::None;
    fields.each_of(length_bit(name.len()), &mut |field| {
        if field.is(name) {
            values.add(field.value);
        }
    });
    values
}
