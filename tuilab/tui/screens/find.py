"""Find something by its name or address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tuilab.lab.snapshot import Snapshot
from tuilab.tui.canvas.graph import Item
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.screens.pick import Entry, PickDialog, distance, fits
from tuilab.tui.text import Line, plain
from tuilab.tui.widgets.tree_text import Row, tree_rows


class FindScreen(PickDialog[Item, Item]):
    """Gives the item that was found."""

    title_text = "Find"
    verb = "Select"
    placeholder = "name or address"

    def __init__(self, snapshot: Snapshot, glyphs: Glyphs) -> None:
        super().__init__()
        self._rows = [
            (row.item, _named(row, glyphs), row.key == str(row.item))
            for row in tree_rows(snapshot, glyphs)
        ]

    def entries(self, query: str) -> Sequence[Entry[Item]]:
        """What has the typed words; first what is named so."""
        found = [
            (_distance(query, item) if itself else 2, item, row)
            for item, row, itself in self._rows
            if fits(query, f"{item} {plain(row)}")
        ]
        # The order of the tree is kept among what is equally near.
        found.sort(key=lambda one: one[0])
        return [(item, row) for _, item, row in found]

    def picked(self, value: Item | None, query: str) -> None:
        """Select it."""
        if value is None:
            self.refuse(f'nothing is called "{query}"')
        else:
            self.dismiss(value)


def _distance(query: str, item: Item) -> int:
    return distance(query, str(item), item.ifname or item.namespace)


def _named(row: Row, glyphs: Glyphs) -> Line:
    """A line of the tree without its indent, everything with its namespace."""
    whole = replace(row, name=str(row.item)) if row.item.ifname or not row.name else row
    return whole.line(glyphs, indent=False)
