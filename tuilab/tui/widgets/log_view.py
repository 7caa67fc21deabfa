"""The command log: what was done to the kernel, as a person would have typed it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual.reactive import reactive

from tuilab.lab.snapshot import LogEntry
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.late import Late
from tuilab.tui.text import Line, width
from tuilab.tui.widgets.line_view import TextLines
from tuilab.tui.widgets.log_text import entry_lines

MANY = 300
"""Commands that take longer to wrap than keys may wait."""

_Made = tuple[LogEntry, list[Line], int]


class LogView(TextLines):
    """The log of this process, the newest entry last."""

    entries: reactive[Sequence[LogEntry]] = reactive(())

    def __init__(self, glyphs: Glyphs = UNICODE, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._glyphs = glyphs
        self._made: dict[int, _Made] = {}
        self._cells = 0
        self._wrapping = Late(self, self._wrap_beside)

    def watch_entries(self) -> None:
        """Show them."""
        self._wrap()

    def on_resize(self) -> None:
        """Long commands are wrapped anew."""
        self._wrap()

    def _wrap(self) -> None:
        """Make the lines of entries that are new: a large lab has thousands."""
        known = self._made if self._width == self._cells else {}
        fresh = (len(it.commands) for it in self.entries if id(it) not in known)
        if sum(fresh) > MANY or self._wrapping.busy:
            self._wrapping.soon()
        else:
            self._show(*self._lines_of(tuple(self.entries), self._width))

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width or 80

    async def _wrap_beside(self) -> None:
        entries, cells = tuple(self.entries), self._width
        self._show(*await asyncio.to_thread(self._lines_of, entries, cells))

    def _lines_of(
        self, entries: Sequence[LogEntry], cells: int
    ) -> tuple[dict[int, _Made], int]:
        before = self._made if cells == self._cells else {}
        made = {}
        for entry in entries:
            known = before.get(id(entry))
            if known is None:
                lines = entry_lines(entry, self._glyphs, cells)
                known = entry, lines, max(map(width, lines), default=0)
            made[id(entry)] = known
        return made, cells

    def _show(self, made: dict[int, _Made], cells: int) -> None:
        self._made, self._cells = made, cells
        whole = [line for _, lines, _ in made.values() for line in lines]
        widest = max((wide for _, _, wide in made.values()), default=0)
        self.set_lines(whole, widest)
