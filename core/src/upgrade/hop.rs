//! What of a message is for one hop, and what passes (RFC 9110, 7.6.1).

use crate::fields::{Field, FieldSource, members};

/// Fields that are for one hop even where `Connection` does not list them (RFC 9110, 7.6.1; RFC 7540, 3.2.1).
const HOP_BY_HOP: [&str; 7] =
    ["Connection", "HTTP2-Settings", "Keep-Alive", "Proxy-Connection", "TE", "Transfer-Encoding", "Upgrade"];

/// The field lines of a message without those that are for one hop: `Connection`, what it lists, and the like. Send it
/// in the place of the message's own; beside others as a pair, `(EndToEnd(&fields), [("Via", "1.1 here")])`.
#[derive(Clone, Copy)]
pub struct EndToEnd<'a>(pub &'a dyn FieldSource);

impl FieldSource for EndToEnd<'_> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.0.each(&mut |field| {
            if !is_for_one_hop(self.0, field) {
                each(field);
            }
        });
    }
}

fn is_for_one_hop(fields: &dyn FieldSource, wanted: Field<'_>) -> bool {
    let mut is_listed = HOP_BY_HOP.iter().any(|name| wanted.is(name));
    fields.each(&mut |field| {
        let mut options = members(field.value);
        is_listed |= field.is("Connection") && options.any(|option| option.eq_ignore_ascii_case(wanted.name));
    });
    is_listed
}

/// The field lines of a 101 that an intermediary passes on with its own: without framing, which means nothing there
/// (RFC 9110, 8.6; RFC 9112, 6.1).
#[derive(Clone, Copy)]
pub struct SwitchEndToEnd<'a>(pub &'a dyn FieldSource);

impl FieldSource for SwitchEndToEnd<'_> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        self.0.each(&mut |field| {
            if !is_for_one_hop(self.0, field) && !field.is("Content-Length") {
                each(field);
            }
        });
    }
}
