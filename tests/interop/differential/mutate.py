"""Requests that are mutated in one place; the same seed gives the same requests."""

import random
import re

BASES = [
    b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /a?b=c%20d HTTP/1.1\r\nHost: h:80\r\nUser-Agent: x/1 (y)\r\nAccept: */*\r\nCookie: a=b; c=d\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n",
    b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    b"GET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET http://h/abs HTTP/1.1\r\nHost: h\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /o HTTP/1.1\r\nHost: h\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /old HTTP/1.0\r\n\r\n",
    b"GET /k HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\nHost: h\r\n\r\n",
    b"GET /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
]
KINDS = {
    "NUL": b"\0",
    "a control byte": bytes([*range(1, 9), 11, 12, *range(14, 32), 127]),
    "CR": b"\r",
    "LF": b"\n",
    "a space": b" ",
    "a tab": b"\t",
    "a delimiter": b'"(),/:;<=>?@[\\]{}',
    "a mark": b"!#$%&'*+-.^_`|~",
    "a digit": b"0123456789",
    "a letter": b"abcdefxyzABCDEFXYZ",
    "a byte above 127": bytes(range(128, 256)),
}
LINE = re.compile(
    rb"(?P<method>[A-Z]+)(?P<space>[ ])(?P<target>\S+)(?P<space2>[ ])(?P<version>HTTP/1\.\d)(?P<end>\r\n)"
)
FIELD = re.compile(rb"(?P<name>[A-Za-z-]+)(?P<colon>:)(?P<whitespace>[ ])(?P<value>[^\r\n]*)(?P<end>\r\n)")
CHUNK = re.compile(rb"(?P<size>[0-9a-f]+)(?P<extension>(?:;[^\r]*)?)(?P<chunk_end>\r\n)")


def parts(data):
    """Yields each part of the requests except content: its name, start and end."""
    at = 0
    while at < len(data):
        found = LINE.match(data, at)
        while found:
            for name, text in found.groupdict().items():
                if text:
                    yield name.rstrip("2"), found.start(name), found.end(name)
            at = found.end()
            found = FIELD.match(data, at)
        yield "the end of the head", at, at + 2
        head, at = data[:at], at + 2
        head = head[head.rfind(b" HTTP/1.") :]
        if b"chunked" in head:
            while found := CHUNK.match(data, at):
                for name, text in found.groupdict().items():
                    if text:
                        yield name, found.start(name), found.end(name)
                size, at = int(found.group("size"), 16), found.end()
                if size == 0:
                    end = data.index(b"\r\n\r\n", at - 2) + 4
                    if end > at + 2:
                        yield "trailers", at, end - 2
                    yield "the end of chunks", end - 2, end
                    at = end
                    break
                yield "the end of a chunk", at + size, at + size + 2
                at += size + 2
        elif found := re.search(rb"Content-Length: (\d+)", head):
            at += int(found.group(1))


def requests(number, seed):
    """Yields a description of each mutation, and the mutated bytes."""
    chance = random.Random(seed)
    known = [(base, list(parts(base))) for base in BASES]
    for _ in range(number):
        base, places = chance.choice(known)
        part, begin, end = chance.choice(places)
        at = chance.randrange(begin, end)
        kind, bytes_of = chance.choice(list(KINDS.items()))
        byte = bytes([chance.choice(bytes_of)])
        how = chance.choice(["put into", "in place of", "lost from", "twice in"])
        if how == "put into":
            yield f"{kind} put into {part}", base[:at] + byte + base[at:]
        elif how == "in place of":
            yield f"{kind} in place of a byte of {part}", base[:at] + byte + base[at + 1 :]
        elif how == "lost from":
            yield f"a byte lost from {part}", base[:at] + base[at + 1 :]
        else:
            yield f"{part} twice", base[:end] + base[begin:end] + base[end:]
