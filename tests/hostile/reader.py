"""A small and strict parser of responses that shares no code with the hosts."""

import re
from dataclasses import dataclass


@dataclass
class Answer:
    """A response, as far as it was received."""

    status: int
    fields: dict
    content: bytes
    is_whole: bool
    """True if a client would take the content as complete."""
    switches: bool = False
    """True if a new protocol begins after it: a 101, or a 2xx to CONNECT."""


class Malformed(AssertionError):  # noqa: N818  (it ends a cell, as any other)
    """The error for bytes that are no valid responses."""


def responses(data, methods, has_ended):
    """Parses the responses to requests with these methods.

    Returns them with the remaining bytes: those after the last response or after one that switches.
    """
    answers, methods = [], list(methods)
    while data and methods:
        if b"\r\n\r\n" not in data:
            answers.append(Answer(0, {}, data, False))
            return answers, b""
        answer, data = response(data, methods[0], has_ended)
        answers.append(answer)
        if answer.switches:
            break
        if answer.status >= 200:
            methods.pop(0)
        if not answer.is_whole:
            break
    return answers, data


def response(data, method, has_ended):
    head, _, data = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    found = re.fullmatch(rb"HTTP/1\.[01] ([1-5]\d\d) [\t -~\x80-\xff]*", first)
    if not found:
        raise Malformed(f"no status line: {first[:100]!r}")
    fields = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or re.search(rb"[\r\n\0]", value):
            raise Malformed(f"no field line: {line[:100]!r}")
        fields[name.lower()] = value.strip()
    status = int(found.group(1))
    switches = status == 101 or (method == "CONNECT" and 200 <= status < 300)
    if method == "HEAD" or switches or status < 200 or status in (204, 304):
        return Answer(status, fields, b"", True, switches), data
    if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
        content, data, is_whole = chunked(data)
    elif b"content-length" in fields:
        length = int(fields[b"content-length"])
        content, data, is_whole = data[:length], data[length:], len(data) >= length
    else:
        content, data, is_whole = data, b"", has_ended
    return Answer(status, fields, content, is_whole), data


def chunked(data):
    """Decodes chunked content; returns it, the bytes after it, and if it is complete."""
    content = bytearray()
    at = 0
    while found := re.compile(rb"([0-9A-Fa-f]+)[^\r\n]*\r\n").match(data, at):
        size, at = int(found.group(1), 16), found.end()
        if size == 0:
            end = data.find(b"\r\n", at) if data[at : at + 2] == b"\r\n" else data.find(b"\r\n\r\n", at) + 2
            return (bytes(content), data[end + 2 :], True) if end >= at else (bytes(content), b"", False)
        content += data[at : at + size]
        if len(data) < at + size + 2:
            return bytes(content), b"", False
        if data[at + size : at + size + 2] != b"\r\n":
            raise Malformed(f"no end of a chunk: {data[at + size : at + size + 10]!r}")
        at += size + 2
    if re.match(rb"[^0-9A-Fa-f]", data[at:]):
        raise Malformed(f"no chunk: {data[at : at + 20]!r}")
    return bytes(content), b"", False
