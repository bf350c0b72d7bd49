#!/usr/bin/env python3
"""A runner for the suite: llhttp, by httptools.

httptools only parses, so a server's decisions are ignored, except those that determine whether the bytes after an offer
are HTTP. If they are, a new parser reads them.
"""

import json
import sys

import httptools


class Skip(Exception):  # noqa: N818  (it is no error)
    """The exception for a case that httptools cannot express."""


class Runner:
    def __init__(self, case):
        if case["config"]:
            raise Skip(f"no such setting: {' '.join(case['config'])}")
        self.is_server = case["role"] == "server"
        self.parser = self.new_parser()
        self.events, self.fields, self.line = [], [], b""
        # The bytes after an offer that is not decided yet, and whether the connection has switched.
        self.undecided, self.is_switched = None, False

    def new_parser(self):
        return (httptools.HttpRequestParser if self.is_server else httptools.HttpResponseParser)(self)

    def play(self, steps):
        for step in steps:
            if "receive" in step:
                self.receive(step["receive"].encode("latin-1"))
            elif "end" in step:
                raise Skip("no call for the end of the bytes")
            elif step["do"] == "request" and step["method"] in ("HEAD", "CONNECT"):
                raise Skip(f"no way to say that {step['method']} was asked")
            elif step["do"] == "reject" or ["connection", "close"] in lowered(step.get("fields", [])):
                raise Skip("no call for a `close` that is sent")
            elif step["do"] in ("switch", "response", "respond") and self.undecided is not None:
                self.decide(step)
        return self.events

    def receive(self, data):
        if self.is_switched:
            self.add("rest", data)
        elif self.undecided is not None:
            self.undecided += data
        elif not (self.events and self.events[-1]["event"] == "error"):
            self.parse(data)

    def parse(self, data):
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.undecided = data[upgrade.args[0] :]
            if not self.is_server:
                self.switch()
        except httptools.HttpParserError as error:
            self.events.append({"event": "error", "kind": str(error)})

    def decide(self, step):
        is_connect = self.method == "CONNECT"
        if step["do"] == "switch" or (is_connect and 200 <= step["status"] < 300):
            self.switch()
        elif not is_connect and self.parser.should_keep_alive():
            data, self.undecided = self.undecided, None
            self.parser = self.new_parser()
            self.parse(data)

    def switch(self):
        self.is_switched = True
        self.events.append({"event": "switched"})
        self.add("rest", self.undecided)

    def add(self, kind, data):
        """Records bytes in an event of `kind`, or in the last event if it has that kind."""
        if self.events and self.events[-1]["event"] == kind:
            self.events[-1]["bytes"] += text(data)
        elif data:
            self.events.append({"event": kind, "bytes": text(data)})

    # Callbacks of the parser.

    def on_message_begin(self):
        self.fields, self.line = [], b""

    def on_url(self, piece):
        self.line += piece

    def on_header(self, name, value):
        self.fields.append([text(name), text(value)])

    def on_headers_complete(self):
        fields, self.fields = self.fields, []
        if self.is_server:
            self.method = text(self.parser.get_method())
            line = {"method": self.method, "target": text(self.line), "version": self.parser.get_http_version()}
            self.events.append({"event": "request", **line, "fields": fields})
            return
        status = self.parser.get_status_code()
        self.is_final = status >= 200
        if self.is_final:
            line = {"status": status, "version": self.parser.get_http_version()}
            self.events.append({"event": "response", **line, "fields": fields})
        elif status != 101:
            self.events.append({"event": "informational", "status": status, "fields": fields})

    def on_body(self, data):
        self.add("content", data)

    def on_message_complete(self):
        if self.is_server or self.is_final:
            self.events.append({"event": "end", "trailers": self.fields})


def lowered(lines):
    return [[word.lower() for word in line] for line in lines]


def text(data):
    return bytes(data).decode("latin-1")


for line in sys.stdin:
    case = json.loads(line)
    try:
        answer = {"events": Runner(case).play(case["steps"])}
    except Skip as reason:
        answer = {"skip": str(reason)}
    print(json.dumps({"id": case["id"], **answer}), flush=True)
