"""The client for upgrades: a request with an offer, then the switch or a response."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from anyio import BrokenResourceError, aclose_forcefully
from anyio.abc import AnyByteStream

from .. import Config, Data, EndOfMessage, Headers, Informational, Paused, Protocol, Response, Role, Switched, Why
from .switched import SwitchedStream
from .upload import BAD_REQUEST, Upload, final, look
from .wire import MAX_CONTENT, TIMEOUTS, Timeouts, Wire, connection_on

if TYPE_CHECKING:
    from .. import Event, HeadersLike, ProtocolsLike, TextLike


@dataclass(frozen=True)
class ClientResponse:
    """An HTTP response to a client: head, content and trailers."""

    response: Response
    """The head of the response: `status`, `reason`, `headers`."""
    content: bytes
    """The content, at most as many bytes as the argument `largest` of the call."""
    trailers: Headers
    """The trailers; empty if there are none, or the content was not read to its end."""
    is_whole: bool
    """True if `content` is complete; false if it is cut after `largest` bytes."""
    persists: bool
    """True if the stream may carry another request.

    Pass the stream to `connect_upgrade` or `request` again.
    """


class Declined(Exception):  # noqa: N818  (no error: a server may always do that)
    """The server declined the offer and responded in HTTP.

    The stream is open and belongs to the caller; see `ClientResponse.persists`.
    """

    __module__ = "switchover.aio"

    def __init__(self, answer: ClientResponse, why: Why | None, required: tuple[Protocol, ...]) -> None:
        super().__init__(answer, why, required)
        self.answer = answer
        """The server's response, which came instead of a switch."""
        self.why = why
        """The engine's reason why there was no switch, or None; it has a `text`."""
        self.required = required
        """The protocols that a 426 requires; empty if the response is no 426.

        RFC 9110, section 15.5.22. Offer some of them in a further `connect_upgrade`.
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
    `Connection.send_request`, `send_data` and `send_end` raise it, TypeError, or ValueError. After any other exception,
    cancellation included, the stream is closed, as its state is unknown. Such are RemoteProtocolError, TimeoutError
    (see `Timeouts`), BrokenResourceError and ClosedResourceError. RFC 9110, section 7.8.

    Next: speak the new protocol; if that is TLS, `resume`.
    """
    wire = Wire(stream, connection_on(stream, Role.CLIENT, config), timeouts)
    await look(wire)
    upload = Upload(wire, content)
    upload.begin(method, target, headers, offer)
    try:
        outcome = await _exchange(upload, largest, informational)
    except BaseException:
        await aclose_forcefully(stream)
        raise
    finally:
        wire.rest()
    if isinstance(outcome, Switched):
        return SwitchedStream(wire.stream, wire.connection, outcome)
    raise Declined(outcome, wire.connection.why, wire.connection.required)


async def resume(
    switched: SwitchedStream, stream: AnyByteStream, *, timeouts: Timeouts = TIMEOUTS, largest: int = MAX_CONTENT
) -> ClientResponse:
    """Returns the HTTP response to an upgrade request, after the switch to TLS.

    `switched` is the result of `connect_upgrade`; `stream` is TLS over it. At most `largest` bytes of content are read.

    Raises LocalProtocolError if no response is due in the new protocol. Any other exception closes the stream.
    RFC 2817, section 3; RFC 9110, section 7.8.
    """
    wire = Wire(stream, switched.connection, timeouts)
    wire.connection.take_leftover()
    wire.connection.resume_http()
    try:
        return await _read_response(wire, await final(wire), largest)
    except BaseException:
        await aclose_forcefully(stream)
        raise
    finally:
        wire.rest()


async def _exchange(
    upload: Upload, largest: int, informational: Callable[[Informational], object] | None
) -> Switched | ClientResponse:
    """Sends the request while it reads the outcome: the switch, or the response.

    Raises the failure of the send, if the server has switched before the request was sent completely.
    """
    outcome: Switched | ClientResponse | None = None
    async with upload.beside(informational) as event:
        outcome = await _outcome(upload.wire, event, largest, informational)
        if isinstance(outcome, ClientResponse) and (upload.is_withheld or not _wants_rest(outcome)):
            upload.stop()
    if isinstance(outcome, Switched) and upload.failure is not None:
        raise upload.failure  # in the rest of the request the new protocol would be content
    if isinstance(outcome, ClientResponse) and upload.wire.is_broken:
        return replace(outcome, persists=False)
    return outcome


def _wants_rest(answer: ClientResponse) -> bool:
    """Returns whether a server that has responded may want the rest of the request.

    False after an error status, and if the stream cannot carry another request.
    """
    return answer.persists and answer.response.status < BAD_REQUEST


async def _outcome(
    wire: Wire,
    event: Event | Paused | None,
    largest: int,
    informational: Callable[[Informational], object] | None,
) -> Switched | ClientResponse:
    """Reads the outcome of an offer: the switch, or the response with its content."""
    event = await final(wire, event, informational)
    return event if isinstance(event, Switched) else await _read_response(wire, event, largest)


async def _read_response(wire: Wire, response: Event | Paused, largest: int) -> ClientResponse:
    """Reads the rest of a response: at most `largest` bytes of content, and trailers.

    Raises BrokenResourceError if `response` is no response: the connection has ended.
    """
    if not isinstance(response, Response):
        raise BrokenResourceError("the connection has ended without an answer")
    content = bytearray()
    while len(content) <= largest:
        event = await wire.next_event()
        if isinstance(event, Data):
            content += event.data
        elif isinstance(event, EndOfMessage):
            return ClientResponse(response, bytes(content), event.trailers, is_whole=True, persists=wire.persists)
    return ClientResponse(response, bytes(content[:largest]), Headers(), is_whole=False, persists=False)
