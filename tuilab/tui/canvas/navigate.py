"""Which item is the next one in a direction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from tuilab.tui.canvas.drawing import Drawing
from tuilab.tui.canvas.graph import Item

Direction = Literal["left", "right", "up", "down"]
_ASIDE = {"left": 6.0, "right": 6.0, "up": 0.5, "down": 0.5}
"""How much what is off to the side counts: a drawing is made of rows."""
_TALL = 2.0
"""A cell is about twice as tall as it is wide."""


def nearest(
    places: Iterable[tuple[Item, float, float]],
    start: tuple[float, float],
    direction: Direction,
) -> Item | None:
    """The closest item in a direction, or None.

    Args:
        places: Items with column and row.
        start: Column and row to look from.
        direction: Where to look.
    """
    best: tuple[float, Item] | None = None
    for item, x, y in places:
        dx, dy = x - start[0], (y - start[1]) * _TALL
        ahead, aside = (dx, dy) if direction in ("left", "right") else (dy, dx)
        if direction in ("left", "up"):
            ahead = -ahead
        if ahead <= 0:
            continue
        far = ahead + _ASIDE[direction] * abs(aside)
        if best is None or far < best[0]:
            best = far, item
    return best[1] if best else None


def next_node(drawing: Drawing, item: Item, direction: Direction) -> Item | None:
    """The node next to another one."""
    places = {node: drawing.anchor(node) for node in drawing.boxes}
    start = places.pop(item, None)
    if start is None:
        return None
    return nearest(((n, x, y) for n, (x, y) in places.items()), start, direction)


def ports(drawing: Drawing, node: Item) -> list[Item]:
    """The links on a node's border, clockwise."""
    return [spot.item for spot in drawing.ports[node] if spot.item.kind == "link"]


def next_port(drawing: Drawing, port: Item, direction: Direction) -> Item | None:
    """The port next to another one of the same node.

    Where nothing is in that direction: the next one around the border.
    """
    found = drawing.port_of(port)
    if found is None:
        return None
    node, here = found
    spots = [spot for spot in drawing.ports[node] if spot.item.kind == "link"]
    others = [(s.item, float(s.x), float(s.y)) for s in spots if s.item != port]
    there = nearest(others, (here.x, here.y), direction)
    if there is None and others:
        step = 1 if direction in ("right", "down") else -1
        there = spots[(spots.index(here) + step) % len(spots)].item
    return there
