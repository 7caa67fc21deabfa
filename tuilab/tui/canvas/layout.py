"""Where everything stands: boxes, ports and the way of every line, in cells."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from heapq import heappush, heapreplace
from typing import NamedTuple

from tuilab.tui.canvas.again import again, same
from tuilab.tui.canvas.boxes import LEVELS, Level
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.group import group
from tuilab.tui.canvas.layers import Memory, Order
from tuilab.tui.canvas.regions import arrange
from tuilab.tui.canvas.scene import Manner, Scene
from tuilab.tui.canvas.sketch import Sketch

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

    def panes(self, sketch: Sketch) -> float:
        """In how many panes a drawing can be seen, at least one."""
        across = max(1.0, sketch.width / self.width)
        return across * max(1.0, sketch.height / self.height)

    def beyond(self, sketch: Sketch) -> int:
        """Columns, and twice the rows, that a drawing goes beyond the pane.

        As long as it is not measured these are the fewest that it can be.
        """
        wide = max(0, sketch.width - self.width)
        return wide + 2 * max(0, sketch.height - self.height)


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
    best: Sketch | None = None
    for level in LEVELS if wish.level is None else (wish.level,):
        if level == 0 and wish.scrolled and best and wish.panes(best) <= MOST_PANES:
            break
        best = _least(_tries(grouped, order, level, wish), wish) or best
        if best is not None and not wish.beyond(best):
            break
    assert best is not None
    return best.scene()


def _least(tries: Iterator[Sketch], wish: Wish) -> Sketch | None:
    """The first of those that go least beyond the pane; None if there are none.

    Of most it is known from their columns alone that they can't be it.
    """
    waiting: list[tuple[int, int, Sketch]] = []
    for number, sketch in enumerate(tries):
        heappush(waiting, (wish.beyond(sketch), number, sketch))
        if found := _first(waiting, wish, 0):
            return found
    return _first(waiting, wish, math.inf)


def _first(
    waiting: list[tuple[int, int, Sketch]], wish: Wish, most: float
) -> Sketch | None:
    """The one of a heap that goes least beyond the pane, if not more than `most`."""
    while waiting and waiting[0][0] <= most:
        least, number, sketch = waiting[0]
        sketch.measure()
        beyond = wish.beyond(sketch)
        if beyond == least:
            return sketch
        heapreplace(waiting, (beyond, number, sketch))
    return None


def _tries(graph: Graph, order: Order, level: Level, wish: Wish) -> Iterator[Sketch]:
    """Ways to draw a level, the most pleasant first; on most, none if none can help."""
    if wish.level is None and level >= 2 and len(graph.edges) > MOST_LINES:
        return
    if order.chained:
        yield from _turned(graph, order, level, wish)
        return
    if wish.level is None and least_width(graph, order, level) > FAR * wish.width:
        if level == 1:
            combed = Sketch(graph, order, Manner(1, wish.roomy, combs=True), wish.width)
            yield combed
            yield combed.tightened()
        elif level == 0:
            tight = Manner(0, wish.roomy, tight=True)
            yield Sketch(graph, order, tight, wish.width)
        return
    usual = Manner(level, wish.roomy)
    first = Sketch(graph, order, usual, wish.width)
    yield first
    wide = first.width > wish.width
    if level >= 2 and first.width > FAR * wish.width:
        return
    yield from _further(graph, order, first, wish)
    if level == 3 or len(graph.edges) > MOST_LINES or not wide:
        return
    first.measure()
    shelves = math.ceil(first.width / wish.width)
    for count in range(shelves, shelves + 2):
        if count <= MOST_SHELVES and count * first.height < 2 * wish.height:
            shelved = arrange(graph, order.memory, count)
            yield Sketch(graph, shelved, replace(usual, tight=True), wish.width)


def _further(graph: Graph, order: Order, first: Sketch, wish: Wish) -> Iterator[Sketch]:
    """Further ways to draw a level, after the usual one."""
    yield first.tightened()
    combed = None
    if first.manner.level == 1:
        combed = Sketch(graph, order, replace(first.manner, combs=True), wish.width)
        if combed.combed:  # else it is the same
            yield combed
            yield combed.tightened()
    if first.width <= wish.width or not any(node.cells for node in graph.nodes):
        return
    tight = replace(first.manner, tight=True)
    for narrow in (2, 8):
        yield Sketch(graph, order, replace(tight, narrow=narrow), wish.width)
    if combed is not None and combed.combed:
        manner = replace(tight, combs=True, narrow=8)
        yield Sketch(graph, order, manner, wish.width)


def _turned(graph: Graph, order: Order, level: Level, wish: Wish) -> Iterator[Sketch]:
    """Rings and lines turned as often as the width of the pane asks.

    Of a level with boxes none, if they would be too tall by far; if a person asked for
    it, only tight ones.
    """
    orders = {1: order}
    least = max(1, math.ceil(least_width(graph, order, level) / wish.width))
    manners = [Manner(level, wish.roomy), Manner(level, wish.roomy, tight=True)]
    if LEAST_ROWS[level] * least > wish.height:
        manners = manners[1:]
    for manner in manners:
        turns = least
        for attempt in range(MOST_ATTEMPTS):
            if wish.level is None and LEAST_ROWS[level] * turns > wish.height:
                break
            if turns not in orders:
                orders[turns] = arrange(graph, order.memory, turns=turns)
            sketch = Sketch(graph, orders[turns], manner, wish.width)
            if sketch.width <= wish.width:
                sketch.measure()
            if sketch.width <= wish.width or attempt == MOST_ATTEMPTS - 1:
                yield sketch
                break
            turns = max(turns + 1, math.ceil(turns * sketch.width / wish.width))


def least_width(graph: Graph, order: Order, level: Level) -> int:
    """Columns that a level takes at least, as long as hosts stand in rows."""

    def least(vertex: int) -> int:
        if level == 0 or vertex >= len(graph.nodes) or graph.nodes[vertex].cells:
            return 1
        return len(graph.nodes[vertex].label) + 2

    rows = (row for part in order.parts for row in part.rows)
    return max((sum(least(v) + 1 for v in row) - 1 for row in rows), default=0)


def layout(graph: Graph, order: Order, manner: Manner, width: int) -> Scene:
    """Place everything.

    Args:
        graph: What is to be drawn.
        order: Its rows, from `arrange`.
        manner: How to draw it.
        width: Columns there are; unconnected parts are put into several shelves.
    """
    return Sketch(graph, order, manner, width).scene()
