"""Measures the CPU time of servers under wrk: uvicorn with its engines, and anyio.

    under_wrk.py --inputs FOLDER [--rounds N] [--runs N] [--only WORDS]

uvicorn runs with switchover, httptools and zttp, and with switchover's `eager_start`; `switchover.aio` is measured
beside a handler of anyio that parses nothing. The server runs on one processor and wrk on another, if there are two.
Engines take turns within a round, and the order changes from round to round. A ratio is that of another engine's time
to switchover's within one round. The median of the rounds counts, and the median of all runs. The kernel's time for the
process is included. Ends with exit code 1 if a ratio misses its goal.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from servers import CONNECTIONS, processors

OURS = "switchover"
LOOPS = ("uvloop", "asyncio")
SECONDS = 2

# What wrk runs: it sends the bytes of a file again and again, and prints what it has counted.
SCRIPT = """\
local file = io.open(os.getenv("REQUEST"), "rb")
local request_bytes = file:read("*a")
file:close()
request = function() return request_bytes end
done = function(summary)
    local errors = summary.errors
    io.write(string.format("counted %d %d\\n", summary.requests,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


def request(path: str = "/", content: bytes = b"") -> bytes:
    """Returns the bytes of a POST with the content, or of a GET if it is empty."""
    start, length = ("POST", f"Content-Length: {len(content)}\r\n") if content else ("GET", "")
    return f"{start} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}\r\n".encode() + content


class Case(NamedTuple):
    """One row of a table: a request to an app, and the goals for the ratios."""

    name: str
    app: str
    request: bytes
    goals: dict[str, float]
    """The goals: for some engines, the least ratio of their time to switchover's."""


class Table(NamedTuple):
    """One table: a program, the other engines that it runs with, and the rows."""

    program: str
    peers: list[str]
    cases: list[Case]


def tables(inputs: Path) -> list[Table]:
    """Returns the tables; two requests are the files `a` and `b` in that folder."""
    a, b = ((inputs / name).read_bytes() for name in ("a", "b"))
    under_uvicorn = [
        Case("a", "plain", a, {"httptools": 1.55, "zttp": 1.5}),
        Case("b", "plain", b, {"httptools": 1.55, "zttp": 1.5}),
        Case("a, 16 pipelined", "plain", a * 16, {"httptools": 1.8, "zttp": 1.8}),
        Case("b, a route of Starlette", "starlette", b, {"httptools": 1.4, "zttp": 1.4}),
        Case("an answer of 100 kB", "plain", request("/100000"), {"httptools": 1.2}),
        Case("an answer of 1 MB", "plain", request("/1000000"), {}),
        Case("an upload of 100 kB", "plain", request(content=bytes(100_000)), {"httptools": 1.0}),
        Case("an upload of 1 MB", "plain", request(content=bytes(1_000_000)), {"httptools": 1.0}),
    ]
    # At most 1.5 times as much as the handler.
    on_anyio = [Case(f"anyio, {name}", "", bytes_, {"anyio": 1 / 1.5}) for name, bytes_ in (("a", a), ("b", b))]
    eagerly = [Case(f"eagerly, {name}", "plain", bytes_, {}) for name, bytes_ in (("a", a), ("b", b))]
    return [
        Table("server.py", ["httptools", "zttp"], under_uvicorn),
        Table("anyio_server.py", ["anyio"], on_anyio),
        # A task can be started eagerly from CPython 3.12 on.
        *([Table("server.py", ["eager"], eagerly)] if sys.version_info >= (3, 12) else []),
    ]


class Server:
    """A running server, whose CPU time is measured under load."""

    def __init__(self, program: str, arguments: list[str], stack: ExitStack) -> None:
        command = [sys.executable, str(Path(__file__).with_name(program)), *arguments]
        self.process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
        stack.callback(self.process.kill)
        os.sched_setaffinity(self.process.pid, PROCESSORS[-1:])
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())

    def cpu(self) -> int:
        """Returns the nanoseconds of CPU time that the server has used."""
        return sum(
            int((task / "schedstat").read_text().split()[0])
            for task in Path(f"/proc/{self.process.pid}/task").iterdir()
        )

    def load(self, script: Path, file: Path, seconds: float) -> float:
        """Returns the CPU time of each request in microseconds, under load for `seconds`."""
        begin = self.cpu()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{self.port}/"]
        out = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=60, env={**os.environ, "REQUEST": str(file)}
        ).stdout
        counted = re.search(r"counted (\d+) (\d+)", out)
        assert counted, out
        assert counted[2] == "0", out
        return (self.cpu() - begin) / int(counted[1]) / 1000


PROCESSORS = processors()


def measured(table: Table, case: Case, loop: str, rounds: int, folder: Path) -> dict[str, list[float]]:
    """Returns each engine's microseconds of CPU time per request, in each round."""
    script, file = folder / "script.lua", folder / "request"
    script.write_text(SCRIPT)
    file.write_bytes(case.request)
    times: dict[str, list[float]] = {engine: [] for engine in (OURS, *table.peers)}
    with ExitStack() as stack:
        servers = {engine: Server(table.program, [engine, loop, case.app, "proxied"], stack) for engine in times}
        for server in servers.values():
            server.load(script, file, 1)
        for turn in range(rounds):
            for engine in list(servers)[:: 1 if turn % 2 else -1]:
                times[engine].append(servers[engine].load(script, file, SECONDS))
    return times


def judged(case: Case, peers: list[str], runs: list[dict[str, list[float]]]) -> tuple[str, int]:
    """Returns the cells of a row, and how many of its ratios miss their goals."""
    missed = 0
    cells = [f"{statistics.median(time for run in runs for time in run[OURS]):.1f}"]
    for peer in peers:
        ratios = [[theirs / ours for ours, theirs in zip(run[OURS], run[peer], strict=True)] for run in runs]
        ratio = statistics.median(map(statistics.median, ratios))
        goal = case.goals.get(peer)
        is_missed = goal is not None and ratio < goal
        missed += is_missed
        says = f"{ratio:.2f}" + (f" (≥ {goal:.3g}{': missed' if is_missed else ''})" if goal else "")
        theirs = statistics.median(time for run in runs for time in run[peer])
        cells += [f"{theirs:.1f}", says, f"{min(map(min, ratios)):.2f}"]
    return " | ".join(cells), missed


def main() -> int:
    """Prints a row for each case on each loop; returns 1 if a ratio misses its goal."""
    arguments = argparse.ArgumentParser(description="the CPU time of servers under wrk")
    arguments.add_argument("--inputs", type=Path, required=True, help="the folder of the inputs")
    arguments.add_argument("--rounds", type=int, default=6)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--only", default="")
    options = arguments.parse_args()
    os.sched_setaffinity(0, PROCESSORS[:-1] or PROCESSORS)
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        for table in tables(options.inputs):
            wanted = [(loop, case) for loop in LOOPS for case in table.cases if options.only in f"{loop}, {case.name}"]
            if not wanted:
                continue
            titles = [f"{peer}, µs | its ratio | worst round" for peer in table.peers]
            print(f"| loop, request | {OURS}, µs | {' | '.join(titles)} |")
            print("|---|---|" + "---|---|---|" * len(titles))
            for loop, case in wanted:
                runs = [measured(table, case, loop, options.rounds, Path(folder)) for _ in range(options.runs)]
                row, misses = judged(case, table.peers, runs)
                missed += misses
                print(f"| {loop}, {case.name} | {row} |", flush=True)
            print()
    print(f"# {missed} goals missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
