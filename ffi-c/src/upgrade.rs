//! Upgrades: selecting, accepting, requiring and advertising protocols.
//!
//! An offer is sent with `swo_send_request`, and declined by any final response.

use switchover::binding::selection_to_bits;
use switchover::{Connection, Order, Selection};

use crate::error::{BindingError, Done, swo_result};
use crate::handle::memory::FieldList;
use crate::object::{Conn, swo_conn};
use crate::out::{Array, Out, Output};
use crate::send::names;
use crate::small_list::SmallList;
use crate::types::{swo_field, swo_protocol, swo_selection, swo_slice};

export! {
    /// Selects an offered protocol that the server supports too.
    ///
    /// For a server.
    ///
    /// Each preference is a protocol such as `foo/2`, or a stack of layers such as `TLS/1.2,
    /// HTTP/1.1`. `by` is SWO_ORDER_CLIENT (the first protocol of the offer that is among the
    /// preferences) or SWO_ORDER_SERVER (the first preference that is offered). Errors: SWO_NOTHING
    /// if nothing matches (a preference that is not a protocol matches nothing), or if no offer
    /// waits for a decision. SWO_BAD_ENUM. SWO_ERROR_INVALID_PROTOCOL if a preference is not UTF-8.
    /// swo_offers returns the whole offer. Next: swo_selection_preference returns the index of the
    /// choice; swo_accept, or any final response, which declines. RFC 9110, section 7.8.
    fn swo_select(
        conn: *const swo_conn, preferences: *const swo_slice, count: usize, by: u32,
        selection: *mut swo_selection,
    ) -> swo_result = select(conn, (preferences, count), by, selection);

    /// Returns the index of the selected protocol in the preferences of swo_select.
    ///
    /// Counted from 0; SWO_NONE for NULL.
    fn swo_selection_preference(
        selection: *const swo_selection,
    ) -> u32 = selection_preference(selection);

    /// Accepts an offered protocol with a 101, after a 100 if one is still owed.
    ///
    /// For a server.
    ///
    /// Only once the request is complete, else SWO_ERROR_BODY_PENDING; a selection of
    /// swo_selection_early may be accepted before. Next: speak the new protocol, and respond to the
    /// request in it; swo_next_event emits SWO_EVENT_KIND_SWITCHED. RFC 9110, sections 7.8 and
    /// 15.2.2.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_NOTHING_OFFERED, SWO_ERROR_NOT_OFFERED,
    /// SWO_ERROR_STALE_SELECTION, SWO_ERROR_BODY_PENDING, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
    /// SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE,
    /// SWO_ERROR_INVALID_HOST, SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD,
    /// SWO_ERROR_PROFILE_FIELD, SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_accept(
        conn: *mut swo_conn, selection: *const swo_selection, fields: *const swo_field,
        field_count: usize, out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = accept(conn, selection, (fields, field_count), (out, cap, written));

    /// Returns a selection that may be accepted before the request is complete.
    ///
    /// For a new protocol that does not need the content. The server's direction switches with the
    /// 101, the client's at the end of its request; a client that waits for a 100 gets it first.
    /// Errors: SWO_NULL. Next: swo_accept with `early`. RFC 9110, section 7.8.
    fn swo_selection_early(selection: *const swo_selection, early: *mut swo_selection) -> swo_result
        = selection_early(selection, early);

    /// Sends the head of a 426, which requires one of the given protocols.
    ///
    /// For a server.
    ///
    /// Next: swo_send_data for content, and swo_send_end, then receive the client's next request.
    /// RFC 9110, section 15.5.22.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
    /// SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE,
    /// SWO_ERROR_INVALID_HOST, SWO_ERROR_INVALID_PROTOCOL, SWO_ERROR_FRAMING_CONFLICT,
    /// SWO_ERROR_RESERVED_FIELD, SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_require(
        conn: *mut swo_conn, protocols: *const swo_slice, count: usize, fields: *const swo_field,
        field_count: usize, out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = require(conn, (protocols, count), (fields, field_count), (out, cap, written));

    /// Advertises protocols in the `Upgrade` field of the next final response.
    ///
    /// For a server: the protocols that the connection could be upgraded to. The response remains
    /// an ordinary one. A 2xx to CONNECT, a 426 of swo_require, and a response to HTTP/1.0 other
    /// than a 426 omit the list. A response that your code writes (swo_note_response) has the field
    /// only if your code writes it. Next: swo_respond or swo_send_response. RFC 9110, section 7.8.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_INVALID_PROTOCOL, SWO_ERROR_OUT_OF_MEMORY.
    fn swo_advertise(conn: *mut swo_conn, protocols: *const swo_slice, count: usize) -> swo_result
        = advertise(conn, (protocols, count));

    /// Resumes HTTP over the new protocol layer (such as TLS), on the same object.
    ///
    /// The original request gets its response there. Both directions must have switched by a 101
    /// and the leftover must have been moved out (swo_take_leftover). A server must have got the
    /// end of the request before, as an event or by swo_take_end. **Inbound:** ends the current
    /// event and its slices. Next: a server responds, a client receives. RFC 2817, section 3.
    ///
    /// Errors: SWO_ERROR_NOTHING_OWED, SWO_ERROR_LEFTOVER_PENDING.
    fn swo_resume_http(conn: *mut swo_conn) -> swo_result = resume_http(conn);

    /// Returns the protocols that a 101 switched to, lowest layer first.
    ///
    /// `count` is 0 before a 101, after a switch by CONNECT or the HTTP/2 preface, and from the
    /// next request on.
    ///
    /// Valid until the next inbound call. Errors: SWO_ARRAY_TOO_SMALL, with the count needed in
    /// `count`.
    fn swo_agreed(
        conn: *const swo_conn, protocols: *mut swo_protocol, cap: usize, count: *mut usize,
    ) -> swo_result = agreed(conn, (protocols, cap, count));

    /// Returns the protocols that a 426 to the latest request requires.
    ///
    /// For a client. The final response to that request sets them; `count` is 0 if it is no 426.
    /// Before that response they are those of an earlier request.
    ///
    /// Valid until the next inbound call. Errors: SWO_ARRAY_TOO_SMALL, with the count needed in
    /// `count`. Next: swo_send_request with those that the client supports as the offer. RFC 9110,
    /// section 15.5.22.
    fn swo_required(
        conn: *const swo_conn, protocols: *mut swo_protocol, cap: usize, count: *mut usize,
    ) -> swo_result = required(conn, (protocols, cap, count));
}

fn select(
    conn: &Connection,
    preferences: SmallList<&[u8]>,
    by: u32,
    out: Out<'_, swo_selection>,
) -> Done {
    let (by, preferences) =
        (Order::from_number(by).ok_or(BindingError::BadEnum)?, names(&preferences)?);
    let selection = conn.select(&preferences, by).ok_or(BindingError::Nothing)?;
    out.set(swo_selection { opaque: selection_to_bits(selection) })
}

fn selection_preference(selection: Selection) -> Done<u32> {
    Ok(selection.preference() as u32)
}

fn accept(
    mut conn: Conn<'_>,
    selection: Selection,
    fields: FieldList<'_>,
    out: Output<'_>,
) -> Done {
    out.write(|out| conn.accept(selection, &fields, out))
}

fn selection_early(selection: Selection, out: Out<'_, swo_selection>) -> Done {
    out.set(swo_selection { opaque: selection_to_bits(selection.early()) })
}

fn require(
    mut conn: Conn<'_>,
    protocols: SmallList<&[u8]>,
    fields: FieldList<'_>,
    out: Output<'_>,
) -> Done {
    let protocols = names(&protocols)?;
    out.write(|out| conn.require(&protocols, &fields, out))
}

fn advertise(mut conn: Conn<'_>, protocols: SmallList<&[u8]>) -> Done {
    Ok(conn.advertise(&names(&protocols)?)?)
}

fn resume_http(mut conn: Conn<'_>) -> Done {
    Ok(conn.resume_http()?)
}

fn agreed(conn: &Connection, out: Array<'_, swo_protocol>) -> Done {
    out.fill_counted(conn.agreed().iter().count(), conn.agreed().iter())
}

fn required(conn: &Connection, out: Array<'_, swo_protocol>) -> Done {
    out.fill_counted(conn.required().iter().count(), conn.required().iter())
}
