"""Tests of the cases that the bindings share against digests of Rust's runner.

Those with the call `note`, which this package does not have, are left out.
"""

import os
from pathlib import Path

import runner

FOLDER = Path(os.environ.get("SWITCHOVER_VECTORS", runner.HOME / "target/vectors"))


def test_every_case_comes_out_as_in_rust_in_every_feed() -> None:
    cases = FOLDER / "cases.txt"
    assert cases.exists(), "cargo run -p switchover-tests --bin export writes the cases"
    outcome = runner.run(cases, every=int(os.environ.get("EVERY", "1")))
    print(f"{len(outcome.digests)} cases, {outcome.runs} runs")
    assert not outcome.differences, "\n\n".join(outcome.differences[:3])
    played = {case.name for case in runner.read_cases(cases)}
    expected = [line for line in (FOLDER / "digests.txt").read_text().splitlines() if line.split()[0] in played]
    assert sorted(set(outcome.digests) ^ set(expected)) == []
    assert outcome.digests == expected
