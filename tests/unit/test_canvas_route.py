"""Tracks of wires between two rows: nothing is shared, and few rows are needed."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilab.tui.canvas.channel import Channel
from tuilab.tui.canvas.route import Wire, assign

CORE = [
    (2, -19), (13, -16), (24, -9), (35, -6), (4, 4), (15, 6), (26, 13), (37, 16),
    (6, 26), (17, 29), (28, 36), (39, 39), (8, 50), (19, 53), (30, 60), (41, 63),
]  # fmt: skip
"""Four core switches above four pods, of a fat tree: columns above and below."""
BESIDE = 8
"""So many of those run beside one another somewhere: fewer rows there can't be."""


def wires_of(ends) -> list[Wire]:
    return [Wire(n, (top,), (bottom,)) for n, (top, bottom) in enumerate(ends)]


def cells(wires: list[Wire], rows: int) -> Counter[tuple[int, int, bool]]:
    """How many wires go through each cell, on their way down or along."""
    channel = Channel(roomy=False)
    taken: Counter[tuple[int, int, bool]] = Counter()
    for wire in wires:
        (top,), (bottom,) = wire.tops, wire.bottoms
        corners = [(top, -1), *channel.corners(wire, bottom), (bottom, rows)]
        own = set()
        for (x, y), (to_x, to_y) in pairwise(corners):
            if y == to_y:
                own |= {(at, y, True) for at in range(min(x, to_x), max(x, to_x) + 1)}
            else:
                own |= {(x, at, False) for at in range(min(y, to_y), max(y, to_y) + 1)}
        taken.update(own)
    return taken


def crossings(wires: list[Wire], rows: int) -> int:
    taken = cells(wires, rows)
    corners = {
        corner
        for wire in wires
        for corner in Channel(roomy=False).corners(wire, wire.bottoms[0])
    }
    return sum(
        (x, y, False) in taken and (x, y) not in corners
        for x, y, along in taken
        if along
    )


@given(
    st.lists(st.integers(0, 30), unique=True, max_size=12),
    st.lists(st.integers(0, 30), unique=True, max_size=12),
    st.sampled_from([1, 2]),
)
def test_no_two_wires_share_a_way(tops, bottoms, gap):
    wires = wires_of(zip(tops, bottoms, strict=False))
    rows = assign(wires, gap)
    assert all(0 <= track < rows for wire in wires for track in wire.bend[::2])
    assert max(cells(wires, rows).values(), default=1) == 1


@pytest.mark.parametrize("turn", [1, -1], ids=["as it is", "upside down"])
def test_a_fat_tree_needs_hardly_more_rows_than_run_beside_one_another(turn):
    wires = wires_of(ends[::turn] for ends in CORE)
    rows = assign(wires)
    assert rows <= BESIDE + 1, "whatever side it is looked at from"
    assert crossings(wires, rows) <= 44
