"""The client for requests without an offer or CONNECT, with content of any length."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from anyio import BrokenResourceError, aclose_forcefully
from anyio.abc import AnyByteStream

from .. import Config, Data, EndOfMessage, Headers, Informational, Response, Role
from .failures import ContentTooLargeError
from .upload import BAD_REQUEST, Upload, final, look
from .wire import MAX_CONTENT, TIMEOUTS, Timeouts, Wire, connection_on

if TYPE_CHECKING:
    from .. import HeadersLike, TextLike


class ResponseStream:
    """A response to a client, whose content is read as it comes.

    `async for data in response` gives the content in pieces. Each read may raise RemoteProtocolError if the response is
    malformed or truncated, TimeoutError if the server is too slow, and BrokenResourceError.
    """

    __module__ = "switchover.aio"

    head: Final[Response]
    """The head of the response: `status`, `reason`, `headers`."""
    trailers: Headers
    """The response's trailers; empty until the content has been read to its end."""
    is_whole: bool
    """True once the response's content has been read to its end."""

    def __init__(self, wire: Wire, head: Response) -> None:
        self._wire = wire
        self.head = head
        self.trailers = Headers()
        self.is_whole = False

    @property
    def persists(self) -> bool:
        """True if the stream may carry another request.

        Ask it after the `async with` block: within the block, a part of this request or of its response may be left.
        Next: call `request` or `connect_upgrade` with the stream, or close it.
        """
        return self.is_whole and self._wire.persists

    async def receive(self) -> bytes:
        """Returns the next piece of the response's content; empty at its end.

        RFC 9112, section 6.
        """
        while not self.is_whole:
            event = await self._wire.next_event()
            if isinstance(event, Data):
                return event.data
            if not isinstance(event, EndOfMessage):
                raise BrokenResourceError("the connection has ended within the response")
            self.trailers, self.is_whole = event.trailers, True
        return b""

    async def read(self, largest: int = MAX_CONTENT) -> bytes:
        """Returns the rest of the response's content.

        Raises ContentTooLargeError if it has more than `largest` bytes.
        """
        content = bytearray()
        while data := await self.receive():
            content += data
            if len(content) > largest:
                raise ContentTooLargeError(f"more than {largest} bytes of content")
        return bytes(content)

    def __aiter__(self) -> ResponseStream:
        return self

    async def __anext__(self) -> bytes:
        if data := await self.receive():
            return data
        raise StopAsyncIteration


@asynccontextmanager
async def request(
    stream: AnyByteStream,
    method: TextLike,
    target: TextLike,
    headers: HeadersLike,
    *,
    content: bytes | AsyncIterable[bytes] = b"",
    trailers: HeadersLike = (),
    config: Config | None = None,
    timeouts: Timeouts = TIMEOUTS,
    informational: Callable[[Informational], object] | None = None,
) -> AsyncGenerator[ResponseStream]:
    """Sends a request on a connected stream; `async with` gives the response.

    `headers` must have Host, and a Content-Length or Transfer-Encoding if there is `content`. Content that is an
    asynchronous iterable is sent while the response is read. Without a `config`, `secure` is true if the stream is
    anyio's TLS. `informational` is called with each interim response. While the request is being sent, only
    `expect_continue` and the write timeout apply.

    The block's end waits for the rest of the request. Nothing more is sent if the response is an error, ends the
    connection, or was not read to its end. A stream with an incomplete request or response carries no other. It stays
    open and belongs to the caller; see `ResponseStream.persists`. It also stays open if the request is rejected before
    anything is sent: LocalProtocolError, as `Connection.send_request`, `send_data` and `send_end` raise it, TypeError,
    or ValueError. After any other exception, one of the block's own and cancellation included, the stream is closed.
    RFC 9110, section 6.

    Next: read the response. `connect_upgrade` is the call for an offer or a tunnel.
    """
    if (method.encode() if isinstance(method, str) else bytes(method)) == b"CONNECT":
        raise ValueError("connect_upgrade opens tunnels")
    wire = Wire(stream, connection_on(stream, Role.CLIENT, config), timeouts)
    await look(wire)
    upload = Upload(wire, content, trailers)
    upload.begin(method, target, headers)
    try:
        async with upload.beside(informational) as event:
            head = await final(wire, event, informational)
            if not isinstance(head, Response):
                raise BrokenResourceError("the connection has ended without an answer")
            response = ResponseStream(wire, head)
            yield response
            is_wanted = response.is_whole and wire.connection.persists and head.status < BAD_REQUEST
            if not is_wanted or upload.is_withheld:
                upload.stop()
    except BaseException:
        await aclose_forcefully(stream)
        raise
    finally:
        wire.rest()
