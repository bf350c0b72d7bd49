"""The limits that the adapters share."""

CONTENT = 1 << 30
"""The maximum content of a request in bytes, whether it is read or discarded."""

LINGER_MAX = 4.0
"""The maximum seconds for which a server reads on after its half-close."""
LINGER_IDLE = 1.0
"""The seconds without bytes of the peer after which such reading ends earlier.

Closing a stream in order, and the closure alert of TLS, take as long at most.
"""
LINGER_BYTES = 1 << 20
"""The number of discarded bytes after which such reading ends."""

TURN, TLS_TURN = 64, 2
"""The messages after which an app that need not wait lets others have their turn.

Over TLS they are fewer. asyncio's transport does not tell that the one below is lost, and asyncio logs writes to that
from the fifth on.
"""
