"""Things that must not be left half way when whoever waits for them is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def uninterrupted(work: Awaitable[T]) -> T:
    """What comes of it; a cancellation takes effect only when it has ended."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # nobody is left to be told
        raise


async def beside(
    large: bool, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """What comes of pure work; of much of it in a thread, so that the loop goes on."""
    if not large:
        return work(*args, **kwargs)
    return await uninterrupted(asyncio.to_thread(work, *args, **kwargs))
