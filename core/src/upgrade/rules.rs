//! What the rules of particular tokens are written with: what they are judged by, and how they judge.

use crate::limits::Config;
use crate::machine::Role;
use crate::wire::fields::{Field, FieldSource};
use crate::wire::known::{KnownField, KnownFields};
use crate::wire::outgoing::RequestHead;

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
    pub(crate) known: KnownField,
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
    fields.each(&mut |field| is_there |= field.name.eq_ignore_ascii_case(name));
    is_there
}

/// Whether one of some known fields is there.
pub(crate) fn is_any_there(fields: &dyn FieldSource, known: KnownFields) -> bool {
    let mut is_there = false;
    fields.each_known(known, &mut |_, _| is_there = true);
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

pub(crate) fn values(fields: &dyn FieldSource, known: KnownField) -> Values<'_> {
    let mut values = Values::None;
    fields.each_known(known.bit(), &mut |_, value| values.add(value));
    values
}

/// A request that offers something, or is about to.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "h2c"), allow(dead_code, reason = "no other rule looks at the target"))]
pub(crate) struct Asking<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
    pub(crate) fields: &'a dyn FieldSource,
}

impl<'a> From<&RequestHead<'a>> for Asking<'a> {
    fn from(request: &RequestHead<'a>) -> Self {
        Self { method: request.method.as_bytes(), target: request.target.as_bytes(), fields: request.fields }
    }
}
