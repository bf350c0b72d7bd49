"""Cases of the probe as the client of servers that must be installed first.

Most send a message and then echo messages. The cases assert how each of these treats an unknown protocol, and a list
that begins with one. They differ, which is why the probe offers one protocol alone if it can.
"""

from collections.abc import Callable
from dataclasses import dataclass

import programs
from environment import bun, deno, large_python, node, python
from harness import FROM_US, HERE, case, check, probe, same, server
from with_probe import check_messages


@dataclass(frozen=True)
class Echo:
    """A server with its command, and its behaviour for offers.

    The fields are the status of its response to an unknown protocol, and whether it parses lists.
    """

    name: str
    program: str
    command: Callable
    unknown: int = 200
    reads_lists: bool = False


def in_python(name):
    return lambda: (large_python(), HERE / "python/more_servers.py", name)


def python_server(name):
    return server(*in_python(name)())


def in_deno():
    return deno(), "run", "--no-remote", "--allow-net=127.0.0.1", HERE / "node/runtime_servers.cjs"


def in_bun():
    return bun(), HERE / "node/runtime_servers.cjs"


SERVERS = [
    Echo("tornado", "tornado", in_python("tornado"), unknown=400),
    Echo("uvicorn with wsproto", "uvicorn", in_python("uvicorn-wsproto")),
    Echo("uvicorn with websockets", "uvicorn", in_python("uvicorn-websockets")),
    # Its 101 has no reason phrase, and says `upgrade: WebSocket`.
    Echo("hypercorn", "hypercorn", in_python("hypercorn")),
    Echo("Deno", "Deno", in_deno, unknown=500, reads_lists=True),
    Echo("Bun", "Bun", in_bun, reads_lists=True),
]
# Servers whose messages are tested in the quick set.
SERVERS_WE_HAVE = [
    Echo("ws", "ws", lambda: (*node("servers.cjs"), "ws"), unknown=400),
    # These two require a protocol, which the probe then offers.
    Echo("websockets", "websockets", lambda: (python(), HERE / "python/servers.py", "websockets"), unknown=426),
    Echo("aiohttp", "aiohttp", lambda: (python(), HERE / "python/servers.py", "aiohttp"), unknown=426),
]


def messages(_, url):
    check_messages(url)


def an_unknown_token(echo, url):
    out, errors = probe(url, "--offer", "foo/2", expect=0 if echo.unknown == 426 else 2)
    check(b"* not switched (%d): " % echo.unknown in errors, errors)
    check((out == b"welcome\n") == (echo.unknown == 426), out)


def a_list(echo, url):
    out, errors = probe(url, "--offer", "foo/2, websocket", stdin=b"hello\n", expect=None)
    if echo.reads_lists:
        same(out, b"welcome\nhello\n")
        check(b"* switched to websocket, number 2 of 2 offered\n" in errors, errors)
        return
    check(b"* not switched (%d)" % echo.unknown in errors, errors)
    if echo.unknown == 426:
        same(out, b"welcome\nhello\n")
        check(b"* offering websocket alone, on " in errors, errors)


def register(echo, what):
    def from_us(_):
        with server(*echo.command()) as url:
            what(echo, url)

    from_us.__name__ = f"probe_and_{echo.name}_{what.__name__}".replace(" ", "_")
    case(echo.program, "websocket", FROM_US, large=True)(from_us)


@case("Apache", "h2c", FROM_US, large=True)
def apache_advertises_in_an_answer(_):
    with programs.apache_files({"page.txt": "a page\n"}) as port:
        out, errors = probe(f"http://127.0.0.1:{port}/page.txt")
    same(out, b"a page\n")
    check(b"* the server also speaks h2c\n" in errors, errors)


@case("nghttpd", "h2c", FROM_US, large=True)
def nghttpd_speaks_http_2_at_once(_):
    with programs.nghttpd() as port:
        out, errors = probe(f"http://127.0.0.1:{port}/", "--offer", "h2c", expect=1)
    same(out, b"")
    check(b"another protocol where a status line should be" in errors, errors)


for each in SERVERS:
    register(each, messages)
for each in SERVERS + SERVERS_WE_HAVE:
    register(each, an_unknown_token)
    register(each, a_list)
