"""A finished drawing: rows of styled text, and what is where."""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from tuilab.tui.canvas.boxes import Level
from tuilab.tui.canvas.graph import Fold, Item

MOST = 20_000
"""Runs after which to look for what differs costs more than to paint it."""


class Run(NamedTuple):
    """Neighbouring cells of one style.

    Attributes:
        text: One character a cell.
        style: Names of `STYLES`, by spaces; later ones win.
    """

    text: str
    style: str


class Area(NamedTuple):
    """A rectangle in cells."""

    x: int
    y: int
    width: int
    height: int


class Spot(NamedTuple):
    """A port: the item and its cell."""

    item: Item
    x: int
    y: int


Row = tuple[Run, ...]

STYLES = (
    "space",
    "namespace",
    "bridge",
    "tap",
    "title",
    "detail",
    "cable",
    "idle",
    "traffic",
    "crossing",
    "error",
    "up",
    "no-carrier",
    "down",
    "missing",
    "pending",
    "drift",
    "outside",
    "foreign",
    "marked",
    "jump",
    "selected",
)
"""What a cell can be; each is a component class ``canvas--NAME`` of the widget."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the canvas shows.

    Attributes:
        level: Level of detail.
        width: Columns.
        height: Rows.
        rows: Runs that fill each row from the first to the last column.
        boxes: Where every node is; those around others come first.
        frames: The nodes that others stand in; their name is in the upper border.
        ports: The ports on every node's border, clockwise from the upper left.
        ways: The corners of every cable and tie between two nodes, end to end.
        folds: Where something can be folded, and whether it is.
        hidden: What is not drawn because it is folded, and what stands for it.
    """

    level: Level = 2
    width: int = 0
    height: int = 0
    rows: tuple[Row, ...] = ()
    boxes: Mapping[Item, Area] = field(default_factory=dict)
    frames: frozenset[Item] = frozenset()
    ports: Mapping[Item, tuple[Spot, ...]] = field(default_factory=dict)
    ways: Mapping[Item, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    folds: Mapping[Item, Fold] = field(default_factory=dict)
    hidden: Mapping[Item, Item] = field(default_factory=dict)
    owners: tuple[array[int], ...] = ()
    items: tuple[Item, ...] = ()

    def at(self, x: int, y: int) -> Item | None:
        """What is at a cell, or None."""
        if 0 <= y < self.height and 0 <= x < self.width:
            owner = self.owners[y][x]
            return self.items[owner] if owner >= 0 else None
        return None

    def node_at(self, x: int, y: int) -> Item | None:
        """The innermost node whose box covers a cell, or None."""
        found = None
        for item, box in self.boxes.items():
            if box.x <= x < box.x + box.width and box.y <= y < box.y + box.height:
                found = item
        return found

    def anchor(self, node: Item) -> tuple[float, float]:
        """Column and row that a node is walked from and to."""
        box = self.boxes[node]
        if node in self.frames:
            return box.x + 3.0, float(box.y)
        return box.x + box.width / 2, box.y + box.height / 2

    def node_of(self, item: Item) -> Item | None:
        """The node an item is, or is drawn on; a cable's first end's."""
        if item in self.boxes:
            return item
        port = self.port_of(item)
        return port[0] if port else self.hidden.get(item)

    def port_of(self, item: Item) -> tuple[Item, Spot] | None:
        """The node a link is drawn on, and its port there."""
        for node, spots in self.ports.items():
            for spot in spots:
                if spot.item == item:
                    return node, spot
        return None

    def text(self) -> str:
        """As plain text, without trailing blanks."""
        lines = ("".join(run.text for run in row).rstrip() for row in self.rows)
        return "\n".join(lines)


def differences(old: Drawing, new: Drawing, seen: Container[int]) -> list[Area]:
    """Where two drawings of one size look different, one area a row.

    Args:
        old: One.
        new: The other.
        seen: The rows that it matters for to the cell; the rest is given whole.
    """
    areas = []
    looked = 0
    for y, (before, after) in enumerate(zip(old.rows, new.rows, strict=True)):
        if before is after:
            continue
        if y not in seen or looked > MOST:
            areas.append(Area(0, y, new.width, 1))
        elif before != after:
            low, high = _changed(before, after)
            areas.append(Area(low, y, high - low, 1))
            looked += len(after)
    return areas


def _changed(before: Row, after: Row) -> tuple[int, int]:
    """First column that differs, and the first of those that are the same again."""
    back = _alike(reversed(before), reversed(after), -1)
    return _alike(before, after, 1), sum(len(run.text) for run in before) - back


def _alike(one: Iterable[Run], other: Iterable[Run], way: int) -> int:
    """How many cells are the same before the first that is not.

    Neighbouring runs have different styles: where one ends, another look begins.
    """
    count = 0
    for run, its in zip(one, other, strict=False):
        if run == its:
            count += len(run.text)
            continue
        if run.style == its.style:
            pairs = zip(run.text[::way], its.text[::way], strict=False)
            count += sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        break
    return count
