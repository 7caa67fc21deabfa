"""The dialog of generating: counts for what is large, commands for what is small."""

from __future__ import annotations

from tuilab.errors import UsageError
from tuilab.lab.lab import Lab
from tuilab.tui.forms.generate import Generate, counts
from tuilab.tui.screens.change import ChangeScreen
from tuilab.tui.text import Line, line

MOST_PLANNED = 150
"""Cables: to plan more takes longer than a person waits for a key."""


class GenerateScreen(ChangeScreen):
    """Gives the answers when the shape was made, None when it was not."""

    def __init__(self, form: Generate, lab: Lab) -> None:
        super().__init__(form, lab)
        self.large = True  # how much so is known only when it has been made
        self._shape = form

    def prepare(self) -> list[Line]:
        """The commands, if they are not too many."""
        shape = self._shape.shape(self.values)
        head = line(("Will make ", "title"), (counts(shape), "dim"))
        if len(shape.cables) <= MOST_PLANNED:
            return [head, *super().prepare()]
        self._change = self._shape.change(self.values)
        return [head, line(("Too many commands to list here.", "dim"))]

    @property
    def working(self) -> str:
        """What is being made."""
        try:
            return f"making {counts(self._shape.shape(self.values))} ..."
        except UsageError:
            return super().working
