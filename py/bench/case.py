"""The parts that benchmark cases share.

They are the class of a case, the creation and reuse of connections, the callbacks of httptools, and the expected field
lines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import h11
import h11r
import httptools
import switchover.h11
import zttp

Work = Callable[[], object]
Pairs = list[tuple[bytes, bytes]]

OURS, PREPARED, LAZY = "switchover", "switchover, prepared", "switchover, lazy"
"""The names of the three columns of switchover.

In the first all field lines are read and the response is composed, unless the row's note says otherwise. In the
second the response is prepared, and in the third only one value is looked up.
"""

AS_H11 = "switchover.h11"
"""The name of the column of `switchover.h11`, which is called as h11 is."""


@dataclass
class Case:
    """A benchmark case: a row of the results, with a function to time per column."""

    name: str
    note: str
    """The note to print below the row's name: the columns' work, and how it differs."""
    check: Callable[[Any], bool]
    """Returns whether the result of a column's function is right."""
    columns: dict[str, Work]
    goals: dict[tuple[str, str], float] = field(default_factory=dict)
    """The goals: by a column of switchover and a peer, the least ratio of their times."""


class Sink:
    """The callbacks of an httptools parser.

    They collect the headers and the pieces of content in lists.
    """

    def __init__(self) -> None:
        self.headers: Pairs = []
        self.content: list[bytes] = []
        self.is_complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Appends a field line to `headers`."""
        self.headers.append((name, value))

    def on_body(self, data: bytes) -> None:
        """Appends a piece of content to `content`."""
        self.content.append(data)

    def on_message_complete(self) -> None:
        """Records the end of the message."""
        self.is_complete = True


MAKERS: dict[str, Callable[[], object]] = {
    "switchover": lambda: switchover.Connection(switchover.Role.SERVER),
    AS_H11: lambda: switchover.h11.Connection(switchover.h11.SERVER),
    "h11": lambda: h11.Connection(h11.SERVER),
    "h11r": lambda: h11r.Connection(h11r.Role.SERVER),
    "httptools": lambda: with_parser(Sink()),
    "zttp": lambda: zttp.Connection(zttp.SERVER),
}
"""The functions that create each library's parser or server connection.

The key is the name of the library's columns, up to a comma.
"""


KEPT = {True: "kept connection", False: "new connection"}
"""The words for a connection that is reused (True), or new for each message.

With httptools, the connection is a parser.
"""


OFFERS = {"c": " Ours judges the offer of WebSocket, which the answer declines; the others do not."}
"""Remarks that the note of a row gets, by the name of the row's input."""


def with_parser(sink: Sink) -> tuple[httptools.HttpRequestParser, Sink]:
    """Returns an httptools parser and its callbacks."""
    return httptools.HttpRequestParser(sink), sink


def columns(
    works: dict[str, Callable[[Any], object]], *, is_kept: bool, makers: dict[str, Callable[[], object]] = MAKERS
) -> dict[str, Work]:
    """Returns each column's function to time, on a kept connection or on new ones."""

    def bound(make: Callable[[], object], work: Callable[[Any], object]) -> Work:
        return partial(work, make()) if is_kept else lambda: work(make())

    return {column: bound(makers[column.partition(",")[0]], work) for column, work in works.items()}


def lines(head: bytes) -> Pairs:
    """Parses the field lines of a head by splitting it, without checks."""
    rows = head.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return [(name, value.strip()) for name, _, value in (row.partition(b":") for row in rows)]


def lower(fields: Pairs) -> Pairs:
    """Returns the field lines with their names in lower case."""
    return [(name.lower(), value) for name, value in fields]


def same_lines(found: Pairs, expected: Pairs) -> bool:
    """Returns whether the field lines are equal, with names compared in lower case."""
    return lower(found) == lower(expected)
