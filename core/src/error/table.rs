//! The table of errors: number, name, blame, status, clause, text and advice.

use super::Blame;

/// The name, clause, description and advice of one kind of error.
struct Texts {
    name: &'static str,
    clause: &'static str,
    text: &'static str,
    advice: &'static str,
}

macro_rules! errors {
    ($($variant:ident = $code:literal $name:literal $blame:ident $status:literal $clause:literal
       $text:literal $advice:literal;)+) => {
        /// The kinds of error.
        ///
        /// `core/docs/errors.md` is printed from this table. A later version may have more kinds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $(#[doc = concat!($text, " (", $clause, "). ", $advice)] $variant = $code,)+
        }

        impl ErrorKind {
            /// Every kind, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the name, clause, description and advice of this kind.
            ///
            /// They are separate from the blame and the status, so that a program that prints no
            /// errors does not contain their texts.
            const fn texts(self) -> &'static Texts {
                match self {
                    $(Self::$variant => {
                        &Texts { name: $name, clause: $clause, text: $text, advice: $advice }
                    })+
                }
            }

            /// Returns the side that caused the error, and the response status.
            ///
            /// The status is 0 for local errors, and for errors that only a client can encounter.
            const fn verdict(self) -> (Blame, u16) {
                match self {
                    $(Self::$variant => (Blame::$blame, $status),)+
                }
            }
        }
    };
}

errors! {
    BadMethod = 101 "bad-method" Peer 400 "RFC 9110, 9.1"
        "the method is not a token"
        "Not HTTP, or a byte too many before it: often the rest of content that was longer than it \
         said. Look at the request before.";
    MethodTooLong = 102 "method-too-long" Peer 501 "RFC 9112, 3"
        "the method is longer than the limit"
        "Raise `limits.method` if a method of that length is one of yours.";
    BadTarget = 103 "bad-target" Peer 400 "RFC 9112, 3.2"
        "a byte that no request-target may hold"
        "The client did not encode its target; `target` is only ever ASCII without spaces.";
    BadVersion = 104 "bad-version" Peer 400 "RFC 9112, 2.3"
        "the HTTP-version is malformed"
        "A request: two or more spaces, something after the version, or early bytes of a protocol \
         whose offer was declined.";
    VersionUnsupported = 105 "version-unsupported" Peer 505 "RFC 9110, 6.2"
        "the major version is not 1"
        "Another major version; HTTP/2 begins with a preface (`http2_preface`). In responses \
         `lenient.any_version` takes it.";
    StartLineTooLong = 106 "start-line-too-long" Peer 414 "RFC 9112, 3"
        "the start line is longer than the limit"
        "Raise `limits.start_line` if your targets are that long.";
    BadStatusLine = 107 "bad-status-line" Peer 0 "RFC 9112, 4"
        "the status line is malformed"
        "The server is broken; use another connection, and try again only what is safe to repeat.";
    NotHttp = 108 "not-http" Peer 0 "RFC 9112, 4"
        "another protocol where a status line should be"
        "Something else listens on that port: look at the bytes. A server that switches without a \
         101 looks like this, too.";
    EmptyLines = 109 "empty-lines" Peer 400 "RFC 9112, 2.2"
        "too many empty lines before the request line"
        "Raise `limits.empty_lines` for a client that is known to send them.";
    BadFieldName = 201 "bad-field-name" Peer 400 "RFC 9110, 5.1"
        "the field name is not a token"
        "The sender is broken, or its program let a user write a field name.";
    SpaceBeforeColon = 202 "space-before-colon" Peer 400 "RFC 9112, 5.1"
        "whitespace in or after a field name"
        "Never to be repaired: it is how requests are smuggled past a proxy that reads the name \
         otherwise.";
    MissingColon = 203 "missing-colon" Peer 400 "RFC 9112, 5"
        "a field line without a colon"
        "Often a line break inside a value that was not checked.";
    BadFieldValue = 204 "bad-field-value" Peer 400 "RFC 9110, 5.5"
        "a control byte in a field value or reason"
        "A value made of user input that was not checked. In responses \
         `lenient.controls_in_values` takes most of them.";
    BareCr = 205 "bare-cr" Peer 400 "RFC 9112, 2.2"
        "a CR that no LF follows"
        "Never to be repaired: line ends that two readers see differently smuggle requests.";
    BareLf = 206 "bare-lf" Peer 400 "RFC 9112, 2.2"
        "an LF that no CR precedes"
        "A sender written by hand; it must end lines with CRLF. `lenient.lone_lf` takes it in \
         heads of requests, `lenient.response_lone_lf` in heads and trailers of responses; nothing \
         takes it in the lines of chunks.";
    Nul = 207 "nul" Peer 400 "RFC 9110, 5.5"
        "a NUL byte"
        "Binary data where a head should be.";
    ObsFold = 208 "obs-fold" Peer 400 "RFC 9112, 5.2"
        "a folded field line in a request or trailer section"
        "Obsolete; the value belongs in one line. In responses a fold is replaced by spaces.";
    LeadingSpace = 209 "leading-space" Peer 400 "RFC 9112, 2.2"
        "whitespace before the first field line"
        "Never to be repaired: it hides a field from one reader and not from another.";
    FieldLineTooLong = 210 "field-line-too-long" Peer 431 "RFC 6585, 5"
        "a field line is longer than the limit"
        "Raise `limits.field_line`, or have the sender send smaller cookies.";
    TooManyFields = 211 "too-many-fields" Peer 431 "RFC 6585, 5"
        "more field lines than the limit"
        "Raise `limits.fields`.";
    HeadTooLarge = 212 "head-too-large" Peer 431 "RFC 6585, 5"
        "the head is larger than the limit"
        "Raise `limits.head`; each connection may then hold as much memory.";
    HostMissing = 301 "host-missing" Peer 400 "RFC 9112, 3.2"
        "an HTTP/1.1 request without Host"
        "The client must send `Host`; HTTP/1.0 need not.";
    HostRepeated = 302 "host-repeated" Peer 400 "RFC 9112, 3.2"
        "more than one Host"
        "Never to be repaired: two readers may pick different ones.";
    HostInvalid = 303 "host-invalid" Peer 400 "RFC 9112, 3.2"
        "the Host is not a host with an optional port"
        "A scheme, a path or userinfo does not belong there. The port is at most 65535.";
    TargetForm = 304 "target-form" Peer 400 "RFC 9112, 3.2"
        "the form of the target does not fit the method"
        "CONNECT takes `host:port`, OPTIONS may take `*`, all others a path or an absolute URI.";
    TargetAuthority = 305 "target-authority" Peer 400 "RFC 9110, 4.2 and 9.3.6"
        "the target's authority is malformed, empty or holds userinfo"
        "Credentials in a URI are not sent; the authority is a host with an optional port.";
    ContentLengthInvalid = 306 "content-length-invalid" Peer 400 "RFC 9112, 6.3"
        "the Content-Length is not a number"
        "Never to be repaired: a length that readers differ about smuggles requests.";
    ContentLengthDiffers = 307 "content-length-differs" Peer 400 "RFC 9112, 6.3"
        "Content-Lengths that differ"
        "Never to be repaired, for the same reason.";
    BothFramings = 308 "both-framings" Peer 400 "RFC 9112, 6.3"
        "both Content-Length and Transfer-Encoding"
        "Never to be repaired in a request: the classical way to smuggle one. Look at who sent it. \
         In responses `lenient.both_framings` takes it.";
    CodingInvalid = 309 "coding-invalid" Peer 400 "RFC 9112, 6.1"
        "the Transfer-Encoding is malformed, or applies chunked twice"
        "Never to be repaired; each coding once, chunked last.";
    CodingUnknown = 310 "coding-unknown" Peer 501 "RFC 9112, 6.1"
        "a transfer coding other than chunked"
        "Send chunked, or a length; no other coding can be known to be understood.";
    CodingNotFinal = 311 "coding-not-final" Peer 400 "RFC 9112, 6.3"
        "a request whose final transfer coding is not chunked"
        "The end of such a request could not be told; the client must end with chunked.";
    CodingIn10 = 312 "coding-in-1.0" Peer 400 "RFC 9112, 6.1"
        "a Transfer-Encoding in an HTTP/1.0 message"
        "A proxy has passed on what an HTTP/1.0 peer cannot have meant. In responses \
         `lenient.coding_in_http10` takes it.";
    ConnectContent = 313 "connect-content" Peer 400 "RFC 9110, 9.3.6"
        "a CONNECT with content"
        "What is after a CONNECT is the tunnel's; the client must not say that it is content.";
    TargetInsecure = 314 "target-insecure" Peer 421 "RFC 9110, 7.4"
        "an https target on a connection without TLS"
        "Set `secure` if the transport is TLS, `trusted_gateway` if a gateway in front ends it; \
         else the client meant another server.";
    ChunkSize = 401 "chunk-size" Peer 400 "RFC 9112, 7.1"
        "the chunk size is malformed"
        "Often a client that sends content without the framing it announced.";
    ChunkSizeOverflow = 402 "chunk-size-overflow" Peer 413 "RFC 9112, 7.1"
        "the chunk size is too large to be counted"
        "No honest chunk is that large.";
    ChunkExtension = 403 "chunk-extension" Peer 400 "RFC 9112, 7.1.1"
        "a chunk extension is malformed"
        "The sender is broken. Spaces after the size, in responses, \
         `lenient.space_after_chunk_size` takes.";
    ChunkLineTooLong = 404 "chunk-line-too-long" Peer 400 "RFC 9112, 7.1.1"
        "a chunk line is longer than the limit"
        "Raise `limits.chunk_line` if you know the extensions.";
    ChunkExtensionsTooLong = 405 "chunk-extensions-too-long" Peer 413 "RFC 9112, 7.1.1"
        "all chunk extensions together are longer than the limit"
        "Chunks of a byte with long extensions are an attack on your time; raise \
         `limits.chunk_extensions` if you know better.";
    ChunkEnd = 406 "chunk-end" Peer 400 "RFC 9112, 7.1"
        "chunk data is not followed by CRLF"
        "The chunk had more bytes than its size said, or fewer.";
    TrailersTooLarge = 407 "trailers-too-large" Peer 431 "RFC 9110, 5.4"
        "the trailer section is larger than the limit"
        "Raise `limits.trailers`.";
    ContentTooLarge = 408 "content-too-large" Peer 413 "RFC 9110, 15.5.14"
        "the content is larger than the limit"
        "Raise `limits.content` if requests of that size are meant.";
    Truncated = 501 "truncated" Peer 400 "RFC 9112, 8"
        "the input ended inside a message"
        "The message is incomplete: do not act on it. A client may repeat what is safe to repeat.";
    NoResponse = 502 "no-response" Peer 0 "RFC 9112, 9.3.1"
        "the input ended before the response"
        "The server closed an idle connection as the request left, or does not like what it read. \
         What is idempotent may be repeated on a new connection.";
    Unsolicited = 503 "unsolicited" Peer 0 "RFC 9112, 9.2"
        "bytes from the server that no request asked for"
        "Do not use the connection again: an answer to nothing would become the answer to the next \
         request.";
    TooManyInformational = 504 "too-many-informational" Peer 0 "RFC 9110, 15.2"
        "more informational responses than the limit"
        "Raise `limits.informational` for a server that reports progress so.";
    SwitchUnasked = 601 "switch-unasked" Peer 0 "RFC 9110, 7.8"
        "a 101 where nothing was offered"
        "The server is broken or something between is; nothing it says now is HTTP.";
    SwitchWithoutUpgrade = 602 "switch-without-upgrade" Peer 0 "RFC 9110, 7.8"
        "a 101 without a usable Upgrade field"
        "`lenient.switch_without_upgrade` takes the first that was offered, for servers that are \
         known to (Jetty 9).";
    SwitchWithoutConnection = 603 "switch-without-connection" Peer 0 "RFC 9110, 7.8"
        "a 101 whose Connection does not list upgrade"
        "`lenient.switch_without_connection` puts up with it, for servers that are known to \
         (CUPS).";
    SwitchNotOffered = 604 "switch-not-offered" Peer 0 "RFC 9110, 7.8"
        "a 101 that names what was not offered"
        "Offer what the server speaks; `lenient.switch_to_alternatives` takes a list of \
         alternatives (CUPS).";
    SwitchIn10 = 605 "switch-in-1.0" Peer 0 "RFC 9110, 15.2"
        "a 101 in HTTP/1.0"
        "`lenient.switch_in_http10` puts up with it, for servers that are known to.";
    SwitchProfile = 606 "switch-profile" Peer 0 "RFC 6455, 4.1"
        "a 101 that breaks the rules of the protocol it names"
        "For WebSocket: the accept value is wrong, or a subprotocol or extension was not asked \
         for. Do not go on.";
    Unasked = 801 "unasked" Local 0 "RFC 9112, 9.2"
        "no request is there to be answered"
        "Wait for a `Request` event. To answer before one has come: `reject`.";
    Answered = 802 "answered" Local 0 "RFC 9110, 15"
        "the final response has begun already"
        "One final response for each request; go on with `send_data` and `send_end`.";
    RequestUnfinished = 803 "request-unfinished" Local 0 "RFC 9112, 9.3.2"
        "the request before is not complete"
        "Complete it with `send_end` first.";
    Unanswered = 804 "unanswered" Local 0 "RFC 9112, 9.3.2"
        "a request is not answered"
        "A server answers it with `respond`; a client waits for the response and its end.";
    OfferPending = 805 "offer-pending" Local 0 "RFC 9110, 7.8"
        "nothing may follow an undecided offer or CONNECT"
        "Wait for the answer: what follows could be read in the new protocol.";
    PipelineFull = 806 "pipeline-full" Local 0 "RFC 9112, 9.3.2"
        "too many requests wait for their responses"
        "Wait for a response; `unanswered` says how many are missing.";
    NotPersistent = 807 "not-persistent" Local 0 "RFC 9112, 9.3"
        "the connection will not carry another request"
        "Open another connection.";
    NoContent = 808 "no-content" Local 0 "RFC 9112, 6.3"
        "no message takes content now; a request needs Content-Length or chunked for it"
        "Send a head first; the answers to HEAD, 204 and 304 have no content. While content may \
         come, `owes` is `Content`. `send_end` may be called once after such a message.";
    Http10Peer = 810 "http-1.0-peer" Local 0 "RFC 9110, 15.2"
        "an HTTP/1.0 client gets no informational response"
        "Leave it out; HTTP/1.0 knows none.";
    NothingOffered = 811 "nothing-offered" Local 0 "RFC 9110, 7.8"
        "nothing was offered that could be accepted"
        "Look at `offers` first; answer in HTTP/1.1.";
    NotOffered = 812 "not-offered" Local 0 "RFC 9110, 7.8"
        "the selection is not part of the offer"
        "Take the selection from `select`, of this request.";
    StaleSelection = 813 "stale-selection" Local 0 "RFC 9110, 7.8"
        "the selection is of another request"
        "Select again; each request has its own offer.";
    BodyPending = 814 "body-pending" Local 0 "RFC 9110, 7.8"
        "the request is not complete yet"
        "Go on with `next_event` until the end of the request, or accept `selection.early()` if \
         the new protocol needs no content.";
    NothingOwed = 815 "nothing-owed" Local 0 "RFC 9110, 7.8"
        "no answer is owed above a new protocol"
        "`resume_http` is for a 101 in both directions whose request is not answered yet.";
    LeftoverPending = 816 "leftover-pending" Local 0 "RFC 9110, 7.8"
        "a `resume_http` before `take_leftover`, or before the end of the message"
        "`next_event` to the `Switched` event, `take_leftover`, then `resume_http`.";
    TooLate = 817 "too-late" Local 0 "RFC 9112, 9.6"
        "the response head was already sent without Connection: close"
        "Close the transport after the response instead.";
    Closed = 818 "closed" Local 0 "RFC 9112, 9.6"
        "the direction is closed"
        "Close the transport, or open another connection.";
    Switched = 819 "switched" Local 0 "RFC 9110, 7.8"
        "the direction has left HTTP"
        "What comes now is the new protocol's, after the leftover: `take_leftover`, then hand it \
         to its library.";
    Failed = 820 "failed" Local 0 "RFC 9112, 2.2"
        "the peer broke the protocol earlier"
        "Answer once with `Error::status`, then close.";
    WrongRole = 821 "wrong-role" Local 0 "the contract"
        "the verb belongs to the other role"
        "A server responds, a client requests: `Role` says which it is.";
    BufferFull = 822 "buffer-full" Local 0 "the contract"
        "too many bytes wait already; nothing was taken"
        "`next_event` first; while `wants_input` is false, do not read the transport.";
    AfterEnd = 824 "after-end" Local 0 "the contract"
        "bytes after the end of input"
        "Nothing comes after `receive_eof`.";
    UnreadInput = 825 "unread-input" Local 0 "RFC 9112, 9.2"
        "bytes wait in the engine that must be read first"
        "`next_event` first. Before a request: no request asked for these bytes, and the next \
         event says what they are. Before `pass_content`: they are content too.";
    HeadGone = 826 "head-gone" Local 0 "the contract"
        "the head of the request is no longer there as it came"
        "Call `hand_over` at the `Request` event, before the next inbound call.";
    OutOfMemory = 827 "out-of-memory" Local 0 "the contract"
        "the allocator has no memory for the call"
        "Nothing has changed: the same call may succeed later. Until then read no more, or close \
         connections that are idle.";
    OutputTooSmall = 901 "output-too-small" Local 0 "the contract"
        "the output has too little space; nothing was written"
        "Call again with the space that `Error::needed` says.";
    InvalidMethod = 902 "invalid-method" Local 0 "RFC 9110, 9.1"
        "the method is not a token"
        "Upper-case letters, as a rule.";
    InvalidTarget = 903 "invalid-target" Local 0 "RFC 9112, 3.2"
        "the target does not fit the method or holds a forbidden byte"
        "A path that begins with `/`, a whole `http` or `https` URI, `*` for OPTIONS, `host:port` \
         for CONNECT. Percent-encode what is not ASCII, spaces and `#`.";
    InvalidStatus = 904 "invalid-status" Local 0 "RFC 9110, 15"
        "the status does not fit this call"
        "`send_response` and `respond` send 200 to 599, `reject` 400 to 599, `send_informational` \
         1xx. A 101 is sent by `accept`, a 426 by `require`.";
    InvalidReason = 905 "invalid-reason" Local 0 "RFC 9112, 4"
        "the reason holds a forbidden byte"
        "No control bytes; it may be left empty.";
    InvalidName = 906 "invalid-name" Local 0 "RFC 9110, 5.1"
        "the field name is not a token"
        "Letters, digits and a few signs; no colon, no space.";
    InvalidValue = 907 "invalid-value" Local 0 "RFC 9110, 5.5"
        "the field value holds a forbidden byte"
        "A line break here would let the author of the value write the message: check where it \
         comes from. `Connection` lists names.";
    InvalidProtocol = 908 "invalid-protocol" Local 0 "RFC 9110, 7.8"
        "not a list of protocol names"
        "`name` or `name/version`, both tokens.";
    InvalidHost = 909 "invalid-host" Local 0 "RFC 9112, 3.2"
        "the request needs exactly one valid Host"
        "Give `Host` once: a host with an optional port.";
    FramingConflict = 910 "framing-conflict" Local 0 "RFC 9112, 6"
        "framing or connection fields that contradict each other, the status or version"
        "Give a length or chunked, not both, and neither where the status forbids content: in a \
         204, a 1xx, a 2xx to CONNECT (which opens a tunnel). `respond` frames by length alone. A \
         1xx neither closes nor keeps alive.";
    ReservedField = 911 "reserved-field" Local 0 "RFC 9110, 7.8"
        "the engine writes this field itself"
        "`Upgrade` is given as the offer of `send_request`, or by `accept`, `require` and \
         `advertise`. `accept` makes what proves a handshake (`Sec-WebSocket-Accept`).";
    LengthExceeded = 912 "length-exceeded" Local 0 "RFC 9110, 8.6"
        "more content than the Content-Length says"
        "Give the length that you send, or leave the framing to the engine. Of `pass_content`: no \
         more than `content` says.";
    LengthShort = 913 "length-short" Local 0 "RFC 9110, 8.6"
        "less content than the Content-Length says"
        "Send the rest; if you cannot, `abandon`, so that the peer sees the cut. Of `respond`: \
         give the content's own length, or none.";
    TrailerForbidden = 914 "trailer-forbidden" Local 0 "RFC 9110, 6.5.1"
        "a field that may not be a trailer, or trailers without chunked"
        "Send it in the head, or send chunked content.";
    ProfileField = 915 "profile-field" Local 0 "RFC 6455, 4.1 and 4.2.2"
        "the head breaks the rules of a protocol that it names"
        "Of `send_request`: one of the protocol's own rules, which `Ineligible` lists, is broken. \
         In a 101, answer only what was asked for.";
    HostDiffers = 916 "host-differs" Local 0 "RFC 9112, 3.2"
        "Host is not the authority of the target"
        "Give the target's authority as Host, port and all; or send the path alone. Some servers \
         would look at one, some at the other.";
}

impl ErrorKind {
    /// Returns the stable number of this kind.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// Returns the kind with that number, if there is one.
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| u32::from(kind.code()) == code)
    }

    /// Returns the stable name of this kind.
    pub const fn name(self) -> &'static str {
        self.texts().name
    }

    /// Returns the side that caused the error and must change something.
    pub const fn blame(self) -> Blame {
        self.verdict().0
    }

    /// Returns the status with which a server responds to a peer's error of this kind.
    ///
    /// `None` for local errors, and for errors that only a client can encounter.
    pub const fn status(self) -> Option<u16> {
        match self.verdict().1 {
            0 => None,
            status => Some(status),
        }
    }

    /// Returns a description of the error, in English.
    pub const fn text(self) -> &'static str {
        self.texts().text
    }

    /// Returns the clause that was broken, such as `RFC 9112, 5.1`.
    ///
    /// `the contract` stands for [that of this crate](crate#the-contract).
    pub const fn clause(self) -> &'static str {
        self.texts().clause
    }

    /// Returns advice for those who operate the program or write its code.
    pub const fn advice(self) -> &'static str {
        self.texts().advice
    }
}
