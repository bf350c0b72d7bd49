//! The Upgrade field that a program writes as a field line like any other.
//!
//! Programs for h11 and httpcore write it so. The engine writes that field itself, from an offer.

use switchover::binding::members;
use switchover::{Field, FieldSource};

use crate::text::characters;

/// A program's field lines without Upgrade, and the protocols that Upgrade names.
pub(crate) struct Proposal<'a, S> {
    lines: &'a S,
    protocols: Vec<String>,
}

impl<'a, S: FieldSource> Proposal<'a, S> {
    pub(crate) fn of(lines: &'a S) -> Self {
        let mut protocols = Vec::new();
        lines.each(&mut |field| {
            if field.is("Upgrade") {
                protocols.extend(members(field.value).map(characters));
            }
        });
        Self { lines, protocols }
    }

    /// Returns the protocols of the Upgrade field lines, in order.
    pub(crate) fn protocols(&self) -> Vec<&str> {
        self.protocols.iter().map(String::as_str).collect()
    }
}

impl<S: FieldSource> FieldSource for Proposal<'_, S> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.lines.each(&mut |field| {
            if !field.is("Upgrade") {
                each(field);
            }
        });
    }
}
