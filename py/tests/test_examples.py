"""Tests of example programs, against each other, curl and sockets."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CURL = shutil.which("curl")
with_curl = pytest.mark.skipif(CURL is None, reason="there is no curl on this machine")
OFFER = ["-H", "Upgrade: bar, foo/2", "-H", "Connection: upgrade"]


@pytest.fixture(scope="module", params=["server.py", "buffered.py"])
def port(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs `server.py` or `buffered.py`, and yields its port."""
    command = [sys.executable, str(EXAMPLES / str(request.param)), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield server.stdout.readline().removeprefix("listening on ").strip()
        server.terminate()


def run(*command: str) -> str:
    """Runs a program and returns its output."""
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout


def curl(port: str, *arguments: str) -> str:
    """Runs curl with one or more targets and returns its output."""
    assert CURL
    arguments = tuple(f"http://127.0.0.1:{port}{word}" if word.startswith("/") else word for word in arguments)
    return run(CURL, "-s", "-i", "-N", "-m", "10", *arguments)


def test_the_client_switches_to_foo_2(port: str) -> None:
    printed = run(sys.executable, str(EXAMPLES / "client.py"), port, "/foo", "hello", "you")
    assert printed == "foo/2 answers GET /foo\nHELLO\nYOU\n"


def send_for_ever(client: socket.socket, data: bytes) -> None:
    """Sends the same bytes until the server ends the connection."""
    while True:
        client.sendall(data)


def test_many_lines_at_once_all_come_back(port: str) -> None:
    lines = [b"%d %s\n" % (number, b"x" * 1000) for number in range(500)]
    head = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo/2\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(port)), timeout=20) as client:
        # A close with unread bytes would reset the connection, and lose what the client has not received.
        unread = b"x" * 900_000
        sender = threading.Thread(target=client.sendall, args=(head + b"".join(lines) + b"QUIT\n" + unread,))
        sender.start()
        time.sleep(0.5)
        received = b"".join(iter(lambda: client.recv(1 << 16), b""))
        sender.join()
    assert received.endswith(b"\n" + b"".join(lines).upper())


def test_a_line_without_an_end_ends_the_connection(port: str) -> None:
    head = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo/2\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(port)), timeout=20) as client:
        client.sendall(head)
        with pytest.raises(ConnectionError):
            send_for_ever(client, b"x" * (1 << 16))


def test_the_client_takes_no_for_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, str(EXAMPLES / "client.py"), str(listener.getsockname()[1])]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            peer, _ = listener.accept()
            with peer:
                request = peer.recv(65536)
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain")
                printed = client.communicate(timeout=20)[0]
    assert b"\r\nUpgrade: foo/2\r\nConnection: Upgrade\r\n" in request
    assert printed == "200 not switched: the request was answered in HTTP/1.1 instead\nplain"


@with_curl
def test_curl_speaks_http_on_one_connection(port: str) -> None:
    printed = curl(port, "/a", "-d", "content", "-H", "Expect: 100-continue", "/b")
    assert "POST /a in HTTP/1.1" in printed
    assert "POST /b in HTTP/1.1" in printed
    assert printed.count("HTTP/1.1 100 Continue") == 2


@with_curl
def test_curl_sees_the_advertisement(port: str) -> None:
    assert "\nUpgrade: foo/2\n" in curl(port, "-I", "/a").replace("\r", "")


@with_curl
def test_curl_switches_to_foo_2(port: str) -> None:
    # curl sends its upload, but then waits for the server to close.
    assert CURL
    url = f"http://127.0.0.1:{port}/foo"
    command = [CURL, "-s", "-i", "-N", "-m", "10", *OFFER, "-X", "GET", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout
        head = [asking.stdout.readline().strip() for _ in range(5)]
        asking.terminate()
    assert head[0] == "HTTP/1.1 101 Switching Protocols"
    assert head[-1] == "foo/2 answers GET /foo"


def test_no_byte_is_lost_around_the_switch(port: str) -> None:
    request = b"GET /foo HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\none\ntwo\n"
    with socket.create_connection(("127.0.0.1", int(port)), timeout=20) as peer:
        # Request and line in one segment, then the rest of the line in another.
        peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + request + b"thr")
        peer.sendall(b"ee\nQUIT\n")
        received = b"".join(iter(lambda: peer.recv(65536), b""))
    assert b"GET / in HTTP/1.1\n" in received
    assert received.endswith(b"\r\n\r\nfoo/2 answers GET /foo\nONE\nTWO\nTHREE\n")


@pytest.mark.parametrize(
    ("request_head", "status"), [(b"GET / HTTP/1.1\n", b"400"), (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", b"501")]
)
def test_what_cannot_be_served_is_answered_and_closed(port: str, request_head: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(port)), timeout=20) as peer:
        peer.sendall(request_head)
        received = b"".join(iter(lambda: peer.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 " + status)
    assert re.search(rb"\r\nConnection: [^\r]*close\r\n", received)


LATE = """import asyncio, sys
sys.argv, sys.path = ["x"], [sys.argv[1], *sys.path]
import server, {module}
from switchover import Awaiting
for awaiting in list(server.TIMEOUTS):
    server.TIMEOUTS[awaiting] = 0.3
server.LINGER_MAX = {module}.LINGER_MAX = 0.3
server.LINGER_IDLE = 0.1
server.SENDING = server.IDLE = {module}.SENDING = {module}.IDLE = 0.3
asyncio.run({module}.main(0))
"""


@pytest.fixture(params=["server", "buffered", "handoff"])
def late(request: pytest.FixtureRequest) -> Iterator[int]:
    """Runs a server with shorter timeouts, and yields its port."""
    module = str(request.param)
    code = LATE.format(module=module)
    if module == "handoff":
        pytest.importorskip("wsproto")
        code = code.replace("handoff.LINGER_MAX = ", "")
    command = [sys.executable, "-c", code, str(EXAMPLES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield int(server.stdout.readline().removeprefix("listening on "))
        server.terminate()


def said(port: int, *pieces: bytes, ends: bool = False) -> bytes:
    """Sends the pieces and returns all bytes until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        for piece in pieces:
            peer.sendall(piece)
        if ends:
            peer.shutdown(socket.SHUT_WR)
        got = b""
        while data := peer.recv(65536):
            got += data
    return got


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"


def test_a_client_that_waits_is_left_or_answered(late: int) -> None:
    assert said(late) == b""
    assert said(late, b"GET / HT").startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert said(late, POST % 9 + b"abc").startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert said(late, GET).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_client_that_reads_nothing_is_left(late: int) -> None:
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.settimeout(10)
        peer.connect(("127.0.0.1", late))
        with pytest.raises(ConnectionError):
            send_for_ever(peer, GET * 1000)


def test_a_client_that_is_silent_after_the_switch_is_left(late: int) -> None:
    offer = b"Connection: Upgrade\r\nUpgrade: foo/2, websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    assert said(late, GET[:-2] + offer + key).startswith(b"HTTP/1.1 101 Switching Protocols\r\n")


def test_a_client_that_has_ended_is_answered(late: int) -> None:
    assert said(late, GET, ends=True).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_clients_error_is_answered_once(late: int) -> None:
    got = said(late, GET + b"GET / HTTP/1.1\r\nHost : a\r\n\r\n" + GET)
    assert (got.count(b"HTTP/1.1 200 OK\r\n"), got.count(b"HTTP/1.1 400 Bad Request\r\n")) == (1, 1)


def test_content_has_a_limit(late: int) -> None:
    assert said(late, POST % (2 << 20) + bytes(65536)).startswith(b"HTTP/1.1 413 Content Too Large\r\n")


def test_a_pipeline_of_a_client_that_has_reset_is_not_answered(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "buffered.py"), "0"]
    log = tmp_path / "log"
    with log.open("wb") as err, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, text=True) as server:
        assert server.stdout
        port = int(server.stdout.readline().removeprefix("listening on "))
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
                os.kill(server.pid, signal.SIGSTOP)
                peer.sendall(GET * 2000)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.kill(server.pid, signal.SIGCONT)
            assert said(port, GET, ends=True).startswith(b"HTTP/1.1 200 ")
        server.terminate()
    assert log.read_text() == ""
