#!/usr/bin/env python3
"""A runner for the suite: `switchover`, by its Python module."""

import json
import sys

from switchover import (
    NEED_DATA,
    Config,
    Connection,
    Data,
    EndOfMessage,
    ErrorKind,
    Informational,
    LocalProtocolError,
    Paused,
    RemoteProtocolError,
    Request,
    Response,
    Role,
    Switched,
)


def play(case):
    """Runs the steps of a case until a decision is refused; returns the events."""
    connection = Connection(Role[case["role"].upper()], Config(**case["config"]))
    events = []
    for step in case["steps"]:
        if "receive" in step:
            receive(connection, step["receive"].encode("latin-1"), events)
        elif "end" in step:
            connection.receive_eof(clean=step["end"] == "clean")
        else:
            try:
                decide(connection, step)
            except LocalProtocolError:
                return {"events": [*events, {"event": "refused"}]}
        drain(connection, events)
    return {"events": events}


def receive(connection, data, events):
    try:
        connection.receive_data(data)
    except RemoteProtocolError:
        pass  # It has failed before, and reads no more.
    except LocalProtocolError as error:
        if error.kind == ErrorKind.SWITCHED:
            add(events, "rest", data)
        elif error.kind != ErrorKind.CLOSED:
            raise


def drain(connection, events):
    """Collects all events that are available."""
    while True:
        try:
            event = connection.next_event()
        except RemoteProtocolError as error:
            if not events or events[-1]["event"] != "error":
                events.append({"event": "error", "kind": error.name, "answer": error.status})
            return
        if event is NEED_DATA or isinstance(event, Paused):
            return
        if isinstance(event, Data):
            add(events, "content", event.data)
            continue
        events.append(told(event))
        if isinstance(event, Switched):
            add(events, "rest", event.leftover)


def add(events, kind, data):
    """Records bytes in an event of `kind`, or in the last event if it has that kind."""
    if events and events[-1]["event"] == kind:
        events[-1]["bytes"] += data.decode("latin-1")
    elif data:
        events.append({"event": kind, "bytes": data.decode("latin-1")})


def told(event):
    match event:
        case Request(method, target, headers):
            line = {"method": text(method), "target": text(target), "version": event.http_version}
            offers = [str(offer.protocol) for offer in event.offers]
            return {"event": "request", **line, "fields": fields(headers), "upgrade": offers}
        case Informational(status, headers):
            return {"event": "informational", "status": status, "fields": fields(headers)}
        case Response(status, headers):
            version = f"1.{event.minor_version}"
            return {"event": "response", "status": status, "version": version, "fields": fields(headers)}
        case EndOfMessage(trailers):
            return {"event": "end", "trailers": fields(trailers)}
        case Switched(by, protocols):
            return {"event": "switched", "by": by.label, "to": [str(protocol) for protocol in protocols]}


def decide(connection, step):
    """Makes the call that a step stands for; the bytes it writes are not compared."""
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in step.get("fields", [])]
    content = step.get("content", "").encode("latin-1")
    reason = step.get("reason", "").encode("latin-1") or None
    match step["do"]:
        case "request":
            method, target = step["method"].encode("latin-1"), step["target"].encode("latin-1")
            connection.send_request(method, target, lines, step["upgrade"])
        case "informational":
            connection.send_informational(step["status"], lines)
        case "response" if step.get("upgrade"):
            connection.require(step["upgrade"], lines)
        case "response":
            connection.send_response(step["status"], lines, reason)
        case "respond":
            connection.respond(step["status"], lines, content, reason)
        case "reject":
            connection.reject(step["status"], lines, content, reason)
        case "switch":
            selection = connection.select([", ".join(step["to"])])
            connection.accept(selection.early(), lines)
        case "content":
            connection.send_data(step["bytes"].encode("latin-1"))
        case "end":
            trailers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in step["trailers"]]
            connection.send_end(trailers)


def fields(headers):
    return [[text(name), text(value)] for name, value in headers]


def text(data):
    return bytes(data).decode("latin-1")


if __name__ == "__main__":
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps({"id": case["id"], **play(case)}), flush=True)
