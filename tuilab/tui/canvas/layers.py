"""A graph in rows: the values that order makes and layout reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tuilab.model.places import Slot
from tuilab.tui.canvas.graph import Item


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node was drawn, as far as it matters for keeping the order.

    Attributes:
        rank: Row, counted from the leaves.
        key: Position among all nodes, from the left; any scale.
        joined: Whether anything was connected to it.
        home: What it was drawn in, or None.
        seats: Its keys with places set by hand, by that place and rank; the rest is
            where it goes without.
        along: Its number on the way along a ring or line.
        elsewhere: Its key in rows that it stood in before, by rank.
        left: What stood left of it in a row of a picture that is turned or shelved, by
            the place set by hand that had it there, the rank, and how many shelves and
            rows there were.
    """

    rank: int
    key: float
    joined: bool
    home: Item | None = None
    seats: Mapping[tuple[Slot, int], float] = field(default_factory=dict)
    along: int | None = None
    elsewhere: Mapping[int, float] = field(default_factory=dict)
    left: Mapping[tuple[Slot, int, tuple[int, int]], frozenset[Item]] = field(
        default_factory=dict
    )

    def key_in(self, rank: int) -> float | None:
        """Its key in a row, if it has ever been there."""
        return self.key if rank == self.rank else self.elsewhere.get(rank)


Memory = Mapping[Item, Place]


class Segment(NamedTuple):
    """A line, or the piece of it that runs in one region.

    Attributes:
        edge: Index in the graph.
        a: Vertex at the end that is nearer to the edge's end a.
        b: The other; may be the same one.
    """

    edge: int
    a: int
    b: int


class Gate(NamedTuple):
    """Where a line crosses the border of the box that it comes out of.

    Attributes:
        edge: Index in the graph.
        end: 0 for the edge's end a, 1 for b: which of them is in the box, or on it.
    """

    edge: int
    end: int


@dataclass(slots=True)
class Hop:
    """A piece of an edge between two neighbouring rows."""

    edge: int
    upper: int
    lower: int


@dataclass(slots=True)
class Flat:
    """An edge between two vertices of one row, maybe the same one.

    Attributes:
        edge: Index in the graph.
        left: One end.
        right: The other.
        below: Whether it runs below the row, if it runs around: less else does there.
    """

    edge: int
    left: int
    right: int
    below: bool = False


@dataclass(slots=True)
class Layers:
    """One connected part of the graph, or what is inside one box, in rows.

    A vertex is the index of a node, or a larger number where a long edge passes
    through a row, or crosses the border.

    Attributes:
        rows: Vertices from left to right, rows from top to bottom.
        hops: Edges between rows, cut at every row they pass.
        flats: Edges within a row.
        ends: The vertices at end a and b, by edge.
        top: Rank of the first row.
        zero: Rank of what would be the first row without places set by hand: the one
            that they are counted from.
        gates: Vertices on the border. Those on the upper one are the first row, those
            on the lower one the last.
        north: Whether the first row is the upper border.
        south: Whether the last row is the lower border.
        beside: Numbers of those flats that run straight across, from or to the side of
            a box with something inside, and not through its upper or lower border.
        sides: Nodes that such a line comes from through the left or right border, by
            gate, and whether it is the right one.
        way: The nodes of a ring or a line, one behind the other.
    """

    rows: list[list[int]] = field(default_factory=list)
    hops: list[Hop] = field(default_factory=list)
    flats: list[Flat] = field(default_factory=list)
    ends: dict[int, tuple[int, int]] = field(default_factory=dict)
    top: int = 0
    zero: int = 0
    gates: dict[int, Gate] = field(default_factory=dict)
    north: bool = False
    south: bool = False
    beside: frozenset[int] = frozenset()
    sides: dict[Gate, tuple[int, bool]] = field(default_factory=dict)
    way: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Order:
    """The whole graph in rows.

    Attributes:
        parts: Connected parts from left to right, those of one node last.
        inner: What is inside a node, for those with a drawing inside.
        memory: To be given to the next `arrange`.
        chained: Whether the largest part is a ring or a line, and can be turned.
        shelves: Into how many rows is broken what hangs side by side.
        turns: By how many times rings and lines are less wide.
    """

    parts: list[Layers] = field(default_factory=list)
    inner: dict[int, Layers] = field(default_factory=dict)
    memory: Memory = field(default_factory=dict)
    chained: bool = False
    shelves: int = 1
    turns: int = 1


class Port(NamedTuple):
    """Where a line leaves a vertex up- or downwards.

    Attributes:
        line: Number of the hop, or of the flat.
        flat: Which of them.
        end: 0 for the upper or left end, 1 for the other.
    """

    line: int
    flat: bool
    end: int


def ports(layers: Layers, arcs: list[int]) -> dict[tuple[int, bool], list[Port]]:
    """The lines at every vertex from left to right, by vertex and whether below it.

    Args:
        layers: A part.
        arcs: Numbers of those flats that run around, above or below the row.
    """
    at = {v: i for row in layers.rows for i, v in enumerate(row)}
    keyed: dict[tuple[int, bool], list[tuple[tuple[int, ...], Port]]]
    keyed = defaultdict(list)
    for number, hop in enumerate(layers.hops):
        upper, lower = hop.upper, hop.lower
        down, up = (1, at[lower], hop.edge), (1, at[upper], hop.edge)
        keyed[upper, True].append((down, Port(number, False, 0)))
        keyed[lower, False].append((up, Port(number, False, 1)))
    for number in arcs:
        flat = layers.flats[number]
        ends = ((flat.left, flat.right), (flat.right, flat.left))
        for end, (near, far) in enumerate(ends):
            if near == far:
                key: tuple[int, ...] = (3, flat.edge, end)
            # Nested arcs: the nearest partner is served by the outermost port.
            elif at[far] > at[near]:
                key = (2, -at[far], flat.edge)
            else:
                key = (0, -at[far], -flat.edge)
            keyed[near, flat.below].append((key, Port(number, True, end)))
    return {place: [port for _, port in sorted(some)] for place, some in keyed.items()}


def gate_of(layers: Layers, vertex: int, port: Port) -> Gate | None:
    """Which end of which edge leaves a node; None where a line only passes."""
    line = layers.flats[port.line] if port.flat else layers.hops[port.line]
    ends = layers.ends[line.edge]
    if ends[0] == ends[1]:
        return Gate(line.edge, port.end)
    return Gate(line.edge, ends.index(vertex)) if vertex in ends else None
