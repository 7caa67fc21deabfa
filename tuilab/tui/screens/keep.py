"""After a change that may have cut the connection: keep it? No answer is a no."""

from __future__ import annotations

import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from tuilab.tui.moves import moves
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.text import Span, line


class KeepScreen(Dialog[bool]):
    """Gives True to keep it."""

    title_text = "Are you still there?"
    BINDINGS: ClassVar[list[BindingType]] = [*moves("keep")]

    def __init__(self, title: str, risk: str, seconds: float) -> None:
        super().__init__()
        self._said = f"{title}: done, but {risk}."
        self._deadline = time.monotonic() + seconds

    def body(self) -> ComposeResult:
        """What was done, and the time that is left."""
        yield Static(self._said, markup=False)
        yield Static(self._left(), id="left", markup=False)

    def on_mount(self) -> None:
        """Count down. What was typed before this is no answer to it."""
        self.holder.drop_keys()
        super().on_mount()
        self.set_interval(1.0, self._count)

    def _left(self) -> str:
        seconds = max(0, round(self._deadline - time.monotonic()))
        return f"\nWithout an answer it is taken back in {seconds} s."

    def _count(self) -> None:
        self.query_one("#left", Static).update(self._left())

    def buttons(self) -> tuple[Span, ...]:
        """Take back, or keep; Enter is no answer that one gives by mistake."""
        back = self.button("Take it back", "dialog.cancel", "dim")
        return line(back, "   ", self.button("Keep it", "keep.keep"))

    def action_keep(self) -> None:
        """It stays."""
        self.dismiss(True)

    async def run(self) -> None:
        """Enter: nothing; wait for a plain answer."""
        self.holder.release_keys()
