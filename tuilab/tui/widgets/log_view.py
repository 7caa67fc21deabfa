"""The command log: what was done to the kernel, as a person would have typed it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from tuilab.lab.snapshot import LogEntry
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.text import Line, width
from tuilab.tui.widgets.line_view import TextLines
from tuilab.tui.widgets.log_text import entry_lines


class LogView(TextLines):
    """The log of this process, the newest entry last."""

    entries: reactive[Sequence[LogEntry]] = reactive(())

    def __init__(self, glyphs: Glyphs = UNICODE, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._glyphs = glyphs
        self._made: dict[int, tuple[LogEntry, list[Line], int]] = {}

    def watch_entries(self) -> None:
        """Show them."""
        self._wrap()

    def on_resize(self) -> None:
        """Long commands are wrapped anew."""
        self._made.clear()
        self._wrap()

    def _wrap(self) -> None:
        """Make the lines of entries that are new: a large lab has thousands."""
        cells = self.scrollable_content_region.width or 80
        made, self._made = self._made, {}
        for entry in self.entries:
            known = made.get(id(entry))
            if known is None:
                lines = entry_lines(entry, self._glyphs, cells)
                known = entry, lines, max(map(width, lines), default=0)
            self._made[id(entry)] = known
        whole = [line for _, lines, _ in self._made.values() for line in lines]
        widest = max((wide for _, _, wide in self._made.values()), default=0)
        self.set_lines(whole, widest)
