"""The caller in a test vector, which makes the calls that the vector lists."""

from __future__ import annotations

from collections.abc import Callable

from lines import Fields, data_of, entries, escape, event_line, offers_text, summary, truth
from profiles import Profiles
from switchover import NEED_DATA, Config, Connection, ContentKind, Order, Paused, Prepared, ProtocolError, Selection


class Host:
    """A connection under test, and the result of its latest `select`."""

    def __init__(self, connection: Connection, config: Config) -> None:
        self.connection, self.config = connection, config
        self.selection: Selection | None = None
        self.profiles = Profiles(connection, config)

    def perform(self, words: list[str]) -> list[str]:
        """Makes one call, and returns its result, its bytes and its error as lines.

        A call that raises ProtocolError is repeated, to check that the failure has changed nothing.
        """
        verb, *arguments = words
        if verb == "event":
            current = self.profiles.current
            if current is None or current is NEED_DATA or isinstance(current, Paused):
                return ["event none"]
            return [f"event {event_line(current, self.connection.position, True)}"]
        answer = QUESTIONS.get(verb)
        # `request` without method and target is the getter of the kept request.
        if answer and set(arguments) <= {"-"}:
            return answer(self.connection)
        what = [word for word in arguments if ":" not in word]
        fields = [(data_of(name), data_of(value)) for name, value in (f.split(":") for f in arguments if ":" in f)]
        about_protocols = self.profiles.answer(verb, what, fields)
        if about_protocols is not None:
            return about_protocols
        try:
            return self.decide(verb, what, fields)
        except ProtocolError:
            before = self.connection.state
        try:
            return ["refused only once", *self.decide(verb, what, fields)]
        except ProtocolError as error:
            changed = ["a refusal changed the state"] if self.connection.state != before else []
            return [*changed, f"? {error.name}"]

    def decide(self, verb: str, what: list[str], fields: Fields) -> list[str]:
        """Makes a call that is not a getter, and returns its result and bytes as lines."""
        lines: list[str] = []
        if verb in ("select", "accept", "accept-early"):
            return self.upgrade(verb, what, fields)
        written = self.write(verb, what, fields, lines)
        return [*lines, f"> {written.hex()}"] if written else lines

    def upgrade(self, verb: str, what: list[str], fields: Fields) -> list[str]:
        connection, lines = self.connection, list[str]()
        preferences = entries(what[1])
        if verb == "select" or preferences:
            selection = connection.select(preferences, Order[what[0].upper()])
            if selection is None:
                lines.append("selected nothing")
            else:
                assert preferences[selection.preference]
        else:
            selection = self.selection
        if verb == "select":
            self.selection = selection
        elif selection:
            selection = selection if verb == "accept" else selection.early()
            lines.append(f"> {connection.accept(selection, fields).hex()}")
        return lines

    def write(self, verb: str, what: list[str], fields: Fields, lines: list[str]) -> bytes:
        connection = self.connection
        match verb:
            case "request":
                return connection.send_request(data_of(what[0]), data_of(what[1]), fields, entries(what[2]))
            case "response":
                return connection.send_response(int(what[0]), fields, data_of(what[1]) or None)
            case "respond":
                return connection.respond(int(what[0]), fields, data_of(what[2]), data_of(what[1]) or None)
            case "reject":
                return connection.reject(int(what[0]), fields, data_of(what[2]), data_of(what[1]) or None)
            case "prepared":
                reason = data_of(what[1]) or None
                prepared = Prepared(int(what[0]), fields, data_of(what[2]), reason, config=self.config)
                return connection.respond_prepared(prepared)
            case "limits":
                limits = {name: getattr(self.config, name) for name in dir(self.config)}
                limits |= {name: int(value) for name, value in (limit.split("=") for limit in what)}
                connection.set_limits(Config(**limits))
            case "pass":
                connection.pass_content(int(what[0]))
            case "hand-over":
                lines.append(f"handed {summary(connection.hand_over())}")
            case "inform":
                return connection.send_informational(int(what[0]), fields)
            case "require":
                return connection.require(entries(what[0]), fields)
            case "data":
                return connection.send_data(data_of(what[0]))
            case "end":
                return connection.send_end(fields)
            case "parts":
                prefix, suffix = connection.send_data_parts(int(what[0]))
                lines.append(f'parts "{escape(prefix)}" "{escape(suffix)}"')
            case "advertise":
                connection.advertise(entries(what[0]))
            case "receive":
                connection.receive_data(data_of(what[0]))
            case _:
                # A verb without arguments is the method of that name, unless SHORT has another name.
                getattr(connection, SHORT.get(verb, verb.replace("-", "_")))()
        return b""


SHORT = {"skip": "skip_content", "close": "close_after_response", "resume": "resume_http"}


def take(connection: Connection) -> list[str]:
    connection.take_leftover()
    return []


def release(connection: Connection) -> list[str]:
    connection.release()
    return []


def request(connection: Connection) -> list[str]:
    kept = connection.request
    return [f"request {kept.method.decode()} {kept.target.decode()}" if kept else "request none"]


def offers(connection: Connection) -> list[str]:
    kept = connection.request
    return [f"offers{offers_text(kept) if kept else ' none'}"]


def content(connection: Connection) -> list[str]:
    left = connection.content
    counted = left.kind in (ContentKind.LENGTH, ContentKind.CHUNKED)
    return [f"content {left.kind.label} {left.length}" if counted else f"content {left.kind.label}"]


QUESTIONS: dict[str, Callable[[Connection], list[str]]] = {
    "why": lambda c: [f"why {c.why.label if c.why else 'none'}"],
    "awaiting": lambda c: [f"awaiting {c.awaiting.label}"],
    "may-speak": lambda c: [f"may-speak {truth(c.may_speak)}"],
    "closing": lambda c: [f"closing {c.closing.label}"],
    "wants-input": lambda c: [f"wants-input {truth(c.wants_input)}"],
    "required": lambda c: [f"required {', '.join(map(str, c.required))}".rstrip()],
    "agreed": lambda c: [f"agreed {', '.join(map(str, c.agreed))}".rstrip()],
    "unanswered": lambda c: [f"unanswered {c.unanswered}"],
    "unread": lambda c: [f"unread {summary(c.unread)}"],
    "owes": lambda c: [f"owes {c.owes.label}"],
    "persists": lambda c: [f"persists {truth(c.persists)}"],
    "content": content,
    "take-end": lambda c: [f"taken {truth(c.take_end())}"],
    "request": request,
    "offers": offers,
    "take": take,
    "release": release,
    "trace": lambda c: [f"trace {entry.step.label} {entry.number} @{entry.offset}" for entry in c.trace()],
}
