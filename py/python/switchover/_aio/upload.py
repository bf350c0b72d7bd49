"""A client's request, which is sent while its response is read."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from anyio import (
    BrokenResourceError,
    CancelScope,
    ClosedResourceError,
    aclose_forcefully,
    create_task_group,
    current_time,
    get_cancelled_exc_class,
    move_on_after,
    sleep,
)

from .. import Awaiting, ErrorKind, Informational, LocalProtocolError, Response, Stage
from .streams import has_come, tls_of
from .wire import Timeouts, Wire

if TYPE_CHECKING:
    from .. import Event, HeadersLike, Paused, ProtocolsLike, TextLike

LOOK = 0.1
"""The maximum seconds, before a request, to read bytes that came unasked."""
LOOK_BELOW = 0.02
"""The maximum seconds, before a request over TLS, to read bytes that came unasked.

It is shorter than `LOOK`: such bytes may be a session ticket, for which a read returns nothing.
"""
EARLY_RESPONSE_GRACE = 1.0
"""The seconds to wait for a response if a write of the request has timed out."""
CLOSING = 1.0
"""The seconds in which the caller's generator of content must end, once closed."""
CONTINUE = 100
BAD_REQUEST = 400
"""The lowest error status.

After an error status a client stops sending (RFC 9112, section 9.5).
"""


class Upload:
    """A request that is sent while its response is read."""

    def __init__(self, wire: Wire, content: bytes | AsyncIterable[bytes], trailers: HeadersLike = ()) -> None:
        self.wire = wire
        self.failure: Exception | None = None
        """The exception of a failed send, after which nothing more is sent."""
        self._content = content
        self._trailers = trailers
        self._out = bytearray()
        self._head = 0
        self._scope = CancelScope()
        self.is_withheld = False
        """True while content is not sent, as a response came in place of a 100."""

    def begin(self, method: TextLike, target: TextLike, headers: HeadersLike, offer: ProtocolsLike = ()) -> None:
        """Encodes the head, and content if it is bytes, without sending anything.

        So a request that the engine rejects leaves the stream as it was.
        """
        connection, content = self.wire.connection, self._content
        connection.send_request(method, target, headers, offer, into=self._out)
        if content and connection.awaiting is Awaiting.CONTINUE:
            self._head = len(self._out)
        if not isinstance(content, AsyncIterable):
            if content:
                connection.send_data(content, into=self._out)
            connection.send_end(self._trailers, into=self._out)

    @asynccontextmanager
    async def beside(
        self, informational: Callable[[Informational], object] | None
    ) -> AsyncGenerator[Event | Paused | None]:
        """Sends the request while the `async with` block reads the response.

        Gives the block the event that was received before content was sent, or None. `informational` is called with
        each interim response before that. The block's end waits until the rest of the request is sent.
        """
        timeouts = self.wire.timeouts
        # While the request is being sent, only the timeouts `expect_continue` and `write` apply.
        self.wire.allow(replace(timeouts, head=None, content=None, response=None))
        try:
            async with create_task_group() as tasks:
                event = await self._go_ahead(informational) if self._head else None
                self.is_withheld = isinstance(event, Response)
                if isinstance(event, Response) and not 200 <= event.status < 300:
                    self.wire.is_broken = True  # without its content the request has no end
                    self.wire.allow(timeouts)
                else:
                    tasks.start_soon(self._send_rest, timeouts)
                yield event
        except BaseExceptionGroup as errors:
            raise_as_it_was(one_of(errors))

    def stop(self) -> None:
        """Stops sending; if the request is then incomplete, the connection is broken."""
        self._scope.cancel()

    async def _go_ahead(self, informational: Callable[[Informational], object] | None) -> Event | Paused | None:
        """Sends the head, and returns the 100, or the event that came instead of it.

        None if the timeout `expect_continue` expires: the content is then sent all the same.
        """
        with suppress(BrokenResourceError):  # it may have answered before it stopped reading
            await self.wire.send(bytes(self._out[: self._head]))
        with move_on_after(self.wire.timeouts.expect_continue):
            while isinstance(event := await self.wire.next_event(), Informational) and event.status != CONTINUE:
                if informational is not None:
                    informational(event)
            return event
        return None

    async def _is_awaited(self, after: Timeouts) -> bool:
        """Returns whether the server reads the content although it has sent no 100.

        It is taken to do so if its response has begun, and then nothing of it comes for the timeout `expect_continue`.
        RFC 9110, section 10.1.1.
        """
        before, seconds = self.wire.timeouts, math.inf if after.expect_continue is None else after.expect_continue
        self.wire.allow(after)
        while self.wire.connection.their_state is Stage.SEND_BODY:
            if (silence := self.wire.silence) >= seconds:
                self.wire.allow(before)
                return True
            await sleep(seconds - silence)
        return False

    async def _send_rest(self, after: Timeouts) -> None:
        """Sends the rest of the request, and then sets the timeouts to `after`.

        If a write has timed out, the response gets `EARLY_RESPONSE_GRACE` instead.
        """
        with self._scope:
            self.is_withheld = self.is_withheld and not await self._is_awaited(after)
            rest = None if self.is_withheld else bytes(self._out[self._head :])
            if await self._sends(rest) and isinstance(self._content, AsyncIterable):
                await self._send_content(self._content)
        if self._scope.cancelled_caught or self.is_withheld:
            self.wire.is_broken = True
        if isinstance(self.failure, TimeoutError):
            after = replace(after, response=EARLY_RESPONSE_GRACE)
        self.wire.allow(after)

    async def _send_content(self, content: AsyncIterable[bytes]) -> None:
        """Sends content and end of the request as they come, until a send fails.

        Content that is a generator is closed afterwards.
        """
        connection = self.wire.connection
        # The scope is entered before the generator begins: it may have scopes of its own open.
        with CancelScope() as closing:
            pieces = aiter(content)
            try:
                async for data in pieces:
                    if not await self._sends(self._encoded(connection.send_data, data)):
                        return
                await self._sends(self._encoded(connection.send_end, self._trailers))
            finally:
                if isinstance(pieces, AsyncGenerator):
                    closing.shield, closing.deadline = True, current_time() + CLOSING
                    await pieces.aclose()

    def _encoded(self, encode: Callable[[Any], bytes], item: object) -> bytes | None:
        """Encodes a part of the request with `encode`.

        Returns None if the server's response has ended the connection.
        """
        try:
            return encode(item)
        except LocalProtocolError as error:
            if error.kind is not ErrorKind.CLOSED:
                raise
            self.wire.is_broken = True
            return None

    async def _sends(self, data: bytes | None) -> bool:
        """Sends bytes; returns False for None, or if this or an earlier send has failed.

        A failure is no error yet: the server may respond, and close, before it has received the whole request.
        """
        try:
            if data:
                await self.wire.send(data)
        except (TimeoutError, BrokenResourceError, ClosedResourceError) as error:
            self.failure = error
        return data is not None and self.failure is None


async def look(wire: Wire) -> None:
    """Checks that a stream has neither bytes nor EOF of the server before a request.

    If it has, closes the stream and raises RemoteProtocolError for bytes, BrokenResourceError for EOF. Such bytes are
    no response to the request (RFC 9112, section 9.2). Empty lines are ignored.
    """
    if not has_come(wire.stream):
        return
    try:
        # The readable bytes may belong to a layer below that is unknown here, and contain no data of this stream.
        with move_on_after(LOOK if tls_of(wire.stream) is None else LOOK_BELOW):
            # An end may follow bytes that are ignored, such as an empty line.
            while has_come(wire.stream):
                await wire.receive()
                if wire.has_end:
                    raise BrokenResourceError("the server has ended the connection")
                wire.connection.next_event()
    except BaseException:
        await aclose_forcefully(wire.stream)
        raise


def raise_as_it_was(error: BaseException) -> NoReturn:
    """Raises an exception without changing its cause and context."""
    cause, context, hides = error.__cause__, error.__context__, error.__suppress_context__
    try:
        raise error
    finally:
        error.__cause__, error.__context__, error.__suppress_context__ = cause, context, hides


def one_of(errors: BaseExceptionGroup) -> BaseException:
    """Returns the one exception to raise for those of a task group.

    An exception that ends the program, such as KeyboardInterrupt, comes first; cancellations come last.
    """
    cancelled = get_cancelled_exc_class()
    found = [error for error in errors.exceptions if not isinstance(error, cancelled)] or errors.exceptions
    return next((error for error in found if not isinstance(error, Exception)), found[0])


async def final(
    wire: Wire, event: Event | Paused | None = None, informational: Callable[[Informational], object] | None = None
) -> Event | Paused:
    """Returns the first event that is not an interim response.

    `event` is the first event to look at, if it has been read already. `informational` is called with each interim
    response.
    """
    event = event or await wire.next_event()
    while isinstance(event, Informational):
        if informational is not None:
            informational(event)
        event = await wire.next_event()
    return event
