"""Where nodes stand as columns and rows: what a place set by hand is counted in."""

from __future__ import annotations

from tuilab.model.edits.layout import Slot
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.part import BOX_GAP
from tuilab.tui.canvas.scene import Scene


class Slots:
    """The columns and rows of a scene.

    Attributes:
        width: Cells from one column to the next.
        height: Cells from one row to the next, more or less.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._number = {node.item: n for n, node in enumerate(scene.graph.nodes)}
        boxes = scene.boxes.values()
        self.width = max((box.width for box in boxes), default=1)
        self.width += BOX_GAP[scene.level]
        rows = {self._rank(number) for number in scene.boxes}
        tops = [box.y for box in boxes]
        steps = max(len(rows) - 1, 1)
        self.height = max((max(tops) - min(tops)) // steps, 3) if tops else 3

    def of(self, item: Item) -> Slot:
        """Where a node is, or would be if it were free and not folded."""
        number = self._number.get(item)
        if number is None:
            number = self._number.get(self._scene.graph.hidden.get(item, item))
        if number is None or number not in self._scene.boxes:
            return 0, 0
        x, top, column = self._zero()
        box = self._scene.boxes[number]
        return column + round((box.x - x) / self.width), top - self._rank(number)

    def _zero(self) -> tuple[int, int, int]:
        """A cell and its column, and the rank of row 0."""
        boxes, pins = self._scene.boxes, self._scene.graph.pins
        for number, (column, row) in pins.items():
            if number in boxes:
                return boxes[number].x, self._rank(number) + row, column
        left = min(box.x for box in boxes.values())
        return left, max(map(self._rank, boxes)), 0

    def _rank(self, number: int) -> int:
        place = self._scene.memory.get(self._scene.graph.nodes[number].item)
        return place.rank if place is not None else 0
