"""Something went wrong inside tuilab: say so, say where the report is, go on."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.text import Span


class ReportScreen(Dialog[bool]):
    """Names the error and the saved report."""

    title_text = "Something went wrong inside tuilab"

    def __init__(self, error: Exception, where: str) -> None:
        super().__init__()
        self._error = error
        self._where = where

    def body(self) -> ComposeResult:
        """The error in one line, and the file."""
        said = f"{type(self._error).__name__}: {self._error}"
        yield Static(said[:500], markup=False)
        yield Static(f"\nA report is in {self._where}", markup=False)
        yield Static("The lab goes on, and so does tuilab.", markup=False)

    def buttons(self) -> tuple[Span, ...]:
        """Only one."""
        return (self.button("Go on", "dialog.run"),)

    async def run(self) -> None:
        """Go on. No verb waits for this dialog, so the keys are free at once."""
        self.dismiss(True)
        self.holder.release_keys()
