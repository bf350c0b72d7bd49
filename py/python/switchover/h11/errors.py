"""The exceptions.

The engine's own error, with its number, clause and advice, is the `__cause__`.
"""

from __future__ import annotations


class ProtocolError(Exception):
    """Something that HTTP/1.1 forbids.

    Raised as one of the two below; this one is to catch both.
    """

    def __init__(self, msg: str, error_status_hint: int = 400) -> None:
        if type(self) is ProtocolError:
            raise TypeError("tried to directly instantiate ProtocolError")
        super().__init__(msg)
        self.error_status_hint = error_status_hint
        """The status that a server may answer with."""


class LocalProtocolError(ProtocolError):
    """Your code did it: what it made cannot be sent, or not now.

    From events and from `Connection.send`.
    """


class RemoteProtocolError(ProtocolError):
    """The peer did it.

    From `Connection.next_event`; a server may answer with `error_status_hint`.
    """
