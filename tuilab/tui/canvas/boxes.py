"""What stands in a node's box at each level of detail, and how large that makes it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from tuilab.tui.canvas.graph import Cell, Graph, Health, Interface, Item, Mark, Node

Level = Literal[0, 1, 2, 3]
"""0: a map without names. 1: chips of one row. 2: boxes with their ports.
3: interfaces and addresses too."""
LEVELS: tuple[Level, ...] = (3, 2, 1, 0)

PORT_GAP = {0: 1, 1: 2, 2: 3, 3: 3}
"""Columns from one port of a box to the next."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of text in a box.

    Attributes:
        item: What a click on it means.
        text: Without bullet and mark.
        health: Gives the bullet; None for a row without.
        mark: How the link differs from the wish.
    """

    item: Item
    text: str
    health: Health | None = None
    mark: Mark = ""

    @property
    def width(self) -> int:
        """Columns, bullet included."""
        return len(self.text) + (self.health is not None)


@dataclass(frozen=True, slots=True)
class Shape:
    """Size and content of a box.

    Attributes:
        width: Columns, borders included.
        height: Rows, borders included.
        bare: A chip of one row, without a border.
        title: The name.
        lines: Further rows.
        columns: Of a grid: cells in a row.
        step: Of a grid: columns from one cell to the next.
        hollow: There is a drawing inside.
        inset: Columns at the left and at the right that are not for the title.
    """

    width: int
    height: int
    bare: bool
    title: str
    lines: tuple[Line, ...] = ()
    columns: int = 0
    step: int = 0
    hollow: bool = False
    inset: tuple[int, int] = (0, 0)

    @property
    def framed(self) -> bool:
        """Whether the title stands in the upper border."""
        return self.columns > 0 or self.hollow

    def cell(self, index: int) -> tuple[int, int]:
        """Where a cell of a grid starts, from the upper left of the box."""
        return 2 + index % self.columns * self.step, 1 + index // self.columns

    @property
    def title_row(self) -> int:
        """Row of the title, from the top of the box."""
        if self.bare or self.hollow:
            return 0
        # A box made taller for ports at its sides has its text in the middle.
        return 1 + (self.height - 3 - len(self.lines)) // 2

    def row_of(self, item: Item) -> int:
        """Row of a link's name; where there is none, of the title, or the middle."""
        for row, line in enumerate(self.lines, self.title_row + 1):
            if line.item == item:
                return row
        return self.height // 2 if self.hollow else self.title_row


def title(node: Node, level: Level) -> str:
    """What a node is called."""
    if level <= 1 and node.cells:
        return str(len(node.cells))
    return f"{node.label} fwd" if level == 3 and node.forwards else node.label


def title_width(node: Node, level: Level) -> int:
    """Columns of a name in a border, with what is told of what is inside."""
    return len(title(node, level)) + sum(
        2 + len(str(count)) for _, count in node.census
    )


def cell_text(cell: Cell, level: Level) -> str:
    """What stands in a cell behind its sign."""
    if level == 0:
        return ""
    if level == 3 and cell.addresses:
        return f"{cell.label} {cell.addresses[0]}"
    return cell.label


def grid(node: Node, level: Level, room: int, narrow: int) -> Shape:
    """The box of a grid: about as many cells across as there are rows.

    Args:
        node: What to show.
        level: How much of it.
        room: Columns to stay within, if that leaves one cell a row.
        narrow: By how much less wide than usual.
    """
    step = 3 + max(len(cell_text(cell, level)) for cell in node.cells)
    if level == 0:
        step = 1
    columns = math.ceil(math.sqrt(len(node.cells)) / narrow)
    columns = max(1, min(columns, (room - 3) // step))
    rows = math.ceil(len(node.cells) / columns)
    # Behind the name stands a port; none may stand in a corner.
    width = max(columns * step + 3, title_width(node, level) + 8)
    name = title(node, level)
    return Shape(width, rows + 2, False, name, columns=columns, step=step)


def heading(node: Node, level: Level) -> tuple[Line, ...]:
    """What stands in a box above the drawing in it."""
    return _lines(node) if level == 3 else ()


def told_again(made: Shape, node: Node) -> Shape:
    """A shape whose lines tell how the links of its node are now."""
    return replace(made, lines=_lines(node)) if made.lines else made


def container(
    node: Node, level: Level, width: int, height: int, inset: tuple[int, int]
) -> Shape:
    """The box of a node with a drawing inside.

    Args:
        node: What to show.
        level: How much of it.
        width: Columns that are needed, borders included.
        height: Rows, borders included.
        inset: Columns that the names of ports take at its left and its right side.
    """
    lines = heading(node, level)
    # A mark may stand behind a line.
    longest = max((line.width for line in lines), default=0) + 1
    width = max(width, title_width(node, level) + 6, longest + 4)
    name = title(node, level)
    return Shape(width, height, False, name, lines, hollow=True, inset=inset)


def is_chip(node: Node, level: Level) -> bool:
    """Whether a node is drawn in one row, without a border that ports could sit on."""
    return not node.cells and (level <= 1 or node.item.kind == "tap")


def shows_state(graph: Graph, lines: Iterable[int], level: Level) -> bool:
    """Whether any of some lines, by number, has a state to be shown beside a chip."""
    edges = [graph.edges[number] for number in lines]
    return any(
        end.shown and is_chip(graph.nodes[end.node], level)
        for edge in edges
        for end in (edge.a, edge.b)
    )


def span(level: Level, ports: int) -> int:
    """Columns that so many ports without names take."""
    return PORT_GAP[level] * ports


def shape(
    node: Node,
    level: Level,
    ports: int,
    side_ports: int,
    inset: tuple[int, int] = (0, 0),
) -> Shape:
    """The box of a node.

    Args:
        node: What to show.
        level: How much of it.
        ports: Columns that the ports of its fuller long side take.
        side_ports: How many ports its fuller short side has.
        inset: Columns that the names of ports take at its left and its right side.
    """
    name = title(node, level)
    if level == 0:
        return Shape(max(ports, 1), 1, True, "")
    if level == 1 or node.item.kind == "tap":
        width = _even(ports + 1, len(name) + 2)
        return Shape(width, 1, True, name)
    lines: tuple[Line, ...] = ()
    if level == 3:
        lines = _lines(node)
    text = max((line.width for line in lines), default=0)
    width = _even(ports + 2, max(len(name), text) + 4 + sum(inset))
    height = max(1 + len(lines), side_ports) + 2
    return Shape(width, height, False, name, lines, inset=inset)


def _even(ports: int, text: int) -> int:
    """Columns for ports and text; what is left over is the same on both sides."""
    return max(text, ports + (ports - text) % 2)


def _lines(node: Node) -> tuple[Line, ...]:
    if node.item.kind == "bridge":
        return tuple(Line(node.item, cidr) for cidr in node.addresses)
    longest = max((len(i.item.ifname or "") for i in node.interfaces), default=0)
    return tuple(
        line
        for interface in node.interfaces
        for line in _interface_lines(interface, longest)
    )


def _interface_lines(interface: Interface, longest: int) -> list[Line]:
    name = interface.item.ifname or ""
    first, *rest = interface.addresses or ("",)
    text = f"{name:{longest}} {first}".rstrip()
    lines = [Line(interface.item, text, interface.health, interface.mark)]
    # One column more stands where the first line has its bullet.
    pad = " " * (longest + 2)
    lines += [Line(interface.item, pad + cidr) for cidr in rest]
    return lines
