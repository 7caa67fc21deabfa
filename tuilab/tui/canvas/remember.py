"""What is remembered of a picture, so that in the next one all keep their order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from tuilab.model.places import Slot
from tuilab.tui.canvas.graph import Graph, Item
from tuilab.tui.canvas.layers import Layers, Memory, Place

MOST_SEATS = 20
"""So many places set by hand are remembered of a node."""


def remember(
    graph: Graph, parts: list[Layers], home: Item | None, before: Memory
) -> dict[Item, Place]:
    """Where everything stands, and where what was set by hand would stand without.

    Args:
        graph: What is drawn.
        parts: Connected parts from left to right, or what is inside a box.
        home: That box, or None.
        before: What was remembered of the picture before.
    """
    out: dict[Item, Place] = {}
    base = 0.0
    for part in parts:
        joined = home is not None or bool(part.hops or part.flats)
        found = _Rows(graph, part, before, joined, home)
        out.update(found.places(base))
        base += found.width
        for at, vertex in enumerate(part.way):
            item = graph.nodes[vertex].item
            out[item] = replace(out[item], along=at)
    return out


def remember_folded(
    graph: Graph, parts: Iterable[Layers], before: Memory, shelves: int
) -> Memory:
    """What stands left of what was set by hand, where a picture is turned or shelved.

    Of what is not free or not there now it stays known where it was.

    Args:
        graph: What is drawn.
        parts: All its parts, and what is inside boxes.
        before: What was remembered of the picture before.
        shelves: Into how many it is broken.
    """
    out = dict(before)
    for part in parts:
        for depth, row in enumerate(part.rows):
            items = {v: graph.nodes[v].item for v in row if v < len(graph.nodes)}
            free = {item for v, item in items.items() if v not in graph.pins}
            passed: set[Item] = set()
            for v, item in items.items():
                if v not in graph.pins:
                    passed.add(item)
                elif (place := out.get(item)) is not None:
                    seat = graph.pins[v], part.top - depth, (shelves, len(part.rows))
                    known = place.left.get(seat, frozenset())
                    now = frozenset((known - free) | passed)
                    left = list({**place.left, seat: now}.items())[-MOST_SEATS:]
                    out[item] = replace(place, left=dict(left))
    return out


class Spot(NamedTuple):
    """What has a place in a row.

    Attributes:
        item: A node; None where a line passes.
        pin: The place set by hand that has it there, or had; None where it belongs: it
            stands there now without, or would, or did once.
    """

    item: Item | None
    pin: Slot | None = None


class _Rows:
    """The rows of one part, with what stood in them before and is elsewhere now."""

    def __init__(
        self,
        graph: Graph,
        part: Layers,
        before: Memory,
        joined: bool,
        home: Item | None,
    ) -> None:
        self.graph = graph
        self.joined = joined
        self.home = home
        self.rank = {
            graph.nodes[v].item: part.top - depth
            for depth, row in enumerate(part.rows)
            for v in row
            if v < len(graph.nodes)
        }
        self.pins = {
            graph.nodes[v].item: graph.pins[v]
            for row in part.rows
            for v in row
            if v in graph.pins
        }
        self.before = {
            item: place
            for item in self.rank
            if (place := before.get(item)) is not None
            and (place.joined, place.home) == (joined, home)
        }
        self.lines = {
            part.top - depth: self._line(part.top - depth, row)
            for depth, row in enumerate(part.rows)
        }
        counts = (sum(_counts(spot) for spot in row) for row in self.lines.values())
        self.width = max(counts)

    def _line(self, rank: int, row: list[int]) -> list[Spot]:
        """A row with all that has a place there."""
        nodes, pins = self.graph.nodes, self.graph.pins
        line = [
            Spot(nodes[v].item if v < len(nodes) else None, pins.get(v)) for v in row
        ]
        there = set(line)
        away = [
            (key, str(spot), spot)
            for spot, key in self._known(rank)
            if spot not in there
        ]
        for key, _, spot in sorted(away, key=lambda one: one[:2]):
            further = (at for at, it in enumerate(line) if self._key(it, rank) > key)
            line.insert(next(further, len(line)), spot)
        return line

    def _known(self, rank: int) -> Iterator[tuple[Spot, float]]:
        """All that has ever been in a row, and where."""
        for item, place in self.before.items():
            if (key := place.key_in(rank)) is not None:
                yield Spot(item), key
            for (pin, row), seat in list(place.seats.items())[-MOST_SEATS:]:
                if row == rank:
                    yield Spot(item, pin), seat

    def _key(self, spot: Spot, rank: int) -> float:
        """Where something was in a row before; what was not there says nothing."""
        place = self.before.get(spot.item) if spot.item is not None else None
        key = None
        if place is not None and spot.pin is None:
            key = place.key_in(rank)
        elif place is not None and spot.pin is not None:
            key = place.seats.get((spot.pin, rank))
        return -math.inf if key is None else key

    def places(self, base: float) -> dict[Item, Place]:
        """All places; keys count from a base."""
        keys = {
            item: {**place.elsewhere, place.rank: place.key}
            for item, place in self.before.items()
        }
        seats = {
            item: dict(list(place.seats.items())[-MOST_SEATS:])
            for item, place in self.before.items()
        }
        for rank, line in self.lines.items():
            for spot, key in self._keys(line, base):
                if spot.item is None:
                    continue
                if spot.pin is None:
                    keys.setdefault(spot.item, {})[rank] = key
                else:
                    seats.setdefault(spot.item, {})[spot.pin, rank] = key
        out: dict[Item, Place] = {}
        for item, now in self.rank.items():
            own, by_hand = keys.get(item, {}), seats.get(item, {})
            away = item in self.pins and item in self.before
            rank = self.before[item].rank if away else now
            key = own[rank] if rank in own else by_hand[self.pins[item], now]
            place = Place(rank, key, self.joined, self.home, by_hand, elsewhere=own)
            if item in self.before:
                place = replace(place, left=self.before[item].left)
            out[item] = place
        return out

    def _keys(self, line: list[Spot], base: float) -> Iterator[tuple[Spot, float]]:
        """Even distances between what counts, and what does not in between."""
        step = self.width / max(1, sum(map(_counts, line)))
        count = 0
        for counts, some in groupby(line, _counts):
            run = list(some)
            for number, spot in enumerate(run):
                at = number + 0.5 if counts else (number + 1) / (len(run) + 1) - 0.5
                yield spot, base + (count + at) * step
            count += len(run) if counts else 0


def _counts(spot: Spot) -> bool:
    """Whether it takes part in the scale. Lines that pass come and go."""
    return spot.pin is None and spot.item is not None
