r"""A sans-I/O engine for HTTP/1.1 connections that can switch protocols.

For clients and servers.

One `Connection` per transport connection. It never blocks, polls or reads a clock; your code moves the bytes.

1. Bytes in: `receive_data` with what the peer sent, or `get_buffer` and `buffer_updated`; `receive_eof` at the end.
2. Events out: `next_event` until it returns `NEED_DATA` (send pending bytes, then read) or `Paused` (act).
3. Decisions in, bytes out: the `send_*` methods and those for upgrades. Send the returned bytes, then continue with 2.

>>> server = Connection(Role.SERVER)
>>> server.receive_data(b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2, bar\r\nConnection: upgrade\r\n\r\nhello")
>>> for event in server.events():
...     print(type(event).__name__)
Request
EndOfMessage
>>> server.next_event()
Paused(reason=<PausedReason.DECISION: 0>)
>>> selection = server.select(["bar", "foo/2"])
>>> server.accept(selection, [("Server", "example")])[:36]
b'HTTP/1.1 101 Switching Protocols\r\nSe'
>>> match server.next_event():
...     case Switched(SwitchedBy.UPGRADE, protocols) as switched:
...         print(*protocols, switched.leftover)
foo/2 b'hello'

A `RemoteProtocolError` is the peer's fault: receiving has ended, and a server may respond once, with `status`.
A `LocalProtocolError` is the caller's fault and has changed nothing, except that a call that receives ends the
current event.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Final, SupportsIndex, TypeAlias, TypeVar, final, overload

from _typeshed import ReadableBuffer

from ._base import NEED_DATA, LocalProtocolError, NeedData, ProfileError, ProtocolError, RemoteProtocolError

_T = TypeVar("_T")
TextLike: TypeAlias = str | bytes | bytearray
"""A method, target, field name or field value; `str` is encoded as latin-1."""
HeadersLike: TypeAlias = (
    Headers | Mapping[str, TextLike] | Mapping[bytes, TextLike] | Iterable[tuple[TextLike, TextLike]]
)
"""Field lines: pairs of name and value, a mapping, or the `Headers` of an event."""
ProtocolsLike: TypeAlias = Iterable[TextLike | Protocol]
"""Upgrade protocols, such as `foo/2`, in order of preference."""

__version__: str

# The tables of the engine: names, numbers and their order are its own.

@final
class Role(enum.Enum):
    """The role of the engine in a connection."""

    CLIENT = 0
    """The engine is the client: it sends requests."""
    SERVER = 1
    """The engine is the server: it responds to requests."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class Phase(enum.Enum):
    """The progress of a message."""

    IDLE = 0
    """The message has not begun."""
    BODY = 1
    """The head has been sent or received; content or the end is still to come."""
    DONE = 2
    """The message is complete by its framing."""
    ABORTED = 3
    """The message was given up, or broke off, before its end."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class Rx(enum.Enum):
    """The state of the direction in which the peer sends."""

    OPEN = 0
    """The peer sends HTTP."""
    CLOSED = 1
    """The peer's bytes have ended, or no more of them are read."""
    SWITCHED = 2
    """The peer sends the new protocol."""
    FAILED = 3
    """The peer broke the protocol or exceeded a limit."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class Tx(enum.Enum):
    """The state of the direction in which we send."""

    OPEN = 0
    """We send HTTP."""
    CLOSED = 1
    """We send no more HTTP."""
    SWITCHED = 2
    """We send the new protocol."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class UpgradeState(enum.Enum):
    """The progress of the latest request's upgrade or CONNECT."""

    NONE = 0
    """There is no offer that may be accepted, and no CONNECT."""
    OFFERED = 1
    """The request offers at least one protocol that may be accepted."""
    CONNECT = 2
    """The request is a CONNECT."""
    AGREED = 3
    """A 101 or 2xx accepted the offer or CONNECT, or an HTTP/2 preface came."""
    DECLINED = 4
    """The offer or CONNECT was declined, or can no longer be accepted."""
    RESUMED = 5
    """HTTP was resumed within the new protocol, such as TLS, for the response.

    RFC 9110, section 7.8.
    """

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class Expect(enum.Enum):
    """The state of the client's expectation of a 100 (`Expect: 100-continue`)."""

    NONE = 0
    """No 100 is expected: there was no expectation, or it is met or void."""
    OWED = 1
    """A 100 is expected, and the client has sent no content."""
    BEGUN = 2
    """A 100 is expected and was not sent, but the client has begun its content."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class ClientVersion(enum.Enum):
    """The HTTP version that a server's client speaks, by its latest request."""

    UNKNOWN = 0
    """There has been no request."""
    V1_0 = 1
    """HTTP/1.0."""
    V1_1 = 2
    """HTTP/1.1 or a later minor version."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class Awaiting(enum.Enum):
    """The party that the connection is waiting for.

    Use it to choose a timeout.
    """

    CALLER = 0
    """Your code: a decision on an offer, a response, more content or the next request."""
    REQUEST = 1
    """The client, which may send a request to the idle server."""
    CONTENT = 2
    """The peer, which has to send more content or the end of its message."""
    RESPONSE = 3
    """The server, which has to send a response."""
    CONTINUE = 4
    """The server, which should send a 100 before the client sends its content.

    Send the content anyway after a timeout (RFC 9110, section 10.1.1).
    """
    NOTHING = 5
    """Nobody: HTTP has ended on this connection."""
    HEAD = 6
    """The client, which has to send the rest of a request's head that has begun."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class Owes(enum.Enum):
    """The next thing that the caller must send."""

    NOTHING = 0
    """The caller need not send anything."""
    CONTINUE = 1
    """Server: a 100, or a final response.

    The client waits for one before it sends its content (RFC 9110, section 10.1.1).
    """
    RESPONSE = 2
    """Server: a response to the request, or at least its head."""
    CONTENT = 3
    """More content, or the end, of the message being sent."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class Closing(enum.Enum):
    """The way to close the transport."""

    CLOSE = 0
    """Close the transport; nothing else is needed."""
    LINGER = 1
    """Send a FIN, then read and discard until the peer closes too.

    Do so for a few seconds at most; then close. A socket that is closed with unread bytes is reset, and the client may
    then lose the last response.
    """
    RESET = 2
    """Reset the connection.

    On a TCP socket set SO_LINGER to 0 and close; over TLS send no closure alert. A close-delimited response, as an
    HTTP/1.0 client gets it, is incomplete. After a FIN the client would regard it as complete.
    """

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class ContentKind(enum.Enum):
    """The way in which the end of content is found (RFC 9112, section 6.3)."""

    NONE = 0
    """There is no message, it has no content, or it has been received completely."""
    LENGTH = 1
    """The content has the length that `Content-Length` gives."""
    CHUNKED = 2
    """The content is sent in the chunked transfer coding."""
    UNTIL_CLOSE = 3
    """The content ends when the connection closes."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class Stage(enum.Enum):
    """The state of client or server on a connection, with the names that h11 uses.

    It is derived from the engine's state, and has no effect on the engine.
    """

    IDLE = 0
    """No message of this side has begun."""
    SEND_RESPONSE = 1
    """A server has a request whose final response has not begun."""
    SEND_BODY = 2
    """The side has sent its head; content or the end is still to come."""
    DONE = 3
    """The side's message is complete, and the connection may carry another."""
    MUST_CLOSE = 4
    """The side's message is complete, and it was the last on the connection."""
    CLOSED = 5
    """The side sends no more HTTP, or its bytes are not read any more."""
    MIGHT_SWITCH_PROTOCOL = 6
    """The client's request is complete, and its offer or CONNECT is undecided."""
    SWITCHED_PROTOCOL = 7
    """The side sends a new protocol instead of HTTP."""
    ERROR = 8
    """The side's message was cut, or the peer broke the protocol."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class PausedReason(enum.Enum):
    """The reason why receiving does not go on without your code."""

    DECISION = 0
    """Accept the offer or the CONNECT, or decline it with another final response.

    No bytes after the request are read before that.
    """
    ANSWER = 1
    """Send the response, or finish it with `send_end`.

    The next request is not read before that.
    """
    SWITCHED = 2
    """Take the leftover and speak the new protocol.

    The peer's direction has left HTTP; the leftover is what was received after that.
    """
    CLOSED = 3
    """HTTP has ended in both directions: close the transport.

    `unread` returns the bytes that are discarded. After `hand_over`: drop the engine, keep the transport.
    """

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class EventKind(enum.Enum):
    """The kinds of event."""

    REQUEST = 0
    """A request head."""
    INFORMATIONAL = 1
    """The head of an informational (1xx) response other than 101."""
    RESPONSE = 2
    """The head of a final response."""
    DATA = 3
    """A part of the message's content."""
    END_OF_MESSAGE = 4
    """The end of a message, with its trailers."""
    SWITCHED = 5
    """The switch of the peer's direction to a new protocol."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class SwitchedBy(enum.Enum):
    """The message or bytes that made the peer's direction leave HTTP."""

    UPGRADE = 0
    """A 101, from the peer or from us."""
    CONNECT = 1
    """A 2xx to CONNECT."""
    HTTP2_PREFACE = 2
    """The HTTP/2 preface, with which the leftover begins."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class End(enum.Enum):
    """The way in which the peer's bytes ended."""

    CLEAN = 0
    """The peer sent a FIN, and over TLS a closure alert before it."""
    TRUNCATED = 1
    """The peer sent a reset, or over TLS no closure alert: bytes may be missing.

    RFC 9112, section 9.8.
    """

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class Order(enum.Enum):
    """The side whose order of preference counts when several protocols match."""

    CLIENT = 0
    """The client's order: the first protocol of its offer that the server supports."""
    SERVER = 1
    """The server's order: its first preference that was offered."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class NoOffer(enum.Enum):
    """The reason why a request offers no protocol at all.

    Such a request is served like any other.
    """

    ABSENT = 0
    """There is no `Upgrade` field, or an empty one."""
    HTTP_1_0 = 1
    """The request is HTTP/1.0, where `Upgrade` is ignored (RFC 9110, section 7.8)."""
    NO_CONNECTION_OPTION = 2
    """`Connection` does not list `upgrade` (RFC 9110, section 7.6.1).

    The `Upgrade` field was not meant for this hop.
    """
    MALFORMED = 3
    """`Upgrade` is not a list of protocol names."""
    TOO_MANY = 4
    """The offer has more protocols than `Config.offers`, or more than 254."""
    CONNECT = 5
    """The request is a CONNECT, where `Upgrade` is no offer: a 2xx opens a tunnel."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class Ineligible(enum.Enum):
    """The reason why one protocol of an offer cannot be accepted.

    Other protocols of the offer are not affected.
    """

    METHOD = 0
    """The protocol cannot be offered in a request with this method."""
    KEY = 1
    """`Sec-WebSocket-Key` is missing, repeated or malformed.

    It must be 16 bytes in base64 (RFC 6455, section 4.2.1).
    """
    VERSION = 2
    """`Sec-WebSocket-Version` is missing, repeated or not 13.

    Respond with a 426 that lists the supported versions (RFC 6455, section 4.2.2).
    """
    SUBPROTOCOL = 3
    """`Sec-WebSocket-Protocol` is not a list of distinct names.

    RFC 6455, section 4.1.
    """
    EXTENSION = 4
    """`Sec-WebSocket-Extensions` is malformed (RFC 6455, section 9.1)."""
    CONTENT = 5
    """The request has content, or fields for it, that the protocol does not allow.

    Or, for `h2c`, its content exceeds `Config.h2c_content`.
    """
    HEAD = 6
    """The request's head, counted as in HTTP/2, is larger than `Config.h2c_head`."""
    SECURE = 7
    """The protocol cannot be switched to over TLS."""
    SETTINGS = 8
    """`HTTP2-Settings` is missing, repeated, or does not hold legal settings.

    RFC 7540, section 3.2.1.
    """
    NOT_LISTED = 9
    """A hop-by-hop field of the protocol is not listed in `Connection`.

    RFC 7540, section 3.2.1.
    """

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""
    status: int
    """The status with which to decline, for a server that accepts no other protocol."""
    text: str
    """A description of the reason in English, for people."""

@final
class OverHttp2(enum.Enum):
    """The reason why HTTP/2 does not allow a field or a status.

    A message with it is malformed. RFC 9113, sections 8.2.1, 8.2.2 and 8.6; RFC 8441, section 5.
    """

    SWITCHING = 0
    """The status 101, which HTTP/2 does not have."""
    CONNECTION = 1
    """A `Connection` field, which HTTP/2 does not allow."""
    KEEP_ALIVE = 2
    """A `Keep-Alive` field, which HTTP/2 does not allow."""
    PROXY_CONNECTION = 3
    """A `Proxy-Connection` field, which HTTP/2 does not allow."""
    TRANSFER_ENCODING = 4
    """A `Transfer-Encoding` field, which HTTP/2 does not allow."""
    UPGRADE = 5
    """An `Upgrade` field, which HTTP/2 does not allow."""
    TE = 6
    """A `TE` field with a value other than `trailers`."""
    SEC_WEBSOCKET_KEY = 7
    """A `Sec-WebSocket-Key` field, which only HTTP/1.1 has (RFC 8441, section 5)."""
    SEC_WEBSOCKET_ACCEPT = 8
    """A `Sec-WebSocket-Accept` field, which only HTTP/1.1 has (RFC 8441, section 5)."""
    NAME = 9
    """A name that is not a token in lower case (RFC 9113, section 8.2.1).

    One leading colon is accepted. The names of pseudo-header fields are not checked further.
    """
    VALUE = 10
    """A value with a control character except HTAB, or with whitespace around it.

    Control characters are for example CR, LF and NUL (RFC 9113, section 8.2.1).
    """

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class CapsuleFault(enum.Enum):
    """The kind of a fault that aborts a stream of capsules.

    RFC 9297, section 3.3.
    """

    TOO_LONG = 0
    """A datagram's payload is longer than the parser's limit."""
    NO_CONTEXT = 1
    """A datagram has no complete context identifier (RFC 9298, section 5)."""
    TRUNCATED = 2
    """The stream ended inside a capsule, or before all capsules were read."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""
    text: str
    """A description of the fault in English, for people."""

@final
class Why(enum.Enum):
    """The reason why the latest request's upgrade did not happen."""

    NOT_OFFERED = 0
    """The request offered no protocol."""
    HTTP_1_0 = 1
    """The request with the offer was HTTP/1.0, so the offer is ignored."""
    NO_CONNECTION_OPTION = 2
    """The request's `Connection` field did not list `upgrade`."""
    MALFORMED = 3
    """The request's `Upgrade` field was not a list of protocol names."""
    TOO_MANY = 4
    """The offer had more protocols than `Config.offers`, or more than 254."""
    CONNECT = 5
    """The request is a CONNECT, which only a 2xx accepts."""
    INELIGIBLE = 6
    """No offered protocol is eligible: each offer breaks a rule of its protocol."""
    UNDECIDED = 7
    """The offer has been neither accepted nor declined yet."""
    DECLINED = 8
    """A final response was sent or received instead of the 101."""
    REQUIRED = 9
    """A 426 was sent or received: the server requires a protocol in its `Upgrade`.

    The protocol that was offered may be in that list.
    """
    DROPPED = 10
    """The connection ended with the response to an earlier request."""
    FAILED = 11
    """The peer broke the protocol, or its bytes ended, before the response."""
    ABANDONED = 12
    """Your code called `abandon` or `hand_over` before the response."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""
    text: str
    """A description of the reason in English, for people."""

@final
class TraceStep(enum.Enum):
    """The kind of a trace entry, and the meaning of its `Trace.number`."""

    RECEIVED_REQUEST = 0
    """A request head was received; the number is that of offered protocols."""
    RECEIVED_INFORMATIONAL = 1
    """An informational response was received; the number is its status."""
    RECEIVED_RESPONSE = 2
    """A final response head was received; the number is its status."""
    RECEIVED_END = 3
    """A received message ended."""
    RECEIVED_SWITCH = 4
    """The peer's direction switched; the number is that of leftover bytes."""
    RECEIVED_EOF = 5
    """The end of the peer's bytes was received."""
    PEER_ERROR = 6
    """The peer broke the protocol or a limit; the number is that of the error."""
    SENT_REQUEST = 7
    """A request head was sent; the number is that of offered protocols."""
    SENT_INFORMATIONAL = 8
    """An informational response was sent; the number is its status."""
    SENT_RESPONSE = 9
    """A final response head was sent; the number is its status."""
    SENT_END = 10
    """A sent message with content ended."""
    SENT_SWITCH = 11
    """A 101 was sent; the number is its status."""
    REFUSED = 12
    """A call failed; the number is that of the error."""
    RESUMED = 13
    """HTTP was resumed within a new protocol."""
    ABANDONED = 14
    """Your code called `abandon`."""
    TIDIED = 15
    """Field lines were corrected before they were sent.

    That is due to `Config.tidy`. The number has a bit for each kind of correction. 1: a `Content-Length` removed. 2: a
    repeated length sent once. 4: a `Transfer-Encoding` removed. 8: a handshake field or an `Upgrade` removed. 16:
    trailers removed. 32: an `Expect` removed. 64: Host set to the target's authority.
    """
    HANDED_OVER = 16
    """Another parser took over the connection; the number is that of the bytes it got."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class Blame(enum.Enum):
    """The side whose bytes or calls caused an error, and which has to change them."""

    PEER = 0
    """The peer broke the protocol or exceeded a limit.

    Receiving has ended; a server may respond once, if it has not begun a response.
    """
    LOCAL = 1
    """Your code called out of order or with a bad argument, or memory ran out.

    Nothing has changed, except that a call that receives has ended the current event. If memory ran out, the same call
    may succeed later.
    """

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""

@final
class ErrorKind(enum.IntEnum):
    """The kinds of error, with their stable numbers.

    1xx: start line. 2xx: field lines. 3xx: what the head means. 4xx: content. 5xx: the connection. 6xx: the switch.
    8xx: decisions that the state refuses. 9xx: decisions that are malformed.
    """

    BAD_METHOD = 101
    """The method is not a token."""
    METHOD_TOO_LONG = 102
    """The method is longer than the limit."""
    BAD_TARGET = 103
    """A byte that no request-target may hold."""
    BAD_VERSION = 104
    """The HTTP-version is malformed."""
    VERSION_UNSUPPORTED = 105
    """The major version is not 1."""
    START_LINE_TOO_LONG = 106
    """The start line is longer than the limit."""
    BAD_STATUS_LINE = 107
    """The status line is malformed."""
    NOT_HTTP = 108
    """Another protocol where a status line should be."""
    EMPTY_LINES = 109
    """Too many empty lines before the request line."""
    BAD_FIELD_NAME = 201
    """The field name is not a token."""
    SPACE_BEFORE_COLON = 202
    """Whitespace in or after a field name."""
    MISSING_COLON = 203
    """A field line without a colon."""
    BAD_FIELD_VALUE = 204
    """A control byte in a field value or reason."""
    BARE_CR = 205
    """A CR that no LF follows."""
    BARE_LF = 206
    """An LF that no CR precedes."""
    NUL = 207
    """A NUL byte."""
    OBS_FOLD = 208
    """A folded field line in a request or trailer section."""
    LEADING_SPACE = 209
    """Whitespace before the first field line."""
    FIELD_LINE_TOO_LONG = 210
    """A field line is longer than the limit."""
    TOO_MANY_FIELDS = 211
    """More field lines than the limit."""
    HEAD_TOO_LARGE = 212
    """The head is larger than the limit."""
    HOST_MISSING = 301
    """An HTTP/1.1 request without Host."""
    HOST_REPEATED = 302
    """More than one Host."""
    HOST_INVALID = 303
    """The Host is not a host with an optional port."""
    TARGET_FORM = 304
    """The form of the target does not fit the method."""
    TARGET_AUTHORITY = 305
    """The target's authority is malformed, empty or holds userinfo."""
    CONTENT_LENGTH_INVALID = 306
    """The Content-Length is not a number."""
    CONTENT_LENGTH_DIFFERS = 307
    """Content-Lengths that differ."""
    BOTH_FRAMINGS = 308
    """Both Content-Length and Transfer-Encoding."""
    CODING_INVALID = 309
    """The Transfer-Encoding is malformed, or applies chunked twice."""
    CODING_UNKNOWN = 310
    """A transfer coding other than chunked."""
    CODING_NOT_FINAL = 311
    """A request whose final transfer coding is not chunked."""
    CODING_IN_1_0 = 312
    """A Transfer-Encoding in an HTTP/1.0 message."""
    CONNECT_CONTENT = 313
    """A CONNECT with content."""
    TARGET_INSECURE = 314
    """An https target on a connection without TLS."""
    CHUNK_SIZE = 401
    """The chunk size is malformed."""
    CHUNK_SIZE_OVERFLOW = 402
    """The chunk size is too large to be counted."""
    CHUNK_EXTENSION = 403
    """A chunk extension is malformed."""
    CHUNK_LINE_TOO_LONG = 404
    """A chunk line is longer than the limit."""
    CHUNK_EXTENSIONS_TOO_LONG = 405
    """All chunk extensions together are longer than the limit."""
    CHUNK_END = 406
    """Chunk data is not followed by CRLF."""
    TRAILERS_TOO_LARGE = 407
    """The trailer section is larger than the limit."""
    CONTENT_TOO_LARGE = 408
    """The content is larger than the limit."""
    TRUNCATED = 501
    """The input ended inside a message."""
    NO_RESPONSE = 502
    """The input ended before the response."""
    UNSOLICITED = 503
    """Bytes from the server that no request asked for."""
    TOO_MANY_INFORMATIONAL = 504
    """More informational responses than the limit."""
    SWITCH_UNASKED = 601
    """A 101 where nothing was offered."""
    SWITCH_WITHOUT_UPGRADE = 602
    """A 101 without a usable Upgrade field."""
    SWITCH_WITHOUT_CONNECTION = 603
    """A 101 whose Connection does not list upgrade."""
    SWITCH_NOT_OFFERED = 604
    """A 101 that names what was not offered."""
    SWITCH_IN_1_0 = 605
    """A 101 in HTTP/1.0."""
    SWITCH_PROFILE = 606
    """A 101 that breaks the rules of the protocol it names."""
    UNASKED = 801
    """No request is there to be answered."""
    ANSWERED = 802
    """The final response has begun already."""
    REQUEST_UNFINISHED = 803
    """The request before is not complete."""
    UNANSWERED = 804
    """A request is not answered."""
    OFFER_PENDING = 805
    """Nothing may follow an undecided offer or CONNECT."""
    PIPELINE_FULL = 806
    """Too many requests wait for their responses."""
    NOT_PERSISTENT = 807
    """The connection will not carry another request."""
    NO_CONTENT = 808
    """No message takes content now; a request needs Content-Length or chunked for it."""
    HTTP_1_0_PEER = 810
    """An HTTP/1.0 client gets no informational response."""
    NOTHING_OFFERED = 811
    """Nothing was offered that could be accepted."""
    NOT_OFFERED = 812
    """The selection is not part of the offer."""
    STALE_SELECTION = 813
    """The selection is of another request."""
    BODY_PENDING = 814
    """The request is not complete yet."""
    NOTHING_OWED = 815
    """No answer is owed above a new protocol."""
    LEFTOVER_PENDING = 816
    """A `resume_http` before `take_leftover`, or before the end of the message."""
    TOO_LATE = 817
    """The response head was already sent without Connection: close."""
    CLOSED = 818
    """The direction is closed."""
    SWITCHED = 819
    """The direction has left HTTP."""
    FAILED = 820
    """The peer broke the protocol earlier."""
    WRONG_ROLE = 821
    """The verb belongs to the other role."""
    BUFFER_FULL = 822
    """Too many bytes wait already; nothing was taken."""
    AFTER_END = 824
    """Bytes after the end of input."""
    UNREAD_INPUT = 825
    """Bytes wait in the engine that must be read first."""
    HEAD_GONE = 826
    """The head of the request is no longer there as it came."""
    OUT_OF_MEMORY = 827
    """The allocator has no memory for the call."""
    OUTPUT_TOO_SMALL = 901
    """The output has too little space; nothing was written."""
    INVALID_METHOD = 902
    """The method is not a token."""
    INVALID_TARGET = 903
    """The target does not fit the method or holds a forbidden byte."""
    INVALID_STATUS = 904
    """The status does not fit this call."""
    INVALID_REASON = 905
    """The reason holds a forbidden byte."""
    INVALID_NAME = 906
    """The field name is not a token."""
    INVALID_VALUE = 907
    """The field value holds a forbidden byte."""
    INVALID_PROTOCOL = 908
    """Not a list of protocol names."""
    INVALID_HOST = 909
    """The request needs exactly one valid Host."""
    FRAMING_CONFLICT = 910
    """Framing or connection fields that contradict each other, the status or version."""
    RESERVED_FIELD = 911
    """The engine writes this field itself."""
    LENGTH_EXCEEDED = 912
    """More content than the Content-Length says."""
    LENGTH_SHORT = 913
    """Less content than the Content-Length says."""
    TRAILER_FORBIDDEN = 914
    """A field that may not be a trailer, or trailers without chunked."""
    PROFILE_FIELD = 915
    """The head breaks the rules of a protocol that it names."""
    HOST_DIFFERS = 916
    """Host is not the authority of the target."""

    label: str
    """The engine's stable name of this enum member, the same in all bindings."""
    blame: Blame
    """The party whose bytes or calls must change: the peer or the caller."""
    status: int | None
    """The status with which a server responds to the error; None if there is none."""
    text: str
    """A description of the error in English, for people."""
    clause: str
    """The rule that was violated, such as `RFC 9112, 6.3`.

    It is `the contract` for a rule of the engine's own.
    """
    advice: str
    """Advice on how to correct the error."""

# What a connection is made with.

@final
class Config:
    """The configuration of connections: limits, leniencies, the transport.

    Limits are in bytes or counts.

    Every option has a default and is an attribute. One object may serve many connections. A limit is a whole number of
    32 bits; `drain`, `content` and `h2c_content` have 64. Raises ValueError for a number outside of that, TypeError for
    a value of another type.

    >>> Config(head=16_384, secure=True)
    Config(head=16384, secure=True)
    >>> Config(haed=1)
    Traceback (most recent call last):
        ...
    TypeError: there is no option "haed"
    """

    def __new__(
        cls,
        *,
        start_line: int = 8_192,
        method: int = 32,
        field_line: int = 16_384,
        fields: int = 128,
        head: int = 65_536,
        empty_lines: int = 4,
        chunk_line: int = 1_024,
        chunk_extensions: int = 4_096,
        trailers: int = 8_192,
        informational: int = 32,
        drain: int = 262_144,
        content: int = 18_446_744_073_709_551_615,
        buffered: int = 131_072,
        offers: int = 32,
        h2c_head: int = 16_384,
        h2c_content: int = 65_535,
        switch_without_connection: bool = False,
        switch_without_upgrade: bool = False,
        switch_to_alternatives: bool = False,
        switch_in_http10: bool = False,
        status_without_space: bool = False,
        lone_lf: bool = False,
        response_lone_lf: bool = False,
        space_after_chunk_size: bool = False,
        controls_in_values: bool = False,
        both_framings: bool = False,
        coding_in_http10: bool = False,
        any_version: bool = False,
        secure: bool = False,
        trusted_gateway: bool = False,
        http2_preface: bool = False,
        bare_h2c: bool = False,
        tidy: bool = False,
        lowercase_names: bool = False,
    ) -> Config: ...

    start_line: Final[int]
    """The maximum length of a request line or status line, without its CRLF.

    RFC 9112, section 3 recommends at least 8,000.
    """
    method: Final[int]
    """The maximum length of a request's method.

    The longest registered method has 17 bytes, so a much longer word is most likely not HTTP.
    """
    field_line: Final[int]
    """The maximum length of a field line, without its CRLF.

    Large enough for the cookies that browsers send.
    """
    fields: Final[int]
    """The maximum number of field lines in a head, and in a trailer section.

    The two are counted separately. Real requests have about 20.
    """
    head: Final[int]
    """The maximum size of a whole head, including its CRLFs.

    Common servers accept between 8 and 64 KiB.
    """
    empty_lines: Final[int]
    """The maximum number of empty lines before a request line.

    An idle client accepts as many from the server. RFC 9112, section 2.2 asks servers to ignore at least one. A limit
    above 65,535 is none.
    """
    chunk_line: Final[int]
    """The maximum length of a chunk-size line, without its CRLF.

    Large enough for 16 hex digits and a short chunk extension.
    """
    chunk_extensions: Final[int]
    """The maximum total size of the chunk extensions of one message.

    Real programs do not use chunk extensions, attackers do.
    """
    trailers: Final[int]
    """The maximum size of a trailer section, including its CRLFs.

    Large enough for a checksum and some metadata.
    """
    informational: Final[int]
    """The maximum number of informational (1xx) responses before a final response.

    A server that sends a 102 every ten seconds exceeds it after five minutes (error 504). Raise it if you wait longer.
    A limit above 65,535 is none.
    """
    drain: Final[int]
    """The maximum number of bytes that `skip_content` discards from one message.

    The framing of chunks counts, too. If more content follows, receiving ends and the connection closes.
    """
    content: Final[int]
    """The maximum size of a request's content, without its framing.

    A server responds to more with 413. The head is rejected if its `Content-Length` exceeds the limit, a chunk if its
    size exceeds the rest of it. Content that `skip_content` discards is limited by `drain` alone. The engine stores no
    content, so at first there is no limit: set one that suits your server.
    """
    buffered: Final[int]
    """The number of unread bytes in the buffer at which `receive` accepts no more.

    It is raised to what one head or trailer section needs. The buffer's memory holds at most half as much again, one
    head, and the space that one read requests beyond the limit.
    """
    offers: Final[int]
    """The maximum number of protocols in a received offer.

    An offer of more counts as no offer. A limit above 254 has the effect of 254.
    """
    h2c_head: Final[int]
    """The maximum size of the head of a request that is upgraded to `h2c`.

    The HTTP/2 engine responds to that request. The size is counted as in HTTP/2 (RFC 9113, section 6.5.2). It does not
    limit an offer that `bare_h2c` allows without `HTTP2-Settings`. Set at most what your HTTP/2 engine accepts as a
    field list.
    """
    h2c_content: Final[int]
    """The maximum size of the content of a request that is upgraded to `h2c`.

    It is compared with `Content-Length` alone: count chunked content yourself. It does not limit an offer that
    `bare_h2c` allows without `HTTP2-Settings`. Set at most the initial flow-control window of your HTTP/2 engine.
    """
    switch_without_connection: Final[bool]
    """Acceptance of a 101 whose `Connection` field does not list `upgrade`.

    cupsd 2.4 sends `Keep-Alive` there. Risk: an intermediary may have forwarded the response without understanding it,
    and the client treats it as a switch.
    """
    switch_without_upgrade: Final[bool]
    """Acceptance of a 101 without an `Upgrade` field, as Jetty 9.4 sends it.

    The client assumes that the server accepted its first offer. `Connection` need not list `upgrade` then. Risk: if
    several protocols were offered, the two sides may assume different ones.
    """
    switch_to_alternatives: Final[bool]
    """Acceptance of a 101 that lists several offered versions of one protocol.

    cupsd 2.4 sends `TLS/1.2,TLS/1.1,TLS/1.0` instead of the version it chose. Risk: the new protocol itself must find
    out which version is in use. A protocol that was not offered is still rejected.
    """
    switch_in_http10: Final[bool]
    """Acceptance of a 101 in HTTP/1.0.

    aiohttp and Deno send it in response to HTTP/1.0 requests. Risk: HTTP/1.0 has no Upgrade mechanism, so an
    intermediary may continue to speak HTTP.
    """
    status_without_space: Final[bool]
    """Acceptance of a status line that ends right after the status code.

    Small devices and hand-written servers send `HTTP/1.1 200`; h11, Node, curl and Python's http.client accept it.
    Risk: small, as such a line has no other meaning. But a server that omits the space may be careless elsewhere.
    """
    lone_lf: Final[bool]
    """Acceptance of a bare LF at the end of a line in a request's head.

    For servers: people who type requests and old clients send it, and RFC 9112, section 2.2 allows a recipient to
    accept it. Never accepted are a CR alone, and a bare LF in chunk-size lines or trailers. Risk: a proxy in front may
    parse such a line as part of the previous one. It then misses a field that this server sees (request smuggling). Use
    it only where clients connect directly.
    """
    response_lone_lf: Final[bool]
    """Acceptance of a bare LF at the end of a line in a response's head or trailers.

    CGI scripts and hand-written servers send it; h11 and browsers accept it. Never accepted are a CR alone, and a bare
    LF in chunk-size lines. Risk: small on a direct connection. A proxy in between that parses such a line differently
    sees other fields than this client.
    """
    space_after_chunk_size: Final[bool]
    r"""Acceptance of spaces and tabs at the end of a chunk-size line in a response.

    Servers that pad the size send `2 \r\n`; h11 and browsers accept it. Risk: small, as the padding has no other
    meaning.
    """
    controls_in_values: Final[bool]
    r"""Acceptance of control characters in a response's field values and reason.

    Some sites put binary data into cookies, such as `Set-Cookie: a=k\x01p`; h11 and browsers accept it. Never accepted
    are NUL, LF, VT, FF and CR, which some readers treat as whitespace or the end of a line. Risk: a program that prints
    or forwards the value must be careful.
    """
    both_framings: Final[bool]
    """Acceptance of a response with both `Content-Length` and `Transfer-Encoding`.

    The latter determines its framing, as in h11 and browsers (RFC 9112, section 6.3). Risk: a proxy in between that
    uses the length sees a different end of the message (response splitting).
    """
    coding_in_http10: Final[bool]
    """Acceptance of a `Transfer-Encoding` in an HTTP/1.0 response.

    Some servers send chunked content to every client; h11 accepts it. The connection closes after it (RFC 9112, section
    6.1). Risk: a proxy in between that supports only HTTP/1.0 sees a different end of the message.
    """
    any_version: Final[bool]
    """Acceptance of a status line whose major version is not 1.

    Gateways that copy the version send `HTTP/2.0 200 OK`; h11 and browsers accept it. A major version above 1 is
    treated as HTTP/1.1, a major version of 0 as HTTP/1.0. Risk: small.
    """
    secure: Final[bool]
    """Set if the transport is TLS.

    Offers of protocols that are not switched to over TLS, such as `h2c`, are then ineligible. If not set, a server
    rejects a request for an `https` target, unless `Config.trusted_gateway` is set (RFC 9110, section 7.4).
    """
    trusted_gateway: Final[bool]
    """Set if a trusted gateway in front of the server terminates TLS.

    The server then accepts `https` targets without TLS, as RFC 9110, section 7.4 allows. The connection itself does not
    count as TLS, so offers such as `h2c` remain possible. Off at first: a client that connects directly could claim any
    scheme.
    """
    http2_preface: Final[bool]
    """Set if a server accepts the HTTP/2 preface as a switch to HTTP/2.

    It accepts the preface only as the connection's first bytes (RFC 9113, section 3.4). Off at first: the preface is
    then a request with an unsupported version.
    """
    bare_h2c: Final[bool]
    """Set if an `h2c` offer does not need an `HTTP2-Settings` field.

    Such an offer can then be sent and accepted. The two sides must have agreed on what `h2c` then means: in BuildKit,
    HTTP/2 with client and server reversed. Off at first: RFC 7540, section 3.2.1 forbids such an upgrade.
    """
    tidy: Final[bool]
    """Set if contradictory field lines are corrected before they are sent.

    If not set, they are rejected. For frameworks and intermediaries, which send field lines that others wrote. A
    `Content-Length` is removed beside chunked or if the status forbids it. Chunked is removed from a response that may
    not have it, as for an HTTP/1.0 client. Also removed are handshake fields that the caller may not send, and a
    backend's `Upgrade`. Forbidden trailers, all trailers without chunked, and an `Expect` without content are removed,
    too. A repeated equal length is sent once. If the target has an authority, a Host that is missing or differs is set
    to that. Ambiguous lines are still rejected: different lengths, other codings, two Hosts, a line break in a value.
    The trace records each correction (`TraceStep.TIDIED`). Off at first: an error shows the mistakes in your own code.
    """
    lowercase_names: Final[bool]
    """Set if the names of the engine's own fields are written in lower case.

    For frameworks whose handlers write names in lower case, so that a head has one case. It concerns `Content-Length`,
    `Transfer-Encoding`, `Connection`, `Upgrade` and fields of a handshake. Names of your own fields stay as you give
    them. Names have no case (RFC 9110, section 5.1), but some old clients compare them exactly. Off at first.
    """

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

# What comes out. All of it is frozen, equal by value and owns what it shows.

@final
class Headers(Sequence[tuple[bytes, bytes]]):
    """The field lines of a message, in the sender's order and letter case.

    The tuples are created when they are accessed.

    A name in place of an index or a line stands for the field, in any case. `headers["host"]` is its first value
    (KeyError if there is none), and `"host" in headers` tells whether there is one.

    `repr` hides the values of Authorization, Proxy-Authorization, Cookie and Set-Cookie.

    >>> headers = Headers([("Host", "a"), ("Cookie", "secret"), ("Via", "1"), ("via", "2")])
    >>> headers[0], headers.get("HOST"), headers.get_all(b"via"), len(headers)
    ((b'Host', b'a'), b'a', [b'1', b'2'], 4)
    >>> headers["host"], b"HOST" in headers, "Upgrade" in headers
    (b'a', True, False)
    >>> headers[:2]
    [(b'Host', b'a'), (b'Cookie', b'secret')]
    >>> headers
    Headers([(b'Host', b'a'), (b'Cookie', <hidden>), (b'Via', b'1'), (b'via', b'2')])
    >>> Headers({"A": "b"}) == [(b"A", b"b")]
    True
    """

    def __new__(cls, lines: HeadersLike = ()) -> Headers: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, key: SupportsIndex, /) -> tuple[bytes, bytes]: ...
    @overload
    def __getitem__(self, key: slice, /) -> list[tuple[bytes, bytes]]: ...
    @overload
    def __getitem__(self, key: TextLike, /) -> bytes: ...
    def __iter__(self) -> Iterator[tuple[bytes, bytes]]: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    @overload
    def get(self, name: TextLike, default: None = None) -> bytes | None: ...
    @overload
    def get(self, name: TextLike, default: _T) -> bytes | _T:
        """Returns the first value of that name in any case, or `default`.

        RFC 9110, section 5.1.
        """
    def get_all(self, name: TextLike) -> list[bytes]:
        """Returns every value of that name in any case, in order."""
    def lines(self) -> list[tuple[bytes, bytes]]:
        """Returns all lines as a new list of pairs (name, value).

        >>> Headers([("Host", "a"), ("Via", "1")]).lines()
        [(b'Host', b'a'), (b'Via', b'1')]
        """
    def lower(self) -> list[tuple[bytes, bytes]]:
        """Returns all lines as a new list of pairs, with the names in lower case.

        ASGI has them in this form. Equal Content-Length values become one, as a message that is passed
        on must have it (RFC 9110, section 8.6).

        >>> Headers([("Host", "a"), ("Content-Length", "3, 3")]).lower()
        [(b'host', b'a'), (b'content-length', b'3')]
        """
    def flat(self) -> list[bytes]:
        """Returns one new list that alternates names and values.

        No other form of all lines needs fewer objects.

        >>> Headers([("Host", "a"), ("Via", "1")]).flat()
        [b'Host', b'a', b'Via', b'1']
        """
    def count(self, line: object) -> int:
        """Returns how often this line, a pair of name and value, occurs byte for byte.

        Raises TypeError for a bare name: `get_all` returns its values.
        """
    def index(self, line: object, start: int = 0, stop: int = 9223372036854775807) -> int:
        """Returns the index of the first line equal to `line`, a pair of name and value.

        Raises ValueError if there is none, TypeError for a bare name.
        """
    def end_to_end(self) -> Headers:
        """Returns the end-to-end lines, without the hop-by-hop ones.

        Hop-by-hop are `Connection`, the fields that it lists, and others such as `Transfer-Encoding`. Host,
        Content-Length, Via and a few others are kept even if listed. Equal Content-Length values become one.

        An intermediary forwards the end-to-end lines. Next: `send_request` or `send_response` with them, and with
        more lines if needed: `[*headers.end_to_end(), ("Via", "1.1 here")]`. For `accept` the connection needs a
        Config that is `tidy`: it leaves out what belongs to the server's own handshake. RFC 9110, section 7.6.1.
        """
    def http2_fields(self) -> Headers:
        """Returns the lines converted to HTTP/2, without pseudo-header fields.

        Names are in lower case. Left out are hop-by-hop fields except `te: trailers`, Host (which becomes
        `:authority`), and Expect. So are Sec-WebSocket-Key and Sec-WebSocket-Accept; the other fields of WebSocket
        stay. Next: an HTTP/2 library's `send_headers`. RFC 9113, section 8.2.2; RFC 8441, section 5.
        """

@final
class Protocol:
    """A protocol name with an optional version (RFC 9110, section 7.8).

    `str` of it is its text.

    Names are compared without regard to case, versions exactly. Raises ValueError if the text is no protocol name.

    >>> Protocol("WebSocket") == Protocol("websocket"), str(Protocol("foo/2")), Protocol("foo/2").version
    (True, 'foo/2', '2')

    In a pattern use a dotted name of a constant, which is compared by `==`. A class pattern would compare the spelling
    of the name. So there is none by position: `case Protocol("h2c")` raises TypeError.

    >>> class Known:
    ...     H2C = Protocol("h2c")
    >>> match Switched(SwitchedBy.UPGRADE, [Protocol("H2C")]):
    ...     case Switched(protocols=(Known.H2C,)):
    ...         print("HTTP/2 from here")
    HTTP/2 from here
    """

    name: Final[str]
    """The name in its original letter case; compare protocols, not their names."""
    version: Final[str | None]

    def __new__(cls, text: TextLike) -> Protocol: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Offer:
    """One protocol of an offer.

    `ineligible` is the reason why it cannot be accepted, or None.
    """

    __match_args__ = ("protocol", "ineligible")
    protocol: Final[Protocol]
    ineligible: Final[Ineligible | None]

    def __new__(cls, protocol: Protocol, ineligible: Ineligible | None = None) -> Offer: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Request:
    """A request head, as it was sent (server).

    A response to it is owed. Next: `Data` if there is content, then `EndOfMessage` unless `take_end` returned True.
    RFC 9112, section 3.
    """

    __match_args__ = ("method", "target", "headers")
    kind: ClassVar[EventKind]
    method: Final[bytes]
    """The method, which is case-sensitive."""
    target: Final[bytes]
    """The target as sent, neither decoded nor normalised."""
    headers: Final[Headers]
    minor_version: Final[int]
    """The minor version: the x of HTTP/1.x."""
    offers: Final[tuple[Offer, ...]]
    """The offered protocols, in the client's order of preference.

    Choose one with `Connection.select`.
    """
    no_offer: Final[NoOffer | None]
    """The reason why the request offers no protocol; None if it has an offer."""
    ends: Final[bool]
    """True if the request has no content (RFC 9112, section 6.3).

    The next event is then `EndOfMessage`, unless `take_end` is called.
    """

    @property
    def path(self) -> bytes:
        """The path of the target, as sent, up to the query.

        It is `/` if an absolute target has none, `*` in an OPTIONS for the whole server, and empty in a CONNECT.
        RFC 9112, section 3.2; RFC 9110, section 4.2.3.

        >>> Request("GET", "/chat?room=1").path, Request("GET", "http://a").path, Request("CONNECT", "a:443").path
        (b'/chat', b'/', b'')
        """
    @property
    def query(self) -> bytes:
        """The query of the target, as sent; empty if there is none.

        It begins after the first question mark. RFC 9112, section 3.2.

        >>> Request("GET", "/chat?room=1").query
        b'room=1'
        """
    @property
    def http_version(self) -> str:
        """The HTTP version as text, such as `1.1`.

        ASGI has it in this form. RFC 9112, section 2.3.

        >>> Request("GET", "/").http_version
        '1.1'
        """
    @property
    def authority(self) -> bytes | None:
        """The authority that the request is for, or None.

        It is that in the target, else the value of Host. None if there is neither, as in HTTP/1.0.

        An intermediary routes by it and forwards it as Host. RFC 9112, sections 3.2 and 3.3.
        """
    def __new__(
        cls,
        method: TextLike,
        target: TextLike,
        headers: HeadersLike = (),
        minor_version: int = 1,
        offers: Sequence[Offer] = (),
        no_offer: NoOffer | None = None,
        ends: bool = True,
    ) -> Request: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def http2_request(self, *, secure: bool) -> Headers:
        """Returns the request's field lines for HTTP/2, pseudo-header fields first.

        `secure` is true if the scheme is https.

        Next: an HTTP/2 library's `send_headers`. RFC 9113, section 8.3.1.

        >>> list(Request("GET", "/a", {"Host": "b", "Connection": "close"}).http2_request(secure=True))[1:]
        [(b':scheme', b'https'), (b':authority', b'b'), (b':path', b'/a')]
        """
    def extended_connect(self, protocol: TextLike | Protocol, *, secure: bool) -> Headers:
        """Returns the field lines of an extended CONNECT that requests `protocol`.

        Pseudo-header fields come first. A 2xx to it means what a 101 means in HTTP/1.1. Send it only if the server's
        SETTINGS_ENABLE_CONNECT_PROTOCOL is 1. Next: an HTTP/2 library's `send_headers`. RFC 8441, sections 4 and 5.
        """

@final
class Informational:
    """The head of an informational (1xx) response other than 101 (client).

    A final response or a 101 is still to come (RFC 9110, section 15.2).
    """

    __match_args__ = ("status", "headers")
    kind: ClassVar[EventKind]
    status: Final[int]
    reason: Final[bytes]
    headers: Final[Headers]
    minor_version: Final[int]

    def __new__(
        cls, status: int, headers: HeadersLike = (), reason: TextLike = b"", minor_version: int = 1
    ) -> Informational: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Response:
    """A final response head (client).

    Next: `Data` if there is content, then `EndOfMessage` unless `take_end` returned True. RFC 9112, section 4.
    """

    __match_args__ = ("status", "headers")
    kind: ClassVar[EventKind]
    status: Final[int]
    """The status code: 200 to 999, or the 101 in `Switched`.

    Treat an unknown status up to 599 like the x00 of its class, and one above that like a 500. RFC 9110, section 15.
    """
    reason: Final[bytes]
    """The reason phrase, which has no meaning; often empty."""
    headers: Final[Headers]
    minor_version: Final[int]
    dropped: Final[int]
    """The number of later requests that get no response, because this is the last.

    RFC 9112, section 9.3.2.
    """
    advertised: Final[tuple[Protocol, ...]]
    """The protocols in the response's Upgrade field, to which the server can switch."""

    def __new__(
        cls,
        status: int,
        headers: HeadersLike = (),
        reason: TextLike = b"",
        minor_version: int = 1,
        dropped: int = 0,
        advertised: Sequence[Protocol] = (),
    ) -> Response: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Data:
    """A piece of a message's content; where pieces begin and end has no meaning.

    >>> Data(b"hello") == Data(b"hello")
    True
    """

    __match_args__ = ("data",)
    kind: ClassVar[EventKind]
    data: Final[bytes]

    def __new__(cls, data: bytes | bytearray) -> Data: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class EndOfMessage:
    """The end of a received message, with its trailers (RFC 9112, section 7.1.2)."""

    __match_args__ = ("trailers",)
    kind: ClassVar[EventKind]
    trailers: Final[Headers]

    def __new__(cls, trailers: HeadersLike = ()) -> EndOfMessage: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Switched:
    """The switch of the peer's direction from HTTP to another protocol.

    Next: `take_leftover`; further bytes belong to the new protocol (RFC 9110, section 7.8).
    """

    __match_args__ = ("by", "protocols")
    kind: ClassVar[EventKind]
    by: Final[SwitchedBy]
    protocols: Final[tuple[Protocol, ...]]
    """The protocols of the peer's direction now, lowest layer first.

    Empty after a CONNECT or an HTTP/2 preface.
    """
    request: Final[Request | None]
    """Server: the request with the offer or CONNECT.

    After a 101 its response is sent in the new protocol. None after an HTTP/2 preface, and on a client.
    """
    response: Final[Response | None]
    """Client: the head of the 101, or of the 2xx to CONNECT; None on a server."""
    leftover: Final[bytes]
    """The bytes of the new protocol that had been received before this event."""

    def __new__(
        cls,
        by: SwitchedBy,
        protocols: Sequence[Protocol] = (),
        request: Request | None = None,
        response: Response | None = None,
        leftover: TextLike = b"",
    ) -> Switched: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

Event: TypeAlias = Request | Informational | Response | Data | EndOfMessage | Switched

@final
class Paused:
    """The engine parses no more until your code has acted; `reason` says how.

    After the reason CLOSED it never does.
    """

    __match_args__ = ("reason",)
    reason: Final[PausedReason]

    def __new__(cls, reason: PausedReason) -> Paused: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Selection:
    """A protocol chosen from the offer of one request, by `Connection.select`.

    Use it only for that request. The engine rejects it for another request of the connection, or for another offer. It
    cannot detect a request of another connection with the same number and offer.
    """

    def early(self) -> Selection:
        """Returns the same choice, to be accepted before the request is complete.

        For a new protocol that does not need the request's content.

        Our direction switches at once, the peer's at the end of its request. Next: `accept`. RFC 9110, section 7.8.
        """
    @property
    def preference(self) -> int:
        """The index of the chosen protocol in the preferences of `select`."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Content:
    """The content that is still to come of the message being received."""

    __match_args__ = ("kind", "length")
    kind: Final[ContentKind]
    length: Final[int]
    """The number of bytes left of the content, or of the current chunk.

    0 if no such number is known.
    """

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Prepared:
    r"""A whole response, checked and encoded once, for `respond_prepared`.

    It can be sent any number of times, on any server connection with such a `config`.

    Threads may share it. With a `Date` in its headers use it for a second at most. Raises LocalProtocolError as
    `respond` does, if the response itself is invalid. `config` is that of the connections; if it is `tidy`,
    contradictory headers are corrected. A connection that is not `tidy` rejects a response that was corrected.

    >>> hello = Prepared(200, {"Content-Type": "text/plain"}, b"hello")
    >>> server = Connection(Role.SERVER)
    >>> server.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    >>> for event in server.events():
    ...     if isinstance(event, EndOfMessage):
    ...         server.respond_prepared(hello)
    b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello'
    """

    def __new__(
        cls,
        status: int,
        headers: HeadersLike = (),
        content: ReadableBuffer = b"",
        reason: TextLike | None = None,
        *,
        config: Config | None = None,
    ) -> Prepared: ...
    @property
    def status(self) -> int:
        """The status of the prepared response."""
    @property
    def content(self) -> bytes:
        """The content of the prepared response."""

@final
class Trace:
    """One entry of a connection's trace, a log of messages and calls."""

    __match_args__ = ("step", "number", "offset")
    step: Final[TraceStep]
    number: Final[int]
    """The detail that `TraceStep` names: a status, an error number, a count or bits."""
    offset: Final[int]
    """The number of the peer's bytes consumed when the entry was made.

    A received head or end that the entry records is included.
    """

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class State:
    """The state of the connection's state machine, for logs and debugging tools."""

    request: Final[Phase]
    """The progress of the latest request."""
    response: Final[Phase]
    """The progress of the response to the oldest unanswered request, else the latest."""
    rx: Final[Rx]
    tx: Final[Tx]
    upgrade: Final[UpgradeState]
    expect: Final[Expect]
    persist: Final[bool]
    """True while nothing has made the current exchange the last.

    It may stay true after a switch, when no other request follows: see `Connection.persists`.
    """
    client_version: Final[ClientVersion]
    """Server: the client's HTTP version, by its latest request."""
    pipelined: Final[int]
    """Client: the number of unanswered requests before the latest.

    All of them have been sent completely. A request counts until its final response has ended. None counts once the
    head of a response has come that closes the connection: see `Response.dropped`.
    """

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Connection:
    """One HTTP/1.1 connection, without its transport.

    Text may be `str` of latin-1 characters (UnicodeEncodeError for others) or `bytes`. Field lines may be `Headers`,
    a mapping, or any iterable of pairs. A TypeError or ValueError tells which line has an invalid name or value.
    A method with the parameter `into` appends its bytes to that bytearray instead, if it is given, and returns their
    number. It raises BufferError, and has changed nothing, if a memoryview keeps `into` from growing.

    A rejected call raises `LocalProtocolError` and has changed nothing, except that a call that receives ends the
    current event. In place of FAILED it raises the peer's earlier `RemoteProtocolError` again. A connection belongs to
    one thread at a time.
    A call in the middle of another one raises RuntimeError, as does any call after a bug in the engine has ended it.
    """

    def __new__(cls, role: Role, config: Config | None = None) -> Connection: ...

    # Bytes in, events out.

    def receive_data(self, data: ReadableBuffer) -> None:
        """Appends bytes received from the peer; `b""` is its clean EOF.

        So the result of `socket.recv` can be passed as it is. Next: `next_event`.

        All bytes are appended or none. BUFFER_FULL if `Config.buffered` bytes are already unread. After the peer's
        error the call raises that `RemoteProtocolError` again. RFC 9112, section 2.2.

        Raises LocalProtocolError: BUFFER_FULL, AFTER_END, OUT_OF_MEMORY, CLOSED, SWITCHED, FAILED.
        """
    def receive_eof(self, clean: bool = True) -> None:
        """Records the end of the peer's bytes (EOF).

        `clean` is true after a FIN, over TLS only with a closure alert before it (RFC 9112, section 9.8).

        The end takes effect once `next_event` has read all bytes received before. Next: `next_event`.
        """
    def get_buffer(self, sizehint: int = -1) -> memoryview:
        """Returns a view of a buffer of 65,536 bytes to read the transport into.

        `sizehint` is ignored; it is that of `asyncio.BufferedProtocol`.

        The buffer is the same each time, until `release`. Raises as `receive_data` does. Next: `buffer_updated`.

        Raises LocalProtocolError: BUFFER_FULL, AFTER_END, OUT_OF_MEMORY, CLOSED, SWITCHED, FAILED.
        """
    def buffer_updated(self, nbytes: int) -> None:
        """Appends the first `nbytes` bytes of the buffer of `get_buffer`.

        Raises ValueError if the buffer is shorter, or if `get_buffer` was not called since bytes or EOF were last
        received; otherwise as `receive_data` does. Next: `next_event`.
        """
    def next_event(self, data: ReadableBuffer | None = None, /) -> Event | NeedData | Paused:
        """Returns the next event, `NEED_DATA` or `Paused`.

        `NEED_DATA` if more bytes are needed for the next event; `Paused` if your code must act before it.

        If there is `data`, it is appended first, as by `receive_data`, with the same errors. So `b""` is the peer's
        clean EOF here too. Without an argument nothing is appended.

        >>> server = Connection(Role.SERVER)
        >>> server.next_event(), server.next_event(b"")
        (NEED_DATA, Paused(reason=<PausedReason.CLOSED: 3>))

        Raises RemoteProtocolError if the peer broke the protocol: a server responds with `status` and closes, a client
        closes. RFC 9112, sections 2.2 and 6.3.

        Raises LocalProtocolError: OUT_OF_MEMORY.
        """
    def events(self) -> Iterator[Event]:
        """Returns an iterator over events, which ends at `NEED_DATA` or `Paused`.

        The iterator calls `next_event`, and raises as that does.
        """

    # Decisions in, bytes out.

    @overload
    def send_request(
        self, method: TextLike, target: TextLike, headers: HeadersLike, offer: ProtocolsLike = (), *, into: None = None
    ) -> bytes: ...
    @overload
    def send_request(
        self, method: TextLike, target: TextLike, headers: HeadersLike, offer: ProtocolsLike = (), *, into: bytearray
    ) -> int:
        """Client: sends a request head, and offers protocols in order of preference.

        An empty `offer` offers none.

        Host is needed and is sent first. Upgrade is not given as a header but as the offer. Content follows if there is
        a Content-Length above 0 or a Transfer-Encoding that ends in chunked. Next: `send_data` and `send_end` if
        content follows; then `receive_data`. RFC 9112, section 3; RFC 9110, section 7.8.

        Raises LocalProtocolError: WRONG_ROLE, REQUEST_UNFINISHED, OFFER_PENDING, PIPELINE_FULL, NOT_PERSISTENT,
        UNREAD_INPUT, CLOSED, SWITCHED, FAILED, INVALID_METHOD, INVALID_TARGET, INVALID_NAME, INVALID_VALUE,
        INVALID_PROTOCOL, INVALID_HOST, HOST_DIFFERS, FRAMING_CONFLICT, RESERVED_FIELD, PROFILE_FIELD, OUT_OF_MEMORY.
        """
    @overload
    def send_informational(
        self, status: int, headers: HeadersLike = (), reason: TextLike | None = None, *, into: None = None
    ) -> bytes: ...
    @overload
    def send_informational(
        self, status: int, headers: HeadersLike = (), reason: TextLike | None = None, *, into: bytearray
    ) -> int:
        """Server: sends an informational (1xx) response other than 101.

        A client waits for a 100 while `owes` is CONTINUE. At any other time a 100 has no effect on the client, and a
        proxy still forwards it. Next: the rest of the request, or the final response. RFC 9110, section 15.2.

        Raises LocalProtocolError: WRONG_ROLE, UNASKED, ANSWERED, HTTP_1_0_PEER, CLOSED, SWITCHED, FAILED,
        INVALID_STATUS, INVALID_REASON, INVALID_NAME, INVALID_VALUE, INVALID_HOST, FRAMING_CONFLICT, RESERVED_FIELD,
        OUT_OF_MEMORY.
        """
    @overload
    def send_response(
        self, status: int, headers: HeadersLike = (), reason: TextLike | None = None, *, into: None = None
    ) -> bytes: ...
    @overload
    def send_response(
        self, status: int, headers: HeadersLike = (), reason: TextLike | None = None, *, into: bytearray
    ) -> int:
        """Server: sends a final response head, with the usual reason phrase by default.

        It declines a pending offer, which has no other effect; a 2xx to CONNECT opens a tunnel. Send a 426 with
        `require`: without a list of protocols it is an INVALID_STATUS. Without Content-Length and Transfer-Encoding,
        content is sent chunked, to an HTTP/1.0 client until close. Next: `send_data` and `send_end`. RFC 9112,
        sections 4 and 6.

        Raises LocalProtocolError: WRONG_ROLE, UNASKED, ANSWERED, CLOSED, SWITCHED, FAILED, INVALID_STATUS,
        INVALID_REASON, INVALID_NAME, INVALID_VALUE, INVALID_HOST, FRAMING_CONFLICT, RESERVED_FIELD, OUT_OF_MEMORY.
        """
    @overload
    def respond(
        self,
        status: int,
        headers: HeadersLike = (),
        content: ReadableBuffer = b"",
        reason: TextLike | None = None,
        *,
        into: None = None,
    ) -> bytes: ...
    @overload
    def respond(
        self,
        status: int,
        headers: HeadersLike = (),
        content: ReadableBuffer = b"",
        reason: TextLike | None = None,
        *,
        into: bytearray,
    ) -> int:
        """Server: sends a whole final response: head, content and end.

        All of it is sent, or nothing. The Content-Length is added, so an HTTP/1.0 client may keep the connection too.
        In response to HEAD the length is written and the content is not; if the content is empty, no length is
        added. A 204, 205 or 304 has no content, and a 2xx to CONNECT opens a tunnel. FRAMING_CONFLICT also for a
        Transfer-Encoding, and for content if the status allows none. Next: `next_event`. RFC 9110, section 8.6;
        RFC 9112, section 6.

        Raises LocalProtocolError: WRONG_ROLE, UNASKED, ANSWERED, CLOSED, SWITCHED, FAILED, INVALID_STATUS,
        INVALID_REASON, INVALID_NAME, INVALID_VALUE, INVALID_HOST, FRAMING_CONFLICT, RESERVED_FIELD, LENGTH_EXCEEDED,
        LENGTH_SHORT, OUT_OF_MEMORY.
        """
    @overload
    def respond_prepared(self, prepared: Prepared, *, into: None = None) -> bytes: ...
    @overload
    def respond_prepared(self, prepared: Prepared, *, into: bytearray) -> int:
        """Server: sends a response that was checked and encoded before.

        The bytes, and the state after it, are those of `respond`.

        Next: `next_event`.

        Raises LocalProtocolError: WRONG_ROLE, UNASKED, ANSWERED, CLOSED, SWITCHED, FAILED, FRAMING_CONFLICT,
        RESERVED_FIELD, OUT_OF_MEMORY.
        """
    @overload
    def reject(
        self,
        status: int,
        headers: HeadersLike = (),
        content: ReadableBuffer = b"",
        reason: TextLike | None = None,
        *,
        into: None = None,
    ) -> bytes: ...
    @overload
    def reject(
        self,
        status: int,
        headers: HeadersLike = (),
        content: ReadableBuffer = b"",
        reason: TextLike | None = None,
        *,
        into: bytearray,
    ) -> int:
        """Server: sends the connection's last response, whatever it has received.

        For the response to a peer error, a 408 after an incomplete head or content, or a 503 to a client that is
        turned away. It responds to the request that waits for a response, or else to the request that comes next. The
        engine reads no more, and the response has `Connection: close`. The status is one of 400 to 599. ANSWERED if a
        response has already begun: then `abandon`. Next: send the bytes, then close the transport as `closing`
        returns. RFC 9110, section 15.5.9.

        Raises LocalProtocolError: WRONG_ROLE, ANSWERED, CLOSED, SWITCHED, FAILED, INVALID_STATUS, INVALID_REASON,
        INVALID_NAME, INVALID_VALUE, INVALID_HOST, FRAMING_CONFLICT, RESERVED_FIELD, LENGTH_EXCEEDED, LENGTH_SHORT,
        OUT_OF_MEMORY.
        """
    @overload
    def accept(self, selection: Selection, headers: HeadersLike = (), *, into: None = None) -> bytes: ...
    @overload
    def accept(self, selection: Selection, headers: HeadersLike = (), *, into: bytearray) -> int:
        """Server: accepts an offered protocol with a 101.

        If a 100 is still owed, it is sent first.

        BODY_PENDING if the request is not complete, unless the selection is `early`. STALE_SELECTION for a selection of
        an earlier request, NOT_OFFERED if it does not fit the offer. Next: speak the new protocol, and respond to the
        request in it; `next_event` returns `Switched`. RFC 9110, sections 7.8 and 15.2.2.

        Raises LocalProtocolError: WRONG_ROLE, NOTHING_OFFERED, NOT_OFFERED, STALE_SELECTION, BODY_PENDING, ANSWERED,
        CLOSED, SWITCHED, FAILED, INVALID_NAME, INVALID_VALUE, INVALID_HOST, FRAMING_CONFLICT, RESERVED_FIELD,
        PROFILE_FIELD, OUT_OF_MEMORY.
        """
    @overload
    def require(self, protocols: ProtocolsLike, headers: HeadersLike = (), *, into: None = None) -> bytes: ...
    @overload
    def require(self, protocols: ProtocolsLike, headers: HeadersLike = (), *, into: bytearray) -> int:
        """Server: sends the head of a 426 that requires one of these protocols.

        Next: `send_data` for content, and `send_end`; then the client's next request. RFC 9110, section 15.5.22.

        Raises LocalProtocolError: WRONG_ROLE, UNASKED, ANSWERED, CLOSED, SWITCHED, FAILED, INVALID_NAME, INVALID_VALUE,
        INVALID_HOST, INVALID_PROTOCOL, FRAMING_CONFLICT, RESERVED_FIELD, OUT_OF_MEMORY.
        """
    @overload
    def send_data(self, data: ReadableBuffer, *, into: None = None) -> bytes: ...
    @overload
    def send_data(self, data: ReadableBuffer, *, into: bytearray) -> int:
        """Sends a piece of the message's content.

        A message with Content-Length ends after its last byte. Next: more content, or `send_end`. RFC 9112, sections 6
        and 7.1.

        Raises LocalProtocolError: NO_CONTENT, LENGTH_EXCEEDED, CLOSED, SWITCHED, FAILED.
        """
    def send_data_parts(self, length: int) -> tuple[bytes, bytes]:
        """Returns the framing around `length` bytes that your code sends itself.

        It is `send_data` without a copy of the content.

        Send the first part, the content and the second part, as with `writelines` or `sendmsg`. Next: as after
        `send_data`.

        Raises LocalProtocolError: NO_CONTENT, LENGTH_EXCEEDED, CLOSED, SWITCHED, FAILED.
        """
    @overload
    def send_end(self, trailers: HeadersLike = (), *, into: None = None) -> bytes: ...
    @overload
    def send_end(self, trailers: HeadersLike = (), *, into: bytearray) -> int:
        """Ends the message being sent, with trailers if it is chunked.

        A message without content, or with all of its Content-Length sent, has ended already: the call is allowed once
        and returns no bytes. After `respond`, `respond_prepared` and `reject` it is an error. Next: a client receives,
        a server goes on with `next_event`. RFC 9112, section 7.1.2.

        Raises LocalProtocolError: NO_CONTENT, LENGTH_SHORT, CLOSED, SWITCHED, FAILED, INVALID_NAME, INVALID_VALUE,
        TRAILER_FORBIDDEN, OUT_OF_MEMORY.
        """

    # Decisions without bytes.

    def select(self, preferences: ProtocolsLike, order: Order = ...) -> Selection | None:
        """Server: selects one offered protocol that both sides support.

        The client's order counts, unless `order` is another.

        Each preference is a protocol such as `foo/2`, or a stack of layers such as `TLS/1.2, HTTP/1.1`. Returns None if
        nothing matches, or no offer waits for a decision; `Request.offers` has the reasons. Next: `accept`, or any
        response. RFC 9110, section 7.8.
        """
    def select_subprotocol(self, preferences: Iterable[TextLike], order: Order = ...) -> str | None:
        """Server: selects a subprotocol of an offered `websocket` that both sides support.

        Returns None if none matches.

        Next: `accept` with it as the value of Sec-WebSocket-Protocol; without that field no subprotocol is used.
        RFC 6455, section 4.2.2.
        """
    def select_deflate(self, own: Deflate = ...) -> Deflate | None:
        """Server: returns the parameters to accept an offered `permessage-deflate` with.

        `own` are the parameters that the server allows. Returns None if no offer of it can be accepted.

        Next: `accept` with `str` of it as the value of Sec-WebSocket-Extensions; without that field nothing is
        compressed. RFC 7692, section 7.1.
        """
    def advertise(self, protocols: ProtocolsLike) -> None:
        """Server: advertises protocols in the Upgrade field of the next final response.

        Its `Connection` field then lists `upgrade`. A 2xx to CONNECT, a 426 by `require`, and a response to HTTP/1.0
        other than a 426 omit the protocols. Next: `respond` or `send_response`. RFC 9110, section 7.8.

        Raises LocalProtocolError: WRONG_ROLE, INVALID_PROTOCOL, OUT_OF_MEMORY.
        """
    def skip_content(self) -> None:
        """Discards the rest of the content being received, up to `Config.drain`.

        If more follows, receiving ends; else the end of the message is still returned. Call it before the response if
        no more content will be read. A server's next final response then has `Connection: close` if the rest of a
        `Content-Length` exceeds the limit.

        Next: `next_event`. RFC 9112, sections 9.3 and 9.6.

        Raises LocalProtocolError: NO_CONTENT.
        """
    def close_after_response(self) -> None:
        """Makes the current response the last: no further request follows.

        A server's next final response has `Connection: close`. If no request is pending, the connection closes now. A
        client closes after the last response that it waits for.

        TOO_LATE if the head of the response has been sent without `Connection: close`. Next: go on as before. RFC 9112,
        section 9.6.

        Raises LocalProtocolError: TOO_LATE, CLOSED, SWITCHED, FAILED.
        """
    def abandon(self) -> None:
        """Gives up the request being sent, or the whole connection.

        A client with an unfinished request truncates it and still receives the response. In every other state, or the
        second time, HTTP ends in both directions. Next: close the transport's direction that has ended, or the whole
        transport as `closing` returns. RFC 9112, section 9.5.
        """
    def resume_http(self) -> None:
        """Resumes HTTP within the new protocol, such as TLS, on this same object.

        The response to the original request is then sent there.

        Both directions must have switched by a 101, `next_event` must have returned the end of the request, and
        `take_leftover` the leftover, if there is any. Next: a server responds, a client receives. RFC 2817, section 3;
        RFC 9110, section 7.8.

        Raises LocalProtocolError: NOTHING_OWED, LEFTOVER_PENDING.
        """
    def take_leftover(self) -> bytes:
        """Removes and returns the received bytes of the new protocol.

        They are those of `Switched.leftover`. Wait for that event: a server gets none before the request's end.

        Next: pass them to the code that speaks the new protocol.
        """
    def take_end(self) -> bool:
        """Merges the end of the message into the current event, if that is its last.

        Returns True if it is the last: no `EndOfMessage` follows.

        It is so for a head without content, and for the last `Data` of a message with Content-Length. False changes
        nothing. RFC 9112, section 6.
        """
    def pass_content(self, length: int) -> None:
        """Counts bytes of content that your code has read from the transport itself.

        State and positions are then as if the bytes had gone through `receive_data`; they do not count towards
        `Config.drain`. At most `content.length` bytes are allowed, with UNTIL_CLOSE any number, and only if the engine
        has no unread bytes. Next: `next_event`. RFC 9112, section 6.

        Raises LocalProtocolError: NO_CONTENT, UNREAD_INPUT, LENGTH_EXCEEDED, AFTER_END, CLOSED, SWITCHED, FAILED.
        """
    def hand_over(self) -> bytes:
        """Server: hands the whole connection over to another parser.

        Returns the current request's head and all bytes after it, exactly as received. Call it at the `Request` event,
        before the next inbound call. While the head of an offer or a CONNECT is kept, the call may come later. It fails
        once something after the head has been read, or a final response or 101 was sent. Next: drop the engine, keep
        the transport.

        Raises LocalProtocolError: WRONG_ROLE, UNASKED, ANSWERED, HEAD_GONE, CLOSED, SWITCHED, FAILED.
        """
    def set_limits(self, config: Config) -> None:
        """Changes the limits to those of `config`, from the next message on.

        Its flags are ignored.

        It fails while a request or its response is incomplete, and once a part of the next head has been read.
        Next: go on as before.

        Raises LocalProtocolError: UNANSWERED, UNREAD_INPUT, OUT_OF_MEMORY.
        """
    def trace(self) -> list[Trace]:
        """Removes and returns the entries of the trace, a log of messages and calls.

        They are at most the latest 32, the oldest first.
        """
    def release(self) -> None:
        """Releases the memory of a connection that will be idle for a while.

        The current event ends, and the buffer of `get_buffer` is lost. The contents of `trace`, `required` and
        `agreed` may be lost, too.
        """

    # Questions.

    @property
    def our_state(self) -> Stage:
        """The state of the engine's own side, with the names that h11 uses."""
    @property
    def their_state(self) -> Stage:
        """The state of the peer's side, with the names that h11 uses."""
    @property
    def state(self) -> State:
        """The state of the connection's state machine, in detail."""
    @property
    def awaiting(self) -> Awaiting:
        """The party that the connection is waiting for; use it to choose a timeout.

        When that expires, a server calls `reject` with a 408, or `abandon` if its response has begun. It just closes an
        idle connection (REQUEST). A client sends its content if it waits for a 100 (CONTINUE), and otherwise calls
        `abandon`.
        """
    @property
    def wants_input(self) -> bool:
        """Tells whether your code should read from the transport.

        Stop reading while it is false: the peer notices that as back-pressure.
        """
    @property
    def may_speak(self) -> bool:
        """Tells whether your code may now send the new protocol.

        A server may once it has accepted, or has received an HTTP/2 preface. A client may once it has received the
        101, or the 2xx to CONNECT, and its request is complete.
        """
    @property
    def owes(self) -> Owes:
        """The next thing that the caller must send.

        If several things are due, the one to be sent first.
        """
    @property
    def persists(self) -> bool:
        """Tells whether another request may follow on this connection.

        As far as is known (RFC 9112, section 9.3).
        """
    @property
    def content(self) -> Content:
        """The content still to come after the current event.

        After the peer's bytes ended in the middle of a message, it is the missing content. Next: `pass_content`, if
        your code can read content without the engine. RFC 9112, section 6.3.
        """
    @property
    def unread(self) -> bytes:
        """The received bytes after the current event.

        While an offer is undecided they belong to no protocol. If you decline it and doubt that the client meant them
        as HTTP, call `close_after_response`: then they are never read (RFC 9931, section 5).
        """
    @property
    def closing(self) -> Closing:
        """The way to close the transport, if your code closes it now.

        - CLOSE: close it.
        - LINGER: send a FIN, then read and discard until the peer closes too. Do so for a few seconds at most; then
          close. A socket that is closed with unread bytes is reset, and the client may then lose the last response.
        - RESET: set SO_LINGER to 0 and close. Under asyncio set it on `transport.get_extra_info("socket")`, then call
          `transport.abort()`. Over TLS send no closure alert.

        RFC 9112, sections 8 and 9.6.
        """
    @property
    def position(self) -> int:
        """The number of the peer's bytes up to the end of the current event."""
    @property
    def request(self) -> Request | None:
        """Server: the current request, as long as its head is kept; otherwise None.

        The head is kept through its event. With an offer or a CONNECT it is kept at least until a final response
        declines that, or receiving ends. It stays if that is accepted. If HTTP is resumed in a new protocol, it is
        kept until the response there is complete.
        """
    @property
    def forwardable(self) -> tuple[Protocol, ...]:
        """Server: the offered protocols that an intermediary may offer to its server.

        They are those of the current request, in the client's order.

        Each can be accepted, and is not one between two neighbours, like TLS and h2c. Empty if no request is kept.
        Next: another connection's `send_request` with them as the offer. RFC 9110, section 7.6.1.
        """
    @property
    def subprotocols(self) -> tuple[str, ...]:
        """Server: the WebSocket subprotocols that the current request offers.

        They are in the client's order of preference.

        Empty if it offers none, or if no request is kept. Next: `select_subprotocol`. RFC 6455, section 4.1.
        """
    @property
    def required(self) -> tuple[Protocol, ...]:
        """Client: the protocols that a 426 to the latest request requires.

        Empty if the response is no 426; until the final response, they are those of an earlier request. Next:
        `send_request` with some of them as the offer, on a new connection if the 426 closes this one. RFC 9110,
        section 15.5.22.
        """
    @property
    def agreed(self) -> tuple[Protocol, ...]:
        """The protocols that a 101 switched to, lowest layer first.

        Empty unless a 101 accepted the latest request's offer.
        """
    @property
    def unanswered(self) -> int:
        """Client: the number of sent requests without a complete final response.

        Those that `Response.dropped` has counted are not in it. RFC 9112, section 9.3.2.
        """
    @property
    def why(self) -> Why | None:
        """The reason why the latest request's upgrade did not happen, or None.

        None if it did, before the first request, and for a head that a server did not read.
        """

# What goes with particular protocols, beside the connection.

def websocket_key(nonce: ReadableBuffer | None = None) -> str:
    """Returns the value of Sec-WebSocket-Key for a nonce of 16 bytes.

    Without an argument, for 16 random bytes of `os.urandom`. A `nonce` must be new and unguessable for each connection;
    raises ValueError for any other length. Next: `send_request` with it, `Sec-WebSocket-Version: 13` and the offer
    `websocket`; the engine compares the 101 with it. RFC 6455, section 4.1.

    >>> websocket_key(b"the sample nonce")
    'dGhlIHNhbXBsZSBub25jZQ=='
    """

@final
class Deflate:
    """The parameters of `permessage-deflate` (RFC 7692, section 7.1).

    They are those that a server allows, or those that both sides have agreed on.

    `str` of it is the value of Sec-WebSocket-Extensions. Compression itself is left to the WebSocket library.

    >>> str(Deflate(client_no_context_takeover=True, server_max_window_bits=10))
    'permessage-deflate; client_no_context_takeover; server_max_window_bits=10'
    """

    server_no_context_takeover: Final[bool]
    """True if the server resets its compression window after each message."""
    client_no_context_takeover: Final[bool]
    """True if the client resets its compression window after each message."""
    server_max_window_bits: Final[int | None]
    """The base-2 logarithm of the server's maximum window size in bytes: 8 to 15.

    None means 15, and sends no such parameter. With a number outside 8 to 15, `select_deflate` returns None.
    """
    client_max_window_bits: Final[int | None]
    """The base-2 logarithm of the client's maximum window size in bytes: 8 to 15.

    None means 15, and sends no such parameter. With a number below 15, `select_deflate` accepts no offer that does not
    mention the client's window.
    """

    def __new__(
        cls,
        *,
        server_no_context_takeover: bool = False,
        client_no_context_takeover: bool = False,
        server_max_window_bits: int | None = None,
        client_max_window_bits: int | None = None,
    ) -> Deflate: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def agreed_deflate(fields: HeadersLike) -> Deflate | None:
    """Client: returns the `permessage-deflate` parameters that a 101 has agreed to.

    `fields` are the field lines of the 101. Returns None if they have no such extension, or a malformed one.

    The engine has checked them against the offer before it returned the 101. Next: tell the WebSocket library.
    RFC 7692, section 7.1.

    >>> agreed_deflate({"Sec-WebSocket-Extensions": "permessage-deflate; server_max_window_bits=9"})
    ... # doctest: +ELLIPSIS
    Deflate(..., server_max_window_bits=9, client_max_window_bits=None)
    """

UDP_TEMPLATE: Final[str]
"""The path of the default URI template for `connect-udp` (RFC 9298, section 2)."""
IP_TEMPLATE: Final[str]
"""The path of the default URI template for `connect-ip` (RFC 9484, section 3)."""
UDP_PAYLOAD: Final[int]
"""The longest UDP payload, in bytes (RFC 9298, section 5)."""

def says_capsules(fields: HeadersLike) -> bool:
    """Returns whether a message with these field lines announces capsules.

    It does so with `Capsule-Protocol: ?1` (RFC 9297, section 3.4).

    The engine adds the field itself for the protocols that need it. Next: `Capsules` after the 101.
    """

@final
class UdpTarget:
    """The destination of a `connect-udp` request (RFC 9298, section 3)."""

    __match_args__ = ("host", "port")
    host: Final[str]
    """A host name or an IP address; an IPv6 address has no brackets."""
    port: Final[int]
    """The UDP port; `udp_target` returns 1 to 65535."""

    def __new__(cls, host: str, port: int) -> UdpTarget: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def udp_target(target: TextLike, template: TextLike = ...) -> UdpTarget | None:
    """Parses the variables `target_host` and `target_port` of a request's target.

    The default template is `UDP_TEMPLATE`.

    A template has variables as `{name}` and `{?name,name}` (RFC 6570, section 1.2), each once. Returns None if the
    target does not match it or a variable is invalid; then respond with 400. Next: resolve, `accept`, then `Capsules`.
    RFC 9298, section 3.1.

    >>> udp_target(b"/.well-known/masque/udp/2001%3Adb8%3A%3A42/443/")
    UdpTarget(host='2001:db8::42', port=443)
    """

@final
class IpTarget:
    """The destination of a `connect-ip` request (RFC 9484, section 4.6)."""

    __match_args__ = ("target", "protocol")
    target: Final[str | None]
    """A host name, an address or a prefix such as `192.0.2.0/24`.

    None stands for `*`, any.
    """
    protocol: Final[int | None]
    """The Internet Protocol number; None stands for `*`, any."""

    def __new__(cls, target: str | None = None, protocol: int | None = None) -> IpTarget: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def ip_target(target: TextLike, template: TextLike = ...) -> IpTarget | None:
    """Parses the variables `target` and `ipproto` of a `connect-ip` request's target.

    The default template is `IP_TEMPLATE`.

    Returns None if the target does not match the template or a variable is invalid; then respond with 400.
    RFC 9484, section 4.6.

    >>> ip_target("/.well-known/masque/ip/192.0.2.0%2F24/*/")
    IpTarget(target='192.0.2.0/24', protocol=None)
    """

@final
class Datagram:
    r"""One datagram of a stream of capsules (RFC 9297, section 3.5).

    Raises ValueError for a context of 63 or 64 bits, OverflowError for a longer or negative one.

    >>> Datagram(0, b"hello").write()
    b'\x00\x06\x00hello'
    """

    __match_args__ = ("context", "payload")
    context: Final[int]
    """The context identifier: 0 for a UDP payload or an IP packet.

    Both sides agree on other values; drop a datagram with an unknown one (RFC 9298, sections 4 and 5).
    """
    payload: Final[bytes]

    def __new__(cls, context: int, payload: bytes | bytearray) -> Datagram: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    @overload
    def write(self, *, into: None = None) -> bytes: ...
    @overload
    def write(self, *, into: bytearray) -> int:
        """Encodes the datagram as a DATAGRAM capsule, returned or appended to `into`.

        With `into` it returns the number of bytes appended. Next: send the bytes, once
        `Connection.may_speak` is true. RFC 9297, section 3.5.
        """

@final
class Capsules:
    """A reader of datagrams in the bytes after a 101.

    Capsules of other types are skipped (RFC 9297, section 3.2).

    `longest` is the longest datagram payload in bytes, by default `UDP_PAYLOAD`; it limits the memory used. Like a
    connection, it belongs to one thread at a time.

    >>> capsules = Capsules()
    >>> capsules.receive_data(Datagram(0, b"one").write() + Datagram(2, b"two").write()[:3])
    >>> capsules.next_datagram(), capsules.next_datagram()
    (Datagram(context=0, payload=b'one'), None)
    """

    def __new__(cls, longest: int = ...) -> Capsules: ...
    def receive_data(self, data: ReadableBuffer) -> None:
        """Appends received bytes of the stream, beginning with the leftover of the 101.

        Next: `next_datagram` until it returns None.
        """
    def next_datagram(self) -> Datagram | None:
        """Returns the next datagram; None if more bytes are needed.

        Raises ProfileError with TOO_LONG or NO_CONTEXT: abort the stream. RFC 9297, section 3.3; RFC 9298, section 5.
        """
    def finish(self) -> None:
        """Checks that the stream has not ended inside a capsule; call it at EOF.

        Raises ProfileError with TRUNCATED if it has, or if a whole capsule is still unread; or with an earlier fault of
        the stream. RFC 9297, section 3.3.
        """

def check_http2(fields: HeadersLike, status: int | None = None) -> OverHttp2 | None:
    """Returns the first reason why HTTP/2 does not allow these field lines, or None.

    `status` is that of a response, None for a request.

    Call it with the fields from an HTTP/2 library, before you use them in HTTP/1.1. If there is a reason, the message
    is malformed: reset the stream. `Sec-WebSocket-Key`, `Sec-WebSocket-Accept` and status 101 are rejected too.
    RFC 9113, sections 8.2.1, 8.2.2 and 8.6; RFC 8441, section 5.

    >>> check_http2({"te": "trailers"}), check_http2([], 101)
    (None, <OverHttp2.SWITCHING: 0>)
    """

def may_forward(protocol: TextLike) -> bool:
    """Returns whether an intermediary may forward an offer of that protocol.

    It must be a single protocol, and not one between two neighbours, like TLS and h2c.

    Call it for the `:protocol` of an extended CONNECT. For the offers of a request in HTTP/1.1 use
    `Connection.forwardable`. Next: `http1_fields`. RFC 2817, section 5.1; RFC 7540, section 3.2.1.

    >>> may_forward("websocket"), may_forward("h2c"), may_forward("foo, bar")
    (True, False, False)
    """

def http1_fields(authority: TextLike, fields: HeadersLike, key: TextLike | None = None) -> Headers:
    """Converts the field lines of an HTTP/2 request to HTTP/1.1.

    Host gets `authority`, or if that is empty the value of a `host` field. The Cookie fields are joined to one line.

    Pseudo-header fields and `http2-settings` are left out. Raises ProfileError with an `OverHttp2` if a field,
    `authority` or `key` is malformed. Next: `send_request`; for an extended CONNECT with GET, its `:path`, its
    `:protocol` as the offer, and for `websocket` a `key` of this hop's own (`websocket_key`). RFC 9113, section 8.2.3;
    RFC 8441, section 5.

    >>> list(http1_fields("a", [(":path", "/"), ("cookie", "b=c"), ("cookie", "d=e")]))
    [(b'host', b'a'), (b'cookie', b'b=c; d=e')]
    """

@final
class Splice:
    """A splice that lets any HTTP/2 engine respond to the request of an upgrade.

    The response is on stream 1. To the engine it looks as if the client had used HTTP/2 from the start.

    Create it before the 101 for h2c, with the connection that has the request, all content of the request, and its
    trailers. Raises ProfileError with an `Ineligible` if the request cannot be converted: decline the offer. Raises
    ValueError if the connection keeps no request.

    It is needed between client and engine until `is_done`. Pass it the bytes of either, and after each call forward
    the bytes that `take_for_engine` and `take_for_client` return. Like a connection, it belongs to one thread at a
    time. RFC 7540, section 3.2.
    """

    def __new__(cls, connection: Connection, content: ReadableBuffer, trailers: HeadersLike = ()) -> Splice: ...
    def client_sent(self, data: ReadableBuffer) -> None:
        """Appends bytes received from the client, beginning with the leftover of the 101.

        Next: `take_for_engine`.
        """
    def client_ended(self) -> None:
        """Marks the end of the client's bytes (EOF).

        An incomplete preface or frame is passed to the HTTP/2 engine as it is. Next: `take_for_engine`; pass the EOF
        to the HTTP/2 engine once `is_waiting` is false.
        """
    def engine_sent(self, data: ReadableBuffer) -> None:
        """Appends bytes that the HTTP/2 engine has written for the client.

        Next: `take_for_client` and `take_for_engine`.
        """
    def take_for_engine(self) -> bytes:
        """Removes and returns the bytes to pass to the HTTP/2 engine now."""
    def take_for_client(self) -> bytes:
        """Removes and returns the bytes to send to the client now."""
    @property
    def wants_client(self) -> bool:
        """Tells whether to read from the client's transport.

        False only while too much waits for the engine's flow-control window (RFC 9113, section 5.2).
        """
    @property
    def is_waiting(self) -> bool:
        """Tells whether client bytes wait for the HTTP/2 engine's flow-control window."""
    @property
    def is_done(self) -> bool:
        """Tells whether client and HTTP/2 engine can be connected directly.

        No bytes are held any more. Both have the same state of the connection, or the client does not speak HTTP/2.
        """

__all__ = [
    "IP_TEMPLATE",
    "NEED_DATA",
    "UDP_PAYLOAD",
    "UDP_TEMPLATE",
    "Awaiting",
    "Blame",
    "CapsuleFault",
    "Capsules",
    "ClientVersion",
    "Closing",
    "Config",
    "Connection",
    "Content",
    "ContentKind",
    "Data",
    "Datagram",
    "Deflate",
    "End",
    "EndOfMessage",
    "ErrorKind",
    "Event",
    "EventKind",
    "Expect",
    "Headers",
    "HeadersLike",
    "Ineligible",
    "Informational",
    "IpTarget",
    "LocalProtocolError",
    "NeedData",
    "NoOffer",
    "Offer",
    "Order",
    "OverHttp2",
    "Owes",
    "Paused",
    "PausedReason",
    "Phase",
    "Prepared",
    "ProfileError",
    "Protocol",
    "ProtocolError",
    "ProtocolsLike",
    "RemoteProtocolError",
    "Request",
    "Response",
    "Role",
    "Rx",
    "Selection",
    "Splice",
    "Stage",
    "State",
    "Switched",
    "SwitchedBy",
    "TextLike",
    "Trace",
    "TraceStep",
    "Tx",
    "UdpTarget",
    "UpgradeState",
    "Why",
    "__version__",
    "agreed_deflate",
    "check_http2",
    "http1_fields",
    "ip_target",
    "may_forward",
    "says_capsules",
    "udp_target",
    "websocket_key",
]
