"""Verbs of the first minute: the tour, a ready lab, what the machine has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuilab.tui.verbs.lab import load_from

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen


async def tour(screen: MainScreen) -> None:
    """Build a first lab step by step."""
    screen.guide.start()


async def example(screen: MainScreen) -> None:
    """Load one of the labs that come with tuilab."""
    await load_from(screen, ())
