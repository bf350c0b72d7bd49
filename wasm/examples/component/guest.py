"""A guest in Python that serves the bytes of a client and speaks `foo/2`."""

import wit_world
from componentize_py_types import Err
from wit_world.imports import engine
from wit_world.imports.engine import (
    Connection,
    EventKind,
    Head,
    Order,
    Paused,
    Role,
    Step_Event,
    Step_Paused,
)


class WitWorld(wit_world.WitWorld):
    """The implementation of the world in `wit/guest.wit`."""

    def serve(self, received: bytes) -> bytes:
        """Returns the bytes to send to a client that has sent the bytes `received`."""
        connection = Connection.create(Role.SERVER, None)
        output = b""
        try:
            connection.receive(received)
            while True:
                step = connection.next_event()
                if isinstance(step, Step_Event):
                    if step.value is EventKind.SWITCHED:
                        output += b"hello in foo/2\n"
                elif isinstance(step, Step_Paused) and step.value in (
                    Paused.DECISION,
                    Paused.ANSWER,
                ):
                    output += answer(connection)
                else:
                    # The host reads on, closes, or gives the connection to the new protocol.
                    return output
        except Err as error:
            fault = error.value.fault()
            return output + connection.reject(Head(fault.status or 500, None, []), f"{fault.text}\n".encode())


def answer(connection: engine.Connection) -> bytes:
    """Accepts an offer of foo/2; sends a 200 to any other request but a CONNECT.

    For a CONNECT it raises `Err`, as a 2xx with content is not permitted.
    """
    if selection := connection.select(["foo/2"], Order.CLIENT):
        return connection.accept(selection, False, [])
    return connection.respond(Head(200, None, [("content-type", b"text/plain")]), b"no foo/2\n")
