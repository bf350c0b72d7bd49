//! The structs of the header. `convert` makes them from the engine's values.

use core::ffi::c_void;

/// The number that stands for no value of an enum.
///
/// As of swo_why before the first request. Such a function also returns it for a connection that is
/// NULL or dead.
pub const SWO_NONE: u32 = u32::MAX;

/// Nothing happens before more bytes come.
///
/// Call swo_receive, or swo_recv_buffer and swo_recv_commit.
pub(crate) const NEED_DATA: u32 = 1000;
/// Nothing happens before your code acts; `u.paused` says how.
pub(crate) const PAUSED: u32 = 1001;

/// 1 for yes, 0 for no.
///
/// 0 also for a connection, or what else is asked, that is NULL or dead.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct swo_flag(pub u32);

/// Like malloc(3): memory that is aligned for any type of C, or NULL.
pub type swo_malloc = Option<unsafe extern "C" fn(size: usize) -> *mut c_void>;

/// Like realloc(3).
pub type swo_realloc =
    Option<unsafe extern "C" fn(memory: *mut c_void, size: usize) -> *mut c_void>;

/// Like free(3).
pub type swo_free = Option<unsafe extern "C" fn(memory: *mut c_void)>;

/// Bytes that are not the caller's.
///
/// In an event they belong to the connection and are valid until the next inbound call on it. In an
/// argument they need to live only as long as the call. `data` may be NULL where `len` is 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_slice {
    /// The first byte; not ended by a NUL.
    pub data: *const u8,
    /// The number of bytes.
    pub len: usize,
}

/// One field line, RFC 9110, section 5.
///
/// The name as it was spelled (compare it without regard to case), the value without the whitespace
/// around it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_field {
    /// The name.
    pub name: swo_slice,
    /// The value.
    pub value: swo_slice,
}

/// A protocol such as `foo/2`.
///
/// Names compare without regard to case, versions exactly: swo_protocol_is does. RFC 9110, section
/// 7.8.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_protocol {
    /// The part before the slash.
    pub name: swo_slice,
    /// The part after it; `data` is NULL where there is none.
    pub version: swo_slice,
}

/// One protocol of an offer.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_offer {
    /// The protocol that is offered, in the client's spelling.
    pub protocol: swo_protocol,
    /// Why it cannot be accepted, SWO_INELIGIBLE_*; SWO_NONE where it can.
    pub ineligible: u32,
    /// The status of a server that wants this protocol and nothing else.
    ///
    /// 0 where it is eligible.
    pub status: u32,
}

/// A request head. Its field lines: swo_event_fields, or swo_request_fields.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_request {
    /// The method, a token; compare it exactly.
    pub method: swo_slice,
    /// The target, as sent: nothing is decoded or normalised.
    pub target: swo_slice,
    /// The number of field lines.
    pub field_count: usize,
    /// The number of offered protocols; swo_offers gives them.
    pub offer_count: usize,
    /// Why nothing is offered, SWO_NO_OFFER_*; SWO_NONE where something is.
    pub no_offer: u32,
    /// The x of HTTP/1.x.
    pub minor_version: u32,
}

/// A response head. Its field lines: swo_event_fields.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_response {
    /// The reason phrase, often empty, without any meaning.
    pub reason: swo_slice,
    /// The number of field lines.
    pub field_count: usize,
    /// The status, 100 to 999.
    pub status: u32,
    /// The x of HTTP/1.x.
    pub minor_version: u32,
    /// The number of pipelined requests that will not be answered.
    ///
    /// They came after this response's, which closes the connection. They may be sent again on
    /// another one where that is safe (RFC 9112, section 9.3.2).
    pub dropped: u32,
}

/// The peer's direction has left HTTP.
///
/// What is spoken next is no matter of the connection's.
///
/// The next protocol may have to speak first, as HTTP/2 does with its SETTINGS, and a server
/// answers the request in it. So drive it once, even if `leftover` is empty and nothing comes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_switched {
    /// The cause of the switch, SWO_SWITCHED_BY_*.
    pub by: u32,
    /// The number of layers that it speaks now; swo_agreed gives them.
    ///
    /// Lowest first; 0 after CONNECT or a preface.
    pub protocol_count: usize,
    /// Server: the request, which is to be answered in the new protocol.
    ///
    /// Client, or after a preface: all zero.
    pub request: swo_request,
    /// Client: the 101 or the 2xx. Server: all zero.
    pub response: swo_response,
    /// The first bytes of the new protocol, as far as they have come.
    ///
    /// Give them to what speaks it as they stand here, and free the connection then if HTTP does
    /// not come back (swo_resume_http). Or copy them with swo_take_leftover.
    pub leftover: swo_slice,
}

/// The detail of an event, by its kind.
///
/// Only the member that belongs to the kind may be read.
#[repr(C)]
#[derive(Clone, Copy)]
pub union swo_event_detail {
    /// SWO_EVENT_KIND_REQUEST.
    pub request: swo_request,
    /// SWO_EVENT_KIND_INFORMATIONAL and SWO_EVENT_KIND_RESPONSE.
    pub response: swo_response,
    /// SWO_EVENT_KIND_DATA: some content. How it is cut into slices has no meaning.
    pub data: swo_slice,
    /// The number of trailers of SWO_EVENT_KIND_END_OF_MESSAGE.
    ///
    /// swo_event_fields gives them.
    pub trailer_count: usize,
    /// SWO_EVENT_KIND_SWITCHED.
    pub switched: swo_switched,
    /// SWO_EVENT_KIND_PAUSED: what your code has to do, SWO_PAUSED_*.
    pub paused: u32,
}

/// The event that swo_next_event came to.
///
/// Slices in it are valid until the next inbound call on the connection.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct swo_event {
    /// SWO_EVENT_KIND_*.
    pub kind: u32,
    /// The number of the peer's bytes that have been passed, with this event.
    pub position: u64,
    /// The detail of the event.
    pub u: swo_event_detail,
}

/// The machine's state, for logs and for pages that show it.
///
/// The numbers are those of the enums of the same names.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_state_info {
    /// The latest request, SWO_PHASE_*.
    pub request: u32,
    /// The response to the oldest unanswered request, SWO_PHASE_*.
    pub response: u32,
    /// The peer's direction, SWO_RX_*.
    pub rx: u32,
    /// Our direction, SWO_TX_*.
    pub tx: u32,
    /// The effect of the latest request on the connection, SWO_UPGRADE_STATE_*.
    pub upgrade: u32,
    /// The latest request's expectation, SWO_EXPECT_*.
    pub expect: u32,
    /// 1 where a further request may follow.
    pub persist: u32,
    /// Server: the client's version, SWO_CLIENT_VERSION_*.
    pub client_version: u32,
    /// Client: complete requests before the latest whose final response has not ended.
    pub pipelined: u32,
}

/// One thing that happened.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_trace_entry {
    /// The step, SWO_TRACE_STEP_*.
    pub step: u32,
    /// The step's detail: a status, an error's number, a count.
    ///
    /// The constant's comment says which.
    pub number: u32,
    /// Bytes received and passed when it happened.
    pub offset: u64,
}

/// The peer's error that ended receiving.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_failure_info {
    /// The error, SWO_ERROR_*.
    pub code: u32,
    /// The status that a server answers with; 0 for what only a client can meet.
    pub status: u32,
    /// The place in the peer's bytes, counted from the connection's first.
    ///
    /// The same however the input was cut.
    pub offset: u64,
}

/// The framing around content that your code writes itself.
///
/// Prefix, content, suffix, in that order.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_data_parts {
    /// The bytes before the content.
    pub prefix: [u8; 24],
    /// The length of the prefix.
    pub prefix_len: usize,
    /// The bytes after the content; static.
    pub suffix: swo_slice,
}

/// A choice among the offers of one request, from swo_select.
///
/// Copy it as you like; it is refused once its request is over. What is in it has no meaning
/// outside the library.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct swo_selection {
    /// Private.
    pub opaque: [u32; 4],
}

/// A request to send. The version is always HTTP/1.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_request_head {
    /// The method, a token.
    pub method: swo_slice,
    /// The target in the form that fits the method (RFC 9112, section 3.2).
    pub target: swo_slice,
    /// The field lines.
    ///
    /// `Host` is needed. `Connection` is merged with what the engine has to say. `Upgrade` is not
    /// given here but as the offer. Content follows if there is a `Content-Length` above 0 or a
    /// `Transfer-Encoding` that ends in chunked.
    pub fields: *const swo_field,
    /// The number of field lines.
    pub field_count: usize,
}

/// A response to send.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_response_head {
    /// The status, 200 to 599.
    pub status: u32,
    /// The reason phrase, UTF-8; the usual one where `data` is NULL.
    pub reason: swo_slice,
    /// The field lines.
    ///
    /// `Connection` is merged with what the engine has to say. Without `Content-Length` and
    /// `Transfer-Encoding` a response that has content is sent chunked, to an HTTP/1.0 client until
    /// close.
    pub fields: *const swo_field,
    /// The number of field lines.
    pub field_count: usize,
}

/// The parameters of `permessage-deflate` (RFC 7692, section 7.1).
///
/// A server's own, or those that both sides have agreed on. All zero is its default.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_deflate {
    /// Not 0: the server forgets its window after each message.
    pub server_no_context_takeover: u32,
    /// Not 0: the client forgets its window after each message.
    pub client_no_context_takeover: u32,
    /// The server's window: at most 2 to this many bytes, 8 to 15.
    ///
    /// 0 is not said and means 15.
    pub server_max_window_bits: u32,
    /// The client's window: at most 2 to this many bytes, 8 to 15.
    ///
    /// 0 is not said and means 15.
    pub client_max_window_bits: u32,
}

/// One datagram of a stream of capsules (RFC 9297, section 3.5).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_datagram {
    /// The context of the datagram (RFC 9298, section 4); less than 2 to the 62.
    ///
    /// 0 is a UDP payload or an IP packet, others are what both sides have agreed on; drop one that
    /// is not known.
    pub context: u64,
    /// The payload of the datagram.
    pub payload: swo_slice,
}

/// The rest of a message that is being received; swo_content fills it in.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_content_left {
    /// SWO_CONTENT_*.
    pub kind: u32,
    /// The number of bytes of the content, or of the current chunk.
    ///
    /// 0 where that is not known.
    pub len: u64,
}
