"""What can be done with what is selected, for the foot of the inspector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tuilab.errors import TuilabError
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.toggle import toggle
from tuilab.tui.text import Line
from tuilab.tui.widgets.hints import hint_lines

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen

FEW = 5
"""What the switch of more things would run is not foretold."""


class Hints:
    """Gives the lines; a plan that was made for the same lab is not made again."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._planned: tuple[object, Sequence[str]] = (None, ())

    def __call__(self, item: Item | None) -> list[Line]:
        """What to say of one thing."""
        snapshot = self._screen.lab.snapshot
        key = (self._screen.selection, snapshot.topology, snapshot.observed)
        if self._planned[0] != key:
            self._planned = key, self._switch_commands()
        return hint_lines(item, self._screen.context(), self._planned[1])

    def _switch_commands(self) -> Sequence[str]:
        selection = self._screen.selection
        if len(selection) > FEW:
            return ()
        change = toggle(self._screen.topology, selection)
        try:
            return self._screen.lab.plan(change).commands if change else ()
        except TuilabError:
            return ()
