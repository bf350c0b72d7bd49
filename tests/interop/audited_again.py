"""The findings of core/docs/audit.md, with the commands that repeat them.

Most commands are run while the program that they probe runs. The finding `WHOLE` is shown as the
audit prints it, and its command is not run.
"""

import re
import subprocess

import versions
from harness import HERE, WAIT, Switchboard, check, same
from peers import CLIENT, PROXY, SERVER

ROOT = HERE.parents[1]
# Failures of current versions, in checks whose programs are named.
SHOWN = [
    (SERVER, "Bun", "G1"),
    (SERVER, "aiohttp", "S48"),
    (SERVER, "ws", "S54"),
    (SERVER, "websockets", "S53"),
    (SERVER, "Netty, newer", "S46"),
    (CLIENT, "websockets", "C06"),
    (CLIENT, "undici", "C05"),
    (PROXY, "nginx, newer", "P09"),
    (PROXY, "HAProxy, newer", "P17"),
]
# A finding in the human-readable form. Only its port differs between runs.
WHOLE = (SERVER, "ws", "S46")
# The ports printed on the page, in place of those of a run: the same as in its other examples.
PORTS = {SERVER: ["8080"], CLIENT: [], PROXY: ["8081", "8080"]}
# The probe of a WebSocket and its pong, whose payload is another one in each exchange; the page has one and the same.
PROBE = re.compile(r"(\\x89\\x85\\x01\\x02\\x03\\x04)(?:\\x[0-9a-f]{2}|[^\\\n]){5}")
REPLY = re.compile(r"(\\x8a\\x05)[a-z2-7]{5}")
PONG = re.compile(r"\x8a\x05[a-z2-7]{5}"), re.compile(rb"M-\^J\^E[a-z2-7]{5}")


def do_again(peer, arguments, report):
    """Adds the texts that core/docs/audit.md shows of a program to its report.

    Raises an error if a shown check does not fail, or the repeated command does not show the same.
    """
    found = {finding["id"]: finding for finding in report["findings"]}
    report["shown"] = {}
    for check_id in [id_ for role, name, id_ in SHOWN if (role, name) == (peer.role, peer.name)]:
        finding = found[check_id]
        check(finding["verdict"] == "fail", f"the page shows {check_id}, and it is {finding['verdict']} now")
        repeat(peer, finding)
        report["shown"][check_id] = block(peer, finding)
    if (peer.role, peer.name) == WHOLE[:2]:
        report["whole"] = without_ports(peer, in_words(arguments, WHOLE[2]))


def repeat(peer, finding):
    line = re.sub("^switchboard ", f"'{Switchboard.program}' ", finding["again"])
    output = subprocess.run(["bash", "-c", line], capture_output=True, timeout=4 * WAIT, check=False).stdout
    if peer.role == SERVER:
        statuses = "^HTTP/1[.][01] [0-9]{3}"
        wanted = re.findall(statuses, finding["came"], re.MULTILINE)
        same(re.findall(statuses, output.decode(), re.MULTILINE), wanted, f"the statuses of {line}")
        pongs = bool(PONG[0].search(finding["came"])), bool(PONG[1].search(output))
        check(wanted and pongs[0] == pongs[1], line, output)
    else:
        check(f"{finding['id']} fail".encode() in output, line, output)
        check(finding["reasons"][0].encode() in output, line, output)


def in_words(arguments, check_id):
    command = [Switchboard.program, "audit", "--only", check_id, *arguments]
    told = subprocess.run([str(word) for word in command], capture_output=True, timeout=WAIT, check=False).stdout
    finding, _, count = told.decode().rstrip().rpartition("\n\n")
    same(count, "0 passed, 0 warned, 1 failed, 0 not applicable")
    return finding


def block(peer, finding):
    seen = finding["reasons"][0]
    line = without_ports(peer, finding["again"].replace(f"{ROOT}/", ""))
    return (
        f"**{peer.name} {versions.of(peer.program)}**, {finding['id']}: {finding['title']} ({finding['clause']}). "
        f"Seen: {seen}.\n\n```text\n{line}\n```\n"
    )


def without_ports(peer, text):
    """Replaces a run's ports, in order of appearance, and payloads by the page's."""
    ports = list(dict.fromkeys(re.findall(r"(?:127\.0\.0\.1[:/]|--origin-port )(\d+)", text)))
    for port, name in zip(ports, PORTS[peer.role], strict=True):
        text = re.sub(rf"\b{port}\b", name, text)
    text = PROBE.sub(lambda found: found[1] + r"\x60wgmu", text)
    return REPLY.sub(r"\1audit", text)


def blocks(reports):
    """Returns the shown findings of these programs, in the order of `SHOWN`."""
    texts = {
        (peer.role, peer.name, id_): text for peer, report in reports.items() for id_, text in report["shown"].items()
    }
    return [texts[key] for key in SHOWN if key in texts]
