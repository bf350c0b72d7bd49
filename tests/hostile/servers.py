"""Attacks by a server on a client, and by a caller on its own client.

Each attack is a generator, as in peers.py.

An attacked client must report `failed`, unless everything that was promised to it has arrived or its caller cancels.
It must never report truncated content as `whole`.
"""

import contextlib
import queue
import socket
import struct
import subprocess
import threading
import time

import tls
from cell import WAIT, NotApplicable, Process, Target, check, wait_until

POINTS = 16
PROMISED = 100
"""The Content-Length of a caller whose content has another length."""
TEN = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo/2\r\n\r\n"
ATTACKS = []


def attack(name):
    def register(function):
        function.title = f"as a server: {name}"
        ATTACKS.append(function)
        return function

    return register


class Taken:
    """A client's connection, accepted by the attacking server.

    With a `context` it is one over TLS.
    """

    def __init__(self, listener, context=None):
        connection, _ = listener.accept()
        connection.settimeout(WAIT)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = tls.TlsSocket(connection, context, is_server=True) if context else connection

    def read_head(self):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.socket.recv(65536)
            check(piece, "the client has left before its head was whole")
            data += piece
        return data

    def read_content(self, length):
        """Returns the content behind a head, once `length` bytes of it have come.

        It is shorter if the client ends before, also within its head, and longer if more comes in one read.
        """
        data = b""
        with contextlib.suppress(OSError):
            while len(data.partition(b"\r\n\r\n")[2]) < length and (piece := self.socket.recv(65536)):
                data += piece
        return data.partition(b"\r\n\r\n")[2]

    def read_all(self):
        """Reads to the end of the stream in another thread."""
        threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        """Reads to the end of the stream; returns false if the end does not come in time.

        A reset is an end too.
        """
        try:
            while self.socket.recv(1 << 18):
                pass
            if isinstance(self.socket, tls.TlsSocket):
                # anyio's close waits for the answer to its closure alert.
                self.end()
        except OSError as error:
            return isinstance(error, ConnectionError)
        return True

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def close(self):
        self.socket.close()

    def end(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Part:
    """One of two listeners on the same port.

    An intermediary knows one address. The path of the first request on a connection is the `port` of the listener that
    accepts it.
    """

    def __init__(self, port):
        self.port, self.accepted, self.seconds = port, queue.SimpleQueue(), None

    def getsockname(self):
        return "127.0.0.1", self.port

    def settimeout(self, seconds):
        self.seconds = seconds

    def accept(self):
        try:
            return self.accepted.get(timeout=self.seconds), None
        except queue.Empty:
            raise TimeoutError("the intermediary has sent nothing") from None

    def close(self):
        self.accepted = queue.SimpleQueue()


def parts(listener):
    """Returns two parts of a listener: the attacking server, and one without faults."""
    both = [Part(listener.getsockname()[1]), Part(0)]

    def select(connection):
        line = b"?"
        with contextlib.suppress(OSError):
            while line and b"\r\n" not in line:
                time.sleep(0.001)
                line = connection.recv(4096, socket.MSG_PEEK)
        for part in both:
            if line.split()[1:2] == [b"/%d" % part.port]:
                return part.accepted.put(connection)
        return connection.close()

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=select, args=listener.accept()[:1], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return both


class Client(Target):
    """A client under attack."""

    def __init__(self, host, scale):
        super().__init__(host, scale)
        self.told, self.number = {}, 0
        self.lines = queue.SimpleQueue()
        self.context = tls.of_server(host.tls) if host.tls else None
        self.listener, self.good = (socket.create_server(("127.0.0.1", 0), backlog=200) for _ in range(2))
        if host.is_between:
            self.listener, self.good = parts(self.listener)
        behind = {"HOSTILE_BEHIND": str(self.listener.getsockname()[1])}
        self.process = Process(host.command, stdin=subprocess.PIPE, env=host.environment() | behind)
        self.listener.settimeout(WAIT)
        threading.Thread(target=self.serve, daemon=True).start()
        if host.is_between or "workerd.mjs" in str(host.command):
            self.process.says(rb"listening on")
        threading.Thread(target=self.hear, daemon=True).start()
        for _ in range(20):
            self.serves_another()
        self.before = self.state()

    def serve(self):
        """Serves the requests by which `serves_another` checks the client."""
        with contextlib.suppress(OSError):
            while True:
                taken = Taken(self.good, self.context)
                taken.read_head()
                taken.send(TEN)
                taken.end()
                taken.read_all()

    def hear(self):
        for line in self.process.process.stdout:
            name, _, text = line.decode(errors="replace").strip().partition(" ")
            self.told[name] = text

    def say(self, *words, name=None):
        self.number += 1
        name = name or str(self.number)
        self.process.process.stdin.write(" ".join([name, *map(str, words)]).encode() + b"\n")
        self.process.process.stdin.flush()
        return name

    def told_of(self, name):
        """Returns what the client reports about a request."""
        wait_until(lambda: name in self.told, "nothing is said of a request")
        return self.told.pop(name)

    def taken(self):
        """Accepts a client's connection with the attacking server."""
        taken = Taken(self.listener, self.context)
        self.peers.append(taken)
        return taken

    def ask(self, method="GET", offer="-", content="-"):
        """Makes the client send a request to the attacking server.

        Returns the request's name and the accepted connection.
        """
        name = self.say(method, self.listener.getsockname()[1], offer, content)
        taken = self.taken()
        return name, taken

    def serves_another(self):
        """Checks that the client can send another request during the attack."""
        told = self.told_of(self.say("GET", self.good.getsockname()[1], "-", "-"))
        check(told == "whole 200 10", "another request came to", told)

    def state(self):
        return int(self.told_of(self.say("self")).split()[1]), self.process.descriptors()

    def stop(self):
        self.listener.close()
        self.good.close()
        self.process.process.stdin.close()
        return super().stop()

    def expect(self, name, *kinds):
        told = self.told_of(name)
        check(told.startswith(kinds), "a request came to", told, "instead of", kinds)
        return told


def plays(client, answer, *kinds, offer="-", ends=True, holds=False):
    """Reads a client's request and sends `answer` as the response.

    The client must then report an outcome that begins with one of `kinds`. We end our direction right
    after the response; with `holds`, after the next step. With neither `ends` nor `holds` it stays open.
    """
    name, taken = client.ask(offer=offer)
    taken.read_head()
    taken.read_all()
    taken.send(answer)
    if ends and not holds:
        taken.end()
    yield
    if holds:
        taken.end()
    client.expect(name, *kinds)


@attack("no byte at all")
def silent(client):
    asked = [client.ask() for _ in range(30)]
    yield
    for name, taken in asked:
        taken.close()
        client.expect(name, "failed")
    yield


@attack("one byte at a time")
def drips(client):
    for answer, kind, offer in [(TEN, "whole 200 10", "-"), (SWITCHED + b"hello", "switched 5", "foo/2")]:
        name, taken = client.ask(offer=offer)
        # Bytes that arrive before the request are no response to it.
        taken.read_head()
        for byte in answer:
            taken.send(bytes([byte]))
        taken.end()
        yield
        client.expect(name, kind)


@attack("FIN at each of 16 points")
def ends_in_between(client):
    for answer, offer in answers():
        for point in range(POINTS):
            name, taken = client.ask(offer=offer)
            taken.read_head()
            taken.send(answer[: len(answer) * point // POINTS])
            taken.end()
            taken.read_all()
            client.expect(name, "failed")
        yield


def answers():
    """Returns responses that are incomplete before their last byte, and the offers.

    Each is a pair of the response and the offer of the request; `-` is none.
    """
    return [(TEN, "-"), (CHUNKED + b"5\r\nhello\r\n" * 3 + b"0\r\n\r\n", "-"), (TEN, "foo/2"), (SWITCHED, "foo/2")]


@attack("RST at each of 16 points")
def resets_in_between(client):
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789"
    for answer, offer in [*answers(), (endless, "-")]:
        for point in range(POINTS):
            name, taken = client.ask(offer=offer)
            taken.read_head()
            taken.send(answer[: len(answer) * point // POINTS])
            taken.reset()
            client.expect(name, "failed")
        yield


@attack("never reads")
def never_reads(client):
    asked = [client.ask("POST", content="large")[0] for _ in range(5)]
    yield
    client.let_go()
    for name in asked:
        client.expect(name, "failed")
    yield


@attack("an answer, the content unread")
def answers_early(client):
    """Responds and sends a FIN before the request's content was read."""
    name, taken = client.ask("POST", content="large")
    taken.read_head()
    taken.send(TEN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
    taken.end()
    yield
    taken.read_all()
    client.expect(name, "whole 200 10")


@attack("a byte a second")
def slowly(client):
    name, taken = client.ask()
    taken.read_head()
    for byte in TEN[:3]:
        taken.send(bytes([byte]))
        time.sleep(1)
        yield
    taken.close()
    client.expect(name, "failed")


slowly.repeats = False


@attack("chunks of one byte")
def small_chunks(client):
    content = b"1\r\nx\r\n" * client.scale + b"0\r\n\r\n"
    # A pool may use the connection for the next request.
    return plays(client, CHUNKED + content, f"whole 200 {client.scale}", ends=client.host.is_between)


@attack("interim responses without end")
def interim(client):
    return plays(client, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * client.scale, "failed", holds=True)


@attack("heads of 3,000 lines")
def long_heads(client):
    return plays(client, b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * client.scale, "failed", holds=True)


@attack("a head without end")
def endless_head(client):
    return plays(client, b"HTTP/1.1 200 " + b"x" * 10_000_000, "failed", holds=True)


@attack("an answer nobody asked for")
def unasked(client):
    return plays(client, TEN + TEN + b"rubbish", "whole 200 10")


@attack("first bytes of the new protocol, FIN after them")
def first_bytes(client):
    for content in ("-", "large"):
        name, taken = client.ask("POST" if content != "-" else "GET", "foo/2", content)
        taken.read_head()
        taken.read_all()
        taken.send(SWITCHED + b"hello" * 3)
        taken.end()
        yield
        client.expect(name, "switched 15")


@attack("another protocol than was offered")
def another_protocol(client):
    for answer in (SWITCHED.replace(b"foo/2", b"bar/1"), SWITCHED.replace(b"Upgrade: foo/2\r\n", b"")):
        yield from plays(client, answer + b"hello", "failed", offer="foo/2", ends=False)


@attack("garbage after a decline")
def garbage(client):
    if not client.host.declines:
        raise NotApplicable("a decline is an error in its protocol")
    return plays(client, TEN + b"\0\xff" * 1000, "whole 200 10", offer="foo/2")


@attack("garbage")
def only_garbage(client):
    for rubbish in (b"\0\r\n", b"\xff" * 5000, b"HTTP/1.1 20\r\n\r\n", b"SSH-2.0-OpenSSH\r\n"):
        yield from plays(client, rubbish, "failed")


@attack("a length where there is no content")
def lengths_of_nothing(client):
    empty = b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"
    yield from plays(client, empty, "whole 204 0")
    hints = b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n"
    yield from plays(client, hints + TEN, "whole 200 10")


@attack("lies about its length")
def lies(client):
    for answer in (
        TEN.replace(b": 10", b": 11"),
        TEN.replace(b": 10", b": 10, 11"),
        TEN.replace(b": 10", b": x"),
        CHUNKED + b"5\r\nhello!\r\n0\r\n\r\n",
        CHUNKED + b"5\r\nhello\r\n",
    ):
        yield from plays(client, answer, "failed")


@attack("none; the caller cancels")
def cancelled(client):
    if not client.host.cancels:
        raise NotApplicable("its caller cannot cancel")
    asked = [client.ask(offer=offer, content=content) for offer in ("-", "foo/2") for content in ("-", "large")]
    yield
    for name, _ in asked:
        client.say("cancel", name=name)
    if client.host.is_between:
        # Both of its connections fail.
        client.more_events += len(asked)
    for _, taken in asked:
        check(taken.drain(), "the connection of a cancelled request stays")
    client.told.clear()
    yield


def caller(content, what):
    @attack(f"none; the caller's content {what}")
    def tries(client):
        if content not in client.host.contents:
            raise NotApplicable("its content is whole")
        for _ in range(10):
            name = client.say("POST", client.listener.getsockname()[1], "-", content)
            taken = client.taken()
            kinds = ["failed"]
            if content == "long":
                # A client may end its content where the length does, which makes a whole request.
                sent = taken.read_content(PROMISED)
                check(len(sent) <= PROMISED, "more than its length has come:", len(sent))
                taken.send(TEN)
                kinds.append("whole 200 10")
            taken.read_all()
            if content == "raises":
                taken.end()
            client.expect(name, *kinds)
        yield


caller("short", "is too short")
caller("long", "is too long")
caller("raises", "raises")
