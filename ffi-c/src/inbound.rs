//! Receiving: bytes into the engine.

use switchover::binding::Bound;
use switchover::{Connection, End};

use crate::error::{BindingError, Done, swo_result};
use crate::flavour;
use crate::object::{Conn, swo_conn};
use crate::out::{Out, Output};
use crate::types::swo_flag;

export! {
    /// Takes bytes that the peer sent, all of them or none.
    ///
    /// No bytes are not the end, which swo_receive_eof tells. **Inbound:** ends the current event
    /// and its slices. Errors, after which nothing is taken: SWO_ERROR_BUFFER_FULL while too many
    /// wait (go on with swo_next_event, and answer), SWO_ERROR_SWITCHED (they are the new
    /// protocol's). SWO_ERROR_CLOSED, SWO_ERROR_AFTER_END, the peer's earlier error, and
    /// SWO_OUT_OF_MEMORY. SWO_OVERLAP where `data` lies in the connection's own memory. That is a
    /// slice of an event (copy it first), or the space of swo_receive_buffer (swo_receive_commit
    /// takes what was read into it). Next: swo_next_event.
    ///
    /// Errors: SWO_ERROR_BUFFER_FULL, SWO_ERROR_AFTER_END, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED,
    /// SWO_ERROR_FAILED.
    fn swo_receive(
        conn: *mut swo_conn, data: *const u8, len: usize,
    ) -> swo_result = receive_data(conn, (data, len));

    /// Returns space for recv(2) to write into.
    ///
    /// `cap` is what there is: `min` bytes at least, and often more, all of which may be used. It
    /// is less where `min` is more than may wait in all (`buffered` of the configuration). Ask for
    /// what one read may bring, such as 16,384: with less, requests that come together are read in
    /// pieces. It is valid until the next inbound call. Do not copy a slice of an event into it:
    /// the call may have moved or freed what it points to. **Inbound:** ends the current event and
    /// its slices. Errors: SWO_OUT_OF_MEMORY. Next: swo_receive_commit with what was read.
    ///
    /// Errors: SWO_ERROR_BUFFER_FULL, SWO_ERROR_AFTER_END, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED,
    /// SWO_ERROR_FAILED.
    fn swo_receive_buffer(
        conn: *mut swo_conn, min: usize, data: *mut *mut u8, cap: *mut usize,
    ) -> swo_result = receive_buffer(conn, min, data, cap);

    /// Takes the first `len` bytes of the space that swo_receive_buffer gave, once.
    ///
    /// **Inbound:** ends the current event and its slices. 0 is nothing, and not the end, which
    /// swo_receive_eof tells. Errors: SWO_BAD_LENGTH where the space does not hold as many (what
    /// was read is still there: call again), or another inbound call has moved it. Then nothing is
    /// taken. Next: swo_next_event.
    fn swo_receive_commit(
        conn: *mut swo_conn, len: usize,
    ) -> swo_result = receive_commit(conn, len);

    /// Tells the connection that the peer's bytes have ended.
    ///
    /// SWO_END_CLEAN after a FIN, and over TLS a closure alert before it; SWO_END_TRUNCATED after a
    /// reset, or without the alert (RFC 9112, section 9.8). The end has its place after the bytes:
    /// it counts when all before it has been read. **Inbound:** ends the current event and its
    /// slices. Errors: SWO_BAD_ENUM. Next: swo_next_event.
    fn swo_receive_eof(conn: *mut swo_conn, end: u32) -> swo_result = receive_eof(conn, end);

    /// Takes the first bytes of the new protocol out of the connection.
    ///
    /// After SWO_EVENT_KIND_SWITCHED. Everything that the transport delivers from now on is the new
    /// protocol's. They are the bytes that the event has as `leftover`. If you are done with HTTP,
    /// you may use those as they stand, and free the connection after it. swo_resume_http needs
    /// this call. `out` is your own memory, never an event's. **Inbound:** ends the current event
    /// and its slices. Errors: SWO_ERROR_OUTPUT_TOO_SMALL, with the size needed in `written`; then
    /// nothing is taken.
    fn swo_take_leftover(
        conn: *mut swo_conn, out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = take_leftover(conn, (out, cap, written));

    /// Counts `len` bytes of content that your code has read by itself.
    ///
    /// From the transport, with splice(2) or into its own memory. The state and the positions are
    /// those after the same bytes through swo_receive. Allowed for as many as swo_content says,
    /// once all bytes given to the engine have been read from it. **Inbound:** ends the current
    /// event and its slices. Next: swo_next_event; after the last byte it shows the end. RFC 9112,
    /// section 6.
    ///
    /// Errors: SWO_ERROR_NO_CONTENT, SWO_ERROR_UNREAD_INPUT, SWO_ERROR_LENGTH_EXCEEDED,
    /// SWO_ERROR_AFTER_END, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
    fn swo_pass_content(conn: *mut swo_conn, len: u64) -> swo_result = pass_content(conn, len);

    /// Folds the end of the message into the current event.
    ///
    /// Returns 1 where that was the last of its message, so that no SWO_EVENT_KIND_END_OF_MESSAGE
    /// follows it. That is known for a head without content and for the last of content of a known
    /// length. The event stays current, and its slices valid, through the answer, until the next
    /// inbound call. 0 changes nothing. RFC 9112, section 6.
    fn swo_take_end(conn: *mut swo_conn) -> swo_flag = take_end(conn);

    /// Gives the whole connection to another parser.
    ///
    /// For a server: the head of the current request and every byte after it, exactly as they came.
    /// Allowed until something after the head has been read or something has been answered. `out`
    /// is your own memory, never an event's. **Inbound:** ends the current event and its slices.
    /// Errors, after which nothing has changed: SWO_ERROR_OUTPUT_TOO_SMALL, with the size needed in
    /// `written`; SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_HEAD_GONE,
    /// SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED. Next: free the connection, keep the transport.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_HEAD_GONE,
    /// SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_hand_over(
        conn: *mut swo_conn, out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = hand_over(conn, (out, cap, written));

    /// Releases the memory of a connection that is parked.
    ///
    /// Without a message or leftover under way nothing stays on the heap. What swo_trace,
    /// swo_required and the current event held is gone. **Inbound:** ends the current event and its
    /// slices.
    fn swo_release(conn: *mut swo_conn) -> swo_result = release(conn);
}

fn receive_data(mut conn: Conn<'_>, data: &[u8]) -> Done {
    receive(&mut conn, data)
}

#[inline(always)]
pub(crate) fn receive(conn: &mut Connection, data: &[u8]) -> Done {
    if conn.holds(data) {
        return Err(BindingError::Overlap.into());
    }
    flavour::receive(conn, data)
}

fn receive_buffer(
    mut conn: Conn<'_>,
    min: usize,
    data: Out<'_, *mut u8>,
    cap: Out<'_, usize>,
) -> Done {
    let space = flavour::receive_buffer(&mut conn, min)?;
    data.set(space.as_mut_ptr())?;
    cap.set(space.len())
}

fn receive_commit(mut conn: Conn<'_>, len: usize) -> Done {
    if conn.commit(len) == len { Ok(()) } else { Err(BindingError::BadLength.into()) }
}

fn receive_eof(mut conn: Conn<'_>, end: u32) -> Done {
    conn.receive_eof(End::from_number(end).ok_or(BindingError::BadEnum)?);
    Ok(())
}

fn take_leftover(mut conn: Conn<'_>, out: Output<'_>) -> Done {
    out.copy(conn.leftover())?;
    conn.take_leftover();
    Ok(())
}

fn pass_content(mut conn: Conn<'_>, len: u64) -> Done {
    Ok(conn.pass_content(len)?)
}

fn take_end(mut conn: Conn<'_>) -> Done<bool> {
    Ok(conn.take_end())
}

fn hand_over(mut conn: Conn<'_>, out: Output<'_>) -> Done {
    out.write(|space| conn.hand_over_into(space))
}

fn release(mut conn: Conn<'_>) -> Done {
    conn.release();
    Ok(())
}
