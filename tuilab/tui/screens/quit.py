"""Before leaving: does the lab stay?"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from tuilab.tui.moves import moves
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.surroundings import ExitChoice
from tuilab.tui.text import Span, line


class QuitScreen(Dialog[ExitChoice]):
    """Keep the lab running, or remove it."""

    title_text = "Quit"
    BINDINGS: ClassVar[list[BindingType]] = [*moves("quit")]

    def __init__(self, name: str, preview: bool) -> None:
        super().__init__()
        self._lab_name = name
        self._preview = preview

    def body(self) -> ComposeResult:
        """What the choice means."""
        if self._preview:
            said = (
                "This lab is only a preview: it ends here. ctrl+s saves it to a file."
            )
        else:
            said = (
                f'"{self._lab_name}" goes on running without tuilab on the screen.\n'
                f"Come back with:       tuilab {self._lab_name}\n"
                f"Remove it later with: tuilab down {self._lab_name}"
            )
        yield Static(said, markup=False)

    def buttons(self) -> tuple[Span, ...]:
        """Stay, keep, remove."""
        stay = Span("[ Stay  Esc ]", "dim", "screen.cancel")
        if self._preview:
            return line(stay, "   ", Span("[ Quit  Enter ]", "key", "screen.run"))
        return line(
            stay,
            "   ",
            Span("[ Keep it running  Enter ]", "key", "screen.run"),
            "   ",
            Span("[ Remove the lab  r ]", "bad", "screen.remove"),
        )

    async def run(self) -> None:
        """Leave; the lab stays."""
        self.dismiss(ExitChoice("keep"))

    def action_keep(self) -> None:
        """Leave; the lab stays."""
        self.dismiss(ExitChoice("keep"))

    def action_remove(self) -> None:
        """Leave; the lab goes."""
        if not self._preview:
            self.dismiss(ExitChoice("remove"))
