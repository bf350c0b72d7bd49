"""Clients that offer h2c to a server that declines it.

Java continues in HTTP/1.1, and repeats the offer with each request. nghttp gives up.
"""

from environment import debian
from harness import HERE, Switchboard, case, check, needs, run, same
from with_websocket import SLOW


@case("Java", "h2c", large=True)
def java_is_declined(_):
    java = needs("Java 17", ["java", "--version"])
    with Switchboard() as board:
        out, _ = run(java, HERE / "java/HttpClientH2c.java", board.url + "/plain", 9, within=SLOW)
        log = board.read()
    wanted = [(b"GET", b"GET", 0)] * 2 + [(name, b"POST", 9) for name in [b"POST", b"chunked", b"Expect"]]
    text = b"%s HTTP_1_1 200 %s /plain: %d bytes of content came. No offer is taken here.\n"
    same(out, b"".join(text % line for line in wanted))
    check(log.count(b"* offers h2c\n") == 5, log)
    check(log.count(b"connected\n") == 4, "the second request took another connection:", log)


@case("nghttp", "h2c", large=True)
def nghttp_is_declined(board):
    _, errors = run(debian("nghttp", "nghttp2-client"), "-u", board.url + "/plain")
    check(b"[ERROR] HTTP Upgrade failed\n" in errors, errors)
