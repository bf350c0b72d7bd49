"""Cases of poll.c, which responds when a thread has finished its work."""

import os
import socket
import time
from pathlib import Path

from peer import HOST, Peer, blocks, case, gives_up, heavy, is_given_up_unread, same

OFFER = HOST + b"Connection: Upgrade\r\nUpgrade: line/1\r\n"


def get(target, fields=HOST, method=b"GET"):
    return method + b" " + target + b" HTTP/1.1\r\n" + fields + b"\r\n"


def answer(peer, status, text):
    head = peer.status(status)
    assert b"\r\nContent-Length: %d\r\n" % len(text) in head, head
    same(peer.read(len(text)), text)
    return head


@case("poll")
def routes():
    peer = Peer()
    peer.send(get(b"/"))
    answer(peer, b"200", b"at once\n")
    peer.send(get(b"http://a?query") + get(b"/nowhere") + get(b"/", method=b"BREW"))
    answer(peer, b"200", b"at once\n")
    answer(peer, b"404", b"not here\n")
    answer(peer, b"501", b"GET, HEAD and POST is what this server knows\n")
    peer.send(get(b"/count") + get(b"/", HOST + b"Content-Length: 3\r\n", b"POST") + b"abc")
    assert b"\r\nAllow: POST\r\n" in answer(peer, b"405", b"not so\n")
    assert b"\r\nAllow: GET, HEAD\r\n" in answer(peer, b"405", b"not so\n")
    peer.send(get(b"/later?me", method=b"HEAD"))
    assert b"\r\nContent-Length: 14\r\n" in peer.status(b"200")
    peer.send(get(b"a:1", method=b"CONNECT"))
    answer(peer, b"501", b"GET, HEAD and POST is what this server knows\n")


@case("poll")
def later_and_in_order():
    """Pipelined requests wait for the one in work; other clients do not wait."""
    peer, other = Peer(), Peer()
    peer.send(get(b"/later?one") + get(b"/") + get(b"/later?mallory") + get(b"/"))
    begin = time.monotonic()
    other.send(get(b"/"))
    answer(other, b"200", b"at once\n")
    same(peer.comes(0), False)
    answer(peer, b"200", b"later, for one\n")
    assert time.monotonic() - begin > 0.15
    answer(peer, b"200", b"at once\n")
    answer(peer, b"403", b"not for mallory\n")
    answer(peer, b"200", b"at once\n")


@case("poll")
def byte_by_byte():
    peer = Peer(step=1)
    peer.send(get(b"/later?slow") + get(b"/count", HOST + b"Transfer-Encoding: chunked\r\n", b"POST"))
    peer.send(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
    answer(peer, b"200", b"later, for slow\n")
    answer(peer, b"200", b"5 bytes\n")


@case("poll")
def switches_later():
    """Bytes after an offer belong to no protocol until it is accepted or declined.

    They are kept until then; if it is declined, they are parsed as HTTP/1.1.
    """
    peer = Peer()
    peer.send(get(b"/later?me", OFFER) + b"early, in line/1")
    peer.status(b"101")
    same(peer.rest(), b"later, for me\n")
    peer = Peer()
    peer.send(get(b"/later?mallory", OFFER) + get(b"/"))
    answer(peer, b"403", b"not for mallory\n")
    answer(peer, b"200", b"at once\n")
    peer.send(get(b"/later?me", OFFER.replace(b"line/1", b"line/2")))
    answer(peer, b"200", b"later, for me\n")
    peer.send(get(b"/later?me", OFFER + b"Expect: 100-continue\r\nContent-Length: 5\r\n", b"POST"))
    answer(peer, b"405", b"not so\n")


@case("poll")
def expects():
    expects = HOST + b"Expect: 100-continue\r\nContent-Length: %d\r\n"
    peer = Peer()
    peer.send(get(b"/count", expects % 5, b"POST"))
    peer.status(b"100")
    peer.send(b"12345")
    answer(peer, b"200", b"5 bytes\n")
    peer.send(get(b"/count", expects % (1 << 21), b"POST"))
    answer(peer, b"413", b"that would be too much\n")
    same(peer.rest(), b"")


@case("poll")
def counts():
    peer = Peer()
    peer.send(get(b"/count", HOST + b"Content-Length: 1048576\r\n", b"POST") + bytes(1 << 20))
    answer(peer, b"200", b"1048576 bytes\n")
    chunk = b"10000\r\n" + bytes(65536) + b"\r\n"
    peer.send(get(b"/count", HOST + b"Transfer-Encoding: chunked\r\n", b"POST") + chunk * 16 + b"1\r\nx\r\n")
    answer(peer, b"413", b"that is too much\n")
    peer.send(b"0\r\n\r\n" + get(b"/"))
    answer(peer, b"200", b"at once\n")
    peer.send(get(b"/count", HOST + b"Transfer-Encoding: chunked\r\n", b"POST") + chunk * 30)
    answer(peer, b"413", b"that is too much\n")
    same(peer.rest(), b"")  # and no reset, which the answer might be lost by


@case("poll")
def refused_once():
    peer = Peer()
    peer.send(get(b"/later?me") + b"GET / HTTP/1.1\r\n\r\n")
    answer(peer, b"200", b"later, for me\n")
    peer.status(b"400")
    peer.send(bytes(200_000))
    assert b"HTTP/1.1 4" not in peer.rest()


@case("poll")
def half_closed_early():
    for early in (b"", b"GET / HT"):
        peer = Peer()
        peer.send(early)
        peer.socket.shutdown(socket.SHUT_WR)
        assert b" 200 " not in peer.rest()
    peer = Peer()
    peer.send(get(b"/later?me") + get(b"/"))
    peer.socket.shutdown(socket.SHUT_WR)
    answer(peer, b"200", b"later, for me\n")
    answer(peer, b"200", b"at once\n")
    same(peer.rest(), b"")


@case("poll")
def clients_vanish():
    """Clients disconnect before, during and after the work for them."""
    for stage in (b"", b"GET /", get(b"/later?gone"), get(b"/later?gone", OFFER) + bytes(1000), get(b"/") * 1000):
        for wait in (0, 0.1, 0.3):
            peer = Peer()
            peer.send(stage)
            time.sleep(wait)
            peer.vanishes()
    routes()


@case("poll")
@heavy
def unread_answers():
    peer, wanted = Peer(), get(b"/")
    requests = memoryview(wanted * 200_000)
    sent = blocks(peer, requests)
    assert sent < len(requests), "the server takes what nobody reads"
    peer.socket.setblocking(True)
    head, count = b"", 0
    while count < sent // len(wanted):
        head += peer.socket.recv(65536)
        count += head.count(b"at once\n")
        head = head[head.rfind(b"at once\n") + 8 :] if b"at once\n" in head else head


@case("poll")
@heavy
def more_than_can_be_decided():
    """The server answers requests beyond 64 at once with a 503.

    A busy machine may have done the first before the last comes, so a few rounds are made.
    """
    for _ in range(20):
        peers = [Peer() for _ in range(80)]
        for peer in peers:
            peer.send(get(b"/later?me"))
        heads = [peer.head() for peer in peers]
        statuses = [head[9:12] for head in heads]
        assert set(statuses) <= {b"200", b"503"}
        same(statuses.count(b"200") >= 64, True)
        assert all((b"\r\nRetry-After: 1\r\n" in head) == (b" 503 " in head) for head in heads)
        if b"503" in statuses:
            return
    raise AssertionError("nothing is refused")


@case("poll, late")
def late_clients():
    """A client with an unfinished head or content gets a 408 at the deadline.

    An idle connection is closed without a response.
    """
    for half, status in [
        (b"GET / HTTP/1.1\r\nHost", b"408"),
        (get(b"/count", HOST + b"Content-Length: 9\r\n", b"POST") + b"x", b"408"),
    ]:
        peer = Peer()
        peer.send(half)
        assert b"close" in peer.status(status)
        peer.rest()
    peer = Peer()
    peer.send(get(b"/"))
    answer(peer, b"200", b"at once\n")
    same(peer.rest(), b"")


@case("poll, late")
def slow_clients():
    gives_up(Peer(), b"GET / HTTP/1.1\r\nHost: and so on, slowly, until nothing is left of the time", 0.5)
    peer = Peer()
    peer.send(get(b"/count", HOST + b"Content-Length: 99\r\n", b"POST"))
    gives_up(peer, bytes(99), 0.5)
    is_given_up_unread(Peer(), memoryview(get(b"/") * 200_000))


def busy():
    """Returns the seconds of CPU time that the server has used."""
    fields = Path(f"/proc/{os.environ['SERVER']}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@case("poll, crowded")
def without_descriptors():
    """Without free descriptors clients wait; all are served in the end.

    The server does not spin meanwhile.
    """
    peers = [Peer() for _ in range(20)]
    for peer in peers:
        peer.send(get(b"/later?me"))
    served = peers[:8]
    for peer in served:
        answer(peer, b"200", b"later, for me\n")
    before = busy()
    same(peers[-1].comes(2), False)
    assert busy() - before < 0.5, busy() - before
    for peer in peers:
        if peer not in served:
            answer(peer, b"200", b"later, for me\n")
        peer.socket.close()
