"""The table of tested programs, printed on the screen and written to README.md."""

from collections import Counter

import versions
from harness import DIRECTIONS, HERE

README = HERE / "README.md"
BEGIN, END = "<!-- table: written by `tests/interop/run` -->\n", "<!-- end of the table -->\n"
COLUMNS = ["program", "version", "protocol", "direction", "set", "result"]


def in_columns(outcomes):
    """Returns a text table: a line for each program, protocol, direction and case set."""
    lines = [COLUMNS, *(row(group) for group in grouped(outcomes))]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def write(outcomes):
    """Writes the table in README.md, with the names of the cases, between two marks."""
    columns = [*COLUMNS, "what is tried"]
    lines = [columns, ["---"] * len(columns)]
    lines += [[*row(group), names(group)] for group in grouped(outcomes)]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    before, rest = README.read_text().split(BEGIN)
    README.write_text(before + BEGIN + table + END + rest.split(END)[1])


def grouped(outcomes):
    groups = {}
    for case, verdict, reason in outcomes:
        key = (case.program, case.protocol, case.direction, case.large)
        groups.setdefault(key, []).append((case, verdict, reason))
    return sorted(groups.values(), key=lambda group: order(group[0][0]))


def order(case):
    return case.large, DIRECTIONS.index(case.direction), case.program.lower(), case.protocol


def row(group):
    case = group[0][0]
    version = versions.of(case.program)
    return [case.program, version, case.protocol, case.direction, "large" if case.large else "light", summary(group)]


def summary(group):
    counts = count(verdict for _, verdict, _ in group)
    words = {"PASS": "passed", "FAIL": "failed", "SKIP": "skipped"}
    text = ", ".join(f"{counts[verdict]} {word}" for verdict, word in words.items() if counts[verdict])
    reasons = sorted({reason for _, verdict, reason in group if verdict == "SKIP"})
    return text + (f": {'; '.join(reasons)}" if reasons else "")


def names(group):
    return "; ".join(case.name for case, _, _ in group)


def count(verdicts):
    return Counter(verdicts)
