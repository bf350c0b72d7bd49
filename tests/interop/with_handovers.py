"""Our clients in C and Python hand over to engines that can own stream 1, nghttp2 and h2, at other people's servers.

The probe in Rust cannot go on behind stream 1: the `h2` crate's client does not take a stream that it did not open.
"""

import contextlib
import functools

import programs
from environment import PLACE, command, debian_package, large_python, once
from harness import FROM_US, HERE, Skip, case, check, needs, run
from with_servers import python_server

HOME = HERE.parents[1]
PAGE = "a page of some server\n"


@functools.cache
def c_client():
    """The example, linked with the static library."""
    needs("a C compiler", ["cc", "--version"])
    debian_package("libnghttp2-dev")
    library, program = HOME / "target/binding/libswitchover.a", PLACE / "h2c_client"
    if not library.exists():
        raise Skip("no C library: cargo build --profile binding -p switchover-ffi")
    source, include = HOME / "ffi-c/examples/h2c_client.c", HOME / "ffi-c/include"
    linked = ["-lnghttp2", "-lpthread", "-lm", "-ldl"]
    command(["cc", "-D_GNU_SOURCE", f"-I{include}", source, library, *linked, "-o", program])
    return program


def python_client():
    """The example, in an environment that has the module as it is now."""
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
        out, errors = run(c_client(), port, path)
    check(out.decode() == wanted * 2, out, errors)
    check(b"stream 1 is answered: 200\nstream 3 is answered: 200\n" in errors, errors)


def check_stream_1(server, client, wanted):
    """Apache gives up a connection that is idle for a moment, and lighttpd the content that no file takes: so
    stream 3 is not always answered.
    """
    with server as port:
        out, errors = run(*client, port, "/page.txt", expect=None)
    check(out.decode().startswith(wanted), out, errors)


def check_python(server, wanted, path):
    """It uploads to `/echo` on stream 3. What comes back is each server's own affair."""
    with server as port:
        out, errors = run(*python_client(), port, path)
    lines = out.decode().splitlines()
    check(lines[0] == f"stream 1: {wanted}" and lines[1].startswith("stream 3: content came back: "), out, errors)


@case("lighttpd", "h2c, nghttp2", FROM_US, large=True)
def c_and_lighttpd(_):
    check_c(lighttpd(), PAGE)


@case("Apache", "h2c, nghttp2", FROM_US, large=True)
def c_and_apache(_):
    check_stream_1(apache(), [c_client()], PAGE)


@case("nghttpx", "h2c, nghttp2", FROM_US, large=True)
def c_and_nghttpx(board):
    check_c(programs.nghttpx(board.port), "GET /plain: 0 octets of content came. No offer is taken here.\n", "/plain")


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
    check_python(
        programs.nghttpx(board.port), "GET /plain: 0 octets of content came. No offer is taken here.", "/plain"
    )


@case("hypercorn", "h2c, python-h2", FROM_US, large=True)
def python_and_hypercorn(_):
    check_python(hypercorn(), "in HTTP/1.1", "/")
