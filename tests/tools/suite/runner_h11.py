#!/usr/bin/env python3
"""A runner for the suite: h11, used as an experienced caller would."""

import json
import sys

import h11


class Skip(Exception):  # noqa: N818  (it is no error)
    """The exception for a case that h11 cannot express."""


class Runner:
    def __init__(self, case):
        if case["config"]:
            raise Skip(f"no such setting: {' '.join(case['config'])}")
        self.is_server = case["role"] == "server"
        role = h11.SERVER if self.is_server else h11.CLIENT
        # h11's default limit is 16 kB.
        self.connection = h11.Connection(role, max_incomplete_event_size=2**20)
        self.events, self.rest, self.method = [], b"", ""

    def play(self, steps):
        for step in steps:
            if "receive" in step:
                self.receive(step["receive"].encode("latin-1"))
            elif step.get("end") == "truncated":
                raise Skip("no way to say that an end was not clean")
            elif "end" in step:
                self.receive(b"")
            else:
                try:
                    self.decide(step)
                except h11.LocalProtocolError as error:
                    return [*self.events, {"event": "refused", "kind": str(error)}]
            self.drain()
        return self.events

    def receive(self, data):
        if self.events and self.events[-1]["event"] == "error":
            return
        self.connection.receive_data(data)

    def drain(self):
        """Collects all events that are available."""
        while not (self.events and self.events[-1]["event"] == "error"):
            if {self.connection.our_state, self.connection.their_state} == {h11.DONE} and self.is_server:
                self.connection.start_next_cycle()
            try:
                event = self.connection.next_event()
            except h11.RemoteProtocolError as error:
                self.events.append({"event": "error", "kind": str(error)})
                return
            if event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                break
            self.tell(event)
        if self.connection.their_state is h11.SWITCHED_PROTOCOL:
            self.switched()

    def tell(self, event):
        match event:
            case h11.Data():
                self.add("content", bytes(event.data))
            case h11.EndOfMessage():
                self.events.append({"event": "end", "trailers": fields(event)})
            case h11.Request():
                self.method = text(event.method)
                line = {"method": text(event.method), "target": text(event.target), "version": text(event.http_version)}
                self.events.append({"event": "request", **line, "fields": fields(event)})
            case h11.InformationalResponse() if event.status_code != 101:
                self.events.append({"event": "informational", "status": event.status_code, "fields": fields(event)})
            case _ if self.connection.their_state is not h11.SWITCHED_PROTOCOL:
                response = {"status": event.status_code, "version": text(event.http_version), "fields": fields(event)}
                self.events.append({"event": "response", **response})

    def add(self, kind, data):
        """Records bytes in an event of `kind`, or in the last event if it has that kind."""
        if self.events and self.events[-1]["event"] == kind:
            self.events[-1]["bytes"] += text(data)
        elif data:
            self.events.append({"event": kind, "bytes": text(data)})

    def switched(self):
        """Records the switch once, and the newly received bytes of the new protocol.

        h11 returns all of these bytes with each call.
        """
        if not any(event["event"] == "switched" for event in self.events):
            self.events.append({"event": "switched"})
        rest = self.connection.trailing_data[0]
        self.add("rest", rest[len(self.rest) :])
        self.rest = rest

    def decide(self, step):
        headers, send = lines(step.get("fields", [])), self.connection.send
        if step.get("upgrade") or step["do"] == "switch":
            headers += [("Upgrade", ", ".join(step.get("upgrade", step.get("to")))), ("Connection", "Upgrade")]
        reason, content = (step.get(name, "").encode("latin-1") for name in ("reason", "content"))
        match step["do"]:
            case "request":
                if self.connection.our_state is h11.DONE and self.connection.their_state is h11.DONE:
                    self.connection.start_next_cycle()
                elif self.connection.our_state is not h11.IDLE:
                    raise Skip("a client that pipelines")
                send(h11.Request(method=step["method"], target=step["target"], headers=headers))
            case "informational":
                send(h11.InformationalResponse(status_code=step["status"], headers=headers))
            case "switch":
                send(h11.InformationalResponse(status_code=101, headers=headers))
            case "response":
                send(h11.Response(status_code=step["status"], headers=headers, reason=reason))
            case "respond" | "reject":
                if not any(name.lower() == b"content-length" for name, _ in headers):
                    headers.append(("Content-Length", str(len(content))))
                if step["do"] == "reject":
                    headers.append(("Connection", "close"))
                send(h11.Response(status_code=step["status"], headers=headers, reason=reason))
                if self.connection.our_state is h11.SWITCHED_PROTOCOL:
                    return
                if self.method != "HEAD":
                    send(h11.Data(data=content))
                send(h11.EndOfMessage())
            case "content":
                send(h11.Data(data=step["bytes"].encode("latin-1")))
            case "end":
                send(h11.EndOfMessage(headers=lines(step["trailers"])))


def lines(pairs):
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def fields(event):
    return [[text(name), text(value)] for name, value in event.headers]


def text(data):
    return bytes(data).decode("latin-1")


for line in sys.stdin:
    case = json.loads(line)
    try:
        answer = {"events": Runner(case).play(case["steps"])}
    except Skip as reason:
        answer = {"skip": str(reason)}
    print(json.dumps({"id": case["id"], **answer}), flush=True)
