"""What two drawings of one scene share, as when only the selection moves between them.

Most of a drawing is lines and blanks, and the same whatever is selected. What was
painted before the boxes is kept with its scene, and so is every row that looks the
same as it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from tuilab.tui.canvas.drawing import Row, Run
from tuilab.tui.canvas.glyphs import Glyphs
from tuilab.tui.canvas.graph import Item

Cells = list[list[str]]
Cell = tuple[int, int]
"""Column and row."""


class Traces(NamedTuple):
    """Which cells the lines go through.

    Attributes:
        masks: The cells of every line from end to end, by number of the edge; each with
            the directions the line leaves it in.
        ways: The cells of every line, by its item.
        cells: Edge and directions of the line that came first to a cell.
        crossings: The same of one that crosses it there.
    """

    masks: dict[int, dict[Cell, int]]
    ways: dict[Item, tuple[Cell, ...]]
    cells: dict[Cell, tuple[int, int]]
    crossings: dict[Cell, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Paper:
    """Boxes that others stand in, and lines: what all other boxes are painted on.

    Attributes:
        glyphs: The signs that were used.
        looks: How each line looked, and what flowed along it, by number of the edge.
        signs: Of every cell, row by row.
        styles: Of every cell.
        owners: Of every cell.
        index: The numbers of the owners, in their order.
    """

    glyphs: Glyphs
    looks: Mapping[int, tuple[str, tuple[bool, bool]]]
    signs: Cells
    styles: Cells
    owners: list[list[int]]
    index: Mapping[Item, int]


@dataclass(slots=True)
class Sheet:
    """The cells that were painted last, and the rows that they make."""

    signs: Cells = field(default_factory=list)
    styles: Cells = field(default_factory=list)
    rows: tuple[Row, ...] = ()

    def take(self, signs: Cells, styles: Cells) -> tuple[Row, ...]:
        """The rows of a sheet; those that look the same are the very same."""
        known = len(signs) == len(self.signs)
        rows = tuple(
            self.rows[y]
            if known and self.signs[y] == signs[y] and self.styles[y] == styles[y]
            else _row(signs[y], styles[y])
            for y in range(len(signs))
        )
        self.signs, self.styles, self.rows = signs, styles, rows
        return rows


def _row(signs: list[str], styles: list[str]) -> Row:
    return tuple(_runs(signs, styles))


def _runs(signs: list[str], styles: list[str]) -> Iterator[Run]:
    at = 0
    for style, some in groupby(styles):
        end = at + len(list(some))
        yield Run("".join(signs[at:end]), style)
        at = end
