"""Cables between two rows: which horizontal track each of them runs on.

A channel is the space between two rows of boxes. A wire comes in at columns of its
own, from above or below, and runs along one track. Two wires never share a cell unless
they cross at a right angle, so nothing looks joined that is not.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate

ROW = 2
"""A row less is worth so many crossings."""


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

    def ends(self) -> tuple[int, int]:
        """What it costs, to run above what an end is within: at the left, the right."""
        left, right = (1 if at in self.bottoms else -1 for at in (self.low, self.high))
        return left, right


def assign(wires: list[Wire], gap: int = 1) -> int:
    """Give every wire its track (``bend``).

    Tracks are given out from the top; from the bottom where that takes fewer of them,
    with hardly more crossings.

    Args:
        wires: All wires of a channel.
        gap: Rows from a bend to one of another wire below it; with 2, not even signs
            that look the same in all directions seem joined.

    Returns:
        How many tracks there are.
    """
    bent = [wire for wire in wires if not wire.straight]
    taken = {c for wire in wires for c in (*wire.tops, *wire.bottoms)}
    plan = _Plan(bent, taken, gap)
    if plan.rows > plan.least():
        other = _Plan(bent, taken, gap, upside_down=True)
        if other.rows < plan.rows and other.cost() <= plan.cost():
            plan = other
    for index, wire in enumerate(bent):
        wire.bend = plan.bend(index)
    return plan.rows


class _Plan:
    """Tracks for some wires, given out from one side.

    Args:
        bent: Wires that need a track.
        taken: Columns where a wire comes in.
        gap: As in `assign`.
        upside_down: From the bottom: all in it is then.
    """

    def __init__(
        self, bent: list[Wire], taken: set[int], gap: int, *, upside_down: bool = False
    ) -> None:
        ends = [(wire.tops, wire.bottoms) for wire in bent]
        self._upside_down = upside_down
        self._pieces = [_Piece(*(reversed(it) if upside_down else it)) for it in ends]
        _constrain(self._pieces)
        self._second = _place(self._pieces, set(taken), gap)
        self.rows = 1 + max((piece.track for piece in self._pieces), default=-1)

    def least(self) -> int:
        """As many rows as there are runs above one another somewhere."""
        at = Counter(piece.low for piece in self._pieces)
        at.subtract(piece.high + 2 for piece in self._pieces)
        return max(accumulate(at[column] for column in sorted(at)), default=0)

    def cost(self) -> int:
        """What speaks against it: about so many crossings."""
        pieces = self._pieces
        wrong = sum(
            pieces[above].track > piece.track
            for piece in pieces
            for above in piece.rather
        )
        return wrong + ROW * self.rows

    def bend(self, index: int) -> list[int]:
        """How a wire bends, the right way up."""
        tracks = [self._pieces[index].track]
        columns = []
        if index in self._second:
            lower = self._pieces[self._second[index]]
            tracks, columns = [*tracks, lower.track], [lower.tops[0]]
        if self._upside_down:
            tracks = [self.rows - 1 - track for track in reversed(tracks)]
        return [*tracks[:1], *columns, *tracks[1:]]


def _constrain(pieces: list[_Piece]) -> None:
    """Who must, and who had better, run above whom."""
    top_at = {c: i for i, piece in enumerate(pieces) for c in piece.tops}
    for index, piece in enumerate(pieces):
        for column in piece.bottoms:
            above = top_at.get(column)
            if above is not None and above != index:
                piece.before.add(above)
    order = sorted(range(len(pieces)), key=lambda i: pieces[i].low)
    met: list[tuple[int, int, int, int]] = []
    for i in order:
        one = pieces[i]
        low, high, (left, right) = one.low, one.high, one.ends()
        met = [other for other in met if other[1] > low]
        # All pairs that meet are looked at: there is no time for a function.
        for first, last, its_right, j in met:
            # How much more often they cross when this one is above the other.
            more = left if first < low else 0
            if high < last:
                more += right
            elif high > last:
                more -= its_right
            if more < 0:
                pieces[j].rather.add(i)
            elif more > 0:
                one.rather.add(j)
        met.append((low, high, right, i))


def _place(pieces: list[_Piece], taken: set[int], gap: int) -> dict[int, int]:
    """Tracks from the top; a piece that waits for itself is cut in two.

    Returns:
        The second half by index of the first.
    """
    second: dict[int, int] = {}
    tracks: list[list[tuple[int, int]]] = []
    queue = _Queue(pieces, set(range(len(pieces))), gap)
    while queue.waiting:
        if not queue.ready:
            index = _in_circle(pieces, queue.waiting)
            second[index] = _cut(pieces, index, taken)
            queue = _Queue(pieces, {*queue.waiting, second[index]}, gap)
            continue
        index = min(queue.ready, key=queue.had_better.__getitem__)
        piece = pieces[index]
        piece.track = _free_track(piece, queue.least[index], tracks)
        queue.done(index)
    return second


class _Queue:
    """Pieces that wait for a track.

    Attributes:
        waiting: Their numbers.
        ready: Those that none of the others must run above, in order.
        had_better: How many of the others had better run above, by number.
        least: The first track that is low enough, by number.
    """

    def __init__(self, pieces: list[_Piece], waiting: set[int], gap: int) -> None:
        self._pieces = pieces
        self._gap = gap
        self._must = [0] * len(pieces)
        self.waiting = waiting
        self.had_better = [0] * len(pieces)
        self.least = [0] * len(pieces)
        # Which pieces each of them must, and had better, run above.
        self._below: list[list[int]] = [[] for _ in pieces]
        self._rather_below: list[list[int]] = [[] for _ in pieces]
        for index in sorted(waiting):
            piece = pieces[index]
            for above, counts, below, apart in (
                (piece.before, self._must, self._below, gap),
                (piece.rather, self.had_better, self._rather_below, 1),
            ):
                for other in above:
                    if other in waiting:
                        counts[index] += 1
                        below[other].append(index)
                    else:
                        least = pieces[other].track + apart
                        self.least[index] = max(self.least[index], least)
        self.ready = [index for index in sorted(waiting) if not self._must[index]]

    def done(self, index: int) -> None:
        """A piece has its track."""
        self.waiting.remove(index)
        self.ready.remove(index)
        track, least = self._pieces[index].track, self.least
        for other in self._below[index]:
            least[other] = max(least[other], track + self._gap)
            self._must[other] -= 1
            if not self._must[other]:
                insort(self.ready, other)
        for other in self._rather_below[index]:
            self.had_better[other] -= 1
            if least[other] <= track:
                least[other] = track + 1


def _in_circle(pieces: list[_Piece], waiting: set[int]) -> int:
    """A piece that waits for itself, by way of others."""
    seen: set[int] = set()
    index = min(waiting)
    while index not in seen:
        seen.add(index)
        index = min(pieces[index].before & waiting)
    return index


def _free_track(piece: _Piece, least: int, tracks: list[list[tuple[int, int]]]) -> int:
    """The first track, from the least one, that has room for a piece; it is taken.

    Args:
        piece: The piece.
        least: The first track that is low enough.
        tracks: First and last columns of what runs on each, from the left.
    """
    low, high, track = piece.low, piece.high, least
    while True:
        while track >= len(tracks):
            tracks.append([])
        runs = tracks[track]
        at = bisect_left(runs, (low, high))
        before = at == 0 or runs[at - 1][1] + 1 < low
        if before and (at == len(runs) or high + 1 < runs[at][0]):
            runs.insert(at, (low, high))
            return track
        track += 1


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
