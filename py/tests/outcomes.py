"""Checks of the outcome of the random exchanges; h11 parses the responses."""

from __future__ import annotations

from dataclasses import dataclass

import h11
from exchanges import GOODBYE, App, Exchanges, Got, Record, Script

ERRORS = {400, 408, 413, 500, 503}
"""The statuses that a server may send by itself, in place of its app's response."""


@dataclass
class Answer:
    """A response, as far as the client has received it."""

    status: int = 0
    content: bytes = b""
    is_whole: bool = False
    closes: bool = False


def check(exchanges: Exchanges, app: App, got: Got) -> None:
    """Asserts what must hold after random exchanges, with any ASGI server."""
    answers, rest = parsed(exchanges, app, got)
    for number, record in app.records.items():
        check_content(exchanges, number, record)
    for number, answer in enumerate(answers):
        if answer.status == 101:
            check_tunnel(exchanges, app.records[number], got, rest)
            rest = b""
        else:
            check_answer(number, exchanges, app, answer)
    assert not rest, ("bytes behind the last response", rest[:200])
    check_rest(exchanges, app, got, answers)


def parsed(exchanges: Exchanges, app: App, got: Got) -> tuple[list[Answer], bytes]:
    """Returns the responses that the client got, and the bytes behind the last one.

    The first response that is not whole is the last one, with no bytes behind it.
    """
    rest, answers = got.data, list[Answer]()
    for number, (request, _) in enumerate(exchanges.requests):
        if not rest:
            break
        # The response to a head that is cut cannot know its method.
        method = request.method if number in app.records else "GET"
        client = h11.Connection(h11.CLIENT)
        headers = [("Host", "a"), *([("Connection", "close")] if request.closes else [])]
        if exchanges.switches and number == len(exchanges.requests) - 1:
            headers = [("Host", "a"), ("Upgrade", "foo/2"), ("Connection", "upgrade")]
        client.send(h11.Request(method=method, target="/", headers=headers))
        client.send(h11.EndOfMessage())
        client.receive_data(rest)
        if got.end == "eof":
            client.receive_data(b"")
        answer = answer_of(client)
        if answer.status:
            answers.append(answer)
        if not answer.is_whole:
            return answers, b""
        rest = client.trailing_data[0]
    return answers, rest


def answer_of(client: h11.Connection) -> Answer:
    """Returns the next final response or 101 that h11 parses, as far as it has come."""
    answer = Answer()
    while not answer.is_whole:
        try:
            event = client.next_event()
        except h11.RemoteProtocolError as error:
            if "without sending complete" not in str(error) and "ConnectionClosed" not in str(error):
                raise
            return answer
        if isinstance(event, h11.InformationalResponse) and event.status_code == 101:
            answer.status, answer.is_whole = 101, True
        elif isinstance(event, h11.Response):
            answer.status = event.status_code
            answer.closes = (b"connection", b"close") in event.headers or event.http_version == b"1.0"
        elif isinstance(event, h11.Data):
            answer.content += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            answer.is_whole = True
        elif not isinstance(event, h11.InformationalResponse):
            return answer
    return answer


def check_content(exchanges: Exchanges, number: int, record: Record) -> None:
    """Asserts that an app has ended, and has received only what its client sent.

    If it has received the end of the content, it must have received all of it.
    """
    whole = b"".join(exchanges.requests[number][0].content(number))
    assert whole.startswith(record.received), (number, "the content is not that of the request")
    assert not record.has_all or record.received == whole, (number, "the content was cut")
    assert exchanges.tunnel.startswith(record.tunnelled), (number, "the bytes are not those of the tunnel")
    assert record.ended, (number, "an app goes on")


def check_tunnel(exchanges: Exchanges, record: Record, got: Got, echoed: bytes) -> None:
    """Asserts that the bytes after a 101 are the client's own, and then GOODBYE.

    They may be cut, but not if the connection ended with EOF.
    """
    # A client that holds back may have ended its direction within the tunnel.
    sent = record.tunnelled if exchanges.holds_back else exchanges.tunnel
    whole = sent + GOODBYE
    assert whole.startswith(echoed), "the client has received other bytes"
    if got.end == "eof":
        assert echoed == whole, "the tunnel was cut"
        assert echoed == record.tunnelled + GOODBYE, "bytes were lost"


def check_answer(number: int, exchanges: Exchanges, app: App, answer: Answer) -> None:
    """Asserts that a response is a server's error, or has content that its app sent.

    A 200 that looks whole must have all content that its app sent, and its end or full length.
    Responses to HEAD, and those whose Content-Length is too short, are excepted.
    """
    request, script = exchanges.requests[number]
    record = app.records.get(number)
    if answer.status != 200:
        assert answer.status in ERRORS, (number, answer)
        is_well = script.is_honest and record is not None and record.ended == "returned" and not record.is_gone
        assert answer.status != 500 or not is_well, (number, "a 500 in place of a response")
        return
    assert record is not None, (number, "a response without an app")
    left = check_pieces(number, script, record, answer)
    if not answer.is_whole or request.method == "HEAD" or (script.framing == "short" and script.length):
        return
    missing = [len(piece) for piece, how in left if how == "returned"]
    assert not missing, (number, "a whole response lacks content", missing)
    has_ended = script.last == "end" and record.ended == "returned"
    is_complete = has_ended or (script.framing in {"exact", "short"} and not left)
    assert is_complete, (number, "a cut response looks whole")


def check_pieces(number: int, script: Script, record: Record, answer: Answer) -> list[tuple[bytes, str]]:
    """Asserts that content is made of its app's pieces; returns the pieces not in it."""
    content, left = answer.content, list(record.sent)
    while content:
        found = [place for place, (piece, _) in enumerate(left) if content[: len(piece)] == piece[: len(content)]]
        assert found, (number, "content that its app has not sent")
        piece, _ = left.pop(found[0])
        is_cut = len(content) < len(piece)
        assert not (is_cut and answer.is_whole) or script.framing == "short", (number, "a piece was cut")
        content = content[len(piece) :]
    return left


def check_rest(exchanges: Exchanges, app: App, got: Got, answers: list[Answer]) -> None:
    """Asserts that each request has a response, up to one that may be the last.

    The connection must have ended. Nothing is asserted if the client has reset it or held bytes
    back.
    """
    if got.end == "left" or exchanges.holds_back:
        return
    assert got.end in {"eof", "reset"}, "the connection stays open"
    for number, (request, script) in enumerate(exchanges.requests):
        record = app.records.get(number)
        assert number < len(answers), (number, "no response", got.end, record)
        answer = answers[number]
        is_well = script.is_honest and record is not None and record.ended == "returned" and not record.is_gone
        if not answer.is_whole:
            assert not is_well, (number, "a response was cut", got.end)
            return
        content = b"".join(request.content(number))
        if answer.closes or request.closes or not is_well or record is None or record.received != content:
            return
