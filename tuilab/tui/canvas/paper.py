"""What one drawing of a scene leaves to the next one.

Between two drawings little changes: a selection moves, a link goes down. What was drawn
is kept with its scene, and only what looks otherwise is painted anew.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

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


NODE, EDGE = -1, -2
Ref = tuple[int, int]
"""The number of a node and `NODE` or which cell of its grid, or that of an edge and
`EDGE`: large labs have thousands of these."""


@dataclass(slots=True)
class Parts:
    """Numbers of nodes, of cells of a grid (with their node), and of edges."""

    nodes: set[int] = field(default_factory=set)
    cells: set[tuple[int, int]] = field(default_factory=set)
    edges: set[int] = field(default_factory=set)

    def add(self, more: Iterable[Ref]) -> None:
        """More of them."""
        for number, what in more:
            if what == NODE:
                self.nodes.add(number)
            elif what == EDGE:
                self.edges.add(number)
            else:
                self.cells.add((number, what))


@dataclass(frozen=True, slots=True)
class Index:
    """Where things are drawn; as long as they stand where they stood.

    Attributes:
        parts: What tells of an item.
        ends: What tells of what flows through a link, by namespace and name: to make
            thousands of endpoints takes long.
        edges: The lines at a node, by its number.
    """

    parts: Mapping[Item, list[Ref]]
    ends: Mapping[tuple[str, str | None], list[Ref]]
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

    def knows(self, item: Item) -> bool:
        """Whether it is drawn, or something that is stands for it."""
        drawing = self.drawing
        drawn = item in drawing.boxes or item in drawing.ways
        return drawn or item in self.index or item in drawing.hidden


@dataclass(slots=True)
class Draft:
    """A row while it is painted, cell by cell.

    Attributes:
        signs: The sign of each cell, as a number: rows are long, and copied often.
        styles: Its style.
        owners: The number of what it belongs to, or -1.
        cuts: Columns where a style may begin; nowhere else does one: most cells look
            as the one before.
    """

    signs: array[int]
    styles: list[str]
    owners: array[int]
    cuts: set[int]

    @classmethod
    def blank(cls, width: int) -> Draft:
        """A row with nothing in it."""
        signs, owners = array("I", [ord(" ")]), array("i", [-1])
        return cls(signs * width, ["space"] * width, owners * width, {0})

    def copy(self) -> Draft:
        """The same, to be painted further by itself."""
        return Draft(
            self.signs[:], self.styles.copy(), self.owners[:], self.cuts.copy()
        )

    @classmethod
    def of(cls, row: Row, owners: array[int]) -> Draft:
        """A row that was painted before."""
        styles: list[str] = []
        cuts = {0}
        for text, style in row:
            styles += [style] * len(text)
            cuts.add(len(styles))
        signs = _signs("".join([text for text, _ in row]))
        return cls(signs, styles, owners[:], cuts)

    def put(self, x: int, sign: str, style: str, owner: int) -> None:
        """Paint one cell."""
        self.signs[x] = ord(sign)
        self.styles[x] = style
        self.owners[x] = owner
        self.cuts.add(x)
        self.cuts.add(x + 1)

    def write(self, x: int, text: str, style: str, owner: int) -> None:
        """Paint a word, one sign in each cell."""
        self._paint(x, x + len(text), _signs(text), style, owner)

    def fill(self, left: int, end: int, sign: str, style: str, owner: int) -> None:
        """Paint many cells alike, `end` not among them."""
        if left < end:
            signs = array("I", [ord(sign)]) * (end - left)
            self._paint(left, end, signs, style, owner)

    def _paint(
        self, left: int, end: int, signs: array[int], style: str, owner: int
    ) -> None:
        self.signs[left:end] = signs
        self.styles[left:end] = [style] * (end - left)
        self.owners[left:end] = array("i", [owner]) * (end - left)
        self.cuts.add(left)
        self.cuts.add(end)

    def row(self, known: Mapping[tuple[str, str], Run]) -> Row:
        """It as runs of one style.

        Args:
            known: Runs by text and style: most are there many times.
        """
        text, styles = _text(self.signs), self.styles
        self.cuts.discard(len(styles))
        starts, last = [], ""
        for x in sorted(self.cuts):
            style = styles[x]
            if style != last:
                starts.append(x)
                last = style
        ends = [*starts[1:], len(styles)]
        return tuple(
            [
                known[text[start:end], styles[start]]
                for start, end in zip(starts, ends, strict=True)
            ]
        )


def _signs(text: str) -> array[int]:
    """A text as numbers, without the mark of their order before them.

    Names may have bytes that are no letters: they are surrogates.
    """
    return array("I", text.encode("utf-32", "surrogatepass"))[1:]


def _text(signs: array[int]) -> str:
    return signs.tobytes().decode("utf-32", "surrogatepass")
