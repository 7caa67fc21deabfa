"""What only moves on the screen the terminal can move: that is sent in a few bytes.

A drawing that is scrolled looks different in every cell, and yet nearly all of it is
there already. Rows go up and down by a scroll region, which takes whole rows, with
all the panes beside; a piece of a row goes left and right by deleting cells at one of
its ends and inserting as many at the other. Whether it was worth it is for the caller
to see: he still sends what differs afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tuilab.tui.strokes import HALF, PLAIN, Cell, go

Rows = dict[int, list[Cell]]
"""The cells of rows by their number."""

UNKNOWN: Cell = ("\0", PLAIN)
"""What the terminal shows where nothing has been sent yet."""
LEAST_ROWS = 4
"""So many rows must move, or it is no scrolling."""
LEAST_COLUMNS = 20
"""A piece of a row that moves has so many cells at least."""
COSTS = 10
"""What it takes to move one piece of a row to a side, in bytes, more or less."""
ALIKE = 8
"""By so many signs beside one another a place is recognised."""
STEP = 3
"""Cells from one place that is looked for to the next."""
MANY = 12
"""What is in so many places tells nothing about where it comes from."""
LEAST_VOTES = 10
"""So many places must have gone the same way."""
TRIED = 3
"""So many ways are tried."""
GLYPH = 3
"""Bytes of a sign that is not ASCII."""


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


def shift_between(before: Rows, wanted: Rows, pieces: Sequence[Piece]) -> Shift | None:
    """What brings what is shown closest to what is wanted; None if nothing does.

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
    panes = [span for span, count in spans.items() if count >= LEAST_ROWS]
    if not panes:
        return None
    # Of all that was painted beside one another it is the largest that scrolls.
    x, end = max(panes, key=lambda it: (it[1] - it[0]) * spans[it])
    rows = sorted({it.y for it in pieces if (it.x, it.end) == (x, end)})
    old = {y: before[y][x:end] for y in rows if len(before.get(y, ())) >= end}
    new = {y: wanted[y][x:end] for y in rows}
    best, most = None, 0
    for by in _moved(old, new):
        shift = _shift(before, old, new, by, x)
        if (worth := _worth(before, wanted, shift)) > most:
            best, most = shift, worth
    return best


def _shift(before: Rows, old: Rows, new: Rows, by: tuple[int, int], x: int) -> Shift:
    """Have a pane go up and left: rows first, then what is in each of them."""
    up, left = by
    shift = Shift("", {})
    if up:
        if (edges := _edges(old, new, up, left)) is None:
            return shift
        shift = _scroll(before, *edges, up)
    if left:
        slid = _slide({**before, **shift.rows}, new, x, left)
        shift = Shift(shift.code + slid.code, {**shift.rows, **slid.rows})
    return shift


def _worth(before: Rows, wanted: Rows, shift: Shift) -> int:
    """About so many bytes it spares, in all panes."""
    fewer = -len(shift.code)
    for y, after in shift.rows.items():
        row = before.get(y, after)
        want = wanted.get(y, row)
        if len(want) == len(after) == len(row):
            for cell, is_now, is_then in zip(want, row, after, strict=True):
                if is_now != is_then and cell in (is_now, is_then):
                    size = 1 if cell[0].isascii() else GLYPH
                    fewer += size if cell == is_then else -size
    return fewer


def _is_whole(before: Rows, wanted: Rows, piece: Piece) -> bool:
    """Whether no sign that is two cells wide could be cut in two."""
    return HALF not in before.get(piece.y, ()) and HALF not in wanted[piece.y]


def _moved(old: Rows, new: Rows) -> list[tuple[int, int]]:
    """How far most of it seems to have gone up, and left: the likeliest first.

    It is recognised by signs beside one another: something may lie over a part of a
    row, or look selected there.
    """
    places: dict[str, list[tuple[int, int]]] = {}
    for y, cells in old.items():
        signs = _signs(cells)
        for x in range(len(signs) - ALIKE + 1):
            places.setdefault(signs[x : x + ALIKE], []).append((x, y))
    votes: Counter[tuple[int, int]] = Counter()
    for y, cells in new.items():
        if cells == old.get(y):
            continue
        signs = _signs(cells)
        for x in range(0, len(signs) - ALIKE + 1, STEP):
            part = signs[x : x + ALIKE]
            if part.count(" ") < ALIKE - 1 and len(at := places.get(part, ())) < MANY:
                votes.update((top - y, left - x) for left, top in at)
    del votes[0, 0]
    return [by for by, count in votes.most_common(TRIED) if count >= LEAST_VOTES]


def _signs(cells: Sequence[Cell]) -> str:
    return "".join(sign for sign, _ in cells)


def _edges(old: Rows, new: Rows, by: int, right: int) -> tuple[int, int] | None:
    """First and last row that are there already, so many rows further down."""
    rows = [
        y
        for y, cells in new.items()
        if y in old
        and y + by in old
        and _differing(_beside(old[y + by], right), cells) < _differing(old[y], cells)
    ]
    return (rows[0], rows[-1]) if len(rows) >= LEAST_ROWS else None


def _beside(row: Sequence[Cell], by: int) -> list[Cell]:
    """A row that has gone to the left, or to the right if it is less than none."""
    gap = [UNKNOWN] * abs(by)
    return [*row[by:], *gap] if by > 0 else [*gap, *row[: len(row) + by]]


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


def _slide(before: Rows, new: Rows, x: int, by: int) -> Shift:
    """Have a piece of each row go left, or right, where that is worth it."""
    count = abs(by)
    end = x + len(next(iter(new.values())))
    many = count if count > 1 else ""
    cut, put = (x, end - count) if by > 0 else (end - count, x)
    rows = {}
    for y, cells in new.items():
        row = before.get(y, [])
        if len(row) < end:
            continue
        moved = _beside(row[x:end], by)
        if _differing(moved, cells) + COSTS < _differing(row[x:end], cells):
            rows[y] = [*row[:x], *moved, *row[end:]]
    # All rows are cut before any gets cells again: the cursor goes straight down.
    code = []
    at: tuple[int, int] | None = None
    for column, letter in ((cut, "P"), (put, "@")):
        for y in rows:
            code += [go(at, column, y), f"\x1b[{many}{letter}"]
            at = column, y
    return Shift("".join(code), rows)


def _differing(one: Sequence[Cell], other: Sequence[Cell]) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))
