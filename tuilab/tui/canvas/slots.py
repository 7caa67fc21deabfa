"""Where nodes stand as columns and rows: what a place set by hand is counted in."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from statistics import median_low

from tuilab.model.places import Slot
from tuilab.tui.canvas.columns import columns
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.layers import Layers
from tuilab.tui.canvas.put import ROW, slot_width
from tuilab.tui.canvas.scene import Scene


class Slots:
    """The columns and rows of a scene.

    They are counted in each connected part, and in each box with something inside, for
    itself. What is joined with nothing can stand anywhere: it is counted in the scene.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._number = {
            cell.item: n
            for n, node in enumerate(scene.graph.nodes)
            for cell in node.cells
        }
        self._number |= {node.item: n for n, node in enumerate(scene.graph.nodes)}
        self._columns: dict[int, Mapping[int, int]] = {}

    def of(self, item: Item) -> Slot:
        """Where a node is, or would be if it were free and not folded."""
        graph = self._scene.graph
        number = self._shown(item)
        if number is None:
            return 0, 0
        if number in graph.pins:
            return graph.pins[number]
        layers = self._around(number)
        if layers is None:
            box, level = self._scene.boxes[number], self._scene.level
            return round(box.x / self._apart), round(box.y / ROW[level])
        return self._column(layers)[number], self._row(layers, number)

    def size(self, item: Item) -> tuple[int, int]:
        """Cells from one column to the next where a node is, and from row to row."""
        scene, number = self._scene, self._shown(item)
        layers = None if number is None else self._around(number)
        if layers is None:
            return self._apart, ROW[scene.level]
        at = self._column(layers)
        rows = [[v for v in row if v in scene.boxes] for row in layers.rows]
        steps = [
            round(
                (scene.boxes[right].centre[0] - scene.boxes[left].centre[0]) / columns
            )
            for row in rows
            for left, right in pairwise(row)
            if (columns := at[right] - at[left])
        ]
        tops = [min(scene.boxes[v].y for v in row) for row in rows if row]
        down = [lower - upper for upper, lower in pairwise(tops)]
        return (
            max(median_low(steps or [self._apart]), 1),
            max(median_low(down or [ROW[scene.level]]), 1),
        )

    @property
    def _apart(self) -> int:
        return slot_width(self._scene.graph, self._scene.boxes, self._scene.level)

    def _shown(self, item: Item) -> int | None:
        """What is drawn for an item, by number."""
        number = self._number.get(item)
        if number is None:
            number = self._number.get(self._scene.graph.hidden.get(item, item))
        return number if number in self._scene.boxes else None

    def _around(self, number: int) -> Layers | None:
        """The part that a node is in; None for one that is joined with nothing."""
        order = self._scene.order
        home = self._scene.graph.parents.get(number)
        if home is not None:
            return order.inner[home]
        part = next(it for it in order.parts for row in it.rows if number in row)
        return part if sum(map(len, part.rows)) > 1 else None

    def _column(self, layers: Layers) -> Mapping[int, int]:
        key = id(layers)
        if key not in self._columns:
            self._columns[key] = columns(layers, self._scene.graph.pins)
        return self._columns[key]

    def _row(self, layers: Layers, number: int) -> int:
        """Rows are counted from the one that is the top one without places by hand."""
        depth = {v: at for at, row in enumerate(layers.rows) for v in row}
        return depth[number] - (layers.top - layers.zero)
