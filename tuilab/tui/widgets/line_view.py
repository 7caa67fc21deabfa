"""A pane of lines on Textual's Line API: only the lines in sight are made."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tuilab.tui.moves import moves
from tuilab.tui.text import Line, plain, width


class LineView(ScrollView, can_focus=True):
    """Lines that scroll. Subclasses say how many there are and what each says."""

    DEFAULT_CSS = """
    LineView {
        background: $background;
        scrollbar-size: 0 1;
        & > .line--dim { color: $text-muted; }
        & > .line--good { color: $text-success; }
        & > .line--bad { color: $text-error; text-style: bold; }
        & > .line--warn { color: $text-warning; text-style: bold; }
        & > .line--key { color: $accent; text-style: bold; }
        & > .line--title { text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line--dim",
        "line--good",
        "line--bad",
        "line--warn",
        "line--key",
        "line--title",
    }
    BINDINGS: ClassVar[list[BindingType]] = [*moves("lines")]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._looks: dict[tuple[str, bool], Style] = {}

    def line_count(self) -> int:
        """How many lines there are."""
        raise NotImplementedError

    def line(self, index: int) -> Line:
        """What a line says."""
        raise NotImplementedError

    def line_width(self) -> int:
        """Cells of the longest line; 0 when lines never need scrolling sideways."""
        return 0

    def marked(self, index: int) -> bool:
        """Whether a line is the current one."""
        return False

    def lines_changed(self) -> None:
        """Draw again after the lines have changed."""
        self._fit()
        self.refresh()

    def some_changed(self, before: Sequence[Line], after: Sequence[Line]) -> None:
        """Draw again those lines in sight that are others than before."""
        self._fit()
        top = self.scroll_offset.y
        seen = slice(top, top + self.size.height)
        pairs = zip_longest(before[seen], after[seen])
        for index, (was, now) in enumerate(pairs, top):
            if was != now:
                self.refresh_lines(index, 1)

    def _fit(self) -> None:
        """Scroll over as many lines as there are."""
        size = Size(self.line_width(), self.line_count())
        if size == self.virtual_size:
            pass
        elif self.styles.auto_dimensions:
            self.virtual_size = size
        else:
            # That would lay out the whole screen, though only a scroll bar moves.
            self.set_reactive(LineView.virtual_size, size)
            self._scroll_update(size)

    @property
    def rows(self) -> int:
        """How many lines are in sight."""
        return self.scrollable_content_region.height

    def render_line(self, y: int) -> Strip:
        """Textual asks for one row of the pane."""
        left, top = self.scroll_offset
        right = left + self.scrollable_content_region.width
        index = top + y
        if index >= self.line_count():
            return Strip.blank(right - left, self._style("", marked=False))
        spans = self.line(index)
        marked = self.marked(index)
        segments = [
            Segment(span.text, self._style(span.role, marked)) for span in spans
        ]
        strip = Strip(segments, width(spans))
        if strip.cell_length <= right or not strip.crop(right).text.strip():
            return strip.crop_extend(left, right, self._style("", marked))
        return _cut(strip, left, right, "~" if self.app.has_class("-ascii") else "…")

    def notify_style_update(self) -> None:
        """Theme or focus have changed."""
        super().notify_style_update()
        self._looks.clear()

    def _style(self, role: str, marked: bool) -> Style:
        look = self._looks.get((role, marked))
        if look is None:
            # Textual goes up to the root of the screen for each.
            look = self._looks[role, marked] = self._look(role, marked)
        return look

    def _look(self, role: str, marked: bool) -> Style:
        if marked:
            # One look for the whole line, which shows without colour too.
            return self.rich_style + Style(reverse=True, bold=role == "title")
        if role:
            return self.get_component_rich_style(f"line--{role}")
        return self.rich_style


def _cut(strip: Strip, left: int, right: int, sign: str) -> Strip:
    """What is in sight of a line that goes on beyond: its last cell says so."""
    shown = strip.crop(left, right - 1)
    last = list(strip.crop(right - 1, right))
    return Strip.join([shown, Strip([Segment(sign, last[-1].style)], 1)])


class TextLines(LineView):
    """A pane that simply holds its lines and stays at the end while new ones come."""

    follows = True

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: list[Line] = []
        self._widest = 0

    def on_mount(self) -> None:
        """Stay at the end until a person scrolls away from it."""
        if self.follows:
            self.anchor()

    def set_lines(self, lines: list[Line], widest: int | None = None) -> None:
        """Show other lines.

        Args:
            lines: They.
            widest: Cells of the longest one, where that is known.
        """
        if widest is None:
            widest = max(map(width, lines), default=0)
        self._lines, self._widest = lines, widest
        self.lines_changed()

    def line_count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def line(self, index: int) -> Line:
        """What a line says."""
        return self._lines[index]

    def line_width(self) -> int:
        """Cells of the longest line."""
        return self._widest

    @property
    def plain_text(self) -> str:
        """All lines, without styles."""
        return "\n".join(plain(spans).rstrip() for spans in self._lines)
