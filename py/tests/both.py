"""The same bytes through h11 and through `switchover.h11`: where they part, as the table of `docs/h11.md`."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h11
import runner
import switchover.h11 as ours
from switchover import ProtocolError

CASES = Path(os.environ.get("SWITCHOVER_VECTORS", runner.HOME / "target/vectors")) / "cases.txt"
PAGE = Path(__file__).resolve().parents[1] / "docs/h11.md"
SUITES = Path(__file__).resolve().parent / "suites"


@dataclass
class Played:
    """What came of some bytes."""

    lines: list[str]
    error: BaseException | None = None


def play(module: Any, data: bytes) -> Played:
    """A server that is given all of it, and answers every request with a 404 without content."""
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


def note(lines: list[str], event: Any) -> None:
    """An event as a line; adjacent content is one."""
    kind = type(event).__name__
    if kind == "Data" and lines and lines[-1].startswith("Data "):
        lines[-1] += event.data.hex()
    elif kind == "Data":
        lines.append(f"Data {event.data.hex()}")
    elif kind == "Request":
        lines.append(f"{event.method!r} {event.target!r} {event.http_version!r} {list(event.headers)!r}")
    else:
        lines.append(f"{kind} {list(event.headers)!r}")


def inputs() -> Iterator[tuple[str, bytes]]:
    """What a client sends in each vector of a server, once."""
    seen: set[bytes] = set()
    for case in runner.read_cases(CASES):
        data = b"".join(bytes.fromhex(item[1]) for item in case.items if item[0] == "feed" and item[1] != "-")
        if case.role == "server" and data and data not in seen:
            seen.add(data)
            yield case.name, data


# What h11 refuses by a rule of its own, in its words, and what it says of other bytes that are the same here.
ITS_REFUSALS = {
    "Only Transfer-Encoding": ("a Transfer-Encoding with empty members, or among trailers", "RFC 9112, 7"),
    "illegal chunk header": ("a chunk's size with more than 20 digits, most of them zeros", "RFC 9112, 7.1"),
    "illegal request line": ("an HTTP/2 preface, or half an empty line", "RFC 9113, 3.4; RFC 9112, 2.2"),
    "no request line received": ("an empty line before a request line", "RFC 9112, 2.2"),
}


def difference(theirs: Played, here: Played) -> tuple[str, str, str] | None:
    """Who refuses it, what it is, and the clause; None where both say the same."""
    if here.error is not None and theirs.error is None:
        cause = here.error.__cause__
        assert isinstance(cause, ProtocolError), here.error
        return "switchover", f"`{cause.name}`: {cause.kind.text}", cause.clause
    if theirs.error is not None and here.error is None:
        return "h11", *ITS_REFUSALS[re.sub(r"[:(].*", "", str(theirs.error)).removesuffix(" is supported")]
    if here.error is not None or theirs.lines == here.lines:
        return None
    if len(here.lines) > len(theirs.lines):
        return "h11", "a second request in HTTP/1.0, after `keep-alive`", "RFC 9112, 9.3"
    assert len(here.lines) < len(theirs.lines), (here, theirs)
    return "switchover", "what follows a CONNECT that was refused", "RFC 9931, 8"


def inputs_table() -> Iterator[str]:
    """How many inputs they agree on, and each class of those that they do not."""
    classes: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    count = 0
    for name, data in inputs():
        count += 1
        found = difference(play(h11, data), play(ours, data))
        if found is not None:
            classes[found].append(name)
    yield f"Of {count} different inputs, those of all vectors and corpora for servers, both make the same of"
    yield f"{count - sum(map(len, classes.values()))}. The others:"
    yield ""
    yield "| refused by | what | inputs | such as | clause |"
    yield "|---|---|---|---|---|"
    for (who, what, clause), names in sorted(classes.items()):
        yield f"| {who} | {what} | {len(names)} | `{names[0]}` | {clause} |"


def tests_table() -> Iterator[str]:
    """The tests of other projects that do not pass, as the suites' own lists have them."""
    yield "| project | test | because | clause |"
    yield "|---|---|---|---|"
    for name in ("h11", "httpcore", "hypercorn", "uvicorn-h11"):
        for line in (SUITES / name / "differences.txt").read_text().splitlines():
            if not line.startswith("#"):
                test, because = line.split("  ")
                text, clause = because.split(". RFC", 1)
                yield f"| {name.removesuffix('-h11')} | `{test.split('::')[1]}` | {text} | RFC{clause} |"


def page(before: str) -> str:
    """The page with its tables as they are now."""
    for marker, lines in (("tests", tests_table()), ("inputs", inputs_table())):
        begin, end = f"<!-- {marker}: written by py/tests/both.py -->\n", "<!-- end -->\n"
        head, rest = before.split(begin)
        before = head + begin + "\n".join(lines) + "\n" + end + rest.split(end, 1)[1]
    return before
