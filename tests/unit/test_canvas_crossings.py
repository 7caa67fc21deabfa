"""Crossings of lines between two rows."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tuilab.tui.canvas.crossings import crossings, more_crossings

PLACES = st.integers(0, 6)


@given(st.lists(st.tuples(PLACES, PLACES), max_size=12))
def test_lines_cross_that_end_in_the_other_order(lines: list[tuple[int, int]]) -> None:
    crossed = [
        one
        for one, other in combinations(lines, 2)
        if (one[0] - other[0]) * (one[1] - other[1]) < 0
    ]
    assert crossings(lines) == len(crossed)


@given(st.lists(PLACES, max_size=6), st.lists(PLACES, max_size=6))
def test_what_a_swap_changes_is_what_counting_again_tells(
    left: list[int], right: list[int]
) -> None:
    def lines(*ends: list[int]) -> list[tuple[int, int]]:
        return [(at, end) for at, some in enumerate(ends) for end in some]

    before, after = crossings(lines(left, right)), crossings(lines(right, left))
    assert more_crossings(left, right) == after - before
