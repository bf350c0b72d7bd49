"""Plays one test vector against the module `switchover`, and logs the result.

The log has the notation of the vectors.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from host import Host
from lines import data_of, error_line, event_line, summary
from switchover import (
    NEED_DATA,
    Config,
    Connection,
    Data,
    ErrorKind,
    LocalProtocolError,
    Paused,
    PausedReason,
    ProtocolError,
    RemoteProtocolError,
    Role,
    Switched,
)

PIECE = 7


@dataclass
class Case:
    """A test vector, parsed and without its comments."""

    name: str
    role: str
    shows_fields: bool
    config: dict[str, str]
    items: list[list[str]]


def play(case: Case, feed: str | int) -> str:
    """Returns the log of a case.

    `feed` says how its input is fed: `whole`, in single `bytes`, `committed` through `get_buffer`, or cut in two at an
    offset.
    """
    player = Player(case, feed)
    player.play()
    return "".join(f"{line}\n" for line in player.log)


def configured(case: Case) -> Config:
    """Returns the configuration of a case.

    Flags are numbers in a case, but bools in `Config`.
    """
    limits = Config()
    return Config(**{name: type(getattr(limits, name))(int(value)) for name, value in case.config.items()})


class Player:
    """A run of one case: feeds its input, makes its calls and logs the results.

    A call directly after input is made once all of that input was fed. Any other call is made at once, even with input
    left to feed.
    """

    def __init__(self, case: Case, feed: str | int) -> None:
        self.case = case
        self.feed = feed
        self.connection = Connection(Role[case.role.upper()], configured(case))
        self.host = Host(self.connection, configured(case))
        self.log: list[str] = []
        self.pieces: deque[bytes] = deque()
        self.fed = 0
        self.data = b""
        self.leftover = b""
        self.refused = 0

    def play(self) -> None:
        """Plays all items of the case, then feeds the rest of the input."""
        before = ""
        for verb, *rest in self.case.items:
            if verb == "expect":
                self.expect(rest)
            elif verb == "do":
                # A call right after input is made when all of that input has been received.
                while self.pieces and before in ("feed", "end"):
                    self.feed_piece()
                self.log += self.host.perform(rest)
            else:
                while self.pieces:
                    self.feed_piece()
                self.quiet()
                self.take_input(verb, rest[0])
            before = verb
        while self.pieces:
            self.feed_piece()
        self.quiet()

    def quiet(self) -> None:
        """Logs the next event or error, if any, as unexpected; not a repeated error."""
        line, stops = self.observe()
        repeats = line.startswith("error") and line in self.log
        if not stops and not repeats:
            self.log.append(f"unexpected: {line or summary(self.data)}")

    # Input.

    def take_input(self, verb: str, what: str) -> None:
        if verb == "end":
            self.connection.receive_eof(clean=what == "clean")
            return
        data = data_of(what)
        if isinstance(self.feed, int):
            cut = min(max(self.feed - self.fed, 0), len(data))
            self.pieces.extend(piece for piece in (data[:cut], data[cut:]) if piece)
        else:
            size = {"whole": len(data), "bytes": 1, "committed": PIECE}[self.feed]
            self.pieces.extend(data[start : start + size] for start in range(0, len(data), size or 1))
        self.fed += len(data)

    def feed_piece(self) -> None:
        piece = self.pieces.popleft()
        try:
            if self.feed == "committed":
                space = self.connection.get_buffer(len(piece))
                space[: len(piece)] = piece
                self.connection.buffer_updated(len(piece))
            else:
                self.connection.receive_data(piece)
        except LocalProtocolError as error:
            if error.kind == ErrorKind.SWITCHED:
                self.leftover += piece
            elif error.kind == ErrorKind.CLOSED:
                self.refused += len(piece)
            else:
                raise
        except RemoteProtocolError:
            self.refused += len(piece)

    # Output.

    def observe(self) -> tuple[str, bool]:
        """Returns the next event or error as a line.

        The line is empty for content. The flag says whether nothing more happens without further
        input or a call.
        """
        self.host.profiles.current = None
        try:
            event = self.connection.next_event()
        except ProtocolError as error:
            return error_line(error), False
        self.host.profiles.current = event
        if event is NEED_DATA:
            return "need-data", True
        if isinstance(event, Paused):
            total = len(self.connection.unread) + self.refused
            is_closed = event.reason is PausedReason.CLOSED and total
            return f"paused {event.reason.label}" + (f" discarded {total}" if is_closed else ""), True
        if isinstance(event, Data):
            self.data += event.data
            return "", False
        if isinstance(event, Switched):
            self.leftover += event.leftover
        return event_line(event, self.connection.position, self.case.shows_fields), False

    def expect(self, what: list[str]) -> None:
        """Logs the next event or error as a line, after feeding the input that it needs.

        For `data N` it logs N bytes of content, for `leftover` the bytes of the new protocol so
        far.
        """
        if what[0] == "leftover":
            while self.pieces:
                self.feed_piece()
            self.log.append(f"leftover {summary(self.leftover)}")
            return
        wanted = int(what[1]) if what[0] == "data" else 0
        if self.data and not wanted:
            self.log.append(f"unexpected data {summary(self.data)}")
        while True:
            if wanted and len(self.data) >= wanted:
                self.log.append(f"data {summary(self.data[:wanted])}")
                self.data = self.data[wanted:]
                return
            line, stops = self.observe()
            if stops and self.pieces:
                self.feed_piece()
            elif line:
                self.log.append(line)
                return
            elif not wanted:
                self.log.append(f"unexpected data {summary(self.data)}")
                return
