"""Our clients in C and Python, which pass the connection on after the switch.

They pass it to nghttp2 and h2, HTTP/2 libraries that can own stream 1. The servers are third-party programs.

The probe in Rust ends after stream 1: the `h2` crate's client cannot adopt a stream that it did not open.
"""

import contextlib

import in_c
import programs
from environment import command, large_python, once
from harness import FROM_US, HERE, case, check, run
from with_servers import python_server

HOME = HERE.parents[1]
PAGE = "a page of some server\n"


def python_client():
    """Returns the command of `h2c_client.py`, in an environment with `switchover`."""
    python = large_python()
    once("the module in Python", lambda: command([python, "-m", "pip", "install", "--quiet", HOME / "py"]))
    return python, HOME / "py/examples/h2c_client.py"


@contextlib.contextmanager
def hypercorn():
    with python_server("hypercorn") as url:
        yield url.rpartition(":")[2]


def lighttpd():
    return programs.lighttpd_files({"page.txt": PAGE})


def apache():
    return programs.apache_files({"page.txt": PAGE})


def check_c(server, wanted, path="/page.txt"):
    with server as port:
        out, errors = run(in_c.h2c_client(), port, path)
    check(out.decode() == wanted * 2, out, errors)
    check(b"stream 1 is answered: 200\nstream 3 is answered: 200\n" in errors, errors)


def check_stream_1(server, client, wanted):
    """Checks the response on stream 1; stream 3 need not have one.

    Apache closes a connection that is idle for a moment. lighttpd discards content sent to a file.
    """
    with server as port:
        out, errors = run(*client, port, "/page.txt", expect=None)
    check(out.decode().startswith(wanted), out, errors)


def check_python(server, wanted, path):
    """Checks the response on stream 1, and that one comes on stream 3.

    On stream 3 the client in Python uploads to `/echo`; what comes back depends on the server.
    """
    with server as port:
        out, errors = run(*python_client(), port, path)
    lines = out.decode().splitlines()
    check(lines[0] == f"stream 1: {wanted}" and lines[1].startswith("stream 3: content came back: "), out, errors)


@case("lighttpd", "h2c, nghttp2", FROM_US, large=True)
def c_and_lighttpd(_):
    check_c(lighttpd(), PAGE)


@case("Apache", "h2c, nghttp2", FROM_US, large=True)
def c_and_apache(_):
    check_stream_1(apache(), [in_c.h2c_client()], PAGE)


@case("nghttpx", "h2c, nghttp2", FROM_US, large=True)
def c_and_nghttpx(board):
    check_c(programs.nghttpx(board.port), "GET /plain: 0 bytes of content came. No offer is taken here.\n", "/plain")


@case("hypercorn", "h2c, nghttp2", FROM_US, large=True)
def c_and_hypercorn(_):
    check_c(hypercorn(), "in HTTP/1.1\n", "/")


@case("lighttpd", "h2c, python-h2", FROM_US, large=True)
def python_and_lighttpd(_):
    check_stream_1(lighttpd(), python_client(), f"stream 1: {PAGE}")


@case("Apache", "h2c, python-h2", FROM_US, large=True)
def python_and_apache(_):
    check_stream_1(apache(), python_client(), f"stream 1: {PAGE}")


@case("nghttpx", "h2c, python-h2", FROM_US, large=True)
def python_and_nghttpx(board):
    check_python(programs.nghttpx(board.port), "GET /plain: 0 bytes of content came. No offer is taken here.", "/plain")


@case("hypercorn", "h2c, python-h2", FROM_US, large=True)
def python_and_hypercorn(_):
    check_python(hypercorn(), "in HTTP/1.1", "/")
