"""The command line of the package: a report of what is installed, and a probe.

`python -m switchover [probe URL]`. The probe is a client that offers protocols to a server.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import re
import sys
import sysconfig
from collections.abc import Sequence
from typing import NoReturn

from . import Protocol, __version__, _documents, _switchover
from ._probe import Question, Target, run
from ._transcript import Transcript

USAGE = 64
"""The exit status for invalid arguments, as in `sysexits.h`."""

INTERRUPTED = 130
"""The exit status after ^C: 128 and the number of SIGINT, as shells have it."""

LONGEST = 1_000_000_000
"""The maximum of `--timeout` in seconds: longer than anyone waits."""

LENIENT = [name for name in _documents.LENIENT if name != "lone_lf"]
"""The flags of `Config` with which a client accepts deviations, for `--lenient`."""

HELP = """\
Standard input goes to the server in the new protocol, as it is; what comes in it goes to standard output, like the
content of an answer in HTTP/1.1. After a 426 that names another protocol, that one is offered once.

What happened goes to standard error, with the milliseconds since the connection began:
  <  was received      =  what the engine made of it, @ and how many bytes of the server have passed
  >  was sent          !  what was decided without sending anything, or refused
  *  a remark; the last one says how it came out, and why

Ends with 0 where it switched, or was answered without having offered anything; 2 where the server stayed with HTTP/1.1,
or refused a CONNECT; 1 where something failed; 64 where these arguments make no sense."""


class Parser(argparse.ArgumentParser):
    """A parser of arguments that exits with status 64 on an error."""

    def error(self, message: str) -> NoReturn:
        """Prints the error to standard error, and exits with status 64."""
        print(f"error: {message}\n\nFor more information, try '--help'.", file=sys.stderr)
        sys.exit(USAGE)


def parser() -> Parser:
    """Returns the parser of the command line."""
    whole = Parser(prog="python -m switchover", description="Prints what is installed, or asks a server.")
    whole.add_argument("--version", action="version", version=f"switchover {__version__}")
    probe = whole.add_subparsers(dest="command", parser_class=Parser).add_parser(
        "probe",
        help="ask a server for other protocols, say what happened and why, and pipe what was agreed on",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = probe.add_argument
    add("url", metavar="URL", help="http://host[:port]/path, or https, ws, wss; the certificate is not checked")
    add("--offer", metavar="LIST", action="append", default=[], help='in order of preference: "foo/2, websocket"')
    add("--method", default="GET", help="ask with this method")
    add("--target", help="ask for this instead of the URL's path: host:port of a CONNECT, for instance")
    add("-H", "--header", metavar="NAME: VALUE", action="append", default=[], help="send this header, too")
    add("--lenient", metavar="FLAG", action="append", default=[], help=", ".join(LENIENT))
    add("--timeout", metavar="SECONDS", default="10", help="to wait for the server (10)")
    add("--secrets", action="store_true", help="show the values of Authorization, Cookie and their like")
    return whole


def question(arguments: argparse.Namespace, parser: Parser) -> Question:
    """Returns the arguments as a question for the probe; exits if one is invalid."""

    def invalid(value: str, of: str, why: object) -> NoReturn:
        parser.error(f"invalid value '{value}' for '{of}': {why}")

    try:
        url = Target.parse(arguments.url)
    except ValueError as error:
        invalid(arguments.url, "<URL>", error)
    offer = [token for text in arguments.offer for token in text.split(",") if token.strip()]
    for token in offer:
        try:
            Protocol(token.strip())
        except ValueError:
            invalid(token, "--offer <LIST>", "no protocol's name, which is a word, or a word/version")
    headers: list[tuple[str, str]] = []
    for line in arguments.header:
        name, colon, value = line.partition(":")
        if not colon:
            invalid(line, "--header <NAME: VALUE>", "NAME: VALUE is wanted")
        headers.append((name, value.strip()))
    for flag in arguments.lenient:
        if flag not in LENIENT:
            invalid(flag, "--lenient <FLAG>", f"one of {', '.join(LENIENT)}")
    if not re.fullmatch("[0-9]+", arguments.timeout):
        invalid(arguments.timeout, "--timeout <SECONDS>", "invalid digit found in string")
    offer = [token.strip() for token in offer]
    timeout = min(max(int(arguments.timeout), 1), LONGEST)
    return Question(url, offer, arguments.method, arguments.target, headers, timeout)


def about() -> None:
    """Prints the version, features, instruction sets and platform, for a bug report."""
    first, *others = _switchover._scan_paths()
    print(f"switchover {__version__}")
    print(f"features: {', '.join(_switchover._features())}")
    print(f"scan path: {first}" + (f" (also here: {', '.join(others)})" if others else ""))
    print(f"{platform.python_implementation()} {platform.python_version()}, {sysconfig.get_platform()}")


def have_streams() -> None:
    """Opens closed standard streams on the null device.

    Otherwise a socket could get the descriptor of such a stream.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  (it takes the number that is free)


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit status of the process."""
    whole = parser()
    arguments = whole.parse_args(words)
    if arguments.command is None:
        about()
        return 0
    asked = question(arguments, whole)
    have_streams()
    return run(asked, dict.fromkeys(arguments.lenient, True), Transcript(arguments.secrets))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(INTERRUPTED)
