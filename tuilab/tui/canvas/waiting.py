"""Keys that wait for a drawing; after a while that is said."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget

from tuilab.tui.base import BaseApp

SLOW = 0.2
"""Seconds after which it is said."""


class Waiting:
    """Keeps keys from `begin` to `end`.

    Attributes:
        told: Whether it has taken so long that it is said.
    """

    def __init__(self, widget: Widget, tell: Callable[[], None]) -> None:
        """Nothing waits yet.

        Args:
            widget: What is drawn.
            tell: Called when there is something to say, or no longer.
        """
        self._widget = widget
        self._tell = tell
        self._holding = False
        self._slow: Timer | None = None
        self.told = False

    def begin(self) -> None:
        """Keep all further keys, unless somebody does so already."""
        app = self._widget.app
        if not self._holding and isinstance(app, BaseApp) and not app.holding:
            self._holding = True
            app.hold_keys()
            self._slow = self._widget.set_timer(SLOW, self._say)

    def _say(self) -> None:
        self.told = True
        self._tell()

    def end(self) -> None:
        """Deliver the keys that were kept."""
        if not self._holding:
            return
        self._holding = False
        if self._slow is not None:
            self._slow.stop()
        if self.told:
            self.told = False
            self._tell()
        app = self._widget.app
        if isinstance(app, BaseApp):
            app.release_keys()
