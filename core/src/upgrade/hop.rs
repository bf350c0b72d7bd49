//! What of a message is for one hop, and what passes (RFC 9110, 7.6.1).

use alloc::vec::Vec;

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
        each_end_to_end(self.0, each);
    }
}

/// The field lines of a 101 that an intermediary passes on with its own: without framing, which means nothing there
/// (RFC 9110, 8.6; RFC 9112, 6.1).
#[derive(Clone, Copy)]
pub struct SwitchEndToEnd<'a>(pub &'a dyn FieldSource);

impl FieldSource for SwitchEndToEnd<'_> {
    fn each<'s>(&'s self, each: &mut dyn FnMut(Field<'s>)) {
        each_end_to_end(self.0, &mut |field| {
            if !field.is("Content-Length") {
                each(field);
            }
        });
    }
}

fn each_end_to_end<'s>(fields: &'s dyn FieldSource, each: &mut dyn FnMut(Field<'s>)) {
    // Looked up, not searched: a peer may list thousands of options and send a hundred fields.
    let mut options: Vec<Vec<u8>> = Vec::new();
    fields.each(&mut |field| {
        if field.is("Connection") {
            options.extend(members(field.value).map(<[u8]>::to_ascii_lowercase));
        }
    });
    options.sort_unstable();
    fields.each(&mut |field| {
        let is_listed = options.binary_search_by(|option| option.as_slice().cmp(&field.name.to_ascii_lowercase()));
        if is_listed.is_err() && !HOP_BY_HOP.iter().any(|name| field.is(name)) {
            each(field);
        }
    });
}
