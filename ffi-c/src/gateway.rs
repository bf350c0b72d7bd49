//! End-to-end fields and offers of an intermediary (RFC 9110, section 7.6.1).

use switchover::gateway::{self, EndToEnd};
use switchover::{Connection, FieldSource};

use crate::error::{Done, swo_result};
use crate::event::{head, kept};
use crate::object::swo_conn;
use crate::out::Array;
use crate::types::{swo_field, swo_flag, swo_protocol, swo_slice};

export! {
    /// Returns the offered protocols that an intermediary may offer to its server.
    ///
    /// The eligible protocols of the current request, in the client's order, without hop-by-hop
    /// ones such as TLS and h2c. Valid until the next inbound call. Errors: SWO_NOTHING if no
    /// request is current; SWO_ARRAY_TOO_SMALL, with the count needed in `count`. Next:
    /// swo_send_request on the connection to the server, with these protocols as the offer and the
    /// lines of swo_end_to_end as the fields. RFC 9110, section 7.8; RFC 2817, section 5.1.
    fn swo_forwardable(
        conn: *const swo_conn, protocols: *mut swo_protocol, cap: usize, count: *mut usize,
    ) -> swo_result = forwardable(conn, (protocols, cap, count));

    /// Returns whether an intermediary may forward an offer of that protocol.
    ///
    /// `protocol` must be a single protocol, and not a hop-by-hop one such as TLS and h2c. Use it
    /// for the `:protocol` of an extended CONNECT; for an HTTP/1.1 request use swo_forwardable.
    /// Next: swo_http1_fields. RFC 2817, section 5.1; RFC 7540, section 3.2.1.
    fn swo_may_forward(protocol: swo_slice) -> swo_flag = may_forward(protocol);

    /// Returns the end-to-end field lines of the current head.
    ///
    /// The current head is that of the current event's response, or else that of the current
    /// request (swo_current_request). An intermediary forwards them: `Connection`, the fields that
    /// it lists, and other hop-by-hop fields are left out. Some are kept even if it lists them,
    /// such as `Host` and `Content-Length`. Repeated equal `Content-Length` values become one.
    ///
    /// Valid until the next inbound call. Errors: SWO_NOTHING if there is no head;
    /// SWO_ARRAY_TOO_SMALL, with the count needed in `count`. Next: send a head with `Via` and
    /// these lines on the other connection. For a 101, call swo_accept with them, on a connection
    /// whose configuration sets `tidy`. RFC 9110, section 7.6.1.
    fn swo_end_to_end(
        conn: *const swo_conn, fields: *mut swo_field, cap: usize, count: *mut usize,
    ) -> swo_result = end_to_end(conn, (fields, cap, count));
}

fn forwardable(conn: &Connection, out: Array<'_, swo_protocol>) -> Done {
    let request = kept(conn)?;
    out.fill_counted(gateway::forwardable(&request).count(), gateway::forwardable(&request))
}

/// Returns whether an intermediary may forward an offer of this protocol.
///
/// False for bytes that are not UTF-8: they are no protocol's name.
fn may_forward(protocol: &[u8]) -> Done<bool> {
    Ok(str::from_utf8(protocol).is_ok_and(gateway::may_forward))
}

fn end_to_end(conn: &Connection, out: Array<'_, swo_field>) -> Done {
    fill(&EndToEnd(&head(conn)?), out)
}

fn fill(fields: &dyn FieldSource, out: Array<'_, swo_field>) -> Done {
    let mut count = 0;
    fields.each(&mut |_| count += 1);
    out.fill_by(count, |put| fields.each(&mut |field| put(field.into())))
}
