"""What one drawing of a scene leaves to the next one.

Between two drawings little changes: a selection moves, a link goes down. What was drawn
is kept with its scene, and only what looks otherwise is painted anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeVar

from tuilab.model.topology import Endpoint
from tuilab.tui.canvas.activity import Activity
from tuilab.tui.canvas.drawing import Drawing, Row, Run
from tuilab.tui.canvas.glyphs import Glyphs
from tuilab.tui.canvas.graph import Graph, Item
from tuilab.tui.canvas.tracing import Cell

K = TypeVar("K")
V = TypeVar("V")


class Lazy(dict[K, V]):
    """Values that are made when they are asked for."""

    def __init__(self, make: Callable[[K], V]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: K) -> V:
        value = self[key] = self._make(key)
        return value


@dataclass(slots=True)
class Parts:
    """Numbers of nodes, of cells of a grid (with their node), and of edges."""

    nodes: set[int] = field(default_factory=set)
    cells: set[tuple[int, int]] = field(default_factory=set)
    edges: set[int] = field(default_factory=set)

    def add(self, other: Parts) -> None:
        """Those of another one too."""
        self.nodes |= other.nodes
        self.cells |= other.cells
        self.edges |= other.edges


@dataclass(frozen=True, slots=True)
class Index:
    """Where things are drawn; as long as they stand where they stood.

    Attributes:
        parts: What tells of an item.
        ends: What tells of what flows through a link.
        edges: The lines at a node, by its number.
    """

    parts: Mapping[Item, Parts]
    ends: Mapping[Endpoint, Parts]
    edges: Mapping[int, set[int]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A drawing, and what it was made of.

    Attributes:
        drawing: It.
        graph: The states it tells of.
        glyphs: The signs that were used.
        selected: What was shown as selected.
        marked: What was shown as the first end of a cable.
        activity: What flowed.
        index: The numbers of the owners of cells.
        behind: The cell behind the name of each chip.
        where: Where things are drawn.
    """

    drawing: Drawing
    graph: Graph
    glyphs: Glyphs
    selected: frozenset[Item]
    marked: Item | None
    activity: Activity
    index: Mapping[Item, int]
    behind: Mapping[int, Cell]
    where: Index


def signs_of(row: Row) -> list[str]:
    """The sign of each cell."""
    return [sign for run in row for sign in run.text]


def styles_of(row: Row) -> list[str]:
    """The style of each cell."""
    return [run.style for run in row for _ in run.text]


def row_of(signs: list[str], styles: list[str]) -> Row:
    """Cells as runs of one style."""
    text, runs, at = "".join(signs), [], 0
    for style, some in groupby(styles):
        end = at + len(list(some))
        runs.append(Run(text[at:end], style))
        at = end
    return tuple(runs)
