"""The content of a file, as messages of an ASGI app."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from uvicorn._types import ASGISendCallable

# The number of bytes that are read of a file at once.
PIECE = 1 << 18


async def send_file(path: str, send: ASGISendCallable, *, reads: bool) -> None:
    """Sends the content of a file, and the end of the response.

    Without `reads` the file is opened and not read: HEAD has no content.
    """
    loop = asyncio.get_running_loop()
    opening = loop.run_in_executor(None, open_file, path)
    try:
        file = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(close)
        raise
    try:
        while reads and (content := await loop.run_in_executor(None, file.read, PIECE)):
            await send({"type": "http.response.body", "body": content, "more_body": True})
    finally:
        file.close()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def open_file(path: str) -> BinaryIO:
    """Opens a file to read its bytes."""
    return open(path, "rb")


def close(opening: asyncio.Future[BinaryIO]) -> None:
    """Closes a file whose app was cancelled while the file was being opened."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
