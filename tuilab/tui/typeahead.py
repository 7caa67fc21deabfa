"""Keys typed ahead: one at a time, each when the one before has done its work.

Over a slow line, and in scripts, people type ahead. Textual starts a key as soon as it
comes: it passes through the queues of the focused widget and its parents while the next
one may overtake it. Here a key waits until the one before has passed through all of
them, and until whatever that one started is ready: the dialog that opens, or the lab
after an edit. So no key ever reaches the wrong place.
"""

from __future__ import annotations

from collections import deque

from textual.events import Key, Paste

Typed = Key | Paste
"""What comes from the keyboard; what is pasted waits its turn like a key."""

PASSING = frozenset({"ctrl+q", "ctrl+c"})
"""Keys that are never kept: the way out must always be open."""


class TypeAhead:
    """The keys that wait.

    Attributes:
        holding: Something is getting ready.
        passing: A key is on its way through the widgets.
    """

    def __init__(self) -> None:
        self._waiting: deque[Typed] = deque()
        self.holding = False
        self.passing = False

    @property
    def idle(self) -> bool:
        """Whether every key has done its work."""
        return not (self.holding or self.passing or self._waiting)

    def keep(self, key: Typed) -> bool:
        """Take a key that must wait; False when it may go now."""
        if isinstance(key, Key) and key.key in PASSING:
            self.drop()
            return False
        if self.idle:
            return False
        self._waiting.append(key)
        return True

    def next(self) -> Typed | None:
        """The key to deliver now, if any."""
        if self.holding or self.passing or not self._waiting:
            return None
        return self._waiting.popleft()

    def drop(self) -> None:
        """Forget what waits, and hold nothing: it was meant for something else."""
        self._waiting.clear()
        self.holding = False
