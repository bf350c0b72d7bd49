#!/usr/bin/env python3
"""Runners that differ from `switchover` in one way each, to test the scorer.

`runner_wrong.py NAME` changes the answers of `switchover`. NAME is a key of `WRONG`, `RIGHT` or `BROKEN`, or
`skips all`.
"""

import json
import sys

from runner_switchover import play
from score import without_cut_content


def each(kind, key, change):
    """Returns a function that changes the value of `key` in all events of a kind."""

    def spoil(_, events):
        return [{**event, key: change(event[key])} if event["event"] == kind else event for event in events]

    return spoil


def without(kind):
    return lambda _, events: [event for event in events if event["event"] != kind]


def only(*keys):
    """Returns a function that keeps only `event` and `keys` of each event.

    The key `event` has the name of the event. No runner may leave out `event` or one of `keys`.
    """
    return lambda _, events: [{key: event[key] for key in ("event", *keys) if key in event} for event in events]


def where(condition, spoil):
    return lambda case, events: spoil(case, events) if condition(case["steps"]) else events


def lengths(steps):
    return [len(step["receive"]) for step in steps if "receive" in step]


# Faults that the scorer must detect.
WRONG = {
    "nothing comes": lambda _, events: [],
    "the first event is missing": lambda _, events: events[1:],
    "the last event is missing": lambda _, events: events[:-1],
    "the last event comes twice": lambda _, events: [*events, *events[-1:]],
    "the events are turned round": lambda _, events: events[::-1],
    "another method": each("request", "method", str.lower),
    "another target": each("request", "target", lambda target: target + "/"),
    "another version": each("request", "version", lambda _: "1.2"),
    "another version of a response": each("response", "version", lambda _: "1.2"),
    "a field too few": each("request", "fields", lambda fields: fields[:-1]),
    "another order of fields": each("request", "fields", lambda fields: fields[::-1]),
    "another name": each("response", "fields", lambda fields: [["X", value] for _, value in fields]),
    "another value": each("informational", "fields", lambda fields: [[name, value + "x"] for name, value in fields]),
    "an offer too few": each("request", "upgrade", lambda offers: offers[1:]),
    "another status": each("response", "status", lambda status: status + 1),
    "another interim status": each("informational", "status", lambda status: status + 1),
    "a byte of content too few": each("content", "bytes", lambda data: data[:-1]),
    "content is no content": without("content"),
    "no trailers": each("end", "trailers", lambda _: []),
    "no end": without("end"),
    "no switch": without("switched"),
    "a switch by something else": each("switched", "by", lambda _: "magic"),
    "a switch to something else": each("switched", "to", lambda _: ["magic"]),
    "a byte of the new protocol too few": each("rest", "bytes", lambda data: data[1:]),
    "no error": without("error"),
    "an error at the end": lambda _, events: [*events, {"event": "error"}],
    "a decision is refused": lambda _, events: [*events, {"event": "refused"}],
    "wrong byte by byte": where(lambda steps: max(lengths(steps), default=2) == 1, lambda _, events: events[1:]),
    "wrong at one cut": where(lambda steps: lengths(steps)[:1] == [7], lambda _, events: events[1:]),
}
# Differences that the scorer must accept.
RIGHT = {
    "errors of its own": each("error", "kind", lambda _: "mine"),
    "what is optional left out": only("method", "target", "status", "bytes"),
    "names in capitals": each("request", "fields", lambda fields: [[name.upper(), value] for name, value in fields]),
    "nothing of a broken message": lambda _, events: without_cut_content(events),
}
# Violations of the runner's protocol.
BROKEN = {
    "another id": lambda case, events: json.dumps({"id": case["id"] + "x", "events": events}),
    "no JSON": lambda case, _: case["id"],
    "no events": lambda case, _: json.dumps({"id": case["id"]}),
    "events without a name": lambda case, _: json.dumps({"id": case["id"], "events": [{"method": "GET"}]}),
    "fields without values": lambda case, _: json.dumps(
        {"id": case["id"], "events": [{"event": "request", "method": "GET", "target": "/", "fields": ["Host"]}] * 3}
    ),
    "no reason to skip": lambda case, _: json.dumps({"id": case["id"], "skip": True}),
    "it ends": lambda _, __: sys.exit(),
}

if __name__ == "__main__":
    name = sys.argv[1]
    for line in sys.stdin:
        case = json.loads(line)
        events = play(case)["events"]
        if name == "skips all":
            print(json.dumps({"id": case["id"], "skip": "no reason"}), flush=True)
        elif name in BROKEN:
            print(BROKEN[name](case, events), flush=True)
        else:
            print(json.dumps({"id": case["id"], "events": {**WRONG, **RIGHT}[name](case, events)}), flush=True)
