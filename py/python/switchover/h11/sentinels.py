"""Sentinels that are their own type, as in h11.

Both `type(event) is NEED_DATA` and `event is NEED_DATA` hold.
"""

from __future__ import annotations

from typing import Any


class Sentinel(type):
    """The metaclass of the sentinels, which makes each its own type."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Sentinel:
        """Creates a sentinel and sets its type to itself."""
        made = super().__new__(cls, name, bases, namespace)
        made.__class__ = made  # type: ignore[assignment]
        return made

    def __repr__(cls) -> str:
        return cls.__name__


class CLIENT(Sentinel, metaclass=Sentinel):
    """The role that sends requests."""


class SERVER(Sentinel, metaclass=Sentinel):
    """The role that sends responses."""


class NEED_DATA(Sentinel, metaclass=Sentinel):  # noqa: N801 - h11's name
    """The result of `next_event` if more bytes are needed: call `receive_data`."""


class PAUSED(Sentinel, metaclass=Sentinel):
    """The result of `next_event` if your code must act before more is read.

    While a switch is undecided, `send` a response. Otherwise call `start_next_cycle`, or after a switch speak the new
    protocol.
    """


class IDLE(Sentinel, metaclass=Sentinel):
    """The side has not begun its message."""


class SEND_RESPONSE(Sentinel, metaclass=Sentinel):  # noqa: N801 - h11's name
    """The client has sent a request head; the server has begun no final response."""


class SEND_BODY(Sentinel, metaclass=Sentinel):  # noqa: N801 - h11's name
    """The head of the message was sent, its end was not."""


class DONE(Sentinel, metaclass=Sentinel):
    """The message is complete; the connection may carry another."""


class MUST_CLOSE(Sentinel, metaclass=Sentinel):  # noqa: N801 - h11's name
    """The side sends no further message, and has yet to close."""


class CLOSED(Sentinel, metaclass=Sentinel):
    """The side has closed its direction."""


class ERROR(Sentinel, metaclass=Sentinel):
    """The side has failed; nothing more can be sent or received in its direction."""


class MIGHT_SWITCH_PROTOCOL(Sentinel, metaclass=Sentinel):  # noqa: N801 - h11's name
    """The request is complete, and the switch that it proposes is undecided."""


class SWITCHED_PROTOCOL(Sentinel, metaclass=Sentinel):  # noqa: N801 - h11's name
    """The side has switched to another protocol."""
