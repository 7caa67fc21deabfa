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
    low: int = field(init=False)
    high: int = field(init=False)

    def __post_init__(self) -> None:
        self.low = min((*self.tops, *self.bottoms))
        self.high = max((*self.tops, *self.bottoms))


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
    for i, one in enumerate(pieces):
        low, high, tops, bottoms = one.low, one.high, one.tops, one.bottoms
        for j in range(i):
            other = pieces[j]
            left, right = other.low, other.high
            if left > high or right < low:
                continue
            # How much more often they cross when this one is above the other. All
            # pairs are looked at: there is no time for a function.
            more = 0
            for column in bottoms:
                more += left < column < right
            for column in tops:
                more -= left < column < right
            for column in other.tops:
                more += low < column < high
            for column in other.bottoms:
                more -= low < column < high
            if more < 0:
                other.rather.add(i)
            elif more > 0:
                one.rather.add(j)


def _place(pieces: list[_Piece], taken: set[int], gap: int) -> dict[int, int]:
    """Tracks from the top; a piece that waits for itself is cut in two.

    Returns:
        The second half by index of the first.
    """
    waiting = list(range(len(pieces)))
    second: dict[int, int] = {}
    runs: list[list[tuple[int, int]]] = []
    count = _Count(pieces, waiting)
    while waiting:
        ready = [i for i in waiting if not count.must[i]]
        if ready:
            index = min(ready, key=count.had_better.__getitem__)
            _lay(pieces, index, runs, gap)
            waiting.remove(index)
            count.done(index)
            continue
        index = _in_circle(pieces, set(waiting))
        waiting.append(_cut(pieces, index, taken))
        second[index] = waiting[-1]
        count = _Count(pieces, waiting)
    return second


class _Count:
    """How many of those that wait must, and had better, run above each piece.

    Attributes:
        must: By index of the piece.
        had_better: By index of the piece.
    """

    def __init__(self, pieces: list[_Piece], waiting: list[int]) -> None:
        still = set(waiting)
        self.must = [0] * len(pieces)
        self.had_better = [0] * len(pieces)
        self._followers: dict[int, list[tuple[list[int], int]]] = {}
        for index in waiting:
            piece = pieces[index]
            for counts, above in (
                (self.must, piece.before),
                (self.had_better, piece.rather),
            ):
                for other in above & still:
                    counts[index] += 1
                    self._followers.setdefault(other, []).append((counts, index))

    def done(self, index: int) -> None:
        """It waits no longer."""
        for counts, follower in self._followers.get(index, ()):
            counts[follower] -= 1


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
    pieces[index] = _Piece(piece.tops, (column,))
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
