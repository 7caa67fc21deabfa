"""A lab as a drawing that can be looked at more closely."""

from __future__ import annotations

from textual.geometry import Offset

from tuilab.tui.canvas.boxes import LEVELS
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.lab_view import LabView


class ZoomView(LabView):
    """Shows more detail or less, at the pointer or the selection."""

    def zoom_to(self, level: int, pointer: Offset | None = None) -> None:
        """Show a level of detail.

        Args:
            level: 1 to 3; others mean the nearest of these.
            pointer: Cell of the pane to zoom at; the selection by default, without
                one the middle.
        """
        wanted = min(LEVELS, key=lambda known: abs(known - level))
        if wanted == self._zoom:
            return
        item = self.selected
        if pointer is None and item is None:
            pointer = Offset(self.size.width // 2, self.size.height // 2)
        if pointer is not None:
            item = self.nearest(pointer - self._origin) or item
        self._zoom = wanted
        self._lay_then(lambda: self._zoom_at(item, pointer))

    def _zoom_at(self, item: Item | None, place: Offset | None) -> None:
        """Have an item where it was, or in the middle."""
        if item is None:
            return
        area = self._area(item)
        if place is None or area is None:
            self.show_item(item, centre=True)
            return
        x, y = area.x + area.width // 2, area.y + area.height // 2
        self.scroll_to(
            x - place.x, y - place.y, animate=False, immediate=True, force=True
        )

    def zoom_to_fit(self) -> None:
        """Show as much detail as fits the pane."""
        self._zoom = None
        self._lay_then(self._say_zoomed)

    def _say_zoomed(self) -> None:
        self.post_message(self.Zoomed(self.level, fitted=self.fitted))
