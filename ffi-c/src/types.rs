//! The structs of the header. `convert` makes them from the engine's values.

use core::ffi::c_void;

/// Where a number of an enum could stand and none does, as with swo_why before the first request. Also what such a
/// function returns for a connection that is NULL or dead.
pub const SWO_NONE: u32 = u32::MAX;

/// Nothing happens before more bytes come: call swo_receive, or swo_recv_buffer and swo_recv_commit.
pub(crate) const NEED_DATA: u32 = 1000;
/// Nothing happens before your code acts; `u.paused` says how.
pub(crate) const PAUSED: u32 = 1001;

/// 1 for yes, 0 for no; 0 also for a connection, or what else is asked, that is NULL or dead.
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

/// Bytes that are not the caller's. In an event they belong to the connection and are valid until the next inbound
/// call on it; in an argument they need to live only as long as the call. `data` may be NULL where `len` is 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_slice {
    /// The first byte; not ended by a NUL.
    pub data: *const u8,
    /// How many there are.
    pub len: usize,
}

/// One field line: the name as it was spelled (compare it without regard to case), the value without the whitespace
/// around it. RFC 9110, 5.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_field {
    /// The name.
    pub name: swo_slice,
    /// The value.
    pub value: swo_slice,
}

/// A protocol such as `foo/2`. Names compare without regard to case, versions exactly: swo_protocol_is does. RFC 9110, 7.8.
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
    /// What is offered, in the client's spelling.
    pub protocol: swo_protocol,
    /// Why it cannot be accepted, SWO_INELIGIBLE_*; SWO_NONE where it can.
    pub ineligible: u32,
    /// The status that a server may answer with if it wants this protocol and nothing else; 0 where it is eligible.
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
    /// How many field lines there are.
    pub field_count: usize,
    /// How many protocols are offered: swo_offers gives them.
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
    /// How many field lines there are.
    pub field_count: usize,
    /// The status, 100 to 999.
    pub status: u32,
    /// The x of HTTP/1.x.
    pub minor_version: u32,
    /// How many pipelined requests after this response's will not be answered, because it closes the connection. They
    /// may be sent again on another one where that is safe (RFC 9112, 9.3.2).
    pub dropped: u32,
}

/// The peer's direction has left HTTP, and what is spoken next is no matter of the connection's.
///
/// The next protocol may have to speak first, as HTTP/2 does with its SETTINGS, and a server answers the request in it: so
/// drive it once, even if `leftover` is empty and nothing comes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_switched {
    /// What made it so, SWO_SWITCHED_BY_*.
    pub by: u32,
    /// How many layers it speaks now, lowest first: swo_agreed gives them. 0 after CONNECT or a preface.
    pub protocol_count: usize,
    /// Server: the request, which is to be answered in the new protocol. Client, or after a preface: all zero.
    pub request: swo_request,
    /// Client: the 101 or the 2xx. Server: all zero.
    pub response: swo_response,
    /// The first bytes of the new protocol, as far as they have come. Give them to what speaks it as they stand here,
    /// and free the connection then if HTTP does not come back (swo_resume_http); or copy them with swo_take_leftover.
    pub leftover: swo_slice,
}

/// What goes with the kind of an event; only the member that belongs to the kind may be read.
#[repr(C)]
#[derive(Clone, Copy)]
pub union swo_event_detail {
    /// SWO_EVENT_KIND_REQUEST.
    pub request: swo_request,
    /// SWO_EVENT_KIND_INFORMATIONAL and SWO_EVENT_KIND_RESPONSE.
    pub response: swo_response,
    /// SWO_EVENT_KIND_DATA: some content. How it is cut into slices has no meaning.
    pub data: swo_slice,
    /// SWO_EVENT_KIND_END_OF_MESSAGE: how many trailers there are; swo_event_fields gives them.
    pub trailer_count: usize,
    /// SWO_EVENT_KIND_SWITCHED.
    pub switched: swo_switched,
    /// SWO_EVENT_KIND_PAUSED: what your code has to do, SWO_PAUSED_*.
    pub paused: u32,
}

/// What swo_next_event came to. Slices in it are valid until the next inbound call on the connection.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct swo_event {
    /// SWO_EVENT_KIND_*.
    pub kind: u32,
    /// How many of the peer's bytes have been passed, with this event.
    pub position: u64,
    /// What goes with it.
    pub u: swo_event_detail,
}

/// The machine's state, for logs and for pages that show it; the numbers are those of the enums of the same names.
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
    /// What the latest request is about to turn the connection into, SWO_TURN_*.
    pub turn: u32,
    /// The latest request's expectation, SWO_EXPECT_*.
    pub expect: u32,
    /// 1 where a further request may follow.
    pub persist: u32,
    /// Server: the client's version, SWO_PEER_*.
    pub peer: u32,
    /// Client: complete requests before the latest whose final response has not ended.
    pub pipelined: u32,
}

/// One thing that happened.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_trace_entry {
    /// What it was, SWO_TRACE_STEP_*.
    pub step: u32,
    /// What goes with it: a status, an error's number, a count; the constant's comment says which.
    pub number: u32,
    /// Bytes received and passed when it happened.
    pub offset: u64,
}

/// The peer's error that ended receiving.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_failure_info {
    /// Which, SWO_ERROR_*.
    pub code: u32,
    /// The status that a server answers with; 0 for what only a client can meet.
    pub status: u32,
    /// Where in the peer's bytes it lies, counted from the connection's first. The same however the input was cut.
    pub offset: u64,
}

/// What to write around content that your code writes itself: prefix, content, suffix, in that order.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_data_parts {
    /// What goes before the content.
    pub prefix: [u8; 24],
    /// How much of it there is.
    pub prefix_len: usize,
    /// What goes after the content; static.
    pub suffix: swo_slice,
}

/// A choice among the offers of one request, from swo_select. Copy it as you like; it is refused once its request is
/// over. What is in it has no meaning outside the library.
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
    /// The target in the form that fits the method (RFC 9112, 3.2).
    pub target: swo_slice,
    /// The field lines. `Host` is needed; `Connection` is merged with what the engine has to say; `Upgrade` is not given
    /// here but as the offer. Content follows if there is a `Content-Length` above 0 or a `Transfer-Encoding` that ends
    /// in chunked.
    pub fields: *const swo_field,
    /// How many there are.
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
    /// The field lines. `Connection` is merged with what the engine has to say. Without `Content-Length` and
    /// `Transfer-Encoding` a response that has content is sent chunked, to an HTTP/1.0 client until close.
    pub fields: *const swo_field,
    /// How many there are.
    pub field_count: usize,
}

/// The parameters of `permessage-deflate`: a server's own, or those that both sides have agreed on (RFC 7692, 7.1). All
/// zero is its default.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_deflate {
    /// Not 0: the server forgets its window after each message.
    pub server_no_context_takeover: u32,
    /// Not 0: the client forgets its window after each message.
    pub client_no_context_takeover: u32,
    /// The server's window has at most 2 to this many bytes, 8 to 15; 0 is not said and means 15.
    pub server_max_window_bits: u32,
    /// The client's window has at most 2 to this many bytes, 8 to 15; 0 is not said and means 15.
    pub client_max_window_bits: u32,
}

/// One datagram of a stream of capsules (RFC 9297, 3.5).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_datagram {
    /// What it is about: 0 is a UDP payload or an IP packet, others are what both sides have agreed on; drop one that is
    /// not known (RFC 9298, 4). Less than 2 to the 62.
    pub context: u64,
    /// What it carries.
    pub payload: swo_slice,
}

/// What is still to come of a message that is being received; swo_content fills it in.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_content_left {
    /// SWO_CONTENT_*.
    pub kind: u32,
    /// How many bytes: of the content, or of the current chunk; 0 where that is not known.
    pub len: u64,
}
