//! What the rules of particular tokens are written with: what they are judged by, and how they judge.

use crate::limits::Config;
use crate::machine::Role;
use crate::wire::fields::{Field, FieldSource, length_bit};

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
