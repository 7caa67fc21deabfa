"""The columns that things stand in, whatever their widths: what places are counted in.

Every vertex takes one column of its row. So the places that a person has set mean the
same at each level of detail, and a column to the right is one neighbour to the right.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

from tuilab.model.places import Slot
from tuilab.tui.canvas.graph import Graph, Item
from tuilab.tui.canvas.layers import Layers
from tuilab.tui.canvas.place import Pull, settle, spread

BESIDE = 0.5
"""How much two that are joined side by side draw each other."""

MOST = 2000
"""Vertices, for each of all new places set by hand, up to which these are moved one
after the other. To see after each where all the others stand takes long for more."""


def held(row: list[int], pins: Mapping[int, Slot]) -> dict[int, int]:
    """The column of each vertex of a row that has a place set by hand, in order.

    Of two that were set to the same column the second stands in the next one.
    """
    there = [vertex for vertex in row if vertex in pins]
    columns: dict[int, int] = {}
    last: int | None = None
    for vertex in sorted(there, key=lambda v: pins[v][0]):
        column = pins[vertex][0]
        last = column if last is None else max(column, last + 1)
        columns[vertex] = last
    return columns


def make_room(
    row: list[int], pins: Mapping[int, Slot], known: Mapping[int, float]
) -> None:
    """Order a row so that each place set by hand can be kept.

    Between two of them there is room for a vertex in each column, and no more: others
    go on beyond, what is new first. Those that have no place keep their order.

    Args:
        row: Vertices from left to right, which is changed.
        pins: Places set by hand, by vertex.
        known: Those that were there before.
    """
    columns = held(row, pins)
    if not columns:
        return
    between: list[list[int]] = [[]]
    for vertex in row:
        if vertex in columns:
            between.append([])
        else:
            between[-1].append(vertex)
    for number, (left, right) in enumerate(pairwise(columns.values()), 1):
        here = between[number]
        while len(here) > right - left - 1:
            new = [at for at, vertex in enumerate(here) if vertex not in known]
            gone = here.pop(new[-1] if new else -1)
            between[number + 1].insert(0, gone)
    row[:] = between[0]
    for vertex, some in zip(columns, between[1:], strict=True):
        row += [vertex, *some]


def stand_by_hand(
    layers: Layers,
    pins: Mapping[int, Slot],
    known: Mapping[int, float],
    settled: Collection[int],
) -> None:
    """Have what has a place set by hand stand in its column.

    From where it would be without it goes past all that stand in columns up to there.
    What was there before stays among the others as it was.

    Args:
        layers: A part, whose rows are changed.
        pins: Places set by hand in it, by vertex.
        known: Those that were there before.
        settled: Those set by hand that stand where they stood there.
    """
    row_of = {v: row for row in layers.rows for v in row}
    there = {v: pin for v, pin in pins.items() if v in settled}
    new = [v for v in pins if v not in settled]
    _make_room(layers, there, known)
    if len(new) * len(row_of) > MOST:
        at = columns(layers, there)
        carry(layers.rows, {node: pins[node][0] for node in new}, at)
        _make_room(layers, pins, known)
        return
    for node in new:
        carry_one(row_of[node], node, pins[node][0], columns(layers, there))
        there[node] = pins[node]
        _make_room(layers, there, known)


def stand_again(
    graph: Graph,
    layers: Layers,
    pins: Mapping[int, Slot],
    known: Mapping[int, float],
    left: Mapping[int, Collection[Item]],
) -> None:
    """Have what has a place set by hand go back past what has changed sides with it.

    Where nothing has, all stays as it is: lines that pass too.

    Args:
        graph: What is drawn.
        layers: A part, whose rows are changed.
        pins: Places set by hand in it, by vertex.
        known: Those that were there before.
        left: What some of them stood right of, of all that has no such place.
    """
    nodes = graph.nodes
    for row in layers.rows:
        for node in [v for v in row if v in left]:
            own = row.index(node)
            row.remove(node)
            free = [
                (at, nodes[v].item in left[node])
                for at, v in enumerate(row)
                if v < len(nodes) and v not in pins
            ]
            low = max((at + 1 for at, west in free if west), default=0)
            high = min((at for at, _ in free if at >= low), default=len(row))
            row.insert(min(max(own, low), high), node)
    _make_room(layers, pins, known)


def _make_room(
    layers: Layers, pins: Mapping[int, Slot], known: Mapping[int, float]
) -> None:
    for row in layers.rows:
        make_room(row, pins, known)


def carry_one(row: list[int], node: int, to: int, at: Mapping[int, int]) -> None:
    """Move a vertex within its row, by columns."""
    own = at[node]
    if to == own:
        return
    row.remove(node)
    passed = (v for v in row if (at[v] <= to if to > own else at[v] < to))
    row.insert(sum(1 for _ in passed), node)


def carry(rows: list[list[int]], to: Mapping[int, int], at: Mapping[int, int]) -> None:
    """Move many vertices within their rows, past all that stand in columns up to there.

    Args:
        rows: Vertices from left to right, which are changed.
        to: The column that each of many is moved to.
        at: The columns that all stand in before.
    """
    side = {
        vertex: (to[vertex] > at[vertex]) - (to[vertex] < at[vertex]) for vertex in to
    }
    for row in rows:
        row.sort(key=lambda vertex: (to.get(vertex, at[vertex]), side.get(vertex, 0)))


def columns(layers: Layers, pins: Mapping[int, Slot]) -> dict[int, int]:
    """The column of every vertex of a part.

    They begin at 0 where no place is set by hand. One that is set by hand draws others
    after it, as far as it is from where it would be without: where it is the same, all
    stand in the columns in which they would be then.

    Args:
        layers: A part.
        pins: Places set by hand, by vertex.
    """
    plain = _spread(layers, {})
    low = min(plain.values(), default=0)
    plain = {vertex: column - low for vertex, column in plain.items()}
    fixed: dict[int, int] = {}
    for row in layers.rows:
        fixed |= held(row, pins)
    if all(plain[vertex] == column for vertex, column in fixed.items()):
        return plain
    here = _spread(layers, fixed)
    usual = _spread(layers, {vertex: plain[vertex] for vertex in fixed})
    wish = {vertex: plain[vertex] + here[vertex] - usual[vertex] for vertex in plain}
    return {
        vertex: column
        for row in layers.rows
        for vertex, column in settle(row, wish, fixed).items()
    }


def _spread(layers: Layers, fixed: dict[int, int]) -> dict[int, int]:
    """Columns, where some are given."""
    pulls: dict[int, list[Pull]] = {v: [] for row in layers.rows for v in row}
    for hop in layers.hops:
        pulls[hop.upper].append((hop.lower, 0, 1.0))
        pulls[hop.lower].append((hop.upper, 0, 1.0))
    at = {v: index for row in layers.rows for index, v in enumerate(row)}
    for flat in layers.flats:
        left, right = sorted((flat.left, flat.right), key=at.__getitem__)
        if at[right] - at[left] == 1:
            pulls[left].append((right, -1, BESIDE))
            pulls[right].append((left, 1, BESIDE))
    gaps = [[0] * (len(row) - 1) for row in layers.rows]
    return spread(layers.rows, dict.fromkeys(pulls, 1), gaps, pulls, fixed)
