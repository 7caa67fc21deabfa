"""The lab as a list: for small windows, screen readers, and finding things fast."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.reactive import reactive

from tuilab.lab.snapshot import Snapshot
from tuilab.tui.canvas.graph import Item
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.text import Line, width
from tuilab.tui.widgets.pick_view import PickView
from tuilab.tui.widgets.tree_text import tree_rows


class TreeView(PickView):
    """Namespaces and links, one a line."""

    snapshot: reactive[Snapshot | None] = reactive(None)

    @dataclass
    class Selected(Message):
        """Another item is the current one."""

        item: Item | None

    @dataclass
    class Opened(Message):
        """An item was chosen."""

        item: Item

    def __init__(self, glyphs: Glyphs = UNICODE, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._glyphs = glyphs
        self._rows: list[tuple[Item, Line]] = []
        self._stale = False
        self._chosen: Item | None = None

    @property
    def selected(self) -> Item | None:
        """The current item."""
        return self._rows[self.cursor][0] if self._rows else None

    @selected.setter
    def selected(self, item: Item | None) -> None:
        if item is not None and item.cable is not None:
            # A cable is not listed; its first end is.
            item = Item("link", item.namespace, item.ifname)
        self._chosen = item
        for index, (candidate, _) in enumerate(self._rows):
            if candidate == item:
                self.cursor = index

    def watch_snapshot(self) -> None:
        """Show it; the cursor stays on its item. Nothing to do while out of sight."""
        self._stale = True
        if self.display:
            self._build()

    def notify_style_update(self) -> None:
        """Come into sight, which the style sheet decides."""
        super().notify_style_update()
        if self._stale and self.display:
            self._build()

    def _build(self) -> None:
        self._stale = False
        chosen = self._chosen
        snapshot = self.snapshot
        self._rows = tree_rows(snapshot, self._glyphs) if snapshot else []
        self.lines_changed()
        self.cursor = self.validate_cursor(self.cursor)
        self.selected = chosen

    def line_count(self) -> int:
        """Every namespace and link."""
        return len(self._rows)

    def line(self, index: int) -> Line:
        """One of them."""
        return self._rows[index][1]

    def line_width(self) -> int:
        """Cells of the longest line."""
        return max((width(spans) for _, spans in self._rows), default=0)

    def watch_cursor(self, cursor: int) -> None:
        """Tell the screen what is selected now."""
        super().watch_cursor(cursor)
        self._chosen = self.selected
        self.post_message(self.Selected(self.selected))

    def action_choose(self) -> None:
        """Open the current item."""
        if (item := self.selected) is not None:
            self.post_message(self.Opened(item))
