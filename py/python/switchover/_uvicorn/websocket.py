"""A WebSocket handshake, passed from the engine to one of uvicorn's classes."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from .. import Request
from .._limits import TURN
from .._reset import has_hung_up
from .ending import Ending
from .transport import closes_after_eof, socket_of

ACCEPT_MAX = 4.0
"""The seconds for an app to accept the WebSocket of a client that has half-closed."""

CHECK_EVERY = 1.0
"""The seconds between two checks of a connection whose WebSocket is unaccepted."""

NO_CLASS = (
    "No supported WebSocket library detected. Please use \"pip install 'uvicorn[standard]'\", "
    "or install 'websockets' or 'wsproto' manually."
)
"""The warning for a missing WebSocket library, as uvicorn's own classes log it."""

REFUSAL = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
"""The response to a handshake that uvicorn's class leaves without one.

The library `websockets` takes 128 field lines, of 8,192 bytes each.
"""

# Fields of a handshake that are not copied: those that are written anew, and those about discarded content.
LEFT_OUT = {b"connection", b"upgrade", b"content-length", b"transfer-encoding", b"trailer", b"expect"}


def handshake_of(request: Request) -> bytes:
    """Encodes the head of a request again, with WebSocket as the only offer.

    The content was discarded, so `Content-Length`, `Transfer-Encoding`, `Trailer` and `Expect` are omitted. The names
    are in lower case, because uvicorn's classes copy them into a scope unchanged. `Connection` has one option: wsproto
    reads only the last of several lines, and websockets refuses a long one.
    """
    lines = b"".join(b"%b: %b\r\n" % line for line in request.headers.lower() if line[0] not in LEFT_OUT)
    start = b"%b %b HTTP/%b\r\n" % (request.method, request.target, request.http_version.encode())
    return b"%b%bconnection: upgrade\r\nupgrade: websocket\r\n\r\n" % (start, lines)


def failed(transport: asyncio.Transport, error: Exception) -> None:
    """Logs an exception of uvicorn's WebSocket class, and aborts the transport."""
    logging.getLogger("uvicorn.error").error("Exception in a WebSocket protocol", exc_info=error)
    transport.abort()


class Undecided(asyncio.Protocol):
    """The connection after a handshake was passed on, until the app accepts it.

    It holds back the bytes after the handshake.

    uvicorn's WebSocket classes lose bytes that arrive before the accept, or fail.
    """

    def __init__(
        self,
        protocol: Any,
        transport: asyncio.Transport,
        rest: bytes,
        has_eof: bool,
        ending: Ending,
        timeout_write: float,
    ) -> None:
        self.ending = ending
        self.timeout_write = timeout_write
        self.protocol = protocol
        self.transport = transport
        self.held = bytearray(rest)
        self.has_eof = has_eof
        self.is_paused = False
        self.is_accepted = False
        self.giving_up: asyncio.TimerHandle | None = None
        self.checking: asyncio.TimerHandle | None = None

    def begin(self, head: bytes, is_full: bool) -> None:
        """Passes the handshake to uvicorn's class, and watches for the app's accept.

        `is_full` tells that the transport's write buffer is full, so that the class must pause.
        """
        protocol = self.protocol
        app = protocol.app
        # Emptied by the accept: the engine and its buffers are not to live as long as the WebSocket.
        undecided = [self]

        async def told(scope: Any, receive: Any, send: Any) -> Any:
            sent = 0

            async def noticed(message: Any) -> None:
                nonlocal sent
                sent += 1
                if sent % TURN == 0:
                    # The classes drop messages for a client that has left, and then nothing waits.
                    await asyncio.sleep(0)
                await send(message)
                if message["type"] == "websocket.accept" and undecided:
                    # The class based on `websockets` sends the 101 in a task of its own.
                    answered = getattr(protocol, "handshake_completed_event", None)
                    if isinstance(answered, asyncio.Event):
                        await answered.wait()
                    undecided.pop().accepted()

            return await app(scope, receive, noticed)

        self.protocol.app = told
        # First, so that `connection_lost` reaches the class whatever the handshake does.
        self.transport.set_protocol(self)
        self.check_later()
        if self.has_eof:
            self.eof_received()
        self.protocol.connection_made(self.transport)
        if is_full:
            # An earlier response is still being sent, and the transport does not call `pause_writing` again.
            self.protocol.pause_writing()
        self.protocol.data_received(head)
        # The class based on the sans-I/O part of `websockets` says nothing of a head that this refuses.
        has_refused = getattr(getattr(self.protocol, "conn", None), "handshake_exc", None) is not None
        if has_refused and not self.transport.is_closing():
            self.transport.write(REFUSAL)
            self.transport.close()
            self.ending.bound_the_rest(self.timeout_write)

    def check_later(self) -> None:
        """Schedules the next `check`, after `CHECK_EVERY` seconds."""
        self.checking = asyncio.get_running_loop().call_later(CHECK_EVERY, self.check)

    def check(self) -> None:
        """Looks for an end that neither uvicorn's class nor the transport reports.

        The class closes the transport of a client that its app rejects, and a transport that does not read sees no end.
        """
        if self.transport.is_closing():
            self.ending.bound_the_rest(self.timeout_write)
            return
        if self.is_paused and not self.has_eof and has_hung_up(socket_of(self.transport)):
            self.eof_received()
        self.check_later()

    def accepted(self) -> None:
        """Passes the connection and all held bytes to uvicorn's WebSocket class.

        Does nothing if the transport is closing already: its deadline goes on.
        """
        if self.transport.is_closing():
            return
        held, self.held = bytes(self.held), bytearray()
        self.is_accepted = True
        self.wait_no_more()
        self.ending.writing.stop()
        self.transport.set_protocol(self.protocol)
        if self.is_paused:
            self.transport.resume_reading()
        try:
            if held:
                self.protocol.data_received(held)
        except Exception as error:
            failed(self.transport, error)
        if self.has_eof and not self.protocol.eof_received():
            if not self.transport.is_closing():
                self.transport.close()
            # The response before the handshake may still be unsent.
            self.transport.set_protocol(self)
            self.ending.bound_the_rest(self.timeout_write)

    def data_received(self, data: bytes) -> None:
        """Holds received bytes back, and pauses reading above a limit."""
        self.held += data
        if len(self.held) > HIGH_WATER_LIMIT and not self.is_paused:
            self.is_paused = True
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """Records the client's EOF, which comes after the held bytes.

        An app that does not accept in time gets the disconnect.
        """
        self.has_eof = True
        self.giving_up = asyncio.get_running_loop().call_later(ACCEPT_MAX, self.give_up)
        return closes_after_eof(self.transport)

    def give_up(self) -> None:
        """Closes the transport of a half-closed client that was not accepted in time."""
        if not self.is_accepted and not self.transport.is_closing():
            self.transport.close()
            # A response before may still be unsent.
            self.ending.bound_the_rest(self.timeout_write)

    def wait_no_more(self) -> None:
        """Cancels the timers of `give_up` and `check`."""
        for timer in (self.giving_up, self.checking):
            if timer is not None:
                timer.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """Passes the loss of the connection to uvicorn's WebSocket class."""
        self.wait_no_more()
        self.ending.lost(exc)
        self.protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pauses the sends of uvicorn's WebSocket class, and starts the write deadline."""
        self.ending.writing.begin(self.timeout_write)
        self.protocol.pause_writing()

    def resume_writing(self) -> None:
        """Resumes the sends of uvicorn's WebSocket class, and stops the write deadline.

        The deadline of a closing transport goes on.
        """
        if not self.transport.is_closing():
            self.ending.writing.stop()
        self.protocol.resume_writing()
