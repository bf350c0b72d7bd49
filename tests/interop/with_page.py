"""Cases of the switchboard's page, clicked through and read in Chromium.

Commands that the page offers for copying are run as tests.
"""

import functools
import json
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from environment import debian, node
from harness import HERE, WAIT, Raw, Skip, Switchboard, case, check, needs, read_head, run, same, time_limit
from in_c import linked

PICTURES = HERE.parents[1] / "target/interop/page"

# For each exhibit: its outcome, its drawing, and a line of its transcript.
EXPECTED = {
    "accept": ("switched to foo/2", "switches", "= request GET /foo 1.1 offers [example/1, foo/2, foo/1] @"),
    "decline": ("no switch: the request was answered in HTTP/1.1 instead", "decisions", '= data "hello"'),
    "required": ("switched to foo/2", "switches", "> HTTP/1.1 426 Upgrade Required"),
    "content": ("switched to foo/2", "other", '= data "{"Detach":false}"'),
    "expect": ("switched to foo/2", "switches", "! inform 100"),
    "speaks-first": ("switched to foo/1", "other", "> foo/1 200 GET /foo 0"),
    "h2c": ("switched to h2c", "other", "* 1 message of h2c"),
    "tls": ("switched to TLS/1.3", "switches", "! resume"),
    "early": ("the HTTP-version is malformed", "faults", "> HTTP/1.1 400 Bad Request"),
    "smuggling": ("both Content-Length and Transfer-Encoding", "faults", "> HTTP/1.1 400 Bad Request"),
    "not-for-us": (
        "no switch: Connection does not list upgrade, so the offer was not meant for this hop",
        "events",
        "offers nothing (no-connection-option)",
    ),
    "bad-key": ("no switch: no offered protocol satisfies its own rules", "events", "offers [websocket!key]"),
    "websocket": ("switched to websocket", "other", "offers [websocket] @"),
}


# The timeout of a visit in seconds; it takes about thirty on an idle machine.
VISIT = 900


@functools.cache
def visit():
    """Visits the page once in Chromium; returns what it showed, and any error."""
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    chromium = debian("chromium", "chromium")
    with Switchboard() as board:
        try:
            with time_limit(VISIT):
                out, _ = run(*node("page.cjs"), chromium, board.url + "/", PICTURES, Switchboard.program, within=VISIT)
        except (AssertionError, subprocess.SubprocessError) as error:
            return None, error
    return json.loads(out), None


def seen():
    """Returns what the page showed in the visit.

    A failed visit fails each case, and is not repeated.
    """
    shown, error = visit()
    if error:
        raise error
    return shown


@case("Chromium", "websocket")
def page_plays_every_exhibit(_):
    same(sorted(seen()["names"]), sorted([*EXPECTED, "audit", "crowd"]), "exhibits")
    for name, (outcome, drawn, line) in EXPECTED.items():
        shown = seen()["played"][name]
        check(outcome in shown["outcome"], name, shown["outcome"])
        check(shown["last"].startswith("* closed; ") and outcome in shown["last"], name, shown["last"])
        check(shown["drawn"][drawn] > 0, name, shown["drawn"])
        check(any(line in text for text in shown["lines"]), name, line, shown["lines"])
        # The client's last line proves that it has received everything before.
        if "foo/2" in outcome:
            check(any(text.endswith("BYE\\n") for text in shown["lines"]), name, shown["lines"])
        check(shown["label"].startswith("#") and outcome in shown["label"], name, shown["label"])
        check(shown["demo"].endswith("."), name, "the demonstration is not described")
        check(len(shown["meaning"]) > 40, name, "is not explained:", shown["meaning"])


@case("Chromium", "websocket")
def page_shows_the_state_of_both_directions(_):
    state = {name: shown["state"] for name, shown in seen()["played"].items()}
    chips = {
        "accept": ("foo/2, ended", "foo/2, ended", "foo/2 accepted"),
        "tls": ("TLS/1.3, ended", "TLS/1.3, ended", "TLS/1.3 accepted"),
        "decline": ("ended", "ended", "declined"),
        "smuggling": ("failed", "ended", "none"),
        "not-for-us": ("ended", "ended", "no connection option"),
        "bad-key": ("ended", "ended", "ineligible"),
    }
    for name, wanted in chips.items():
        same(tuple(state[name][chip] for chip in ("client", "server", "offer")), wanted, name)


@case("Chromium", "websocket")
def page_has_nothing_to_complain_about(_):
    check(seen()["complaints"] == [], "the console said", seen()["complaints"])
    for name, found in seen()["violations"].items():
        same(found, [], f"what the audit found: {name}")
    check(seen()["widths"] == {"wide": 0, "narrow": 0}, "pixels beyond the edge", seen()["widths"])


@case("Chromium", "websocket")
def page_stays_usable_with_what_is_long(_):
    """A target and an offer of 3,000 bytes each take only a few lines."""
    for width, height in seen()["lengthy"].items():
        check(height["row"] <= 170 and height["outcome"] <= 110 and height["state"] <= 420, width, height)
        check(height["over"] == 0, width, height)


@case("Chromium", "websocket")
def page_keeps_still_and_cuts_nothing_off(_):
    for name, shown in seen()["played"].items():
        same(shown["moved"], [], f"buttons that moved at {name}")
        check(shown["cutOff"] == 0, "texts are cut off at", name)
        same(shown["hidden"], [], f"parts out of sight at {name}")
        same(shown["began"], "0.0", f"the time of the first line of {name}")
        same(shown["lanes"], ["< client", "> server"], name)


@case("Chromium", "websocket")
def page_shows_on_a_phone_what_came_of_a_click(_):
    """On a phone, input, result and explanation are in sight without scrolling."""
    for name, shown in seen()["phone"].items():
        same(shown["hidden"], [], f"parts out of sight at {name}")
        check(shown["outcome"] in shown["text"], name, shown)
        same(shown["moved"], [], f"buttons that moved at {name}")


@case("Chromium", "websocket")
def page_that_comes_later_has_the_last_fifty(_):
    titles = seen()["later"]["titles"]
    check(len(titles) == 50, len(titles), "connections")
    check(not any("/page/" in title or "/live" in title for title in titles), "its own are among them:", titles)
    check(not seen()["later"]["flaw"], "the latest is not whole")


@case("Chromium", "websocket")
def page_lights_a_mark_and_its_lines(_):
    lit = seen()["lit"]
    check(lit["byMark"] == {"marks": [lit["wanted"]], "lines": [lit["wanted"]]}, "by a mark:", lit)
    check(lit["byLine"] == {"marks": [lit["first"]], "lines": [lit["first"]]}, "by a line:", lit)
    # The second line is the first of the second step.
    check(lit["picked"] == "line-1" and lit["byKey"]["lines"] == ["2"], "the arrow does nothing:", lit)


@case("Chromium", "websocket")
def page_explains_a_line_a_word_and_a_mark(_):
    meanings = seen()["meanings"]
    wanted = {
        "< GET /ws HTTP/1.1": ("Method GET", "RFC 9110, 9.1"),
        "< Host: 127.0.0.1": ("Field Host", "RFC 9112, 3.2"),
        "< Upgrade: websocket": ("the Sec-WebSocket-Key is not one base64 of 16 bytes", "RFC 9110, 7.8"),
        "< Connection: Upgrade": ("Options for this hop alone", "RFC 9110, 7.6.1"),
        "< Sec-WebSocket-Key: no base64": ("Sixteen bytes in base64", "RFC 6455, 11.3.1"),
        "<": ("The end of the head", "RFC 9112, 6.3"),
    }
    for line, words in wanted.items():
        check(all(word in meanings["said"][line] for word in words), line, meanings["said"])
    check("Target /ws" in meanings["word"], "a word of the request line:", meanings["word"])
    check(len(meanings["mark"]) > 20, "a mark:", meanings["mark"])


@case("Chromium", "websocket")
def page_sends_bytes_of_ones_own(_):
    switched, cut, bad = seen()["sent"]
    check("switched to foo/2" in switched["outcome"] and "<< hi\\nQUIT\\n" in "\n".join(switched["lines"]), switched)
    check(cut["meaning"].startswith("Error 501: the input ended inside a message"), cut)
    check("<end clean" in cut["lines"] and "<< Host: \\xff" in cut["lines"], cut["lines"])
    check(bad["meaning"].startswith("Error 207: a NUL byte"), bad)
    check("> HTTP/1.1 400 Bad Request" in bad["lines"], bad["lines"])


@case("Chromium", "websocket")
def page_leads_to_the_rules_and_the_docs(_):
    led = seen()["led"]
    same(seen()["played"]["smuggling"]["rule"], "/errors#e308")
    check("RFC 9112, 6.3" in led["row"] and "both-framings" in led["row"], led["row"])
    same(led["wrong"], [], "the audit of the errors found")
    # The playground exists only if its module has been built.
    answers = {place: status for place, status in led["answers"].items() if place != "/play/"}
    check(len(answers) >= 4 and set(answers.values()) == {200}, answers)
    same(led["actions"], ["copy-curl", "copy-code", "copy-text", "copy-vector"])


@case("Chromium", "websocket")
def page_copies_commands_of_curl_that_ask_the_same(board):
    for name, shown in seen()["played"].items():
        command = re.sub(r"127\.0\.0\.1:\d+(?=['/\n])", f"127.0.0.1:{board.port}", shown["curl"])
        done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=WAIT, check=False)
        said = (done.stdout + done.stderr).decode(errors="replace")
        wanted = [line[2:] for line in shown["lines"] if line.startswith("> HTTP/1.1 ")]
        at = 0
        # curl does not see what is sent within TLS.
        for line in wanted[:1] if name == "tls" else wanted:
            at = said.find(line, at)
            check(at >= 0, name, command, "did not get", line, said)


@case("Chromium", "websocket")
def page_copies_code_that_compiles_and_does_the_same(_):
    compiler = needs("a C compiler", ["cc", "--version"])
    with tempfile.TemporaryDirectory() as folder:
        for name, shown in seen()["played"].items():
            source, program = Path(folder, "code.c"), Path(folder, "code")
            source.write_text(shown["code"])
            library = [f"-I{HERE.parents[1]}/ffi-c/include", *linked()]
            warnings = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
            done = subprocess.run(
                [compiler, *warnings, source, "-o", program, *library], capture_output=True, check=False
            )
            check(done.returncode == 0, name, done.stderr.decode())
            out, _ = run(program)
            got = [line for line in out.decode().splitlines() if not line.startswith(("need-data", "sent "))]
            events = [line.split()[1] for line in shown["lines"] if line.startswith("= ")]
            events = [
                "end-of-message" if event == "end" else event for event in events if event not in ("leftover", "paused")
            ]
            same([line.split()[0] for line in got], events, name)


@case("Chromium", "websocket")
def page_can_be_used_by_keyboard(_):
    moves = seen()["keyboard"]["moves"]
    wanted = moves[0]["rows"][0]
    for move in moves:
        key, rows = move["key"], move["rows"]
        here = rows.index(wanted)
        wanted = rows[{"Home": 0, "ArrowDown": here + 1, "ArrowUp": here - 1, "End": -1}[key]]
        # The selected row, the focused row and the announced text must agree.
        same((move["selected"], move["active"]), ([wanted], wanted), key)
        same(move["title"], f"What came of {wanted.replace('-', ' ')}", key)
    same(seen()["keyboard"]["focused"], "lines")


@case("Chromium", "websocket")
def page_bears_two_hundred_connections(_):
    many = seen()["many"]
    check(many["came"] >= 200 and "left out" not in many["count"], many)
    check("switched to foo/2" in many["after"], "it does not answer any more:", many)
    print(f"     frames: {many['frames']}")


@case("Chromium", "websocket")
def page_draws_the_audit_of_its_server(_):
    """The page draws each connection of the audit: of a check or a control request.

    Some of them switch, and some are rejected.
    """
    shown = seen()["ofItself"]
    # The last connection of the audit only shows whether the server is still there.
    check(len(shown["titles"]) > 70 and shown["empty"] <= 1, shown)
    for asked in ["HEAD /ws", "POST /echo", "GET /foo", "GET /h2c", "OPTIONS *"]:
        check(any(asked in title for title in shown["titles"]), asked, shown["titles"])
    check(
        shown["drawn"]["switches"] > 10 and shown["drawn"]["other"] > 10 and shown["drawn"]["faults"] > 2,
        shown["drawn"],
    )
    check(re.search(r"audit of this server: \d+ passed, 0 warned, 0 failed", shown["verdict"]), shown["verdict"])


@case("Chromium", "websocket")
def page_does_not_mix_what_two_runs_of_the_server_count(_):
    anew = seen()["anew"]
    same(anew["rows"], 1, "connections")
    check("switched to foo/2" in anew["outcome"], anew["outcome"])
    check(sum(" connected" in line for line in anew["lines"]) == 1, anew["lines"])


@case("Chromium", "websocket")
def page_chooses_what_was_played_when_a_port_is_used_again(_):
    for name, outcome in zip(["accept", "bad-key", "accept"], seen()["port"], strict=True):
        check(EXPECTED[name][0] in outcome, name, outcome)


@case("Chromium", "websocket")
def page_copies_transcripts_and_vectors_that_play(_):
    for name, shown in seen()["played"].items():
        text = shown["text"].splitlines()
        same([line[10:] for line in text[1:]], shown["lines"], name)
    vectors = "\n".join(shown["vector"] for shown in seen()["played"].values())
    with tempfile.NamedTemporaryFile(suffix=".md") as file:
        file.write(vectors.encode())
        file.flush()
        player = Path(Switchboard.program).with_name("play")
        if not player.exists():
            raise Skip("nothing plays vectors: cargo build -p switchover-tests --bin play")
        done = subprocess.run([player, file.name], cwd=HERE.parents[1], capture_output=True, timeout=WAIT, check=False)
    check(done.returncode == 0, done.stdout.decode(), done.stderr.decode())
    check(f"{len(EXPECTED)} vectors" in done.stdout.decode(), done.stdout)
    check(Path(PICTURES / "dark.png").stat().st_size > 20_000, "no picture")


@case("a socket", "websocket")
def page_of_another_origin_may_not_watch(board):
    offer = b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    offer += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    origins = {
        b"": b"101",
        b"Origin: http://localhost:8080\r\n": b"101",
        b"Origin: https://127.0.0.1\r\n": b"101",
        b"Origin: https://example.org\r\n": b"403",
        b"Origin: http://127.0.0.1.example.org\r\n": b"403",
        b"Origin: null\r\n": b"403",
    }
    for origin, status in origins.items():
        with socket.create_connection(("127.0.0.1", board.port), timeout=WAIT) as connection:
            connection.sendall(offer + origin + b"\r\n")
            answer = read_head(connection)
        check(answer.startswith(b"HTTP/1.1 " + status), origin, answer)


@case("a socket", "websocket")
def page_that_closes_gets_a_close_back(board):
    """A WebSocket that sends a Close to `/live` gets one back, although events wait.

    RFC 6455, section 5.5.1.
    """
    offer = b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    offer += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    close = bytes([0x88, 0x82]) + bytes(4) + b"\x03\xe8"
    for _ in range(20):
        Raw(board.port, b"GET /plain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").rest()
        page = Raw(board.port, offer + close)
        page.until(b"\r\n\r\n")
        check(page.rest().endswith(b"\x88\x02\x03\xe8"), page.got[-40:])
