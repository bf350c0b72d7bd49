"""The content of a file, as messages of an ASGI app."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uvicorn._types import ASGISendCallable

# The number of bytes that are read of a file at once.
PIECE = 1 << 18


async def send_file(path: str, send: ASGISendCallable) -> None:
    """Sends the content of a file, and the end of the response."""
    loop = asyncio.get_running_loop()
    file = await loop.run_in_executor(None, open, path, "rb")
    try:
        while content := await loop.run_in_executor(None, file.read, PIECE):
            await send({"type": "http.response.body", "body": content, "more_body": True})
    finally:
        file.close()
    await send({"type": "http.response.body", "body": b"", "more_body": False})
