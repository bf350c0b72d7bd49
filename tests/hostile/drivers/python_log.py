"""A log with a line for each event.

A mark stands where an event loop has found an error that nothing handles.
"""

import logging


class Lines(logging.Formatter):
    """The text of a record, and its error, in one line."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage() + (f": {record.exc_info[1]!r}" if record.exc_info else "")
        mark = "UNHANDLED " if record.name.startswith(("asyncio", "trio")) else ""
        return f"{mark}{record.name} {record.levelname}: {text}".replace("\n", " ")


def set_up() -> None:
    """Logs warnings and errors of all that is imported."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
