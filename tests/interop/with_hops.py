"""Cases of messages that the gateway forwards to a scripted server, and back.

RFC 9110, section 7.6, has the rules for an intermediary.
"""

import contextlib
import socket
import threading
import time

from harness import (
    LARGE,
    THROUGH_US,
    WAIT,
    Raw,
    as_read,
    between,
    case,
    check,
    closed_port,
    port_of,
    read_head,
    same,
    scripted,
)
from with_gateway import gateway
from with_probe import SWITCH
from with_proxies import check_switched, offer
from with_sockets import HELLO


def arrives(request):
    """Returns the normalised lines of a request's head as the gateway forwards it.

    In them `BEHIND` replaces the address of the server behind the gateway.
    """
    heads = []

    def script(connection):
        heads.append(read_head(connection))
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with scripted(script) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port, request)
        check(raw.until(b"\r\n\r\n").startswith(b"HTTP/1.1 204 "), request)
        after = url.removeprefix("http://").encode()
    _, host = heads[0].split(b"\r\n")[:2]
    check(host.lower().startswith(b"host: "), "Host is not the first field", heads[0])
    lines = as_read(heads[0]).removesuffix(b"\r\n\r\n").split(b"\r\n")
    return [line.replace(after, b"BEHIND") for line in lines]


def passed_on(fields):
    """Returns the forwarded field lines of a request with `fields`, without Host."""
    line, *others = arrives(b"GET /x?y HTTP/1.1\r\nHost: a\r\n%s\r\n" % fields)
    same(line, b"GET /x?y HTTP/1.1")
    others.remove(b"host: a")
    return others


VIA = b"via: 1.1 switchover"


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_passes_on_what_is_for_the_other_end(_):
    """End-to-end fields are forwarded, hop-by-hop fields are not.

    Proves: R9110-7.6-1, R9110-7.6.1-2, R9110-7.6.1-3.
    """
    hops = b"Connection: x-mine, close, X-Yours\r\nConnection: keep-alive\r\nX-Mine: 1\r\nx-yours: 2\r\n"
    known = b"Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\n"
    ends = b"Trailer: x\r\nAccept: */*\r\nX-Theirs: 3\r\nCookie: a=b\r\nVia: 1.0 before\r\nX-Theirs: 2\r\n"
    wanted = [b"accept: */*", b"cookie: a=b", b"trailer: x", b"via: 1.0 before", VIA, b"x-theirs: 3", b"x-theirs: 2"]
    same(passed_on(hops + known + ends), wanted, "fields")


@case("a script", "foo/2", THROUGH_US)
def the_gateway_offers_what_may_be_forwarded(_):
    between_neighbours = b"Upgrade: h2c, TLS/1.3\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n"
    same(passed_on(between_neighbours), [VIA], "fields")
    beside = between_neighbours.replace(b"h2c,", b"h2c, foo/2,") + b"Upgrade: bar\r\n"
    same(passed_on(beside), [b"connection: Upgrade", b"upgrade: foo/2, bar", VIA], "fields")
    same(passed_on(b"Upgrade: foo/2\r\n"), [VIA], "fields")


def answered(data, request):
    """Returns the normalised response of the gateway when the server sends `data`."""

    def script(connection):
        read_head(connection)
        connection.sendall(data)

    with scripted(script) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port, request)
        with contextlib.suppress(OSError):  # it is over already
            raw.socket.shutdown(socket.SHUT_WR)
        return as_read(raw.rest())


@case("a script", "foo/2", THROUGH_US)
def the_gateway_believes_no_wrong_101(_):
    other, layers = SWITCH.replace(b"echo/1", b"other"), SWITCH.replace(b"echo/1", b"TLS/1.2, HTTP/1.1")
    silent, old = SWITCH.replace(b"Upgrade: echo/1\r\n", b""), SWITCH.replace(b"HTTP/1.1", b"HTTP/1.0")
    for switch in [other, layers, silent, old, SWITCH.replace(b"Connection: Upgrade\r\n", b"")]:
        got = answered(switch + b"welcome\n", offer(b"/", b"echo/1"))
        check(got.startswith(b"HTTP/1.1 502 ") and got.count(b"HTTP/1.1 ") == 1 and b"welcome" not in got, switch, got)
    got = answered(SWITCH, HELLO)
    check(got.startswith(b"HTTP/1.1 502 "), got)


@case("a script", "echo/1", THROUGH_US)
def the_gateway_passes_on_a_101(_):
    """A 101 and the bytes after it pass, without hop-by-hop and framing fields."""
    more = b"X-Mine: 1\r\nContent-Length: 0\r\nConnection: x-mine\r\nX-Theirs: 2\r\n\r\nwelcome\n"
    got = answered(SWITCH[:-2] + more, offer(b"/", b"echo/1"))
    wanted = (
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: echo/1\r\n"
        b"via: 1.1 switchover\r\nx-theirs: 2\r\n\r\nwelcome\n"
    )
    same(without_date(got), wanted)


def without_date(answer):
    """Returns a response without its Date field, which it must have.

    The gateway adds a Date to a response without one (RFC 9110, section 6.6.1).
    """
    before, _, after = answer.partition(b"date: ")
    check(after, "no date", answer)
    return before + after.partition(b"\r\n")[2]


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_passes_on_an_answer(_):
    """A response is forwarded with its reason, after the informational response.

    Proves: R9110-15.2-3.
    """
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\nConnection: x-mine\r\nX-Mine: 1\r\n\r\n"
    final = b"HTTP/1.1 200 Fine\r\nConnection: close, x-mine\r\nX-Mine: 1\r\nKeep-Alive: x\r\nX: 2\r\n\r\nuntil the end"
    hints, _, final = answered(hints + final, HELLO).partition(b"\r\n\r\n")
    same(hints, b"HTTP/1.1 103 Early Hints\r\nlink: a")
    wanted = b"HTTP/1.1 200 Fine\r\ntransfer-encoding: chunked\r\nvia: 1.1 switchover\r\nx: 2\r\n\r\n"
    same(without_date(as_read(final)), wanted + b"d\r\nuntil the end\r\n0\r\n\r\n")


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_tells_the_client_what_went_wrong(_):
    bad = [b"", b"SSH-2.0-OpenSSH_9\r\n"]
    for data in bad:
        got = answered(data, HELLO)
        check(got.startswith(b"HTTP/1.1 502 ") and got.count(b"HTTP/1.1 ") == 1, got)
    with closed_port() as port, gateway(port) as front:
        check(Raw(front.port, HELLO).until(b"\r\n\r\n").startswith(b"HTTP/1.1 502 "))


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_makes_a_426_without_a_list_a_400(_):
    """The gateway changes a 426 without an `Upgrade` list to a 400.

    The content, which explains the error, stays. Such a 426 violates RFC 9110, section 15.5.22, and many servers send
    it.
    """
    for version in [b"1.0", b"1.1"]:
        head = b"HTTP/%s 426 Upgrade Required\r\nContent-Length: 10\r\nX: 1\r\n\r\n" % version
        got = answered(head + b"update me\n", HELLO)
        check(got.startswith(b"HTTP/1.1 400 ") and got.endswith(b"\r\n\r\nupdate me\n") and b"\r\nx: 1\r\n" in got, got)
        got = answered(head.replace(b"X: 1", b"Upgrade: foo\r\nConnection: upgrade") + b"update me\n", HELLO)
        check(got.startswith(b"HTTP/1.1 426 ") and b"\r\nupgrade: foo\r\n" in got.lower(), got)


def refuses(connection):
    """Plays a server that responds with a 413 after the head, and closes."""
    read_head(connection)
    connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_passes_on_an_answer_that_comes_too_early(_):
    """A client that still sends content gets an early response, which says `close`."""
    with scripted(refuses) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port)
        # The last byte is never sent, so the response is early however fast the gateway reads.
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (len(LARGE) * 24 + 1)
        raw.send_beside(head + LARGE * 24, ends=False)
        got = as_read(raw.rest())
    check(got.startswith(b"HTTP/1.1 413 ") and got.endswith(b"\r\n\r\nno"), got)
    check(b"\r\nconnection: close\r\n" in got, got)


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_lets_a_client_finish_that_was_answered_early(_):
    """A client that gets an early response may finish, even if it sends slowly.

    A reset could make it lose the response (RFC 9112, section 9.6).
    """
    with scripted(refuses) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
        check(raw.until(b"\r\n\r\nno").startswith(b"HTTP/1.1 413 "))
        for _ in range(8):
            time.sleep(0.25)
            raw.socket.sendall(b"more")
        raw.socket.shutdown(socket.SHUT_WR)
        same(raw.rest(), b"")


@case("a script", "echo/1", THROUGH_US)
def the_gateway_lets_the_server_end_first(_):
    heard, ended = [], threading.Event()

    def script(connection):
        read_head(connection)
        connection.sendall(SWITCH + b"that was all\n")
        connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65536):
            heard.append(piece)
        ended.set()

    with scripted(script) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port, offer(b"/", b"echo/1"))
        check_switched(raw)
        same(raw.until(b"all\n"), b"that was all\n")
        check(raw.socket.recv(1) == b"", "more came")
        raw.socket.sendall(LARGE)
        raw.socket.close()
        check(ended.wait(WAIT), "the end did not come")
    same(b"".join(heard), LARGE)


# Requirements for intermediaries (RFC 9110, 7.6).


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_stands_in_via_both_ways(_):
    """The gateway adds Via with the version in which it received the message.

    The version in which it forwards the message makes no difference.

    Proves: R9110-7.6.3-1.
    """
    same(arrives(b"GET / HTTP/1.0\r\nHost: a\r\nVia: 1.1 b\r\n\r\n")[2:], [b"via: 1.1 b", b"via: 1.0 switchover"])
    got = answered(b"HTTP/1.0 200 OK\r\nVia: 1.1 b\r\nContent-Length: 0\r\n\r\n", HELLO)
    check(b"\r\nvia: 1.1 b\r\nvia: 1.0 switchover\r\n" in got, got)


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_counts_max_forwards(_):
    """The gateway decrements Max-Forwards of OPTIONS and TRACE, and stops at 0.

    It responds itself to an OPTIONS or TRACE that has reached 0.

    Proves: R9110-7.6.2-1.
    """
    request = b"%s / HTTP/1.1\r\nHost: a\r\nMax-Forwards: %s\r\n\r\n"
    for method, before, after in [
        (b"OPTIONS", b"2", b"1"),
        (b"TRACE", b"1", b"0"),
        (b"TRACE", b"9" * 30, b"%d" % (2**64 - 2)),
        (b"GET", b"0", b"0"),
        (b"TRACE", b"-1", b"-1"),
    ]:
        check(b"max-forwards: " + after in arrives(request % (method, before)), method, before)
    with closed_port() as port, gateway(port) as front:  # and none there
        traced = request.replace(b"\r\nMax", b"\r\nCookie: secret\r\nMax")
        raw = Raw(front.port, traced % (b"TRACE", b"0"))
        head, content = raw.until(b"\r\n\r\n"), request % (b"TRACE", b"0")
        check(head.startswith(b"HTTP/1.1 200 ") and b"\r\ncontent-type: message/http\r\n" in as_read(head), head)
        same(as_read(raw.until(b"\r\n\r\n")), as_read(content))
        raw.socket.sendall(request % (b"OPTIONS", b"0") + request % (b"GET", b"0"))
        check(raw.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 "), "OPTIONS")
        check(raw.until(b"\r\n\r\n").startswith(b"HTTP/1.1 502 "), "GET")


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_asks_for_what_the_target_says(_):
    """The authority of an absolute-form target replaces Host.

    The server behind the gateway gets an origin-form target, or `*`.

    Proves: R9112-3.2.2-5, R9112-3.2.4-3.
    """
    for line, first, host in [
        (b"GET http://evil:81/x?y HTTP/1.1", b"GET /x?y HTTP/1.1", b"host: evil:81"),
        (b"GET http://b?y HTTP/1.1", b"GET /?y HTTP/1.1", b"host: b"),
        (b"OPTIONS http://b HTTP/1.1", b"OPTIONS * HTTP/1.1", b"host: b"),
        (b"OPTIONS http://b/ HTTP/1.1", b"OPTIONS / HTTP/1.1", b"host: b"),
        (b"GET /x://y HTTP/1.1", b"GET /x://y HTTP/1.1", b"host: a"),
    ]:
        same(arrives(line + b"\r\nHost: a\r\n\r\n")[:2], [first, host])
    same(arrives(b"GET / HTTP/1.0\r\n\r\n")[:2], [b"GET / HTTP/1.1", b"host: BEHIND"])


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_passes_on_few_trailers(_):
    """The gateway forwards only fields that are defined as trailers.

    A server may merge any other into the header fields.
    """
    bad = [b"X-Forwarded-For: 1.2.3.4", b"Sec-WebSocket-Key: x", b"X-Mine: 1", b"Host: b", b"Content-Length: 3"]
    good = [b'etag: "1"', b"content-digest: sha-256=:x:", b"grpc-status: 0"]
    end = b"0\r\n%s\r\n\r\n" % b"\r\n".join([bad[0], good[0], *bad[1:3], *good[1:]])
    wanted = b"0\r\n%s\r\n\r\n" % b"\r\n".join(good)
    ends = []

    def script(connection):
        data = read_head(connection)
        while not data.endswith(b"grpc-status: 0\r\n\r\n"):
            data += connection.recv(65536)
        ends.append(data.partition(b"\r\n\r\n")[2])
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + end)

    with scripted(script) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + end)
        raw.until(b"\r\n\r\n")
        same(raw.until(b"grpc-status: 0\r\n\r\n"), wanted)
    same(ends, [wanted])


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_waits_with_the_client_for_a_100(_):
    """The server behind the gateway decides whether a 100 is sent."""
    request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"

    def takes_it(connection):
        check(b"\r\nexpect: 100-continue\r\n" in as_read(read_head(connection)), "the expectation did not arrive")
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        same(connection.recv(65536), b"hello")
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    def does_not(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")

    with scripted(takes_it, does_not) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port, request)
        same(raw.until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue\r\n\r\n")
        raw.socket.sendall(b"hello")
        check(raw.until(b"\r\n\r\n").startswith(b"HTTP/1.1 204 "), "204")
        raw.socket.sendall(request)
        head = as_read(raw.until(b"\r\n\r\n"))
        check(head.startswith(b"HTTP/1.1 401 ") and b"\r\nconnection: close\r\n" in head, head)


# Common and malformed messages.


@case("a socket", "HTTP/1.1", THROUGH_US)
def the_gateway_answers_mistakes_of_clients_itself(_):
    """The gateway itself responds with 400 to errors of clients.

    No server listens behind it.
    """
    with closed_port() as port, gateway(port) as front:
        for request in [
            b"TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 4\r\n\r\n",
        ]:
            got = Raw(front.port, request).until(b"\r\n\r\n")
            check(got.startswith(b"HTTP/1.1 400 "), request, got)


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_does_not_wait_for_ever(_):
    """The gateway's timeouts apply to the server (504) and to the client (408)."""

    def script(connection):
        read_head(connection)
        while connection.recv(65536):
            pass

    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"
    with scripted(script, script) as url, between("gateway", port_of(url), "--timeout", "1") as front:
        for request, status in [(HELLO, b"504 "), (post, b"408 ")]:
            got = as_read(Raw(front.port, request).rest())
            check(got.startswith(b"HTTP/1.1 " + status) and b"\r\nconnection: close\r\n" in got, got)


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_takes_answers_as_servers_send_them(_):
    """Contradictory responses that every client accepts pass; a 999 becomes a 502."""
    for data, wanted, content in [
        (b"204 No Content\r\nContent-Length: 0\r\n\r\n", b"204 ", b""),
        (b"304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", b"304 ", b""),
        (b"205 Reset Content\r\nContent-Length: 3\r\n\r\nabc", b"205 ", b""),
        (b"200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", b"200 ", b"abc"),
        (b"200 OK\r\nContent-Length: 3, 3\r\n\r\nabc", b"200 ", b"abc"),
        (b"200 OK\r\nSec-WebSocket-Accept: x\r\nCapsule-Protocol: ?1\r\nContent-Length: 3\r\n\r\nabc", b"200 ", b"abc"),
        (b"200 OK\r\nUpgrade: h2,h2c\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nabc", b"200 ", b"abc"),
        (b"999 Denied\r\nContent-Length: 3\r\n\r\nabc", b"502 ", b"abc"),
    ]:
        got = answered(b"HTTP/1.1 " + data, HELLO)
        check(got.startswith(b"HTTP/1.1 " + wanted) and got.count(b"HTTP/1.1 ") == 1, got)
        same(unframed(got), content, data)
        check(b"sec-websocket" not in got, got)


def unframed(answer):
    head, _, content = answer.partition(b"\r\n\r\n")
    if b"\r\ntransfer-encoding: chunked" not in head:
        return content
    size, _, rest = content.partition(b"\r\n")
    return rest[: int(size, 16)] if size else b""


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_takes_requests_as_clients_send_them(_):
    for request, line in [
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", b"content-length: 0"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", b"host: a"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n", b"host: a"),
        (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", b"host: "),
    ]:
        lines = arrives(request)
        check(lines.count(line) == 1 and b"expect: 100-continue" not in lines, request, lines)


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_shows_that_an_answer_was_cut(_):
    """The gateway shows each client that a response was truncated.

    Each HTTP version has its own way. In HTTP/1.0, where a response ends with its connection, that is a reset.
    """
    head = b"HTTP/1.1 200 OK\r\n%s\r\n\r\n"
    cut = [head % b"Content-Length: 100" + b"half", head % b"Transfer-Encoding: chunked" + b"64\r\nhalf"]
    for data in cut:
        got = answered(data, HELLO)
        check(got.endswith((b"half", b"half\r\n")), got)
    with contextlib.suppress(ConnectionResetError):
        raise AssertionError(answered(cut[1], HELLO.replace(b"/1.1", b"/1.0")))
