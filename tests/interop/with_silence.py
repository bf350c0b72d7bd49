"""Programs that could offer another protocol but never do.

They are served in plain HTTP/1.1.
"""

from environment import debian, large_python
from harness import HERE, Switchboard, case, check, run


@case("wget2", "HTTP/1.1", large=True)
def wget2_offers_nothing(_):
    check_silence(lambda url: run(debian("wget2", "wget2"), "--http2", "--no-proxy", "--quiet", "-O-", f"{url}/foo")[0])


@case("h2load", "HTTP/1.1", large=True)
def h2load_offers_nothing(_):
    load = debian("h2load", "nghttp2-client")
    check_silence(lambda url: run(load, "--h1", "-n10", "-c2", f"{url}/foo")[0], b" 10 succeeded,")


@case("httpx", "HTTP/1.1", large=True)
def httpx_offers_nothing(_):
    check_silence(lambda url: run(large_python(), HERE / "python/httpx_client.py", f"{url}/foo")[0])


def check_silence(play, shown=b"This is /foo in HTTP/1.1."):
    """Checks that a program offers nothing, even after a response with `Upgrade`."""
    with Switchboard() as board:
        check(shown in (out := play(board.url)), out)
        log = board.read()
    check(b"> Upgrade: foo/2, foo/1\n" in log, log)
    check(b"* offers" not in log and b"< Upgrade:" not in log, log)
