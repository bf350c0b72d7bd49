"""The `trace` extension of requests, and httpcore's log."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from httpcore import Request

from .extensions import extension

T = TypeVar("T")

HTTP11 = logging.getLogger("httpcore.http11")
CONNECTION = logging.getLogger("httpcore.connection")
PROXY = logging.getLogger("httpcore.proxy")


def as_it_is(result: object) -> object:
    """Returns a step's result unchanged, to be reported as it is."""
    return result


class Trace:
    """The reports of a request's steps to its `trace` callback and to httpcore's log."""

    __slots__ = ("_callback", "_logger")

    def __init__(self, callback: Any, logger: logging.Logger) -> None:
        self._callback = callback
        self._logger = logger

    @classmethod
    def of(cls, request: Request | None, logger: logging.Logger) -> Trace | None:
        """Returns a trace for a `trace` callback or a log at DEBUG; None without both."""
        callback = None if request is None else extension(request, "trace")
        return cls(callback, logger) if callback is not None or logger.isEnabledFor(logging.DEBUG) else None

    async def step(
        self, name: str, info: dict[str, Any], taken: Awaitable[T], shown: Callable[[T], object] = as_it_is
    ) -> T:
        """Awaits a step, and reports its start, and then its result or its failure.

        `shown` converts the result for the report.
        """
        await self.report(f"{name}.started", info)
        try:
            result = await taken
        except BaseException as error:
            await self.report(f"{name}.failed", {"exception": error})
            raise
        await self.report(f"{name}.complete", {"return_value": shown(result)})
        return result

    async def report(self, name: str, info: dict[str, Any]) -> None:
        """Reports the start, the end or the failure of a step to the callback and the log."""
        if self._callback is not None:
            reported = self._callback(f"{self._logger.name.rpartition('.')[2]}.{name}", info)
            if inspect.isawaitable(reported):
                await reported
        if self._logger.isEnabledFor(logging.DEBUG):
            told = " ".join(f"{key}={value!r}" for key, value in info.items() if (key, value) != ("return_value", None))
            self._logger.debug(f"{name} {told}".rstrip())


async def traced(
    request: Request | None,
    logger: logging.Logger,
    name: str,
    info: dict[str, Any],
    taken: Awaitable[T],
    shown: Callable[[T], object] = as_it_is,
) -> T:
    """Awaits a step, and reports it if there is a `trace` callback or a DEBUG log."""
    trace = Trace.of(request, logger)
    return await taken if trace is None else await trace.step(name, info, taken, shown)
