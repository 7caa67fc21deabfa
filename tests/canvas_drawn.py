"""Drawings that tests look at: of a lab, and what stands where in one."""

from __future__ import annotations

from tests.canvas_labs import snapshot
from tuilab.model.topology import Topology
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.drawing import Drawing
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.layers import Order
from tuilab.tui.canvas.layout import layout
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.regions import arrange
from tuilab.tui.canvas.scene import Manner


def drawing(
    topology: Topology, level: int = 2, selected: Item | None = None
) -> Drawing:
    graph = build(snapshot(topology))
    return draw(
        layout(graph, arrange(graph), Manner(level), 120),  # type: ignore[arg-type]
        selected=[selected] if selected else [],
    )


def namespace(name: str) -> Item:
    return Item("namespace", name)


def rows_of(order: Order, names: list[Item]) -> list[list[Item]]:
    return [
        [names[vertex] for vertex in row if vertex < len(names)]
        for part in (*order.parts, *order.inner.values())
        for row in part.rows
    ]


def left_to_right(order: Order, names: list[Item]) -> dict[Item, tuple[int, int, int]]:
    """Rank, and place from the left, for every node that is joined."""
    out = {}
    inner = [order.inner[box] for box in sorted(order.inner)]
    for number, part in enumerate((*order.parts, *inner)):
        for depth, row in enumerate(part.rows):
            if part.hops or part.flats:
                for at, vertex in enumerate(row):
                    if vertex < len(names):
                        out[names[vertex]] = (part.top - depth, number, at)
    return out
