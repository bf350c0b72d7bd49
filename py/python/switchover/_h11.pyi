"""The compiled half of `switchover.h11`: its headers and events.

And what reads and writes them.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, final, overload

from . import Connection, HeadersLike, TextLike

@final
class Headers(Sequence[tuple[bytes, bytes]]):
    """The field lines of an event: pairs of a name in lower case and a value.

    Equal by them, and to a list of them.

    `repr` hides what Authorization, Proxy-Authorization, Cookie and Set-Cookie say.
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
        """Returns how often this line occurs."""
    def index(self, line: object) -> int:  # type: ignore[override]
        """Returns the index of the first such line."""
    def raw_items(self) -> list[tuple[bytes, bytes]]:
        """The pairs with the names as they were spelled."""

class Event:
    """Any event: frozen, and compared by value.

    All but `ConnectionClosed` are not hashable.
    """

    def __new__(cls) -> Event: ...

@final
class Request(Event):
    """A request head. RFC 9112, section 3.

    Raises LocalProtocolError where it cannot be sent: for an invalid method, target or header, and for two Hosts or
    none in HTTP/1.1. So it does for lengths that differ, and a transfer coding other than chunked.
    """

    method: bytes
    headers: Headers
    target: bytes
    http_version: bytes
    _proposes: bool
    """Whether it proposes a switch, by Upgrade or as CONNECT."""
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __new__(
        cls, *, method: TextLike, headers: Headers | HeadersLike, target: TextLike, http_version: TextLike = b"1.1"
    ) -> Request: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class InformationalResponse(Event):
    """The head of a response of 1xx; a 101 switches.

    RFC 9110, section 15.2. LocalProtocolError as with `Request`.
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
    """The head of a final response, 200 to 999.

    RFC 9112, section 4. LocalProtocolError as with `Request`.
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
    """An event of content.

    What was received never says where a chunk begins or ends. RFC 9112, section 7.1.
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
    """The end of a direction."""

    def __new__(cls) -> ConnectionClosed: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def read(connection: Connection) -> Event | None:
    """Returns the next event, or None.

    None before more bytes come or something is decided. Raises as `Connection.next_event`.
    """

def write(connection: Connection, event: Event) -> bytes:
    """The bytes of an event that may be sent now. Raises as the engine's verbs do."""

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
