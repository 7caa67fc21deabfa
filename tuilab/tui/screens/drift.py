"""Before drift is put right, or becomes the wish: what it is, and what that takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tuilab.errors import TuilabError
from tuilab.lab.lab import Lab
from tuilab.lab.snapshot import Snapshot
from tuilab.tui.canvas.graph import Item
from tuilab.tui.moves import moves
from tuilab.tui.screens.dialog import Answer, Dialog
from tuilab.tui.text import Line, Span, line, wrapped
from tuilab.tui.widgets.drift_text import drift_of, scope_of
from tuilab.tui.widgets.long_text import LongText
from tuilab.tui.widgets.plan_text import plan_lines


class _DriftScreen(Dialog[Answer]):
    """Shows what is otherwise, and follows the lab while it does."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self._lab = lab
        self._shown: object = None

    def body(self) -> ComposeResult:
        """What it is about."""
        with VerticalScroll(id="about", classes="long"):
            yield LongText(id="what")

    def on_mount(self) -> None:
        """Say what it is about."""
        self._show()

    def lab_changed(self, snapshot: Snapshot) -> None:
        """Something else may be otherwise now."""
        if self._shown != (snapshot.topology, snapshot.observed):
            self._show()

    def _show(self) -> None:
        snapshot = self._lab.snapshot
        self._shown = snapshot.topology, snapshot.observed
        try:
            lines = self.lines(snapshot)
        except TuilabError as error:
            self.query_one(LongText).lines = []
            self.refuse(str(error))
            return
        self.query_one("#error", Static).set_class(False, "-shown")
        self.query_one(LongText).lines = lines

    def lines(self, snapshot: Snapshot) -> list[Line]:
        """What would be done; raises what stands against it."""
        raise NotImplementedError

    def listed(self, head: str, things: Iterable[object]) -> list[Line]:
        """Facts below a heading."""
        lines = [line((head, "title"))]
        for it in things:
            lines += wrapped(str(it), self.text_width, indent=2)
        return [*lines, line("")]


class RepairScreen(_DriftScreen[bool]):
    """Gives True once it is put right."""

    verb = "Repair"
    BINDINGS: ClassVar[list[BindingType]] = [*moves("drift")]

    def __init__(self, lab: Lab, item: Item | None) -> None:
        """Ask.

        Args:
            lab: What has drifted.
            item: What to put right of it; None for everything.
        """
        super().__init__(lab)
        self._item = item
        self.title_text = "Repair drift"

    def lines(self, snapshot: Snapshot) -> list[Line]:
        """What is otherwise, and the commands against it."""
        found = drift_of(snapshot, self._item)
        plan = self._lab.repairs(scope_of(snapshot, self._item))
        self.show_buttons()
        where = f"{self._item} is" if self._item else "the lab is"
        return [
            *self.listed(f"Otherwise than {where} to be:", found),
            *plan_lines(plan.commands, self.text_width, entry="no undo entry"),
        ]

    def buttons(self) -> tuple[Span, ...]:
        """Where one thing is selected, there may be more in the lab."""
        drift = self._lab.snapshot.drift
        if len(drift_of(self._lab.snapshot, self._item)) == len(drift):
            return super().buttons()
        cancel, gap, run = super().buttons()
        every = self.button(f"All {len(drift)} of the lab", "drift.all")
        return (cancel, gap, every, gap, run)

    def action_all(self) -> None:
        """Everything in the lab."""
        self._item = None
        self._show()

    async def run(self) -> None:
        """Put it right."""
        try:
            await self._lab.repair(scope_of(self._lab.snapshot, self._item))
        except TuilabError as error:
            self.refuse(str(error))
        else:
            self.dismiss(True)


class AdoptScreen(_DriftScreen[str]):
    """Gives what was done once it is the wish."""

    verb = "Adopt"
    title_text = "Adopt drift"

    def __init__(self, lab: Lab, undo: str) -> None:
        """Ask.

        Args:
            lab: What has drifted.
            undo: The key that takes it back.
        """
        super().__init__(lab)
        self._undo = undo

    def lines(self, snapshot: Snapshot) -> list[Line]:
        """What becomes the wish, and what can't."""
        found = self._lab.adoption()
        left = self.listed("Can't be adopted, and stays drift:", found.left)
        taken = [it for it in snapshot.drift if it not in found.left]
        return [
            *(self.listed("Becomes what the lab is to be:", taken) if taken else ()),
            *(left if found.left else ()),
            line(("Will run ", "title"), ("no command, one undo entry", "dim")),
        ]

    async def run(self) -> None:
        """Have it so."""
        try:
            outcome = await self._lab.adopt()
        except TuilabError as error:
            self.refuse(str(error))
        else:
            said = [f"done: {outcome.title} ({self._undo} undoes it)", *outcome.notes]
            self.dismiss("\n".join(said))
