//! Types and helpers shared by the rules of `websocket`, `h2c` and other protocols.

use crate::limits::Config;
use crate::machine::Role;
use crate::wire::fields::Field;
use crate::wire::known::{KnownField, KnownFields};
use crate::wire::message::RequestHead;
use crate::wire::source::FieldSource;

/// The limits and options of a connection that decide which offers are eligible.
#[cfg_attr(not(feature = "h2c"), allow(dead_code, reason = "there is no h2c to decide on"))]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OfferContext {
    pub(crate) offers: u32,
    pub(crate) h2c_head: u32,
    pub(crate) h2c_content: u64,
    pub(crate) bare_h2c: bool,
    pub(crate) secure: bool,
}

impl OfferContext {
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
            // A client does not know the server's limits for `h2c`.
            Role::Client => Self { h2c_head: u32::MAX, h2c_content: u64::MAX, ..terms },
        }
    }
}

/// The field with which a 101 proves that the server understood the offer.
///
/// For WebSocket, `Sec-WebSocket-Accept`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) known: KnownField,
    pub(crate) name: &'static str,
    pub(crate) value: [u8; 28],
}

impl Proof {
    pub(crate) fn field(&self) -> Field<'_> {
        Field { name: self.name.as_bytes(), value: &self.value }
    }
}

/// Returns whether `fields` has a line with that name, ignoring case.
pub(crate) fn has(fields: &dyn FieldSource, name: &[u8]) -> bool {
    let mut is_there = false;
    fields.each(&mut |field| is_there |= field.name.eq_ignore_ascii_case(name));
    is_there
}

/// Returns whether `fields` has a line of at least one of these known fields.
pub(crate) fn is_any_there(fields: &dyn FieldSource, known: KnownFields) -> bool {
    let mut is_there = false;
    fields.each_known(known, &mut |_, _| is_there = true);
    is_there
}

/// The lines of a field that may occur only once: none, one value, or several.
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

pub(crate) fn values(fields: &dyn FieldSource, known: KnownField) -> Values<'_> {
    let mut values = Values::None;
    fields.each_known(known.bit(), &mut |_, value| values.add(value));
    values
}

/// A request with an offer, received or about to be sent.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "h2c"), allow(dead_code, reason = "no other rule looks at the target"))]
pub(crate) struct OfferingRequest<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
    pub(crate) fields: &'a dyn FieldSource,
}

impl<'a> From<&RequestHead<'a>> for OfferingRequest<'a> {
    fn from(request: &RequestHead<'a>) -> Self {
        Self {
            method: request.method.as_bytes(),
            target: request.target.as_bytes(),
            fields: request.fields,
        }
    }
}
