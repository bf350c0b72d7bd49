"""A client that behaves uncommonly: it sends split, early or malformed bytes.

Or it does not read, or disconnects.
"""

import select
import socket
import struct
import sys
import time

WAIT = 30
HOST = b"Host: a\r\n"
CASES = {}


def case(*servers):
    """Registers a case for these servers, under its name.

    `SERVER, late` is a server with a timeout of one second (epoll: three), `SERVER, crowded` one with few descriptors.
    `SERVER, many` is one without sanitizers, whose memory can be measured.
    """

    def register(function):
        for server in servers:
            CASES.setdefault(server, {})[function.__name__] = function
        return function

    return register


def heavy(function):
    """Marks a case that is skipped if each step takes long, as under valgrind."""
    function.is_heavy = True
    return function


def same(got, wanted):
    if got != wanted:
        sys.exit(f"{repr(wanted)[:200]} was wanted, {repr(got)[:200]} came")


class Peer:
    """A connection to the server, which sends all bytes together or one by one."""

    port = 0

    def __init__(self, step=None):
        self.socket = socket.create_connection(("127.0.0.1", Peer.port), timeout=WAIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.step = step

    def send(self, data):
        for at in range(0, len(data), self.step or max(len(data), 1)):
            self.socket.sendall(data[at : at + (self.step or len(data))])

    def read(self, count):
        got = b""
        while len(got) < count:
            piece = self.socket.recv(count - len(got))
            if not piece:
                sys.exit(f"the connection ended after {got[:200]!r}")
            got += piece
        return got

    def head(self):
        got = b""
        while not got.endswith(b"\r\n\r\n"):
            got += self.read(1)
        return got

    def status(self, wanted):
        head = self.head()
        same(head.split(b" ", 2)[:2], [b"HTTP/1.1", wanted])
        return head

    def chunked(self):
        content = b""
        while True:
            line = b""
            while not line.endswith(b"\r\n"):
                line += self.read(1)
            piece = self.read(int(line, 16) + 2)[:-2]
            if not piece:
                return content
            content += piece

    def rest(self):
        got = b""
        while piece := self.socket.recv(65536):
            got += piece
        return got

    def comes(self, seconds):
        return bool(select.select([self.socket], [], [], seconds)[0])

    def ends(self):
        """Reads a byte; returns whether there was none: EOF or a reset."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def vanishes(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def blocks(peer, data):
    """Sends until the server stalls for 1 s; returns the number of sent bytes."""
    peer.socket.setblocking(False)
    sent = 0
    while sent < len(data) and select.select([], [peer.socket], [], 1)[1]:
        sent += peer.socket.send(data[sent : sent + 65536])
    return sent


def exchanged(peer, data, wanted):
    """Sends `data` while it reads at least `wanted` bytes, which it returns.

    After four times `WAIT` seconds it returns what it has read.
    """
    got, end = bytearray(), time.monotonic() + 4 * WAIT
    while len(got) < wanted and time.monotonic() < end:
        readable, writable, _ = select.select([peer.socket], [peer.socket] if data else [], [], WAIT)
        if readable:
            piece = peer.socket.recv(65536)
            assert piece, "the connection ended"
            got += piece
        if writable:
            data = data[peer.socket.send(data[:65536]) :]
    return bytes(got)


def gives_up(peer, data, least=1, most=20):
    """Sends a byte each 0.1 s; the server must close after `least` to `most` seconds."""
    begin = time.monotonic()
    try:
        for byte in data:
            peer.send(bytes([byte]))
            time.sleep(0.1)
            if select.select([peer.socket], [], [], 0)[0] and not peer.socket.recv(65536):
                break
        else:
            sys.exit(f"all was taken, {len(data)} bytes in {time.monotonic() - begin} s")
    except ConnectionError:
        pass
    assert least < time.monotonic() - begin < most, time.monotonic() - begin


def is_given_up_unread(peer, data):
    """Sends `data` without reading anything.

    The server stops reading at some point, and closes the connection later.
    """
    try:
        assert blocks(peer, data) < len(data), "the server takes what nobody reads"
    except ConnectionError:
        return
    ended = select.poll()
    ended.register(peer.socket, select.POLLRDHUP)
    assert ended.poll(WAIT * 1000), "a client that does not read is kept"
