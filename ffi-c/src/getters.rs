//! Getters of a connection, which may be called at any time.
//!
//! No function here changes the connection, except that `swo_trace` removes the entries it returns.

use switchover::Connection;
use switchover::binding::Bound;

use crate::error::{BindingError, Done, swo_result};
use crate::object::{Conn, swo_conn};
use crate::out::{Array, Out};
use crate::types::{
    swo_content_left, swo_failure_info, swo_flag, swo_slice, swo_state_info, swo_trace_entry,
};

export! {
    /// Returns the whole state of the connection's state machine in one struct.
    ///
    /// Use it only for logs and debugging: unlike the rest of this header, its numbers may change
    /// with any version.
    fn swo_state(
        conn: *const swo_conn, state: *mut swo_state_info,
    ) -> swo_result = state(conn, state);

    /// Returns the party that the connection waits for, SWO_AWAITING_*.
    ///
    /// Use it to set a deadline. Renew the deadline at each event and whenever bytes of yours were
    /// sent, but not when bytes come in. An unfinished head is no event, so a peer that sends one
    /// slowly does not extend its deadline. When it expires, a server calls swo_reject with a 408,
    /// or swo_abandon if its response has begun. It just closes an idle connection
    /// (SWO_AWAITING_REQUEST). A client sends its content if it waits for a 100
    /// (SWO_AWAITING_CONTINUE), and else calls swo_abandon.
    fn swo_awaiting(conn: *const swo_conn) -> u32 = awaiting(conn);

    /// Returns why the latest request's upgrade did not happen, SWO_WHY_*.
    ///
    /// SWO_WHY_UNDECIDED while an offer waits for a decision. SWO_NONE before the first request,
    /// and if the upgrade happened. SWO_NONE too if a server did not read the latest request's
    /// head, because of an error or after swo_reject.
    fn swo_why(conn: *const swo_conn) -> u32 = why(conn);

    /// Returns whether the caller should read bytes of HTTP from the transport.
    ///
    /// While it is 0 because too many received bytes wait, stop reading: that is the back-pressure
    /// on the peer. It is also 0 after the end of the peer's bytes, after a peer error, and once
    /// the peer's direction has switched or closed. After a switch, read for the new protocol.
    fn swo_wants_input(conn: *const swo_conn) -> swo_flag = wants_input(conn);

    /// Returns whether the caller may send bytes of the new protocol.
    ///
    /// A client may once it has received the 101 (or 2xx to CONNECT) and sent its whole request. A
    /// server may once it has sent the 101 (or 2xx to CONNECT), or received the HTTP/2 preface. No
    /// event tells a client that its own direction has switched.
    fn swo_may_speak(conn: *const swo_conn) -> swo_flag = may_speak(conn);

    /// Returns the received bytes after the current event, which are not parsed yet.
    ///
    /// Valid until the next inbound call. While an offer is undecided, those after the request
    /// belong to no protocol. If you decline the offer and doubt that the client sent them as HTTP,
    /// call swo_close_after_response: then they are never parsed. RFC 9931, section 5.
    fn swo_unread(conn: *const swo_conn, bytes: *mut swo_slice) -> swo_result = unread(conn, bytes);

    /// Returns how much content of the message being received is still to come.
    ///
    /// It is the rest after the current event; for chunked content, the rest of the current chunk.
    /// If the peer's bytes ended inside the message, it is the missing rest. Next:
    /// swo_pass_content, if your code can read content without the engine. RFC 9112, section 6.3.
    fn swo_content(
        conn: *const swo_conn, content: *mut swo_content_left,
    ) -> swo_result = content(conn, content);

    /// Returns what the caller must send next, SWO_OWES_*.
    ///
    /// The peer waits for it. If several things are due, returns the one to send first.
    /// SWO_OWES_CONTENT means that content, or the end, of a message of yours is still to come.
    /// After SWO_ERROR_ANSWERED from swo_send_response that message is the earlier response, which
    /// is unfinished. The text of an error page would then become part of its content, so write
    /// nothing and close the transport.
    fn swo_owes(conn: *const swo_conn) -> u32 = owes(conn);

    /// Returns whether another request may follow on this connection, as far as known.
    ///
    /// 0 once a message, a call or an error makes the current exchange the last, and while a
    /// direction has switched. On a client without an open request, also while there are unread
    /// bytes. RFC 9112, sections 9.2 and 9.3.
    fn swo_persists(conn: *const swo_conn) -> swo_flag = persists(conn);

    /// Returns how to close the transport now, SWO_CLOSING_*.
    ///
    /// SWO_NONE for a connection that is NULL or dead. RFC 9112, sections 8 and 9.6.
    ///
    /// SWO_CLOSING_CLOSE: close it; no sent response is at risk. A client always gets this.
    /// SWO_CLOSING_LINGER: shut down the sending side, then read and discard until the peer closes
    /// too. Do so for a few seconds at most, then close. Closing a socket with unread bytes resets
    /// the TCP connection, and the client may lose the last response. SWO_CLOSING_RESET: set
    /// SO_LINGER to 0 and close; over TLS send no closure alert. A server gets this during an
    /// unfinished response that is delimited by the end of the connection, as an HTTP/1.0 client
    /// gets it. After a FIN the client would consider that response complete. An unfinished last
    /// response of swo_note_response counts as one.
    fn swo_closing(conn: *const swo_conn) -> u32 = closing(conn);

    /// Returns the number of requests without a complete final response.
    ///
    /// For a client; always 0 on a server. Requests that the `dropped` of a response has counted
    /// are not in it. Once the connection has ended, the requests may be sent again on another one
    /// if that is safe (RFC 9112, section 9.3.2). SWO_NONE for a connection that is NULL or dead.
    fn swo_unanswered(conn: *const swo_conn) -> u32 = unanswered(conn);

    /// Returns the number of the peer's bytes up to the end of the current event.
    ///
    /// Counted from the first byte that the peer sent. Received bytes that are not parsed yet are
    /// not in it. 0 for a connection that is NULL or dead.
    fn swo_position(conn: *const swo_conn) -> u64 = position(conn);

    /// Returns the peer error that ended receiving.
    ///
    /// Errors: SWO_NOTHING if there was none.
    fn swo_failure(
        conn: *const swo_conn, failure: *mut swo_failure_info,
    ) -> swo_result = failure(conn, failure);

    /// Returns the oldest entries of the connection's trace and removes them.
    ///
    /// The trace records steps (SWO_TRACE_STEP_*): what was received, sent, decided and rejected.
    /// The connection keeps the latest 32 entries. Writes at most `cap` entries and their number to
    /// `count`. Repeat until `count` is less than `cap`.
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
        reserved: [0],
    })
}

fn trace(mut conn: Conn<'_>, out: Array<'_, swo_trace_entry>) -> Done {
    out.drain(|| conn.trace().map(Into::into))
}
