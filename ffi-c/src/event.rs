//! Calls that return events, the current request, and the field lines of both.

use core::ffi::c_char;

use switchover::binding::{EventParts, KnownField, Method, index_of, path_and_query, spans};
use switchover::{Connection, Fields, Protocol, Request, Response, Step};

use crate::error::{BindingError, Done, swo_result};
use crate::handle::memory::RequestLine;
use crate::inbound::receive;
use crate::object::{Conn, swo_conn};
use crate::out::{Array, Out};
use crate::types::{
    swo_event, swo_field, swo_flag, swo_offer, swo_protocol, swo_request, swo_slice,
};

export! {
    /// Parses the received bytes up to the next event.
    ///
    /// **Inbound:** ends the current event and its slices; the slices of the new event are valid
    /// until the next inbound call. Errors: a peer error (swo_is_fatal). Receiving has then ended:
    /// swo_failure says at which byte, swo_error_status which final response a server may still
    /// send. A client is paused from then on, with SWO_PAUSED_CLOSED. A server gets the same error
    /// again until its response is complete, so send that. Call swo_abandon if a response is under
    /// way that must not look complete. Next: what the kind of the event demands. Repeat until
    /// SWO_EVENT_KIND_NEED_DATA (send what was written, read the transport) or
    /// SWO_EVENT_KIND_PAUSED (do what `u.paused` says).
    ///
    /// Errors: SWO_ERROR_OUT_OF_MEMORY.
    fn swo_next_event(
        conn: *mut swo_conn, event: *mut swo_event,
    ) -> swo_result = next_event(conn, event);

    /// Appends bytes received from the peer and parses up to the next event.
    ///
    /// swo_receive and swo_next_event in one call, for servers that read into their own memory.
    /// **Inbound:** ends the current event and its slices. Errors: those of swo_receive, after
    /// which no byte was appended and there is no event; then those of swo_next_event. If the kind
    /// of the event is not SWO_EVENT_KIND_NEED_DATA, continue with swo_next_event before you
    /// receive more.
    fn swo_receive_event(
        conn: *mut swo_conn, data: *const u8, len: usize, event: *mut swo_event,
    ) -> swo_result = receive_event(conn, (data, len), event);

    /// Returns the current event again.
    ///
    /// May be called any number of times: sending does not end the event.
    ///
    /// Errors: SWO_NOTHING if there is no current event.
    fn swo_current_event(
        conn: *const swo_conn, event: *mut swo_event,
    ) -> swo_result = current_event(conn, event);

    /// Returns the field lines of the current event, in order and with their spelling.
    ///
    /// For SWO_EVENT_KIND_END_OF_MESSAGE these are the trailers; for SWO_EVENT_KIND_SWITCHED the
    /// field lines of the request (server) or of the 101 or 2xx (client). The slices are valid
    /// until the next inbound call. Errors: SWO_ARRAY_TOO_SMALL, with the count needed in `count`.
    /// SWO_NOTHING if there is no current event, or it is one without a head or trailers: content,
    /// or the HTTP/2 preface. RFC 9110, section 5.
    fn swo_event_fields(
        conn: *const swo_conn, fields: *mut swo_field, cap: usize, count: *mut usize,
    ) -> swo_result = event_fields(conn, (fields, cap, count));

    /// Returns the field line of the current event at an index, counted from 0.
    ///
    /// Valid until the next inbound call. Errors: SWO_NOTHING if there is no such line.
    fn swo_event_field_at(conn: *const swo_conn, index: usize, field: *mut swo_field) -> swo_result
        = event_field_at(conn, index, field);

    /// Returns the index of the first line of a known field in the current event.
    ///
    /// Known fields are those that the engine acts on; `known_field` is a SWO_KNOWN_FIELD_*. Needs
    /// no search. Use the index in the array of swo_event_fields, or with swo_event_field_at.
    /// Errors: SWO_NOTHING if the event has no such field; SWO_BAD_ENUM.
    fn swo_event_field_index(
        conn: *const swo_conn, known_field: u32, index: *mut usize,
    ) -> swo_result = event_field_index(conn, known_field, index);

    /// Returns the value of the first field line with that name in the current event.
    ///
    /// Names are compared without regard to case. Valid until the next inbound call. Errors:
    /// SWO_NOTHING if there is no such line.
    fn swo_event_field(
        conn: *const swo_conn, name: *const c_char, value: *mut swo_slice,
    ) -> swo_result = event_field(conn, name, value);

    /// Returns the members of a list field of the current event.
    ///
    /// The members of all its lines, trimmed, without empty ones (RFC 9110, section 5.6.1). A comma
    /// inside a quoted string splits too. Valid until the next inbound call. Errors:
    /// SWO_ARRAY_TOO_SMALL, with the count needed in `count`; SWO_NOTHING as from swo_event_fields.
    fn swo_event_list(
        conn: *const swo_conn, name: *const c_char, members: *mut swo_slice, cap: usize,
        count: *mut usize,
    ) -> swo_result = event_list(conn, name, (members, cap, count));

    /// Returns the protocols in the `Upgrade` field of the current event's response.
    ///
    /// For a client. A 426 or any other response may advertise protocols. Valid until the next
    /// inbound call. Errors: SWO_ARRAY_TOO_SMALL, with the count needed in `count`; SWO_NOTHING if
    /// the current event has no response. RFC 9110, section 7.8.
    fn swo_advertised(
        conn: *const swo_conn, protocols: *mut swo_protocol, cap: usize, count: *mut usize,
    ) -> swo_result = advertised(conn, (protocols, cap, count));

    /// Returns the current request, as long as its head is kept.
    ///
    /// For a server. The head is kept while the SWO_EVENT_KIND_REQUEST event is current. With an
    /// offer, even an ineligible one, or a CONNECT it is kept until you decline or receiving ends,
    /// and stays if you accept. After swo_resume_http it is kept until the response is complete.
    /// Valid until the next inbound call. Errors: SWO_NOTHING if the head is not kept.
    fn swo_current_request(conn: *const swo_conn, request: *mut swo_request) -> swo_result
        = current_request(conn, request);

    /// Returns the authority of the current request (swo_current_request).
    ///
    /// For a server: the authority in the target of a CONNECT or in an absolute-form target, else
    /// the value of `Host`. An intermediary routes by it and sends it on as `Host`. Valid until the
    /// next inbound call. Errors: SWO_NOTHING if no request is current, or if it is in HTTP/1.0 and
    /// names no authority. RFC 9112, sections 3.2 and 3.3.
    fn swo_request_authority(conn: *const swo_conn, authority: *mut swo_slice) -> swo_result
        = request_authority(conn, authority);

    /// Returns the number of a request's method, SWO_METHOD_*.
    ///
    /// SWO_NONE for a method that is not in IANA's registry, and for NULL. Methods are compared
    /// exactly: `get` is not `GET`. RFC 9110, section 9.1.
    fn swo_method(request: *const swo_request) -> u32 = method(request);

    /// Returns the path of a request's target as sent, without the query.
    ///
    /// For a target in origin-form or absolute-form. It is "/" if an absolute-form target has no
    /// path, "*" for the target "*" of an OPTIONS, and empty in a CONNECT. Valid as long as the
    /// target. RFC 9112, section 3.2; RFC 9110, section 4.2.3.
    fn swo_target_path(
        request: *const swo_request, path: *mut swo_slice,
    ) -> swo_result = target_path(request, path);

    /// Returns the query of a request's target as sent, without the question mark.
    ///
    /// The part after the first question mark. Valid as long as the target. Errors: SWO_NOTHING if
    /// the target has no query. RFC 9112, section 3.2.
    fn swo_target_query(request: *const swo_request, query: *mut swo_slice) -> swo_result
        = target_query(request, query);

    /// Returns the field lines of the current request (swo_current_request).
    ///
    /// Errors: SWO_NOTHING if no request is current; SWO_ARRAY_TOO_SMALL, with the count needed in
    /// `count`. Valid until the next inbound call.
    fn swo_request_fields(
        conn: *const swo_conn, fields: *mut swo_field, cap: usize, count: *mut usize,
    ) -> swo_result = request_fields(conn, (fields, cap, count));

    /// Returns the protocols that the current request offers.
    ///
    /// For a server: in the client's order, each with SWO_NONE or the reason why it cannot be
    /// accepted. The list is empty if the request offers nothing; its `no_offer` then says why.
    /// Valid until the next inbound call. Errors: SWO_NOTHING if no request is current;
    /// SWO_ARRAY_TOO_SMALL, with the count needed in `count`. Next: swo_select. RFC 9110, section
    /// 7.8.
    fn swo_offers(
        conn: *const swo_conn, offers: *mut swo_offer, cap: usize, count: *mut usize,
    ) -> swo_result = offers(conn, (offers, cap, count));

    /// Returns whether a protocol equals the one in `text`, such as `foo/2`.
    ///
    /// Names are compared without regard to case, versions exactly.
    fn swo_protocol_is(name: swo_slice, version: swo_slice, text: *const c_char) -> swo_flag
        = protocol_is(name, version, text);
}

#[inline(always)]
fn next_event(mut conn: Conn<'_>, out: Out<'_, swo_event>) -> Done {
    match conn.advance()? {
        Step::Event => current_event(&conn, out),
        Step::NeedData => out.set(swo_event::need_data(conn.position())),
        Step::Paused(why) => out.set(swo_event::paused(why, conn.position())),
    }
}

fn receive_event(mut conn: Conn<'_>, data: &[u8], out: Out<'_, swo_event>) -> Done {
    receive(&mut conn, data)?;
    next_event(conn, out)
}

/// Writes the current event into the caller's struct.
#[inline(never)]
fn current_event(conn: &Connection, out: Out<'_, swo_event>) -> Done {
    swo_event::write(conn.event().ok_or(BindingError::Nothing)?, conn.position(), out)
}

fn shown(conn: &Connection) -> Done<Fields<'_>> {
    let event = conn.event().ok_or(BindingError::Nothing)?;
    EventParts::of(&event).fields.ok_or(BindingError::Nothing.into())
}

fn event_fields(conn: &Connection, out: Array<'_, swo_field>) -> Done {
    let (bytes, spans) = spans(&shown(conn)?);
    let part = |start: u32, end: u32| swo_slice {
        data: bytes.as_ptr().wrapping_add(start as usize),
        len: (end - start) as usize,
    };
    out.fill(spans.map(|[name, name_end, value, value_end]| swo_field {
        name: part(name, name_end),
        value: part(value, value_end),
    }))
}

fn event_field_at(conn: &Connection, index: usize, out: Out<'_, swo_field>) -> Done {
    out.set(shown(conn)?.at(index).ok_or(BindingError::Nothing)?.into())
}

fn event_field_index(conn: &Connection, field: u32, out: Out<'_, usize>) -> Done {
    let field = KnownField::from_number(field).ok_or(BindingError::BadEnum)?;
    out.set(index_of(&shown(conn)?, field).ok_or(BindingError::Nothing)?)
}

/// Returns a field name as UTF-8.
///
/// Bytes that are not UTF-8 become "", which is the name of no field.
fn name(name: &[u8]) -> &str {
    str::from_utf8(name).unwrap_or_default()
}

fn event_field(conn: &Connection, field: &[u8], out: Out<'_, swo_slice>) -> Done {
    out.set(shown(conn)?.get(name(field)).ok_or(BindingError::Nothing)?.into())
}

fn event_list(conn: &Connection, field: &[u8], out: Array<'_, swo_slice>) -> Done {
    let (fields, name) = (shown(conn)?, name(field));
    out.fill_counted(fields.list(name).count(), fields.list(name))
}

fn response(conn: &Connection) -> Option<Response<'_>> {
    EventParts::of(&conn.event()?).response
}

fn advertised(conn: &Connection, out: Array<'_, swo_protocol>) -> Done {
    let response = response(conn).ok_or(BindingError::Nothing)?;
    out.fill_counted(response.advertised().count(), response.advertised())
}

pub(crate) fn kept(conn: &Connection) -> Done<Request<'_>> {
    Ok(conn.request().ok_or(BindingError::Nothing)?)
}

/// Returns the field lines of the current head.
///
/// Those of the current event's response, or else those of the current request.
pub(crate) fn head(conn: &Connection) -> Done<Fields<'_>> {
    match response(conn) {
        Some(response) => Ok(response.fields()),
        None => Ok(kept(conn)?.fields()),
    }
}

fn current_request(conn: &Connection, out: Out<'_, swo_request>) -> Done {
    out.set(kept(conn)?.into())
}

fn request_authority(conn: &Connection, out: Out<'_, swo_slice>) -> Done {
    out.set(kept(conn)?.authority().ok_or(BindingError::Nothing)?.as_bytes().into())
}

fn method((method, _): RequestLine<'_>) -> Done<u32> {
    Ok(Method::of(method).ok_or(BindingError::Nothing)?.number())
}

fn target_path((method, target): RequestLine<'_>, out: Out<'_, swo_slice>) -> Done {
    out.set(path_and_query(method, target).0.into())
}

fn target_query((method, target): RequestLine<'_>, out: Out<'_, swo_slice>) -> Done {
    out.set(path_and_query(method, target).1.ok_or(BindingError::Nothing)?.into())
}

fn request_fields(conn: &Connection, out: Array<'_, swo_field>) -> Done {
    out.fill(kept(conn)?.fields().iter())
}

fn offers(conn: &Connection, out: Array<'_, swo_offer>) -> Done {
    let request = kept(conn)?;
    let offers = || request.offers().into_iter().flatten();
    out.fill_counted(offers().count(), offers())
}

fn protocol_is(name: &[u8], version: &[u8], text: &[u8]) -> Done<bool> {
    let version = match version {
        [] => Some(None),
        version => str::from_utf8(version).ok().map(Some),
    };
    Ok(Protocol::parse(name).zip(version).zip(Protocol::parse(text)).is_some_and(
        |((one, version), other)| match (one.version, version) {
            // The name may be that of a list's entry, with its version.
            (_, None) => one.same_as(&other),
            (None, version) => Protocol { version, ..one }.same_as(&other),
            (Some(_), Some(_)) => false,
        },
    ))
}
