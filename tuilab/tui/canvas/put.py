"""Parts are put into the scene: side by side, or where a person wants a single node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise, product

from tuilab.model.places import Slot
from tuilab.tui.canvas.boxes import Level
from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.part import BOX_GAP, Part
from tuilab.tui.canvas.scene import Box, Scene

ROW = {0: 3, 1: 4, 2: 6, 3: 8}
"""Rows of cells from one row to the next, for what stands apart."""
FARTHEST = (40, 12)
"""So many columns and rows around its place one is looked for that is free."""


def put(scene: Scene, part: Part, dx: int, dy: int) -> None:
    """Put a part into the scene."""
    for vertex, box in part.boxes.items():
        scene.boxes[vertex] = Box(box.x + dx, box.y + dy, box.shape)
    for edge, way in part.ways.items():
        scene.ways[edge] = [(a + dx, b + dy) for a, b in way]
    for gate, (a, b) in part.gates.items():
        scene.gates[gate] = a + dx, b + dy
    scene.together += part.together()
    scene.width = max(scene.width, dx + part.width)
    scene.height = max(scene.height, dy + part.height)


def slot_width(graph: Graph, boxes: dict[int, Box], level: Level) -> int:
    """Cells from one column to the next, for what stands apart."""
    free = (box.width for node, box in boxes.items() if node not in graph.parents)
    return max(free, default=1) + BOX_GAP[level]


def put_apart(scene: Scene, parts: list[tuple[Slot, Part]]) -> None:
    """Put single nodes, joined with nothing, where they were set by hand.

    One that would stand on something else stands beside it.

    Args:
        scene: With everything else.
        parts: Each with its column and row.
    """
    boxes = {
        **scene.boxes,
        **{v: b for _, part in parts for v, b in part.boxes.items()},
    }
    width = slot_width(scene.graph, boxes, scene.level)
    taken = set(_cells(scene.boxes.values(), scene.ways.values()))
    for (column, row), part in parts:
        want = max(0, column) * width, max(0, row) * ROW[scene.level]
        x, y = _free(part, want, taken) or (scene.width + BOX_GAP[scene.level], want[1])
        put(scene, part, x, y)
        taken.update(product(range(x, x + part.width), range(y, y + part.height)))


def _free(
    part: Part, want: tuple[int, int], taken: set[tuple[int, int]]
) -> tuple[int, int] | None:
    """The place nearest to a wanted one where a part touches nothing."""
    steps = product(*(range(-far, far + 1) for far in FARTHEST))
    for dx, dy in sorted(steps, key=lambda step: abs(step[0]) + 2 * abs(step[1])):
        x, y = want[0] + dx, want[1] + dy
        around = product(
            range(x - 1, x + part.width + 1), range(y - 1, y + part.height + 1)
        )
        if x >= 0 and y >= 0 and taken.isdisjoint(around):
            return x, y
    return None


def _cells(
    boxes: Iterable[Box], ways: Iterable[list[tuple[int, int]]]
) -> Iterator[tuple[int, int]]:
    """The cells that boxes and lines take."""
    for box in boxes:
        yield from product(range(box.x, box.right), range(box.y, box.bottom))
    for way in ways:
        for (x, y), (to_x, to_y) in pairwise(way):
            columns = range(min(x, to_x), max(x, to_x) + 1)
            yield from product(columns, range(min(y, to_y), max(y, to_y) + 1))
