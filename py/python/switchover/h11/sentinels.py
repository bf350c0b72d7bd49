"""Names that are their own type.

So that `type(event)` and `event is` both find them.
"""

from __future__ import annotations

from typing import Any


class Sentinel(type):
    """The type of a name, until the name is its own."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Sentinel:
        """A name whose type is itself."""
        made = super().__new__(cls, name, bases, namespace)
        made.__class__ = made  # type: ignore[assignment]
        return made

    def __repr__(cls) -> str:
        return cls.__name__


class CLIENT(Sentinel, metaclass=Sentinel):
    """The role that sends requests."""


class SERVER(Sentinel, metaclass=Sentinel):
    """The role that answers them."""


class NEED_DATA(Sentinel, metaclass=Sentinel):  # noqa: N801 - h11's name
    """Nothing happens before more bytes come: call `receive_data`."""


class PAUSED(Sentinel, metaclass=Sentinel):
    """Nothing happens before your code acts: `start_next_cycle`, or the new protocol."""


class IDLE(Sentinel, metaclass=Sentinel):
    """Nothing has begun."""


class SEND_RESPONSE(Sentinel, metaclass=Sentinel):  # noqa: N801 - h11's name
    """A request has come, its final response has not begun."""


class SEND_BODY(Sentinel, metaclass=Sentinel):  # noqa: N801 - h11's name
    """The head is out, the end is not."""


class DONE(Sentinel, metaclass=Sentinel):
    """The message is complete; the connection may carry another."""


class MUST_CLOSE(Sentinel, metaclass=Sentinel):  # noqa: N801 - h11's name
    """The message is complete, and it was the last."""


class CLOSED(Sentinel, metaclass=Sentinel):
    """The direction has ended."""


class ERROR(Sentinel, metaclass=Sentinel):
    """The direction is of no use any more."""


class MIGHT_SWITCH_PROTOCOL(Sentinel, metaclass=Sentinel):  # noqa: N801 - h11's name
    """The request is complete, and what it proposes is undecided."""


class SWITCHED_PROTOCOL(Sentinel, metaclass=Sentinel):  # noqa: N801 - h11's name
    """The direction has left HTTP."""
