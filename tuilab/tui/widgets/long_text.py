"""Text of any number of lines in a dialog: only those in sight are made."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from tuilab.tui.text import Line, content, width


class LongText(Widget):
    """Takes as many rows as its lines have; one that is too long goes on in the next.

    Textual's own Static takes all of its text apart, which for a thousand lines keeps
    keys waiting.
    """

    DEFAULT_CSS = """
    LongText { height: auto; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._rows: list[Line | Content] = []
        self._cells = 0

    @property
    def lines(self) -> Sequence[Line]:
        """What it says."""
        return self._lines

    @lines.setter
    def lines(self, lines: Sequence[Line]) -> None:
        if lines != self._lines:
            self._lines, self._cells = lines, 0
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Rows that it takes."""
        self._fold(width)
        return len(self._rows)

    def _fold(self, cells: int) -> None:
        if cells == self._cells:
            return
        self._cells, self._rows = cells, []
        for spans in self._lines:
            if width(spans) <= cells:
                self._rows.append(spans)
            else:
                self._rows += content(spans).wrap(max(cells, 1))

    def render_line(self, y: int) -> Strip:
        """Textual asks for one row."""
        cells = self.size.width
        self._fold(cells)
        style = self.visual_style
        if y >= len(self._rows):
            return Strip.blank(cells, style.rich_style)
        row = self._rows[y]
        text = row if isinstance(row, Content) else content(row)
        return Visual.to_strips(self, text, cells, 1, style, pad=True)[0]
