"""Which lines of a row run above it, and which below.

Nodes of a row that are no neighbours are joined by arcs. Two arcs on one side cross
where the ends of one are inside and outside of the other; on different sides they never
meet. A full mesh that uses both sides has a quarter of the crossings, and its boxes
half of the ports on each side.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from tuilab.tui.canvas.layers import Flat

MOST = 200
"""Beyond so many arcs of a row only the first guess is made."""
TURNS = 8

Arc = tuple[int, int]
"""Positions in the row, the left one first."""


def share(
    row: list[int],
    flats: list[Flat],
    above: Mapping[int, int],
    below: Mapping[int, int],
) -> None:
    """Choose the side of every flat of a row (`Flat.below`) that crosses least.

    A side is kept where the other one is no better.

    Args:
        row: Vertices from left to right.
        flats: Those of this row; where each runs now is where it had better run.
        above: How many lines go up, by vertex.
        below: How many go down.
    """
    at = {vertex: index for index, vertex in enumerate(row)}
    free = [flat for flat in flats if abs(at[flat.left] - at[flat.right]) > 1]
    if not free:
        return
    arcs: list[Arc] = []
    for flat in free:
        one, other = at[flat.left], at[flat.right]
        arcs.append((min(one, other), max(one, other)))
    sums = [
        list(accumulate((lines.get(v, 0) for v in row), initial=0))
        for lines in (above, below)
    ]
    passed = [[side[high] - side[low + 1] for side in sums] for low, high in arcs]
    """Lines up and down that an arc crosses, above and below the row."""
    usual = [flat.below for flat in free]
    tries = [usual, [_slope(arc, len(row)) for arc in arcs]]
    if len(arcs) <= MOST:
        crossed = _crossed(arcs)
        tries = [_better(sides, passed, crossed) for sides in tries]
        best = min(tries, key=lambda sides: _cost(sides, passed, crossed))
    else:
        best = tries[1]
    for flat, side in zip(free, best, strict=True):
        flat.below = side


def _slope(arc: Arc, count: int) -> bool:
    """The side of an arc in a full mesh, which is best so: by the sum of its ends."""
    return sum(arc) % count >= count / 2


def _crossed(arcs: list[Arc]) -> list[list[int]]:
    """For every arc those that it crosses on one side."""
    crossed: list[list[int]] = [[] for _ in arcs]
    for i, (a, c) in enumerate(arcs):
        for j in range(i):
            b, d = arcs[j]
            if a < b < c < d or b < a < d < c:
                crossed[i].append(j)
                crossed[j].append(i)
    return crossed


def _cost(sides: list[bool], passed: list[list[int]], crossed: list[list[int]]) -> int:
    """Crossings in all."""
    lines = sum(passed[i][side] for i, side in enumerate(sides))
    pairs = sum(sides[j] == sides[i] for i, some in enumerate(crossed) for j in some)
    return lines + pairs // 2


def _better(
    sides: list[bool], passed: list[list[int]], crossed: list[list[int]]
) -> list[bool]:
    """Turn arcs over one by one while that saves crossings."""
    sides = list(sides)
    for _ in range(TURNS):
        moved = False
        for i, some in enumerate(crossed):
            same = sum(sides[j] == sides[i] for j in some)
            stay = same + passed[i][sides[i]]
            if len(some) - same + passed[i][not sides[i]] < stay:
                sides[i] = not sides[i]
                moved = True
        if not moved:
            break
    return sides
