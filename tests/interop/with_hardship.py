"""Overload and abuse that public servers meet.

Cases have too many clients, slow, silent and vanished ones, and interruptions.

Most cases test several of our examples at the same time, so that no case takes long.
"""

import contextlib
import os
import re
import resource
import select
import signal
import socket
import ssl
import struct
import threading
import time
from pathlib import Path

import in_c
from harness import (
    THROUGH_US,
    WAIT,
    Example,
    Raw,
    Switchboard,
    beside,
    case,
    check,
    port_of,
    read_head,
    resets,
    same,
    scripted,
)
from with_sockets import WEBSOCKET

TIMEOUT = "1"
LATEST = 20  # seconds: with that timeout a connection has ended long before
DESCRIPTORS = 64
IDLE = 1000
HELLO = b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n"


class Server(Example):
    """A running server of ours, with at most `descriptors` descriptors if that is set."""

    def __init__(self, name, command, descriptors=None, secure=False):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.name, self.secure = name, secure
        self.start([str(part) for part in command], preexec_fn=limit if descriptors else None)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=WAIT)

    def answers(self):
        """Checks that a new client is served: over TLS a handshake is enough."""
        with self.connect() as connection:
            if self.secure:
                in_tls(connection).close()
                return
            connection.sendall(HELLO)
            head = connection.recv(65536)
        check(head.startswith(b"HTTP/1.1 "), self.name, "answered", head)

    def seconds(self):
        """Returns the processor time of the server's process, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def in_tls(connection):
    context = ssl._create_unverified_context()
    context.set_alpn_protocols(["h2"])
    return context.wrap_socket(connection, server_hostname="localhost")


def in_rust(backend, descriptors=None, timeout=TIMEOUT):
    """Starts the switchboard and examples in Rust; proxies get this backend."""
    start = {
        "server.rs": [beside("server"), "0", timeout],
        "switchboard": [beside("switchboard"), "--port", "0", "--timeout", timeout, "--connections", "2000"],
        "gateway": [beside("gateway"), "--port", "0", "--backend", f"127.0.0.1:{backend}", "--timeout", timeout],
        "bridge": [beside("bridge"), "--port", "0", "--backend", f"127.0.0.1:{backend}", "--timeout", timeout],
    }
    return [Server(name, command, descriptors, name == "bridge") for name, command in start.items()]


def examples_in_c(_, descriptors=None, timeout=TIMEOUT):
    start = {"server.c": in_c.server(), "epoll": in_c.epoll()}
    return [Server(name, [program, "0", timeout], descriptors) for name, program in start.items()]


def hardship(**setting):
    """Registers a function of a server as two cases.

    One is for the examples in Rust, the other for those in C. The functions that start them get `setting`.
    """

    def register(function):
        for language, begin in [("Rust", in_rust), ("C", examples_in_c)]:

            def all_at_once(board, begin=begin):
                with contextlib.ExitStack() as stack:
                    servers = [stack.enter_context(server) for server in begin(board.port, **setting)]
                    at_once([lambda server=server: function(server) for server in servers])

            all_at_once.__name__ = f"{function.__name__}_in_{language}"
            case("a socket", "HTTP/1.1")(all_at_once)
        return function

    return register


def at_once(attempts):
    failures = []

    def work(attempt):
        try:
            attempt()
        except Exception as error:  # told to the case, which runs in another thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(attempt,), daemon=True) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not failures, *failures)


# Too many connections.


@hardship(descriptors=DESCRIPTORS, timeout="60")
def out_of_descriptors(server):
    """A server without free descriptors neither ends nor spins.

    When connections are closed it serves a new one.
    """
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(server.connect()) for _ in range(2 * DESCRIPTORS)]
        folder = Path(f"/proc/{server.process.pid}/fd")
        wait_until(lambda: len(list(folder.iterdir())) >= DESCRIPTORS - 1, server.name, "has descriptors left")
        before, begun = server.seconds(), time.monotonic()
        time.sleep(1)
        used = (server.seconds() - before) / (time.monotonic() - begun)
        check(used < 0.3, server.name, "spins:", used, "of a processor")
        check(server.process.poll() is None, server.name, "has ended")
        del held
    server.answers()


def wait_until(condition, *what):
    end = time.monotonic() + WAIT
    while not condition():
        check(time.monotonic() < end, *what)
        time.sleep(0.02)


@hardship(timeout="5")
def a_thousand_idle_connections(server):
    with contextlib.ExitStack() as stack:
        for _ in range(IDLE):
            stack.enter_context(server.connect())
        server.answers()


@case("a socket", "HTTP/1.1")
def an_answer_that_comes_later(_):
    """Requests sent before an asynchronous response are kept by the engine.

    The server must serve them afterwards without receiving more bytes.
    """
    with Server("server.c", [in_c.server(), "0", str(3 * WAIT)]) as server:
        raw = Raw(server.port, HELLO.replace(b"/plain", b"/later") + HELLO)
        for _ in range(2):
            check(raw.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 "), "an answer")
            same(raw.until(b"\n"), b"hello in HTTP/1.1\n")
        raw.socket.close()


# Too slow clients.


@hardship()
def a_byte_now_and_then(server):
    """Timeouts for heads and content cannot be evaded by single bytes now and then."""
    if server.secure:
        return  # it takes nothing in clear: see below
    head = b"GET /plain HTTP/1.1\r\nHost: a\r\nX: "
    content = b"POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
    chunks = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    at_once([lambda: ends(server, head), lambda: ends(server, content), lambda: ends(server, chunks, b"1\r\nx\r\n")])


def ends(server, data, more=b"x"):
    """Checks that the connection is closed although the client goes on to send `more`."""
    with server.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(data)
        trickle(server, connection, more)


def trickle(server, connection, more):
    end = time.monotonic() + LATEST
    while time.monotonic() < end:
        time.sleep(0.2)
        if select.select([connection], [], [], 0)[0] and not connection.recv(65536):
            return
        connection.sendall(more)
    raise AssertionError(f"{server.name} waits for ever")


@hardship()
def a_client_that_does_not_read(server):
    """A server disconnects a client that does not read, and serves others meanwhile."""
    if server.secure:
        return
    with server.connect() as connection, contextlib.suppress(ConnectionError):
        connection.setblocking(False)
        # A server stalls once all buffers in between are full, which takes long on a busy machine.
        end, waits_since = time.monotonic() + 5 * LATEST, time.monotonic()
        has_waited = False
        while time.monotonic() < end:
            with contextlib.suppress(BlockingIOError):
                connection.send(HELLO * 1000)
                waits_since = time.monotonic()
            if not has_waited and time.monotonic() - waits_since > 0.3:
                has_waited = True
                server.answers()
            time.sleep(0.001)
        raise AssertionError(f"{server.name} waits for ever")


@case("a socket", "foo/2")
def a_client_that_does_not_read_after_a_switch(_):
    """A server in C resets a connection if it gives up lines that it has not sent.

    After a FIN, a client that reads later would take a part of a line for the last one.
    """
    line = b"X" * 60_000 + b"\n"
    with Server("server.c", [in_c.server(), "0", TIMEOUT]) as server, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(WAIT)
        client.connect(("127.0.0.1", server.port))
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo/2\r\n\r\n")
        for _ in range(3):
            # The server reads each line before it stalls: unread bytes would cause a reset in any case.
            client.sendall(line)
            time.sleep(0.1)
        before = descriptors(server)
        wait_until(lambda: descriptors(server) < before, "it waits for ever")
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := client.recv(65536):
                got += piece
            same(got.partition(b"foo/2 answers GET /\n")[2], 3 * line)


@case("a socket", "TLS")
def a_silent_client_in_tls(board):
    """A server closes the connection of a client that is silent in TLS.

    The client sends nothing, or only part of its handshake. Or after the handshake it sends nothing, or too little of
    HTTP/2 for a request.
    """
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(server) for server in in_rust(board.port)]
        for server in servers:
            server.secure = True
        servers = [server for server in servers if server.name in ["bridge", "switchboard"]]
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
        attempts = [lambda s=server, o=data: ends(s, o, b"") for server in servers for data in [b"", hello]]
        attempts += [lambda s=server, o=data: ends_in_tls(s, o) for server in servers for data in PREFACES]
        at_once(attempts)


# No byte, half of the HTTP/2 preface, and a whole preface with half of a head.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PREFACES = [b"", PREFACE[:9], PREFACE + b"\0\0\0\4\0\0\0\0\0" + b"\0\0\x40\1\4\0\0\0\1"]


@case("a socket", "HTTP/2")
def clients_that_leave_within_the_preface(_):
    """Clients that disconnect within the HTTP/2 preface do not delay others.

    There are more of them than are served at once.
    """
    with Server("switchboard", [beside("switchboard"), "--port", "0"]) as server:
        for data in [b"P", PREFACE[:16]]:
            for _ in range(300):
                with server.connect() as connection:
                    connection.sendall(data)
                    resets(connection)
        begun = time.monotonic()
        server.answers()
        check(time.monotonic() - begun < LATEST, "it has taken", time.monotonic() - begun)


def ends_in_tls(server, data):
    with contextlib.suppress(ConnectionError, ssl.SSLError), server.connect() as connection:
        connection = in_tls(connection)
        connection.sendall(data)
        end = time.monotonic() + LATEST
        connection.settimeout(LATEST)
        while connection.recv(65536):
            check(time.monotonic() < end, server.name, "waits for ever")


# Interruptions.


@hardship()
def a_cut_answer_to_http_1_0(server):
    """A truncated response to HTTP/1.0 does not look complete.

    Such a response without a length ends with its connection, so a reset marks it as truncated.
    """
    if server.name not in ["switchboard", "epoll"]:
        return  # whose answers have a length; the gateway has cases of its own
    with server.connect() as connection:
        connection.sendall(b"POST /echo HTTP/1.0\r\nContent-Length: 100\r\n\r\nhalf")
        with contextlib.suppress(ConnectionResetError):
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
            head, _, content = answer.partition(b"\r\n\r\n")
            length = re.search(rb"\r\ncontent-length: (\d+)", head)
            check(length and len(content) < int(length[1]), "the answer of", server.name, "looks complete:", answer)


@hardship(timeout="30")
def an_interrupt_in_the_middle(server):
    """An interrupt ends the process and all connections.

    The connections are within a head, within content, and idle.
    """
    with contextlib.ExitStack() as stack:
        for data in [b"", b"GET / HT", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"]:
            stack.enter_context(server.connect()).sendall(data)
        time.sleep(0.2)
        begun = time.monotonic()
        status = server.stop()
        check(status in (0, -signal.SIGINT), server.name, "ended with", status)
        check(time.monotonic() - begun < LATEST / 2, server.name, "took", time.monotonic() - begun)


@case("a socket", "foo/2")
def an_interrupt_ends_what_has_switched(_):
    """An interrupt ends an upgraded connection too, however long the client stays."""
    with Server("tokio_server", [beside("tokio_server"), "0"]) as server:
        client = Raw(server.port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo/2\r\n\r\nhello\n")
        client.until(b"HELLO\n")
        same(server.stop(), 0, "status")
        same(client.rest(), b"")


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_is_interrupted_in_the_middle(_):
    """An interrupted gateway completes the current response, which says `close`."""
    arrives, goes_on = threading.Event(), threading.Event()

    def script(connection):
        read_head(connection)
        arrives.set()
        check(goes_on.wait(WAIT), "no signal")
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
        time.sleep(0.2)
        connection.sendall(b"lf")

    with scripted(script) as url, gateway(port_of(url)) as front:
        idle, raw = Raw(front.port), Raw(front.port, HELLO)
        check(arrives.wait(WAIT), "no request")
        front.process.send_signal(signal.SIGINT)
        same(idle.rest(), b"")
        goes_on.set()
        got = raw.rest()
        check(front.process.wait(WAIT) == 0, "ended with", front.process.returncode)
    check(got.startswith(b"HTTP/1.1 200 ") and b"\r\nconnection: close\r\n" in got and got.endswith(b"half"), got)


def gateway(backend, *arguments):
    return Server("gateway", [beside("gateway"), "--port", "0", "--backend", f"127.0.0.1:{backend}", *arguments])


# HTTP/2 before the bridge, by hand, since no library would send such frames.


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def get(stream):
    """Returns a HEADERS frame of a GET, with END_STREAM and END_HEADERS.

    The static table (RFC 7541, appendix A) has GET, https and /; the authority follows as a literal.
    """
    return frame(1, 5, stream, b"\x82\x87\x84\x41\x01a")


# A `CONNECT` with a `:protocol` (RFC 8441), and a POST that is followed by content.
OFFERS = b"\x02\x07CONNECT\x87\x84\x41\x01a\x00\x09:protocol\x06echo/1"
POSTS = b"\x83\x87\x84\x41\x01a"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n"


@contextlib.contextmanager
def over_http2(server, settings=b""):
    with server.connect() as connection, in_tls(connection) as client:
        client.sendall(PREFACE + frame(4, 0, 0, settings))
        yield client


def descriptors(server):
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def bridge(backend, timeout=60):
    command = [beside("bridge"), "--port", "0", "--backend", f"127.0.0.1:{backend}", "--timeout", str(timeout)]
    return Server("bridge", command, secure=True)


@case("a socket", "HTTP/2")
def streams_that_are_cancelled_at_once(_):
    """Cancelled streams release their connections to the backend.

    Each had one, and the backend never responds: kept ones would add up to all descriptors.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as silent, bridge(silent.getsockname()[1]) as front:
        before = descriptors(front)
        with over_http2(front) as client:
            for begin in range(1, 800, 160):
                streams = range(begin, begin + 160, 2)
                client.sendall(b"".join(map(get, streams)))
                wait_until(lambda: descriptors(front) > before + 40, "no stream has come to the backend")
                client.sendall(b"".join(frame(3, 0, stream, (8).to_bytes(4, "big")) for stream in streams))
                wait_until(lambda: descriptors(front) <= before + 2, "cancelled streams keep descriptors")
        front.answers()


@case("a socket", "HTTP/2")
def a_client_of_http2_that_never_reads(board):
    """The bridge disconnects an HTTP/2 client that does not read.

    The client's window is larger than all buffers. The bridge's connections to the backend end as well.
    """
    wide = (4).to_bytes(2, "big") + (2**31 - 1).to_bytes(4, "big")
    with large_backend() as backend, bridge(backend, 3) as front:
        before = descriptors(front)
        with over_http2(front, wide) as client:
            client.sendall(frame(8, 0, 0, (2**30).to_bytes(4, "big")) + b"".join(map(get, range(1, 100, 2))))
            wait_until(lambda: descriptors(front) > before, "no stream has come to the backend")
            wait_until(lambda: descriptors(front) <= before, "it waits for ever")
        front.answers()


def memory(server):
    """Returns the anonymous resident memory of a server's process, in kB."""
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+)", text).group(1))


@case("a socket", "HTTP/2")
def field_sections_that_are_large_once_decoded(_):
    """An unfinished header block keeps little memory.

    One byte of HPACK may stand for a whole field line.
    """
    block = get(1)[9:] + b"\x40\x01a\x00" + b"\xbe" * 480_000
    pieces = [block[at : at + 16_384] for at in range(0, len(block), 16_384)]
    unfinished = b"".join(frame(9 if at else 1, 0 if at else 1, 1, piece) for at, piece in enumerate(pieces))
    plain = [beside("switchboard"), "--port", "0"]
    with large_backend() as backend, bridge(backend) as front, Server("switchboard", plain) as board:
        for server, secured in [(front, in_tls), (board, contextlib.nullcontext)]:
            before = memory(server)
            with contextlib.ExitStack() as opened:
                for _ in range(10):
                    client = opened.enter_context(secured(opened.enter_context(server.connect())))
                    with contextlib.suppress(OSError):
                        client.sendall(PREFACE + frame(4, 0, 0) + unfinished)
                server.answers()
                more = memory(server) - before
                check(more < 32_000, f"{more} kB more")


@case("a socket", "echo/1")
def a_client_that_resets_behind_bytes_that_its_backend_does_not_read(_):
    """A tunnel whose client resets behind unread bytes ends after a time limit.

    The backend does not read, so the gateway does not read from the client, either, and sees no
    reset.
    """
    offer = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo/1\r\n\r\n"
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        gateway(listener.getsockname()[1], "--timeout", "1") as front,
    ):
        before = descriptors(front)
        with front.connect() as client:
            client.sendall(offer)
            backend, _address = listener.accept()
            with backend:
                backend.recv(65536)
                backend.sendall(SWITCH)
                client.recv(65536)
                client.settimeout(1)
                with contextlib.suppress(TimeoutError):
                    while True:
                        client.sendall(b"x" * 65_536)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
                wait_until(lambda: descriptors(front) <= before, "the tunnel stays")


@contextlib.contextmanager
def before_narrow_backends(streams):
    """Yields the bridge, its client, the backends and their listener.

    Each stream has a backend of its own, with a new protocol. The backends' buffers are small.
    """
    with contextlib.ExitStack() as opened:
        listener = opened.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(WAIT)
        front = opened.enter_context(bridge(listener.getsockname()[1]))
        client = opened.enter_context(over_http2(front))
        backends = []
        for stream in streams:
            client.sendall(frame(1, 4, stream, OFFERS))
            backends.append(opened.enter_context(listener.accept()[0]))
            read_head(backends[-1])
            backends[-1].sendall(SWITCH)
        yield front, client, backends, listener


@case("a socket", "HTTP/2")
def streams_whose_backends_do_not_read(_):
    """Streams whose backends do not read are blocked, and other streams continue.

    Each stream is blocked by its own window, which small messages may fill.
    """
    for streams, length in [([1], 16_384), (range(1, 17, 2), 20)]:
        with before_narrow_backends(streams) as (_, client, _, listener):
            _, room = fill(client, streams, length)
            check(room > 0, "the connection has no room left for other streams")
            client.sendall(frame(1, 4, 101, POSTS) + frame(0, 1, 101, b"content"))
            beside_it, _ = listener.accept()
            with beside_it:
                beside_it.settimeout(WAIT)
                content = read_head(beside_it)
                while b"content" not in content:
                    content += beside_it.recv(65536)


@case("a socket", "HTTP/2")
def a_stream_that_has_ended_before_the_bridge_is_interrupted(_):
    """The last bytes of a half-closed stream reach the backend after an interrupt."""
    with before_narrow_backends([1]) as (front, client, (backend,), _):
        sent, _ = fill(client, [1], 16_384)
        backend.shutdown(socket.SHUT_WR)
        client.sendall(frame(0, 1, 1))
        while next_frame(client)[:2] != (0, 1):
            pass
        client.close()
        time.sleep(0.3)
        front.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        backend.settimeout(WAIT)
        got = 0
        while piece := backend.recv(65536):
            got += len(piece)
        check(got == sent, got, "of", sent)


@case("a socket", "HTTP/2")
def frames_of_ten_bytes(_):
    """The switchboard accepts more than 130 small frames at once, within the window."""
    command = [Switchboard.program, "--port", "0"]
    with Server("switchboard", command) as board, board.connect() as client:
        client.sendall(PREFACE + frame(4, 0, 0) + frame(1, 4, 1, POSTS))
        client.sendall(frame(0, 0, 1, b"0123456789") * 1_000 + frame(0, 1, 1))
        content = b""
        while not content.endswith(b"\n"):
            kind, stream, piece = next_frame(client)
            check(kind != 7, "the connection is ended:", piece)
            content += piece if (kind, stream) == (0, 1) else b""
        same(content, b"POST / stream 1, 10000 bytes\n")


def fill(client, streams, length):
    """Sends on all streams until their windows stay full.

    Returns the number of bytes sent, and the connection's remaining window.
    """
    windows, sent = dict.fromkeys([0, *streams], 65_535), 0
    client.settimeout(1)
    with contextlib.suppress(TimeoutError):
        while True:
            for stream in streams:
                while (room := min(windows[0], windows[stream])) > 0:
                    size = min(room, length)
                    count = min(room // size, 500)
                    client.sendall(frame(0, 0, stream, bytes(size)) * count)
                    windows[0] -= size * count
                    windows[stream] -= size * count
                    sent += size * count
            kind, name, content = next_frame(client)
            if kind == 8 and name in windows:
                windows[name] += int.from_bytes(content, "big")
            check(kind not in (3, 7), "the bridge ends it:", kind, content)
    client.settimeout(WAIT)
    check(not any(windows[stream] for stream in streams), "streams have room left:", windows)
    return sent, windows[0]


def next_frame(client):
    head = read(client, 9)
    return head[3], int.from_bytes(head[5:], "big"), read(client, int.from_bytes(head[:3], "big"))


def read(client, length):
    data = b""
    while len(data) < length:
        piece = client.recv(length - len(data))
        check(piece, "the connection has ended")
        data += piece
    return data


@case("a socket", "HTTP/2")
def a_bridge_that_is_interrupted_in_a_tunnel(_):
    """Both sides of the bridge see that an interrupt has cut a tunnel.

    It is cut by a second signal, or at the end of the time that the first one leaves to it.
    """
    for is_late in [False, True]:

        def script(connection, is_late=is_late):
            read_head(connection)
            front.process.send_signal(signal.SIGINT)
            if is_late:
                time.sleep(2)
            connection.sendall(SWITCH)
            if not is_late:
                time.sleep(0.3)
                front.process.send_signal(signal.SIGINT)
            with contextlib.suppress(ConnectionResetError):
                same(connection.recv(1), b"no end")

        with scripted(script) as url, bridge(port_of(url)) as front, over_http2(front) as client:
            client.sendall(frame(1, 4, 1, OFFERS))
            kind = None
            while kind not in (0, 3):
                kind, stream, _ = next_frame(client)
            same((kind, stream), (3, 1))


@case("a socket", "websocket")
def a_close_behind_messages_that_do_not_fit(board):
    """Messages behind a large one come back before the Close."""
    messages = [bytes([0x82, 0xFF]) + (400_000).to_bytes(8, "big") + bytes(400_004), b"\x82\x85\0\0\0\0hello"]
    sent = b"".join(messages) + bytes([0x88, 0x82, 0, 0, 0, 0, 3, 0xE8])
    with Server("epoll", [in_c.epoll(), "0"]) as server:
        for port in [board.port, server.port]:
            raw = Raw(port, WEBSOCKET)
            raw.until(b"\r\n\r\n")
            raw.send_beside(sent, ends=False)
            got = raw.rest()
            check(got.endswith(bytes(400_000) + b"\x82\x05hello\x88\x02\x03\xe8"), len(got), got[-40:])


@case("a socket", "websocket")
def a_message_in_many_short_frames(board):
    """A message of one-byte frames takes no more memory than its limit."""
    frames = b"\x02\x81\0\0\0\0a" + b"\0\x81\0\0\0\0a" * 500_000
    ping = b"\x89\x80\0\0\0\0"

    def memory(pid):
        return int(re.search(r"RssAnon:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())[1])

    with Server("epoll", [in_c.epoll(), "0"]) as server:
        for port, pid in [(board.port, board.process.pid), (server.port, server.process.pid)]:
            before = memory(pid)
            raw = Raw(port, WEBSOCKET)
            raw.until(b"\r\n\r\n")
            with contextlib.suppress(OSError):
                raw.socket.sendall(frames + ping)
                raw.socket.recv(1)  # of the pong, or of a Close before that
            check(memory(pid) < before + 8_192, before, memory(pid), "kB")
            raw.socket.close()


@case("a socket", "HTTP/2")
def the_switchboard_is_interrupted_in_a_stream(_):
    """After its GOAWAY, the switchboard still answers a request that had begun before.

    RFC 9113, section 6.8.
    """
    with Server("switchboard", [Switchboard.program, "--port", "0"]) as board, board.connect() as client:
        client.sendall(PREFACE + frame(4, 0, 0) + frame(1, 4, 1, POSTS) + frame(0, 0, 1, b"half"))
        client.sendall(frame(6, 0, 0, bytes(8)))
        while next_frame(client)[0] != 6:
            pass
        board.process.send_signal(signal.SIGINT)
        while next_frame(client)[0] != 7:
            pass
        client.sendall(frame(0, 1, 1, b"half"))
        content = b""
        while not content.endswith(b"\n"):
            kind, stream, piece = next_frame(client)
            if kind == 6:  # h2 asks by a PING whether the client has its GOAWAY
                client.sendall(frame(6, 1, 0, piece))
            content += piece if (kind, stream) == (0, 1) else b""
        same(content, b"POST / stream 1, 8 bytes\n")
        check(board.process.wait(WAIT) == 0, "ended with", board.process.returncode)


@case("a socket", "HTTP/2")
def a_tunnel_whose_client_does_not_read(_):
    """The bridge ends a tunnel whose client gives no window but sends PINGs."""

    def script(connection):
        read_head(connection)
        with contextlib.suppress(OSError):
            connection.sendall(SWITCH + bytes(50_000_000))

    with scripted(script) as url, bridge(port_of(url), 1) as front:
        before = descriptors(front)
        with over_http2(front) as client:
            client.sendall(frame(1, 4, 1, OFFERS))
            wait_until(lambda: descriptors(front) > before + 1, "no tunnel has come to the backend")

            def is_over():
                client.sendall(frame(6, 0, 0, bytes(8)))
                return descriptors(front) <= before + 1

            wait_until(is_over, "the tunnel waits for ever")
        front.answers()


@case("a socket", "HTTP/2")
def a_tunnel_whose_client_reads_slowly(_):
    """The bridge keeps a tunnel whose client is slow but goes on."""
    until = time.monotonic() + 6  # more than the four seconds that a piece may take, without those for its bytes

    def script(connection):
        read_head(connection)
        with contextlib.suppress(OSError):
            connection.sendall(SWITCH + bytes(200_000))
            connection.recv(1)

    with scripted(script) as url, bridge(port_of(url), 1) as front, over_http2(front) as client:
        client.sendall(frame(1, 4, 1, OFFERS))
        taken = 0
        while taken < 65_535 or time.monotonic() < until:
            kind, _, piece = next_frame(client)
            check(kind != 3, "the tunnel is cut after", taken, "bytes")
            taken += len(piece) if kind == 0 else 0
            if taken >= 65_535 and kind == 0:
                time.sleep(0.1)
                client.sendall(b"".join(frame(8, 0, stream, (100).to_bytes(4, "big")) for stream in (0, 1)))


@contextlib.contextmanager
def large_backend():
    """Starts a backend that responds to each connection with 50 MB."""
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 50000000\r\n\r\n"

    def serve(connection):
        with connection, contextlib.suppress(OSError):
            read_head(connection)
            connection.sendall(head + bytes(50_000_000))

    def work():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        threading.Thread(target=work, daemon=True).start()
        yield listener.getsockname()[1]
