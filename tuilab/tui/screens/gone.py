"""The lab has ended while we looked at it."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.widgets import Static

from tuilab.lab import registry
from tuilab.lab.lab import Lab
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.text import Span, line


class GoneScreen(Dialog[bool]):
    """Gives True to leave; None to look around a little longer."""

    title_text = "The lab has ended"

    def __init__(self, reason: str, lab: Lab, save: str) -> None:
        """Tell.

        Args:
            reason: Why it has ended.
            lab: Which.
            save: The key that saves it.
        """
        super().__init__()
        self._save = save
        self._reason = reason
        self._lab = lab

    def body(self) -> ComposeResult:
        """Why, and how it can be had back."""
        yield Static(self._reason, markup=False)
        yield Static(id="rest", markup=False)

    def on_mount(self) -> None:
        """Find out what is left."""
        self.holder.run_job(self._say_what_is_left, of=self)

    async def _say_what_is_left(self) -> None:
        name = self._lab.name
        if await asyncio.to_thread(registry.outlived, self._lab.directory):
            text = f"Its history is kept. Start it again with: tuilab up {name}"
        else:
            text = "It was removed, and its history with it. "
            text += f"{self._save} still saves it."
        self.query_one("#rest", Static).update(f"\n{text}")

    def buttons(self) -> tuple[Span, ...]:
        """Leave, or look."""
        look = self.button("Look around", "dialog.cancel", "dim")
        return line(look, "   ", self.button("Quit", "dialog.run"))

    async def run(self) -> None:
        """Leave."""
        self.dismiss(True)
