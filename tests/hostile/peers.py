"""Attacks by a client on a server.

Each attack is a generator; after each step the server must answer another client.
"""

import socket
import struct
import time

import reader
from cell import WAIT, NotApplicable, check

POINTS = 16
READ = 16_384
"""The number of bytes that many servers read at once."""
EMPTY_FRAME = b"\x82\x80\x01\x02\x03\x04"
FLOOD = 4 << 20
"""The number of bytes of short messages that a client sends after the switch."""
TURN = 8
"""The most processor seconds of a server while another client awaits a response."""
CHUNKED = "Transfer-Encoding: chunked\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
RST_STREAM, SETTINGS, PING, HEADERS = 3, 4, 6, 1
END_STREAM, END_HEADERS = 1, 4
ATTACKS = []


def attack(name):
    def register(function):
        function.title = name
        ATTACKS.append(function)
        return function

    return register


@attack("no byte at all")
def silent(server):
    for _ in range(100):
        server.connect()
    yield


@attack("one byte at a time")
def drips(server):
    peer = server.connect()
    for byte in echo(server, b"drop by drop") + server.request():
        peer.send(bytes([byte]))
    yield
    answers, _ = peer.answers("POST", "GET")
    check(answers and all(answer.is_whole for answer in answers), answers)
    check(len(answers) == 2 or closes(answers[0]), answers)
    check(not server.host.echo or b"drop by drop" in answers[0].content, answers)


@attack("FIN at each of 16 points")
def ends_in_between(server):
    for data, methods, ends in exchanges(server):
        for point in range(1, POINTS + 1):
            at = len(data) * point // POINTS
            peer = server.connect(data[:at])
            peer.end()
            yield
            received, how = peer.rest()
            judge(reader.responses(received, methods, how == "fin"), [end <= at for end in ends])


def closes(answer):
    """Returns whether a response says that the server closes the connection.

    A server may close after any response (RFC 9112, section 9.5).
    """
    return b"close" in answer.fields.get(b"connection", b"")


def exchanges(server):
    """Yields what is sent on each connection: two pipelined requests, or a handshake.

    Each item has the bytes, the methods of their requests, and the offset of each request's end.
    """
    first = echo(server, b"x" * 50)
    second = first + server.request()
    yield second, ["POST", "GET"], [len(first), len(second)]
    if server.host.switch:
        offer = server.host.handshake(server)
        yield offer, [server.host.switched_by], [len(offer)]


def judge(received, were_whole):
    """Checks that each complete request has its response.

    A truncated request may only get an error, or a truncated response.
    """
    (answers, rest) = received
    for number, was_whole in enumerate(were_whole):
        if number < len(answers):
            answer = answers[number]
            check(was_whole or answer.status >= 400 or not answer.is_whole, "a cut request was answered:", answer)
            check(not was_whole or answer.is_whole, "an answer was cut:", answer)
        else:
            check(not was_whole, "there is no answer to request", number, answers, rest)


@attack("RST at each of 16 points")
def resets_in_between(server):
    for data, _, _ in exchanges(server):
        for point in range(1, POINTS + 1):
            server.connect(data[: len(data) * point // POINTS]).reset()
        yield


@attack("never reads")
def never_reads(server):
    path = server.host.large or server.host.plain
    many = server.request(path) * (20 if server.host.large else server.scale)
    for _ in range(5):
        server.connect().send_what_fits(many)
    yield


@attack("reads a byte a second")
def reads_slowly(server):
    peer = server.connect(server.request(server.host.large or server.host.plain) * 50)
    for _ in range(3):
        time.sleep(1)
        peer.socket.recv(1)
        yield


reads_slowly.repeats = False


@attack("pipelines and does not read")
def pipelines(server):
    server.connect().send_what_fits(server.request() * server.scale)
    yield


@attack("pipelines and reads")
def pipelines_and_reads(server):
    number = server.scale // 50
    peer = server.connect()
    for _ in range(5):
        peer.send(server.request() * (number // 5))
        yield
        answers, rest = peer.answers(*["GET"] * (number // 5))
        check(
            len(answers) == number // 5 and all(answer.is_whole for answer in answers) and not rest,
            "answers are missing",
        )


@attack("chunks of one byte")
def small_chunks(server):
    head = server.request(server.host.echo or server.host.plain, "POST", CHUNKED)
    chunks = b"1\r\nx\r\n" * server.scale
    peer = server.connect(head)
    peer.send_what_fits(chunks)
    yield
    peer = server.connect(head)
    peer.send_beside(chunks + b"0\r\n\r\n")
    yield
    answers, _ = peer.answers("POST")
    check(answers and answers[0].is_whole, answers and answers[0].status)
    if server.host.echo and answers[0].status == 200:
        check(len(answers[0].content) == server.scale, len(answers[0].content), "bytes came back")


@attack("heads of 3,000 lines")
def long_heads(server):
    long = server.request(fields="".join(f"X-{number}: {number}\r\n" for number in range(3_000)))
    endless = server.request(fields="X: y\r\n" * 3_000)[:-2]
    for data in (long * 20, endless, endless + b"X: y\r\n" * server.scale):
        peer = server.connect()
        peer.send_what_fits(data)
        yield
        peer.end()
        received, _ = peer.rest()
        check(not received or received.startswith(b"HTTP/1.1 "), received[:100])


@attack("half-closes after its request")
def half_closes(server):
    for path in filter(None, (server.host.plain, server.host.large)):
        peer = server.connect(server.request(path))
        peer.end()
        yield
        (answers, _) = peer.answers("GET")
        check(len(answers) == 1 and answers[0].is_whole, path, answers[:1])


@attack("half-closes with more than its last request")
def half_closes_with_more(server):
    """Sends a request longer than one read, a CRLF after it, and a FIN, all at once.

    A busy server may find all of it at its first read.
    """
    if not server.host.echo:
        raise NotApplicable("it echoes nothing")
    head = server.request(server.host.echo, "POST", "Connection: close\r\nContent-Length: 00000\r\n")
    size = 3 * READ - len(head)
    peer = server.connect()
    peer.begin()
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with server.paused():
        peer.send_what_fits(head.replace(b"00000", b"%d" % size) + b"x" * size + b"\r\n")
        peer.end()
    yield
    (answers, _) = peer.answers("POST")
    check(len(answers) == 1 and answers[0].is_whole, answers[:1])
    check(answers[0].status != 200 or len(answers[0].content) == size, len(answers[0].content), "came back")


@attack("a second request in the same segment")
def two_at_once(server):
    peer = server.connect(server.request() + echo(server, b"second") + server.request())
    yield
    answers, rest = peer.answers("GET", "POST", "GET")
    check([answer.is_whole for answer in answers] == [True] * 3 and not rest, answers, rest)


@attack("long content behind a request, in the same segment")
def long_content_behind(server):
    """Sends more content than a buffer holds, while the request before is answered."""
    if not server.host.echo:
        raise NotApplicable("it echoes nothing")
    content = b"".join(b"%07d\n" % number for number in range(32_768))
    head = server.request(server.host.echo, "POST", f"Content-Length: {len(content)}\r\n")
    peer = server.connect()
    peer.send_beside(server.request() + head + content)
    yield
    peer.send_beside(server.request())
    answers, rest = peer.answers("GET", "POST", "GET")
    check(all(answer.is_whole for answer in answers) and not rest, answers, rest)
    check(len(answers) == 3 or (len(answers) == 2 and closes(answers[1])), [answer.fields for answer in answers])
    check(answers[1].status != 200 or answers[1].content == content, len(answers[1].content), "came back")


@attack("first bytes of the new protocol, FIN after them")
def first_bytes(server):
    host = server.host
    if not host.switch:
        raise NotApplicable("it switches to nothing")
    later = ["accepts-later"] if "/accepts-later" in host.lies else []
    for path, pieces in [(None, 1), (None, 2), (None, 7), *((path, 3) for path in later)]:
        sent = [b"hello%d\n" % number for number in range(pieces)]
        peer = server.connect(host.handshake(server, path) + host.frames(sent))
        peer.end()
        yield
        received, _ = peer.rest()
        (answer, *_), rest = reader.responses(received, [host.switched_by], False)
        check(answer.switches, answer)
        # A FIN before a Close frame fails a WebSocket connection, whatever was sent before (RFC 6455, 7.1.7).
        back, all_sent = host.echoed(rest), b"".join(sent)
        check(back == all_sent or (host.switch == "websocket" and all_sent.startswith(back)), "came back:", rest)
        peer = server.connect(host.handshake(server, path) + host.frames(sent))
        yield
        received, _ = peer.rest(lambda data, all_sent=all_sent: all_sent in host.echoed(data.partition(b"\r\n\r\n")[2]))
        check(host.echoed(received.partition(b"\r\n\r\n")[2]) == all_sent, "came back without a FIN:", received)


@attack("the shortest messages after the switch")
def short_messages(server):
    """Sends many messages without content, and reads what comes back.

    If a host processes all messages of one read before its event loop goes on, it serves nobody else meanwhile.
    """
    host = server.host
    if not host.switch:
        raise NotApplicable("it switches to nothing")
    peer = server.connect(host.handshake(server))
    peer.rest(lambda data: b"\r\n\r\n" in data)
    peer.read_beside()
    peer.send_beside(b"\n" * FLOOD if host.switch != "websocket" else EMPTY_FRAME * (FLOOD // 6))
    for _ in range(3):
        before = server.process.seconds()
        # The processor may have other work.
        server.serves_another(3 * WAIT)
        used = server.process.seconds() - before
        check(used < TURN, "another client has waited, in s of processor time:", used)
        yield
    peer.leave()


@attack("early bytes that are no frames")
def bad_first_bytes(server):
    """Sends bytes that are no WebSocket frames right after the handshake.

    A host that hands its connections over to a library must still learn that one has ended.
    """
    if not server.host.switch:
        raise NotApplicable("it switches to nothing")
    for _ in range(60):
        peer = server.connect(server.host.handshake(server) + b"\xff\xff\xff\xff\n")
        peer.end()
        peer.rest()
    yield


@attack("garbage after a decline")
def garbage(server):
    unknown = server.request(fields="Upgrade: unheard-of/9\r\nConnection: Upgrade\r\n")
    for rubbish in (b"\0\r\n", b"\xff" * 5000, b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"):
        peer = server.connect(unknown + rubbish)
        # uvicorn logs two lines if it declines an offer.
        server.more_events += 2
        yield
        peer.end()
        received, how = peer.rest()
        answers, _ = reader.responses(received, ["GET", "GET"], how == "fin")
        check(answers and answers[0].status >= 200 and answers[0].is_whole, answers)
        check(all(answer.status >= 400 for answer in answers[1:]), answers)


@attack("leaves while it is answered")
def leaves(server):
    path = (server.host.lies and "/waits") or server.host.large or server.host.plain
    for _ in range(50):
        server.connect(server.request(path))
    yield
    server.reset_all()
    yield


@attack("ends its direction while it is answered, and leaves")
def leaves_in_order(server):
    """Half-closes while the handler of the request waits, then closes without a reset."""
    server.needs("/waits")
    for _ in range(20):
        server.connect(server.request("/waits")).end()
    yield
    server.let_go()
    yield


@attack("a head that is too large, after a pause")
def large_head_after_pause(server):
    """The client still sends when its head is rejected, and must get the response."""
    head = server.request(fields=f"Cookie: {'x' * 200_000}\r\nContent-Length: 300000\r\n", method="POST")
    peer = server.connect(server.request())
    peer.answers("GET")
    time.sleep(1.5)
    yield
    peer.send(head + b"x" * 300_000)
    answers, _ = peer.answers("POST")
    check(answers and answers[-1].is_whole and answers[-1].status >= 400, answers)


@attack("resets after the switch")
def resets_after_switch(server):
    if not server.host.switch:
        raise NotApplicable("it switches to nothing")
    for _ in range(20):
        peer = server.connect(server.host.handshake(server))
        peer.rest(lambda data: b"\r\n\r\n" in data)
        peer.send(server.host.frames([b"hello\n"]))
    yield
    server.reset_all()
    yield


@attack("HTTP/2 that stalls, resets its streams, or does not read")
def http2(server):
    if not server.host.http2:
        raise NotApplicable("it speaks no HTTP/2")
    opening = PREFACE + frame(SETTINGS)
    # GET and http of the static table, then `:path` and `:authority: a`.
    plain, large = (
        b"\x82\x86\x04" + bytes([len(path)]) + path.encode() + b"\x41\x01a"
        for path in (server.host.plain, server.host.large or server.host.plain)
    )
    for at in range(1, len(opening) + 1):
        server.connect(opening[:at])
        peer = server.connect(opening[:at])
        peer.end()
        yield
    streams = range(1, 2 * server.scale, 2)
    server.connect(opening).send_what_fits(
        b"".join(frame(HEADERS, stream, plain, END_HEADERS) + frame(RST_STREAM, stream, bytes(4)) for stream in streams)
    )
    yield
    server.connect(opening).send_what_fits(
        b"".join(frame(HEADERS, stream, large, END_HEADERS | END_STREAM) for stream in streams)
    )
    yield
    server.connect(opening).send_what_fits(frame(PING, 0, bytes(8)) * server.scale)
    yield
    server.connect(opening).send_what_fits(frame(SETTINGS) * server.scale)
    yield
    # A window of 0: each response waits.
    server.connect(PREFACE + frame(SETTINGS, payload=struct.pack(">HI", 4, 0))).send_what_fits(
        b"".join(frame(HEADERS, stream, large, END_HEADERS | END_STREAM) for stream in streams[:100])
    )
    yield
    server.reset_all()
    yield


def frame(kind, stream=0, payload=b"", flags=0):
    """Returns a frame of HTTP/2 (RFC 9113, section 4.1)."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def echo(server, content):
    """Returns a POST in two chunks, to the path that echoes if the host has one."""
    head = server.request(server.host.echo or server.host.plain, "POST", CHUNKED)
    half = len(content) // 2
    return (
        head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (content[:half], content[half:])) + b"0\r\n\r\n"
    )
