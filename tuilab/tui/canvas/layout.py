"""Where everything stands: boxes, ports and the way of every line, in cells."""

from __future__ import annotations

from collections.abc import Iterator

from tuilab.tui.canvas.boxes import LEVELS, Level
from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.order import Order
from tuilab.tui.canvas.part import Part
from tuilab.tui.canvas.scene import Box, Manner, Scene

PART_GAP = 4
SHELF_GAP = 1


def fit(
    graph: Graph, order: Order, width: int, height: int, *, roomy: bool = False
) -> Scene:
    """The most detailed scene that fits a pane, or else the least detailed one.

    Args:
        graph: What is to be drawn.
        order: Its rows, from `arrange`.
        width: Columns there are.
        height: Rows there are.
        roomy: Keep lines apart that would seem joined in ASCII.
    """
    for level in LEVELS:
        scene = at_level(graph, order, level, width, height, roomy=roomy)
        if scene.width <= width and scene.height <= height:
            break
    return scene


def at_level(
    graph: Graph,
    order: Order,
    level: Level,
    width: int,
    height: int,
    *,
    roomy: bool = False,
) -> Scene:
    """A scene of one level that fits a pane, or else the one that sticks out least."""
    best: tuple[int, Scene] | None = None
    for manner in _manners(level, roomy):
        scene = layout(graph, order, manner, width)
        beyond = max(0, scene.width - width) + 2 * max(0, scene.height - height)
        if best is None or beyond < best[0]:
            best = beyond, scene
        if not beyond:
            break
    assert best is not None
    return best[1]


def _manners(level: Level, roomy: bool) -> Iterator[Manner]:
    """Ways to draw a level, the most pleasant first."""
    yield Manner(level, roomy)
    if level == 1:
        yield Manner(level, roomy, tight=True)
        yield Manner(level, roomy, combs=True)
        yield Manner(level, roomy, tight=True, combs=True)


def layout(graph: Graph, order: Order, manner: Manner, width: int) -> Scene:
    """Place everything.

    Args:
        graph: What is to be drawn.
        order: Its rows, from `arrange`.
        manner: How to draw it.
        width: Columns there are; unconnected parts are put into several shelves.
    """
    scene = Scene(manner)
    shelf: list[Part] = []
    used = 0
    for layers in order.parts:
        part = Part(graph, layers, manner)
        part.run()
        if shelf and used + PART_GAP + part.width > width:
            _put(scene, shelf)
            shelf, used = [], 0
        used += part.width + (PART_GAP if shelf else 0)
        shelf.append(part)
    if shelf:
        _put(scene, shelf)
    return scene


def _put(scene: Scene, shelf: list[Part]) -> None:
    """Put parts side by side below what is there, their last rows in line."""
    top = scene.height + (SHELF_GAP if scene.height else 0)
    height = max(part.height for part in shelf)
    x = 0
    for part in shelf:
        dx, dy = x, top + height - part.height
        for vertex, box in part.boxes.items():
            scene.boxes[vertex] = Box(box.x + dx, box.y + dy, box.shape)
        for edge, way in part.ways.items():
            scene.ways[edge] = [(a + dx, b + dy) for a, b in way]
        x += part.width + PART_GAP
    scene.width = max(scene.width, x - PART_GAP)
    scene.height = top + height
