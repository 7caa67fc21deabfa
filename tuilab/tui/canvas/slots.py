"""Where nodes stand as columns and rows: what a place set by hand is counted in."""

from __future__ import annotations

from tuilab.model.places import Slot
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.layers import Segment
from tuilab.tui.canvas.part import BOX_GAP
from tuilab.tui.canvas.put import ROW, slot_width
from tuilab.tui.canvas.rank import components
from tuilab.tui.canvas.scene import Scene


class Slots:
    """The columns and rows of a scene.

    They are counted in each connected part, and in each box with something inside, for
    itself. What is joined with nothing can stand anywhere: it is counted in the scene.

    Attributes:
        width: Cells from one column to the next.
        height: Cells from one row to the next, more or less.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._number = {node.item: n for n, node in enumerate(scene.graph.nodes)}
        self.width = slot_width(scene.graph, scene.boxes, scene.level)
        boxes = scene.boxes.values()
        rows = {self._rank(number) for number in scene.boxes}
        tops = [box.y for box in boxes]
        steps = max(len(rows) - 1, 1)
        self.height = max((max(tops) - min(tops)) // steps, 3) if tops else 3
        self._regions = self._members()

    def _members(self) -> dict[int, list[int]]:
        """Those that stand with a node, by node."""
        graph = self._scene.graph
        free = [n for n in range(len(graph.nodes)) if n not in graph.parents]
        segments = []
        for index, edge in enumerate(graph.edges):
            a, b = (graph.parents.get(end.node, end.node) for end in (edge.a, edge.b))
            segments.append(Segment(index, a, b))
        inside: dict[int, list[int]] = {}
        for node, box in graph.parents.items():
            inside.setdefault(box, []).append(node)
        regions = [*components(free, segments), *inside.values()]
        return {node: some for some in regions for node in some}

    def of(self, item: Item) -> Slot:
        """Where a node is, or would be if it were free and not folded."""
        number = self._number.get(item)
        if number is None:
            number = self._number.get(self._scene.graph.hidden.get(item, item))
        boxes, pins = self._scene.boxes, self._scene.graph.pins
        if number is None or number not in boxes:
            return 0, 0
        if number in pins:
            return pins[number]
        box, region = boxes[number], self._regions[number]
        if len(region) == 1 and number not in self._scene.graph.parents:
            return round(box.x / self.width), round(box.y / ROW[self._scene.level])
        width = max(boxes[n].width for n in region) + BOX_GAP[self._scene.level]
        x, top, column = self._zero(region)
        return column + round((box.x - x) / width), top - self._rank(number)

    def _zero(self, region: list[int]) -> tuple[int, int, int]:
        """A cell and its column, and the rank of row 0."""
        boxes, pins = self._scene.boxes, self._scene.graph.pins
        for number in region:
            if number in pins:
                column, row = pins[number]
                return boxes[number].x, self._rank(number) + row, column
        left = min(boxes[number].x for number in region)
        return left, max(map(self._rank, region)), 0

    def _rank(self, number: int) -> int:
        return self._scene.ranks.get(number, 0)
