"""Keys typed while something is on its way: kept, and delivered in order.

Over a slow line, and in scripts, people type ahead. A key that starts something holds
all keys behind it until that something is ready for them: the dialog that opens, or
the lab after an edit. So no key ever reaches the wrong place.
"""

from __future__ import annotations

from collections import deque

from textual.events import Key

PASSING = frozenset({"ctrl+q", "ctrl+c"})
"""Keys that are never kept: the way out must always be open."""


class TypeAhead:
    """The keys that wait."""

    def __init__(self) -> None:
        self._waiting: deque[Key] = deque()
        self.holding = False

    def keep(self, key: Key) -> bool:
        """Take a key that must wait; False when it may pass."""
        if key.key in PASSING:
            self.drop()
            return False
        if not self.holding and not self._waiting:
            return False
        self._waiting.append(key)
        return True

    def next(self) -> Key | None:
        """The key to deliver now, if any."""
        if self.holding or not self._waiting:
            return None
        return self._waiting.popleft()

    def drop(self) -> None:
        """Forget what waits, and hold nothing: it was meant for something else."""
        self._waiting.clear()
        self.holding = False
