"""An alias for programs that import from h11's private module.

uvicorn does.
"""

# Not by a dot: where `h11` is another name of the package, this is another copy of the module.
from switchover.h11.connection import DEFAULT_MAX_INCOMPLETE_EVENT_SIZE, Connection

__all__ = ["DEFAULT_MAX_INCOMPLETE_EVENT_SIZE", "Connection"]
