"""Separation of context variables: those of one handler must not reach the next."""

from __future__ import annotations

import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")


async def called(function: Callable[[T], Awaitable[object]], argument: T) -> None:
    """Calls a function and awaits its result, as a coroutine for `in_context`.

    The call itself then runs in that context, too.
    """
    await function(argument)


@types.coroutine
def in_context(context: Context, coroutine: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Runs a coroutine with the context variables of `context`, within this task.

    A task for the coroutine would isolate it as well, and would cost more.
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
