"""Tests of the recipes in `examples/recipes`.

They run against each other and third-party programs; `test_uvicorn_upgrade.py` tests `starlette_upgrade.py`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
import trustme
from anyio.abc import SocketAttribute
from switchover.aio import Exchange, serve

RECIPES = Path(__file__).resolve().parents[1] / "examples" / "recipes"
CURL = shutil.which("curl")
DOCKER = shutil.which("docker")
NODE = shutil.which("node")
HAS_HTTP2 = CURL is not None and b"HTTP2" in subprocess.run([CURL, "--version"], capture_output=True, check=True).stdout
WAIT = 60


TRIO = """
import sys, functools, runpy, anyio
anyio.run = functools.partial(anyio.run, backend="trio")
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
backend = "asyncio"


@pytest.fixture(autouse=True, params=["asyncio", "trio"])
def under(request: pytest.FixtureRequest) -> None:
    """Selects asyncio or trio, under which the recipes of a test run."""
    global backend
    backend = str(request.param)


def python(name: str) -> list[str]:
    """Returns the command that runs a recipe."""
    return [sys.executable, *(["-c", TRIO] if backend == "trio" else []), str(RECIPES / name)]


@contextmanager
def running(name: str, *arguments: str, verb: Sequence[str] = ("serve",)) -> Generator[str]:
    """Runs a recipe's server, and yields its port."""
    command = [*python(name), *verb, "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            yield server.stdout.readline().removeprefix("listening on ").strip()
        finally:
            server.terminate()


def run(*command: str, said: bytes = b"", check: bool = True, **environment: str) -> str:
    """Runs a program and returns its output, or its errors if not `check`."""
    ran = subprocess.run(
        command, input=said, capture_output=True, timeout=WAIT, check=False, env={**os.environ, **environment}
    )
    assert not check or ran.returncode == 0, ran.stderr
    return (ran.stdout if check else ran.stderr).decode()


def recipe(name: str, *arguments: str, said: bytes = b"", check: bool = True) -> str:
    return run(*python(name), *arguments, said=said, check=check)


@contextmanager
def declining() -> Generator[str]:
    """Runs a server that supports HTTP only, and yields its port."""
    with serving(lambda exchange: exchange.respond(404, {}, b"not here\n")) as port:
        yield port


@contextmanager
def serving(handler: Callable[[Exchange], Any], *upgrades: str) -> Generator[str]:
    """Runs a server in a thread, and yields its port."""
    ports: list[int] = []
    started, stop = threading.Event(), threading.Event()

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
            ports.append(listener.extra(SocketAttribute.local_port))
            tasks.start_soon(serve, listener, handler, upgrades)
            started.set()
            while not stop.is_set():
                await anyio.sleep(0.05)
            tasks.cancel_scope.cancel()

    thread = threading.Thread(target=anyio.run, args=(main,))
    thread.start()
    try:
        assert started.wait(WAIT)
        yield str(ports[0])
    finally:
        stop.set()
        thread.join(WAIT)


# A plain request.


def test_upload() -> None:
    with running("own_protocol.py") as port:
        asked = recipe("upload.py", port, "/a", "one", "two")
        assert asked == "200\n/a in HTTP/1.1\nthe stream carries another request: True\n"


# A protocol of your own, with anyio and without.


def test_own_protocol() -> None:
    with running("own_protocol.py") as port:
        assert recipe("own_protocol.py", "ask", port, "hello", "you") == "HELLO\nYOU\n"
        assert recipe("sync_sockets.py", port, "/foo", "hello", "you") == "HELLO\nYOU\n"
        with socket.create_connection(("127.0.0.1", int(port)), timeout=WAIT) as peer:
            # Plain HTTP, then an offer and lines in one segment, and a line that is too long.
            offer = b"GET /a HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n"
            peer.sendall(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n" + offer + b"one\ntwo\n" + b"a" * 70_000)
            got = b"".join(iter(lambda: peer.recv(65_536), b""))
        assert b"/a in HTTP/1.1\n" in got
        assert got.endswith(b"\r\n\r\nONE\nTWO\n")


def test_httpx_upgrade() -> None:
    pytest.importorskip("httpx")
    with running("own_protocol.py") as port:
        assert recipe("httpx_upgrade.py", port, "hello", "you") == "HELLO\nYOU\n"
    with running("short.py", verb=()) as port:
        assert recipe("httpx_upgrade.py", port, "hello") == "HELLO\n"


def test_short() -> None:
    with running("short.py", verb=()) as port:
        # Port 0, the only argument, is a free one, and not the default.
        assert port != "8080"
        with socket.create_connection(("127.0.0.1", int(port)), timeout=WAIT) as peer:
            # A declined offer changes nothing, and the next one is accepted.
            ask = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: %s\r\nConnection: upgrade\r\n\r\n"
            peer.sendall(ask % b"bar" + ask % b"foo/2" + b"hello")
            peer.shutdown(socket.SHUT_WR)
            got = b"".join(iter(lambda: peer.recv(65_536), b""))
        assert got.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"hello in HTTP/1.1\nHTTP/1.1 101 " in got
        assert got.endswith(b"\r\n\r\nHELLO")


NODE_ASKS = """
const request = require("http").request({ port: process.argv[1], path: "/foo",
    headers: { Upgrade: "bar, foo/2", Connection: "upgrade" } });
request.on("upgrade", (response, socket, head) => {
    process.stdout.write(response.statusCode + " " + response.headers.upgrade + "\\n" + head);
    socket.pipe(process.stdout);
    socket.write("hello\\nQUIT\\n");
});
request.end();
"""
NODE_ANSWERS = """
const server = require("http").createServer((request, response) => response.end("plain"));
server.on("upgrade", (request, socket, head) => {
    socket.write("HTTP/1.1 101 Yes\\r\\nUpgrade: foo/2\\r\\nConnection: Upgrade\\r\\n\\r\\nnode says: ");
    socket.on("data", (data) => socket.write(data));
    socket.on("data", (data) => data.includes("QUIT") && socket.end());
});
server.listen(0, "127.0.0.1", () => console.log("listening on " + server.address().port));
"""


@pytest.mark.skipif(NODE is None, reason="there is no Node on this machine")
def test_own_protocol_with_node() -> None:
    assert NODE
    with running("own_protocol.py") as port:
        assert run(NODE, "-e", NODE_ASKS, port) == "101 foo/2\nHELLO\n"
    with subprocess.Popen([NODE, "-e", NODE_ANSWERS], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            port = server.stdout.readline().removeprefix("listening on ").strip()
            assert recipe("own_protocol.py", "ask", port, "hello") == "node says: hello\nQUIT\n"
            assert recipe("sync_sockets.py", port, "/foo", "hello") == "node says: hello\nQUIT\n"
        finally:
            server.terminate()


@pytest.mark.parametrize(
    "name", [["own_protocol.py", "ask"], ["websocket.py", "ask"], ["h2c.py", "ask"], ["sync_sockets.py"]]
)
def test_clients_take_no_for_an_answer(name: list[str]) -> None:
    with declining() as port:
        printed = recipe(*name, port)
    assert printed.startswith("404")
    assert "the request was answered in HTTP/1.1 instead" in printed


# WebSocket.


def test_websocket() -> None:
    with running("websocket.py") as port:
        assert recipe("websocket.py", "ask", port, "hello", "h\u00e4llo", "x" * 100_000).split("\n") == [
            "hello",
            "h\u00e4llo",
            "x" * 100_000,
            "",
        ]


@pytest.mark.parametrize(("name", "chosen"), [("websocket.py", "echo"), ("websockets_sansio.py", None)])
def test_websockets_gets_its_messages_back(name: str, chosen: str | None) -> None:
    client = pytest.importorskip("websockets.sync.client", reason="websockets is not installed")
    with (
        running(name) as port,
        client.connect(f"ws://127.0.0.1:{port}/", proxy=None, max_size=None, subprotocols=["other", "echo"]) as peer,
    ):
        assert peer.subprotocol == chosen
        for message in ("hello", "", bytes(range(256)) * 800):
            peer.send(message)
            assert peer.recv(timeout=WAIT) == message
        assert peer.ping().wait(WAIT)
        peer.close()
        assert peer.protocol.close_code == 1000


def test_websockets_sansio_answers_what_comes_with_the_handshake_and_what_breaks_the_rules() -> None:
    pytest.importorskip("websockets", reason="websockets is not installed")
    offer = (
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    mask = bytes(4)
    with running("websockets_sansio.py") as port:
        for frames, back in (
            (b"\x01\x82" + mask + b"he" + b"\x80\x83" + mask + b"llo", b"\x01\x02he\x80\x03llo"),
            (b"\x89\x81" + mask + b"p", b"\x8a\x01p"),
            (b"\x81\x01a", b"\x88"),
        ):
            with socket.create_connection(("127.0.0.1", int(port)), timeout=WAIT) as peer, peer.makefile("rb") as came:
                peer.sendall(offer + frames)
                while came.readline() != b"\r\n":
                    pass
                assert came.read(len(back)) == back
                peer.sendall(b"\x88\x82" + mask + b"\x03\xe8")
                rest = came.read()
            assert back == b"\x88" or rest == b"\x88\x02\x03\xe8"
        with socket.create_connection(("127.0.0.1", int(port)), timeout=WAIT) as peer:
            peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert peer.recv(65_536).startswith(b"HTTP/1.1 426 ")


def test_it_asks_websockets() -> None:
    server = pytest.importorskip("websockets.sync.server", reason="websockets is not installed")

    def echo(peer: Any) -> None:
        for message in peer:
            peer.send(message.upper())

    with server.serve(echo, "127.0.0.1", 0) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            port = listening.socket.getsockname()[1]
            assert recipe("websocket.py", "ask", str(port), "hello", "you") == "HELLO\nYOU\n"
        finally:
            listening.shutdown()
            thread.join(WAIT)


@pytest.mark.skipif(CURL is None, reason="there is no curl on this machine")
def test_without_an_offer_websocket_is_required() -> None:
    assert CURL
    with running("websocket.py") as port:
        printed = run(CURL, "-s", "-i", "-m", "20", "--noproxy", "*", f"http://127.0.0.1:{port}/")
    assert printed.startswith("HTTP/1.1 426 Upgrade Required\r\n")
    assert "\r\nUpgrade: websocket\r\n" in printed


# HTTP/2.


def test_h2c() -> None:
    with running("h2c.py") as port:
        assert recipe("h2c.py", "ask", port, "/foo") == "GET /foo in HTTP/2\n"


@pytest.mark.skipif(not HAS_HTTP2, reason="there is no curl with HTTP/2 on this machine")
def test_curl_speaks_h2c() -> None:
    assert CURL
    with running("h2c.py") as port:
        url = f"http://127.0.0.1:{port}"
        command = [CURL, "-s", "-S", "-m", "20", "--noproxy", "*", "-w", "%{http_version} %{num_connects}\n"]
        assert run(*command, "--http2", f"{url}/a", f"{url}/b") == ("GET /a in HTTP/2\n2 1\nGET /b in HTTP/2\n2 0\n")
        assert run(*command, f"{url}/a") == "GET /a in HTTP/1.1\n1.1 1\n"
        assert run(*command, "--http2", "-d", "content", f"{url}/a", f"{url}/b").startswith("POST /a in HTTP/2\n2 1\n")
        # More content than an upgrade allows.
        large = run(*command, "--http2", "--data-binary", "@-", f"{url}/a", said=bytes(100_000))
        assert large == "POST /a in HTTP/1.1\n1.1 1\n"


def test_h2c_with_the_other_examples() -> None:
    client = str(RECIPES.parent / "h2c_client.py")
    with running("h2c.py") as port:
        assert run(sys.executable, client, port, "/foo").startswith("stream 1: GET /foo in HTTP/2\n")


# TLS.


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """Returns the paths of a certificate, its key and its authority."""
    folder = tmp_path_factory.mktemp("identity")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(folder / "certificate")
    certificate.private_key_pem.write_to_path(folder / "key")
    authority.cert_pem.write_to_path(folder / "authority")
    return str(folder / "certificate"), str(folder / "key"), str(folder / "authority")


def test_tls(identity: tuple[str, str, str]) -> None:
    certificate, key, authority = identity
    with running("tls.py", certificate, key) as port:
        with socket.create_connection(("127.0.0.1", int(port)), timeout=WAIT) as peer:
            offer = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: TLS/1.2\r\nConnection: upgrade\r\n\r\n"
            peer.sendall(offer + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            got = b"".join(iter(lambda: peer.recv(65_536), b""))
        # Unencrypted bytes are no longer parsed as HTTP.
        assert got.count(b"HTTP/1.1 ") == got.count(b"HTTP/1.1 101 ") == 1
        assert recipe("tls.py", "ask", port, authority).startswith("200 TLSv1.")
        if CURL:
            printed = run(CURL, "-s", "-m", "20", "--noproxy", "*", f"http://127.0.0.1:{port}/")
            assert printed == "in the clear\n"


def test_tls_is_not_done_without(identity: tuple[str, str, str]) -> None:
    with declining() as port:
        said = recipe("tls.py", "ask", port, identity[2], check=False)
    assert said == "no TLS: 404 Not Found: the request was answered in HTTP/1.1 instead\n"


# Docker.


async def daemon(exchange: Exchange) -> None:
    """Acts as a Docker daemon with one container and one command in it, `cat`.

    It supports what `docker exec` and the recipe need.
    """
    target = exchange.request.path
    content = await exchange.read()
    json = {"Api-Version": "1.42", "Content-Type": "application/json"}
    if exchange.upgrade:
        is_raw = b"raw" in target
        kind = "application/vnd.docker." + ("raw-stream" if is_raw else "multiplexed-stream")
        stream = await exchange.accept({"Content-Type": kind})
        async for data in stream:
            head = b"" if is_raw else bytes([2 if data.startswith(b"error") else 1, 0, 0, 0]) + len(data).to_bytes(4)
            if data.startswith(b"cut"):
                await stream.send(head + data[:1])
                await stream.send_eof()
                return
            await stream.send(head + data)
    elif target.endswith(b"/attach"):
        await exchange.respond(404, json, b'{"message":"No such container"}')
    elif exchange.request.method == b"POST":
        await exchange.respond(201, json, b'{"Id":"e1"}' if content else b"")
    else:
        await exchange.respond(200, json, b'{"ID":"e1","Running":false,"ExitCode":0}')


def test_docker_attach() -> None:
    with serving(daemon, "tcp") as port:
        address = f"127.0.0.1:{port}"
        said = bytes(range(256)) * 3_000
        for container in ("c1", "raw"):
            ran = subprocess.run(
                [*python("docker_attach.py"), container, address],
                input=said,
                capture_output=True,
                timeout=WAIT,
                check=True,
            )
            assert ran.stdout == said
        error = subprocess.run(
            [*python("docker_attach.py"), "c1", address],
            input=b"error",
            capture_output=True,
            timeout=WAIT,
            check=True,
        )
        assert (error.stdout, error.stderr) == (b"", b"error")
        assert recipe("docker_attach.py", "c1", address, said=b"") == ""
        cut = subprocess.run(
            [*python("docker_attach.py"), "c1", address], input=b"cut", capture_output=True, timeout=WAIT, check=False
        )
        assert (cut.returncode, cut.stdout, cut.stderr) == (1, b"c", b"the output is cut short\n")
    with serving(daemon) as port:
        said_no = recipe("docker_attach.py", "c1", f"127.0.0.1:{port}", check=False)
    assert said_no.startswith("404 Not Found: ")
    assert "No such container" in said_no


@pytest.mark.skipif(DOCKER is None, reason="there is no docker on this machine")
def test_docker_itself_is_served() -> None:
    assert DOCKER
    with serving(daemon, "tcp") as port:
        command = [DOCKER, "--host", f"tcp://127.0.0.1:{port}", "exec", "--interactive", "c1", "cat"]
        assert run(*command, said=b"one line\nand another\n") == "one line\nand another\n"
