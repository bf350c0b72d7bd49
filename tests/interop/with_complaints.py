"""Problems often reported to other libraries, replayed.

The last line of each transcript must name the true reason.

The probe connects to servers with such behaviour; the switchboard gets clients and proxies with such behaviour.
"""

import functools
import re
import socket
import tempfile

from harness import FROM_US, WAIT, Switchboard, case, check, probe, read_head, same, scripted, wait_for
from with_probe import SWITCH

NOTHING = b"Content-Length: 0\r\n\r\n"

DECLINED = "the request was answered in HTTP/1.1 instead"
FAILED = "failed: the server broke the protocol: "


def last_line(transcript):
    """Returns the last line of a transcript, without its time."""
    return re.sub(rb"^ *[0-9.]+ (\[\d+\] )?\* ", b"", transcript.rstrip(b"\n").rpartition(b"\n")[2]).decode()


# The probe, and what it reports about a server.


def says(answer, *arguments, reason, status, told=b"", offer="echo/1"):
    """Checks the probe's last line and output, for a server that sends `answer`.

    The server then closes; with `answer` None it sends nothing and waits. Returns the probe's error output.
    """

    def script(connection):
        read_head(connection)
        if answer is None:
            connection.recv(1)
        else:
            connection.sendall(answer)

    with scripted(script) as url:
        out, errors = probe(url, "--offer", offer, *arguments, expect=status)
    same(last_line(errors), reason)
    check(out == told, out)
    return errors


@case("a script", "echo/1", FROM_US)
def complaint_the_server_drops_the_connection(_):
    """The probe reports a server that drops the connection at an offer.

    aiohttp as a server does so.
    """
    says(b"", reason=FAILED + "the input ended before the response (error 502) at byte 0", status=1)


@case("a script", "echo/1", FROM_US)
def complaint_the_server_hangs(_):
    """The probe reports a server that sends no response to an offer.

    uvicorn with httptools does so.
    """
    says(None, "--timeout", "1", reason="failed: nothing came for 1s", status=1)


@case("a script", "echo/1", FROM_US)
def complaint_a_polite_offer_is_answered_403(_):
    """The probe reports a server that responds with a 403 to an offer.

    Envoy does so for `Upgrade: TLS/1.2`.
    """
    says(b"HTTP/1.1 403 Forbidden\r\n" + NOTHING, reason=f"not switched (403): {DECLINED}", status=2)


@case("a script", "echo/1", FROM_US)
def complaint_an_offer_with_content_is_refused(_):
    """The probe reports a server that rejects an offer with content.

    Seven server implementations do so.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"content")
        file.flush()
        answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n" + NOTHING
        says(answer, "--body", file.name, reason=f"not switched (400): {DECLINED}", status=2)


@case("a script", "echo/1", FROM_US)
def complaint_bytes_after_the_101_are_lost(_):
    """No byte that comes together with the 101 is lost.

    Elsewhere they end up in a private attribute (httpcore), or are dropped (proxies).
    """
    says(SWITCH + b"hello", reason="switched to echo/1, number 1 of 1 offered", status=0, told=b"hello")


@case("a script", "echo/1", FROM_US)
def complaint_a_101_without_connection_upgrade(_):
    """A 101 without `Connection: upgrade` needs `--lenient`; many clients accept it."""
    answer = SWITCH.replace(b"Connection: Upgrade\r\n", b"")
    reason = FAILED + "a 101 whose Connection does not list upgrade (error 603) at byte 0"
    errors = says(answer, reason=reason, status=1)
    check(b"< Upgrade: echo/1\n" in errors and b"lenient.switch_without_connection" in errors, errors)
    says(answer, "--lenient", "switch_without_connection", reason="switched to echo/1, number 1 of 1 offered", status=0)


@case("a script", "h2c", FROM_US)
def complaint_another_protocol_is_switched_to(_):
    """The probe rejects a 101 for a protocol that it has not offered.

    Bun responds to `Upgrade: h2c` with a 101 for WebSocket.
    """
    answer = SWITCH.replace(b"echo/1", b"websocket")
    place = answer.index(b"websocket")
    says(
        answer,
        reason=FAILED + f"a 101 that names what was not offered (error 604) at byte {place}",
        status=1,
        offer="h2c",
    )


@case("a script", "echo/1", FROM_US)
def complaint_the_server_switches_without_a_101(_):
    """The probe reports HTTP/2 frames in place of a status line.

    Apache sends them in response to an offer in HTTP/1.0.
    """
    reason = FAILED + "another protocol where a status line should be (error 108) at byte 0"
    says(b"\x00\x00\x06\x04\x00\x00\x00\x00\x00", reason=reason, status=1)


@case("a script", "echo/1", FROM_US)
def complaint_a_426_does_not_say_what_it_wants(_):
    """The probe reports a 426 that does not say which protocol it requires.

    Tomcat, tornado, Bun and wsproto send a 426 without an `Upgrade` field.
    """
    answer = b"HTTP/1.1 426 Upgrade Required\r\n" + NOTHING
    errors = says(
        answer, reason="not switched (426): the server answered 426 and names the protocols that it requires", status=2
    )
    check(b"* the 426 does not say which protocol it wants\n" in errors, errors)


# The switchboard, and what it reports about a client, or about an intermediary.


def serves(data, reason, *parts):
    """Checks the switchboard's last line about a connection, and its responses.

    The responses must contain these parts in this order.
    """
    with Switchboard() as board:
        with socket.create_connection(("127.0.0.1", board.port), timeout=WAIT) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answers = b"".join(iter(functools.partial(connection.recv, 65536), b""))
        log = wait_for(board.read, rb"(?s).*\[1\] \* closed[^\n]*\n").group()
    at = 0
    for part in parts:
        check(part in answers[at:], part, "is not in", answers[at:])
        at = answers.index(part, at)
    same(last_line(log), f"closed; {reason}" if reason else "closed")


def offer(target=b"/plain", method=b"GET", more=b"", tokens=b"echo/1"):
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: a", b"Connection: Upgrade", b"Upgrade: " + tokens]
    return b"\r\n".join(lines) + b"\r\n" + more + b"\r\n"


NEXT = b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n"


@case("a socket", "HTTP/1.1")
def complaint_a_declined_offer_is_no_no_op(_):
    """A request with a declined offer and content is served, and so is the next one.

    Elsewhere the content is lost (uvicorn), the connection dropped (aiohttp), or the next request misread (gevent).
    """
    declined = offer(method=b"POST", more=b"Content-Length: 5\r\n")
    serves(declined + b"hello" + NEXT, f"no switch: {DECLINED}", b"POST /plain: 5 bytes", b"GET /plain: 0 bytes")


@case("a socket", "HTTP/1.1")
def complaint_one_listener_takes_all_or_nothing(_):
    """An offer of unknown protocols gets a 200 that advertises other protocols.

    In Node, a listener for WebSocket also gets all other offers.
    """
    serves(
        offer(b"/foo", tokens=b"echo/1, IRC/6.9"), f"no switch: {DECLINED}", b"upgrade: foo/2, foo/1", b"This is /foo"
    )


@case("a socket", "foo/2")
def complaint_give_me_lists_and_other_tokens(_):
    serves(offer(b"/foo", tokens=b"IRC/6.9, , FOO/2") + b"QUIT\n", "switched to FOO/2", b"101 Switching", b"BYE")


@case("a socket", "HTTP/1.1")
def complaint_what_was_meant_for_the_new_protocol_becomes_a_request(_):
    """The switchboard rejects bytes after a declined offer that are no request.

    Some proxies open a tunnel at the offer already, and have left it open after a decline (RFC 9931).
    """
    early = b"hello in echo/1\r\n"
    place = len(offer()) + len(b"hello in ")
    reason = f"the HTTP-version is malformed (error 104) at byte {place}; "
    reason += "it stands after an offer that was declined, and may have been meant for it"
    serves(offer() + early, reason, b"200 OK", b"400 Bad Request")


@case("a socket", "HTTP/1.1")
def complaint_a_proxy_has_taken_the_offer_out(_):
    """The switchboard reports a request whose `Upgrade` field was taken out.

    HAProxy takes it out of a request with content, but leaves `Connection: Upgrade`.
    """
    request = offer(method=b"POST", more=NOTHING[:-2]).replace(b"Upgrade: echo/1\r\n", b"")
    reason = "no switch: Connection lists upgrade but there is no Upgrade; something between may have taken it out"
    serves(request, reason, b"200 OK")


@case("a socket", "HTTP/1.1")
def complaint_a_proxy_has_passed_on_what_was_not_meant_for_us(_):
    reason = "no switch: Connection does not list upgrade, so the offer was not meant for this hop"
    serves(offer(b"/foo").replace(b"Connection: Upgrade", b"Connection: keep-alive"), reason, b"200 OK")


@case("a socket", "HTTP/1.1")
def complaint_an_offer_in_http_1_0(_):
    serves(offer(b"/foo").replace(b"HTTP/1.1", b"HTTP/1.0"), "no switch: an offer in HTTP/1.0 is ignored", b"200 OK")


@case("a socket", "HTTP/1.1")
def complaint_a_bad_key_is_answered_400_and_nobody_knows_why(_):
    key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n"
    flaw = "the Sec-WebSocket-Key is not one base64 of 16 bytes"
    reason = f"no switch: no offered protocol satisfies its own rules: {flaw}"
    serves(offer(b"/ws", tokens=b"websocket", more=key), reason, b"400 Bad Request", flaw.encode())


@case("a socket", "HTTP/1.1")
def complaint_an_error_after_an_offer_is_told_as_a_decline(_):
    """An error after an offer is the reported reason, not that there was no switch."""
    chunked = offer(b"/foo", method=b"POST", more=b"Transfer-Encoding: chunked\r\n")
    place = len(chunked)
    reason = f"the chunk size is malformed (error 401) at byte {place}"
    serves(chunked + b"no size\r\n", reason, b"400 Bad Request")
    cut = offer(b"/foo", method=b"POST", more=b"Content-Length: 5\r\n")
    serves(cut + b"he", f"the input ended inside a message (error 501) at byte {len(cut) + 2}", b"400 Bad Request")


@case("a socket", "HTTP/1.1")
def complaint_empty_lines_are_no_end_of_anything(_):
    serves(b"\r\n" * 3 + NEXT, "", b"GET /plain: 0 bytes")
    serves(b"\r\n" * 40, "too many empty lines before the request line (error 109) at byte 8", b"400 Bad Request")


@case("a script", "echo/1", FROM_US)
def complaint_empty_lines_before_a_status_line(_):
    reason = FAILED + "another protocol where a status line should be (error 108) at byte 0"
    says(b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", reason=reason, status=1)
