"""What only moves on the screen the terminal can move: that is sent in a few bytes.

A drawing that is scrolled looks different in every cell, and yet nearly all of it is
there already. Rows go up and down by a scroll region, which takes whole rows, with
all the panes beside; a piece of a row goes left and right by deleting cells at one of
its ends and inserting as many at the other. Whether it was worth it is for the caller
to see: he still sends what differs afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tuilab.tui.strokes import HALF, PLAIN, Cell

Rows = dict[int, list[Cell]]
"""The cells of rows by their number."""

UNKNOWN: Cell = ("\0", PLAIN)
"""What the terminal shows where nothing has been sent yet."""
LEAST_ROWS = 5
"""So many rows must move, or it is no scrolling."""
LEAST_COLUMNS = 20
"""A piece of a row that moves has so many cells at least."""
COSTS = 24
"""What it takes to move one piece of a row to a side, in bytes, more or less."""


class Shift(NamedTuple):
    """Something that the terminal can do.

    Attributes:
        code: What to send; the cursor may be anywhere then, the look stays plain.
        rows: Those rows that are otherwise afterwards.
    """

    code: str
    rows: dict[int, list[Cell]]


class Piece(NamedTuple):
    """A part of a row that was painted: from one column to the one behind its last."""

    x: int
    y: int
    end: int


def shifts(before: Rows, wanted: Rows, pieces: Sequence[Piece]) -> Iterator[Shift]:
    """What can be tried to come from what is shown to what is wanted.

    Args:
        before: What is shown.
        wanted: What shall be, of some rows.
        pieces: What of them was painted.
    """
    spans = Counter(
        (piece.x, piece.end)
        for piece in pieces
        if piece.end - piece.x >= LEAST_COLUMNS and _is_whole(before, wanted, piece)
    )
    if not spans:
        return
    (x, end), count = spans.most_common(1)[0]
    if count < LEAST_ROWS:
        return
    # Where two pieces of a row were painted, like a pane and its scroll bar, it is
    # the wider one that scrolls.
    rows = sorted({it.y for it in pieces if (it.x, it.end) == (x, end)})
    old = {y: before[y][x:end] for y in rows if len(before.get(y, ())) >= end}
    new = {y: wanted[y][x:end] for y in rows}
    if found := _scrolled(old, new):
        yield _scroll(before, *found)
    if by := _slid(old, new):
        yield _slide(before, old, new, x, end, by)


def _is_whole(before: Rows, wanted: Rows, piece: Piece) -> bool:
    """Whether no sign that is two cells wide could be cut in two."""
    return HALF not in before.get(piece.y, ()) and HALF not in wanted[piece.y]


def _is_bare(cells: list[Cell]) -> bool:
    return all(cell[0] == " " for cell in cells)


def _scrolled(old: Rows, new: Rows) -> tuple[int, int, int] | None:
    """First and last row that are there already, and how far they stand below that.

    They are recognised by quarters: something may lie over a part of them, or be
    selected there.
    """
    places: dict[object, list[int]] = {}
    for y, cells in old.items():
        for part in _quarters(cells):
            places.setdefault(part, []).append(y)
    votes: Counter[int] = Counter()
    for y, cells in new.items():
        if cells != old.get(y):
            for part in _quarters(cells):
                votes.update(place - y for place in places.get(part, ()))
    del votes[0]
    if not votes:
        return None
    by, _ = votes.most_common(1)[0]
    rows = [
        y
        for y, cells in new.items()
        if y in old
        and y + by in old
        and _differing(old[y + by], cells) < _differing(old[y], cells)
    ]
    return (rows[0], rows[-1], by) if len(rows) >= LEAST_ROWS else None


def _quarters(cells: list[Cell]) -> Iterator[object]:
    """Parts of a row that are not blank, each with where it is."""
    size = len(cells) // 4
    for at in range(0, 4 * size, size):
        if not _is_bare(part := cells[at : at + size]):
            yield at, tuple(part)


def _scroll(before: Rows, first: int, last: int, by: int) -> Shift:
    """Have rows go up, or down if there are so many less than none."""
    top, bottom = min(first, first + by), max(last, last + by)
    width = max(len(before.get(y, ())) for y in range(top, bottom + 1))
    exposed = [UNKNOWN] * width
    rows = {
        y: list(before.get(y + by, exposed)) if top <= y + by <= bottom else [*exposed]
        for y in range(top, bottom + 1)
    }
    edge = bottom if by > 0 else top
    move = "\n" * by if by > 0 else "\x1bM" * -by
    code = f"\x1b[{top + 1};{bottom + 1}r\x1b[{edge + 1};1H{move}\x1b[r"
    return Shift(code, rows)


def _slid(old: Rows, new: Rows) -> int:
    """How many cells to the left most of it went; less than none for the right."""
    votes: Counter[int] = Counter()
    for y, cells in new.items():
        row = old.get(y)
        if row is None or row == cells or _is_bare(cells):
            continue
        for by in range(1, len(cells) - LEAST_COLUMNS + 1):
            middle = (len(cells) - by) // 2
            # A look at one cell spares most of the others.
            if cells[middle] == row[middle + by] and cells[:-by] == row[by:]:
                votes[by] += 1
            if cells[middle + by] == row[middle] and cells[by:] == row[:-by]:
                votes[-by] += 1
    by, count = votes.most_common(1)[0] if votes else (0, 0)
    return by if count >= LEAST_ROWS else 0


def _slide(before: Rows, old: Rows, new: Rows, x: int, end: int, by: int) -> Shift:
    """Have a piece of each row go left, or right, where that is worth it."""
    count = abs(by)
    gap = [UNKNOWN] * count
    code, rows = [], {}
    for y, cells in new.items():
        row = old.get(y)
        if row is None:
            continue
        moved = [*row[by:], *gap] if by > 0 else [*gap, *row[:by]]
        if _differing(moved, cells) + COSTS >= _differing(row, cells):
            continue
        rows[y] = [*before[y][:x], *moved, *before[y][end:]]
        cut, put = (x, end - count) if by > 0 else (end - count, x)
        code.append(
            f"\x1b[{y + 1};{cut + 1}H\x1b[{count}P\x1b[{y + 1};{put + 1}H\x1b[{count}@"
        )
    return Shift("".join(code), rows)


def _differing(one: list[Cell], other: list[Cell]) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))
