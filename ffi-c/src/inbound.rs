//! Receiving: passing bytes and their end to the engine, and taking bytes out.

use switchover::binding::Bound;
use switchover::{Connection, End};

use crate::error::{BindingError, Done, swo_result};
use crate::object::{Conn, swo_conn};
use crate::out::{Out, Output};
use crate::types::swo_flag;

export! {
    /// Appends bytes received from the peer, all of them or none.
    ///
    /// A `len` of 0 is not the end of the input; that is swo_receive_eof. **Inbound:** ends the
    /// current event and its slices. Errors, after which nothing was appended:
    /// SWO_ERROR_BUFFER_FULL while too many bytes wait (continue with swo_next_event, and respond).
    /// SWO_ERROR_SWITCHED if the bytes belong to the new protocol. SWO_ERROR_FAILED after a peer
    /// error, SWO_ERROR_AFTER_END after swo_receive_eof. SWO_ERROR_CLOSED, SWO_ERROR_OUT_OF_MEMORY.
    /// SWO_OVERLAP if `data` lies in the connection's own memory. That is a slice of an event (copy
    /// it first), or the space of swo_receive_buffer (call swo_receive_commit instead). Next:
    /// swo_next_event.
    ///
    /// Errors: SWO_ERROR_BUFFER_FULL, SWO_ERROR_AFTER_END, SWO_ERROR_OUT_OF_MEMORY,
    /// SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
    fn swo_receive(
        conn: *mut swo_conn, data: *const u8, len: usize,
    ) -> swo_result = receive_data(conn, (data, len));

    /// Returns space for recv(2) to write into.
    ///
    /// `cap` is the size of the space: at least `min` bytes, often more, and all may be used. Only
    /// a `min` above the total that may wait is reduced to that. The total is `buffered` of the
    /// configuration, or what one head or trailer section needs if that is more. Request as many
    /// bytes as one read may deliver, such as 16,384; with less, pipelined requests are read in
    /// pieces. The space is valid until the next inbound call. Do not copy a slice of an event into
    /// it: this call may have moved or freed the slice's memory. **Inbound:** ends the current
    /// event and its slices. Next: swo_receive_commit with the number of bytes read.
    ///
    /// Errors: SWO_ERROR_BUFFER_FULL, SWO_ERROR_AFTER_END, SWO_ERROR_OUT_OF_MEMORY,
    /// SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
    fn swo_receive_buffer(
        conn: *mut swo_conn, min: usize, data: *mut *mut u8, cap: *mut usize,
    ) -> swo_result = receive_buffer(conn, min, data, cap);

    /// Appends the first `len` bytes of the space from swo_receive_buffer, once.
    ///
    /// **Inbound:** ends the current event and its slices. A `len` of 0 appends nothing and is not
    /// the end of the input; that is swo_receive_eof. Errors: SWO_BAD_LENGTH if the space is
    /// smaller (its bytes remain: call again with a smaller `len`). SWO_BAD_LENGTH also if the
    /// space was used already, or another inbound call has ended it. On an error nothing was
    /// appended. Next: swo_next_event.
    fn swo_receive_commit(
        conn: *mut swo_conn, len: usize,
    ) -> swo_result = receive_commit(conn, len);

    /// Marks the end of the peer's bytes (EOF).
    ///
    /// `end` is SWO_END_CLEAN after a FIN, over TLS only with a closure alert before it. It is
    /// SWO_END_TRUNCATED after a reset, or without the alert (RFC 9112, section 9.8). The end takes
    /// effect after all bytes received before have been parsed. A second end is ignored, and so is
    /// one after the peer's direction has switched. **Inbound:** ends the current event and its
    /// slices. Errors: SWO_BAD_ENUM. Next: swo_next_event.
    fn swo_receive_eof(conn: *mut swo_conn, end: u32) -> swo_result = receive_eof(conn, end);

    /// Moves the first bytes of the new protocol out of the connection.
    ///
    /// After SWO_EVENT_KIND_SWITCHED. They are the bytes that the event has as `leftover`;
    /// everything that the transport delivers later belongs to the new protocol too. If you need no
    /// more HTTP, you may use `leftover` in place instead, and then free the connection. If there
    /// are such bytes, swo_resume_http requires this call. `out` is your own memory, never that of
    /// an event. **Inbound:** ends the current event and its slices. Errors:
    /// SWO_ERROR_OUTPUT_TOO_SMALL, with the size needed in `written`; then nothing was moved.
    fn swo_take_leftover(
        conn: *mut swo_conn, out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = take_leftover(conn, (out, cap, written));

    /// Counts `len` bytes of content that your code has read without the engine.
    ///
    /// Your code may have read them from the transport with splice(2), or into memory of yours. The
    /// state and the positions become those after swo_receive of the same bytes, but `drain` of the
    /// configuration does not count them. Allowed up to the number that swo_content returns, or any
    /// number for SWO_CONTENT_UNTIL_CLOSE. All bytes passed to the engine must have been parsed.
    /// **Inbound:** ends the current event and its slices. Next: swo_next_event; after the last
    /// byte of a `Content-Length` it emits the end of the message. RFC 9112, section 6.
    ///
    /// Errors: SWO_ERROR_NO_CONTENT, SWO_ERROR_UNREAD_INPUT, SWO_ERROR_LENGTH_EXCEEDED,
    /// SWO_ERROR_AFTER_END, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
    fn swo_pass_content(conn: *mut swo_conn, len: u64) -> swo_result = pass_content(conn, len);

    /// Consumes the end of the message together with the current event, if known.
    ///
    /// Returns 1 if the current event was the last of its message; no SWO_EVENT_KIND_END_OF_MESSAGE
    /// follows then. That is known for a head without content, and for the last content of a
    /// `Content-Length`. The event stays current, and its slices stay valid, while you respond,
    /// until the next inbound call. Returns 0 otherwise, and changes nothing. RFC 9112, section 6.
    fn swo_take_end(conn: *mut swo_conn) -> swo_flag = take_end(conn);

    /// Returns the current request and all bytes after it, for another HTTP parser.
    ///
    /// For a server: the request's head and every byte received after it, unchanged. Call it at
    /// SWO_EVENT_KIND_REQUEST, before the next inbound call; while the head of an offer or a
    /// CONNECT is kept, also later. Never once something after the head has been parsed, or a final
    /// response or a 101 has been sent. `out` is your own memory, never that of an event.
    /// **Inbound:** ends the current event and its slices. Errors, after which nothing has changed:
    /// those below, SWO_ERROR_OUTPUT_TOO_SMALL with the size needed in `written`. Next: free the
    /// connection, keep the transport.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_HEAD_GONE,
    /// SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_hand_over(
        conn: *mut swo_conn, out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = hand_over(conn, (out, cap, written));

    /// Releases the heap memory that a connection does not need at present.
    ///
    /// A message in progress, a kept head, unread bytes and protocols to advertise need some of it.
    /// Without them all is released but a given configuration. The entries of swo_trace and the
    /// protocols of swo_required and swo_agreed are then lost. **Inbound:** ends the current event
    /// and its slices.
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
    Ok(conn.receive(data)?)
}

fn receive_buffer(
    mut conn: Conn<'_>,
    min: usize,
    data: Out<'_, *mut u8>,
    cap: Out<'_, usize>,
) -> Done {
    let space = conn.receive_buffer(min)?;
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
    conn.leave_leftover(|_| ());
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
