//! The list grammar of the `Upgrade` field (RFC 9110, section 7.8).
//!
//! Each member is `protocol-name ["/" protocol-version]`. All field lines form one list, in the
//! order of the sender's preference.

use crate::enums::enums;
use crate::wire::fields::members;
use crate::wire::memory::Draft;
use crate::wire::protocol::Protocol;
use crate::wire::syntax::is_token;

/// A list of protocols, in the sender's order.
#[derive(Clone, Copy)]
pub struct Protocols<'a> {
    /// The value of one field line, or of several, joined by commas.
    ///
    /// Members that are not valid protocols are skipped. Only a 426's list may have such members.
    text: &'a [u8],
}

impl<'a> Protocols<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text }
    }

    pub(crate) const NONE: Self = Self { text: b"" };

    /// Returns the list as text, in the form of an `Upgrade` value.
    pub(super) fn as_bytes(self) -> &'a [u8] {
        self.text
    }

    /// Returns whether the list is exactly this text, and that is a single token.
    pub(crate) fn is_just(self, token: &[u8]) -> bool {
        self.text == token && is_token(token)
    }

    /// Returns the protocols in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = Protocol<'a>> + Clone + use<'a> {
        members(self.text).filter_map(Protocol::parse)
    }

    /// Returns whether the list has no valid protocol.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns whether the list contains `protocol`, with the same version or none.
    ///
    /// The case of its name does not matter.
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

/// Returns the number of protocols in an `Upgrade` value.
///
/// `None` if a member is malformed.
pub(crate) fn count(value: &[u8]) -> Option<usize> {
    members(value).try_fold(0, |count, member| Protocol::parse(member).map(|_| count + 1))
}

/// Returns whether the caller's list of protocols is well-formed and not empty.
///
/// Each entry is one protocol, or several separated by commas.
pub(crate) fn is_list(entries: &[&str]) -> bool {
    let total = entries
        .iter()
        .try_fold(0, |total, entry| count(entry.as_bytes()).filter(|&n| n > 0).map(|n| total + n));
    total.is_some_and(|total| total > 0)
}

/// Appends a protocol to the value of an `Upgrade` field.
pub(crate) fn write_protocol(protocol: &Protocol<'_>, list: &mut Draft) {
    if !list.is_empty() {
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(protocol.name.as_bytes());
    if let Some(version) = protocol.version {
        list.push(b'/');
        list.extend_from_slice(version.as_bytes());
    }
}

/// The side whose order of preference decides between several possible protocols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// The client's order: the first protocol of its offer that the server supports.
    #[default]
    Client,
    /// The server's order: its first preference that was offered.
    Server,
}

enums! { Order { Client = "client", Server = "server" } }
