"""An HTTP/1.1 protocol class for uvicorn, on switchover's engine.

`uvicorn --http switchover.uvicorn:Protocol app:app`.

Needs `pip install switchover[uvicorn]`. WebSockets are handled by uvicorn's own class, as chosen by `--ws`. A handshake
that breaks a rule gets its response from this class.
"""

from __future__ import annotations

from ._require import require

OLDEST = (0, 54)
"""The oldest supported version of uvicorn."""

try:
    from ._uvicorn.protocol import Protocol
except ImportError as _missing:
    raise ImportError("switchover.uvicorn needs uvicorn: pip install 'switchover[uvicorn]'") from _missing

require("uvicorn", OLDEST, "uvicorn")

__all__ = ["OLDEST", "Protocol"]
