"""Helpers of the tests of `switchover.uvicorn`.

They are a server in a thread, a transport in memory, apps, and some requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import pathlib
import socket
import ssl
import threading
from typing import Any

import pytest

uvicorn = pytest.importorskip("uvicorn")

from switchover.uvicorn import Protocol  # noqa: E402

OURS = "switchover.uvicorn:Protocol"
WAIT = 30
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
AWAITED = b"POST /answers-first HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"  # its content comes later
HANDSHAKE = (
    b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
HANDSHAKE_IN_LINES = HANDSHAKE.replace(
    b"Connection: Upgrade",
    b"Connection: Upgrade\r\nConnection: keep-alive\r\nSec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b",
)
HELLO = bytes([0x81, 0x85, 0, 0, 0, 0]) + b"hello"  # a masked text frame


async def tell(scope: Any, receive: Any, send: Any) -> None:
    """Responds with the request's method, path and content; echoes in a WebSocket."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    content, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        content, more = content + message["body"], message["more_body"]
    body = f"{scope['method']} {scope['path']} ".encode() + content
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


async def until_disconnect(receive: Any) -> None:
    """Receives ASGI messages until a disconnect, and ignores their content."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def answers_first(scope: Any, receive: Any, send: Any) -> None:
    """Sends the head of its response before it receives the request's content."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": (await receive())["body"]})


class Threaded:
    """The base of the servers in a thread, with connections to their port."""

    port: int
    thread: threading.Thread

    def connect(self, data: bytes = b"") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT)
        connection.sendall(data)
        return connection

    def joined(self) -> None:
        self.thread.join(WAIT)
        assert not self.thread.is_alive()


class Served(Threaded):
    """A uvicorn server in a thread."""

    def __init__(self, app: Any, **options: Any) -> None:
        settings = {"http": OURS, "ws": "wsproto", "lifespan": "off", "log_config": None, "port": 0, "loop": "asyncio"}
        self.server = uvicorn.Server(uvicorn.Config(app, **{**settings, **options}))
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> Served:
        self.thread.start()
        for _ in range(WAIT * 100):
            if self.server.started:
                break
            threading.Event().wait(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.joined()

    def all(self, data: bytes) -> bytes:
        """Sends data, half-closes, and returns all bytes that the client receives."""
        with self.connect(data) as connection:
            connection.shutdown(socket.SHUT_WR)
            return rest_of(connection)

    def until(self, data: bytes, ending: bytes, within: float = WAIT) -> bytes:
        """Sends data, and returns the bytes received until `ending`, a timeout or the end."""
        with self.connect(data) as connection:
            connection.settimeout(within)
            got = b""
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                while ending not in got and (piece := connection.recv(65536)):
                    got += piece
            return got


def certified(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path, ssl.SSLContext]:
    """Returns the files of a key and a certificate, and a context that trusts these."""
    authority = pytest.importorskip("trustme").CA()
    issued = authority.issue_cert("localhost")
    key, certificate = folder / "key", folder / "certificate"
    issued.private_key_pem.write_to_path(key)
    issued.cert_chain_pems[0].write_to_path(certificate)
    trusts = ssl.create_default_context()
    authority.configure_trust(trusts)
    return key, certificate, trusts


def rest_of(connection: socket.socket) -> bytes:
    """Returns all bytes up to the end of the connection."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


class Hasty(Protocol):
    """A uvicorn protocol class with short timeouts."""

    timeout_first_byte = 1.0
    timeout_head = timeout_content = timeout_write = 0.1


class Transport(asyncio.Transport):
    """A transport that records the written bytes, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = self.ended = False
        self.reads = True

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True


async def played(
    app: Any, *pieces: bytes, transport: Transport | None = None, cls: type[Protocol] = Protocol, **options: Any
) -> tuple[Protocol, Transport]:
    """Runs the uvicorn protocol class on these pieces of input, without a network."""
    config = uvicorn.Config(app, http=OURS, lifespan="off", log_config=None, **options)
    config.load()
    state = uvicorn.server.ServerState()
    protocol, transport = cls(config, state, {}, asyncio.get_running_loop()), transport or Transport()
    protocol.connection_made(transport)
    for piece in pieces:
        protocol.data_received(piece)
        for _ in range(5):
            await asyncio.sleep(0)
    return protocol, transport
