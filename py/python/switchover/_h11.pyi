"""The native part of `switchover.h11`: headers, events and their conversion."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, final, overload

from . import Connection, HeadersLike, TextLike

@final
class Headers(Sequence[tuple[bytes, bytes]]):
    """The field lines of an event: pairs of a name in lower case and a value.

    Compared by these pairs, also with a list of such pairs.

    `repr` hides the values of Authorization, Proxy-Authorization, Cookie and Set-Cookie.
    """

    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __new__(cls, lines: HeadersLike = ()) -> Headers: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int, /) -> tuple[bytes, bytes]: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[tuple[bytes, bytes]]: ...
    def __iter__(self) -> Iterator[tuple[bytes, bytes]]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def count(self, line: object) -> int:
        """Returns the number of lines equal to `line`, a pair with the name in lower case."""
    def index(self, line: object) -> int:  # type: ignore[override]
        """Returns the index of the first line equal to `line`; ValueError without one."""
    def raw_items(self) -> list[tuple[bytes, bytes]]:
        """Returns the pairs (name, value) with the names as they were spelled."""

class Event:
    """The base class of events: frozen, and compared by value.

    Of its subclasses only `ConnectionClosed` is hashable.
    """

    def __new__(cls) -> Event: ...

@final
class Request(Event):
    """A request head (RFC 9112, section 3).

    Raises LocalProtocolError for an invalid method, target or header, for several Hosts, and for none in HTTP/1.1. It
    also does for a malformed Content-Length or several different ones, for a transfer coding other than chunked, and
    for several Transfer-Encodings.
    """

    method: bytes
    headers: Headers
    target: bytes
    http_version: bytes
    _proposes: bool
    """True if the request proposes a switch, by Upgrade or as CONNECT."""
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __new__(
        cls, *, method: TextLike, headers: Headers | HeadersLike, target: TextLike, http_version: TextLike = b"1.1"
    ) -> Request: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class InformationalResponse(Event):
    """The head of an informational (1xx) response; a 101 switches protocols.

    RFC 9110, section 15.2. Raises LocalProtocolError for invalid headers, such as several
    Transfer-Encodings, and for a status outside 100 to 199.
    """

    headers: Headers
    http_version: bytes
    reason: bytes
    status_code: int
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __new__(
        cls,
        *,
        headers: Headers | HeadersLike,
        status_code: int,
        http_version: TextLike = b"1.1",
        reason: TextLike = b"",
    ) -> InformationalResponse: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Response(Event):
    """The head of a final response, with a status of 200 to 999.

    RFC 9112, section 4. Raises LocalProtocolError for invalid headers, such as several
    Transfer-Encodings, and for a status outside 200 to 999.
    """

    headers: Headers
    http_version: bytes
    reason: bytes
    status_code: int
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __new__(
        cls,
        *,
        headers: Headers | HeadersLike,
        status_code: int,
        http_version: TextLike = b"1.1",
        reason: TextLike = b"",
    ) -> Response: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Data(Event):
    """A piece of a message's content.

    In a received event `chunk_start` and `chunk_end` are always False. RFC 9112, section 7.1.
    """

    data: bytes
    chunk_start: bool
    chunk_end: bool
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __new__(cls, data: bytes, chunk_start: bool = False, chunk_end: bool = False) -> Data: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class EndOfMessage(Event):
    """The end of a message, with its trailers. RFC 9112, section 7.1.2."""

    headers: Headers
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __new__(cls, *, headers: Headers | HeadersLike | None = None) -> EndOfMessage: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class ConnectionClosed(Event):
    """The event that a side, the client or the server, has closed its direction."""

    def __new__(cls) -> ConnectionClosed: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def read(connection: Connection) -> Event | None:
    """Returns the next event of h11; None if the engine needs bytes or is paused.

    Raises the exceptions of `Connection.next_event`.
    """

def write(connection: Connection, event: Event) -> bytes:
    """Returns the bytes to send for an event, whose order the caller has checked.

    Raises h11's LocalProtocolError for a version other than 1.1, or for a 101 without an acceptable
    offer. Otherwise raises the exceptions of the engine's method that sends the event.
    """

__all__ = [
    "ConnectionClosed",
    "Data",
    "EndOfMessage",
    "Event",
    "Headers",
    "InformationalResponse",
    "Request",
    "Response",
    "read",
    "write",
]
