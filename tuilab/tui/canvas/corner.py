"""The small picture of a large drawing in a corner of its pane."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from operator import or_

from rich.segment import Segment
from textual.geometry import Offset, Region
from textual.strip import Strip

from tuilab.tui.canvas.drawing import Area, Drawing, Row
from tuilab.tui.canvas.minimap import dots, map_size, minimap
from tuilab.tui.canvas.scene import Scene
from tuilab.tui.canvas.zoom import ZoomView

LEAST = (40, 10)
"""A smaller pane has no room for it."""
STEP = 3
"""Cells from one place at a side to the next that is tried."""
ENOUGH = 0.75
"""Where so much of a drawing is in sight it would hide more than it shows."""
FLAT = 16
"""In a pane of fewer rows it takes a third of them."""
ENOUGH_IN_FLAT = 0.5
"""Where so much is in sight there, a page further is the end."""

Bits = list[int]
"""Cells of a pane: of each row a number with a bit for each column."""


class CornerView(ZoomView):
    """Shows it where the drawing is larger than the pane, beside the selection.

    By itself only where it hides no node; asked for, it always finds a place.
    """

    _map_asked: bool | None = None
    _map_made: tuple[Scene, Area, tuple[Row, ...]] | None = None
    _map_nodes: tuple[Scene, Area, Bits] | None = None
    _map_put: tuple[Scene, object, Region | None] | None = None
    _corner: Offset | None = None
    _map_shown: tuple[Region, tuple[Row, ...]] | None = None

    def turn_map(self) -> None:
        """Show the small picture, or hide it where it is."""
        self._map_asked = self._map() is None
        self._map_put = None
        self.refresh()

    @property
    def no_map(self) -> str:
        """Why there can be no small picture, or empty."""
        if self.portion >= 1:
            return "all of the drawing is in sight"
        if self.size.width < LEAST[0] or self.size.height < LEAST[1]:
            return "the pane is too small for an overview"
        return ""

    def _map(self) -> tuple[Region, tuple[Row, ...]] | None:
        """Where it is in the pane, and its rows."""
        enough = ENOUGH_IN_FLAT if self.size.height < FLAT else ENOUGH
        needless = self._map_asked is None and self.portion > enough
        if self._map_asked is False or needless or self.no_map:
            return None
        rows = self._map_rows()
        place = self._map_place(rows) if rows else None
        return None if place is None else (place, rows)

    def _view(self) -> Area:
        """What of the drawing is in sight."""
        left, top = -self._origin
        return Area(left, top, *self.size)

    def _map_rows(self) -> tuple[Row, ...]:
        """Its rows: they differ where other things stand, or others are in sight."""
        view, made = self._view(), self._map_made
        if made is None or made[0] is not self._scene or made[1] != view:
            size, plain = map_size(view.width, view.height), self.ascii_only
            lit = self._scene.dots.get(size)
            if lit is None:
                lit = dots(self._drawing, *size, ascii_only=plain)
                self._scene.dots[size] = lit
            rows = minimap(self._drawing, view, *size, ascii_only=plain, lit=lit)
            self._map_made = made = (self._scene, view, rows)
        return made[2]

    def _map_place(self, rows: tuple[Row, ...]) -> Region | None:
        """Where it is: that depends on the selection too."""
        key, put = (self._view(), self.selected), self._map_put
        if put is None or put[0] is not self._scene or put[1] != key:
            self._map_put = put = (self._scene, key, self._free_corner(rows))
        return put[2]

    def _free_corner(self, rows: tuple[Row, ...]) -> Region | None:
        """The corner with the least in it, where it hides no node.

        Where nodes are in all corners it may stand elsewhere at a side. It stays where
        it is as long as no other place is much emptier. Where nodes are everywhere
        there is no place, unless a person asked for it: then only what is selected is
        not hidden.
        """
        wide, tall = sum(len(run.text) for run in rows[0]), len(rows)
        right, bottom = self.size.width - wide, self.size.height - tall
        corners = [(right, bottom), (right, 0), (0, bottom), (0, 0)]
        sides = [(x, y) for y in (bottom, 0) for x in range(right - STEP, 0, -STEP)]
        sides += [(x, y) for x in (right, 0) for y in range(bottom - STEP, 0, -STEP)]
        chosen = self._bits(self._chosen_cells())
        both = list(map(or_, chosen, self._node_bits()))
        tries = [(corners, both), (sides, both)]
        if self._map_asked:
            tries += [(corners, chosen), (sides, chosen), (corners, self._bits([]))]
        for some, taken in tries:
            found = [
                (covered - wide * (place.offset == self._corner), number, place)
                for number, place in enumerate(Region(*at, wide, tall) for at in some)
                if _is_free(place, taken)
                for covered in [self._covered(place)]
            ]
            if found:
                best = min(found, key=lambda it: it[:2])[2]
                self._corner = best.offset
                return best
        return None

    def _node_bits(self) -> Bits:
        """Where nodes are in the pane; of one with others in it, its name."""
        view, known = self._view(), self._map_nodes
        if known is None or known[0] is not self._scene or known[1] != view:
            frames = self._drawing.frames
            bits = self._bits(
                (x - view.x, y - view.y, wide, 1 if item in frames else tall)
                for item, (x, y, wide, tall) in self._drawing.boxes.items()
            )
            self._map_nodes = known = (self._scene, view, bits)
        return known[2]

    def _bits(self, areas: Iterable[tuple[int, int, int, int]]) -> Bits:
        """The cells of the pane that some areas cover: column, row, width, height."""
        across, down = self.size
        rows = [0] * down
        for x, y, wide, tall in areas:
            if x < across and y < down and x + wide > 0 and y + tall > 0:
                left, right = max(0, x), min(across, x + wide)
                some = (1 << right) - (1 << left)
                for row in range(max(0, y), min(down, y + tall)):
                    rows[row] |= some
        return rows

    def _chosen_cells(self) -> list[Region]:
        """Where the selection is in the pane."""
        item, drawing = self.selected, self._drawing
        if item is None or (area := self._area(item)) is None:
            return []
        cells = [Region(*area)]
        if item in drawing.frames:
            cells = [Region(area.x, area.y, area.width, 1)]
        elif item in drawing.ways and item not in drawing.boxes:
            cells = [
                Region(min(x, a), min(y, b), abs(a - x) + 1, abs(b - y) + 1)
                for (x, y), (a, b) in pairwise(drawing.ways[item])
            ]
        return [some.translate(self._origin) for some in cells]

    def _covered(self, place: Region) -> int:
        """How many signs of the drawing are under a part of the pane."""
        left, top = place.offset - self._origin
        rows = self._drawing.rows[max(0, top) : max(0, top + place.height)]
        start, end = max(0, left), max(0, left + place.width)
        texts = ("".join(run.text for run in row)[start:end] for row in rows)
        return sum(len(text) - text.count(" ") for text in texts)

    def map_cell(self, at: Offset) -> Offset | None:
        """The cell of the drawing that a cell of the small picture stands for."""
        shown = self._map()
        if shown is None or not shown[0].contains_point(at):
            return None
        region, (x, y) = shown[0], at - shown[0].offset
        return Offset(
            x * self._drawing.width // region.width,
            y * self._drawing.height // region.height,
        )

    def look_at(self, cell: Offset) -> None:
        """Bring a cell of the drawing to the middle of the pane."""
        width, height = self.size
        self.scroll_to(
            cell.x - width // 2, cell.y - height // 2, animate=False, immediate=True
        )

    def show_drawing(self, new: Drawing) -> None:
        """Show another drawing, in the corner too."""
        super().show_drawing(new)
        before, self._map_shown = self._map_shown, self._map()
        if before != self._map_shown:
            shown = [it[0] for it in (before, self._map_shown) if it is not None]
            self.refresh(*shown)

    def render_line(self, y: int) -> Strip:
        """One row of the pane, the small picture over the drawing."""
        strip = super().render_line(y)
        shown = self._map()
        if shown is None or not shown[0].y <= y < shown[0].bottom:
            return strip
        region, rows = shown
        picture = [Segment(r.text, self._look(r.style)) for r in rows[y - region.y]]
        before, after = strip.crop(0, region.x), strip.crop(region.right)
        return Strip.join([before, Strip(picture, region.width), after])


def _is_free(place: Region, taken: Bits) -> bool:
    """Whether a part of a pane covers none of the cells that are taken."""
    some = (1 << place.right) - (1 << place.x)
    return not any(row & some for row in taken[place.y : place.bottom])
