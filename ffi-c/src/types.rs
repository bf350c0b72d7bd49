//! The structs of the C headers that programs read or fill, except `swo_config`.
//!
//! `convert` fills most of those that return values of the engine.

use core::ffi::c_void;

/// The number that stands for no value of an enum.
///
/// For instance swo_why returns it before the first request. A function with such a result also
/// returns it for a connection that is NULL or dead.
pub const SWO_NONE: u32 = u32::MAX;

/// No event before more bytes are received.
///
/// Call swo_receive, or swo_receive_buffer and swo_receive_commit. A client also gets this while it
/// has to send first; swo_awaiting is then SWO_AWAITING_CALLER.
pub(crate) const NEED_DATA: u32 = 1000;
/// No event before your code acts; `u.paused` says what it has to do.
pub(crate) const PAUSED: u32 = 1001;

/// A truth value: 1 for yes, 0 for no.
///
/// 0 also if the connection, or other object, that was passed is NULL or dead.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct swo_flag(pub u32);

/// A function like malloc(3): returns memory aligned for any type of C, or NULL.
pub type swo_malloc = Option<unsafe extern "C" fn(size: usize) -> *mut c_void>;

/// A function like realloc(3).
pub type swo_realloc =
    Option<unsafe extern "C" fn(memory: *mut c_void, size: usize) -> *mut c_void>;

/// A function like free(3).
pub type swo_free = Option<unsafe extern "C" fn(memory: *mut c_void)>;

/// A pointer to bytes and their number.
///
/// In an event the bytes belong to the connection and are valid until the next inbound call on it.
/// As an argument they need to live only as long as the call. `data` may be NULL if `len` is 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_slice {
    /// A pointer to the first byte; the bytes are not ended by a NUL.
    pub data: *const u8,
    /// The number of bytes.
    pub len: usize,
}

/// One field line: a name and a value (RFC 9110, section 5).
///
/// The name is spelled as sent (compare it without regard to case); the value is without the
/// whitespace around it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_field {
    /// The name of the field, spelled as sent.
    pub name: swo_slice,
    /// The value of the field, without the whitespace around it.
    pub value: swo_slice,
}

/// A protocol such as `foo/2`.
///
/// Names are compared without regard to case, versions exactly, as swo_protocol_is does. RFC 9110,
/// section 7.8.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_protocol {
    /// The name of the protocol: the part before the slash.
    pub name: swo_slice,
    /// The version of the protocol, after the slash; `data` is NULL if there is none.
    pub version: swo_slice,
}

/// One protocol of a client's offer, and whether the server may accept it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_offer {
    /// The protocol that is offered, in the client's spelling.
    pub protocol: swo_protocol,
    /// The reason why the offer is ineligible, SWO_INELIGIBLE_*, or SWO_NONE.
    pub ineligible: u32,
    /// The status to respond with if the server accepts no other protocol.
    ///
    /// 0 if the protocol can be accepted.
    pub status: u32,
    /// Reserved for members of later versions: 0.
    pub reserved: [u32; 2],
}

/// A request head; swo_event_fields or swo_request_fields returns its field lines.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_request {
    /// The method of the request, a token; compare it exactly.
    pub method: swo_slice,
    /// The target of the request, as sent: nothing is decoded or normalised.
    pub target: swo_slice,
    /// The number of field lines of the received request.
    pub field_count: usize,
    /// The number of offered protocols; swo_offers returns them.
    pub offer_count: usize,
    /// The reason why the request has no offer, SWO_NO_OFFER_*; SWO_NONE if it has.
    pub no_offer: u32,
    /// The minor version of HTTP: the x of HTTP/1.x.
    pub minor_version: u32,
    /// Reserved for members of later versions: 0.
    pub reserved: [u64; 2],
}

/// A response head; swo_event_fields returns its field lines.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_response {
    /// The reason phrase, often empty, without any meaning.
    pub reason: swo_slice,
    /// The number of field lines of the received response.
    pub field_count: usize,
    /// The status code of the response, 100 to 999.
    pub status: u32,
    /// The minor version of HTTP: the x of HTTP/1.x.
    pub minor_version: u32,
    /// The number of pipelined requests that get no response.
    ///
    /// This response closes the connection, and they were sent after the request that it responds
    /// to. They may be sent again on another connection if that is safe (RFC 9112, section 9.3.2).
    pub dropped: u32,
    /// Reserved for members of later versions: 0.
    pub reserved: [u64; 2],
}

/// A switch of the peer's direction from HTTP to another protocol.
///
/// The engine does not parse that protocol.
///
/// The new protocol may have to send first: HTTP/2 sends its SETTINGS, and after a 101 a server
/// sends the response to `request`. So run its code once even if `leftover` is empty and no bytes
/// arrive.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_switched {
    /// The cause of the switch, SWO_SWITCHED_BY_*.
    pub by: u32,
    /// The number of protocol layers after the switch; swo_agreed returns them.
    ///
    /// Lowest first; 0 after CONNECT or the HTTP/2 preface.
    pub protocol_count: usize,
    /// Server: the request; after a 101 it must get its response in the new protocol.
    ///
    /// All zero for a client, and after the HTTP/2 preface.
    pub request: swo_request,
    /// Client: the head of the 101 or the 2xx. Server: all zero.
    pub response: swo_response,
    /// The first bytes of the new protocol, as far as they were received.
    ///
    /// Pass them in place to the code that parses the protocol; free the connection afterwards
    /// unless HTTP resumes (swo_resume_http). Or copy them with swo_take_leftover.
    pub leftover: swo_slice,
    /// Reserved for members of later versions: 0.
    pub reserved: [u64; 2],
}

/// The details of an event, by its kind.
///
/// Only the member that belongs to the kind may be read.
#[repr(C)]
#[derive(Clone, Copy)]
pub union swo_event_detail {
    /// The request head of SWO_EVENT_KIND_REQUEST.
    pub request: swo_request,
    /// The response head of SWO_EVENT_KIND_INFORMATIONAL and SWO_EVENT_KIND_RESPONSE.
    pub response: swo_response,
    /// A piece of content, of SWO_EVENT_KIND_DATA; where pieces begin has no meaning.
    pub data: swo_slice,
    /// The number of trailers of SWO_EVENT_KIND_END_OF_MESSAGE.
    ///
    /// swo_event_fields returns them.
    pub trailer_count: usize,
    /// The switch of SWO_EVENT_KIND_SWITCHED.
    pub switched: swo_switched,
    /// The action that SWO_EVENT_KIND_PAUSED demands of your code, SWO_PAUSED_*.
    pub paused: u32,
    /// Reserved for members of later versions: its bytes are unspecified.
    pub reserved: [u64; 24],
}

/// An event from swo_next_event.
///
/// Slices in it are valid until the next inbound call on the connection.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct swo_event {
    /// The kind of the event, SWO_EVENT_KIND_*.
    pub kind: u32,
    /// The number of the peer's bytes up to the end of this event.
    pub position: u64,
    /// The details of the event; `kind` says which member is valid.
    pub u: swo_event_detail,
}

/// The state of a connection's state machine.
///
/// For logs and for pages that show the state. The numbers are values of the enums that the
/// members name; the comments of `persist` and `pipelined` say what they hold.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_state_info {
    /// The progress of the latest request, SWO_PHASE_*.
    pub request: u32,
    /// The progress of a response, SWO_PHASE_*.
    ///
    /// It is the response to the oldest unanswered request, else to the latest.
    pub response: u32,
    /// The state of the receiving direction, SWO_RX_*.
    pub rx: u32,
    /// The state of the sending direction, SWO_TX_*.
    pub tx: u32,
    /// The progress of the latest request's upgrade or CONNECT, SWO_UPGRADE_STATE_*.
    pub upgrade: u32,
    /// The state of the latest request's `Expect: 100-continue`, SWO_EXPECT_*.
    pub expect: u32,
    /// 1 while the connection persists (RFC 9112, section 9.3), else 0.
    ///
    /// A switch does not change it; swo_persists says whether another request may follow.
    pub persist: u32,
    /// Server: the client's HTTP version, SWO_CLIENT_VERSION_*.
    pub client_version: u32,
    /// Client: the number of complete requests before the latest.
    ///
    /// Only those without a complete final response count, and none once the head of a response has
    /// come that closes the connection.
    pub pipelined: u32,
    /// Reserved for members of later versions: 0.
    pub reserved: [u32; 7],
}

/// One entry of a connection's trace; swo_trace returns it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_trace_entry {
    /// The step: what was received, sent, decided or rejected, SWO_TRACE_STEP_*.
    pub step: u32,
    /// The step's detail: a status, an error's number, a count or bits.
    ///
    /// The comment of the SWO_TRACE_STEP_* says which; 0 if the step has none.
    pub number: u32,
    /// The number of the peer's bytes consumed when the entry was recorded.
    ///
    /// The bytes of the event that was current then are included, and a received head or end that
    /// the entry records.
    pub offset: u64,
    /// Reserved for members of later versions: 0.
    pub reserved: [u64; 1],
}

/// The peer error that ended receiving.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_failure_info {
    /// The number of the peer error, SWO_ERROR_*.
    pub code: u32,
    /// The status for a server's response; 0 if only a client can get the error.
    pub status: u32,
    /// The offset of the error in bytes, from the first byte that the peer sent.
    ///
    /// Independent of how the input was split into calls.
    pub offset: u64,
    /// Reserved for members of later versions: 0.
    pub reserved: [u64; 1],
}

/// The framing around content that your code writes itself.
///
/// Send prefix, content and suffix, in that order.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_data_parts {
    /// The framing bytes to send before the content.
    pub prefix: [u8; 24],
    /// The number of bytes of `prefix` to send.
    pub prefix_len: usize,
    /// The framing bytes to send after the content; static.
    pub suffix: swo_slice,
}

/// A protocol chosen from the offer of one request, made by swo_select.
///
/// It may be copied. Use it only for that request. It is rejected for another request of the
/// connection, or for another offer. A request of another connection with the same number and
/// offer cannot be detected. Its bytes have no meaning outside the library.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct swo_selection {
    /// Private to the library.
    pub opaque: [u32; 4],
}

/// The head of a request to send; the version is always HTTP/1.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_request_head {
    /// The method of the request, a token.
    pub method: swo_slice,
    /// The target in the form that fits the method (RFC 9112, section 3.2).
    pub target: swo_slice,
    /// A pointer to the field lines.
    ///
    /// `Host` is required. `Connection` is merged with the options that the engine adds. Do not
    /// include `Upgrade`: pass it as the offer. Content follows if there is a `Content-Length`
    /// above 0 or a `Transfer-Encoding` that ends in chunked.
    pub fields: *const swo_field,
    /// The number of field lines of the request to send.
    pub field_count: usize,
}

/// The head of a response to send.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_response_head {
    /// The status: 200 to 599, for swo_reject 400 to 599.
    ///
    /// For swo_send_informational it is a 1xx other than 101.
    pub status: u32,
    /// The reason phrase; the registered one (swo_reason) if `data` is NULL.
    pub reason: swo_slice,
    /// A pointer to the field lines.
    ///
    /// `Connection` is merged with the options that the engine adds. If neither `Content-Length`
    /// nor `Transfer-Encoding` is given, content that is sent whole gets a `Content-Length`. Other
    /// content is sent chunked, and to an HTTP/1.0 client close-delimited.
    pub fields: *const swo_field,
    /// The number of field lines of the response to send.
    pub field_count: usize,
}

/// The parameters of `permessage-deflate` (RFC 7692, section 7.1).
///
/// Those that a server allows, that a client offers, or that both sides have agreed on. All zero is
/// the default.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_deflate {
    /// Not 0: the server resets its compression window after each message.
    pub server_no_context_takeover: u32,
    /// Not 0: the client resets its compression window after each message.
    pub client_no_context_takeover: u32,
    /// The base-2 logarithm of the server's window size in bytes, 8 to 15.
    ///
    /// 0 means that the parameter is absent, so the window is that of 15.
    pub server_max_window_bits: u32,
    /// The base-2 logarithm of the client's window size in bytes, 8 to 15.
    ///
    /// 0 means that the parameter is absent, so the window is that of 15.
    pub client_max_window_bits: u32,
}

/// One datagram of a stream of capsules (RFC 9297, section 3.5).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_datagram {
    /// The context ID of the datagram (RFC 9298, section 4); less than 2 to the 62.
    ///
    /// 0 is a UDP payload or an IP packet; others are agreed between both sides. Discard a datagram
    /// with an unknown context ID.
    pub context: u64,
    /// The payload of the datagram.
    pub payload: swo_slice,
}

/// The rest of a message that is being received; swo_content fills it in.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_content_left {
    /// The framing of the rest of the content, SWO_CONTENT_*.
    pub kind: u32,
    /// The remaining bytes of the content, or of the current chunk if it is chunked.
    ///
    /// 0 if the number is not known.
    pub len: u64,
}
