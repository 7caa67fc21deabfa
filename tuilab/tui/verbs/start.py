"""Verbs of the first minute: the tour, a ready lab, what the machine has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tuilab.tui.screens.machine import MachineScreen
from tuilab.tui.surroundings import ExitChoice
from tuilab.tui.verbs.lab import load_from

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen


async def tour(screen: MainScreen) -> None:
    """Build a first lab step by step."""
    screen.guide.start()


async def example(screen: MainScreen) -> None:
    """Load one of the labs that come with tuilab."""
    await load_from(screen, ())


async def machine(screen: MainScreen) -> None:
    """Import what exists on this machine, which is only to be seen from outside.

    So this visit ends, and the next one begins here with what was seen.
    """
    session = screen.session
    found = session.around.machine
    if found is None:
        session.exit(ExitChoice("machine"))
        return
    # It gets old: the next time it is looked at again.
    session.around = replace(session.around, machine=None)
    if await session.push_screen_wait(MachineScreen(screen.lab, found)):
        key = session.key("undo")
        session.say(f"done: import from this machine ({key} undoes it)")
    screen.refresh_lab()
