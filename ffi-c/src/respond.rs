//! Whole responses: head, content and end in one call.
//!
//! A call that returns an error has changed nothing and written nothing.

use switchover::binding::{Bound, fallible::prepared};
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
    /// Sends a whole final response: head, content and end, or nothing.
    ///
    /// For a server.
    ///
    /// A `Content-Length` is added, so that an HTTP/1.0 client may keep the connection too. In
    /// response to HEAD only the head is written, and with empty `data` it gets no length. A 204,
    /// 205 or 304 has no content, and a 2xx to CONNECT opens a tunnel. An offer of the request is
    /// declined by this call. SWO_ERROR_FRAMING_CONFLICT is also for a `Transfer-Encoding`, and for
    /// content with a status that allows none. Next: swo_next_event. RFC 9110, section 8.6; RFC
    /// 9112, section 6.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
    /// SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
    /// SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_HOST,
    /// SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD, SWO_ERROR_LENGTH_EXCEEDED,
    /// SWO_ERROR_LENGTH_SHORT, SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_respond(
        conn: *mut swo_conn, response: *const swo_response_head, data: *const u8, len: usize,
        out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = respond(conn, response, (data, len), (out, cap, written));

    /// Sends the head of a response whose content your code sends by other ways.
    ///
    /// For a server. For sendfile(2), a kernel that encrypts, or the buffers of an event library.
    ///
    /// A `Content-Length` of `len` is added, unless `response` has it. To HEAD and with a 304,
    /// `len` is what a GET would get. A length of 0 is not added to HEAD, or with a 204 or 304.
    /// Send what was written. Then send the content if swo_owes is SWO_OWES_CONTENT. If it is not,
    /// the response has ended: after HEAD, with a 304, and if `len` is 0. Pass the number of bytes
    /// that you have sent to swo_send_data_parts, at once or piece by piece. It adds nothing to
    /// them, and the response ends with the last byte. If the content fails on its way, call
    /// swo_abandon. SWO_ERROR_FRAMING_CONFLICT is for another length, a `Transfer-Encoding`, a 204
    /// or 205 with content, and a 2xx to CONNECT. Next: swo_next_event. RFC 9112, section 6.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
    /// SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
    /// SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_HOST,
    /// SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD, SWO_ERROR_OUT_OF_MEMORY,
    /// SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_respond_head(
        conn: *mut swo_conn, response: *const swo_response_head, len: u64, out: *mut u8, cap: usize,
        written: *mut usize,
    ) -> swo_result = respond_head(conn, response, len, (out, cap, written));

    /// Checks and encodes a whole response once, for swo_respond_prepared.
    ///
    /// The response may be sent on any number of connections. `config` is the configuration of
    /// those connections, or NULL for the defaults: its `tidy` may correct the field lines. All
    /// arguments are copied. A `Date` field in it is right for a second only. A prepared response
    /// never changes, so several threads may use it at once. Errors: those of swo_respond for the
    /// response itself, without the index of a field line; SWO_STRUCT_TOO_OLD, SWO_STRUCT_TOO_NEW.
    /// Next: swo_respond_prepared; at the end swo_prepared_free.
    fn swo_prepared_new(
        response: *const swo_response_head, data: *const u8, len: usize, config: *const swo_config,
        prepared: *mut *mut swo_prepared,
    ) -> swo_result = prepared_new(response, (data, len), config, prepared);

    /// Frees a prepared response.
    ///
    /// NULL is allowed. A connection uses a prepared response only during the call that gets it.
    /// Use after free and double free are not detected.
    fn swo_prepared_free(prepared: *mut swo_prepared) -> swo_result = prepared_free((prepared, ()));

    /// Sends a prepared response, with the bytes, states and errors of swo_respond.
    ///
    /// For a server. Errors also: SWO_BAD_HANDLE for a pointer that is not to a prepared response.
    /// Next: swo_next_event. RFC 9110, section 8.6; RFC 9112, section 6.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
    /// SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD,
    /// SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_respond_prepared(
        conn: *mut swo_conn, prepared: *const swo_prepared, out: *mut u8, cap: usize,
        written: *mut usize,
    ) -> swo_result = respond_prepared(conn, prepared, (out, cap, written));

    /// Sends the connection's last response, whatever was received so far.
    ///
    /// For a server. For instance a response to a peer error, or a 408 to an unfinished head or
    /// unfinished content. Or a 429 or 503 to a client that is not admitted. It responds to the
    /// request that waits for a response, or else to the next request. Nothing more is parsed, and
    /// the response says `Connection: close`. SWO_ERROR_ANSWERED once a response has begun: then
    /// call swo_abandon. Next: send what was written, then close the transport as swo_closing says.
    /// RFC 9110, section 15.5.9; RFC 9112, section 9.6.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED,
    /// SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
    /// SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_HOST,
    /// SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD, SWO_ERROR_LENGTH_EXCEEDED,
    /// SWO_ERROR_LENGTH_SHORT, SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_reject(
        conn: *mut swo_conn, response: *const swo_response_head, data: *const u8, len: usize,
        out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = reject(conn, response, (data, len), (out, cap, written));

    /// Records that your code sends the final response itself, without the engine.
    ///
    /// For a server; call it before you send the response.
    ///
    /// `has_content` is not 0 if content follows the head (never in response to HEAD). `closes` is
    /// not 0 if the response says `close` or is delimited by the end of the connection. `persists`
    /// becomes 1 if the connection stays open afterwards; if it becomes 0, the head must say
    /// `Connection: close`. For a 2xx to CONNECT ignore it. To an HTTP/1.0 client a response must
    /// say `Connection: keep-alive` to keep the connection open. A 426 must have an `Upgrade` field
    /// (RFC 9110, section 15.5.22). Next: send the response; if it has content, then swo_send_end,
    /// which writes nothing. RFC 9112, section 9.3.
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

fn respond_head(mut conn: Conn<'_>, given: ResponseGiven<'_>, len: u64, out: Output<'_>) -> Done {
    out.write(|out| conn.respond_head(&response_head(&given), len, out))
}

fn prepared_new(
    given: ResponseGiven<'_>,
    content: &[u8],
    config: Option<swo_config>,
    out: Out<'_, *mut swo_prepared>,
) -> Done {
    let config = config.map_or(Config::default(), Config::from);
    out.set(swo_prepared::new(prepared(&response_head(&given), content, config)?)?)
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
