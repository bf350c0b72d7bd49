"""A client: a request with an offer, and the new protocol or the response."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from anyio import (
    BrokenResourceError,
    ClosedResourceError,
    aclose_forcefully,
    create_task_group,
    get_cancelled_exc_class,
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
from .wire import MAX_CONTENT, TIMEOUTS, SwitchedStream, Timeouts, Wire, connection_on, has_come

if TYPE_CHECKING:
    from .. import Event, HeadersLike, ProtocolsLike, TextLike

LOOK = 0.1
"""The maximum time in seconds to read bytes that have already been received."""
EARLY_RESPONSE_GRACE = 1.0
"""The seconds to wait for a response once the server reads no more of a request."""
BAD_REQUEST = 400
"""The lowest error status.

After an error status a client stops sending (RFC 9112, section 9.5).
"""


@dataclass(frozen=True)
class ClientResponse:
    """A whole HTTP response to a client: head, content and trailers."""

    response: Response
    """The head of the response: `status`, `reason`, `headers`."""
    content: bytes
    """The content, at most as many bytes as the limit."""
    trailers: Headers
    """The trailers, usually none."""
    is_whole: bool
    """True if `content` is complete; otherwise the rest was not read."""
    persists: bool
    """True if the stream may carry another request.

    Pass it to `connect_upgrade` again.
    """


class Declined(Exception):  # noqa: N818  (no error: a server may always do that)
    """The server declined the offer and responded in HTTP.

    The stream is open and belongs to the caller; see `ClientResponse.persists`.
    """

    __module__ = "switchover.aio"

    def __init__(self, answer: ClientResponse, why: Why | None, required: tuple[Protocol, ...]) -> None:
        super().__init__(answer, why, required)
        self.answer = answer
        """The response of the server."""
        self.why = why
        """The reason why there was no switch, as an enum with a `text`."""
        self.required = required
        """The protocols that a 426 requires (RFC 9110, section 15.5.22).

        Offer some of them in a further `connect_upgrade`.
        """

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
    timeouts: Timeouts = TIMEOUTS,
    largest: int = MAX_CONTENT,
    informational: Callable[[Informational], object] | None = None,
) -> SwitchedStream:
    """Offers protocols on a connected stream.

    Returns the stream of the protocol that the server has switched to.

    `headers` must have Host, and a Content-Length or Transfer-Encoding if there is `content`. Without a `config`,
    `secure` is true if the stream is anyio's TLS. `informational` is called with each interim response. The method
    CONNECT with no offer opens a tunnel.

    Raises `Declined` if the server responds in HTTP instead; its content is read up to `largest` bytes. The stream then
    stays open. It also stays open if the request is rejected before anything is sent: LocalProtocolError, as
    `Connection.send_request` and `send_data` raise it, or TypeError. After any other exception, cancellation included,
    the stream is closed, as its state is unknown. These are RemoteProtocolError, TimeoutError (see `Timeouts`),
    BrokenResourceError and ClosedResourceError. RFC 9110, section 7.8.

    Next: speak the new protocol; if that is TLS, `resume`.
    """
    wire = Wire(stream, connection_on(stream, Role.CLIENT, config), timeouts)
    connection = wire.connection
    await _look(wire)
    out = bytearray()
    connection.send_request(method, target, headers, offer, into=out)
    until = len(out) if content and connection.awaiting is Awaiting.CONTINUE else 0
    if content:
        connection.send_data(content, into=out)
    connection.send_end(into=out)
    # While the request is being sent, only the write timeout applies.
    wire.allow(replace(timeouts, head=None, content=None, response=None))
    try:
        event = await _go_ahead(wire, bytes(out[:until])) if until else None
        if isinstance(event, Response):
            wire.is_broken = True  # without its content the request has no end
            wire.allow(timeouts)
            outcome = await _outcome(wire, event, largest, informational)
        else:
            read = functools.partial(_outcome, wire, event, largest, informational)
            outcome = await _send_request(wire, bytes(out[until:]), timeouts, read)
    except BaseException:
        await aclose_forcefully(stream)
        raise
    if isinstance(outcome, Switched):
        return SwitchedStream(wire.stream, connection, outcome)
    raise Declined(outcome, connection.why, connection.required)


async def resume(
    switched: SwitchedStream, stream: AnyByteStream, *, timeouts: Timeouts = TIMEOUTS, largest: int = MAX_CONTENT
) -> ClientResponse:
    """Returns the response to the request of `switched`, over a new layer.

    The response is in HTTP; `stream` is TLS over `switched`.

    Raises LocalProtocolError if no response is owed. Any other exception closes the stream. RFC 2817, section 3; RFC
    9110, section 7.8.
    """
    wire = Wire(stream, switched.connection, timeouts)
    wire.connection.take_leftover()
    wire.connection.resume_http()
    try:
        return await _read_response(wire, await _final(wire), largest)
    except BaseException:
        await aclose_forcefully(stream)
        raise


async def _look(wire: Wire) -> None:
    """Raises if bytes were received before the request is sent.

    They are no response to it (RFC 9112, section 9.2), and nothing is sent.
    """
    if not has_come(wire.stream):
        return
    try:
        # The readable bytes may belong to a layer below that is unknown here, and contain no data of this stream.
        with move_on_after(LOOK):
            # An end may follow bytes that are ignored, such as an empty line.
            while has_come(wire.stream):
                await wire.receive()
                if wire.has_end:
                    raise BrokenResourceError("the server has ended the connection")
                wire.connection.next_event()
    except BaseException:
        await aclose_forcefully(wire.stream)
        raise


async def _go_ahead(wire: Wire, head: bytes) -> Event | Paused | None:
    """Sends a request head, and returns the first event of the response.

    None if the timeout `expect_continue` expires: the content is then sent all the same.
    """
    with suppress(BrokenResourceError):  # it may have answered before it stopped reading
        await wire.send(head)
    with move_on_after(wire.timeouts.expect_continue):
        return await wire.next_event()
    return None


async def _send_request(
    wire: Wire, request: bytes, timeouts: Timeouts, read: Callable[[], Awaitable[Switched | ClientResponse]]
) -> Switched | ClientResponse:
    """Sends a request while the response is read.

    A server may respond, and close, before it has received the whole request.
    """
    outcome: Switched | ClientResponse | None = None
    failure: Exception | None = None

    async def send() -> None:
        nonlocal failure
        try:
            await wire.send(request)
        except (TimeoutError, BrokenResourceError, ClosedResourceError) as error:
            failure = error  # it may have answered before it stopped reading
        wire.allow(replace(timeouts, response=EARLY_RESPONSE_GRACE) if isinstance(failure, TimeoutError) else timeouts)

    try:
        async with create_task_group() as tasks:
            tasks.start_soon(send)
            outcome = await read()
            if isinstance(outcome, ClientResponse) and not _wants_rest(outcome):
                tasks.cancel_scope.cancel()
    except BaseExceptionGroup as errors:
        raise _one_of(errors) from None
    assert outcome is not None  # a group whose body was cancelled does not end here
    if isinstance(outcome, Switched) and failure is not None:
        raise failure  # in the rest of the request the new protocol would be content
    if isinstance(outcome, ClientResponse) and wire.is_broken:
        return replace(outcome, persists=False)
    return outcome


def _one_of(errors: BaseExceptionGroup) -> BaseException:
    """Returns the exception that a task group failed with.

    An exception that ends the program, such as KeyboardInterrupt, comes first; cancellations come last.
    """
    cancelled = get_cancelled_exc_class()
    found = [error for error in errors.exceptions if not isinstance(error, cancelled)] or errors.exceptions
    return next((error for error in found if not isinstance(error, Exception)), found[0])


def _wants_rest(answer: ClientResponse) -> bool:
    """Returns whether a server that has responded may want the rest of the request.

    False after an error status or a close.
    """
    return answer.persists and answer.response.status < BAD_REQUEST


async def _final(
    wire: Wire, event: Event | Paused | None = None, informational: Callable[[Informational], object] | None = None
) -> Event | Paused:
    """Returns the first event that is not an interim response.

    `event` is one that was returned before, if any.
    """
    event = event or await wire.next_event()
    while isinstance(event, Informational):
        if informational is not None:
            informational(event)
        event = await wire.next_event()
    return event


async def _outcome(
    wire: Wire,
    event: Event | Paused | None,
    largest: int,
    informational: Callable[[Informational], object] | None,
) -> Switched | ClientResponse:
    """Reads until the outcome is known: the switch, or a whole response."""
    event = await _final(wire, event, informational)
    return event if isinstance(event, Switched) else await _read_response(wire, event, largest)


async def _read_response(wire: Wire, response: Event | Paused, largest: int) -> ClientResponse:
    """Reads the rest of a response: at most `largest` bytes of content, and trailers."""
    if not isinstance(response, Response):
        raise BrokenResourceError("the connection has ended without an answer")
    content = bytearray()
    while len(content) <= largest:
        event = await wire.next_event()
        if isinstance(event, Data):
            content += event.data
        elif isinstance(event, EndOfMessage):
            persists = wire.connection.persists and not wire.connection.unread and not wire.is_broken
            return ClientResponse(response, bytes(content), event.trailers, is_whole=True, persists=persists)
    return ClientResponse(response, bytes(content[:largest]), Headers(), is_whole=False, persists=False)
