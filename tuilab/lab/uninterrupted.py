"""Things that must not be left half way when whoever waits for them is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import ParamSpec, TypeVar

from tuilab.model.topology import Namespace
from tuilab.plan.state import NamespaceState

P = ParamSpec("P")
T = TypeVar("T")

MANY = 100
"""Namespaces and their links; a plan for so many is made beside the loop."""


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


def are_many(namespaces: Iterable[Namespace | NamespaceState | None]) -> bool:
    """Whether it takes long to go through so many links in so many namespaces."""
    count = 0
    for namespace in namespaces:
        count += 1 + len(namespace.links if namespace else ())
        if count > MANY:
            return True
    return False


async def beside(
    large: bool, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """What comes of pure work; of much of it in a thread, so that the loop goes on."""
    if not large:
        return work(*args, **kwargs)
    return await uninterrupted(asyncio.to_thread(work, *args, **kwargs))
