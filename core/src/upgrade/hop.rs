//! Hop-by-hop fields, and end-to-end fields, which an intermediary forwards.
//!
//! RFC 9110, section 7.6.1.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::sorted::sorted;
use crate::wire::fields::{Field, LengthUnifier, members};
use crate::wire::memory;
use crate::wire::source::FieldSource;

/// Fields that are hop-by-hop even if `Connection` does not list them.
///
/// RFC 9110, section 7.6.1; RFC 7540, section 3.2.1.
const HOP_BY_HOP: [&str; 7] = [
    "Connection",
    "HTTP2-Settings",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Transfer-Encoding",
    "Upgrade",
];

/// Fields that are end-to-end even if `Connection` lists them.
///
/// They frame the message, or tell its destination, its origin, its reach and who may cache it. A
/// sender must not list them (RFC 9110, section 7.6.1). A sender that could remove them could split
/// its own message in two, or hide from the server what earlier intermediaries added.
const END_TO_END: [&str; 9] = [
    "Cache-Control",
    "Content-Length",
    "Forwarded",
    "Host",
    "Max-Forwards",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
];

/// The end-to-end fields of a message, for an intermediary to forward.
///
/// `Connection`, the fields that it lists, and other hop-by-hop fields are left out. Host,
/// Content-Length, Cache-Control, Max-Forwards, Via, Forwarded and X-Forwarded-For, -Host and
/// -Proto are kept even if `Connection` lists them. Equal values of Content-Length become one; with
/// a Transfer-Encoding there is none (RFC 9112, section 6.3). Send this in place of the message's
/// own fields. To add fields, use a pair: `(EndToEnd(&fields), [("Via", "1.1 here")])`.
#[derive(Clone, Copy)]
pub struct EndToEnd<'a>(pub &'a dyn FieldSource);

impl FieldSource for EndToEnd<'_> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        each_end_to_end(self.0, each);
    }
}

fn each_end_to_end<'s>(fields: &'s dyn FieldSource, each: &mut dyn FnMut(Field<'s>)) {
    // A binary search, as a peer may list thousands of options and send a hundred fields.
    let options = listed_options(fields).map(sorted);
    // Transfer-Encoding overrides a length (RFC 9112, section 6.3).
    let has_coding = has(fields, "Transfer-Encoding");
    let mut lengths = LengthUnifier::default();
    fields.each(&mut |field| {
        let is_listed = || match &options {
            Some(options) => options.binary_search(&Folded(field.name)).is_ok(),
            None => lists(fields, field.name),
        };
        if !(is_for_one_hop(field) || has_coding && field.is("Content-Length"))
            && (!is_listed() || is_one_of(field, &END_TO_END))
            && let Some(field) = lengths.unify(field)
        {
            each(field);
        }
    });
}

/// Returns the options that all `Connection` lines list.
///
/// `None` if memory for the list ran out.
fn listed_options(fields: &dyn FieldSource) -> Option<Vec<Folded<'_>>> {
    let (mut options, mut is_whole) = (Vec::new(), true);
    fields.each(&mut |field| {
        if field.is("Connection") {
            let mut listed = members(field.value).map(Folded);
            is_whole &= listed.all(|option| memory::push(&mut options, option).is_ok());
        }
    });
    is_whole.then_some(options)
}

/// Returns whether a `Connection` line lists this field name as an option.
fn lists(fields: &dyn FieldSource, name: &[u8]) -> bool {
    let mut is_listed = false;
    fields.each(&mut |field| {
        is_listed |= field.is("Connection")
            && members(field.value).any(|option| option.eq_ignore_ascii_case(name));
    });
    is_listed
}

fn has(fields: &dyn FieldSource, name: &str) -> bool {
    let mut has = false;
    fields.each(&mut |field| has |= field.is(name));
    has
}

fn is_one_of(field: Field<'_>, names: &[&str]) -> bool {
    names.iter().any(|name| field.is(name))
}

/// Returns whether a field is hop-by-hop even if `Connection` does not list it.
pub(crate) fn is_for_one_hop(field: Field<'_>) -> bool {
    is_one_of(field, &HOP_BY_HOP)
}

/// A field name that is compared without regard to ASCII case.
struct Folded<'a>(&'a [u8]);

impl Ord for Folded<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let lower = u8::to_ascii_lowercase;
        self.0.iter().map(lower).cmp(other.0.iter().map(lower))
    }
}

impl PartialOrd for Folded<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Folded<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Folded<'_> {}
