"""Before what exists on this machine is put into the lab: what that is, and takes."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from tuilab.errors import TuilabError
from tuilab.lab.lab import Lab
from tuilab.model.edits import become
from tuilab.plan.imported import Imported
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.text import Line, contents, line, wrapped
from tuilab.tui.widgets.files import difference_line
from tuilab.tui.widgets.plan_text import plan_lines


class MachineScreen(Dialog[bool]):
    """Gives True once it is in the lab."""

    verb = "Import"
    title_text = "Import from this machine"

    def __init__(self, lab: Lab, found: Imported) -> None:
        super().__init__()
        self._lab = lab
        self._found = found
        self._change = become("import from this machine", found.topology)

    def body(self) -> ComposeResult:
        """What it is about."""
        with VerticalScroll(id="about", classes="long"):
            yield Static(id="what")

    def first_focus(self) -> Widget | None:
        """What may be longer than there is room for."""
        return self.query_one("#about")

    def on_mount(self) -> None:
        """Say what would be made, what is left out, and the commands."""
        try:
            lines = self._lines()
        except TuilabError as error:
            self.refuse(str(error))
        else:
            self.query_one("#what", Static).update(contents(lines))

    def _lines(self) -> list[Line]:
        now = self._lab.snapshot.topology
        lines = [
            line("A copy in this sandbox; the machine itself is not changed."),
            difference_line(now, self._found.topology),
            line(""),
        ]
        if self._found.notes:
            lines.append(line(("Not in it:", "title")))
            for note in self._found.notes:
                lines += wrapped(note, self.text_width, indent=2)
            lines.append(line(""))
        commands = self._lab.plan(self._change).commands
        return [*lines, *plan_lines(commands, self.text_width)]

    async def run(self) -> None:
        """Have it in the lab, by one edit."""
        now = self._lab.snapshot.topology
        if self._change.apply(now) == now:
            self.dismiss(False)
            return
        try:
            await self._lab.edit(self._change)
        except TuilabError as error:
            self.refuse(str(error))
        else:
            self.dismiss(True)
