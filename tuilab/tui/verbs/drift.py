"""Verbs about what was changed outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuilab.tui.screens.drift import AdoptScreen, RepairScreen
from tuilab.tui.widgets.drift_text import drift_of

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen


async def repair(screen: MainScreen) -> None:
    """Show what would be put right, of the selection if it has drifted, and do it."""
    item = screen.selected
    if item is not None and not drift_of(screen.lab.snapshot, item):
        item = None
    if await screen.session.push_screen_wait(RepairScreen(screen.lab, item)):
        screen.session.say("done: repair drift")
    screen.refresh_lab()


async def adopt(screen: MainScreen) -> None:
    """Show what would become the wish, and have it so."""
    dialog = AdoptScreen(screen.lab, screen.session.key("undo"))
    said = await screen.session.push_screen_wait(dialog)
    screen.refresh_lab()
    if said:
        screen.session.say(said)
