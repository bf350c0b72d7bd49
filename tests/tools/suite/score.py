#!/usr/bin/env python3
"""Scores an engine by the suite; README.md describes how to write a runner.

    score.py [--only ID] [--every N] [--known FILE] COMMAND...

COMMAND is started once and plays every case: whole, byte by byte, and cut in two at each position (--every N: at each
Nth). score.py prints a line for each case with a different result, and a score for each scope. With --only it also
prints the expected and the actual events. A missing error, and an error too many, are explained by the case's own
requirement levels, even a MUST. The file of --known explains other differences.

The exit status is 0 if all differences are explained, 1 if one is not. It is 2 if the runner violates the protocol or
cannot be started, or if no case is found.
"""

import argparse
import contextlib
import fnmatch
import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The cases: next to this file in a release, otherwise generated in the repository.
MADE = Path(os.environ.get("CARGO_TARGET_DIR", HERE / "../../../target"), "suite/cases.jsonl")
# Keys that a runner may leave out of an event, because not every engine provides them.
OPTIONAL = {"version", "fields", "upgrade", "trailers", "by", "to"}
# Keys that explain an error to a reader.
NOT_COMPARED = {"kind", "text", "answer", "clause", "level"}
# What a case asks for: what a parser does, or what a connection knows besides.
SCOPES = ("parser", "connection")
# Seconds for a whole run, after which a runner is killed.
PATIENCE = 1800


class Broken(Exception):  # noqa: N818  (it ends a run)
    """The error that ends a run: a violation of the protocol, or no cases."""


@dataclass
class Played:
    """The result of a case that a runner has played."""

    case: dict
    skipped: str = ""
    differences: dict[str, str] = field(default_factory=dict)
    """Each cut at which the engine differs, with the first difference in a few words."""
    got: list[dict] = field(default_factory=list)
    """The events of the engine at the first cut in `differences`."""

    @property
    def difference(self) -> str:
        """Returns the first cut's difference in a few words; empty if there is none."""
        first = next(iter(self.differences.values()), "")
        return first if not first or "whole" in self.differences else f"depends on the cut: {first}"


def load() -> list[dict]:
    found = next((place for place in (HERE / "cases.jsonl", MADE) if place.exists()), None)
    if found is None:
        raise Broken(f"there is no {MADE}: cargo run -p switchover-tests --bin suite")
    return [json.loads(line) for line in found.read_text().split("\n") if line]


# Cuts of the input.


def cuts(case: dict, every: int) -> Iterator[tuple[str, list[dict]]]:
    """Yields the steps of the case whole, and then cut in each way, by name.

    A cut divides the received bytes: all byte by byte, then one step in two, at each `every`th position.
    """
    steps = case["steps"]
    yield "whole", steps
    yield "byte by byte", [piece for step in steps for piece in cut(step, range(1, len(step.get("receive", ""))))]
    places = [(index, place) for index, step in enumerate(steps) for place in range(1, len(step.get("receive", "")))]
    for index, place in places[every - 1 :: every]:
        yield f"cut at {place} of step {index + 1}", [*steps[:index], *cut(steps[index], [place]), *steps[index + 1 :]]


def cut(step: dict, places: "range | list[int]") -> list[dict]:
    if not places:
        return [step]
    data = step["receive"]
    return [{"receive": data[begin:end]} for begin, end in zip([0, *places], [*places, len(data)], strict=True)]


# Comparison of events.


def compare(case: dict, got: list[dict]) -> str:
    """Returns the first difference of `got` from the case; empty if there is none."""
    expected = case["events"]
    if case["over"] and len(got) == len(expected) + 1 and got[-1]["event"] == "error":
        # Nothing more is read, and each engine decides whether more bytes are an error.
        got = got[:-1]
    expected, got = without_cut_content(expected), without_cut_content(got)
    for index in range(max(len(expected), len(got))):
        want, have = at(expected, index), at(got, index)
        if want["event"] != have["event"]:
            error = next((event for event in got if event["event"] == "error"), None)
            is_late = error is not None and not any(event["event"] in ("end", "switched") for event in got[index:])
            return named(want, have, error, is_late)
        for key in want.keys() - NOT_COMPARED - (OPTIONAL - have.keys()):
            if normal(key, want[key]) != normal(key, have.get(key)):
                return f"{want['event']}: another {key}"
    return ""


def at(events: list[dict], index: int) -> dict:
    return events[index] if index < len(events) else {"event": "nothing"}


def named(want: dict, have: dict, error: dict | None, is_late: bool) -> str:
    """Returns the class of a difference.

    A class is a missing error, an error too many, or another event. `is_late` means that the engine reports the error
    later, but before the message has ended.
    """
    says = f"refuses: {error.get('kind', 'an error')}" if error else ""
    if want["event"] != "error":
        return says if have["event"] == "error" else f"{have['event']} instead of {want['event']}"
    if have["event"] == "nothing":
        return f"waits at {want['kind']}"
    return f"takes {want['kind']}{', then refuses' if is_late else ''}"


def without_cut_content(events: list[dict]) -> list[dict]:
    """Returns the events without partial content before an error.

    Each engine decides how much of a malformed message it returns before the error.
    """
    is_cut = [event["event"] for event in events[-2:]] == ["content", "error"]
    return [*events[:-2], events[-1]] if is_cut else events


def normal(key: str, value: object) -> object:
    """Returns a value without the variations that an engine may make.

    These are the case of names, runs of spaces, and the two framing fields, which are left out.
    """
    if key in ("fields", "trailers"):
        lines = [[name.lower(), re.sub("[ \t]+", " ", text)] for name, text in value]
        return [line for line in lines if line[0] not in ("content-length", "transfer-encoding")]
    return [name.lower() for name in value] if key in ("upgrade", "to") else value


# Playing of cases.


def play(command: list[str], cases: list[dict], every: int = 1) -> list[Played]:
    """Plays all cases in one process of the runner, and returns the results."""
    runner = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    watch = threading.Timer(PATIENCE, runner.kill)
    watch.start()
    try:
        threading.Thread(target=ask, args=(runner, cases, every), daemon=True).start()
        return [judge(case, every, runner) for case in cases]
    finally:
        watch.cancel()
        runner.kill()
        runner.wait()


def ask(runner: subprocess.Popen, cases: list[dict], every: int) -> None:
    # If the runner has exited, the reader notices it.
    with contextlib.suppress(BrokenPipeError), runner.stdin:
        for case in cases:
            for _, steps in cuts(case, every):
                asked = {"id": case["id"], "role": case["role"], "config": case["config"], "steps": steps}
                runner.stdin.write(json.dumps(asked) + "\n")


def judge(case: dict, every: int, runner: subprocess.Popen) -> Played:
    played = Played(case)
    for name, _ in cuts(case, every):
        got = answer(runner, case["id"])
        if "skip" in got:
            played.skipped = got["skip"]
            continue
        try:
            difference = compare(case, got["events"])
        except (TypeError, ValueError, AttributeError) as error:
            raise Broken(f"{case['id']}: an event that README.md does not have: {got['events']} ({error!r})") from error
        if difference and not played.differences:
            played.got = got["events"]
        if difference:
            played.differences[name] = difference
    return played


def answer(runner: subprocess.Popen, name: str) -> dict:
    line = runner.stdout.readline()
    try:
        got = json.loads(line)
        assert got["id"] == name, "this answers another case"
        assert isinstance(got["skip"], str) if "skip" in got else all(event["event"] for event in got["events"])
    except (ValueError, AssertionError, KeyError, TypeError) as error:
        raise Broken(f"{name}: no answer as README.md has it: {line.strip()[:200]!r} ({error!r})") from error
    return got


# The score.


@dataclass
class Known:
    """A line of --known: a difference, its cases, and the verdict of the RFC.

    The line also has the clause and the reason. An asterisk matches any text.
    """

    difference: str
    cases: str
    level: str
    clause: str
    because: str

    def explains(self, played: Played) -> bool:
        name = played.case["id"]
        is_of_these = any(fnmatch.fnmatchcase(name, pattern) for pattern in self.cases.split())
        return is_of_these and fnmatch.fnmatchcase(played.difference, self.difference)


def read_known(path: Path) -> list[Known]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return [Known(*(part.strip() for part in line.split(" | "))) for line in lines]


def explanation(played: Played, known: list[Known]) -> Known | None:
    """Returns the first known difference that matches; None if nothing explains it.

    For an error that is missing or too many, the case itself has the verdict of the RFC. A late error is a choice.
    """
    for one in known:
        if one.explains(played):
            return one
    name, difference = played.case["id"], played.difference
    error = played.case["events"][-1]
    if re.match("takes .*, then refuses$", difference):
        return Known("late", name, "choice", error["clause"], "the head is shown first, and then refused")
    if difference.startswith(("takes ", "waits at ")):
        return Known("takes", name, error["level"], error["clause"], error["text"])
    if difference.startswith("refuses: "):
        refusal = played.case["refusal"]
        return Known("refuses", name, refusal["level"], refusal["clause"], refusal["text"])
    return None


def score(results: list[Played], known: list[Known]) -> dict[str, Counter]:
    """Counts the cases of each scope by their results.

    A case without a difference counts as not applicable if the runner has skipped a cut of it.
    """
    counts: dict[str, Counter] = {scope: Counter() for scope in SCOPES}
    for played in results:
        why, counted = explanation(played, known), counts[played.case["scope"]]
        if played.differences:
            counted[why.level if why else "not explained"] += 1
        else:
            counted["not applicable" if played.skipped else "the same"] += 1
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="*", metavar="ID")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--known", type=Path, metavar="FILE")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    options = parser.parse_args()
    if not options.command:
        parser.error("no COMMAND")
    try:
        known = read_known(options.known) if options.known else []
        cases = [case for case in load() if fnmatch.fnmatchcase(case["id"], options.only)]
        if not cases:
            raise Broken(f"no case has the id {options.only}")
        results = play(options.command, cases, options.every)
    except (Broken, OSError) as broken:
        print(broken, file=sys.stderr)
        return 2
    for played in results:
        if not played.differences:
            continue
        why = explanation(played, known)
        level = why.level if why else "not explained"
        print(f"{played.case['id']}: {played.difference} ({next(iter(played.differences))}), {level}")
        if options.only != "*":
            print(*(f"  should: {json.dumps(event)}" for event in played.case["events"]), sep="\n")
            print(*(f"  came:   {json.dumps(event)}" for event in played.got), sep="\n")
    counts = score(results, known)
    for scope, counted in counts.items():
        print(f"{scope}: {', '.join(f'{count} {name}' for name, count in counted.items())}")
    return 1 if any(counted["not explained"] for counted in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
