"""Rings and lines: what stands one behind the other, with little that hangs from it.

A ring stands in two rows, so that no line of it is long. Where that is too wide it is
turned like a snake, from row to row and to and fro, and so is a line::

    [r1]───[r2]───[r3]
                    │
    [r6]───[r5]───[r4]
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.layers import Memory, Segment

SMALLEST = 5
"""Rings and lines of fewer nodes stand in one row."""
MOST_HANGING = 2
"""Where more hosts hang from a node of a ring, all of them stand below it."""
LARGEST_TURN = 60
"""In larger rings nobody looks for the start that moves least."""
SHORTEST_ROW = 2


@dataclass(frozen=True, slots=True)
class Chain:
    """A part that is a ring or a line.

    Attributes:
        way: The nodes of it, one behind the other.
        closed: Whether the last one is joined with the first.
        hosts: What hangs from each, by node.
    """

    way: list[int]
    closed: bool
    hosts: Mapping[int, list[int]]

    def rows(self, turns: int, before: Mapping[int, int]) -> list[list[int]]:
        """The rows it stands in, each from left to right.

        Args:
            turns: By how many times it is to be less wide than usual.
            before: The rank of those nodes that were drawn before: few of a ring in
                two rows change their row.
        """
        if self.closed and turns == 1:
            return list(_halves(self.way, before))
        count = min(turns, max(1, len(self.way) // SHORTEST_ROW))
        if self.closed:
            count = min(2 * turns, len(self.way) // SHORTEST_ROW // 2 * 2)
            count = max(2, count)
        size = math.ceil(len(self.way) / count)
        rows = [self.way[at : at + size] for at in range(0, len(self.way), size)]
        return [row[::-1] if at % 2 else row for at, row in enumerate(rows)]


def chain(
    graph: Graph, nodes: list[int], segments: list[Segment], memory: Memory
) -> Chain | None:
    """A part as a ring or a line, if it is one; it goes the way that it went before."""
    near: dict[int, set[int]] = {node: set() for node in nodes}
    for _, a, b in segments:
        if a not in near or b not in near or a == b:
            return None
        near[a].add(b)
        near[b].add(a)
    leaves = {node for node, some in near.items() if len(some) == 1}
    hosts = {node: sorted(near[node] & leaves) for node in nodes if node not in leaves}
    inner = {node: near[node] - leaves for node in hosts}
    ends = [node for node, some in inner.items() if len(some) < 2]
    if len(inner) < 2 or any(len(some) > 2 for some in inner.values()):
        return None
    if not ends and any(len(some) > MOST_HANGING for some in hosts.values()):
        return None
    way = [ends[0] if ends else next(iter(inner))]
    while len(way) < len(inner):
        ahead = inner[way[-1]] - set(way[-2:-1])
        if not ahead:
            return None
        way.append(min(ahead))
    if ends:
        way = _with_ends(way, hosts)
        hosts = {v: [h for h in some if h not in way] for v, some in hosts.items()}
    if len(way) < SMALLEST:
        return None
    places = ((v, memory.get(graph.nodes[v].item)) for v in way)
    before = {v: place.along for v, place in places if place is not None}
    return Chain(_as_before(way, before, closed=not ends), not ends, hosts)


def _as_before(
    way: list[int], before: Mapping[int, int | None], *, closed: bool
) -> list[int]:
    """The same way, with most nodes behind those that they were behind before."""
    known = [at for v in way if (at := before.get(v)) is not None]
    if not known:
        return way
    pairs = list(pairwise([*known, *known[:1]] if closed else known))
    if sum(one > other for one, other in pairs) > len(pairs) / 2:
        way.reverse()
    if closed:
        first = next(at for at, v in enumerate(way) if before.get(v) == min(known))
        way = way[first:] + way[:first]
    return way


def _with_ends(way: list[int], hosts: Mapping[int, list[int]]) -> list[int]:
    """A line from end to end: of one without hosts, the ends hang from the others."""
    hanging = [hosts[node] for node in way]
    if any(hanging[1:-1]) or not len(hanging[0]) == len(hanging[-1]) == 1:
        return way
    return [*hanging[0], *way, *hanging[-1]]


def _halves(way: list[int], before: Mapping[int, int]) -> tuple[list[int], list[int]]:
    """A ring in two rows, both from left to right; few nodes change their row."""
    half = (len(way) + 1) // 2

    def stay(start: int) -> int:
        return sum(
            before.get(v) == 1 + ((at - start) % len(way) < half)
            for at, v in enumerate(way)
        )

    starts = range(len(way)) if before and len(way) <= LARGEST_TURN else [0]
    start = max(starts, key=stay)
    turned = way[start:] + way[:start]
    return turned[:half], turned[: half - 1 : -1]
