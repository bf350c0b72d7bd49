"""Attacks by clients that reset their connections."""

import time

from peers import attack

UNACCEPTED = 500
"""The number of clients that reset at once.

With 50 ms for each, another client would wait too long.
"""
MANY = 300
"""The number of clients that reset in a round.

4 kB that are kept for each would show.
"""


@attack("resets before it is accepted")
def resets_at_once(server):
    """Resets connections before the server accepts them.

    Later clients must not wait for as many failures of `accept`.
    """
    for _ in range(UNACCEPTED):
        server.connect().reset()
    yield


@attack("resets after the beginning of a next request")
def resets_behind_a_byte(server):
    path = "/waits" if "/waits" in server.host.lies else server.host.plain
    for _ in range(20):
        server.connect(server.request(path) + b"G")
    yield
    server.reset_all()
    yield


@attack("resets while a stream is silent")
def resets_silent_streams(server):
    server.needs("/silent")
    for _ in range(20):
        peer = server.connect(server.request("/silent"))
        peer.rest(lambda data: b"0123456789" in data)
    yield
    server.reset_all()
    yield


@attack("resets behind content that is not read")
def resets_behind_content(server):
    """Unread content hides a reset from the server while its handler sends nothing."""
    server.needs("/silent")
    for content in (b"0123456789", b"01234"):
        for _ in range(10):
            peer = server.connect(server.request("/silent", "POST", "Content-Length: 10\r\n"))
            peer.rest(lambda data: b"0123456789" in data)
            peer.send(content)
    # Likewise if the handler has not answered at all.
    for length in (10, 10_000) if "/waits" in server.host.lies else ():
        peers = [server.connect(server.request("/waits", "POST", f"Content-Length: {length}\r\n")) for _ in range(10)]
        time.sleep(0.1)
        for peer in peers:
            peer.send(b"x" * length)
    yield
    server.reset_all()
    yield


@attack("resets behind all the bytes that fit")
def resets_behind_full_buffers(server):
    """Resets while the server's buffers are full, so that it reads nothing.

    The bytes are content of the request, or further requests.
    """
    server.needs("/silent")
    for path in ("/waits", "/silent"):
        if path not in server.host.lies:
            continue
        sized = server.request(path, "POST", "Content-Length: 100000000\r\n")
        for head, more in ((sized, b"x" * 1024), (server.request(path), server.request())):
            for _ in range(3):
                server.connect(head).send_what_fits(more * (50_000_000 // len(more)), 0.1)
        yield
        server.reset_all()
        yield


@attack("resets while the next request is awaited")
def resets_idle(server):
    """Resets many connections, after a response and in a head."""
    for begun in (b"", b"GET / HTTP/1.1\r\nHo"):
        for _ in range(MANY // 2):
            peer = server.connect(server.request())
            peer.answers("GET")
            peer.send(begun)
            peer.reset()
        server.peers.clear()
        server.more_events += MANY // 2
        yield
