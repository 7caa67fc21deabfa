"""The address plan: who has which address on a segment, what is free, what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence, Set

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget

from tuilab.lab.snapshot import Snapshot
from tuilab.model.address_plan import Plan, plan_words, plans
from tuilab.model.topology import Endpoint, Topology
from tuilab.tui.late import Late, is_large
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.text import Line, line
from tuilab.tui.widgets.long_text import LongText


class AddressesScreen(Dialog[bool]):
    """Shows the plans of some links' segments, or of all."""

    title_text = "Address plan"
    verb = ""

    def __init__(self, topology: Topology, ends: tuple[Endpoint, ...] = ()) -> None:
        """Show it.

        Args:
            topology: The lab.
            ends: Links on the segments that are shown; none for all of them.
        """
        super().__init__()
        self._topology = topology
        self._ends = frozenset(ends)
        self._finding = Late(self, self._find)

    def body(self) -> ComposeResult:
        """All plans, one below the other."""
        with VerticalScroll(id="plans", classes="long"):
            yield LongText(id="text")

    def first_focus(self) -> Widget | None:
        """What scrolls."""
        return self.query_one("#plans")

    def on_mount(self) -> None:
        """Show the plans."""
        self._say([line(("looking ...", "dim"))])
        self._show()

    def _show(self) -> None:
        """Show the plans; of a large lab as soon as they are known."""
        if is_large(self._topology):
            self._finding.soon()
        else:
            self._say(_found(self._topology, self._ends))

    async def _find(self) -> None:
        self._say(await asyncio.to_thread(_found, self._topology, self._ends))

    def _say(self, lines: Sequence[Line]) -> None:
        for text in self.query(LongText):  # none on the way out
            text.lines = lines

    def lab_changed(self, snapshot: Snapshot) -> None:
        """Somebody changed the lab."""
        self._topology = snapshot.topology
        self._show()

    async def run(self) -> None:
        """Close it."""
        self.dismiss(True)


def _found(topology: Topology, ends: Set[Endpoint]) -> list[Line]:
    """The plans of some links' segments, or of all."""
    found = plans(topology)
    shown = [plan for plan in found if not ends.isdisjoint(plan.ends)]
    lines: list[Line] = []
    for plan in shown or found:
        lines += [line("")] * bool(lines) + plan_lines(plan)
    return lines or [line(("No link has an address yet.", "dim"))]


def plan_lines(plan: Plan) -> list[Line]:
    """A plan as text."""
    lines = [line((plan.name, "title"))]
    for words in plan_words(plan):
        if words.startswith("!"):
            lines.append(line((f"  {words}", "bad")))
        elif "free: " in words:
            lines.append(line((f"  {words}", "good")))
        else:
            lines.append(line(f"  {words}"))
    return lines
