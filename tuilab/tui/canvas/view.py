"""A pane that shows a drawing on Textual's Line API and repaints only what differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tuilab.tui.canvas.drawing import STYLES, Area, Drawing, differences
from tuilab.tui.canvas.graph import Item

WIDE = 4
"""A row of a drawing so many times as wide as the pane is not made in full."""


class DrawingView(ScrollView):
    """Shows a `Drawing`: a small one in the middle, a large one to be scrolled."""

    DEFAULT_CSS = """
    DrawingView {
        background: $background;
        color: $foreground;
        scrollbar-size: 1 1;
        & > .canvas--namespace { color: $primary; }
        & > .canvas--bridge { color: $accent; }
        & > .canvas--tap { color: $text-secondary; }
        & > .canvas--title { color: $foreground; text-style: bold; }
        & > .canvas--detail { color: $text-muted; }
        & > .canvas--cable { color: $foreground; }
        & > .canvas--idle { color: $text-muted; }
        & > .canvas--traffic { color: $text-success; }
        & > .canvas--crossing { color: $text-muted; }
        & > .canvas--up { color: $text-success; }
        & > .canvas--no-carrier { color: $text-warning; }
        & > .canvas--down { color: $text-error; text-style: bold; }
        & > .canvas--missing { color: $text-error; text-style: bold; }
        & > .canvas--pending { color: $text-warning; text-style: italic; }
        & > .canvas--drift { color: $text-warning; text-style: bold; }
        & > .canvas--outside { color: $text-muted; text-style: italic; }
        & > .canvas--foreign { color: $text-disabled; text-style: dim; }
        & > .canvas--error { color: $text-error; text-style: bold; }
        & > .canvas--marked { color: $text-accent; text-style: bold underline; }
        & > .canvas--jump { color: $text-warning; text-style: bold reverse; }
        & > .canvas--selected { text-style: bold reverse; }
        & > .canvas--empty { color: $foreground; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "canvas--empty",
        *(f"canvas--{name}" for name in STYLES),
    }

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._empty = empty
        self.card: Mapping[int, str] = {}
        self._drawing = Drawing()
        self._strips: list[Strip | None] = []
        self._looks: dict[str, Style] = {}

    @property
    def empty(self) -> str:
        """What is shown while there is nothing to draw."""
        return self._empty

    @empty.setter
    def empty(self, text: str) -> None:
        self._empty = text
        self.refresh()

    @property
    def awaited(self) -> bool:
        """Whether there is something to draw that has no place yet."""
        return False

    @property
    def drawing(self) -> Drawing:
        """What is on the canvas now."""
        return self._drawing

    def show_drawing(self, new: Drawing) -> None:
        """Show another drawing; of one of the same size, repaint what differs."""
        old, self._drawing = self._drawing, new
        if (old.width, old.height) != (new.width, new.height):
            self._strips = [None] * new.height
            self.virtual_size = Size(new.width, new.height)
            # What is shown next must not end up below a scroll bar that comes later.
            self._refresh_scrollbars()
            self.refresh()
            return
        left, top = self._origin
        inside = self.size.region
        shown = []
        for area in differences(old, new, range(-top, inside.height - top)):
            self._strips[area.y] = None
            region = Region(area.x + left, area.y + top, area.width, area.height)
            if part := region.intersection(inside):
                shown.append(part)
        if shown:
            self.refresh(*shown)

    @property
    def _origin(self) -> Offset:
        """Where the drawing's first cell is in the pane: a small one is centred."""
        width, height = self.size
        x = max(0, (width - self._drawing.width) // 2)
        y = max(0, (height - self._drawing.height) // 2)
        return Offset(x, y) - self.scroll_offset

    @property
    def portion(self) -> float:
        """How much of the drawing can be seen at once: 1 is all of it."""
        if not self.size:
            return 1.0  # the pane has no place yet
        across, down = (
            min(1.0, shown / max(1, whole))
            for shown, whole in zip(
                self.size, (self._drawing.width, self._drawing.height), strict=True
            )
        )
        return across * down

    def notify_style_update(self) -> None:
        """Theme or focus have changed."""
        super().notify_style_update()
        self._looks.clear()
        self._strips = [None] * self._drawing.height

    def _look(self, style: str) -> Style:
        look = self._looks.get(style)
        if look is None:
            look = self.rich_style
            for name in style.split():
                part = self.get_component_styles(f"canvas--{name}")
                if part.has_rule("color") or part.has_rule("auto_color"):
                    whole = self.get_component_rich_style(f"canvas--{name}")
                    look += Style(color=whole.color)
                look += part.text_style
            self._looks[style] = look
        return look

    def looks(self, drawing: Drawing) -> dict[str, Style]:
        """How each style of a drawing's cells looks here."""
        styles = {run.style for row in drawing.rows for run in row}
        return {style: self._look(style) for style in {*styles, "space"}}

    def render_line(self, y: int) -> Strip:
        """Textual asks for one row of the pane."""
        width = self.size.width
        space = self._look("space")
        if not self._drawing.boxes:
            if self.awaited:  # or an empty lab's card would be seen for a moment
                return Strip.blank(width, space)
            return self._empty_line(y, width, space)
        left, top = self._origin
        row = y - top
        if not 0 <= row < self._drawing.height:
            return Strip.blank(width, space)
        if self._drawing.width > WIDE * width:
            return self._part(row, -left, width).extend_cell_length(width, space)
        strip = self._strips[row]
        if strip is None:
            runs = self._drawing.rows[row]
            strip = Strip(
                [Segment(run.text, self._look(run.style)) for run in runs],
                self._drawing.width,
            )
            self._strips[row] = strip
        if left > 0:
            strip = Strip(
                [Segment(" " * left, space), *strip], left + strip.cell_length
            )
            left = 0
        return strip.crop_extend(-left, width - left, space)

    def _part(self, row: int, first: int, width: int) -> Strip:
        """Some columns of a row; the rest of it is not looked at."""
        segments, at = [], 0
        for run in self._drawing.rows[row]:
            end = at + len(run.text)
            if end > first:
                text = run.text[max(0, first - at) : first + width - at]
                segments.append(Segment(text, self._look(run.style)))
            at = end
            if at >= first + width:
                break
        return Strip(segments)

    def _card_row(self, y: int) -> int:
        """The line of the card that a row of the pane shows."""
        count = len(self._empty.splitlines())
        return y - max(0, (self.size.height - count) // 2)

    def card_action(self, y: int) -> str:
        """The action of the card at a row of the pane; empty where there is none."""
        nothing = not self._drawing.boxes and not self.awaited
        return self.card.get(self._card_row(y), "") if nothing else ""

    def _empty_line(self, y: int, width: int, space: Style) -> Strip:
        lines = self._empty.splitlines()
        row = self._card_row(y)
        if not 0 <= row < len(lines):
            return Strip.blank(width, space)
        left = max(0, (width - max(map(len, lines))) // 2)
        text = (" " * left + lines[row])[:width]
        return Strip([Segment(text.ljust(width), self._look("empty"))], width)

    def _area(self, item: Item) -> Area | None:
        """Where an item is drawn."""
        drawing = self._drawing
        if item in drawing.boxes:
            return drawing.boxes[item]
        if found := drawing.port_of(item):
            spot = found[1]
            return Area(spot.x, spot.y, 1, 1)
        if item in drawing.hidden:
            return drawing.boxes[drawing.hidden[item]]
        if item in drawing.ways:
            columns = [x for x, _ in drawing.ways[item]]
            rows = [y for _, y in drawing.ways[item]]
            left, top = min(columns), min(rows)
            return Area(left, top, max(columns) - left + 1, max(rows) - top + 1)
        return None

    def show_item(self, item: Item, *, centre: bool = False) -> None:
        """Scroll so that an item is in sight: no way that it is already."""
        area = self._area(item)
        if area is None:
            return
        region = Region(*area) if centre else self._around(item, area)
        # By force: scroll bars that a new drawing needs come with the next layout.
        self.scroll_to_region(
            region, animate=False, center=centre, immediate=True, force=True
        )

    def _around(self, item: Item, area: Area) -> Region:
        """What is to be in sight for an item: it and a margin, or what is already.

        A drawing that stands still is best to follow. Of a node larger than half the
        pane it is enough to see its head and that much of it.
        """
        view = self.scrollable_content_region.at_offset(self.scroll_offset)
        whole = Region(*area).grow((1, 2, 1, 2))
        if item not in self._drawing.boxes:
            return whole
        wide = area.width if area.width <= view.width else view.width // 2
        tall = min(area.height, view.height // 2)
        x, width, y, height = whole.x, whole.width, whole.y, whole.height
        if view.x <= area.x and area.x + wide <= view.right:
            x, width = view.x, view.width
        if view.y <= area.y and area.y + tall <= view.bottom:
            y, height = view.y, view.height
        return Region(x, y, width, height)

    def show_cell(self, cell: Offset) -> None:
        """Scroll so that a cell of the drawing is in sight."""
        region = Region(cell.x, cell.y, 1, 1).grow((1, 2, 1, 2))
        self.scroll_to_region(region, animate=False, immediate=True, force=True)

    def nearest(self, cell: Offset) -> Item | None:
        """The node closest to a cell of the drawing."""
        x, y = cell

        def far(box: Area) -> float:
            return abs(box.x + box.width / 2 - x) + 2 * abs(box.y + box.height / 2 - y)

        boxes = self._drawing.boxes
        return min(boxes, key=lambda item: far(boxes[item]), default=None)

    def item_at(self, x: int, y: int) -> Item | None:
        """What is at a cell of the pane."""
        left, top = self._origin
        return self._drawing.at(x - left, y - top)
