"""The response heads of an ASGI app that name other protocols in `Upgrade`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import Connection, LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Lines = list[tuple[bytes, bytes]]


def advertised(
    connection: Connection,
    warn: Callable[[str], object],
    status: int,
    defaults: Lines,
    headers: Iterable[tuple[bytes, bytes]],
) -> bytes:
    """Returns the bytes of an app's response head, with its Upgrade header if any.

    The engine writes the Upgrade field, with the protocols in the app's Upgrade header. If they are invalid, the
    header is left out with a warning. A 426 without protocols is sent as a 400, with a warning.
    """
    spoken, others = parted(headers)
    rest = [*defaults, *others]
    if spoken:
        try:
            if status == 426:
                return connection.require(spoken, rest)
            connection.advertise(spoken)
        except LocalProtocolError as error:
            # As a proxy may pass on what its backend has sent.
            warn(f"The header Upgrade is left out: {error}")
            spoken = []
    if status == 426 and not spoken:
        warn("A 426 without Upgrade is sent as a 400: it has to name what would do.")
        status = 400
    return connection.send_response(status, rest)


def parted(headers: Iterable[tuple[bytes, bytes]]) -> tuple[list[bytes], Lines]:
    """Returns the values of the Upgrade headers, and the other field lines."""
    protocols: list[bytes] = []
    others: Lines = []
    for name, value in headers:
        if name.lower() == b"upgrade":
            protocols.append(value)
        else:
            others.append((name, value))
    return protocols, others
