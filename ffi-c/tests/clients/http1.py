"""Cases of HTTP/1.1 (RFC 9112): a client tests the example servers."""

import os
import socket
import sys
import time
from pathlib import Path

from peer import HOST, WAIT, Peer, blocks, case, exchanged, same


@case("epoll")
def pipelined_byte_by_byte():
    peer = Peer(step=1)
    peer.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
    peer.send(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
    peer.send(b"GET http://a/?query HTTP/1.1\r\n" + HOST + b"\r\n")
    peer.status(b"200")
    same(peer.chunked(), b"abcde")
    peer.status(b"200")
    text = b"GET http://a/?query over HTTP/1.1\n"
    same(peer.read(len(text)), text)


@case("epoll")
def other_offers_are_declined():
    peer = Peer()
    for _ in range(2):
        peer.send(b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: foo/2, TLS/1.2\r\n\r\n")
        peer.status(b"200")
        same(peer.read(20), b"GET / over HTTP/1.1\n")
    peer.send(b"CONNECT a:1 HTTP/1.1\r\n" + HOST + b"\r\n")
    peer.status(b"501")


@case("epoll")
def broken_websocket_handshakes_are_refused():
    """A 426 names the server's version (RFC 6455, section 4.2.2)."""
    peer = Peer()
    offer = b"GET /echo HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: WebSocket\r\n"
    for version, key, status in [(b"12", b"AAAAAAAAAAAAAAAAAAAAAA==", b"426"), (b"13", b"A", b"400")]:
        peer.send(offer + b"Sec-WebSocket-Version: " + version + b"\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")
        head = peer.status(status).lower()
        same(b"sec-websocket-version: 13\r\n" in head, status == b"426")
        same(peer.chunked() if b"chunked" in head else b"", b"")
    # A HEAD makes no handshake, so its offer is declined.
    peer.send(offer.replace(b"GET", b"HEAD", 1) + b"\r\n")
    peer.status(b"200")
    peer.send(b"GET /other HTTP/1.1\r\n" + HOST + b"\r\n")
    peer.status(b"404")


@case("epoll")
def methods():
    """A HEAD gets the head of a GET, and an unknown method a 501."""
    heads = []
    for method in (b"GET", b"HEAD"):
        peer = Peer()
        peer.send(method + b" / HTTP/1.1\r\n" + HOST + b"\r\n")
        heads.append(peer.status(b"200"))
    same(heads[0], heads[1])
    for path in (b"/", b"/echo"):
        peer = Peer()
        peer.send(b"BREW " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        peer.status(b"501")


@case("epoll")
def errors_are_answered_once():
    peer = Peer()
    peer.send(b"GET / HTTP/1.1\r\n\r\n")
    peer.status(b"400")
    # Bytes after the response must not cause a reset: the server lingers. A reset would fail the second send.
    peer.send(b"x")
    time.sleep(0.2)
    peer.send(b"x" * 300_000)
    assert b"HTTP/1.1 4" not in peer.rest()
    peer = Peer()
    peer.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n")
    peer.status(b"200")
    same(peer.rest(), b"3\r\nabc\r\n")


@case("epoll")
def half_closed():
    peer = Peer()
    peer.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    peer.socket.shutdown(socket.SHUT_WR)
    peer.status(b"200")
    same(peer.rest(), b"GET / over HTTP/1.1\n")


@case("epoll")
def unread_echo():
    peer, size = Peer(), 32 << 20
    content = memoryview(os.urandom(1 << 20) * 32)
    peer.send(b"POST /echo HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % size)
    sent = blocks(peer, content)
    assert sent < size, "the server takes what nobody reads"
    got = exchanged(peer, content[sent:], size)
    got = got[got.index(b"\r\n\r\n") + 4 :]
    peer.socket.setblocking(True)
    same(got + peer.rest(), bytes(content))


@case("epoll, late")
def late():
    peer, begin = Peer(), time.monotonic()
    peer.socket.settimeout(0.3)
    for byte in b"GET / HTTP/1.1\r\nHost: and so on, slowly":
        try:
            peer.send(bytes([byte]))
            if not peer.socket.recv(1):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    assert 1.5 < time.monotonic() - begin < 8, time.monotonic() - begin


@case("epoll", "nghttp2", "poll", "wslay")
def floods():
    """The server soon closes the connection of a client that sends on after a 400."""
    peer, begin = Peer(), time.monotonic()
    peer.send(b"GET / HTTP/1.1\r\n\r\n")
    peer.status(b"400")
    try:
        while time.monotonic() - begin < WAIT:
            peer.socket.sendall(bytes(65536))
    except ConnectionError:
        return
    sys.exit("a client that was refused goes on for ever")


@case("server, late", "epoll, late")
def late_requests():
    """A client with an unfinished head gets a 408 at the deadline.

    An idle connection is closed without a response, after twice the time.
    """
    peer = Peer()
    peer.send(b"GET / HTTP/1.1\r\nHost")
    assert b"close" in peer.status(b"408")
    peer.rest()
    peer, begin = Peer(), time.monotonic()
    same(peer.rest(), b"")
    assert time.monotonic() - begin > 1.5, "an idle client has twice as long"
    peer = Peer()
    peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    peer.status(b"200")
    begin = time.monotonic()
    peer.rest()
    assert time.monotonic() - begin > 1.5, "so has one that has been answered"


@case("server, late")
def late_content():
    peer = Peer()
    peer.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    assert b"close" in peer.status(b"408")
    peer.rest()


@case("server")
def lines_before_quit():
    """A client that sends on after QUIT gets all lines before it, and an orderly end.

    A close with unread bytes would reset the connection.
    """
    lines = b"".join(b"%d %s\n" % (number, b"x" * 1000) for number in range(500))
    answers = b"foo/2 answers GET /foo\n" + lines.upper()
    peer = Peer()
    peer.send(b"GET /foo HTTP/1.1\r\n" + HOST + b"Upgrade: foo/2\r\nConnection: upgrade\r\n\r\n")
    peer.status(b"101")
    got = exchanged(peer, lines + b"QUIT\n" + b"x" * 900_000, len(answers))
    same(got + peer.rest(), answers)


@case("server, many")
def many_clients():
    """Each of a thousand idle clients costs the server less than 12 kB of memory."""
    before = resident()
    peers = [Peer() for _ in range(1000)]
    for peer in peers:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        peer.status(b"200")
    used = (resident() - before) / len(peers)
    assert used < 12, f"{used} kB for each client"


def resident():
    """Returns the resident memory of the server in kilobytes."""
    text = Path(f"/proc/{os.environ['SERVER']}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0])
