"""The cells that lines go through, whatever the lines look like.

A line is kept as its straight pieces, not cell by cell: large drawings have a hundred
thousand cells of lines, and only some thousand pieces.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tuilab.tui.canvas.glyphs import EAST, NORTH, SOUTH, WEST

Cell = tuple[int, int]
"""Column and row."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """One line.

    Attributes:
        flats: Row, first column and the column behind the last one of what runs
            across, without its ends.
        uprights: Column, first row and the row behind the last one of what runs up
            and down, without its ends.
        corners: Where it bends or ends, with the directions it leaves the cell in.
    """

    flats: tuple[tuple[int, int, int], ...]
    uprights: tuple[tuple[int, int, int], ...]
    corners: Mapping[Cell, int]


@dataclass(frozen=True, slots=True)
class Traces:
    """All lines of a drawing.

    Attributes:
        pieces: Every line, by number of the edge.
        crossings: The line that runs up and down and the one that runs across, by
            the cell where they cross.
        crossed: The cells where a line crosses others.
    """

    pieces: Mapping[int, Pieces]
    crossings: Mapping[Cell, tuple[int, int]]
    crossed: Mapping[int, Sequence[Cell]]


def trace(pieces: Mapping[int, Pieces]) -> Traces:
    """Find where lines cross.

    Args:
        pieces: Every line, by number of the edge.
    """
    # From the first row to the last, with what runs up and down there from the left.
    begins: dict[int, list[Cell]] = defaultdict(list)
    ends: dict[int, list[Cell]] = defaultdict(list)
    flats: list[tuple[int, int, int, int]] = []
    for number, piece in pieces.items():
        for x, top, end in piece.uprights:
            if top < end:
                begins[top].append((x, number))
                ends[end].append((x, number))
        flats += [(y, left, end, number) for y, left, end in piece.flats]
    flats.sort()
    turns = sorted(begins.keys() | ends.keys(), reverse=True)
    there: list[tuple[int, int]] = []
    crossings: dict[Cell, tuple[int, int]] = {}
    crossed: dict[int, list[Cell]] = defaultdict(list)
    for y, left, end, number in flats:
        while turns and turns[-1] <= y:
            turn = turns.pop()
            for upright in ends[turn]:
                del there[bisect_left(there, upright)]
            for upright in begins[turn]:
                insort(there, upright)
        first, own = bisect_left(there, (left,)), crossed[number]
        for x, other in there[first : bisect_left(there, (end,), first)]:
            cell = x, y
            crossings[cell] = other, number
            crossed[other].append(cell)
            own.append(cell)
    return Traces(pieces, crossings, crossed)


def along(way: Sequence[Cell]) -> Iterator[Cell]:
    """Every cell from the first to the last corner of a way."""
    yield way[0]
    for (x, y), (to_x, to_y) in pairwise(way):
        step_x, step_y = _sign(to_x - x), _sign(to_y - y)
        while (x, y) != (to_x, to_y):
            x, y = x + step_x, y + step_y
            yield x, y


def middle(way: Sequence[Cell]) -> Cell:
    """The cell in the middle of a way."""
    spans = [abs(a - x) + abs(b - y) for (x, y), (a, b) in pairwise(way)]
    left = (sum(spans) + 1) // 2
    for (x, y), (to_x, to_y), span in zip(way, way[1:], spans, strict=False):
        if left <= span:
            return x + _sign(to_x - x) * left, y + _sign(to_y - y) * left
        left -= span
    return way[-1]


def pieces_of(way: Sequence[Cell], *, begun: bool, goes_on: bool) -> Pieces:
    """Take a line apart.

    Args:
        way: Its corners from end to end.
        begun: Whether the first cell is not its own: it comes from there.
        goes_on: Whether the last cell is not its own: it goes there.
    """
    points = _straightened(way)
    flats, uprights = [], []
    corners: dict[Cell, int] = {}
    for (x, y), (to_x, to_y) in pairwise(points):
        if x == to_x:
            down = to_y > y
            uprights.append((x, y + 1, to_y) if down else (x, to_y + 1, y))
            ahead, back = (SOUTH, NORTH) if down else (NORTH, SOUTH)
        else:
            right = to_x > x
            flats.append((y, x + 1, to_x) if right else (y, to_x + 1, x))
            ahead, back = (EAST, WEST) if right else (WEST, EAST)
        corners[x, y] = corners.get((x, y), 0) | ahead
        corners[to_x, to_y] = back
    if begun:
        del corners[points[0]]
    if goes_on:
        del corners[points[-1]]
    return Pieces(tuple(flats), tuple(uprights), corners)


def _straightened(way: Sequence[Cell]) -> list[Cell]:
    """The corners at which a way really bends."""
    points = [way[0]]
    for cell in way[1:]:
        last = points[-1]
        if cell == last:
            continue
        if len(points) > 1:
            before = points[-2]
            if before[0] == last[0] == cell[0] or before[1] == last[1] == cell[1]:
                points[-1] = cell
                continue
        points.append(cell)
    return points


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
