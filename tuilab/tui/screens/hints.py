"""What can be done with what is selected, for the foot of the inspector."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuilab.errors import TuilabError
from tuilab.lab.lab import Lab
from tuilab.lab.snapshot import Snapshot
from tuilab.model.edits import Change
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.toggle import switched, toggle
from tuilab.tui.text import Line
from tuilab.tui.widgets.hints import hint_lines

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen

FEW = 10
"""What the switch of more links would run is not foretold."""
MANY = 100
"""Links in one namespace; to plan a change of them takes longer than keys may wait."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """The plan of a switch, and what it was made for.

    Attributes:
        selection: What is switched.
        snapshot: The lab.
        change: The switch.
        commands: What it would run.
    """

    selection: tuple[Item, ...] = ()
    snapshot: Snapshot | None = None
    change: Change | None = None
    commands: Sequence[str] = ()

    def holds(self, selection: tuple[Item, ...], snapshot: Snapshot) -> bool:
        """Whether it need not be made again."""
        known = self.snapshot
        return (
            known is not None
            and known.topology is snapshot.topology
            and known.observed is snapshot.observed
            and self.selection == selection
        )


class Hints:
    """Gives the lines; a plan that was made for the same lab is not made again."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._planned = _Planned()

    def __call__(self, item: Item | None) -> list[Line]:
        """What to say of one thing; of a large lab what is known by now, see `plan`."""
        selection, snapshot = self._screen.selection, self._screen.lab.snapshot
        if not self._planned.holds(selection, snapshot):
            change = _switch(selection, snapshot)
            if change is None or not _is_large(selection, snapshot):
                commands = _commands(self._screen.lab, change)
                self._planned = _Planned(selection, snapshot, change, commands)
            elif self._planned.selection != selection or (
                self._planned.change is None
                or self._planned.change.title != change.title
            ):
                self._planned = _Planned(selection, None, change)
        return hint_lines(item, self._screen.context(), self._planned.commands)

    async def plan(self) -> bool:
        """Plan beside the loop what takes long; whether there is other to say now."""
        selection, snapshot = self._screen.selection, self._screen.lab.snapshot
        known = self._planned
        if known.holds(selection, snapshot):
            return False
        change = _switch(selection, snapshot)
        if change is None or not _is_large(selection, snapshot):
            return False
        commands = await asyncio.to_thread(_commands, self._screen.lab, change)
        if self._screen.selection != selection:
            return False
        self._planned = _Planned(selection, snapshot, change, commands)
        return known.selection != selection or known.commands != commands


def _switch(selection: tuple[Item, ...], snapshot: Snapshot) -> Change | None:
    """What the switch would do, if that is to be foretold."""
    few = len(selection) <= FEW
    if few and len(switched(snapshot.topology, selection)) <= FEW:
        return toggle(snapshot.topology, selection)
    return None


def _is_large(selection: tuple[Item, ...], snapshot: Snapshot) -> bool:
    """Whether one of the namespaces that a switch is about has many links."""
    known = snapshot.topology.namespaces
    ends = switched(snapshot.topology, selection)
    return any(len(known[end.namespace].links) > MANY for end in ends)


def _commands(lab: Lab, change: Change | None) -> Sequence[str]:
    try:
        return lab.plan(change).commands if change else ()
    except TuilabError:
        return ()
