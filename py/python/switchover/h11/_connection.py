"""For programs that import from h11's private module of that name, as uvicorn does."""

# Not by a dot: where `h11` is another name of the package, this is another copy of the module.
from switchover.h11.connection import DEFAULT_MAX_INCOMPLETE_EVENT_SIZE, Connection

__all__ = ["DEFAULT_MAX_INCOMPLETE_EVENT_SIZE", "Connection"]
