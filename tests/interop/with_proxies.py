"""Cases of proxies between a client and the switchboard.

Proxies differ in how they treat an offer. Each case asserts the real behaviour, so that a change in a new version is
noticed. For all of them: an offer that does not arrive, or arrives modified, is treated as an ordinary request.
"""

from collections.abc import Callable
from dataclasses import dataclass

import programs
from environment import large_python
from harness import HERE, LINES, THROUGH, Raw, Switchboard, case, check, probe, run, same, wait_for
from with_probe import with_content

OFFER = b"%s %s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: %s\r\n"
ANSWER = b"foo/2 200 GET /foo 0\n"
# Bytes of another protocol that look like a request only by accident, and bytes that do not.
LIKE_A_REQUEST = b"EARLYGET /plain?early HTTP/1.1\r\nHost: a\r\n\r\n"
NO_REQUEST = b"\x81\x05\r\n\r\n\r\n"

ALL, SOME = "arrives", "loses bytes"


@dataclass(frozen=True)
class Proxy:
    """A third-party proxy, and its treatment of offers and of the bytes around them."""

    name: str
    start: Callable
    # True if `foo/2` is forwarded; with content; after another protocol in the list.
    forwards_any: bool = True
    forwards_content: bool = True
    forwards_lists: bool = True
    # The responses that still arrive after the client has half-closed.
    half_close: str = ALL
    # True if the switchboard gets bytes after a declined offer: those of a request, and any others.
    passes_requests: bool = True
    passes_anything: bool = False


PROXIES = [
    Proxy("nginx", programs.nginx, half_close=SOME),
    # It removes Upgrade from a request with content but leaves Connection: Upgrade, which is no offer then.
    Proxy("HAProxy", programs.haproxy, forwards_content=False),
    # It requires the whole offered list in the 101.
    Proxy("Apache", programs.apache_proxy, forwards_lists=False),
    Proxy("lighttpd", programs.lighttpd_proxy, half_close=SOME, passes_requests=False),
    Proxy("nghttpx", programs.nghttpx, half_close=SOME, passes_requests=False),
    # It supports only WebSocket.
    Proxy("h2o", programs.h2o, forwards_any=False, passes_requests=False),
    Proxy("squid", programs.squid, half_close=SOME),
    # It opens a tunnel before it knows the response, and never parses the connection again.
    Proxy("Varnish", programs.varnish, passes_anything=True),
]


def offer(path, tokens, content=None):
    head = OFFER % (b"GET" if content is None else b"POST", path, tokens)
    length = b"" if content is None else b"Content-Length: %d\r\n" % len(content)
    return head + length + b"\r\n" + (content or b"")


def websocket(proxy, _, port):
    url = f"http://127.0.0.1:{port}"
    out, _ = probe(url + "/ws", "--offer", "websocket", stdin=LINES)
    same(out, LINES)
    run(large_python(), HERE / "python/websockets_client.py", url)


def any_token(proxy, _, port):
    raw = Raw(port, offer(b"/foo", b"foo/2"))
    if not proxy.forwards_any:
        check_answered(raw, b"This is /foo in HTTP/1.1.")
        return
    check_switched(raw)
    same(raw.until(ANSWER), ANSWER)
    raw.socket.sendall(b"one\ntwo\nQUIT\n")
    same(raw.rest(), b"ONE\nTWO\nBYE\n")


def bytes_that_came_early(_, __, port):
    """The new protocol gets the bytes that were sent before the 101."""
    raw = Raw(port, offer(b"/foo", b"foo/2") + b"early\nQUIT\n")
    check_switched(raw)
    same(raw.rest(), ANSWER + b"EARLY\nBYE\n")


def an_offer_with_content(proxy, board, port):
    raw = Raw(port, offer(b"/foo", b"foo/2", b"hello"))
    if proxy.forwards_any and proxy.forwards_content:
        check_switched(raw)
        raw.socket.sendall(b"QUIT\n")
        same(raw.rest(), b"foo/2 200 POST /foo 5\nhello\nBYE\n")
    else:
        check_answered(raw, b"This is /foo in HTTP/1.1.")
        check(b"* offers foo/2\n" not in board.read(), "the offer arrived")


def a_list(proxy, board, port):
    raw = Raw(port, offer(b"/foo", b"example/1, foo/2"))
    if proxy.forwards_lists:
        check(b"upgrade: foo/2\r\n" in check_switched(raw).lower())
    else:
        head = raw.until(b"\r\n\r\n")
        check(head.startswith(b"HTTP/1.1 502 "), head)
        # The switchboard logs the switch after it has sent the 101.
        wait_for(board.read, rb"\* speaks foo/2 now")


def a_half_close(proxy, _, port):
    """The client sends everything and half-closes; some proxies then lose responses."""
    raw = Raw(port, offer(b"/foo", b"foo/2"))
    check_switched(raw)
    raw.socket.settimeout(2)  # lighttpd may leave us waiting
    raw.send_beside(LINES)
    wanted = ANSWER + LINES.upper()
    try:
        got = raw.rest()
    except TimeoutError:
        check(proxy.half_close == SOME, "the answers stopped after", len(raw.got), "bytes")
        got = raw.got
    same(got, wanted if proxy.half_close == ALL else wanted[: len(got)])


def a_declined_offer(proxy, _, port):
    for content in [None, b"hello"]:
        raw = Raw(port, offer(b"/plain", b"foo/2", content))
        check_answered(raw, b" /plain: %d bytes of content came." % len(content or b""))


def early_bytes_like_a_request(proxy, board, port):
    """Bytes after a declined offer are the next request to many proxies.

    Early bytes can be smuggled this way. Servers cannot detect it; clients avoid it by sending nothing before the 101.
    """
    for content in [None, b"hello"]:
        raw = Raw(port, offer(b"/plain", b"foo/2", content) + LIKE_A_REQUEST)
        raw.until(b"No offer is taken here.\n")
        if proxy.passes_requests:
            raw.until(b"This server does not know the method.\n")
            check(b"EARLYGET" in board.read(), board.read())
        else:
            got = raw.rest()
            check(b"EARLYGET" not in board.read(), "it came to us:", got)


def early_bytes_unlike_a_request(proxy, board, port):
    """Bytes after a declined offer that are no request get a 400, or nothing.

    They end the connection.
    """
    for content in [None, b"hello"]:
        raw = Raw(port, offer(b"/plain", b"foo/2", content) + NO_REQUEST)
        raw.until(b"No offer is taken here.\n")
        got = raw.rest()
        check(b" 400 " in got[:20] or not got, "answered as a request:", got)
        check((b"> HTTP/1.1 400 " in board.read()) == proxy.passes_anything, "who said 400?", board.read())


def the_probe_waits(proxy, board, port):
    """The probe sends no byte of the new protocol unless the server switches."""
    with with_content(b"hello") as file:
        url = f"http://127.0.0.1:{port}/plain"
        probe(url, "--offer", "foo/2", "--body", file.name, stdin=LIKE_A_REQUEST, expect=2)
    check(b"EARLYGET" not in board.read(), board.read())


def check_switched(raw):
    head = raw.until(b"\r\n\r\n")
    check(head.startswith(b"HTTP/1.1 101 "), head)
    return head


def check_answered(raw, text):
    head = raw.until(b"\r\n\r\n")
    check(head.startswith(b"HTTP/1.1 200 "), head)
    check(text in raw.until(b".\n"), text)


ALWAYS = [
    (websocket, "websocket"),
    (any_token, "foo/2"),
    (an_offer_with_content, "foo/2"),
    (a_declined_offer, "foo/2"),
    (early_bytes_like_a_request, "foo/2"),
    (early_bytes_unlike_a_request, "foo/2"),
    (the_probe_waits, "foo/2"),
]
IF_FORWARDED = [
    (bytes_that_came_early, "foo/2"),
    (a_list, "foo/2"),
    (a_half_close, "foo/2"),
]


def register(proxy, what, protocol):
    def through(_):
        with Switchboard() as board, proxy.start(board.port) as port:
            what(proxy, board, port)

    through.__name__ = f"{proxy.name}_and_{what.__name__}"
    case(proxy.name, protocol, THROUGH, large=True)(through)


for each in PROXIES:
    for tried, spoken in ALWAYS + (IF_FORWARDED if each.forwards_any else []):
        register(each, tried, spoken)
