"""Builds of the C examples with the static library."""

import functools

from environment import PLACE, command, debian_package
from harness import HERE, Skip, needs

HOME = HERE.parents[1]
SYSTEM = ["-lpthread", "-lm", "-ldl"]


@functools.cache
def build(name, sources, packages=(), libraries=()):
    """Builds a program from files below `ffi-c/examples`; returns its path."""
    needs("a C compiler", ["cc", "--version"])
    for package in packages:
        debian_package(package)
    program = PLACE / name
    PLACE.mkdir(parents=True, exist_ok=True)
    files = sorted((HOME / "ffi-c/examples").glob(sources))
    command(["cc", "-D_GNU_SOURCE", f"-I{HOME}/ffi-c/include", *files, *libraries, *linked(), "-o", program])
    return program


def linked():
    """Returns the linker arguments for a program in C that uses the library."""
    library = HOME / "target/binding/libswitchover.a"
    if not library.exists():
        raise Skip("no C library: cargo build --profile binding -p switchover-ffi")
    return [library, *SYSTEM]


def h2c_client():
    return build("h2c_client", "h2c_client.c", ("libnghttp2-dev",), ("-lnghttp2",))


def server():
    return build("server", "server.c")


def epoll():
    return build("epoll", "epoll/*.c", ("libnghttp2-dev", "libwslay-dev"), ("-lnghttp2", "-lwslay"))
