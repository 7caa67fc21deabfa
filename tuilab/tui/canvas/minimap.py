"""A small picture of a large drawing, and which part of it the pane shows."""

from __future__ import annotations

import math
from itertools import groupby

from tuilab.tui.canvas.drawing import Area, Drawing, Row, Run

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a braille sign, by row and column of the dot."""
BRAILLE = 0x2800
FRAME = "┌─┐│└┘"
ASCII_FRAME = "+-+|++"
LEAST = (6, 4)
"""Columns and rows that there are at least: of a long row of hosts, or a tall stack,
nothing could be seen otherwise."""

WIDEST, TALLEST = 28, 9
"""Columns and rows that there are at most."""

Dots = dict[tuple[int, int], str]


def map_size(width: int, height: int) -> tuple[int, int]:
    """Most columns and rows of the picture in a pane of that size."""
    return min(width // 4, WIDEST), min(height // 3, TALLEST)


def minimap(
    drawing: Drawing,
    view: Area,
    width: int,
    height: int,
    *,
    ascii_only: bool = False,
    lit: Dots | None = None,
) -> tuple[Row, ...]:
    """A drawing scaled down, with a frame around what is in sight.

    Args:
        drawing: What is shown in part.
        view: The part in sight, in cells of the drawing.
        width: Most columns of the picture.
        height: Most rows of the picture.
        ascii_only: Use plain signs, one for each place instead of eight dots.
        lit: What `dots` gives for the same, where it is known.

    Returns:
        Rows of the same width; none when there is nothing to show or no room. A cell
        of the drawing is as wide and tall as one of the picture, unless the drawing is
        so long that nothing of it could be seen.
    """
    if not drawing.boxes or width < 3 or height < 3:
        return ()
    columns, rows, wide, tall = _sides(drawing, width, height)
    if lit is None:
        lit = dots(drawing, width, height, ascii_only=ascii_only)
    cells = [[(" ", "space")] * columns for _ in range(rows)]
    for y in range(rows):
        for x in range(columns):
            sign, style = _sign(lit, x, y, ascii_only=ascii_only)
            cells[y][x] = (sign, style)
    signs = ASCII_FRAME if ascii_only else FRAME
    _frame(cells, view, (wide, tall), signs)
    return tuple(
        tuple(
            Run("".join(sign for sign, _ in some), style)
            for style, some in groupby(row, key=lambda cell: cell[1])
        )
        for row in cells
    )


def _sides(drawing: Drawing, width: int, height: int) -> tuple[int, int, float, float]:
    """Columns and rows of the picture, and how many cells one of each stands for."""
    scale = max(drawing.width / width, drawing.height / height, 1.0)
    columns, wide = _side(drawing.width, scale, LEAST[0], width)
    rows, tall = _side(drawing.height, scale, LEAST[1], height)
    return columns, rows, wide, tall


def _side(cells: int, scale: float, least: int, most: int) -> tuple[int, float]:
    """How long a side of the picture is, and how many cells one of it stands for."""
    count = min(most, math.ceil(cells / scale))
    if count >= least:
        return count, scale
    count = min(most, least)
    return count, cells / count


def dots(drawing: Drawing, width: int, height: int, *, ascii_only: bool) -> Dots:
    """The dots that are set, and whether a line or what kind of node sets them.

    Whatever part is in sight; otherwise as `minimap`.
    """
    _, _, wide, tall = _sides(drawing, width, height)
    across, down = (1 / wide, 1 / tall) if ascii_only else (2 / wide, 4 / tall)
    lit: Dots = {}
    for line in drawing.ways.values():
        spots = [
            it for it, _ in groupby((int(x * across), int(y * down)) for x, y in line)
        ]
        for (x, y), (to_x, to_y) in zip(spots, spots[1:] or spots, strict=False):
            for column in range(min(x, to_x), max(x, to_x) + 1):
                for row in range(min(y, to_y), max(y, to_y) + 1):
                    lit[column, row] = "cable"
    for item, box in drawing.boxes.items():
        kind = "namespace" if item.kind == "grid" else item.kind
        left, right = int(box.x * across), int((box.x + box.width - 1) * across)
        top, bottom = int(box.y * down), int((box.y + box.height - 1) * down)
        edges_only = item in drawing.frames
        for y in range(top, bottom + 1):
            inner = edges_only and top < y < bottom
            for x in (left, right) if inner else range(left, right + 1):
                lit[x, y] = kind
    return lit


def _sign(
    lit: dict[tuple[int, int], str], x: int, y: int, *, ascii_only: bool
) -> tuple[str, str]:
    """One cell of the picture: nodes come before lines."""
    if ascii_only:
        kind = lit.get((x, y))
        signs = {None: " ", "cable": ".", "bridge": "="}
        return signs.get(kind, "#"), kind or "space"
    bits, kinds = 0, set()
    for row, some in enumerate(DOTS):
        for column, bit in enumerate(some):
            kind = lit.get((2 * x + column, 4 * y + row))
            if kind is not None:
                bits |= bit
                kinds.add(kind)
    style = next((k for k in ("bridge", "namespace", "tap", "cable") if k in kinds), "")
    return (chr(BRAILLE + bits), style) if bits else (" ", "space")


def _frame(
    cells: list[list[tuple[str, str]]],
    view: Area,
    scale: tuple[float, float],
    signs: str,
) -> None:
    """Draw the border of what is in sight."""
    wide, tall = scale
    columns, rows = len(cells[0]), len(cells)
    left = min(max(0, int(view.x / wide)), columns - 1)
    top = min(max(0, int(view.y / tall)), rows - 1)
    right = math.ceil((view.x + view.width) / wide) - 1
    bottom = math.ceil((view.y + view.height) / tall) - 1
    right = min(max(right, left + 1), columns - 1)
    bottom = min(max(bottom, top + 1), rows - 1)
    for x in range(left, right + 1):
        for y in (top, bottom):
            cells[y][x] = (signs[1], "marked")
    for y in range(top, bottom + 1):
        for x in (left, right):
            cells[y][x] = (signs[3], "marked")
    cells[top][left] = (signs[0], "marked")
    cells[top][right] = (signs[2], "marked")
    cells[bottom][left] = (signs[4], "marked")
    cells[bottom][right] = (signs[5], "marked")
