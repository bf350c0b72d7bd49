//! The list grammar of the `Upgrade` field (RFC 9110, section 7.8).
//!
//! `protocol-name ["/" protocol-version]`, all lines combined, in the order of the sender's
//! preference.

use alloc::vec::Vec;

use crate::enums::enums;
use crate::wire::fields::members;
use crate::wire::protocol::Protocol;
use crate::wire::syntax::is_token;

/// A list of protocols, in its order.
#[derive(Clone, Copy)]
pub struct Protocols<'a> {
    /// The value of one list, or of several field lines joined by commas.
    ///
    /// Every member has been checked.
    text: &'a [u8],
}

impl<'a> Protocols<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text }
    }

    pub(crate) const NONE: Self = Self { text: b"" };

    /// Returns the list as text.
    pub(super) fn as_bytes(self) -> &'a [u8] {
        self.text
    }

    /// Returns whether the list is the same text as another, and a single token.
    pub(crate) fn is_just(self, token: &[u8]) -> bool {
        self.text == token && is_token(token)
    }

    /// Returns the protocols in order.
    pub fn iter(&self) -> impl Iterator<Item = Protocol<'a>> + Clone + use<'a> {
        members(self.text).filter_map(Protocol::parse)
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns whether the list contains `protocol`.
    pub fn contains(&self, protocol: &Protocol<'_>) -> bool {
        self.iter().any(|member| member.same_as(protocol))
    }
}

impl core::fmt::Display for Protocols<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (index, protocol) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{protocol}")?;
        }
        Ok(())
    }
}

impl core::fmt::Debug for Protocols<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Returns the number of protocols in a list value, if each member is one.
pub(crate) fn count(value: &[u8]) -> Option<usize> {
    members(value).try_fold(0, |count, member| Protocol::parse(member).map(|_| count + 1))
}

/// Returns whether a list of your code's is not empty and well formed.
///
/// Each entry one protocol or several with commas between.
pub(crate) fn is_list(entries: &[&str]) -> bool {
    let total = entries
        .iter()
        .try_fold(0, |total, entry| count(entry.as_bytes()).filter(|&n| n > 0).map(|n| total + n));
    total.is_some_and(|total| total > 0)
}

/// Writes one more protocol to a list.
pub(crate) fn write_protocol(protocol: &Protocol<'_>, list: &mut Vec<u8>) {
    if !list.is_empty() {
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(protocol.name.as_bytes());
    if let Some(version) = protocol.version {
        list.push(b'/');
        list.extend_from_slice(version.as_bytes());
    }
}

/// The side whose order of preference counts when several protocols match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// The client's: the first of its offer that the server speaks.
    #[default]
    Client,
    /// The server's: its first preference that was offered.
    Server,
}

enums! { Order { Client = "client", Server = "server" } }
