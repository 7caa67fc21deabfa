"""What lies over a drawing for a moment: a box, a line, letters to jump to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby

from tuilab.tui.canvas.drawing import Drawing, Row, Run

Cells = Mapping[tuple[int, int], tuple[str, str]]
"""Sign and style by column and row."""


def overlaid(drawing: Drawing, cells: Cells) -> Drawing:
    """A drawing with other signs in some of its cells; those beyond it are left out.

    What is where stays as it was: a click goes through.
    """
    rows = list(drawing.rows)
    by_row: dict[int, dict[int, tuple[str, str]]] = {}
    for (x, y), cell in cells.items():
        if 0 <= y < drawing.height and 0 <= x < drawing.width:
            by_row.setdefault(y, {})[x] = cell
    for y, changed in by_row.items():
        rows[y] = _changed(rows[y], changed)
    return replace(drawing, rows=tuple(rows)) if by_row else drawing


def _changed(row: Row, changed: Mapping[int, tuple[str, str]]) -> Row:
    whole = [(sign, run.style) for run in row for sign in run.text]
    for x, cell in changed.items():
        whole[x] = cell
    return tuple(
        Run("".join(sign for sign, _ in some), style)
        for style, some in groupby(whole, key=lambda cell: cell[1])
    )
