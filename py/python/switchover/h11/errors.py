"""The exceptions of h11.

If the engine has found the error, `__cause__` is the engine's exception, with number, clause and
advice.
"""

from __future__ import annotations


class ProtocolError(Exception):
    """A violation of HTTP/1.1.

    The base class of LocalProtocolError and RemoteProtocolError, to catch both; never raised itself.
    """

    def __init__(self, msg: str, error_status_hint: int = 400) -> None:
        if type(self) is ProtocolError:
            raise TypeError("tried to directly instantiate ProtocolError")
        super().__init__(msg)
        self.error_status_hint = error_status_hint
        """The status with which a server could respond to the error."""


class LocalProtocolError(ProtocolError):
    """The caller made an event that is invalid, or sent one that is not allowed now.

    Raised by the constructors of events and `Headers`, and by `send`, `send_with_data_passthrough`
    and `start_next_cycle`.
    """


class RemoteProtocolError(ProtocolError):
    """The peer violated the protocol.

    Raised by `Connection.next_event`; a server may respond with `error_status_hint`.
    """
