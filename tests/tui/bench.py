"""The app on a modelled lab, driven without sleeps."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual._context import visible_screen_stack
from textual.pilot import Pilot
from textual.strip import Strip

from tuilab.lab.lab import Lab
from tuilab.model.edits import Change
from tuilab.model.topology import Topology
from tuilab.tui.app import ExitChoice, Surroundings, TuilabApp
from tuilab.tui.screens.main import MainScreen
from tuilab.tui.widgets.form_row import FormRow

DEADLINE = 30.0


class Bench:
    """A running app and the hands on it."""

    def __init__(self, app: TuilabApp, pilot: Pilot[ExitChoice]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def lab(self) -> Lab:
        return self.app.lab

    @property
    def topology(self) -> Topology:
        return self.app.lab.snapshot.topology

    @property
    def main(self) -> MainScreen:
        return self.app.main

    async def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Let the app work until something holds."""
        async with asyncio.timeout(DEADLINE):
            while not holds():
                await self.pilot.pause()
        await self.pilot.pause()

    async def idle(self) -> None:
        """Let the app work until no key waits and no message is on its way."""
        await self.pilot.pause()
        await self.until(lambda: self.app.settled)

    async def press(self, *keys: str) -> None:
        """Press keys one by one, each when the one before has done its work."""
        for key in keys:
            await self.pilot.press(key)
            await self.idle()

    async def type(self, text: str) -> None:
        """Type into the focused field."""
        await self.press(*text)

    async def fill(self, name: str, text: str) -> None:
        """Put text into a field of the dialog in place of what is there."""
        from textual.widgets import Input

        field = self.app.screen.query_one(f"#{name}", Input)
        self.app.screen.set_focus(field)
        field.value = text
        await self.idle()

    async def choose(self, name: str, value: str) -> None:
        """Choose in a menu of the dialog."""
        from tuilab.tui.widgets.choice import Choice

        self.app.screen.query_one(f"#{name}", Choice).value = value
        await self.idle()

    async def edit(self, *changes: Change) -> None:
        """Change the lab from elsewhere."""
        for change in changes:
            await self.lab.edit(change)
        await self.idle()

    def problem(self, field: str) -> str:
        """What the dialog finds wrong with a field; without a name: with it all."""
        from textual.widgets import Static

        if field:
            rows = self.app.screen.query(FormRow)
            return next(filter(None, (row.problem(field) for row in rows)), "")
        shown = self.app.screen.query_one("#error", Static)
        return str(shown.render()) if shown.display else ""

    @property
    def strips(self) -> list[Strip]:
        """The rows of the screen, with what lies below a dialog."""
        visible_screen_stack.set(self.app._background_screens)
        return self.app.screen._compositor.render_strips()

    @property
    def text(self) -> str:
        """Everything on the screen."""
        return "\n".join(strip.text.rstrip() for strip in self.strips)

    @property
    def toasts(self) -> list[str]:
        """What toasts say."""
        return [n.message for n in self.app._notifications]

    @property
    def in_dialog(self) -> bool:
        return self.app.screen is not self.app.main


@asynccontextmanager
async def opened(
    topology: Topology | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    surroundings: Surroundings | None = None,
    ascii_only: bool = False,
    directory: Path = Path(),
    lab: Lab | None = None,
    mistakes: int = 0,
) -> AsyncIterator[Bench]:
    """The app on a lab; on one that is only a model unless one is given."""
    lab = lab or await Lab.preview(topology, reason="a test", directory=directory)
    reports = tempfile.TemporaryDirectory()
    surroundings = surroundings or Surroundings(reports=Path(reports.name))
    app = TuilabApp(lab, surroundings, ascii_only=ascii_only)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            app.clear_notifications()
            await pilot.pause()
            yield Bench(app, pilot)
        for mistake in app.mistakes[mistakes:]:
            raise mistake
    finally:
        await lab.aclose()
        reports.cleanup()
