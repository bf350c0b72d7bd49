"""Cases of the gateway, an example on two connections of our engine.

It runs between third-party programs, and in a chain with third-party proxies.

Offers except h2c and TLS are forwarded, and the agreed protocol passes in both directions. Bytes after a declined
offer reach a server only if they are valid requests.
"""

import contextlib
import fcntl
import itertools
import signal
import socket
import tempfile
import termios
import threading
import time
from dataclasses import replace

import programs
import with_curl
import with_proxies
import with_sockets
from docker_daemon import daemon
from environment import node, python
from harness import (
    HERE,
    LARGE,
    LINES,
    THROUGH_US,
    WAIT,
    Raw,
    Switchboard,
    as_read,
    between,
    case,
    check,
    needs,
    port_of,
    probe,
    read_head,
    resets,
    run,
    same,
    scripted,
    server,
    wait_for,
)
from with_probe import SWITCH, check_messages
from with_proxies import ANSWER, NO_REQUEST, PROXIES, check_answered, check_switched, offer
from with_servers import python_server
from with_sockets import HELLO, answer


def gateway(backend):
    return between("gateway", backend)


@contextlib.contextmanager
def gateway_before_a_switchboard():
    with Switchboard() as board, gateway(board.port) as front:
        yield board, front


# Third-party servers behind the gateway, third-party clients before it.


@case("ws", "websocket", THROUGH_US)
def the_gateway_before_node_ws(_):
    with server(*node("servers.cjs"), "ws") as url, gateway(port_of(url)) as front:
        check_messages(front.url)


@case("ws", "websocket", THROUGH_US)
def the_gateway_after_node_ws(_):
    with gateway_before_a_switchboard() as (_, front):
        run(*node("ws_client.cjs"), front.url)


@case("websockets", "websocket", THROUGH_US)
def the_gateway_before_python_websockets(_):
    with server(python(), HERE / "python/servers.py", "websockets") as url, gateway(port_of(url)) as front:
        check_messages(front.url)


@case("websockets", "websocket", THROUGH_US)
def the_gateway_after_python_websockets(_):
    with gateway_before_a_switchboard() as (_, front):
        run(python(), HERE / "python/websockets_client.py", front.url)


@case("node", "foo/2", THROUGH_US)
def the_gateway_after_node_http(_):
    with gateway_before_a_switchboard() as (_, front):
        run(*node("upgrade_client.cjs", modules=False), front.url)


@case("docker", "tcp", THROUGH_US)
def the_gateway_between_docker_and_its_daemon(_):
    """Docker's requests go through the gateway, and its command by an upgrade.

    Docker half-closes when its own input ends.
    """
    docker = needs("docker", ["docker", "--version"])
    with daemon() as after, gateway(after.server_port) as front, tempfile.TemporaryDirectory() as home:
        command = ["env", f"DOCKER_CONFIG={home}", docker, "-H", f"tcp://127.0.0.1:{front.port}"]
        for typed in [b"", b"hello\nworld\n", LARGE]:
            out, _ = run(*command, "exec", "-i", "foo", "cat", stdin=typed)
            same(out, typed)
    check(after.offers == [("Upgrade", "tcp")] * 3 and after.half_closes == 3, after.offers, after.half_closes)


@case("hypercorn", "websocket", THROUGH_US, large=True)
def the_gateway_before_hypercorn(_):
    """The gateway forwards hypercorn's 101, which has no reason phrase.

    That 101 says `upgrade: WebSocket`.
    """
    with python_server("hypercorn") as url, gateway(port_of(url)) as front:
        check_messages(front.url)


@case("nginx", "HTTP/1.1", THROUGH_US, large=True)
def the_gateway_before_nginx(_):
    with Switchboard() as board, programs.nginx(board.port) as after, gateway(after) as front:
        out, _ = with_curl.curl(front, "/", "-i")
        check(
            out.startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\nserver: nginx" in as_read(out) and b"</html>" in out, out
        )
        out, _ = with_curl.curl(front, "/echo", "--data-binary", "@-", stdin=LARGE)
        same(out, LARGE)


@case("nginx", "websocket", THROUGH_US, large=True)
def the_gateway_before_nginx_before_node_ws(_):
    with server(*node("servers.cjs"), "ws") as url, programs.nginx(port_of(url)) as after, gateway(after) as front:
        check_messages(front.url)


@case("a socket", "echo/1", THROUGH_US)
def the_gateway_before_a_server_that_leaves(_):
    """All that a server has sent before it closes still arrives.

    It arrives even if it is read slowly, and whatever the client still sends (RFC 9110, section 9.3.6).
    """

    def script(connection):
        read_head(connection)
        connection.sendall(SWITCH + LARGE)
        connection.shutdown(socket.SHUT_WR)
        # The server has sent everything. Since it leaves the client's bytes unread, closing resets the connection.
        wait_for(lambda: fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)), bytes(4))

    # A busy server's 101 must come within the timeout.
    with scripted(script) as url, between("gateway", port_of(url), "--timeout", "3") as front:
        raw = Raw(front.port)
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        raw.socket.sendall(offer(b"/", b"echo/1"))
        raw.send_beside(b"x" * 100_000_000)
        head = raw.until(b"\r\n\r\n")
        check(head.startswith(b"HTTP/1.1 101 "), head)
        # The gateway gives the client four times its timeout to read some of it.
        time.sleep(4)
        same(raw.read_slowly(), LARGE)


@case("a socket", "echo/1", THROUGH_US)
def the_gateway_before_a_client_that_does_not_read(_):
    """The tunnel of a client that does not read is reset, not closed in order.

    The reset comes after the gateway's timeout.
    """

    def script(connection):
        read_head(connection)
        connection.sendall(SWITCH)
        connection.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            connection.sendall(bytes(1 << 25))

    with scripted(script) as url, between("gateway", port_of(url), "--timeout", "1") as front:
        before = front.descriptors()
        raw = Raw(front.port)
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        raw.socket.sendall(offer(b"/", b"echo/1"))
        raw.until(b"\r\n\r\n")
        raw.send_beside(b"x" * 100_000_000)
        wait_for(lambda: b"back" if front.descriptors() <= before else b"kept", b"back")
        try:
            while raw.socket.recv(65536):
                pass
        except ConnectionResetError:
            return
        check(False, "the end looks like that of the protocol")


@case("a socket", "echo/1", THROUGH_US)
def the_gateway_between_sides_that_reset(_):
    """A reset by either side resets the other one, even if that is silent."""

    def is_reset(read):
        try:
            return f"read: {read()}"
        except ConnectionResetError:
            return "reset"

    def hears(connection):
        read_head(connection)
        connection.sendall(SWITCH)
        same(is_reset(lambda: connection.recv(1)), "reset")

    def leaves(connection):
        read_head(connection)
        connection.sendall(SWITCH)
        connection.recv(5)
        resets(connection)

    with scripted(hears, leaves) as url, gateway(port_of(url)) as front:
        before = front.descriptors()
        for says in [b"", b"hello"]:
            raw = Raw(front.port, offer(b"/", b"echo/1"))
            raw.until(b"\r\n\r\n")
            raw.socket.sendall(says)
            if says:
                same(is_reset(raw.rest), "reset")
            else:
                resets(raw.socket)
                raw.socket.close()
        wait_for(lambda: b"back" if front.descriptors() <= before else b"kept", b"back")


@case("a socket", "echo/1", THROUGH_US)
def the_gateway_and_a_client_that_ends_its_direction_and_resets(_):
    """The reset of a half-closed client is noticed although the backend is silent.

    The backend sends nothing, whose failed delivery would tell of the reset.
    """

    def is_silent(connection):
        read_head(connection)
        connection.sendall(SWITCH)
        same(connection.recv(1), b"")
        goes_on.wait(WAIT)

    goes_on = threading.Event()
    with scripted(is_silent) as url, between("gateway", port_of(url), "--timeout", "1") as front:
        before = front.descriptors()
        raw = Raw(front.port, offer(b"/", b"echo/1"))
        raw.until(b"\r\n\r\n")
        raw.socket.shutdown(socket.SHUT_WR)
        time.sleep(0.3)
        resets(raw.socket)
        raw.socket.close()
        wait_for(lambda: b"back" if front.descriptors() <= before else b"kept", b"back")
        goes_on.set()


@case("a socket", "HTTP/1.1", THROUGH_US)
def the_gateway_and_content_above_its_limit(_):
    """The gateway limits content to 1 GiB, the default limit of the tokio adapter.

    Below the limit the response would be a 502, since there is no backend.
    """
    with socket.socket() as absent:
        absent.bind(("127.0.0.1", 0))
        with gateway(absent.getsockname()[1]) as front:
            said = Raw(front.port, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000000\r\n\r\n").until(
                b"\r\n\r\n"
            )
    check(said.startswith(b"HTTP/1.1 413 "), said)


@case("a socket", "HTTP/1.1", THROUGH_US)
def the_gateway_before_a_backend_that_resets_in_its_early_answer(_):
    """The backend resets while content is sent; its response must look truncated."""

    def is_cut(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
        time.sleep(0.5)
        resets(connection)

    with scripted(is_cut) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            raw.socket.sendall(bytes(20_000_000))
        with contextlib.suppress(ConnectionError):
            raw.rest()
        check(b"half of it" in raw.got and not raw.got.endswith(b"0\r\n\r\n"), raw.got)


@case("a socket", "echo/1", THROUGH_US)
def the_gateway_between_sides_that_wait_for_each_other(_):
    """An echo that is not read stops both directions.

    A reset by the client ends them.
    """

    def echoes(connection):
        read_head(connection)
        connection.sendall(SWITCH)
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65536):
                connection.sendall(piece)

    with scripted(echoes) as url, between("gateway", port_of(url), "--timeout", "1") as front:
        before = front.descriptors()
        raw = Raw(front.port, offer(b"/", b"echo/1"))
        raw.until(b"\r\n\r\n")
        raw.socket.settimeout(1)
        with contextlib.suppress(TimeoutError):
            raw.socket.sendall(bytes(1 << 26))
        resets(raw.socket)
        raw.socket.close()
        wait_for(lambda: b"back" if front.descriptors() <= before else b"kept", b"back")


@case("a socket", "echo/1", THROUGH_US)
def the_gateway_is_interrupted_in_a_tunnel(_):
    """After a SIGINT to the gateway, data in a tunnel has a few seconds left.

    Then both sides are reset, also in a tunnel that begins after the signal.
    """
    goes_on = threading.Event()

    def script(connection):
        read_head(connection)
        check(goes_on.wait(WAIT), "no signal")
        connection.sendall(SWITCH + LARGE)
        with contextlib.suppress(ConnectionResetError):
            check(connection.recv(1), "the backend's end looks like that of the protocol")

    for is_late in [False, True]:
        goes_on.clear()
        with scripted(script) as url, gateway(port_of(url)) as front:
            raw = Raw(front.port, offer(b"/", b"echo/1"))
            if is_late:
                time.sleep(0.2)
                front.process.send_signal(signal.SIGINT)
                threading.Timer(2, goes_on.set).start()
                raw.until(b"\r\n\r\n")
            else:
                goes_on.set()
                raw.until(b"\r\n\r\n")
                front.process.send_signal(signal.SIGINT)
                time.sleep(0.3)
            try:
                raw.rest()
                check(False, "the end looks like that of the protocol")
            except ConnectionResetError:
                same(raw.got, LARGE)


@case("a socket", "HTTP/1.1", THROUGH_US)
def the_gateway_and_a_length_beside_a_coding(_):
    """Content-Length beside Transfer-Encoding is not forwarded, not even for HEAD.

    RFC 9112, section 6.3, requires it.
    """

    def script(connection):
        read_head(connection)
        framing = b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + framing)

    with scripted(script) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port, b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        raw.rest()
    check(raw.got.startswith(b"HTTP/1.1 200 ") and b"content-length" not in raw.got.lower(), raw.got)


@case("a socket", "HTTP/1.1", THROUGH_US)
def the_gateway_and_lengths_that_are_invalid(_):
    """A response with an invalid Content-Length becomes a 502, also for HEAD.

    RFC 9110, section 8.6.
    """
    invalid = (b"3\r\nContent-Length: 4", b"+3", b"3, 4", b"", b"3\x80", b"9" * 23)
    for method, lengths in itertools.product((b"HEAD", b"GET"), invalid):

        def script(connection, lengths=lengths):
            read_head(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: " + lengths + b"\r\n\r\n")

        with scripted(script) as url, gateway(port_of(url)) as front:
            raw = Raw(front.port, method + b" / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            raw.rest()
        check(raw.got.startswith(b"HTTP/1.1 502 "), raw.got)


# The switchboard behind the gateway, with raw sockets as clients.


def before_the_switchboard(program, protocol):
    """Registers a case: a function of a switchboard and the gateway before it."""

    def register(function):
        def through_us(_):
            with gateway_before_a_switchboard() as (board, front):
                function(board, front)

        through_us.__name__ = f"the_gateway_and_{function.__name__}"
        case(program, protocol, THROUGH_US)(through_us)
        return function

    return register


@before_the_switchboard("a socket", "foo/2")
def an_offer(board, front):
    raw = Raw(front.port, offer(b"/foo", b"foo/2"))
    check_switched(raw)
    same(raw.until(ANSWER), ANSWER)
    raw.socket.sendall(b"one\ntwo\nQUIT\n")
    same(raw.rest(), b"ONE\nTWO\nBYE\n")
    check(b"< via: 1.1 switchover\n" in board.read(), board.read())


@before_the_switchboard("a socket", "foo/2")
def an_offer_with_content(_, front):
    raw = Raw(front.port, offer(b"/foo", b"foo/2", b"hello"))
    check_switched(raw)
    raw.socket.sendall(b"QUIT\n")
    same(raw.rest(), b"foo/2 200 POST /foo 5\nhello\nBYE\n")


@before_the_switchboard("a socket", "foo/2")
def a_list(board, front):
    raw = Raw(front.port, offer(b"/foo", b"example/1, foo/2, foo/1"))
    check(b"\r\nupgrade: foo/2\r\n" in check_switched(raw))
    check(b"< upgrade: example/1, foo/2, foo/1\n" in board.read(), board.read())


@before_the_switchboard("a socket", "foo/2")
def a_declined_offer(_, front):
    """A declined offer changes nothing: the next request comes on the same connection."""
    raw = Raw(front.port)
    for content in [None, b"hello"]:
        raw.socket.sendall(offer(b"/plain", b"foo/2", content))
        check_answered(raw, b" /plain: %d bytes of content came." % len(content or b""))
    raw.socket.sendall(offer(b"/foo", b"foo/2"))
    check_switched(raw)


@before_the_switchboard("a socket", "foo/2")
def early_bytes(board, front):
    """Early bytes after an accepted offer belong to the agreed protocol.

    After a declined offer they are the next request, or are rejected.
    """
    raw = Raw(front.port, offer(b"/foo", b"foo/2") + b"early\nQUIT\n")
    check_switched(raw)
    same(raw.rest(), ANSWER + b"EARLY\nBYE\n")
    reads_early_bytes(board, front.port)


def reads_early_bytes(board, port):
    for content in [None, b"hello"]:
        declined = offer(b"/plain", b"foo/2", content)
        raw = Raw(port, declined + HELLO)
        raw.until(b"No offer is taken here.\n")
        raw.until(b"GET /plain: 0 bytes of content came. No offer is taken here.\n")
        raw = Raw(port, declined + NO_REQUEST)
        raw.until(b"No offer is taken here.\n")
        rest = raw.rest()
        check(rest.startswith(b"HTTP/1.1 400 ") and b"\r\nconnection: close\r\n" in as_read(rest), rest)
    check(b" 400 " not in board.read(), "it has reached the switchboard:", board.read())


@before_the_switchboard("a socket", "foo/2")
def a_426(_, front):
    raw = Raw(front.port, HELLO.replace(b"/plain", b"/required"))
    head = raw.until(b"\r\n\r\n")
    check(head.startswith(b"HTTP/1.1 426 ") and b"\r\nupgrade: foo/2, websocket\r\n" in head, head)
    out, errors = probe(front.url + "/required", "--offer", "example/1", stdin=b"hello\nQUIT\n")
    same(out, b"foo/2 200 GET /required 0\nHELLO\nBYE\n")
    check(b"* offering foo/2 instead, on the same connection\n" in errors, errors)


@before_the_switchboard("a socket", "foo/2")
def a_half_close(_, front):
    """A client of foo/2 half-closes, and all lines still come back by the gateway."""
    raw = Raw(front.port, offer(b"/foo", b"foo/2"))
    check_switched(raw)
    raw.send_beside(LINES)
    same(raw.rest(), ANSWER + LINES.upper())


@before_the_switchboard("a socket", "foo/2")
def large_payloads_both_ways(_, front):
    with_sockets.large_payloads_both_ways(front)


@before_the_switchboard("a socket", "foo/2")
def pipelined_requests(_, front):
    raw = Raw(front.port, HELLO * 3 + offer(b"/foo", b"foo/2") + b"early\n")
    for _ in range(3):
        same(answer(raw), b"GET /plain: 0 bytes of content came. No offer is taken here.\n")
    check_switched(raw)
    raw.socket.shutdown(socket.SHUT_WR)
    same(raw.rest(), ANSWER + b"EARLY\n")


@before_the_switchboard("a socket", "foo/2")
def an_expectation(board, front):
    """`Expect` is forwarded, and the server's 100 comes back before its 101.

    RFC 9110, sections 7.8 and 10.1.1, require it.
    """
    raw = Raw(front.port, offer(b"/foo", b"foo/2", b"hello")[:-7] + b"Expect: 100-continue\r\n\r\n")
    same(raw.until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue\r\n\r\n")
    raw.socket.sendall(b"helloQUIT\n")
    check_switched(raw)
    same(raw.rest(), b"foo/2 200 POST /foo 5\nhello\nBYE\n")
    check(b"< expect: 100-continue\n" in board.read(), board.read())


@before_the_switchboard("curl", "HTTP/1.1")
def curl(_, front):
    curls = [with_curl.curl_gets_a_page, with_curl.curl_posts_and_expects, with_curl.curl_posts_at_once]
    for play in [*curls, with_curl.curl_uploads_chunks, with_curl.curl_is_asked_to_upgrade]:
        play(front)


@before_the_switchboard("curl", "HTTP/1.1")
def curl_uploads_more_than_fits(_, front):
    """The response arrives while content is sent: neither side may wait for the other."""
    out, _ = with_curl.curl(front, "/echo", "-H", "Expect:", "--data-binary", "@-", stdin=LARGE * 24)
    same(out, LARGE * 24)


@before_the_switchboard("curl", "h2c")
def curl_in_h2c(board, front):
    """An offer of h2c is limited to one hop, so the response is in HTTP/1.1.

    The gateway does not offer it to the server behind it.
    """
    out, _ = with_curl.curl(front, "/h2c", "--http2", "-w", "%{http_version}\\n")
    check(out.endswith(b"1.1\n"), out)
    check(b"< Upgrade" not in board.read() and b"HTTP2-Settings" not in board.read(), board.read())


@before_the_switchboard("probe", "TLS/1.2")
def an_offer_of_tls(board, front):
    probe(front.url + "/foo", "--offer", "TLS/1.2", expect=2)
    check(b"< Upgrade" not in board.read(), board.read())


@before_the_switchboard("a socket", "HTTP/1.1")
def an_error(_, front):
    errors = {
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n" + HELLO * 1000: b"HTTP/1.1 400 ",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n": b"HTTP/1.1 400 ",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n" + HELLO: b"HTTP/1.1 501 ",
    }
    for data, wanted in errors.items():
        got = as_read(Raw(front.port, data).rest())
        check(got.startswith(wanted) and got.count(b"HTTP/1.1 ") == 1 and b"\r\nconnection: close\r\n" in got, got)


# Third-party proxies in a chain with the gateway.

# Varnish forwards all bytes after an offer to the gateway, which forwards only valid requests.
BESIDE = [
    replace(proxy, passes_anything=False)
    for proxy in PROXIES
    if proxy.name in ["nginx", "HAProxy", "lighttpd", "Varnish"]
]


def after(proxy, what, protocol):
    """Registers a case with the proxy before the gateway before the switchboard.

    The results are those of the proxy alone, except for `passes_anything`. nginx and HAProxy parse bytes after a
    declined offer as the next request before the gateway sees them.
    """

    def through_us(_):
        with gateway_before_a_switchboard() as (board, front), proxy.start(front.port) as port:
            what(proxy, board, port)

    through_us.__name__ = f"the_gateway_after_{proxy.name}_and_{what.__name__}"
    case(proxy.name, protocol, THROUGH_US, large=True)(through_us)


def before(proxy):
    """Registers a case with the gateway before the proxy before the switchboard.

    The proxy gets only valid requests.
    """

    def through_us(_):
        with Switchboard() as board, proxy.start(board.port) as after, gateway(after) as front:
            reads_early_bytes(board, front.port)

    through_us.__name__ = f"the_gateway_before_{proxy.name}_and_early_bytes"
    case(proxy.name, "foo/2", THROUGH_US, large=True)(through_us)


for each in BESIDE:
    before(each)
    for tried, spoken in with_proxies.ALWAYS + with_proxies.IF_FORWARDED:
        after(each, tried, spoken)
