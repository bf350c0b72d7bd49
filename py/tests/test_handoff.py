"""Tests of the examples with wsproto and h2.

They run against each other, curl and websockets, and with input in pieces of several sizes.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_examples import CURL, EXAMPLES, run

pytest.importorskip("h2", reason="h2 is not installed")
pytest.importorskip("wsproto", reason="wsproto is not installed")

from h2 import events as h2_events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes
from wsproto import events as ws_events
from wsproto.connection import Connection as WebSocket, ConnectionType
from wsproto.frame_protocol import CloseReason

HAS_HTTP2 = CURL is not None and "HTTP2" in run(CURL, "--version")
with_curl = pytest.mark.skipif(not HAS_HTTP2, reason="there is no curl with HTTP/2 on this machine")
CONTENT = bytes(range(256)) * 800
HOST = b"Host: a\r\n"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
WEBSOCKET = b"GET / HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n" + KEY + b"\r\n"
H2C = b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Runs `examples/handoff.py`, and yields its port."""
    command = [sys.executable, str(EXAMPLES / "handoff.py"), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield int(server.stdout.readline().removeprefix("listening on "))
        server.terminate()


@dataclass
class Peer:
    """A client with a socket, which sends data when created."""

    port: int
    said: bytes
    heard: bytes = b""

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(self.said)

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def head(self) -> bytes:
        """Returns the next head; bytes after it are kept."""
        while b"\r\n\r\n" not in self.heard:
            data = self.socket.recv(65536)
            assert data, "closed inside a head"
            self.heard += data
        head, self.heard = self.heard.split(b"\r\n\r\n", 1)
        return head

    def some(self) -> bytes:
        """Returns received bytes, at least one; none at EOF."""
        data, self.heard = self.heard or self.socket.recv(65536), b""
        return data

    def rest(self) -> bytes:
        """Returns all bytes until the server closes."""
        return b"".join(iter(self.some, b""))


@dataclass
class Http2Peer:
    """An HTTP/2 connection that begins as a request in HTTP/1.1."""

    port: int
    content: bytes = b""
    window: int = 65_535

    def __post_init__(self) -> None:
        self.answers: dict[int, bytearray] = {}
        self.ended: set[int] = set()
        self.events: list[h2_events.Event] = []
        self.h2 = H2Connection(H2Configuration(client_side=True))
        self.h2.local_settings[SettingCodes.INITIAL_WINDOW_SIZE] = self.window
        self.h2.local_settings.acknowledge()
        settings = self.h2.initiate_upgrade_connection()
        assert settings
        self.request = h2c(b"POST" if self.content else b"GET", self.content, settings)

    def switch(self) -> Http2Peer:
        """Sends the request and awaits the 101."""
        self.peer = Peer(self.port, self.request)
        assert self.peer.head().startswith(b"HTTP/1.1 101 ")
        return self

    def __enter__(self) -> Http2Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.peer.socket.close()

    def step(self) -> None:
        """Sends pending bytes, and handles received ones."""
        self.peer.socket.sendall(self.h2.data_to_send())
        data = self.peer.some()
        assert data, "the server has closed"
        for event in self.h2.receive_data(data):
            self.events.append(event)
            if isinstance(event, h2_events.DataReceived):
                self.answers.setdefault(event.stream_id, bytearray()).extend(event.data)
            if isinstance(event, h2_events.StreamEnded):
                self.ended.add(event.stream_id)

    def answer(self, stream: int) -> bytes:
        """Returns the content of a response, and extends the window as it arrives."""
        granted = 0
        while stream not in self.ended:
            self.step()
            come = len(self.answers.get(stream, b""))
            self.h2.acknowledge_received_data(come - granted, stream)
            granted = come
        return bytes(self.answers.get(stream, b""))

    def ask(self, stream: int, method: str, target: str = "/echo", *, end: bool = True) -> None:
        """Queues the head of a request on a stream; the next `step` sends it."""
        head = [(":method", method), (":scheme", "http"), (":authority", "a"), (":path", target)]
        self.h2.send_headers(stream, head, end_stream=end)


def h2c(method: bytes, content: bytes, *settings: bytes) -> bytes:
    """Returns a request that offers h2c, with an HTTP2-Settings line for each setting."""
    lines = b"".join(b"HTTP2-Settings: %s\r\n" % line for line in settings)
    return b"%s /echo HTTP/1.1\r\n%s%s%sContent-Length: %d\r\n\r\n%s" % (
        *(method, HOST, H2C, lines, len(content)),
        content,
    )


def cuts(data: bytes, size: int) -> Iterator[bytes]:
    """Yields the data in pieces of `size` bytes; the last may be shorter."""
    return (data[start : start + size] for start in range(0, len(data), size))


def curl(port: int, *arguments: str, cwd: Path | None = None) -> str:
    """Runs curl and returns its output; words that begin with a slash are targets."""
    assert CURL
    given = [f"http://127.0.0.1:{port}{word}" if word.startswith("/") else word for word in arguments]
    command = [CURL, "-sS", "--noproxy", "*", "-m", "20", "--http2", *given]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, cwd=cwd).stdout


def test_the_client_goes_on_in_http2(port: int) -> None:
    printed = run(sys.executable, str(EXAMPLES / "h2c_client.py"), str(port), "/foo")
    assert printed == "stream 1: GET /foo in HTTP/2\nstream 3: content came back: True\n"


def test_the_client_takes_no_for_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, str(EXAMPLES / "h2c_client.py"), str(listener.getsockname()[1])]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            peer, _ = listener.accept()
            with peer:
                request = peer.recv(65536)
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nplain\n")
                printed = client.communicate(timeout=20)[0]
    assert b"\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n" in request
    # RFC 7540, 3.2.1: base64url without padding.
    assert re.search(rb"\r\nHTTP2-Settings: [A-Za-z0-9_-]+\r\n", request)
    assert printed == "200 not switched: the request was answered in HTTP/1.1 instead\nplain\n"


@with_curl
def test_curl_asks_twice_on_one_connection(port: int) -> None:
    printed = curl(port, "-w", "%{http_version} %{num_connects}\n", "/a", "/b")
    assert printed == "GET /a in HTTP/2\n2 1\nGET /b in HTTP/2\n2 0\n"


@with_curl
@pytest.mark.parametrize("expect", ["", "100-continue"])
def test_curl_sends_content_before_the_switch_and_after_it(port: int, tmp_path: Path, expect: str) -> None:
    # Some versions of curl cannot receive more than 32 KiB in one segment with the 101.
    (tmp_path / "small").write_bytes(CONTENT[:20_000])
    (tmp_path / "large").write_bytes(CONTENT)
    first = ["-D", "heads", "-o", "small back", "-H", f"Expect: {expect}", "--data-binary", "@small", "/echo"]
    second = ["--next", "-o", "large back", "--http2", "--noproxy", "*", "--data-binary", "@large", "/echo"]
    curl(port, *first, *second, cwd=tmp_path)
    statuses = re.findall(r"^HTTP/\S+ \d+", (tmp_path / "heads").read_text(), re.M)
    assert statuses == ["HTTP/1.1 100"] * bool(expect) + ["HTTP/1.1 101", "HTTP/2 200"]
    assert (tmp_path / "small back").read_bytes() == CONTENT[:20_000]
    assert (tmp_path / "large back").read_bytes() == CONTENT


@with_curl
def test_an_offer_with_too_much_content_is_declined(port: int, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(CONTENT)
    printed = curl(port, "-w", "%{http_version}", "-o", "back", "--data-binary", "@large", "/echo", cwd=tmp_path)
    assert printed == "1.1"
    assert (tmp_path / "back").read_bytes() == CONTENT


@pytest.mark.parametrize("size", [65_535, 65_536])
def test_the_largest_content_before_a_switch(port: int, size: int) -> None:
    with Peer(port, h2c(b"POST", CONTENT[:size], b"AAMAAABk")) as peer:
        assert peer.head().startswith(b"HTTP/1.1 101 " if size == 65_535 else b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "settings", [[], [b"AAMAAABk", b"AAMAAABk"], [b"A"], [b"AAMAAAA"], [b"AAAA"], [b"AAT_____"], [b"AAIAAAAC"]]
)
def test_an_offer_without_settings_that_can_be_used_is_declined(port: int, settings: list[bytes]) -> None:
    with Peer(port, h2c(b"GET", b"", *settings) + b"GET /next HTTP/1.1\r\n%s\r\n" % HOST) as peer:
        assert peer.head().startswith(b"HTTP/1.1 200 ")
        while b"GET /next in HTTP/1.1" not in peer.heard:
            peer.heard += peer.socket.recv(65536)


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_http2_in_every_cut_and_not_a_byte_lost(port: int, size: int) -> None:
    http2 = Http2Peer(port, b"before")
    http2.ask(3, "POST", end=False)
    http2.h2.send_data(3, b"after", end_stream=True)
    # A client should await the 101; one that does not still loses nothing.
    pieces = cuts(http2.request + http2.h2.data_to_send(), size)
    http2.peer = Peer(port, next(pieces))
    with http2:
        for piece in pieces:
            http2.peer.socket.sendall(piece)
        assert http2.peer.head().startswith(b"HTTP/1.1 101 ")
        assert (http2.answer(1), http2.answer(3)) == (b"before", b"after")


def test_the_settings_of_the_request_bound_the_answer(port: int) -> None:
    with Http2Peer(port, CONTENT[:5_000], window=1_000).switch() as http2:
        while len(http2.answers.get(1, b"")) < 1_000:
            http2.step()  # h2 raises where more comes than there is room for
        assert 1 not in http2.ended
        http2.h2.acknowledge_received_data(1_000, 1)
        http2.h2.increment_flow_control_window(4_000, 1)
        while 1 not in http2.ended:
            http2.step()
        assert http2.answers[1] == CONTENT[:5_000]


def test_the_server_takes_no_more_than_it_can_give_back(port: int) -> None:
    with Http2Peer(port, window=0).switch() as http2:
        http2.ask(3, "POST", end=False)
        while room := min(http2.h2.local_flow_control_window(3), 16_384):
            http2.h2.send_data(3, CONTENT[:room])
        http2.h2.ping(b"12345678")
        while not any(isinstance(event, h2_events.PingAckReceived) for event in http2.events):
            http2.step()
        assert http2.h2.local_flow_control_window(3) == 0
        http2.h2.increment_flow_control_window(65_535, 3)
        while not http2.h2.local_flow_control_window(3):
            http2.step()
        assert len(http2.answers[3]) == 65_535


def test_a_stream_that_is_reset_takes_no_other_with_it(port: int) -> None:
    with Http2Peer(port).switch() as http2:
        for stream in range(3, 43, 2):
            http2.ask(stream, "POST", end=False)
            http2.h2.send_data(stream, CONTENT[:3_000])
            http2.h2.reset_stream(stream)
        http2.ask(43, "GET", "/last")
        assert http2.answer(1) == b"GET /echo in HTTP/2\n"
        assert http2.answer(43) == b"GET /last in HTTP/2\n"
        # The window is open again for what they had sent, all but 5,535 bytes of the connection's window.
        while http2.h2.outbound_flow_control_window < 30_000:
            http2.step()


def test_an_error_in_http2_is_said(port: int) -> None:
    with Http2Peer(port).switch() as http2:
        http2.peer.socket.sendall(http2.h2.data_to_send() + b"\0\0\0\0\1\0\0\0\3")
        while not any(isinstance(event, h2_events.ConnectionTerminated) for event in http2.events):
            http2.step()


@pytest.mark.parametrize("size", [1, 5, 100_000])
def test_websocket_in_every_cut_and_not_a_byte_lost(port: int, size: int) -> None:
    websocket = WebSocket(ConnectionType.CLIENT)
    sent = [
        ws_events.TextMessage("h\u00e4llo", message_finished=False),
        ws_events.Ping(b"there?"),
        ws_events.TextMessage(" you"),
        ws_events.BytesMessage(CONTENT[:300]),
        ws_events.CloseConnection(CloseReason.NORMAL_CLOSURE),
    ]
    pieces = cuts(WEBSOCKET + b"".join(map(websocket.send, sent)), size)
    with Peer(port, next(pieces)) as peer:
        for piece in pieces:
            peer.socket.sendall(piece)
            time.sleep(0 if size > 1 else 0.0005)
        assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in peer.head() + b"\r\n"
        websocket.receive_data(peer.rest())
    heard = list(websocket.events())
    messages = [event.data for event in heard if isinstance(event, ws_events.TextMessage | ws_events.BytesMessage)]
    assert "".join(data for data in messages if isinstance(data, str)) == "h\u00e4llo you"
    assert b"".join(data for data in messages if isinstance(data, (bytes, bytearray))) == CONTENT[:300]
    assert ws_events.Pong(b"there?") in heard
    assert heard[-1] == ws_events.CloseConnection(CloseReason.NORMAL_CLOSURE, "")


def test_an_error_in_websocket_is_said(port: int) -> None:
    # RFC 6455, 5.1: a server closes if a client does not mask; the code is 1002.
    with Peer(port, WEBSOCKET + b"\x81\x02hi") as peer:
        peer.head()
        assert re.match(rb"\x88.\x03\xea", peer.rest())


def test_websockets_gets_its_messages_back(port: int) -> None:
    client = pytest.importorskip("websockets.sync.client", reason="websockets is not installed")
    with client.connect(f"ws://127.0.0.1:{port}/", proxy=None, max_size=None) as websocket:
        for message in ("hello", "", CONTENT):
            websocket.send(message)
            assert websocket.recv(timeout=20) == message
        websocket.send(["in ", "parts"])
        assert websocket.recv(timeout=20) == "in parts"
        assert websocket.ping().wait(20)
    assert websocket.protocol.close_code == 1000


def test_all_three_on_one_port(port: int) -> None:
    # Plain requests, a switch after them, all in one segment.
    plain = b"GET /a HTTP/1.1\r\n%s\r\nPOST /b HTTP/1.1\r\n%sContent-Length: 4\r\n\r\nbody" % (HOST, HOST)
    with Peer(port, plain + WEBSOCKET + b"\x88\x80\0\0\0\0") as peer:
        heard = peer.rest()
    assert re.findall(rb"HTTP/1.1 \d+", heard) == [b"HTTP/1.1 200", b"HTTP/1.1 200", b"HTTP/1.1 101"]
    assert b"GET /a in HTTP/1.1\n" in heard
    assert b"\r\nbody\r\n" in heard
    assert heard.endswith(b"\r\n\r\n\x88\x00")
