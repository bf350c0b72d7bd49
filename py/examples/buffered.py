"""server.py written on `asyncio.BufferedProtocol`: `python buffered.py [PORT]`.

The transport reads into a buffer that is reused.
"""

import asyncio
import contextlib
import sys

import switchover as http
from server import CONFIG, IDLE, LINGER_BYTES, LINGER_MAX, LONGEST, SENDING, TIMEOUTS, answer, reset, shout

DROPPED = bytearray(65536)
"""The buffer, shared by connections that are closing, for bytes that are ignored."""


class Http(asyncio.BufferedProtocol):
    """An HTTP connection until the switch; then another protocol gets the transport."""

    transport: asyncio.Transport
    request: http.Request | None = None
    awaited: http.Awaiting | None = None
    is_paused = is_leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Stores the transport, and sets the deadline for the first request."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connection = http.Connection(http.Role.SERVER, CONFIG)
        self.loop = asyncio.get_running_loop()
        self.timer = self.loop.call_later(TIMEOUTS[http.Awaiting.REQUEST], self.late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancels the timer of the deadline."""
        self.timer.cancel()

    def get_buffer(self, sizehint: int) -> memoryview | bytearray:
        """Returns the buffer into which asyncio reads the socket."""
        return DROPPED if self.is_leaving else self.connection.get_buffer(sizehint)

    def buffer_updated(self, nbytes: int) -> None:
        """Handles bytes that asyncio has read into the buffer.

        Content prolongs its deadline by a millisecond for each byte. While the connection closes,
        bytes are ignored.
        """
        if self.is_leaving:
            return
        if self.connection.awaiting is http.Awaiting.CONTENT:
            self.wait_until(self.timer.when() + nbytes / 1000)
        self.connection.buffer_updated(nbytes)
        self.go_on()

    def eof_received(self) -> bool:
        """Handles the client's EOF; a request sent before still gets its response."""
        if self.is_leaving:
            return False
        self.connection.receive_eof()
        self.go_on()
        return True

    def pause_writing(self) -> None:
        """Stops reading while the client reads no responses, and sets a deadline for that."""
        self.is_paused = True
        self.transport.pause_reading()
        self.wait_until(self.loop.time() + SENDING)

    def resume_writing(self) -> None:
        """Continues handling requests once the transport has sent enough."""
        self.is_paused, self.awaited = False, None
        self.transport.resume_reading()
        self.go_on()

    def go_on(self) -> None:
        """Handles events until more bytes are needed, writing pauses, or HTTP ends."""
        try:
            while not self.is_paused and not self.is_leaving and not self.transport.is_closing() and self.step():
                pass
        except http.RemoteProtocolError as error:
            self.refuse(error.status or 400)

    def step(self) -> bool:
        """Handles one event.

        Returns False if more bytes are needed, or after the switch.
        """
        event = self.connection.next_event()
        if not isinstance(event, http.Data):
            self.expect(self.connection.awaiting)
        match event:
            case http.NEED_DATA:
                if self.connection.owes is http.Owes.CONTINUE:
                    self.transport.write(self.connection.send_informational(100))
                return False
            case http.Request() as request:
                self.request = request
            case http.Paused(http.PausedReason.CLOSED):
                self.leave()
            case http.Paused() if self.request:
                self.transport.write(answer(self.connection, self.request))
            case http.Switched(leftover=leftover) if self.request:
                foo = Foo(self.transport, self.request)
                self.timer.cancel()
                self.transport.set_protocol(foo)
                foo.data_received(leftover)
                return False
            case _:
                pass  # content that this server does not use, and its end
        return True

    # Deadlines, and closing.

    def expect(self, awaiting: http.Awaiting) -> None:
        """Sets a new deadline if the engine awaits something else than before."""
        if awaiting is not self.awaited:
            self.awaited = awaiting
            self.wait_until(self.loop.time() + TIMEOUTS.get(awaiting, SENDING))

    def wait_until(self, when: float) -> None:
        """Replaces the deadline by `when`, a time of the event loop."""
        self.timer.cancel()
        self.timer = self.loop.call_at(when, self.late)

    def late(self) -> None:
        """Handles a deadline that has passed.

        A client that does not read, or an end that takes too long, is given up. An idle connection
        is closed. Any other client gets a 408, unless its response has begun.
        """
        if self.is_leaving or self.is_paused:
            give_up(self.transport)
        elif self.connection.awaiting is http.Awaiting.REQUEST:
            self.is_leaving = True
            self.wait_until(self.loop.time() + SENDING)
            self.transport.close()
        else:
            self.refuse(408)

    def refuse(self, status: int) -> None:
        """Sends an error response unless a response has begun, and closes."""
        with contextlib.suppress(http.LocalProtocolError):
            self.transport.write(self.connection.reject(status))
        self.leave()

    def leave(self) -> None:
        """Closes the transport in the way that `Connection.closing` names.

        Closing with unread bytes could make the client lose the last response (RFC 9112, section 9.6).
        """
        self.is_leaving = True
        match self.connection.closing:
            case http.Closing.RESET:
                reset(self.transport)
            case http.Closing.LINGER:
                self.transport.write_eof()
                self.transport.resume_reading()
                self.wait_until(self.loop.time() + LINGER_MAX)
            case _:
                self.transport.close()


class Foo(asyncio.Protocol):
    """The protocol foo/2: its first line is the response to the request.

    Then lines are sent back in upper case until QUIT.
    """

    def __init__(self, transport: asyncio.Transport, request: http.Request) -> None:
        self.transport = transport
        self.loop = asyncio.get_running_loop()
        self.timer = self.loop.call_later(IDLE, self.late)
        self.waiting = b""
        self.is_leaving, self.dropped = False, 0
        transport.write(b"foo/2 answers %s %s\n" % (request.method, request.target))

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancels the timer of the deadline."""
        self.timer.cancel()

    def pause_writing(self) -> None:
        """Stops reading while the client does not read, and sets a deadline for that."""
        self.transport.pause_reading()
        self.wait(SENDING)

    def resume_writing(self) -> None:
        """Continues reading once the transport has sent enough."""
        self.transport.resume_reading()
        self.wait(LINGER_MAX if self.is_leaving else IDLE)

    def wait(self, seconds: float) -> None:
        """Replaces the deadline by one in `seconds`."""
        self.timer.cancel()
        self.timer = self.loop.call_later(seconds, self.late)

    def late(self) -> None:
        """Ends the connection: the client did not send, read or close in time."""
        give_up(self.transport)

    def data_received(self, data: bytes) -> None:
        """Sends complete lines back; leaves after QUIT or at a too long unfinished line.

        After that, up to LINGER_BYTES are read and discarded: closing with unread bytes could make
        the client lose the last lines.
        """
        if self.is_leaving:
            self.dropped += len(data)
            if self.dropped > LINGER_BYTES:
                self.transport.close()
            return
        self.wait(IDLE)
        *lines, self.waiting = (self.waiting + data).split(b"\n")
        shouted, has_quit = shout(lines)
        self.is_leaving = has_quit or len(self.waiting) > LONGEST
        if self.is_leaving:
            self.wait(LINGER_MAX)
        self.transport.write(shouted)
        if self.is_leaving:
            self.transport.write_eof()


def give_up(transport: asyncio.Transport) -> None:
    """Resets the connection if the transport still has bytes to send; else closes it."""
    if transport.get_write_buffer_size():
        reset(transport)
    else:
        transport.close()


async def main(port: int) -> None:
    """Runs the server; port 0 is any free one."""
    server = await asyncio.get_running_loop().create_server(Http, "127.0.0.1", port)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
