"""Cases of the reports of `switchboard audit` in JUnit's XML and in JSON.

Programs that such reports are made for read them.
"""

import json
import subprocess
import tempfile

from environment import debian, large_python, node, python
from harness import HERE, READ, WAIT, Switchboard, case, check, run, same, server

# aiohttp fails S46, a handshake in HTTP/1.0, and passes S01; without h2c on the server S68 does not apply.
CHECKS = {"S01": "pass", "S46": "fail", "S68": "not applicable"}


def read(form, *reader):
    """Returns the output of each reader of a report with one failure."""
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
    check("101" in failure["message"] and "GET / HTTP/1.0" in failure["text"] and "/dev/tcp/" in failure["text"], failure)


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
