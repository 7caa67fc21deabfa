"""Columns for the vertices of a layered drawing: least squares with a minimum gap."""

from __future__ import annotations

ROUNDS = 4
HELD = 1e9
"""Weight of a place set by hand: it gives way to nothing."""
FREE = 0.1
"""Weight of the place of what nothing draws anywhere."""

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
    walks = []
    # The last walk goes up: what is above stands over the middle of what is below.
    for step in (1, -1):
        ahead = {v: _ahead(v, pulls[v], row_of, upwards=step < 0) for v in x}
        seen: dict[int, tuple[int, int]] = {}
        walks.append((range(len(rows))[::step], step, ahead, seen))
    # How often each row has changed; there is one more beyond the first and the last.
    changes = [0] * (len(rows) + 1)
    for order, step, ahead, seen in walks * ROUNDS:
        for index in order:
            # Most rows soon stay where they are, as does what they look at.
            state = changes[index], changes[index - step]
            if seen.get(index) == state:
                continue
            seen[index] = state
            wishes = [
                (float(fixed[v]), HELD) if v in fixed else _wish(v, *ahead[v], x)
                for v in rows[index]
            ]
            changes[index] += _apply(rows[index], offsets[index], wishes, x)
    return {v: round(at) for v, at in x.items()}


def settle(
    row: list[int], wish: dict[int, int], fixed: dict[int, int]
) -> dict[int, int]:
    """Columns for a row of vertices of one column each, as close to wishes as can be.

    Args:
        row: Vertices from left to right.
        wish: The column that each would like to be in.
        fixed: Columns set by hand.
    """
    x: dict[int, float] = {}
    wishes = [
        (float(fixed[v]), HELD) if v in fixed else (float(wish[v]), 1.0) for v in row
    ]
    _apply(row, list(range(len(row))), wishes, x)
    return {vertex: round(at) for vertex, at in x.items()}


def _ahead(
    vertex: int, pulls: list[Pull], row_of: dict[int, int], *, upwards: bool
) -> tuple[list[Pull], float]:
    """The pulls from where the walk comes from, and from the own row; their weight."""
    own = row_of[vertex]
    some = [
        pull
        for pull in pulls
        if row_of[pull[0]] == own or (row_of[pull[0]] > own) == upwards
    ]
    return some, sum(weight for _, _, weight in some)


def _wish(
    vertex: int, pulls: list[Pull], weight: float, x: dict[int, float]
) -> tuple[float, float]:
    """Where a vertex is drawn to, and how much."""
    if not weight:
        return x[vertex], FREE
    total = 0.0
    for other, shift, share in pulls:
        total += (x[other] + shift) * share
    return total / weight, weight


def _apply(
    row: list[int],
    offsets: list[int],
    wishes: list[tuple[float, float]],
    x: dict[int, float],
) -> bool:
    """Closest to the wishes with all gaps kept: pool adjacent violators.

    Returns:
        Whether anything stands elsewhere than before.
    """
    blocks: list[tuple[float, float, int]] = []
    for offset, (wish, weight) in zip(offsets, wishes, strict=True):
        mean, mass, count = wish - offset, weight, 1
        while blocks and blocks[-1][0] > mean:
            other, more, size = blocks.pop()
            mean = (mean * mass + other * more) / (mass + more)
            mass += more
            count += size
        blocks.append((mean, mass, count))
    index, changed = 0, False
    for mean, _, count in blocks:
        # Whole columns for the whole block, so that its inner gaps stay as they are.
        base = round(mean)
        for _ in range(count):
            at, vertex = base + offsets[index], row[index]
            if x.get(vertex) != at:
                x[vertex], changed = at, True
            index += 1
    return changed
