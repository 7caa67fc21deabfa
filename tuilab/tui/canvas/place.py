"""Columns for the vertices of a layered drawing: least squares with a minimum gap."""

from __future__ import annotations

ROUNDS = 4
HELD = 1000.0
"""Weight of a place set by hand."""

Pull = tuple[int, int, float]
"""Another vertex, how far right of it this one would like to be, and how much."""


def spread(
    rows: list[list[int]],
    widths: dict[int, int],
    gaps: list[list[int]],
    pulls: dict[int, list[Pull]],
    fixed: dict[int, int],
) -> dict[int, int]:
    """Left columns of all vertices; the order of every row is kept.

    Args:
        rows: Vertices from left to right, from top to bottom.
        widths: Columns that each takes.
        gaps: For each row, least columns between each vertex and the next.
        pulls: What draws each vertex where.
        fixed: Columns set by hand.
    """
    offsets: list[list[int]] = []
    for row, between in zip(rows, gaps, strict=True):
        sums, at = [], 0
        for index, vertex in enumerate(row):
            sums.append(at)
            at += widths[vertex] + (between[index] if index < len(between) else 0)
        offsets.append(sums)
    x = {
        v: float(o)
        for row, sums in zip(rows, offsets, strict=True)
        for v, o in zip(row, sums, strict=True)
    }
    row_of = {v: index for index, row in enumerate(rows) for v in row}
    last = len(rows) - 1
    for turn in range(2 * ROUNDS):
        # The last walk goes up: what is above stands over the middle of what is below.
        upwards = turn % 2 == 1
        order = range(last, -1, -1) if upwards else range(last + 1)
        for index in order:
            wishes = [
                _wish(v, _ahead(v, pulls[v], row_of, upwards), x, fixed)
                for v in rows[index]
            ]
            _apply(rows[index], offsets[index], wishes, x)
    return {v: round(at) for v, at in x.items()}


def _ahead(
    vertex: int, pulls: list[Pull], row_of: dict[int, int], upwards: bool
) -> list[Pull]:
    """The pulls from the side the walk comes from, and from the own row."""
    own = row_of[vertex]
    return [
        pull
        for pull in pulls
        if row_of[pull[0]] == own or (row_of[pull[0]] > own) == upwards
    ]


def _wish(
    vertex: int, pulls: list[Pull], x: dict[int, float], fixed: dict[int, int]
) -> tuple[float, float]:
    if vertex in fixed:
        return float(fixed[vertex]), HELD
    total = sum(weight for _, _, weight in pulls)
    if not total:
        return x[vertex], 0.1
    return sum((x[o] + shift) * weight for o, shift, weight in pulls) / total, total


def _apply(
    row: list[int],
    offsets: list[int],
    wishes: list[tuple[float, float]],
    x: dict[int, float],
) -> None:
    """Closest to the wishes with all gaps kept: pool adjacent violators."""
    blocks: list[tuple[float, float, int]] = []
    for offset, (wish, weight) in zip(offsets, wishes, strict=True):
        mean, mass, count = wish - offset, weight, 1
        while blocks and blocks[-1][0] > mean:
            other, more, size = blocks.pop()
            mean = (mean * mass + other * more) / (mass + more)
            mass += more
            count += size
        blocks.append((mean, mass, count))
    index = 0
    for mean, _, count in blocks:
        # Whole columns for the whole block, so that its inner gaps stay as they are.
        base = round(mean)
        for _ in range(count):
            x[row[index]] = base + offsets[index]
            index += 1
