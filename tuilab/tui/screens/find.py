"""Find something by its name or address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from tuilab.lab.snapshot import Snapshot
from tuilab.tui.canvas.graph import Item
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.screens.pick import Entry, PickDialog, distance, fits
from tuilab.tui.text import Line, plain
from tuilab.tui.widgets.tree_text import Row, tree_rows


class Found(NamedTuple):
    """Something that can be found.

    Attributes:
        item: It, or what it belongs to.
        row: As it is listed.
        itself: Whether the row is about the item and not about a part of it.
        text: What it is found by, in small letters.
    """

    item: Item
    row: Line
    itself: bool
    text: str


def everything(snapshot: Snapshot, glyphs: Glyphs) -> list[Found]:
    """All there is in a lab; may be looked up beside the loop."""
    found = []
    for row in tree_rows(snapshot, glyphs):
        named = _named(row, glyphs)
        text = f"{row.item} {plain(named)}".lower()
        found.append(Found(row.item, named, row.key == str(row.item), text))
    return found


class FindScreen(PickDialog[Item, Item]):
    """Gives the item that was found."""

    title_text = "Find"
    verb = "Select"
    placeholder = "name or address"

    def __init__(self, found: Sequence[Found]) -> None:
        """Ask.

        Args:
            found: What there is, see `everything`.
        """
        super().__init__()
        self._found = found

    def entries(self, query: str) -> Sequence[Entry[Item]]:
        """What has the typed words; first what is named so."""
        found = [
            (_distance(query, it.item) if it.itself else 2, it.item, it.row)
            for it in self._found
            if fits(query, it.text)
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
