//! Getters of a connection, which may be called at any time.
//!
//! Nothing here changes anything but `swo_trace`, which takes entries out.

use switchover::Connection;
use switchover::binding::Bound;

use crate::error::{BindingError, Done, swo_result};
use crate::object::{Conn, swo_conn};
use crate::out::{Array, Out};
use crate::types::{
    swo_content_left, swo_failure_info, swo_flag, swo_slice, swo_state_info, swo_trace_entry,
};

export! {
    /// Returns the machine's state, all of it in one struct.
    ///
    /// Its parts may change with any version.
    fn swo_state(
        conn: *const swo_conn, state: *mut swo_state_info,
    ) -> swo_result = state(conn, state);

    /// Returns whom the engine waits for, SWO_AWAITING_*; set deadlines by it.
    ///
    /// Renew one at each event, and as bytes of ours leave, but not as bytes come in. An unfinished
    /// head is no event, so a peer does not live on by sending one slowly. When one expires, a
    /// server calls swo_reject with a 408, or just closes an idle connection
    /// (SWO_AWAITING_REQUEST); a client calls swo_abandon.
    fn swo_awaiting(conn: *const swo_conn) -> u32 = awaiting(conn);

    /// Returns why the current cycle's upgrade did not happen, SWO_WHY_*.
    ///
    /// SWO_NONE where it did, or before the first request.
    fn swo_why(conn: *const swo_conn) -> u32 = why(conn);

    /// Returns whether to go on reading the transport.
    ///
    /// While it does not, the peer feels it as back-pressure.
    fn swo_wants_input(conn: *const swo_conn) -> swo_flag = wants_input(conn);

    /// Returns whether our direction may carry the new protocol.
    ///
    /// A client has its 101 (or 2xx to CONNECT) and its request is out, a server has accepted. No
    /// event tells a client that its own direction has switched.
    fn swo_may_speak(conn: *const swo_conn) -> swo_flag = may_speak(conn);

    /// Returns the received bytes after the current event.
    ///
    /// Nothing has read them yet; valid until the next inbound call. While an offer is undecided
    /// they belong to no protocol. If you decline and do not trust the client to have meant them as
    /// HTTP, call swo_close_after_response and they are never read. RFC 9931, section 5.
    fn swo_unread(conn: *const swo_conn, bytes: *mut swo_slice) -> swo_result = unread(conn, bytes);

    /// Returns what is still to come of the message being received.
    ///
    /// Counted after the current event.
    ///
    /// When the message was cut short, this is what was missing. Next: swo_pass_content, if your
    /// code can read content past the engine. RFC 9112, section 6.3.
    fn swo_content(
        conn: *const swo_conn, content: *mut swo_content_left,
    ) -> swo_result = content(conn, content);

    /// Returns what the caller must send next, SWO_OWES_*.
    ///
    /// The peer waits for it.
    ///
    /// Of several things, the first one that it waits for. SWO_OWES_CONTENT means a message of ours
    /// that has content to come. It may be an older one than meant. Where swo_send_response was
    /// refused with SWO_ERROR_ANSWERED, the response under way is still open. The text of an error
    /// would become a part of its content. Then write nothing and close the transport.
    fn swo_owes(conn: *const swo_conn) -> u32 = owes(conn);

    /// Returns whether another request may follow on this connection.
    ///
    /// As far as is known.
    ///
    /// RFC 9112, section 9.3.
    fn swo_persists(conn: *const swo_conn) -> swo_flag = persists(conn);

    /// Returns how to close the transport now, SWO_CLOSING_*.
    ///
    /// SWO_NONE for a connection that is NULL or dead. RFC 9112, sections 8 and 9.6.
    ///
    /// SWO_CLOSING_CLOSE: close it, the peer loses nothing by that. SWO_CLOSING_LINGER: shut down
    /// the sending side, read on and discard what comes until the peer closes too. Do so for a few
    /// seconds at most, then close. A socket that is closed with bytes unread is reset, which may
    /// take the last response away from the client. SWO_CLOSING_RESET: set SO_LINGER to 0 and
    /// close, over TLS send no closure alert. A response ends with the connection, as an HTTP/1.0
    /// client has it, and is not complete. After a FIN the client would take it for whole.
    fn swo_closing(conn: *const swo_conn) -> u32 = closing(conn);

    /// Returns the number of requests without a complete final response.
    ///
    /// For a client.
    ///
    /// Once the connection is over, these may be sent again on another one where that is safe (RFC
    /// 9112, section 9.3.2). SWO_NONE for a connection that is NULL or dead.
    fn swo_unanswered(conn: *const swo_conn) -> u32 = unanswered(conn);

    /// Returns the number of the peer's bytes that events have passed so far.
    fn swo_position(conn: *const swo_conn) -> u64 = position(conn);

    /// Returns the peer's error that ended receiving.
    ///
    /// Errors: SWO_NOTHING where none did.
    fn swo_failure(
        conn: *const swo_conn, failure: *mut swo_failure_info,
    ) -> swo_result = failure(conn, failure);

    /// Takes the oldest entries out of the trace.
    ///
    /// As many as there is space for: what was received, decided and refused, of which the latest
    /// 32 are kept. Again until `count` is less than `cap`.
    fn swo_trace(
        conn: *mut swo_conn, entries: *mut swo_trace_entry, cap: usize, count: *mut usize,
    ) -> swo_result = trace(conn, (entries, cap, count));
}

fn state(conn: &Connection, out: Out<'_, swo_state_info>) -> Done {
    out.set(conn.state().into())
}

fn awaiting(conn: &Connection) -> Done<u32> {
    Ok(conn.awaiting().number())
}

fn why(conn: &Connection) -> Done<u32> {
    Ok(conn.why().ok_or(BindingError::Nothing)?.number())
}

fn wants_input(conn: &Connection) -> Done<bool> {
    Ok(conn.wants_input())
}

fn may_speak(conn: &Connection) -> Done<bool> {
    Ok(conn.may_speak())
}

fn unread(conn: &Connection, out: Out<'_, swo_slice>) -> Done {
    out.set(conn.unread().into())
}

fn content(conn: &Connection, out: Out<'_, swo_content_left>) -> Done {
    out.set(conn.content().into())
}

fn owes(conn: &Connection) -> Done<u32> {
    Ok(conn.owes().number())
}

fn persists(conn: &Connection) -> Done<bool> {
    Ok(conn.persists())
}

fn closing(conn: &Connection) -> Done<u32> {
    Ok(conn.closing().number())
}

fn unanswered(conn: &Connection) -> Done<u32> {
    Ok(u32::from(conn.unanswered()))
}

fn position(conn: &Connection) -> Done<u64> {
    Ok(conn.position())
}

fn failure(conn: &Connection, out: Out<'_, swo_failure_info>) -> Done {
    let error = conn.failure().ok_or(BindingError::Nothing)?;
    out.set(swo_failure_info {
        code: u32::from(error.code()),
        status: error.status().map_or(0, u32::from),
        offset: error.offset().unwrap_or_default(),
    })
}

fn trace(mut conn: Conn<'_>, out: Array<'_, swo_trace_entry>) -> Done {
    out.drain(|| conn.trace().map(Into::into))
}
