"""Where everything stands: boxes, ports and the way of every line, in cells."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from tuilab.model.places import Slot
from tuilab.tui.canvas.again import again, same
from tuilab.tui.canvas.boxes import LEVELS, Level
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.group import group
from tuilab.tui.canvas.layers import Memory, Order
from tuilab.tui.canvas.part import Part
from tuilab.tui.canvas.put import put, put_apart
from tuilab.tui.canvas.regions import arrange
from tuilab.tui.canvas.scene import Manner, Scene

PART_GAP = 4
SHELF_GAP = 1
MOST_SHELVES = 4
MOST_LINES = 150
"""With more lines than these no pane has room for boxes and the names of all ports, and
shelves take too long to fill."""
MOST_PANES = 3
"""So many panes full of names are better to scroll than a map without names."""
LEAST_ROWS = {0: 0, 1: 0, 2: 5, 3: 6}
"""Rows that one row of boxes takes at least, with the space to the next one. Where
nothing fits, smaller things are drawn all the same."""
MOST_ATTEMPTS = 6
FAR = 4
"""A drawing so many times as wide as the pane is beyond all help."""


class Wish(NamedTuple):
    """How a lab is to be drawn.

    Attributes:
        width: Columns there are.
        height: Rows there are.
        level: Level of detail; None for the most detailed one that fits.
        choices: What is folded.
        roomy: Keep lines apart that would seem joined in ASCII.
        scrolled: Whether what is a little too large can be scrolled: names that are out
            of sight say more than a map without any.
    """

    width: int
    height: int
    level: Level | None = None
    choices: Choices = Choices()
    roomy: bool = False
    scrolled: bool = False

    def panes(self, scene: Scene) -> float:
        """In how many panes a drawing can be seen, at least one."""
        across = max(1.0, scene.width / self.width)
        return across * max(1.0, scene.height / self.height)


def compose(
    graph: Graph,
    wish: Wish,
    memory: Memory | None = None,
    before: Scene | None = None,
) -> Scene:
    """The scene of a lab.

    Args:
        graph: From `build`.
        wish: How to draw it.
        memory: From the scene before; what is in there keeps its order.
        before: That scene: where only states differ, nothing is placed anew.
    """
    grouped = group(graph, wish.choices)
    if before is not None and before.wish == wish and same(before, grouped):
        return again(before, grouped)
    scene = _best(grouped, wish, memory)
    scene.wish = wish
    return scene


def _best(grouped: Graph, wish: Wish, memory: Memory | None) -> Scene:
    """The most detailed scene that fits."""
    order = arrange(grouped, memory)
    best: tuple[int, Scene] | None = None
    for level in LEVELS if wish.level is None else (wish.level,):
        if level == 0 and wish.scrolled and best and wish.panes(best[1]) <= MOST_PANES:
            break
        for scene in _tries(grouped, order, level, wish):
            beyond = max(0, scene.width - wish.width)
            beyond += 2 * max(0, scene.height - wish.height)
            if not beyond:
                return scene
            if best is None or beyond < best[0] or level != best[1].level:
                best = beyond, scene
    assert best is not None
    return best[1]


def _tries(graph: Graph, order: Order, level: Level, wish: Wish) -> Iterator[Scene]:
    """Scenes of one level, the most pleasant first; on most, none if none can help."""
    if wish.level is None and level >= 2 and len(graph.edges) > MOST_LINES:
        return
    if order.chained:
        yield from _turned(graph, order, level, wish)
        return
    if wish.level is None and least_width(graph, order, level) > FAR * wish.width:
        if level == 1:
            yield layout(graph, order, Manner(1, wish.roomy, combs=True), wish.width)
        if level <= 1:
            manner = Manner(level, wish.roomy, tight=True, combs=level == 1)
            yield layout(graph, order, manner, wish.width)
        return
    usual = Manner(level, wish.roomy)
    scene = layout(graph, order, usual, wish.width)
    yield scene
    wide = scene.width > wish.width
    if level >= 2 and scene.width > FAR * wish.width:
        return
    for manner in _manners(usual):
        if manner.narrow == 1 or (wide and any(node.cells for node in graph.nodes)):
            yield layout(graph, order, manner, wish.width)
    if level == 3 or len(graph.edges) > MOST_LINES:
        return
    shelves = math.ceil(scene.width / wish.width)
    for count in range(shelves, shelves + 2):
        if wide and count <= MOST_SHELVES and count * scene.height < 2 * wish.height:
            shelved = arrange(graph, order.memory, count)
            manner = replace(usual, tight=True)
            yield layout(graph, shelved, manner, wish.width)


def _turned(graph: Graph, order: Order, level: Level, wish: Wish) -> Iterator[Scene]:
    """Scenes where rings and lines are turned as often as the width of the pane asks.

    Of a level with boxes none, if they would be too tall by far.
    """
    manners = [Manner(level, wish.roomy), Manner(level, wish.roomy, tight=True)]
    for manner in manners:
        turns = math.ceil(least_width(graph, order, level) / wish.width)
        for attempt in range(MOST_ATTEMPTS):
            if wish.level is None and LEAST_ROWS[level] * turns > wish.height:
                break
            turned = order
            if turns > 1:
                turned = arrange(graph, order.memory, turns=turns)
            scene = layout(graph, turned, manner, wish.width)
            if scene.width <= wish.width or attempt == MOST_ATTEMPTS - 1:
                yield scene
                break
            turns = max(turns + 1, math.ceil(turns * scene.width / wish.width))


def least_width(graph: Graph, order: Order, level: Level) -> int:
    """Columns that a level takes at least, as long as hosts stand in rows."""

    def least(vertex: int) -> int:
        if level == 0 or vertex >= len(graph.nodes) or graph.nodes[vertex].cells:
            return 1
        return len(graph.nodes[vertex].label) + 2

    rows = (row for part in order.parts for row in part.rows)
    return max((sum(least(v) + 1 for v in row) - 1 for row in rows), default=0)


def _manners(usual: Manner) -> Iterator[Manner]:
    """Further ways to draw a level."""
    level = usual.level
    yield replace(usual, tight=True)
    if level == 1:
        yield replace(usual, combs=True)
        yield replace(usual, tight=True, combs=True)
    for narrow in (2, 8):
        yield replace(usual, tight=True, narrow=narrow)
    if level == 1:
        yield replace(usual, tight=True, combs=True, narrow=8)


def layout(graph: Graph, order: Order, manner: Manner, width: int) -> Scene:
    """Place everything.

    Args:
        graph: What is to be drawn.
        order: Its rows, from `arrange`.
        manner: How to draw it.
        width: Columns there are; unconnected parts are put into several shelves.
    """
    scene = Scene(manner, graph, order)
    shelf: list[Part] = []
    apart: list[tuple[Slot, Part]] = []
    used = 0
    for layers in order.parts:
        part = Part(graph, layers, manner, width, order.inner)
        part.run()
        if len(part.row) == 1 and (place := graph.pins.get(next(iter(part.row)))):
            apart.append((place, part))
            continue
        if shelf and used + PART_GAP + part.width > width:
            _put(scene, shelf)
            shelf, used = [], 0
        used += part.width + (PART_GAP if shelf else 0)
        shelf.append(part)
    if shelf:
        _put(scene, shelf)
    if apart:
        put_apart(scene, apart)
    return scene


def _put(scene: Scene, shelf: list[Part]) -> None:
    """Put parts side by side below what is there, their last rows in line."""
    top = scene.height + (SHELF_GAP if scene.height else 0)
    height = max(part.height for part in shelf)
    x = 0
    for part in shelf:
        put(scene, part, x, top + height - part.height)
        x += part.width + PART_GAP
