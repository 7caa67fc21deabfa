"""Before something is removed: what goes with it, and the commands."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from tuilab.errors import TuilabError
from tuilab.lab.lab import Lab
from tuilab.model.edits import Change
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.text import contents, line
from tuilab.tui.widgets.losses import losses
from tuilab.tui.widgets.plan_text import plan_lines


class DeleteScreen(Dialog[bool]):
    """Gives True once it is gone."""

    DEFAULT_CSS = """
    DeleteScreen #losses { height: auto; max-height: 16; }
    """
    verb = "Delete"

    def __init__(self, change: Change, lab: Lab) -> None:
        super().__init__()
        self._change = change
        self._lab = lab
        self.title_text = change.title.capitalize()

    def body(self) -> ComposeResult:
        """What goes, and how."""
        with VerticalScroll(id="losses", can_focus=False):
            yield Static(id="what")

    def on_mount(self) -> None:
        """Say what goes."""
        before = self._lab.snapshot.topology
        try:
            after = self._change.apply(before)
            commands = self._lab.plan(self._change).commands
        except TuilabError as error:
            self.refuse(str(error))
        else:
            goes = [line(f"  {loss}") for loss in losses(before, after)]
            head = line(("This goes with it:", "title"))
            lines = [head, *goes, line("")] if goes else []
            text = contents([*lines, *plan_lines(commands, self.text_width)])
            self.query_one("#what", Static).update(text)

    async def run(self) -> None:
        """Remove it."""
        try:
            await self._lab.edit(self._change)
        except TuilabError as error:
            self.refuse(str(error))
        else:
            self.dismiss(True)
