"""Looks closely at what the inspector shows, once a second while it is in sight."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuilab.errors import TuilabError
from tuilab.lab.closeup import Closeup
from tuilab.tui.screens.hints import Hints
from tuilab.tui.widgets.inspector_text import spots_of

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen

PERIOD = 1.0
"""Seconds between looks."""


class CloseLook:
    """Keeps the inspector's close-up fresh; nothing is asked while nobody sees it."""

    def __init__(self, screen: MainScreen, hints: Hints) -> None:
        self._screen = screen
        self._hints = hints
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Look whenever it is time, or something changed; for as long as it is let."""
        screen = self._screen
        screen.watch(screen.canvas, "scroll_y", self._drawing_moves, init=False)
        while True:
            try:
                async with asyncio.timeout(PERIOD):
                    await self._wanted.wait()
            except TimeoutError:
                pass
            self._wanted.clear()
            await self._look()

    def soon(self) -> None:
        """Something else is to be seen, or it changed: don't wait for the second."""
        self._wanted.set()

    def possible(self) -> bool:
        """Whether there is anybody to look closely for."""
        return self._screen.panes.inspecting and not self._screen.session.gone

    def _drawing_moves(self) -> None:
        """What is told of something else goes before the drawing goes up or down.

        A terminal moves whole rows, those of the inspector with it: they would be sent
        once more only to be replaced.
        """
        screen = self._screen
        leaves = screen.map is screen.canvas and screen.inspector.item != (
            screen.canvas.selected
        )
        if leaves and self.possible():
            screen.inspector.let_go()

    async def _look(self) -> None:
        screen = self._screen
        if not screen.query("#inspector"):
            return  # the screen is on its way out
        item = screen.inspector.item
        if item is None or not self.possible():
            return
        try:
            closeup = await screen.lab.closeup(spots_of(item))
        except TuilabError:
            # What the lab itself knows of it is shown then, with its own errors.
            closeup = Closeup()
        planned = await self._hints.plan()
        if screen.query("#inspector") and screen.inspector.item == item:
            screen.inspector.look_closer(closeup, again=planned)
