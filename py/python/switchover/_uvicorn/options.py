"""The limits and timeouts of a uvicorn connection, and its engine's configuration."""

from __future__ import annotations

from typing import ClassVar

from .. import Config
from .._base import HEAD_MAX
from .._limits import CONTENT, LINGER_MAX


class Options:
    """The limits and timeouts of a uvicorn connection; a subclass may set others."""

    __slots__ = ()

    engine_config: ClassVar[Config] = Config(tidy=True, lowercase_names=True, content=CONTENT, drain=CONTENT)
    """The configuration of the engine.

    `--h11-max-incomplete-event-size` raises its limits of a head. Contradictory fields of frameworks are corrected,
    such as a length on a 204 or beside a Transfer-Encoding.
    """
    timeout_first_byte = 60.0
    """The timeout in seconds for the first byte of a connection.

    After a response it is `--timeout-keep-alive`.
    """
    timeout_head = 30.0
    """The timeout in seconds for a head, from its first byte on.

    The response is then a 408.
    """
    timeout_content = 30.0
    """The timeout in seconds for content, whether it is read or discarded.

    Each byte extends it by a millisecond, up to nine times this. The response is then a 408, if none has begun.
    """
    timeout_write = 30.0
    """The timeout in seconds for a client that reads nothing of a response.

    Each byte that it reads extends the timeout by a millisecond, up to nine times this.
    """
    eager_start = False
    """True if an app starts at once, and not in the next turn of the loop.

    It has no effect before Python 3.12.
    """
    sends_files = False
    """True if apps learn of `http.response.pathsend`.

    Some middleware that compresses content cannot pass it on.
    """
    half_close = True
    """True if a client that half-closes gets its response, except over TLS.

    If False, the app gets `http.disconnect` at once. The app of a stream of unknown length, such as server-sent events,
    gets it in either case.
    """
    timeout_half_closed = LINGER_MAX
    """The seconds from a half-close until `receive` returns `http.disconnect`.

    In a tunnel they begin anew as long as the app sends bytes.
    """


CONFIGURED: dict[tuple[Config, int | None, bool], Config] = {}


def configured(config: Config, largest_head: int | None, secure: bool) -> Config:
    """Returns the result of `with_options`, cached by the arguments."""
    key = (config, largest_head, secure)
    if key not in CONFIGURED:
        CONFIGURED[key] = with_options(config, largest_head, secure)
    return CONFIGURED[key]


def with_options(config: Config, largest_head: int | None, secure: bool) -> Config:
    """Returns the configuration with `secure`, and with a head's limits raised.

    They are raised to `largest_head`, uvicorn's limit in bytes, unless it is None or smaller.
    """
    options = {name: getattr(config, name) for name in dir(config)}
    if largest_head is not None:
        largest_head = min(largest_head, HEAD_MAX)
        options |= {name: max(largest_head, options[name]) for name in ("head", "start_line", "field_line")}
    return Config(**{**options, "secure": secure})
