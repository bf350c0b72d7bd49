"""Tests of `switchover._aio.deadline`, whose timer serves one step after another."""

from __future__ import annotations

import asyncio

import pytest
from switchover._aio.deadline import Deadline, Scopes, deadline

LATE = 0.02
pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    if request.param == "uvloop":
        pytest.importorskip("uvloop")
    return ("asyncio", {"use_uvloop": request.param == "uvloop"})


async def test_one_timer_serves_all_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[float] = []

    class Counted(Deadline):
        def reschedule(self, when: float) -> None:
            before = self.timer
            super().reschedule(when)
            if self.timer is not before:
                made.append(when)

    steps = Counted(asyncio.get_running_loop())
    for seconds in (60, 61, 30, 60, 60):
        with steps.within(seconds):
            await asyncio.sleep(0)
    assert len(made) == 2
    steps.stop()
    assert steps.timer is None


async def test_a_late_step_fails_and_the_next_does_not() -> None:
    steps = deadline()
    assert isinstance(steps, Deadline)
    for _ in range(2):
        with pytest.raises(TimeoutError), steps.within(LATE):
            await asyncio.sleep(10)
        with steps.within(10):
            await asyncio.sleep(2 * LATE)
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_a_step_that_ends_in_time_is_not_late_afterwards() -> None:
    steps = Deadline(asyncio.get_running_loop())
    with steps.within(LATE):
        pass
    await asyncio.sleep(3 * LATE)
    with steps.within(10):
        steps.reschedule(steps.loop.time() + 10)
        await asyncio.sleep(0)


async def test_a_step_is_late_once_its_deadline_has_been_moved() -> None:
    steps = Deadline(asyncio.get_running_loop())
    steps.loop.call_soon(lambda: steps.reschedule(steps.loop.time() + LATE))
    with pytest.raises(TimeoutError), steps.within(10):
        await asyncio.sleep(10)


async def test_a_step_may_follow_one_with_hardly_any_time() -> None:
    """A step may follow one of 0.3 ms, for which uvloop starts no timer."""
    steps = deadline()
    for _ in range(2):
        with steps.within(0.0003):
            pass
        with steps.within(10):
            pass
    steps.stop()


async def test_a_cancelled_task_is_cancelled_although_it_is_late() -> None:
    async def late() -> None:
        with Deadline(asyncio.get_running_loop()).within(0):
            try:
                await asyncio.sleep(10)
            finally:
                task.cancel()
                await asyncio.sleep(0)

    task = asyncio.create_task(late())
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_step_within_a_step_has_its_own_time() -> None:
    steps = Deadline(asyncio.get_running_loop())
    with steps.within(10):
        with pytest.raises(TimeoutError), steps.within(LATE):
            await asyncio.sleep(10)
        await asyncio.sleep(0)


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_trio_has_scopes(anyio_backend: str) -> None:
    assert anyio_backend == "trio"
    import trio

    steps = deadline()
    assert isinstance(steps, Scopes)
    with pytest.raises(TimeoutError), steps.within(LATE):
        await trio.sleep(10)
    steps.reschedule(0)
    steps.stop()
    with steps.within(10):
        await trio.sleep(0)
