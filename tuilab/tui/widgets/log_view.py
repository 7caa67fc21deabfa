"""The command log: what was done to the kernel, as a person would have typed it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from tuilab.lab.snapshot import LogEntry
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.widgets.line_view import TextLines
from tuilab.tui.widgets.log_text import log_lines


class LogView(TextLines):
    """The log of this process, the newest entry last."""

    entries: reactive[Sequence[LogEntry]] = reactive(())

    def __init__(self, glyphs: Glyphs = UNICODE, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._glyphs = glyphs

    def watch_entries(self) -> None:
        """Show them."""
        self._wrap()

    def on_resize(self) -> None:
        """Long commands are wrapped anew."""
        self._wrap()

    def _wrap(self) -> None:
        cells = self.scrollable_content_region.width
        self.set_lines(log_lines(self.entries, self._glyphs, cells or 80))
