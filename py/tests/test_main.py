"""Tests of `python -m switchover` as a program.

`tests/tools/probes` compares its probe with the switchboard's.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import switchover

SERVER = Path(__file__).resolve().parents[1] / "examples/server.py"


def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Runs `python -m switchover` to its end."""
    command = [sys.executable, "-m", "switchover", *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Runs a server that supports foo/2 at any path, and yields its URL."""
    with subprocess.Popen([sys.executable, str(SERVER), "0"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield f"http://127.0.0.1:{server.stdout.readline().removeprefix('listening on ').strip()}/foo"
        server.terminate()


def test_it_prints_what_is_installed() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    version, features, path, interpreter = done.stdout.splitlines()
    assert version == f"switchover {switchover.__version__}"
    assert re.fullmatch("features: std, websocket, h2c(, abi3)?", features)
    assert re.match(r"scan path: (avx2|sse2|neon|swar)( |$)", path)
    assert "{}.{}.{}".format(*sys.version_info) in interpreter


INTERPRETERS = """
import sys
import {name} as interpreters

def import_it(where):
    try:
        print(interpreters.run_string(where, "import switchover") if where else __import__("switchover"))
    except Exception as error:
        print(error)

for where in {order}:
    import_it(where and interpreters.create())
"""


@pytest.mark.parametrize("order", [[1, 0], [0, 1]], ids=["before", "after"])
def test_a_second_interpreter_gets_a_plain_error(order: list[int]) -> None:
    name = "_xxsubinterpreters" if sys.version_info < (3, 13) else "_interpreters"
    pytest.importorskip(name)
    code = INTERPRETERS.format(name=name, order=order)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "use processes or threads, not sub-interpreters" in done.stdout, done


def test_a_probe_that_switches_pipes_the_new_protocol(url: str) -> None:
    done = run("probe", url, "--offer", "bar, foo/2", stdin="hello\nQUIT\n")
    assert (done.returncode, done.stdout) == (0, "foo/2 answers GET /foo\nHELLO\n"), done.stderr
    assert done.stderr.endswith(" * switched to foo/2, number 2 of 2 offered\n")
    assert re.search(r"^ +[0-9]+\.[0-9] > Upgrade: bar, foo/2$", done.stderr, re.MULTILINE)


def test_a_probe_that_is_declined_says_why(url: str) -> None:
    done = run("probe", url, "--offer", "bar")
    assert (done.returncode, done.stdout) == (2, "GET /foo in HTTP/1.1\n")
    verdict = f"not switched (200): {switchover.Why.DECLINED.text}"
    assert done.stderr.endswith(f" * {verdict}\n")
    assert " * the server also speaks foo/2\n" in done.stderr


def test_what_fails_and_what_makes_no_sense_end_differently(url: str) -> None:
    assert run("probe", url.replace("http", "https"), "--offer", "bar").returncode == 1
    for words in [["probe"], ["probe", "nowhere"], ["probe", url, "--offer", "a b"], ["nothing"]]:
        done = run(*words)
        assert (done.returncode, done.stdout) == (64, "")
        assert done.stderr.startswith("error: ")


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_what_is_closed_is_not_mistaken_for_the_socket(url: str, closed: int) -> None:
    shell = f"exec {sys.executable} -m switchover probe {url} --offer foo/2 {closed}>&-"
    done = subprocess.run(["sh", "-c", shell], input="", capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert ("foo/2 answers" in done.stdout) == (closed != 1)
    assert ("switched to foo/2" in done.stderr) == (closed != 2)


def test_what_cannot_be_read_is_an_end(url: str) -> None:
    shell = f"exec {sys.executable} -m switchover probe {url} --offer foo/2 0>/dev/null"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [["--timeout", "99999999999999"], ["-H", "X: \u20ac"], ["--method", "\u20ac"]])
def test_odd_arguments_are_no_traceback(url: str, words: list[str]) -> None:
    done = run("probe", url, "--offer", "foo/2", *words)
    assert done.returncode == (1 if "--method" in words else 0)
    assert "Traceback" not in done.stderr
