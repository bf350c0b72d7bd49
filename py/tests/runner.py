"""Runs the vectors that all bindings share, in every feed mode.

It prints one digest per case.

    python tests/runner.py [CASES]

reads `cases.txt` as `switchover-tests` exports it; `tests/rust/src/export.rs` describes the format. It prints a line
`NAME DIGEST` for each case. That is the digest of the log of the whole feed; the logs of all other feeds must be equal.
Those are byte by byte, seven at a time through `get_buffer`, and cut in two at every place (some 256 of a long input).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from player import Case, play

SPLITS_OF_LONG_INPUT = 256
LONG_INPUT = 4096
HOME = Path(__file__).resolve().parents[2]


def read_cases(path: Path) -> Iterator[Case]:
    """Yields the cases of a file; a line with nothing but a full stop ends each.

    Cases with the call `note` are left out, as this package does not have it.
    """
    lines: list[list[str]] = []
    with path.open() as file:
        for line in file:
            words = line.split()
            if words != ["."]:
                lines.append(words)
                continue
            (_, name, role, shows, *config), *items = lines
            # This package does not have the function that the verb calls (`note_response` in Rust).
            if not any(item[:2] == ["do", "note"] for item in items):
                yield Case(name, role, shows == "fields", dict(entry.split("=") for entry in config), items)
            lines = []


def feeds(case: Case, every: int, first: int) -> Iterator[str | int]:
    """Yields the ways to feed a case other than whole.

    A number is the place of a cut in two. The places are all, or some 256 of a long input. Of these every `every`th is
    yielded, beginning with number `first`, counted from 0.
    """
    yield "bytes"
    yield "committed"
    length = sum(len(bytes.fromhex(item[1])) for item in case.items if item[0] == "feed" and item[1] != "-")
    places = range(1, length)
    if length > LONG_INPUT:
        places = range(1, length, length // SPLITS_OF_LONG_INPUT)
    yield from places[first::every]


def checksum(log: str) -> str:
    """Returns the FNV-1a hash of a log."""
    value = 0xCBF29CE484222325
    for byte in log.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


@dataclass
class Outcome:
    """The digests and failures of all cases."""

    digests: list[str] = field(default_factory=list[str])
    runs: int = 0
    differences: list[str] = field(default_factory=list[str])


def run(path: Path, every: int = 1) -> Outcome:
    """Runs every case with its input whole, in pieces, and cut in two.

    Only one in `every` of the cuts is made. A case ends at its first difference.
    """
    outcome = Outcome()
    for index, case in enumerate(read_cases(path)):
        whole = play(case, "whole")
        outcome.runs += 1
        for feed in feeds(case, every, index % every):
            outcome.runs += 1
            log = play(case, feed)
            if log != whole:
                outcome.differences.append(f"{case.name} fed {feed}:\n{log}\ninstead of\n{whole}")
                break
        outcome.digests.append(f"{case.name} {checksum(whole)}")
    return outcome


if __name__ == "__main__":
    outcome = run(Path(sys.argv[1]) if len(sys.argv) > 1 else HOME / "target/vectors/cases.txt")
    sys.stdout.writelines(f"{line}\n" for line in outcome.digests)
    sys.stderr.writelines(f"{line}\n" for line in outcome.differences)
    sys.stderr.write(f"{len(outcome.digests)} cases, {outcome.runs} runs\n")
    sys.exit(bool(outcome.differences))
