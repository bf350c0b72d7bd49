"""An alias for programs that import this private module of h11.

uvicorn is one of them.
"""

# Not a relative import: if `h11` is another name of the package, this module exists twice.
from switchover.h11.connection import DEFAULT_MAX_INCOMPLETE_EVENT_SIZE, Connection

__all__ = ["DEFAULT_MAX_INCOMPLETE_EVENT_SIZE", "Connection"]
