"""The lab as a tree: for small windows, screen readers, and finding things fast."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.reactive import reactive

from tuilab.lab.snapshot import Snapshot
from tuilab.tui.actions import bindings
from tuilab.tui.canvas.graph import Item
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.late import Late, is_large
from tuilab.tui.moves import moves
from tuilab.tui.text import Line, line, width
from tuilab.tui.widgets.hints import Card
from tuilab.tui.widgets.pick_view import PickView
from tuilab.tui.widgets.tree_text import Row, tree_rows


class TreeView(PickView):
    """One thing a line; what has something below it can be folded."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *moves("tree"),
        # Keys of the drawing are known here too, to say where they work.
        *bindings("canvas"),
        *bindings("empty"),
    ]

    snapshot: reactive[Snapshot | None] = reactive(None)

    @dataclass
    class Selected(Message):
        """Another item is the current one."""

        item: Item | None

    @dataclass
    class Opened(Message):
        """An item was chosen."""

        item: Item

    @dataclass
    class Marked(Message):
        """An item is to be one end of a cable."""

        item: Item

    @dataclass
    class CardChosen(Message):
        """A line of the card of an empty lab was clicked."""

        action: str

    def __init__(self, glyphs: Glyphs = UNICODE, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._glyphs = glyphs
        self._rows: list[Row] = []
        self._widest = 0
        self._building = Late(self, self._build_beside)
        self._folded: set[str] = set()
        self._stale = False
        self._chosen: Item | None = None
        self._key = ""
        self._card = Card("", {})

    @property
    def card(self) -> Card:
        """What stands below the list of an empty lab: the first keys."""
        return self._card

    @card.setter
    def card(self, card: Card) -> None:
        self._card = card
        self.lines_changed()

    @property
    def _card_lines(self) -> list[str]:
        """The card, while nothing but the lab's own namespace is listed."""
        return ["", *self._card.text.splitlines()] if len(self._rows) == 1 else []

    @property
    def selected(self) -> Item | None:
        """The current item."""
        return self._rows[self.cursor].item if self._rows else None

    @selected.setter
    def selected(self, item: Item | None) -> None:
        if item is not None and item.cable is not None:
            # A cable is not listed; its first end is.
            item = Item("link", item.namespace, item.ifname)
        if self._stale or item is None:
            self._chosen, self._key = item, ""
            return
        if self._rows and self.selected == item:
            # The cursor may stand on a route of what is selected.
            return
        if self._find(str(item)) is None and self._unfold(item.namespace):
            self._chosen, self._key = item, ""
            self._build()
        index = self._find(str(item))
        if index is not None:
            self.cursor = index

    def watch_snapshot(self) -> None:
        """Show it; the cursor stays on its line. Nothing to do while out of sight."""
        self._stale = True
        if self.display:
            self._build()

    def notify_style_update(self) -> None:
        """Come into sight, which the style sheet decides."""
        super().notify_style_update()
        if self._stale and self.display:
            self._build()

    def _build(self) -> None:
        """List what is not folded: of a large lab as soon as that is known."""
        if self.snapshot is None or not is_large(self.snapshot.topology):
            self._show(*self._listed())
        else:
            self._stale = True
            self._building.soon()

    async def _build_beside(self) -> None:
        self._show(*await asyncio.to_thread(self._listed))

    def _listed(self) -> tuple[list[Row], int]:
        """The rows, and the cells of the longest."""
        snapshot, glyphs, folded = self.snapshot, self._glyphs, frozenset(self._folded)
        rows = tree_rows(snapshot, glyphs, folded) if snapshot else []
        return rows, max((width(row.line(glyphs)) for row in rows), default=0)

    def _show(self, rows: list[Row], widest: int) -> None:
        self._stale = False
        key, chosen = self._key, self._chosen
        self._rows, self._widest = rows, widest
        self.lines_changed()
        index = self._find(key)
        if index is None and chosen is not None:
            index = self._find(str(chosen))
        self.cursor = self.validate_cursor(self.cursor if index is None else index)
        self._remember()

    def _find(self, key: str) -> int | None:
        """The line of a key."""
        for index, row in enumerate(self._rows):
            if row.key == key:
                return index
        return None

    def _unfold(self, namespace: str) -> bool:
        """Open all that may hide something of it; whether anything was shut."""
        shut = {
            key
            for key in self._folded
            if key == namespace or key.startswith(f"{namespace}:")
        }
        self._folded -= shut
        return bool(shut)

    def line_count(self) -> int:
        """Every line that is not folded away, and the card of an empty lab."""
        return len(self._rows) + len(self._card_lines)

    def line(self, index: int) -> Line:
        """One of them."""
        if index < len(self._rows):
            return self._rows[index].line(self._glyphs)
        return line(self._card_lines[index - len(self._rows)])

    def validate_cursor(self, cursor: int) -> int:
        """Keep it within the list: the card is only to be read."""
        return max(0, min(cursor, len(self._rows) - 1))

    def clicked(self, index: int, column: int, times: int) -> None:
        """A click on a choice of the card makes it, one on a fold's sign turns that."""
        at = index - len(self._rows) - 1
        if index >= len(self._rows) and (action := self._card.choices.get(at)):
            self.post_message(self.CardChosen(action))
        elif self._rows[self.cursor].folds_at(column):
            self._turn()
        else:
            super().clicked(index, column, times)

    def line_width(self) -> int:
        """Cells of the longest line."""
        return self._widest

    @property
    def text(self) -> str:
        """The current line, as it is read out."""
        return self._rows[self.cursor].text if self._rows else ""

    def watch_cursor(self, before: int, cursor: int) -> None:
        """Tell the screen what is selected now."""
        super().watch_cursor(before, cursor)
        self._remember()
        self._point()
        self.post_message(self.Selected(self.selected))

    def on_focus(self) -> None:
        """The terminal's cursor goes where a screen reader is to read."""
        self._point()

    def _point(self) -> None:
        if self.has_focus:
            row = self.cursor - self.scroll_offset.y
            self.app.cursor_position = self.content_region.offset + Offset(0, row)

    def _remember(self) -> None:
        self._chosen = self.selected
        self._key = self._rows[self.cursor].key if self._rows else ""

    # -- keys --------------------------------------------------------------------------

    def action_choose(self) -> None:
        """Open the current item."""
        if (item := self.selected) is not None:
            self.post_message(self.Opened(item))

    def action_mark(self) -> None:
        """Mark the current item as an end of a cable."""
        if (item := self.selected) is not None:
            self.post_message(self.Marked(item))

    def action_shut(self) -> None:
        """Fold the current line; one that can't be folded leads to what it is below."""
        if not self._rows:
            return
        row = self._rows[self.cursor]
        if row.opens and not row.folded:
            self._folded.add(row.key)
            self._build()
            return
        for index in range(self.cursor - 1, -1, -1):
            if self._rows[index].depth < row.depth:
                self.cursor = index
                return

    def action_open(self) -> None:
        """Unfold the current line; one that is open leads to the first below it."""
        if not self._rows:
            return
        row = self._rows[self.cursor]
        if row.folded:
            self._folded.discard(row.key)
            self._build()
        elif row.opens:
            self.cursor += 1

    def _turn(self) -> None:
        self._folded ^= {self._rows[self.cursor].key}
        self._build()

    def action_all(self, opened: bool) -> None:
        """Fold every namespace, or unfold everything."""
        everything = tree_rows(self.snapshot, self._glyphs) if self.snapshot else []
        shut = {row.key for row in everything if row.opens and row.depth == 0}
        self._folded = set() if opened else shut
        if not opened and self._rows and (item := self.selected) is not None:
            self._key = item.namespace
        self._build()
