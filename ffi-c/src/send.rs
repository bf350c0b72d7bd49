//! Sending requests, responses and content, and ending the connection.
//!
//! A call that returns an error has changed nothing and written nothing.

use switchover::{Config, ErrorKind, RequestHead};

use crate::config::swo_config;
use crate::convert::status;
use crate::error::{Done, swo_result};
use crate::handle::memory::{FieldList, RequestGiven, ResponseGiven};
use crate::object::{Conn, swo_conn};
use crate::out::{Out, Output};
use crate::respond::response_head;
use crate::small_list::SmallList;
use crate::types::{swo_data_parts, swo_field, swo_request_head, swo_response_head, swo_slice};

export! {
    /// Sends a request head, with an offer of other protocols or none.
    ///
    /// For a client; the offer lists protocols in order of preference.
    ///
    /// Like every function with `out`, `cap` and `written`: all bytes are written, or none. If the
    /// space is too small, the result is SWO_ERROR_OUTPUT_TOO_SMALL and `written` the size needed.
    /// For an error that one of the field lines caused (SWO_ERROR_INVALID_NAME, ..._VALUE,
    /// SWO_ERROR_RESERVED_FIELD and the like), `written` is the index of that line, from 0. It is
    /// unchanged if `tidy` has corrected other lines before. For SWO_ERROR_PROFILE_FIELD from this
    /// function, `written` is the rule of the protocol that the offer breaks, SWO_INELIGIBLE_*. For
    /// any other error `written` is unchanged. `out` may be NULL if `cap` is 0. Send the bytes
    /// written before those of the next call on the connection.
    ///
    /// Next: swo_send_data and swo_send_end if content follows; then receive. RFC 9112, section 3;
    /// RFC 9110, section 7.8.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_REQUEST_UNFINISHED, SWO_ERROR_OFFER_PENDING,
    /// SWO_ERROR_PIPELINE_FULL, SWO_ERROR_NOT_PERSISTENT, SWO_ERROR_UNREAD_INPUT, SWO_ERROR_CLOSED,
    /// SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_METHOD, SWO_ERROR_INVALID_TARGET,
    /// SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_PROTOCOL,
    /// SWO_ERROR_INVALID_HOST, SWO_ERROR_HOST_DIFFERS, SWO_ERROR_FRAMING_CONFLICT,
    /// SWO_ERROR_RESERVED_FIELD, SWO_ERROR_PROFILE_FIELD, SWO_ERROR_OUT_OF_MEMORY,
    /// SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_send_request(
        conn: *mut swo_conn, request: *const swo_request_head, offer: *const swo_slice,
        offer_count: usize, out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = send_request(conn, request, (offer, offer_count), (out, cap, written));

    /// Sends an informational (1xx) response other than 101.
    ///
    /// For a server.
    ///
    /// A client waits for a 100 while swo_owes returns SWO_OWES_CONTINUE. A 100 that the client
    /// does not wait for has no effect on it; a proxy forwards it nevertheless.
    /// Next: the rest of the request, or the final response. RFC 9110, section 15.2.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED,
    /// SWO_ERROR_HTTP_1_0_PEER, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED,
    /// SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON, SWO_ERROR_INVALID_NAME,
    /// SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_HOST, SWO_ERROR_FRAMING_CONFLICT,
    /// SWO_ERROR_RESERVED_FIELD, SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_send_informational(
        conn: *mut swo_conn, response: *const swo_response_head, out: *mut u8, cap: usize,
        written: *mut usize,
    ) -> swo_result = send_informational(conn, response, (out, cap, written));

    /// Sends a final response head.
    ///
    /// For a server.
    ///
    /// An offer of the request is declined by this call, with no other effect. But a 2xx to CONNECT
    /// opens a tunnel, so a server without tunnels responds with 501. Send a 426 with swo_require,
    /// or after swo_advertise: without protocols it is SWO_ERROR_INVALID_STATUS. Next:
    /// swo_send_data and swo_send_end (if swo_owes returns SWO_OWES_CONTENT). RFC 9112, sections 4
    /// and 6.
    ///
    /// Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
    /// SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
    /// SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_HOST,
    /// SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD, SWO_ERROR_OUT_OF_MEMORY,
    /// SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_send_response(
        conn: *mut swo_conn, response: *const swo_response_head, out: *mut u8, cap: usize,
        written: *mut usize,
    ) -> swo_result = send_response(conn, response, (out, cap, written));

    /// Sends content, with at most 20 bytes of framing around it.
    ///
    /// Content with a `Content-Length` ends with its last byte. `data` may be a slice of an event,
    /// so an echo needs no copy. Next: more content, or swo_send_end. RFC 9112, section 6.
    ///
    /// Errors: SWO_ERROR_NO_CONTENT, SWO_ERROR_LENGTH_EXCEEDED, SWO_ERROR_CLOSED,
    /// SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_send_data(
        conn: *mut swo_conn, data: *const u8, len: usize, out: *mut u8, cap: usize,
        written: *mut usize,
    ) -> swo_result = send_data(conn, (data, len), (out, cap, written));

    /// Returns the framing around `len` bytes of content that your code writes.
    ///
    /// Use it instead of swo_send_data for writev(2), for example. Your code must send prefix,
    /// content and suffix. Next: more content, or swo_send_end. RFC 9112, section 7.1.
    ///
    /// Errors: SWO_ERROR_NO_CONTENT, SWO_ERROR_LENGTH_EXCEEDED, SWO_ERROR_CLOSED,
    /// SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
    fn swo_send_data_parts(
        conn: *mut swo_conn, len: usize, parts: *mut swo_data_parts,
    ) -> swo_result = send_data_parts(conn, len, parts);

    /// Ends the message being sent, with trailers if it is chunked.
    ///
    /// A message without content, or with all of its `Content-Length` sent, has ended already: one
    /// such call is then allowed and writes nothing. After swo_respond, swo_respond_prepared and
    /// swo_reject it is an error. Next: a client receives, a server continues with swo_next_event.
    /// RFC 9112, section 7.1.2.
    ///
    /// Errors: SWO_ERROR_NO_CONTENT, SWO_ERROR_LENGTH_SHORT, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED,
    /// SWO_ERROR_FAILED, SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE,
    /// SWO_ERROR_TRAILER_FORBIDDEN, SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
    fn swo_send_end(
        conn: *mut swo_conn, trailers: *const swo_field, trailer_count: usize, out: *mut u8,
        cap: usize, written: *mut usize,
    ) -> swo_result = send_end(conn, (trailers, trailer_count), (out, cap, written));

    /// Discards the rest of the content of the message being received.
    ///
    /// At most `drain` bytes (of the configuration). If more follows, receiving ends; else the end
    /// of the message is still emitted as an event. Call it before the response if no more content
    /// will be read. A server's next final response then has `Connection: close` if the rest of a
    /// `Content-Length` exceeds `drain`. Next: swo_next_event. RFC 9112, sections 9.3 and 9.6.
    ///
    /// Errors: SWO_ERROR_NO_CONTENT.
    fn swo_skip_content(conn: *mut swo_conn) -> swo_result = skip_content(conn);

    /// Changes the limits of the connection, from the next message on.
    ///
    /// The limits become those of `config` (NULL: the defaults); its other members are ignored.
    /// Rejected until each request and its response are complete, and once a part of the next head
    /// has been parsed. Errors also: SWO_STRUCT_TOO_OLD, SWO_STRUCT_TOO_NEW.
    /// Next: continue as before.
    ///
    /// Errors: SWO_ERROR_UNANSWERED, SWO_ERROR_UNREAD_INPUT, SWO_ERROR_OUT_OF_MEMORY.
    fn swo_set_limits(
        conn: *mut swo_conn, config: *const swo_config,
    ) -> swo_result = set_limits(conn, config);

    /// Closes the connection after the response to the current request.
    ///
    /// A server's next final response says `close`; without an open request the connection closes
    /// at once. A client closes after the last response that it waits for. Next: respond, or
    /// swo_next_event. RFC 9112, section 9.6.
    ///
    /// Errors: SWO_ERROR_TOO_LATE, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
    fn swo_close_after_response(conn: *mut swo_conn) -> swo_result = close_after_response(conn);

    /// Abandons the exchange, for instance when a deadline has passed.
    ///
    /// A client with an unfinished request truncates that and continues to receive the response. In
    /// every other state, or at the second call, HTTP ends in both directions. Next: close the
    /// direction of the transport that has ended, or all of it as swo_closing says; swo_next_event.
    fn swo_abandon(conn: *mut swo_conn) -> swo_result = abandon(conn);

    /// Returns the registered reason phrase of a status.
    ///
    /// The phrases are those of RFC 9110, section 15, and of the IANA registry. The slice has the
    /// length 0 for any other status. No NUL follows it. Static.
    fn swo_reason(status: u32) -> swo_slice = reason(status);
}

/// Returns the bytes as UTF-8, which the engine requires.
///
/// Returns the error `or` if they are not UTF-8, as the engine would for such a value.
pub(crate) fn text(bytes: &[u8], or: ErrorKind) -> Done<&str> {
    Ok(str::from_utf8(bytes).map_err(|_| or)?)
}

/// Returns protocol names as UTF-8, or `InvalidProtocol` if one is not UTF-8.
pub(crate) fn names<'a>(list: &[&'a [u8]]) -> Done<SmallList<&'a str>> {
    SmallList::collect(list.iter().map(|entry| text(entry, ErrorKind::InvalidProtocol)))
}

pub(crate) fn request_head<'a>(
    (method, target, fields): &'a RequestGiven<'_>,
) -> Done<RequestHead<'a>> {
    let method = text(method, ErrorKind::InvalidMethod)?;
    Ok(RequestHead::new(method, text(target, ErrorKind::InvalidTarget)?, fields))
}

fn send_request(
    mut conn: Conn<'_>,
    given: RequestGiven<'_>,
    offer: SmallList<&[u8]>,
    out: Output<'_>,
) -> Done {
    let (request, offer) = (request_head(&given)?, names(&offer)?);
    out.write(|out| conn.send_request(&request, &offer, out))
}

fn send_informational(mut conn: Conn<'_>, given: ResponseGiven<'_>, out: Output<'_>) -> Done {
    out.write(|out| conn.send_informational(&response_head(&given), out))
}

fn send_response(mut conn: Conn<'_>, given: ResponseGiven<'_>, out: Output<'_>) -> Done {
    out.write(|out| conn.send_response(&response_head(&given), out))
}

fn send_data(mut conn: Conn<'_>, data: &[u8], out: Output<'_>) -> Done {
    out.write(|out| conn.send_data(data, out))
}

fn send_data_parts(mut conn: Conn<'_>, len: usize, out: Out<'_, swo_data_parts>) -> Done {
    out.set(conn.send_data_parts(len as u64)?.into())
}

fn send_end(mut conn: Conn<'_>, trailers: FieldList<'_>, out: Output<'_>) -> Done {
    out.write(|out| conn.send_end(&trailers, out))
}

fn set_limits(mut conn: Conn<'_>, config: Option<swo_config>) -> Done {
    let config = config.map_or(Config::default(), Config::from);
    Ok(conn.set_limits(&config.limits)?)
}

fn skip_content(mut conn: Conn<'_>) -> Done {
    Ok(conn.skip_content()?)
}

fn close_after_response(mut conn: Conn<'_>) -> Done {
    Ok(conn.close_after_response()?)
}

fn abandon(mut conn: Conn<'_>) -> Done {
    Ok(conn.abandon()?)
}

fn reason(code: u32) -> Done<swo_slice> {
    Ok(swo_slice::of(switchover::ResponseHead::usual_reason(status(code)).as_bytes()))
}
