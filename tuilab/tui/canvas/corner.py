"""The small picture of a large drawing in a corner of its pane."""

from __future__ import annotations

from rich.segment import Segment
from textual.geometry import Offset, Region
from textual.strip import Strip

from tuilab.tui.canvas.drawing import Area, Drawing, Row
from tuilab.tui.canvas.lab_view import LabView
from tuilab.tui.canvas.minimap import minimap
from tuilab.tui.canvas.scene import Scene

WIDEST, TALLEST = 28, 9
LEAST = (40, 10)
"""A smaller pane has no room for it."""


class CornerView(LabView):
    """Shows it where the drawing is larger than the pane, beside the selection."""

    _map_on = True
    _map_made: tuple[Scene, Area, tuple[Row, ...]] | None = None
    _map_shown: tuple[Region, tuple[Row, ...]] | None = None

    def turn_map(self) -> None:
        """Show the small picture or not."""
        self._map_on = not self._map_on
        self.refresh()

    def _map(self) -> tuple[Region, tuple[Row, ...]] | None:
        """Where it is in the pane, and its rows."""
        width, height = self.size
        fits = self._drawing.width <= width and self._drawing.height <= height
        if not self._map_on or fits or width < LEAST[0] or height < LEAST[1]:
            return None
        rows = self._map_rows()
        return (self._free_corner(rows), rows) if rows else None

    def _map_rows(self) -> tuple[Row, ...]:
        """Its rows: they differ where other things stand, or others are in sight."""
        left, top = -self._origin
        view = Area(left, top, *self.size)
        made = self._map_made
        if made is None or made[0] is not self._scene or made[1] != view:
            size = min(view.width // 4, WIDEST), min(view.height // 3, TALLEST)
            rows = minimap(self._drawing, view, *size, ascii_only=self.ascii_only)
            self._map_made = made = (self._scene, view, rows)
        return made[2]

    def _free_corner(self, rows: tuple[Row, ...]) -> Region:
        wide = sum(len(run.text) for run in rows[0]) if rows else 0
        right, bottom = self.size.width - wide, self.size.height - len(rows)
        corners = [(right, bottom), (right, 0), (0, bottom), (0, 0)]
        area = self._area(self.selected) if self.selected is not None else None
        places = [Region(x, y, wide, len(rows)) for x, y in corners]
        if area is None:
            return places[0]
        taken = Region(*area).translate(self._origin)
        return next((it for it in places if not it.overlaps(taken)), places[0])

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
