"""The sending of a file's content, for the ASGI message `http.response.pathsend`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from uvicorn._types import ASGISendCallable

# The number of bytes that are read of a file at once.
PIECE = 1 << 18


async def send_file(path: str, send: ASGISendCallable, reads: Callable[[], bool]) -> bool:
    """Sends the content of a file; returns whether it was sent to its end.

    The file is read while `reads` returns true. It returns false if content would not be sent, as
    after HEAD, or once the client has left.
    """
    loop = asyncio.get_running_loop()
    opening = loop.run_in_executor(None, open_file, path)
    try:
        file = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(close)
        raise
    reading: asyncio.Future[bytes] | None = None
    try:
        while reads():
            reading = loop.run_in_executor(None, file.read, PIECE)
            if not (content := await asyncio.shield(reading)):
                return True
            await send({"type": "http.response.body", "body": content, "more_body": True})
    finally:
        # To close a file waits for the thread that reads it, and a pipe may be silent.
        if reading is None or reading.done():
            file.close()
        else:
            reading.add_done_callback(lambda _: file.close())
    return False


def open_file(path: str) -> BinaryIO:
    """Opens a file to read its bytes."""
    return open(path, "rb")


def close(opening: asyncio.Future[BinaryIO]) -> None:
    """Closes a file whose app was cancelled while the file was being opened."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
