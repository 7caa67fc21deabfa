"""Find something by its name or address."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.lab.snapshot import Snapshot
from tuilab.tui.canvas.graph import Item
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.screens.pick import Entry, PickDialog, fits
from tuilab.tui.text import Line, Span, plain
from tuilab.tui.widgets.tree_text import tree_rows


class FindScreen(PickDialog[Item, Item]):
    """Gives the item that was found."""

    title_text = "Find"
    verb = "Select"
    placeholder = "name or address"

    def __init__(self, snapshot: Snapshot, glyphs: Glyphs) -> None:
        super().__init__()
        self._rows = [
            (item, _named(item, row)) for item, row in tree_rows(snapshot, glyphs)
        ]

    def entries(self, query: str) -> Sequence[Entry[Item]]:
        """Everything whose name or address has what was typed."""
        return [
            (item, row)
            for item, row in self._rows
            if fits(query, f"{item} {plain(row)}")
        ]

    def picked(self, value: Item | None, query: str) -> None:
        """Select it."""
        if value is None:
            self.refuse(f'nothing is called "{query}"')
        else:
            self.dismiss(value)


def _named(item: Item, row: Line) -> Line:
    """A row of the list without its indent, the link with its namespace."""
    if item.ifname is None:
        return row
    _, state, words, *marks = row
    return state, Span(f" {item.namespace}:{words.text.strip()}"), *marks
