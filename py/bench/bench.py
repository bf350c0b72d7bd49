"""Measures the Python binding, and other libraries that do the same work.

The cases run in this process; servers and clients run in processes of their own. A case is a row, and a library, or
a way to use one, is a column. There are many rounds, in which the columns of a row take turns; the shortest time
counts.

Noise of a machine only adds to a time, so the minimum of many short rounds is the time of the work itself. Taking turns
gives every column the same quiet and busy moments. Ratios are comparable between machines, times are not.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import time
from importlib.metadata import version
from pathlib import Path

import clients
import servers
from case import LAZY, OURS, PREPARED, Case, Work
from cases import all_of

ROUND = 2_000_000
"""The approximate duration of one column in one round, in nanoseconds."""

PROCESS_ROUNDS = 9

PEERS = ["h11", "h11r", "httptools", "zttp", "wsproto", "websockets", "uvicorn", "uvloop", "httpcore"]


def timed(work: Work, loops: int) -> int:
    """Returns the nanoseconds that `loops` calls of `work` take."""
    clock = time.perf_counter_ns
    turns = range(loops)
    begin = clock()
    for _ in turns:
        work()
    return clock() - begin


def measure(case: Case, rounds: int) -> dict[str, float]:
    """Returns the nanoseconds per call of each column's function, of its best round."""
    loops = {}
    for column, work in case.columns.items():
        assert case.check(work()), f"{case.name}: {column}"
        timed(work, 3)
        loops[column] = max(1, ROUND // max(1, min(timed(work, 1) for _ in range(5))))
    best = dict.fromkeys(case.columns, float("inf"))
    for _ in range(rounds):
        for column, work in case.columns.items():
            # Garbage of another column is collected before; within a round a column collects its own.
            gc.collect()
            best[column] = min(best[column], timed(work, loops[column]) / loops[column])
    for column, work in case.columns.items():
        assert case.check(work()), f"{case.name}: {column}, after all rounds"
    return best


def show(case: Case, best: dict[str, float]) -> None:
    """Prints a row: times, ratios to switchover's times, and whether goals are met."""
    own = [column for column in (OURS, PREPARED, LAZY) if column in best]
    print(f"{case.name}\n    {case.note}")
    for column, time_ in best.items():
        ratios = [f"{time_ / best[ours]:8.2f}x" for ours in own]
        goals = [
            f"{'met' if time_ >= goal * best[ours] else 'MISSED'}: {goal:g}x{ours.removeprefix(OURS)}"
            for (ours, peer), goal in case.goals.items()
            if peer == column
        ]
        print(f"    {column:<20}{time_:>14,.0f} ns {' '.join(ratios):<29}  {'; '.join(goals)}".rstrip())


def main() -> None:
    """Measures the cases, servers and clients that the command line selects."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=Path, required=True, help="the folder of the inputs")
    parser.add_argument("--output", type=Path, help="where the figures go, as lines of JSON")
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--only", default="", help="rows whose name has this in it")
    arguments = parser.parse_args()

    output: list[object] = [{"version": {"name": "CPython", "version": platform.python_version()}}]
    output += [{"version": {"name": peer, "version": version(peer)}} for peer in PEERS]
    print(", ".join(" ".join(line["version"].values()) for line in output))  # type: ignore[index]
    for case in all_of(arguments.inputs):
        if arguments.only not in case.name:
            continue
        best = measure(case, arguments.rounds)
        show(case, best)
        output += [
            {"table": "python", "row": case.name, "column": column, "ns": round(time_, 1)}
            for column, time_ in best.items()
        ]
    rounds = min(arguments.rounds, PROCESS_ROUNDS)
    for table, found in (
        ("python servers", servers.rows(arguments.inputs, rounds, arguments.only)),
        ("python clients", clients.rows(rounds, arguments.only)),
    ):
        for row, best in found:
            print(f"{row}\n    CPU time for a request and an answer of five bytes, on a kept connection.")
            for engine, time_ in best.items():
                print(f"    {engine:<20}{time_:>14,.0f} ns")
            output += [
                {"table": table, "row": row, "column": engine, "value": round(time_ / 1000, 1), "unit": "µs"}
                for engine, time_ in best.items()
            ]
    if arguments.output:
        arguments.output.write_text("".join(json.dumps(line) + "\n" for line in output))


if __name__ == "__main__":
    main()
