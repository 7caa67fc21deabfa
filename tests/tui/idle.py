"""When an app has nothing left to do, as its event loop knows it.

Textual's own pilot goes by the time of the processor: at least 20 ms for each look, and
on a busy machine a process that waits for its turn looks as if it were idle. The loop
knows better: nothing is ready, nothing is due soon, no thread works for it.
"""

from __future__ import annotations

import asyncio
import time
from asyncio.base_events import BaseEventLoop
from typing import Any

import pytest

SOON = 0.02
"""Seconds; what is due within these is waited for, as Textual's pilot does."""
SHORT = 0.3
"""Seconds after which work of a thread is taken for one that goes on and on."""
QUIET = 3
"""Rounds of the loop in which nothing else was to be done."""

_usual = BaseEventLoop.run_in_executor
_working: dict[asyncio.Future[Any], float] = {}


def _run_in_executor(loop: Any, executor: Any, func: Any, *args: Any) -> Any:
    future = _usual(loop, executor, func, *args)
    _working[future] = time.monotonic()
    future.add_done_callback(lambda done: _working.pop(done, None))
    return future


async def idle(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Wait until there is nothing left to do; in place of Textual's ``wait_for_idle``.

    Args:
        min_sleep: Not needed here.
        max_sleep: Seconds after which it is enough.
    """
    loop: Any = asyncio.get_running_loop()
    end = time.monotonic() + max_sleep
    quiet = 0
    while quiet < QUIET and time.monotonic() < end:
        due = _due(loop)
        if due is not None:
            await asyncio.sleep(max(due, 0))
        elif _at_work(loop):
            await asyncio.sleep(0.001)
        else:
            await asyncio.sleep(0)
        busy = due is not None or loop._ready or _at_work(loop)
        quiet = 0 if busy else quiet + 1


def _due(loop: Any) -> float | None:
    """Seconds until the next thing that is due soon; None when there is none."""
    now = loop.time()
    times = (it.when() - now for it in loop._scheduled if not it.cancelled())
    return min((it for it in times if it < SOON), default=None)


def _at_work(loop: Any) -> bool:
    """Whether a thread is doing something for the loop that will soon be done."""
    late = time.monotonic() - SHORT
    return any(begun > late for it, begun in _working.items() if it.get_loop() is loop)


@pytest.fixture(autouse=True)
def quick_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every pilot wait like that."""
    monkeypatch.setattr(BaseEventLoop, "run_in_executor", _run_in_executor)
    for module in ("app", "pilot"):
        monkeypatch.setattr(f"textual.{module}.wait_for_idle", idle)
