"""When a screen is painted: as soon as something has changed, but not too often.

Textual's own timer beats on even when nothing has changed: what changes shortly after a
beat waits for the one after the next, up to two periods.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

PERIOD: Final = 1 / 60
"""Seconds from one beat to the next at least."""


class Beat:
    """Stands for the timer of a screen, as far as that uses it."""

    def __init__(self, paint: Callable[[], None]) -> None:
        """Make it; it rests.

        Args:
            paint: What to do at each beat.
        """
        self._paint = paint
        self._last = 0.0
        self._next: asyncio.TimerHandle | None = None

    def resume(self) -> None:
        """Beat once, as soon as may be."""
        if self._next is None:
            loop = asyncio.get_running_loop()
            self._next = loop.call_at(self._last + PERIOD, self._beat)

    def pause(self) -> None:
        """Beat no more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _beat(self) -> None:
        self._next = None
        self._last = asyncio.get_running_loop().time()
        self._paint()
