"""The address plan: who has which address on a segment, what is free, what is wrong."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from tuilab.lab.snapshot import Snapshot
from tuilab.model.address_plan import Plan, plan_words, plans
from tuilab.model.topology import Endpoint, Topology
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.text import Line, contents, line


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

    def body(self) -> ComposeResult:
        """All plans, one below the other."""
        with VerticalScroll(id="plans", classes="long"):
            yield Static(id="text", markup=False)

    def first_focus(self) -> Widget | None:
        """What scrolls."""
        return self.query_one("#plans")

    def on_mount(self) -> None:
        """Show the plans."""
        self._show()

    def _show(self) -> None:
        found = plans(self._topology)
        shown = [plan for plan in found if not self._ends.isdisjoint(plan.ends)]
        lines: list[Line] = []
        for plan in shown or found:
            lines += [line("")] * bool(lines) + plan_lines(plan)
        if not lines:
            lines = [line(("No link has an address yet.", "dim"))]
        self.query_one("#text", Static).update(contents(lines))

    def lab_changed(self, snapshot: Snapshot) -> None:
        """Somebody changed the lab."""
        self._topology = snapshot.topology
        self._show()

    async def run(self) -> None:
        """Close it."""
        self.dismiss(True)


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
