"""What lies over a drawing for a moment: a box, a line, letters to jump to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from tuilab.tui.canvas.drawing import Drawing, Row, Run

Cells = Mapping[tuple[int, int], tuple[str, str]]
"""Sign and style by column and row."""

_STYLE = attrgetter("style")


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
    """A row with other signs in some cells; runs that none of them is in are kept."""
    made: list[Run] = []
    for style, some in groupby(_pieces(row, changed), key=_STYLE):
        runs = list(some)
        whole = "".join(run.text for run in runs) if len(runs) > 1 else ""
        made.append(Run(whole, style) if whole else runs[0])
    return tuple(made)


def _pieces(row: Row, changed: Mapping[int, tuple[str, str]]) -> Iterator[Run]:
    """The runs of a row, cut where cells are changed, and those cells."""
    columns = iter(sorted(changed))
    x = next(columns, None)
    start = 0
    for run in row:
        end = start + len(run.text)
        if x is None or x >= end:
            yield run
        else:
            done = start
            while x is not None and x < end:
                if x > done:
                    yield Run(run.text[done - start : x - start], run.style)
                yield Run(*changed[x])
                done, x = x + 1, next(columns, None)
            if done < end:
                yield Run(run.text[done - start :], run.style)
        start = end
