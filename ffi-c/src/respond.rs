//! Whole answers: head, content and end in one call.
//!
//! A refused one has changed nothing and written nothing.

use switchover::{Config, Prepared, ResponseHead};

use crate::config::swo_config;
use crate::convert::status;
use crate::error::{Done, swo_result};
use crate::handle::Release;
use crate::handle::memory::ResponseGiven;
use crate::object::{Conn, Handle, swo_conn, swo_prepared};
use crate::out::{Out, Output};
use crate::types::swo_response_head;

export! {
    /// Sends a whole final response, all of it or nothing.
    ///
    /// For a server.
    ///
    /// The content is framed by its length, which is added, so that an HTTP/1.0 client may keep the
    /// connection too. In answer to HEAD the length is written and the content is not. A 204, 205
    /// or 304 has no content, and a 2xx to CONNECT opens a tunnel. An offer is thereby declined.
    /// SWO_ERROR_FRAMING_CONFLICT is also for a Transfer-Encoding, and for content where the status
    /// has none. Next: swo_next_event. RFC 9110, section 8.6; RFC 9112, section 6.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
    /// SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
    /// SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_FRAMING_CONFLICT,
    /// SWO_ERROR_RESERVED_FIELD, SWO_ERROR_LENGTH_EXCEEDED, SWO_ERROR_LENGTH_SHORT,
    /// SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_respond(
        conn: *mut swo_conn, response: *const swo_response_head, data: *const u8, len: usize,
        out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = respond(conn, response, (data, len), (out, cap, written));

    /// Checks and encodes a whole response once, for swo_respond_prepared.
    ///
    /// On any number of connections. `config` is that of the connections, or NULL: its `tidy` may
    /// put the field lines right. What was given is copied. With a `Date` among the field lines it
    /// is good for a second. It is not changed afterwards, so several threads may use it at once.
    /// Errors: those of swo_respond for the response itself, without the index of a field line;
    /// SWO_STRUCT_TOO_OLD, SWO_STRUCT_TOO_NEW. Next: swo_respond_prepared; at the end
    /// swo_prepared_free.
    fn swo_prepared_new(
        response: *const swo_response_head, data: *const u8, len: usize, config: *const swo_config,
        prepared: *mut *mut swo_prepared,
    ) -> swo_result = prepared_new(response, (data, len), config, prepared);

    /// Frees a prepared response.
    ///
    /// NULL is allowed. No connection needs it any longer than the call that it was given to. It is
    /// not detected when one is used afterwards or freed twice.
    fn swo_prepared_free(prepared: *mut swo_prepared) -> swo_result = prepared_free((prepared, ()));

    /// Sends a prepared response: swo_respond with the same bytes, states and errors.
    ///
    /// For a server. Errors: SWO_BAD_HANDLE for what is no prepared response. Next: swo_next_event.
    /// RFC 9110, section 8.6; RFC 9112, section 6.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
    /// SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_FRAMING_CONFLICT,
    /// SWO_ERROR_RESERVED_FIELD, SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_respond_prepared(
        conn: *mut swo_conn, prepared: *const swo_prepared, out: *mut u8, cap: usize,
        written: *mut usize,
    ) -> swo_result = respond_prepared(conn, prepared, (out, cap, written));

    /// Sends the connection's last response, whatever it has received.
    ///
    /// For a server. It is the response to a peer error, or a 408 to half a head or half the
    /// content. Or it is a 429 or 503 to a client that is not wanted. It belongs to the request
    /// that waits for an answer; if there is none, to the request that comes next. No more is read,
    /// and the response says `Connection: close`. SWO_ERROR_ANSWERED once a response has begun:
    /// then swo_abandon. Next: send what was written, then close the transport as swo_closing says.
    /// RFC 9110, section 15.5.9; RFC 9112, section 9.6.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED,
    /// SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
    /// SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_FRAMING_CONFLICT,
    /// SWO_ERROR_RESERVED_FIELD, SWO_ERROR_LENGTH_EXCEEDED, SWO_ERROR_LENGTH_SHORT,
    /// SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_reject(
        conn: *mut swo_conn, response: *const swo_response_head, data: *const u8, len: usize,
        out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = reject(conn, response, (data, len), (out, cap, written));

    /// Tells the engine that your code sends the final response itself.
    ///
    /// For a server; call it before you do so.
    ///
    /// `has_content` is not 0 if content follows the head (never in answer to HEAD), `closes` if
    /// the response says `close` or ends with the connection. `persists` becomes 1 if the
    /// connection goes on afterwards; if it becomes 0, the head must say `Connection: close`. To an
    /// HTTP/1.0 client a connection that goes on must say `Connection: keep-alive`. Next: send the
    /// response; where it has content, then swo_send_end, which writes nothing. RFC 9112, section
    /// 9.3.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
    /// SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_FRAMING_CONFLICT.
    fn swo_note_response(
        conn: *mut swo_conn, status: u32, has_content: u32, closes: u32, persists: *mut u32,
    ) -> swo_result = note_response(conn, status, has_content, closes, persists);
}

/// Makes a response head, with the usual reason unless another is given.
pub(crate) fn response_head<'a>((code, reason, fields): &'a ResponseGiven<'_>) -> ResponseHead<'a> {
    let usual = ResponseHead::new(status(*code), fields);
    ResponseHead { reason: reason.unwrap_or(usual.reason), ..usual }
}

fn respond(mut conn: Conn<'_>, given: ResponseGiven<'_>, content: &[u8], out: Output<'_>) -> Done {
    out.write(|out| conn.respond(&response_head(&given), content, out))
}

fn prepared_new(
    given: ResponseGiven<'_>,
    content: &[u8],
    config: Option<swo_config>,
    out: Out<'_, *mut swo_prepared>,
) -> Done {
    let config = config.map_or(Config::default(), Config::from);
    out.set(swo_prepared::new(Prepared::with_config(&response_head(&given), content, config)?)?)
}

fn prepared_free(prepared: Release<swo_prepared>) -> Done {
    prepared.free()
}

fn respond_prepared(mut conn: Conn<'_>, prepared: &Prepared, out: Output<'_>) -> Done {
    out.write(|out| conn.respond_prepared(prepared, out))
}

fn reject(mut conn: Conn<'_>, given: ResponseGiven<'_>, content: &[u8], out: Output<'_>) -> Done {
    out.write(|out| conn.reject(&response_head(&given), content, out))
}

fn note_response(
    mut conn: Conn<'_>,
    code: u32,
    has_content: u32,
    closes: u32,
    persists: Out<'_, u32>,
) -> Done {
    persists.set(u32::from(conn.note_response(status(code), has_content != 0, closes != 0)?))
}
