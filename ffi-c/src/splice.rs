//! Connecting any HTTP/2 engine to a client after an upgrade to h2c.
//!
//! The engine responds to the request of the upgrade on stream 1 (RFC 7540, section 3.2).

use switchover::binding::fallible;
use switchover::{Connection, Ineligible};

use crate::error::{Done, swo_result};
use crate::event::kept;
use crate::handle::Release;
use crate::handle::memory::FieldList;
use crate::object::{Changed, Handle, Spliced, swo_conn, swo_splice};
use crate::out::Out;
use crate::types::{swo_field, swo_flag, swo_slice};

export! {
    /// Makes a splice between the client and an HTTP/2 engine.
    ///
    /// For a server. The engine needs no support for upgrades: it receives bytes as if the client
    /// had spoken HTTP/2 from the start. The current request is on stream 1. Call it when the
    /// request is complete, before swo_accept. `data` is the whole content of the request, at most
    /// 65,535 bytes. Errors: SWO_ERROR_OUT_OF_MEMORY; SWO_NOTHING if no request is current.
    /// SWO_REFUSED if the request cannot be upgraded; `reason` is then a SWO_INELIGIBLE_*, else
    /// SWO_NONE: decline the offer. Next: swo_accept. At SWO_EVENT_KIND_SWITCHED,
    /// swo_splice_client_sent with the leftover; at the end swo_splice_free. RFC 7540, section 3.2.
    fn swo_splice_new(
        conn: *const swo_conn, data: *const u8, len: usize, trailers: *const swo_field,
        trailer_count: usize, splice: *mut *mut swo_splice, reason: *mut u32,
    ) -> swo_result = splice_new(conn, (data, len), (trailers, trailer_count), splice, reason);

    /// Appends bytes received from the client, beginning with the leftover of the 101.
    ///
    /// Errors: SWO_ERROR_OUT_OF_MEMORY. Next: forward the bytes of swo_splice_take_for_engine and
    /// swo_splice_take_for_client.
    fn swo_splice_client_sent(splice: *mut swo_splice, data: *const u8, len: usize) -> swo_result
        = client_sent(splice, (data, len));

    /// Marks the end of the client's bytes (EOF).
    ///
    /// An incomplete HTTP/2 frame goes to the engine as it is. Errors: SWO_ERROR_OUT_OF_MEMORY.
    ///
    /// Next: forward the bytes of swo_splice_take_for_engine and swo_splice_take_for_client. Pass
    /// the EOF to the engine once swo_splice_is_waiting is 0.
    fn swo_splice_client_ended(splice: *mut swo_splice) -> swo_result = client_ended(splice);

    /// Appends bytes that the engine has written.
    ///
    /// Errors: SWO_ERROR_OUT_OF_MEMORY. Next: forward the bytes of swo_splice_take_for_engine and
    /// swo_splice_take_for_client.
    fn swo_splice_engine_sent(splice: *mut swo_splice, data: *const u8, len: usize) -> swo_result
        = engine_sent(splice, (data, len));

    /// Returns the bytes to pass to the engine now and removes them; may be empty.
    ///
    /// Valid until the next call of this function on the splice, or swo_splice_free.
    fn swo_splice_take_for_engine(splice: *mut swo_splice, bytes: *mut swo_slice) -> swo_result
        = take_for_engine(splice, bytes);

    /// Returns the bytes to send to the client now and removes them; may be empty.
    ///
    /// Valid until the next call of this function on the splice, or swo_splice_free.
    fn swo_splice_take_for_client(splice: *mut swo_splice, bytes: *mut swo_slice) -> swo_result
        = take_for_client(splice, bytes);

    /// Returns whether to read from the client's transport.
    ///
    /// 0 only while too many bytes wait for the engine.
    fn swo_splice_wants_client(splice: *const swo_splice) -> swo_flag = wants_client(splice);

    /// Returns whether bytes of the client wait for the engine's flow-control window.
    fn swo_splice_is_waiting(splice: *const swo_splice) -> swo_flag = is_waiting(splice);

    /// Returns whether the splice is no longer needed.
    ///
    /// It then holds no bytes, and client and engine agree about the state of HTTP/2, or the client
    /// does not speak HTTP/2. Connect them directly, and free the splice.
    fn swo_splice_is_done(splice: *const swo_splice) -> swo_flag = is_done(splice);

    /// Frees a splice and the bytes that it has returned. NULL is allowed.
    fn swo_splice_free(splice: *mut swo_splice) -> swo_result = splice_free((splice, ()));
}

fn splice_new(
    conn: &Connection,
    content: &[u8],
    trailers: FieldList<'_>,
    out: Out<'_, *mut swo_splice>,
    reason: Out<'_, u32>,
) -> Done {
    let splice = fallible::splice(&kept(conn)?, content, &trailers)?;
    let splice = reason.reason(splice.map_err(Ineligible::number))?;
    out.set(swo_splice::new(Spliced::new(splice))?)
}

fn client_sent(mut splice: Changed<'_, Spliced>, bytes: &[u8]) -> Done {
    Ok(fallible::client_sent(&mut splice.splice, bytes)?)
}

fn client_ended(mut splice: Changed<'_, Spliced>) -> Done {
    Ok(fallible::client_ended(&mut splice.splice)?)
}

fn engine_sent(mut splice: Changed<'_, Spliced>, bytes: &[u8]) -> Done {
    Ok(fallible::engine_sent(&mut splice.splice, bytes)?)
}

fn take_for_engine(mut splice: Changed<'_, Spliced>, out: Out<'_, swo_slice>) -> Done {
    splice.for_engine = splice.splice.take_for_engine();
    out.set(swo_slice::of(&splice.for_engine))
}

fn take_for_client(mut splice: Changed<'_, Spliced>, out: Out<'_, swo_slice>) -> Done {
    splice.for_client = splice.splice.take_for_client();
    out.set(swo_slice::of(&splice.for_client))
}

fn wants_client(splice: &Spliced) -> Done<bool> {
    Ok(splice.splice.wants_client())
}

fn is_waiting(splice: &Spliced) -> Done<bool> {
    Ok(splice.splice.is_waiting())
}

fn is_done(splice: &Spliced) -> Done<bool> {
    Ok(splice.splice.is_done())
}

fn splice_free(splice: Release<swo_splice>) -> Done {
    splice.free()
}
