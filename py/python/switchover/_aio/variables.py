"""Context variables: those of one handler must not reach the next."""

from __future__ import annotations

import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")


async def called(function: Callable[[T], Awaitable[object]], argument: T) -> None:
    """Calls and awaits a function, in the context of the step that runs this."""
    await function(argument)


@types.coroutine
def in_context(context: Context, coroutine: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Runs a coroutine in a context of its own, as a part of this task.

    A task of its own would isolate it as well, and would cost more.
    """
    step, given = coroutine.send, None
    while True:
        try:
            waits_for = context.run(step, given)
        except StopIteration as ended:
            result: T = ended.value
            return result
        try:
            step, given = coroutine.send, (yield waits_for)
        except GeneratorExit:
            context.run(coroutine.close)
            raise
        except BaseException as error:
            step, given = coroutine.throw, error
