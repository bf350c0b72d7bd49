"""An HTTP/1.1 protocol class for hypercorn, on switchover's engine.

In the module of the app, which each worker of hypercorn imports:

    import switchover.hypercorn

    switchover.hypercorn.install()

Needs `pip install switchover[hypercorn]`. hypercorn still runs the apps, and handles frames of WebSocket, HTTP/2 and
timeouts.
"""

from __future__ import annotations

from ._require import require

OLDEST = (0, 18)
"""The oldest supported version of hypercorn."""

try:
    import hypercorn.protocol

    from ._hypercorn.protocol import Protocol
except ImportError as _missing:
    raise ImportError("switchover.hypercorn needs hypercorn: pip install 'switchover[hypercorn]'") from _missing

require("hypercorn", OLDEST, "hypercorn")

__all__ = ["OLDEST", "Protocol", "install"]


def install() -> None:
    """Puts `Protocol` in the place of hypercorn's class for HTTP/1.1, in this process.

    It serves the HTTP/1.1 connections that are accepted from then on. Next: start hypercorn, or let it go on.
    """
    hypercorn.protocol.__dict__["H11Protocol"] = Protocol
