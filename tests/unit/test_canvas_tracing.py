"""Lines in pieces are the lines cell by cell."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tuilab.tui.canvas.glyphs import EAST, NORTH, SOUTH, WEST
from tuilab.tui.canvas.tracing import Cell, along, middle, pieces_of, trace

WAYS = {(0, 1): EAST, (0, -1): WEST, (1, 1): SOUTH, (1, -1): NORTH}


@st.composite
def ways(draw: st.DrawFn) -> list[Cell]:
    """Corners of a line that goes down and, now and then, to a side."""
    x, y = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    way = [(x, y)]
    for _ in range(draw(st.integers(1, 3))):
        y += draw(st.integers(1, 4))
        way.append((x, y))
        x += draw(st.integers(-9, 9))
        way.append((x, y))
    return way


def masks(way: list[Cell]) -> dict[Cell, int]:
    """The directions a line leaves each of its cells in."""
    made: dict[Cell, int] = {}
    for (x, y), (to_x, to_y) in pairwise(along(way)):
        axis, step = (0, to_x - x) if to_x != x else (1, to_y - y)
        made[x, y] = made.get((x, y), 0) | WAYS[axis, step]
        made[to_x, to_y] = WAYS[axis, -step]
    return made


@given(ways(), st.booleans(), st.booleans())
def test_pieces_are_all_of_a_line_and_nothing_else(
    way: list[Cell], begun: bool, goes_on: bool
) -> None:
    pieces = pieces_of(way, begun=begun, goes_on=goes_on)
    found = dict(pieces.corners)
    for y, left, end in pieces.flats:
        found |= {(x, y): EAST | WEST for x in range(left, end)}
    for x, top, end in pieces.uprights:
        found |= {(x, y): NORTH | SOUTH for y in range(top, end)}
    whole = masks(way)
    if begun:
        del whole[way[0]]
    if goes_on:
        del whole[way[-1]]
    assert found == whole


@given(st.lists(ways(), min_size=2, max_size=4))
def test_lines_cross_where_one_runs_across_and_the_other_up_and_down(
    some: list[list[Cell]],
) -> None:
    lines = {
        n: pieces_of(way, begun=False, goes_on=False) for n, way in enumerate(some)
    }
    traces = trace(lines)
    cells = [masks(way) for way in some]
    for n, own in enumerate(cells):
        corners = lines[n].corners
        across = {c for c, mask in own.items() if mask == EAST | WEST} - set(corners)
        for m, other in enumerate(cells):
            upright = {c for c, mask in other.items() if mask == NORTH | SOUTH}
            for cell in across & upright - set(lines[m].corners):
                assert cell in traces.crossed[n]
                assert cell in traces.crossed[m]
                assert cell in traces.crossings
    for cell, (up, flat) in traces.crossings.items():
        assert cells[up][cell] == NORTH | SOUTH
        assert cells[flat][cell] == EAST | WEST


@given(ways())
def test_the_middle_is_as_far_from_both_ends(way: list[Cell]) -> None:
    cells = [*along(way)]
    assert cells[0] == way[0]
    assert cells[-1] == way[-1]
    assert middle(way) == cells[len(cells) // 2]
