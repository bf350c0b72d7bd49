"""server.py again, on `asyncio.BufferedProtocol`, which reads into a space that stays: `python buffered.py [PORT]`."""

import asyncio
import sys

import switchover as http
from server import answer


class Http(asyncio.BufferedProtocol):
    """HTTP until the switch; then another protocol has the transport."""

    transport: asyncio.Transport
    request: http.Request | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connection = http.Connection(http.Role.SERVER)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Asyncio reads the socket into this."""
        return self.connection.get_buffer(sizehint)

    def buffer_updated(self, nbytes: int) -> None:
        """It has."""
        self.connection.buffer_updated(nbytes)
        self.go_on()

    def eof_received(self) -> bool:
        """A client that has asked still gets an answer."""
        self.connection.receive_eof()
        self.go_on()
        return True

    def go_on(self) -> None:
        """Events, until more bytes are needed."""
        try:
            while self.step():
                pass
        except http.RemoteProtocolError as error:
            self.transport.write(self.connection.respond(error.status or 400))
            self.transport.close()

    def step(self) -> bool:
        """One event; whether another may follow."""
        match self.connection.next_event():
            case http.NEED_DATA:
                if self.connection.owes is http.Owes.CONTINUE:
                    self.transport.write(self.connection.send_informational(100))
                return False
            case http.Request() as request:
                self.request = request
                return True
            case http.Paused(http.PausedReason.CLOSED):
                self.transport.close()
                return False
            case http.Paused() if self.request:
                self.transport.write(answer(self.connection, self.request))
                return True
            case http.Switched(leftover=leftover) if self.request:
                foo = Foo(self.transport, self.request)
                self.transport.set_protocol(foo)
                foo.data_received(leftover)
                return False
            case _:
                return True


class Foo(asyncio.Protocol):
    """foo/2: the first line answers the request, then lines come back in upper case until QUIT."""

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
