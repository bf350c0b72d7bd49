"""The logging of the Python hosts: one line for each record.

The mark UNHANDLED precedes each record of asyncio and trio, which log unhandled errors.
"""

import logging


class Lines(logging.Formatter):
    """A formatter that writes a record and its error in one line."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage() + (f": {record.exc_info[1]!r}" if record.exc_info else "")
        mark = "UNHANDLED " if record.name.startswith(("asyncio", "trio")) else ""
        return f"{mark}{record.name} {record.levelname}: {text}".replace("\n", " ")


def set_up() -> None:
    """Logs warnings and errors of all modules."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
