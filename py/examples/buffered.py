"""server.py on `asyncio.BufferedProtocol`: `python buffered.py [PORT]`.

The protocol reads into a space that stays.
"""

import asyncio
import contextlib
import sys

import switchover as http
from server import CONFIG, LINGER_MAX, SENDING, TIMEOUTS, answer


class Http(asyncio.BufferedProtocol):
    """HTTP until the switch; then another protocol has the transport."""

    transport: asyncio.Transport
    request: http.Request | None = None
    awaited: http.Awaiting | None = None
    is_paused = is_leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport, and waits for a request."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connection = http.Connection(http.Role.SERVER, CONFIG)
        self.dropped = bytearray(65536)
        self.loop = asyncio.get_running_loop()
        self.timer = self.loop.call_later(TIMEOUTS[http.Awaiting.REQUEST], self.late)

    def connection_lost(self, exc: Exception | None) -> None:
        """The deadline goes with the connection."""
        self.timer.cancel()

    def get_buffer(self, sizehint: int) -> memoryview | bytearray:
        """Asyncio reads the socket into this."""
        return self.dropped if self.is_leaving else self.connection.get_buffer(sizehint)

    def buffer_updated(self, nbytes: int) -> None:
        """Called when the transport is connected."""
        if self.is_leaving:
            return
        if self.connection.awaiting is http.Awaiting.CONTENT:
            self.wait_until(self.timer.when() + nbytes / 1000)
        self.connection.buffer_updated(nbytes)
        self.go_on()

    def eof_received(self) -> bool:
        """A client that has asked still gets an answer."""
        if self.is_leaving:
            return False
        self.connection.receive_eof()
        self.go_on()
        return True

    def pause_writing(self) -> None:
        """A client that takes no answers is read no further, and has so long to take them."""
        self.is_paused = True
        self.transport.pause_reading()
        self.wait_until(self.loop.time() + SENDING)

    def resume_writing(self) -> None:
        """Called when the system has taken the bytes."""
        self.is_paused, self.awaited = False, None
        self.transport.resume_reading()
        self.go_on()

    def go_on(self) -> None:
        """Events, until more bytes are needed."""
        try:
            while not self.is_paused and not self.is_leaving and self.step():
                pass
        except http.RemoteProtocolError as error:
            self.refuse(error.status or 400)

    def step(self) -> bool:
        """Handles one event.

        Returns whether another may follow.
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
                self.timer.cancel()
                foo = Foo(self.transport, self.request)
                self.transport.set_protocol(foo)
                foo.data_received(leftover)
                return False
            case _:
                pass  # content that this server does not use, and its end
        return True

    # Deadlines, and the end.

    def expect(self, awaiting: http.Awaiting) -> None:
        """A deadline for what is awaited from now on."""
        if awaiting is not self.awaited:
            self.awaited = awaiting
            self.wait_until(self.loop.time() + TIMEOUTS.get(awaiting, SENDING))

    def wait_until(self, when: float) -> None:
        """Sets the deadline, the only one that runs."""
        self.timer.cancel()
        self.timer = self.loop.call_at(when, self.late)

    def late(self) -> None:
        """The deadline is over: half a request is answered, an idle client is not."""
        if self.is_leaving or self.is_paused:
            self.transport.abort()
        elif self.connection.awaiting is http.Awaiting.REQUEST:
            self.transport.close()
        else:
            self.refuse(408)

    def refuse(self, status: int) -> None:
        """Answers where no answer has begun, and ends."""
        with contextlib.suppress(http.LocalProtocolError):
            self.transport.write(self.connection.reject(status))
        self.leave()

    def leave(self) -> None:
        """Ends as the engine says.

        To close with bytes unread would take the last answer away (RFC 9112, section 9.6).
        """
        self.is_leaving = True
        match self.connection.closing:
            case http.Closing.RESET:
                self.transport.abort()
            case http.Closing.LINGER:
                self.transport.write_eof()
                self.transport.resume_reading()
                self.wait_until(self.loop.time() + LINGER_MAX)
            case _:
                self.transport.close()


class Foo(asyncio.Protocol):
    """Speaks foo/2: the first line answers the request.

    Then lines come back in upper case until QUIT.
    """

    def __init__(self, transport: asyncio.Transport, request: http.Request) -> None:
        self.transport = transport
        self.waiting = b""
        transport.write(b"foo/2 answers %s %s\n" % (request.method, request.target))

    def data_received(self, data: bytes) -> None:
        """Whole lines are answered, the rest waits."""
        *lines, self.waiting = (self.waiting + data).split(b"\n")
        for line in lines:
            if line.strip() == b"QUIT":
                self.transport.close()
                return
            self.transport.write(line.upper() + b"\n")


async def main(port: int) -> None:
    """Listens; port 0 is any free one."""
    server = await asyncio.get_running_loop().create_server(Http, "127.0.0.1", port)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
