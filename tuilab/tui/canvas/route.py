"""Cables between two rows: which horizontal track each of them runs on.

A channel is the space between two rows of boxes. A wire comes in at columns of its
own, from above or below, and runs along one track. Two wires never share a cell unless
they cross at a right angle, so nothing looks joined that is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Wire:
    """What one edge wants from a channel.

    Attributes:
        edge: Any key of the caller's.
        tops: Columns where it comes in from above.
        bottoms: Columns where it comes in from below.
        bend: Set by `assign`: tracks to run on, from the first column to the last;
            with the column in between where there are two.
    """

    edge: int
    tops: tuple[int, ...]
    bottoms: tuple[int, ...]
    bend: list[int] = field(default_factory=list)

    @property
    def straight(self) -> bool:
        """Whether it needs no track."""
        return (
            len(self.tops) == 1 == len(self.bottoms) and self.tops[0] == self.bottoms[0]
        )


@dataclass(slots=True)
class _Piece:
    """A horizontal run."""

    tops: tuple[int, ...]
    bottoms: tuple[int, ...]
    before: set[int] = field(default_factory=set)
    """Pieces that must run above this one, or their verticals would touch."""
    rather: set[int] = field(default_factory=set)
    """Pieces that had better run above: it saves crossings."""
    track: int = -1

    @property
    def low(self) -> int:
        return min((*self.tops, *self.bottoms))

    @property
    def high(self) -> int:
        return max((*self.tops, *self.bottoms))


def assign(wires: list[Wire], gap: int = 1) -> int:
    """Give every wire its track (``bend``).

    Args:
        wires: All wires of a channel.
        gap: Rows from a bend to one of another wire below it; with 2, not even signs
            that look the same in all directions seem joined.

    Returns:
        How many tracks there are.
    """
    bent = [wire for wire in wires if not wire.straight]
    pieces = [_Piece(wire.tops, wire.bottoms) for wire in bent]
    taken = {c for wire in wires for c in (*wire.tops, *wire.bottoms)}
    _constrain(pieces)
    second = _place(pieces, taken, gap)
    for index, wire in enumerate(bent):
        wire.bend = [pieces[index].track]
        if index in second:
            other = pieces[second[index]]
            wire.bend += [other.tops[0], other.track]
    return 1 + max((piece.track for piece in pieces), default=-1)


def _constrain(pieces: list[_Piece]) -> None:
    """Who must, and who had better, run above whom."""
    top_at = {c: i for i, piece in enumerate(pieces) for c in piece.tops}
    for index, piece in enumerate(pieces):
        for column in piece.bottoms:
            above = top_at.get(column)
            if above is not None and above != index:
                piece.before.add(above)
    spans = [(piece.low, piece.high) for piece in pieces]
    for i, one in enumerate(pieces):
        low, high = spans[i]
        for j in range(i):
            if spans[j][0] > high or spans[j][1] < low:
                continue
            other = pieces[j]
            first = _crossings(one, spans[i], other, spans[j])
            last = _crossings(other, spans[j], one, spans[i])
            if first < last:
                other.rather.add(i)
            elif last < first:
                one.rather.add(j)


def _crossings(
    upper: _Piece, span: tuple[int, int], lower: _Piece, other: tuple[int, int]
) -> int:
    """How often two runs cross when the first is above the second."""
    return sum(other[0] < c < other[1] for c in upper.bottoms) + sum(
        span[0] < c < span[1] for c in lower.tops
    )


def _place(pieces: list[_Piece], taken: set[int], gap: int) -> dict[int, int]:
    """Tracks from the top; a piece that waits for itself is cut in two.

    Returns:
        The second half by index of the first.
    """
    waiting = list(range(len(pieces)))
    second: dict[int, int] = {}
    runs: list[list[tuple[int, int]]] = []
    while waiting:
        still = set(waiting)
        ready = [i for i in waiting if not pieces[i].before & still]
        if ready:
            index = min(ready, key=lambda i: len(pieces[i].rather & still))
            _lay(pieces, index, runs, gap)
            waiting.remove(index)
            continue
        index = _in_circle(pieces, still)
        waiting.append(_cut(pieces, index, taken))
        second[index] = waiting[-1]
    return second


def _in_circle(pieces: list[_Piece], waiting: set[int]) -> int:
    """A piece that waits for itself, by way of others."""
    seen: set[int] = set()
    index = min(waiting)
    while index not in seen:
        seen.add(index)
        index = min(pieces[index].before & waiting)
    return index


def _lay(
    pieces: list[_Piece], index: int, runs: list[list[tuple[int, int]]], gap: int
) -> None:
    """Put a piece on the first track that is free and low enough."""
    piece = pieces[index]
    low, high = piece.low, piece.high
    track = 0
    for other in piece.before:
        track = max(track, pieces[other].track + gap)
    for other in piece.rather:
        track = max(track, pieces[other].track + 1)
    while track < len(runs) and any(
        a <= high + 1 and low <= b + 1 for a, b in runs[track]
    ):
        track += 1
    while track >= len(runs):
        runs.append([])
    runs[track].append((low, high))
    piece.track = track


def _cut(pieces: list[_Piece], index: int, taken: set[int]) -> int:
    """Cut a piece at a free column: its lower half waits, its upper half need not."""
    piece = pieces[index]
    column = _free_column(piece.low, piece.high, taken)
    taken.add(column)
    lower = _Piece((column,), piece.bottoms, before={*piece.before, index})
    piece.bottoms = (column,)
    piece.before = set()
    piece.rather = set()
    number = len(pieces)
    for other in pieces:
        other.rather.discard(index)
    pieces.append(lower)
    return number


def _free_column(low: int, high: int, taken: Iterable[int]) -> int:
    """The free column nearest to a run's middle, within it if possible."""
    used = set(taken)
    middle = (low + high) // 2
    for distance in range(high - low + len(used) + 2):
        for column in (middle + distance, middle - distance):
            if column not in used:
                return column
    return high + len(used) + 2
