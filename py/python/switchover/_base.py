"""The exceptions of the package, and the sentinel `NEED_DATA`, defined in Python.

A native module cannot define exceptions with attributes within the stable ABI of Python 3.11.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from switchover import Blame, CapsuleFault, ErrorKind, Ineligible, OverHttp2


class NeedData(enum.Enum):
    """The enum whose only member is `NEED_DATA`, a result of `next_event`."""

    NEED_DATA = 0

    def __repr__(self) -> str:
        return "NEED_DATA"


NEED_DATA: Final = NeedData.NEED_DATA
"""The result of `next_event` if more bytes are needed: call `receive_data`."""


HEAD_MAX: Final = (1 << 32) - 1
"""The largest limit of a head, in bytes, that a `Config` accepts.

The servers' own options may be larger; the adapters then pass on this limit.
"""


class ProtocolError(Exception):
    """An error of the peer or of the caller, such as a violation of HTTP/1.1.

    `str()` of it is a sentence for people.
    """

    __module__ = "switchover"

    kind: ErrorKind
    """The kind of the error: a member of an IntEnum, equal to the error's number."""
    offset: int | None
    """The offset of the error in the peer's bytes, from the connection's first byte.

    None for an error of the caller.
    """
    field: int | None
    """The index of the passed field line that caused an error of the caller, from 0.

    None for other errors, and if `Config.tidy` has corrected lines before.
    """
    ineligible: Ineligible | None
    """The rule of a protocol that the offer passed to `send_request` breaks.

    Set for an error of the kind PROFILE_FIELD by `send_request`; None for others.
    """

    def __init__(
        self,
        message: str,
        kind: ErrorKind,
        offset: int | None = None,
        field: int | None = None,
        ineligible: Ineligible | None = None,
    ) -> None:
        super().__init__(message, kind, offset, field, ineligible)
        self.kind = kind
        self.offset = offset
        self.field = field
        self.ineligible = ineligible

    @property
    def code(self) -> int:
        """The stable number of the error."""
        return int(self.kind)

    @property
    def name(self) -> str:
        """The engine's name for the error, such as `bare-lf`."""
        return self.kind.label

    @property
    def blame(self) -> Blame:
        """The side that caused the error: PEER or LOCAL."""
        return self.kind.blame

    @property
    def status(self) -> int | None:
        """The status with which a server responds to the peer's error, or None.

        None for an error of the caller, and for errors that only a client can get.
        """
        return self.kind.status

    @property
    def clause(self) -> str:
        """The rule that was violated, such as `RFC 9112, 6.3`."""
        return self.kind.clause

    @property
    def advice(self) -> str:
        """Advice on how to correct the error."""
        return self.kind.advice

    def __str__(self) -> str:
        return str(self.args[0])


class LocalProtocolError(ProtocolError):
    """The caller made a call out of order or with a bad argument, or memory ran out.

    The connection is unchanged, except that a call that receives has ended the current event.

    >>> from switchover import Connection, Role
    >>> Connection(Role.SERVER).send_response(200)
    Traceback (most recent call last):
        ...
    switchover.LocalProtocolError: no request is there to be answered (error 801)
    """

    __module__ = "switchover"


class RemoteProtocolError(ProtocolError):
    r"""The peer broke the protocol or exceeded a limit. Receiving has ended.

    A server may still send one response with `status`, unless one has begun already: `our_state` is
    then SEND_BODY or later. Each call of `next_event` raises the same error until that response is
    complete, or until `abandon`. A client can send nothing more: its next call of `next_event`
    returns `Paused` with CLOSED.

    >>> from switchover import Connection, Role
    >>> server = Connection(Role.SERVER)
    >>> server.receive_data(b"GET / HTTP/1.1\n")
    >>> try:
    ...     server.next_event()
    ... except RemoteProtocolError as error:
    ...     print(error.kind.name, error.code, error.name, error.status, error.offset, error.clause)
    BARE_LF 206 bare-lf 400 14 RFC 9112, 2.2
    """

    __module__ = "switchover"


class ProfileError(ValueError):
    """A violation of the rules of h2c, HTTP/2 or capsules, not of HTTP/1.1.

    `str()` of it is a sentence for people.

    No connection has failed: decline the offer, reject the request, or abort the stream.

    >>> from switchover import ProfileError, http1_fields
    >>> try:
    ...     http1_fields("a", {"transfer-encoding": "chunked"})
    ... except ProfileError as error:
    ...     print(error, error.reason)
    no place in HTTP/2: transfer-encoding OverHttp2.TRANSFER_ENCODING
    """

    __module__ = "switchover"

    reason: Ineligible | OverHttp2 | CapsuleFault
    """The broken rule.

    An `Ineligible` from `Splice`, an `OverHttp2` from `http1_fields`, a `CapsuleFault` from `Capsules`.
    """

    def __init__(self, message: str, reason: Ineligible | OverHttp2 | CapsuleFault) -> None:
        super().__init__(message, reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.args[0])
