"""Before something is removed: what goes with it, and the commands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from tuilab.errors import TuilabError
from tuilab.lab.lab import Lab
from tuilab.lab.snapshot import Snapshot
from tuilab.lab.uninterrupted import beside
from tuilab.model.edits import Change
from tuilab.model.topology import Endpoint, Topology
from tuilab.tui.late import Late, is_large
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.text import Line, fit, line
from tuilab.tui.widgets.long_text import LongText
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
        self._busy = False
        self._finding = Late(self, self._find)
        self.title_text = change.title[:1].upper() + change.title[1:]

    def body(self) -> ComposeResult:
        """What goes, and how."""
        with VerticalScroll(id="losses", classes="long", can_focus=False):
            yield LongText(id="what")

    def on_mount(self) -> None:
        """Say what goes."""
        if is_large(self._lab.snapshot.topology):
            self._say([line(("planning ...", "dim"))])
        self._show()
        self.holder.run_job(self._look_for_programs, of=self)

    async def _look_for_programs(self) -> None:
        """What runs in namespaces that go ends."""
        before = self._lab.snapshot.topology
        after = await beside(is_large(before), self._change.apply, before)
        room, ellipsis = self.text_width - 2, self.holder.glyphs.ellipsis
        gone = [name for name in before.namespaces if name not in after.namespaces]
        self._programs = [
            fit(f"process {program.pid} in {name}: {program.command}", room, ellipsis)
            for name, programs in (await self._lab.processes(gone)).items()
            for program in programs
        ]
        if self._programs:
            self._show()

    def _show(self) -> None:
        """Say what goes as things are now; of a large lab as soon as it is known."""
        snapshot = self._lab.snapshot
        self._shown = snapshot.topology, snapshot.observed
        if is_large(snapshot.topology):
            self._finding.soon()
            return
        try:
            self._say(self._found(snapshot.topology))
        except TuilabError as error:
            self._refuse_at_once(error)

    async def _find(self) -> None:
        try:
            topology = self._lab.snapshot.topology
            found = await asyncio.to_thread(self._found, topology)
        except TuilabError as error:
            self._refuse_at_once(error)
        else:
            self._say(found)

    def _refuse_at_once(self, error: TuilabError) -> None:
        if self.is_attached and not self._busy:
            self._say([])
            self.refuse(str(error))

    def _say(self, lines: Sequence[Line]) -> None:
        for text in self.query(LongText):  # none on the way out
            text.lines = lines

    def _found(self, before: Topology) -> list[Line]:
        """What goes, and the commands; may be found beside the loop."""
        after = self._change.apply(before)
        commands = self._lab.plan(self._change).commands
        captures = [
            f"the capture of {endpoint}"
            for endpoint in self._captured
            if before.link(endpoint) is not None and after.link(endpoint) is None
        ]
        gone = [*losses(before, after), *captures, *self._programs]
        goes = [line(f"  {it}") for it in gone]
        head = line(("This goes with it:", "title"))
        lines = [head, *goes, line("")] if goes else []
        return [*lines, *plan_lines(commands, self.text_width)]

    def lab_changed(self, snapshot: Snapshot) -> None:
        """Somebody else changed the lab: something else may go."""
        if not self._busy and self._shown != (snapshot.topology, snapshot.observed):
            self._show()

    async def run(self) -> None:
        """Remove it."""
        self._busy = True
        try:
            await self._lab.edit(self._change)
        except TuilabError as error:
            self.refuse(str(error))
        else:
            self.dismiss(True)
        finally:
            self._busy = False
