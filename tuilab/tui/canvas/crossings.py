"""What an order of rows costs: crossings, and links that are no neighbours."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterable


def apart(distance: int) -> int:
    """What it costs that two joined nodes of a row are so many places apart."""
    return 0 if abs(distance) == 1 else 4 + abs(distance)


def crossings(lines: Iterable[tuple[int, int]]) -> int:
    """How often lines between two rows cross.

    Args:
        lines: The place of each in the upper and in the lower row.
    """
    seen: list[int] = []
    count = 0
    for _, lower in sorted(lines):
        count += len(seen) - bisect_right(seen, lower)
        insort(seen, lower)
    return count


def more_crossings(left: Collection[int], right: Collection[int]) -> int:
    """How much more often the lines of two neighbours cross when these are swapped.

    Args:
        left: The places in the next row that the lines of the left one go to.
        right: Those of the right one.
    """
    others = sorted(right)
    more = 0
    for own in left:
        more += len(others) - bisect_right(others, own) - bisect_left(others, own)
    return more
