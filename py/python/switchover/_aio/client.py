"""A client: a request with an offer, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyio import (
    BrokenResourceError,
    aclose_forcefully,
    move_on_after,
)
from anyio.abc import AnyByteStream

from .. import (
    Awaiting,
    Config,
    Data,
    EndOfMessage,
    Headers,
    Informational,
    Paused,
    Protocol,
    Response,
    Role,
    Switched,
    Why,
)
from .wire import LARGEST, PATIENCE, Patience, SwitchedStream, Wire, connection_on

if TYPE_CHECKING:
    from .. import Event, HeadersLike, ProtocolsLike, TextLike

GLANCE = 1.0
"""How many seconds an answer is looked for once the server takes no more of a request."""


@dataclass(frozen=True)
class Answer:
    """A whole answer in HTTP, as a client gets it."""

    response: Response
    """The head: `status`, `reason`, `headers`."""
    content: bytes
    """The content, up to the limit."""
    trailers: Headers
    """The trailers, mostly none."""
    is_whole: bool
    """Whether the content is all there was; where not, the rest has not been read."""
    persists: bool
    """Whether the stream may carry another request: give it to `connect_upgrade` again."""


class Declined(Exception):  # noqa: N818  (no error: a server may always do that)
    """The server answered in HTTP instead. The stream is open and the caller's; see `Answer.persists`."""

    __module__ = "switchover.aio"

    def __init__(self, answer: Answer, why: Why | None, required: tuple[Protocol, ...]) -> None:
        super().__init__(answer, why, required)
        self.answer = answer
        """What the server answered."""
        self.why = why
        """Why there was no switch, as an enum with a `text`."""
        self.required = required
        """What a 426 asks for: offer some of it, in a next `connect_upgrade` (RFC 9110, 15.5.22)."""

    def __str__(self) -> str:
        response = self.answer.response
        why = f": {self.why.text}" if self.why else ""
        return f"{response.status} {response.reason.decode('latin-1')}".strip() + why


async def connect_upgrade(
    stream: AnyByteStream,
    target: TextLike,
    headers: HeadersLike,
    offer: ProtocolsLike,
    *,
    method: TextLike = "GET",
    content: bytes = b"",
    config: Config | None = None,
    patience: Patience = PATIENCE,
    largest: int = LARGEST,
    informational: Callable[[Informational], object] | None = None,
) -> SwitchedStream:
    """Offers protocols on a stream that is connected, and gives the one that the server has switched to.

    `headers` has Host, and a Content-Length or Transfer-Encoding where there is `content`. Without a `config`, `secure`
    is whether the stream is anyio's TLS. `informational` is called with each interim response. The method CONNECT with
    no offer gives a tunnel.

    Raises `Declined` where the server answers in HTTP instead; its content is read up to `largest` bytes. The stream
    then stays open. So it does where the request is refused before anything is sent: LocalProtocolError, as
    `Connection.send_request` and `send_data` raise it, or TypeError. After any other exception the stream is closed,
    cancellation included, as nothing else could be said on it: RemoteProtocolError, TimeoutError (see `Patience`),
    BrokenResourceError and ClosedResourceError. RFC 9110, 7.8.

    Next: speak the new protocol; where that is TLS, `resume`.
    """
    wire = Wire(stream, connection_on(stream, Role.CLIENT, config), patience)
    connection = wire.connection
    out = bytearray()
    connection.send_request(method, target, headers, offer, into=out)
    until = len(out) if connection.awaiting is Awaiting.CONTINUE else None
    if content:
        connection.send_data(content, into=out)
    connection.send_end(into=out)
    try:
        event = await _ask(wire, bytes(out[:until]), b"" if until is None else bytes(out[until:]))
        while isinstance(event, Informational):
            if informational is not None:
                informational(event)
            event = await wire.next_event()
        if isinstance(event, Switched):
            return SwitchedStream(wire.stream, connection, event)
        answer = await _answer(wire, event, largest)
    except BaseException:
        await aclose_forcefully(stream)
        raise
    raise Declined(answer, connection.why, connection.required)


async def resume(
    switched: SwitchedStream, stream: AnyByteStream, *, patience: Patience = PATIENCE, largest: int = LARGEST
) -> Answer:
    """The answer to the request of `switched` in HTTP above a new layer: `stream` is TLS over `switched`.

    LocalProtocolError where no answer is owed. Any other exception closes the stream. RFC 2817, 3; RFC 9110, 7.8.
    """
    wire = Wire(stream, switched.connection, patience)
    wire.connection.take_leftover()
    wire.connection.resume_http()
    try:
        event = await wire.next_event()
        while isinstance(event, Informational):
            event = await wire.next_event()
        return await _answer(wire, event, largest)
    except BaseException:
        await aclose_forcefully(stream)
        raise


async def _ask(wire: Wire, head: bytes, content: bytes) -> Event | Paused:
    """Sends a request, and gives the first event of its answer. Content that is apart waits for a 100, for a while."""
    event: Event | Paused | None = None
    try:
        await wire.send(head)
        if content:
            with move_on_after(wire.patience.go_ahead):
                event = await wire.next_event()
            if isinstance(event, Response):
                wire.is_broken = True  # without its content the request has no end
            else:
                await wire.send(content)
    except BrokenResourceError:
        pass  # it may have answered before it stopped reading
    except TimeoutError:
        with move_on_after(GLANCE):
            return await wire.next_event()
        raise
    return event or await wire.next_event()


async def _answer(wire: Wire, response: Event | Paused, largest: int) -> Answer:
    """Reads the rest of an answer."""
    if not isinstance(response, Response):
        raise BrokenResourceError("the connection has ended without an answer")
    content = bytearray()
    while len(content) <= largest:
        event = await wire.next_event()
        if isinstance(event, Data):
            content += event.data
        elif isinstance(event, EndOfMessage):
            persists = wire.connection.persists and not wire.connection.unread and not wire.is_broken
            return Answer(response, bytes(content), event.trailers, is_whole=True, persists=persists)
    return Answer(response, bytes(content[:largest]), Headers(), is_whole=False, persists=False)
