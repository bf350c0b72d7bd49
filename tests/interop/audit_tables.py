"""The tables of results in core/docs/audit.md, and the findings that it shows.

For some checks the page must not name the programs that fail: attackers could use it before the maintainers are
informed. Such checks are left out of the rows of programs, and only counted in the rows of checks.
"""

from collections import Counter

import audited_again
import versions
from harness import HERE
from peers import ROLES

PAGE = HERE.parents[1] / "core/docs/audit.md"
BEGIN, END = "<!-- audited: written by `tests/interop/audit --write` -->\n", "<!-- end of the audited -->\n"
WHOLE, END_OF_WHOLE = "<!-- a finding: written likewise -->\n", "<!-- end of the finding -->\n"
# Checks of input smuggled past a proxy or server, of unchecked handshakes, and of unwanted tunnels.
UNNAMED = {
    *["S02", "S03", "S04", "S24", "S58", "S58b", "S59", "S60", "S61", "S66", "S67", "S69"],
    *["C20", "C21", "C22", "C33", "C34", "C35", "C43", "C52"],
    *["P10", "P11", "P12", "P13", "P16", "P19", "P22", "P24", "P26"],
}
COLUMNS = ["program", "version", "fails", "warned", "passed", "not applicable"]


def named(report):
    return [each for each in report["findings"] if each["id"] not in UNNAMED]


def ids(report, verdict):
    return " ".join(each["id"] for each in named(report) if each["verdict"] == verdict)


def summary(report):
    found = {word: ids(report, verdict) for word, verdict in [("fails", "fail"), ("warned of", "warn")]}
    words = [f"{word} {what}" for word, what in found.items() if what]
    return "; ".join(words) or "nothing found"


def row(peer, report):
    counts = Counter(each["verdict"] for each in named(report))
    found = [ids(report, verdict) or "\N{EN DASH}" for verdict in ("fail", "warn")]
    cells = [*name_and_version(peer)[1:], *found, counts["pass"], counts["not applicable"]]
    return line(cells)


def name_and_version(peer):
    return peer.role, peer.name, versions.of(peer.program)


def line(cells):
    return f"| {' | '.join(str(cell) for cell in cells)} |\n"


def header(columns):
    return line(columns) + line(["---"] * len(columns))


def block(reports, others=None):
    """Returns the page's text for all roles: tables of their programs and checks.

    The roles are servers, clients and intermediaries. One without reports keeps its text from `others`.
    """
    text = ""
    for role in ROLES:
        members = sorted((peer for peer in reports if peer.role == role), key=lambda peer: peer.name.lower())
        if not members:
            text += (others or {}).get(role, "")
            continue
        shown = audited_again.blocks({peer: reports[peer] for peer in members})
        text += f"\n### {role.capitalize()}\n\n{broken(members, reports)}\n\n"
        text += "".join(f"{each}\n" for each in shown) + header(COLUMNS)
        text += "".join(row(peer, reports[peer]) for peer in members)
        text += f"\n{header(['check', '', 'fail', 'warn', 'of'])}"
        text += "".join(per_check([reports[peer] for peer in members]))
    return text + "\n"


def broken(members, reports):
    """Returns a sentence with the number of programs that fail a check without a star.

    Checks with a star, whose programs the page does not name, are left out. Otherwise a comparison with the rows of
    programs would show which programs fail them.
    """
    fail = sum(bool(ids(reports[peer], "fail")) for peer in members)
    return f"{fail} of {len(members)} break a MUST of a check without a star."


def per_check(reports):
    """Yields a row for each check with a failure or a warning.

    The row has the number of failures, of warnings, and of programs to which the check applies. A star marks a check
    whose programs the page does not name.
    """
    for each in reports[0]["findings"]:
        verdicts = Counter(
            other["verdict"] for report in reports for other in report["findings"] if other["id"] == each["id"]
        )
        applicable = sum(verdicts.values()) - verdicts["not applicable"]
        if verdicts["fail"] or verdicts["warn"]:
            star = "*" if each["id"] in UNNAMED else ""
            title = each["title"].replace("|", "\\|").replace("*", "\\*")
            yield line([each["id"] + star.replace("*", "\\*"), title, verdicts["fail"], verdicts["warn"], applicable])


def write(reports):
    put(BEGIN, block(reports, roles_of_the_page()), END)
    for whole in wholes(reports):
        put(WHOLE, whole, END_OF_WHOLE)


def put(begin, text, end):
    before, rest = PAGE.read_text().split(begin)
    PAGE.write_text(before + begin + text + end + rest.split(end)[1])


def wholes(reports):
    """Returns the findings that the page shows as the audit prints them, as Markdown."""
    return [f"```text\n{report['whole']}\n```\n" for report in reports.values() if "whole" in report]


def differences(reports):
    """Yields the rows in which the reports differ from the page.

    A program's row is compared only if its version is the same; a check's row, only if all programs of its role
    are the same. What is shown of a program of the same version must also be on the page.
    """
    known, now = (rows(text) for text in (block_of_the_page(), block(reports)))
    same = [role for role in ROLES if programs(known, role) == programs(now, role)]
    for key in known | now:
        is_comparable = key in known and key in now if is_program(key) else key[0] in same
        if is_comparable and known.get(key) != now.get(key):
            told = [row or "no row" for row in (known.get(key), now.get(key))]
            yield " ".join(key), "the page says\n  {}\n  and now it is\n  {}".format(*told)
    alike = {peer: report for peer, report in reports.items() if name_and_version(peer) in known}
    for text in audited_again.blocks(alike) + wholes(alike):
        if text not in PAGE.read_text():
            yield "what is shown", f"the page does not have\n{text}"


def block_of_the_page():
    return PAGE.read_text().split(BEGIN)[1].split(END)[0]


def roles_of_the_page():
    """Returns the text of the page for each role, with its heading.

    The empty line after the last role is left out.
    """
    parts = block_of_the_page().removesuffix("\n").split("\n### ")[1:]
    return {part.partition("\n")[0].lower(): f"\n### {part}" for part in parts}


def rows(text):
    """Returns the lines of the tables in a text, by key.

    The key of a program's row is its role, name and version. That of a check's row is the role and the check's ID.
    """
    found = {}
    for part in text.split("\n### ")[1:]:
        role, _, tables = part.partition("\n")
        for text_of_row in tables.splitlines():
            cells = [cell.strip() for cell in text_of_row.split("|")[1:-1]]
            if text_of_row.startswith("| "):
                found[(role.lower(), *cells[: 2 if len(cells) == len(COLUMNS) else 1])] = text_of_row
    return found


def programs(rows, role):
    return {key for key in rows if is_program(key) and key[0] == role}


def is_program(key):
    return len(key) == 3
