"""Compares h11 and `switchover.h11` on the same bytes.

`page` makes the tables of `docs/h11.md`: the differences, and the tests of other projects that
fail.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias

import h11
import runner
import switchover.h11 as ours
from switchover import ProtocolError

CASES = Path(os.environ.get("SWITCHOVER_VECTORS", runner.HOME / "target/vectors")) / "cases.txt"
PAGE = Path(__file__).resolve().parents[1] / "docs/h11.md"
SUITES = Path(__file__).resolve().parent / "suites"


@dataclass
class Played:
    """The events and the error that some input led to."""

    lines: list[str]
    error: BaseException | None = None


def serve(module: Any, data: bytes) -> Played:
    """Runs a server of h11 or of `switchover.h11` on the whole input.

    It responds to every request with a 404 without content.
    """
    played = Played([])
    connection = module.Connection(module.SERVER, max_incomplete_event_size=2**20)
    connection.receive_data(data)
    while True:
        try:
            event = connection.next_event()
        except module.RemoteProtocolError as error:
            played.error = error
            return played
        if not isinstance(event, module.Event):
            return played
        note(played.lines, event)
        if isinstance(event, module.EndOfMessage):
            connection.send(module.Response(status_code=404, headers=[("Content-Length", "0")]))
            connection.send(module.EndOfMessage())
            if connection.our_state is not module.DONE or connection.their_state is not module.DONE:
                return played
            connection.start_next_cycle()


def ask(module: Any, data: bytes) -> Played:
    """Runs a client that has sent a GET, up to the end of the response.

    It gets the whole input, and then EOF.
    """
    played = Played([])
    connection = module.Connection(module.CLIENT, max_incomplete_event_size=2**20)
    connection.send(module.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(module.EndOfMessage())
    connection.receive_data(data)
    while True:
        try:
            event = connection.next_event()
        except module.RemoteProtocolError as error:
            played.error = error
            return played
        if event is module.NEED_DATA:
            connection.receive_data(b"")
            continue
        if not isinstance(event, module.Event) or isinstance(event, module.ConnectionClosed):
            return played
        note(played.lines, event)
        if isinstance(event, module.EndOfMessage):
            return played


def note(lines: list[str], event: Any) -> None:
    """Appends an event as a line; adjacent content is merged."""
    kind = type(event).__name__
    if kind == "Data" and lines and lines[-1].startswith("Data "):
        lines[-1] += event.data.hex()
    elif kind == "Data":
        lines.append(f"Data {event.data.hex()}")
    elif kind == "Request":
        lines.append(f"{event.method!r} {event.target!r} {event.http_version!r} {list(event.headers)!r}")
    elif kind == "EndOfMessage":
        lines.append(f"{kind} {list(event.headers)!r}")
    else:
        lines.append(f"{event.status_code} {event.reason!r} version {event.http_version!r} {list(event.headers)!r}")


Class: TypeAlias = tuple[str, str, str]
"""The module that rejects (or `neither`), the kind of input, an RFC's clause."""


@dataclass
class Part:
    """A role, and the known differences of h11 in it."""

    role: str
    """The role whose vectors are the inputs: `server` or `client`."""
    play: Callable[[Any, bytes], Played]
    intro: str
    refusals: dict[str, tuple[str, str]]
    """The known errors that only h11 raises.

    The key is the beginning of the error's message. The value is the kind of input, and the clause
    of an RFC.
    """
    others: Callable[[Played, Played], Class]
    """The function that classifies inputs that neither module rejects."""


AFTER_CONNECT: Final = ("switchover", "what follows a CONNECT that was refused", "RFC 9931, 8")


def other_requests(theirs: Played, here: Played) -> Class:
    """Classifies inputs for which one module continues and the other has ended."""
    if len(here.lines) > len(theirs.lines):
        return "h11", "a second request in HTTP/1.0, after `keep-alive`", "RFC 9112, 9.3"
    assert len(here.lines) < len(theirs.lines), (here, theirs)
    return AFTER_CONNECT


def other_answers(theirs: Played, here: Played) -> Class:
    """Returns the class of two unequal responses: a folded line, or else the version."""

    def without(pattern: str, to: str) -> bool:
        return [re.sub(pattern, to, line) for line in theirs.lines] == [
            re.sub(pattern, to, line) for line in here.lines
        ]

    if without(r"(\\t| )+", " "):
        return "neither", "a folded line: h11 joins with one space, switchover puts one for each byte", "RFC 9112, 5.2"
    assert without(r"version b'\d\.\d'", ""), (here, theirs)
    return "neither", "a major version that is not 1: h11 shows it as it came", "RFC 9110, 2.5"


PARTS = [
    Part(
        "server",
        serve,
        "A server is given all of an input, and answers each request.",
        {
            "conflicting Content-Length": ("equal lengths, of which some begin with zeros", "RFC 9110, 8.6"),
            "Only Transfer-Encoding": ("a Transfer-Encoding with empty members, or among trailers", "RFC 9112, 7"),
            "illegal chunk header": ("a chunk's size with more than 20 digits, most of them zeros", "RFC 9112, 7.1"),
            "illegal request line": ("an HTTP/2 preface, or half an empty line", "RFC 9113, 3.4; RFC 9112, 2.2"),
            "no request line received": ("an empty line before a request line", "RFC 9112, 2.2"),
        },
        other_requests,
    ),
    Part(
        "client",
        ask,
        "A client that has sent a GET is given all of an input and then the end, up to the end of its answer.",
        {
            "Only Transfer-Encoding": ("a transfer coding other than chunked", "RFC 9112, 7"),
            "multiple Transfer-Encoding": ("a transfer coding other than chunked", "RFC 9112, 7"),
            "bad Content-Length": ("a bad length in an answer that has no content", "RFC 9112, 6.3"),
        },
        other_answers,
    ),
]


# Inputs of h11's tests of its private readers: heads, and chunked content.
H11_HEADS: Final = [
    b"HEAD /foo HTTP/1.0\r\nSome: header\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nFoo: a a a a a \r\n\r\n",
    b"HTTP/1.0 200 OK\r\nFoo: \t \t \r\n\r\n",
    b"HTTP/1.0 200\r\nFoo: bar\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nSomeHeader: val\n\r\n",
    b"HTTP/1.1 200 OK\nSomeHeader1: val1\nSomeHeader2: val2\n\n",
    b"HTTP/1.1 200 OK\r\nSomeHeader1: val1\nSomeHeader2: val2\n\r\n",
    b"HTTP/1.1 200 OK\r\nSet-Cookie: ___utmvafIumyLc=kUd\x01UpAt; path=/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.0 200 OK\x00xxxx\r\n\r\n",
    b"HEAD /foo HTTP/1.1\r\nHost: a\r\nSome: multi-line\r\n header\r\n\tnonsense\r\n    \t   \t\tI guess\r\n\r\n",
    b"HEAD /foo HTTP/1.1\r\nHost: foo\r\nSet-Cookie: ___utmvafIumyLc=kUd\x01UpAt; path=/; Max-Age=900\r\n\r\n",
    b"HEAD /foo HTTP/1.1\r\n  folded: line\r\n\r\n",
    b"HEAD /foo HTTP/1.1\r\nfoo  : line\r\n\r\n",
    b"HEAD /foo HTTP/1.1\r\nfoo\t: line\r\n\r\n",
    b"HEAD /foo HTTP/1.1\r\n: line\r\n\r\n",
    b"HEAD /foo HTTP/1.1 xxxxxx\r\nHost: a\r\n\r\n",
    b"HEAD /foo HTTP/1.1\r\nHost: foo\x00bar\r\n\r\n",
]
H11_CHUNKS: Final = [
    b"0\r\nSome: header\r\n\r\n",
    b"5\r\n01234\r\n10\r\n0123456789abcdef\r\n0\r\nSome: header\r\n\r\n",
    b"aA\r\n" + b"x" * 0xAA + b"\r\n0\r\n\r\n",
    b"9" * 100 + b"\r\nxxx",
    b"10\x00\r\nxxx",
    b'5; hello=there\r\nxxxxx\r\n0; random="junk"; some=more; canbe=lonnnnngg\r\n\r\n',
    b"5   \t \r\n01234\r\n0\r\n\r\n",
    b"3\r\nxxx__1a\r\n",
    b"3\r\nxxx\r_1a\r\n",
    b"3\r\nxxx_\n1a\r\n",
]


def of_h11(role: str) -> Iterator[bytes]:
    """Yields inputs of h11's own tests: requests for a server, responses for a client."""
    begins = b"HEAD " if role == "server" else b"HTTP/"
    yield from (head for head in H11_HEADS if head.startswith(begins))
    chunked = b"POST / HTTP/1.1\r\nHost: a" if role == "server" else b"HTTP/1.1 200 OK"
    yield from (chunked + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks for chunks in H11_CHUNKS)


def inputs(role: str) -> Iterator[tuple[str, bytes]]:
    """Yields the name and input of each vector for that role, each input once.

    The inputs of h11's own tests follow.
    """
    seen: set[bytes] = set()
    for case in runner.read_cases(CASES):
        data = b"".join(bytes.fromhex(item[1]) for item in case.items if item[0] == "feed" and item[1] != "-")
        if case.role == role and data and data not in seen:
            seen.add(data)
            yield case.name, data
    for number, data in enumerate(of_h11(role)):
        yield f"h11-{number}", data


MUTATED: Final = 10_000
LONGEST: Final = 600
PIECES: Final = [
    *(b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b"\0", b"\1", b"\x7f", b"\x80", b":", b",", b";", b"0", b"f"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"HTTP/1.0", b"Host: a"),
]


def mutated(seeds: list[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Yields random short seeds with one to three changes each, the same in each run."""
    random = Random(0x5EED)
    short = [(name, data) for name, data in seeds if len(data) <= LONGEST]
    for _ in range(MUTATED):
        name, seed = random.choice(short)
        data = bytearray(seed)
        for _ in range(random.randint(1, 3)):
            at = random.randrange(len(data) + 1)
            piece = random.choice([*PIECES, bytes([random.randrange(256)])])
            length = random.choice([0, 0, 1, len(piece), 4])
            data[at : at + length] = piece if random.random() < 0.8 else b""
        yield name, bytes(data) or seed


def difference(part: Part, theirs: Played, here: Played) -> Class | None:
    """Returns the class of the difference between two outcomes; None if they agree.

    They agree if both have failed, or if neither has and their lines (events) are equal.
    """
    if here.error is not None and theirs.error is None:
        cause = here.error.__cause__
        assert isinstance(cause, ProtocolError), here.error
        return "switchover", f"`{cause.name}`: {cause.kind.text}", cause.clause
    if theirs.error is not None and here.error is None:
        if here.lines[-2:-1] and here.lines[-2].startswith("b'CONNECT' "):
            return AFTER_CONNECT
        words = str(theirs.error)
        known = [refusal for beginning, refusal in part.refusals.items() if words.startswith(beginning)]
        assert known, (words, here.lines)
        return "h11", *known[0]
    if here.error is not None or theirs.lines == here.lines:
        return None
    return part.others(theirs, here)


def inputs_table() -> Iterator[str]:
    """Yields the lines of the table of inputs, for each role.

    It has the number of inputs with equal outcomes, and each class of difference.
    """
    for part in PARTS:
        seeds = list(inputs(part.role))
        classes: dict[Class, list[list[str]]] = defaultdict(lambda: [[], []])
        for kind, sample in enumerate((seeds, mutated(seeds))):
            for name, data in sample:
                found = difference(part, part.play(h11, data), part.play(ours, data))
                if found is not None:
                    classes[found][kind].append(name)
        counts = (len(seeds), MUTATED)
        differ = [sum(len(names[kind]) for names in classes.values()) for kind in (0, 1)]
        yield f"### As a {part.role}"
        yield ""
        yield part.intro
        yield ""
        same = [f"{count - lost:,} of {count:,}" for count, lost in zip(counts, differ, strict=True)]
        yield f"Both make the same of {same[0]} inputs: those of all vectors, corpora and h11's readers."
        yield f"They also do so for {same[1]} that are made of these by one to three changes. The others:"
        yield ""
        yield "| refused by | what | inputs | changed | such as | clause |"
        yield "|---|---|---|---|---|---|"
        for (who, what, clause), (plain, changed) in sorted(classes.items()):
            name = f"`{plain[0]}`" if plain else f"`{changed[0]}`, changed"
            yield f"| {who} | {what} | {len(plain)} | {len(changed)} | {name} | {clause} |"
        if part is not PARTS[-1]:
            yield ""


def tests_table() -> Iterator[str]:
    """Yields the lines of the table of other projects' tests that fail.

    They are listed in `differences.txt` of the suites that run on `switchover.h11`.
    """
    yield "| project | test | because | clause |"
    yield "|---|---|---|---|"
    for name in ("h11", "httpcore", "hypercorn", "uvicorn-h11"):
        for line in (SUITES / name / "differences.txt").read_text().splitlines():
            if not line.startswith("#"):
                test, because = line.split("  ")
                text, clause = because.split(". RFC", 1)
                yield f"| {name.removesuffix('-h11')} | `{test.split('::')[1]}` | {text} | RFC{clause} |"


def page(before: str) -> str:
    """Returns the text of `docs/h11.md`, given as `before`, with its tables made anew."""
    for marker, lines in (("tests", tests_table()), ("inputs", inputs_table())):
        begin, end = f"<!-- {marker}: written by py/tests/both.py -->\n", "<!-- end -->\n"
        head, rest = before.split(begin)
        before = head + begin + "\n".join(lines) + "\n" + end + rest.split(end, 1)[1]
    return before
