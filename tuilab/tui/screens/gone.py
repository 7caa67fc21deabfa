"""The lab has ended while we looked at it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.text import Span, line


class GoneScreen(Dialog[bool]):
    """Gives True to leave; None to look around a little longer."""

    title_text = "The lab has ended"

    def __init__(self, reason: str, name: str) -> None:
        super().__init__()
        self._reason = reason
        self._lab_name = name

    def body(self) -> ComposeResult:
        """Why, and how it can be had back."""
        yield Static(self._reason, markup=False)
        yield Static(
            f"\nIts history is kept. Start it again with: tuilab {self._lab_name}",
            markup=False,
        )

    def buttons(self) -> tuple[Span, ...]:
        """Leave, or look."""
        look = Span("[ Look around  Esc ]", "dim", "screen.cancel")
        return line(look, "   ", Span("[ Quit  Enter ]", "key", "screen.run"))

    async def run(self) -> None:
        """Leave."""
        self.dismiss(True)
