"""Before something is removed: what goes with it, and the commands."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from tuilab.errors import TuilabError
from tuilab.lab.lab import Lab
from tuilab.lab.snapshot import Snapshot
from tuilab.model.edits import Change
from tuilab.model.topology import Endpoint
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.text import contents, fit, line
from tuilab.tui.widgets.losses import losses
from tuilab.tui.widgets.plan_text import plan_lines


class DeleteScreen(Dialog[bool]):
    """Gives True once it is gone."""

    verb = "Remove"

    def __init__(
        self, change: Change, lab: Lab, captured: Sequence[Endpoint] = ()
    ) -> None:
        """Ask.

        Args:
            change: What removes it.
            lab: Where.
            captured: Links whose packets are being captured.
        """
        super().__init__()
        self._change = change
        self._lab = lab
        self._captured = captured
        self._programs: list[str] = []
        self._shown: object = None
        self.title_text = change.title[:1].upper() + change.title[1:]

    def body(self) -> ComposeResult:
        """What goes, and how."""
        with VerticalScroll(id="losses", classes="long", can_focus=False):
            yield Static(id="what")

    def on_mount(self) -> None:
        """Say what goes."""
        self._show()
        self.holder.run_job(self._look_for_programs, of=self)

    async def _look_for_programs(self) -> None:
        """What runs in namespaces that go ends."""
        before = self._lab.snapshot.topology
        after = self._change.apply(before)
        room, ellipsis = self.text_width - 2, self.holder.glyphs.ellipsis
        self._programs = [
            fit(f"process {program.pid} in {name}: {program.command}", room, ellipsis)
            for name in before.namespaces
            if name not in after.namespaces
            for program in await self._lab.processes(name)
        ]
        self._show()

    def _show(self) -> None:
        before = self._lab.snapshot.topology
        self._shown = before, self._lab.snapshot.observed
        try:
            after = self._change.apply(before)
            commands = self._lab.plan(self._change).commands
        except TuilabError as error:
            self.query_one("#what", Static).update("")
            self.refuse(str(error))
            return
        captures = [
            f"the capture of {endpoint}"
            for endpoint in self._captured
            if before.link(endpoint) is not None and after.link(endpoint) is None
        ]
        gone = [*losses(before, after), *captures, *self._programs]
        goes = [line(f"  {it}") for it in gone]
        head = line(("This goes with it:", "title"))
        lines = [head, *goes, line("")] if goes else []
        text = contents([*lines, *plan_lines(commands, self.text_width)])
        self.query_one("#what", Static).update(text)

    def lab_changed(self, snapshot: Snapshot) -> None:
        """Somebody else changed the lab: something else may go."""
        if self._shown != (snapshot.topology, snapshot.observed):
            self._show()

    async def run(self) -> None:
        """Remove it."""
        try:
            await self._lab.edit(self._change)
        except TuilabError as error:
            self.refuse(str(error))
        else:
            self.dismiss(True)
