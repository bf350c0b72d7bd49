"""Attacks by a host's own handler, which fails or responds wrongly, for instance.

The path of a request makes the driver's handler behave so.
"""

import socket

import reader
from cell import NotApplicable, check
from peers import ATTACKS, CHUNKED, attack, judge  # noqa: F401  (the table is one)


def asked(server, path, method="GET", fields="", content=b""):
    """Sends a request for a path and, in the same segment, one for another page.

    Returns the responses, and how the connection ended.
    """
    server.needs(path)
    peer = server.connect(
        server.request(path, method, fields, content) + server.request(fields="Connection: close\r\n")
    )
    received, how = peer.rest()
    answers, rest = reader.responses(received, [method, "GET"], how == "fin")
    check(not rest, "after the answers:", rest[:100])
    check(b"Injected" not in received.partition(b"\r\n\r\n")[0], received[:300])
    return answers, how


def is_failed(answers, promised=None):
    """Returns whether the first response is missing, cut or a 5xx.

    Also if its content is `promised`: the part of a wrong response that a client may get.
    """
    if not answers:
        return True
    first = answers[0]
    return first.status >= 500 or not first.is_whole or (promised is not None and first.content == promised)


def lie(name, path, promised=None, method="GET"):
    """Registers an attack: a path whose response must be one that `is_failed` accepts."""

    @attack(name)
    def lies(server):
        for _ in range(20):
            answers, _ = asked(server, path, method)
            check(is_failed(answers, promised), answers[:1])
            # The lie is not to be told as the answer of the next request.
            check(len(answers) < 2 or answers[1].status < 500, "the next:", answers[1:])
        yield


lie("a length that is too long", "/too-long")
lie("a length that is too short", "/too-short", b"0123456789")
lie("no length", "/no-length", b"0123456789" * 10)
lie("raises before the head", "/raises-before")
lie("raises in the head", "/raises-in-head")
lie("raises in the content", "/raises-in-content")
lie("raises after the end", "/raises-after", b"0123456789")
lie("sends after the end", "/sends-after", b"0123456789")
lie("is cancelled", "/cancels")
lie("a line break in a value", "/breaks-value", b"")
lie("a line break in a name", "/breaks-name", b"")
lie("a line break in a reason", "/breaks-reason", b"")


@attack("raises in content of HTTP/1.0, behind an answer")
def raises_behind(server):
    """The reset of the response that is cut must not take the one before it."""
    server.needs("/raises-in-content")
    last = server.request("/raises-in-content").replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1)
    for _ in range(20):
        received, how = server.connect(server.request() + last).rest()
        answers, _ = reader.responses(received, ["GET", "GET"], how == "fin")
        check(answers and answers[0].status == 200 and answers[0].is_whole, "the answer before:", received[:300], how)
        check(is_failed(answers[1:]), "the answer that is cut:", answers[1:], how)
    yield


@attack("an endless answer to HEAD")
def endless(server):
    server.needs("/endless")
    peers = [server.connect(server.request("/endless", "HEAD")) for _ in range(5)]
    for peer in peers:
        answers, _ = peer.answers("HEAD")
        check(len(answers) == 1 and answers[0].content == b"", answers)
    yield
    # Unread input hides the end of the client's stream from the server.
    for peer in peers[:2]:
        peer.send_what_fits(server.request() * 12_000)
    yield
    server.reset_all()
    yield


@attack("an endless answer that is not read")
def endless_unread(server):
    server.needs("/endless")
    for _ in range(3):
        server.connect(server.request("/endless"))
    yield


@attack("an endless answer whose client ends TCP and not TLS")
def endless_below_tls(server):
    """Sends a FIN without a closure alert, reads no more, and stays.

    Others send content that is not read, of this request or a next one. They read on after a FIN, or after both.
    """
    server.needs("/endless")
    if server.host.tls is None:
        raise NotApplicable("it does not speak TLS")
    for _ in range(5):
        peer = server.connect(server.request("/endless"))
        peer.rest(lambda data: data)
        peer.socket.raw.shutdown(socket.SHUT_WR)
        yield
    upload = server.request("/endless", "POST", content=b"x" * 1_000_000)
    unread = server.request("/endless") + server.request(method="POST", content=b"x" * 900_000)[:300_000]
    for sent, alerts in ((sent, alerts) for sent in (unread, upload) for alerts in (False, True)):
        peer = server.connect()
        peer.send_what_fits(sent)
        peer.rest(lambda data: data)
        peer.read_beside()
        if alerts:
            peer.end()
        else:
            peer.socket.raw.shutdown(socket.SHUT_WR)
        yield
        peer.leave()


@attack("an endless answer that is read")
def endless_read(server):
    """Reads as fast as the handler sends; others must be served all the same."""
    server.needs("/endless")
    peers = [server.connect(server.request("/endless")) for _ in range(3)]
    for peer in peers:
        peer.read_beside()
    for _ in range(3):
        yield
    for peer in peers:
        peer.leave()
    yield


def unread(name, framing, content):
    """Registers an attack: more content than the buffers hold, which no handler reads."""

    @attack(name)
    def unread_content(server):
        server.needs("/sleeps")
        head = server.request("/sleeps", "POST", framing)
        for _ in range(6):
            server.connect(head).send_what_fits(content)
        yield


unread("content that the handler does not read", "Content-Length: 100000000\r\n", b"x" * 50_000_000)
unread("chunks of one byte that the handler does not read", CHUNKED, b"1\r\nx\r\n" * 2_000_000)


@attack("raises after the switch")
def raises_switched(server):
    """The new protocol's handler fails: its connection ends, and another one goes on."""
    server.needs("/raises-switched")
    host = server.host
    other = server.connect(host.handshake(server))
    other.rest(lambda data: b"\r\n\r\n" in data)
    for _ in range(20):
        peer = server.connect(host.handshake(server, "raises-switched") + host.frames([b"hello\n"]))
        received, how = peer.rest()
        (answer, *_), _ = reader.responses(received, [host.switched_by], how == "fin")
        check(answer.switches or answer.status >= 500, answer)
    yield
    other.send(host.frames([b"hello\n"]))
    received, _ = other.rest(lambda data: b"hello\n" in host.echoed(data))
    yield


@attack("accepts with content unread")
def accepts_unread(server):
    host = server.host
    server.needs("/accepts-unread")
    if host.switch != "foo/2":
        raise NotApplicable("it switches to nothing of plain bytes")
    offer = "Upgrade: foo/2\r\nConnection: Upgrade\r\n"
    for length in (1, 100_000):
        peer = server.connect(server.request("/accepts-unread", "POST", offer, b"x" * length) + b"hello\n")
        peer.end()
        yield
        received, _ = peer.rest()
        (answer, *_), rest = reader.responses(received, ["POST"], False)
        check(answer.status == 101 and host.echoed(rest) == b"hello\n", answer, rest)
    too_long = server.connect(server.request("/accepts-unread", "POST", offer, b"x" * 2_000_000) + b"hello\n")
    yield
    received, how = too_long.rest()
    answers, _ = reader.responses(received, ["POST"], how == "fin")
    check(not answers or answers[0].status in (101, 413), answers)


@attack("an answer of 1 MB")
def large(server):
    if not server.host.large:
        raise NotApplicable("it has no large page")
    for _ in range(10):
        peer = server.connect(server.request(server.host.large) + server.request(server.host.large, "HEAD"))
        answers, _ = peer.answers("GET", "HEAD")
        check(len(answers) == 2 and answers[0].is_whole and len(answers[0].content) >= 1 << 20, answers[1:])
    yield
