"""Cases of the reports of `switchboard audit`: JUnit's XML, JSON, and a page.

Programs that such reports are made for read them.
"""

import functools
import json
import signal
import subprocess
import tempfile
from pathlib import Path

from environment import debian, large_python, node, python
from harness import HERE, READ, SLOW_START, WAIT, Switchboard, case, check, run, same, server

# aiohttp fails S46, a handshake in HTTP/1.0, and passes S01; without h2c on the server S68 does not apply.
CHECKS = {"S01": "pass", "S46": "fail", "S68": "not applicable"}


def read(form, *reader):
    """Returns each reader command's output for an audit report with one failure."""
    with server(python(), HERE / "python/servers.py", "aiohttp") as url, tempfile.NamedTemporaryFile() as file:
        command = [Switchboard.program, "audit", f"{url}/plain", "--websocket", "/", "--only", ",".join(CHECKS), form]
        done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, timeout=WAIT, check=False)
        check(done.returncode == 1, done.returncode, done.stderr)
        return [run(*parts, file.name)[0] for parts in reader]


@case("junitparser", "JUnit", READ, large=True)
def junitparser_reads_the_audit(_):
    found = json.loads(read("--junit", [large_python(), HERE / "python/junit_reader.py"])[0])
    same(found["counts"], [3, 1, 1])
    same([found["passed"], list(found["failed"]), list(found["skipped"])], [["S01"], ["S46"], ["S68"]])
    failure = found["failed"]["S46"]
    check(
        "101" in failure["message"] and "GET / HTTP/1.0" in failure["text"] and "/dev/tcp/" in failure["text"], failure
    )


@case("xmllint", "JUnit", READ, large=True)
def xmllint_reads_the_audit(_):
    lint = debian("xmllint", "libxml2-utils")
    name = "string(//testcase[failure]/@name)"
    outputs = read("--junit", [lint, "--noout"], [lint, "--xpath", "count(//testcase)"], [lint, "--xpath", name])
    same(outputs, [b"", b"3\n", b"S46: a handshake in HTTP/1.0 is not switched\n"])


@case("node", "JSON", READ)
def node_reads_the_audit(_):
    found = json.loads(read("--json", node("report_reader.cjs", modules=False))[0])
    same(found["verdicts"], CHECKS)
    same(found["counts"], [1, 0, 1, 1])
    check(bytes.fromhex(found["came"]).startswith(b"HTTP/1.0 101 "), found["came"])
    check("printf" in found["again"] and "/dev/tcp/" in found["again"], found["again"])


@case("head", "text", READ)
def output_that_is_not_read_to_its_end_stops_nothing(_):
    """A reader that leaves after one line stops neither the audit nor the switchboard.

    The audit writes its page, and its exit code tells of the failed check. A full disk is an error.
    """
    with server(python(), HERE / "python/servers.py", "aiohttp") as url, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.html"
        options = ["--websocket", "/", "--only", ",".join(CHECKS), "--html", file]
        got = read_by_head([Switchboard.program, "audit", f"{url}/plain", *options])
        same([*got, file.exists()], [1, b"", True])
    same(read_by_head([Switchboard.program, "--port", "0"], signal.SIGINT), [0, b""])
    with Path("/dev/full").open("wb") as disk:
        full = subprocess.run(
            [Switchboard.program, "audit", "--list"], stdout=disk, stderr=subprocess.PIPE, check=False
        )
    check(full.returncode == 74 and b"standard output cannot be written" in full.stderr, full)


def read_by_head(command, sign=None):
    """Reads one line of a program's output with `head`; returns its status and errors."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            subprocess.run(["head", "-n", "1"], stdin=process.stdout, capture_output=True, timeout=WAIT, check=True)
            process.stdout.close()
            if sign is not None:
                process.send_signal(sign)
            errors = process.stderr.read()
            return [process.wait(WAIT), errors]
        finally:
            process.kill()


PLAYGROUND = "http://127.0.0.1:9/playground/index.html"
PICTURES = HERE.parents[1] / "target/interop/report"


@functools.cache
def page():
    """Opens the page of a report in Chromium once; returns what it shows."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    chromium = debian("chromium", "chromium")
    with server(python(), HERE / "python/servers.py", "aiohttp") as url, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.html"
        options = ["--only", ",".join([*CHECKS, "S30"]), "--html", file, "--playground", PLAYGROUND]
        run(Switchboard.program, "audit", f"{url}/plain", "--websocket", "/", *options, expect=1)
        return json.loads(run(*node("report_page.cjs"), chromium, file, PICTURES, within=SLOW_START)[0])


@case("Chromium", "HTML", READ)
def page_of_a_report_is_read(_):
    """The page expands failed checks, draws their timelines, and expands a chosen one."""
    shown = page()
    same(shown["complaints"], [])
    same(shown["counts"], [1, 0, 2, 1])
    same(shown["before"], {"S46": True, "S30": False, "S01": False, "S68": False})
    same(shown["opened"]["states"], {"S46": True, "S30": True, "S01": False, "S68": False})
    same(shown["failed"][0]["marks"][:2], ["bytes http", "bytes http"])
    same([shown["closed"][0]["marks"], len(shown["opened"]["drawn"])], [[], 1])
    marks, tips = shown["opened"]["drawn"][0].values()
    same([marks[:4], set(marks[4:])], [["bytes http", "bytes http", "switch", "websocket"], {"bytes other"}])
    parts = ["GET / HTTP/1.1", "HTTP/1.1 101 Switching Protocols", "switched to websocket"]
    for tip, part in zip(tips, parts, strict=False):
        check(part in tip, tip)
    same(shown["clause"], "https://www.rfc-editor.org/rfc/rfc9110#section-7.8")
    check(shown["isCopied"] and "/dev/tcp/" in shown["again"], shown["again"])


@case("Chromium", "HTML", READ)
def page_of_a_report_fits_and_can_be_read_by_all(_):
    """The report's page overflows no screen, wide or narrow, and axe finds nothing."""
    same(page()["views"], [{"overflow": 0, "violations": []}] * 4)


@case("Chromium", "HTML without scripts", READ)
def page_of_a_report_needs_no_script(_):
    text = page()["text"]
    for part in [
        "a handshake in HTTP/1.0 is not switched",
        "GET / HTTP/1.0",
        "HTTP/1.0 101 ",
        "/dev/tcp/",
        "MUST ignore",
    ]:
        check(part in text, part, text)


@case("node", "the playground's links", READ)
def links_of_a_report_open_the_exchange(_):
    """The playground reads a report's links as a request and as the response to it."""
    links = page()["links"]
    same([link.split("#")[0] for link in links], [PLAYGROUND] * 2)
    request, answer = json.loads(run(*node("report_links.mjs", modules=False), *links)[0])
    same([request["role"], answer["role"]], ["server", "client"])
    check(request["lines"][0].startswith("request GET / 1.0"), request)
    check(answer["lines"][0].startswith("request GET / offer websocket"), answer)
    check("switch-in-1.0" in answer["lines"], answer)
