"""The passing of a client's bytes to the engine of an adapter for a server."""

from __future__ import annotations

from . import Connection, ErrorKind, ProtocolError


def keep(connection: Connection, data: bytes) -> None:
    """Passes the client's bytes to the engine, or drops them once HTTP has ended.

    They are dropped, too, if memory runs out. Raises LocalProtocolError if the engine's buffer is full: the server
    should not have read from the client.
    """
    try:
        connection.receive_data(data)
    except ProtocolError as error:
        if error.kind is ErrorKind.BUFFER_FULL:
            raise
