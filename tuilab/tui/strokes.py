"""Cells as bytes for a terminal: as few as moves, looks and signs take.

In which order cells are written is not seen. Row by row the cursor moves little; where
looks change in every row it is shorter to write all of one look before the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len

Look = tuple[str, str, str]
"""Attributes, foreground and background, as the terminal is told."""
PLAIN: Look = ("", "", "")
Cell = tuple[str, Look]
HALF: Cell = ("", PLAIN)
"""What is behind a sign that is two cells wide."""
Run = tuple[int, int, list[Cell]]
"""First column, row, and cells beside one another; or below one another."""

ATTRIBUTES = (
    ("bold", "1", "22"),
    ("dim", "2", "22"),
    ("italic", "3", "23"),
    ("underline", "4", "24"),
    ("blink", "5", "25"),
    ("blink2", "6", "25"),
    ("reverse", "7", "27"),
    ("conceal", "8", "28"),
    ("strike", "9", "29"),
    ("underline2", "21", "24"),
    ("overline", "53", "55"),
)
"""Name, and what begins and ends it (ECMA-48, SGR)."""
_END = {begin: end for _, begin, end in ATTRIBUTES}
_SHOWS = frozenset({"4", "7", "9", "21", "53"})
"""Attributes that show on a blank too: lines, and front and back exchanged."""

DOWN = "\v"
"""Down a row: as LF does, but the driver of a terminal puts no CR before it."""
UP = "\x1bM"

ERASED = 6
"""So many blanks at an end are erased in one go."""
ERASED_WITHIN = 12
"""So many blanks in the middle, where the cursor must go on behind them."""
_BLANKS = re.compile(f"( {{{ERASED},}})")
FEW = 1000
"""Of more strokes than these it is not tried what order is shorter."""
SHORT = 3
"""So many blanks take fewer bytes than to have the cursor jump over them."""


class _Stroke(NamedTuple):
    """Cells of one look, beside one another or below one another.

    Attributes:
        x: First column.
        y: First row.
        look: How they look.
        signs: What stands in them.
        end: Column behind the last one.
        sure: Whether the cursor is there then.
        down: Whether they are below one another.
        last: Whether nothing follows right behind them.
    """

    x: int
    y: int
    look: Look
    signs: str
    end: int
    sure: bool = True
    down: bool = False
    last: bool = True

    def cells(self) -> list[tuple[int, int]]:
        """Where it is."""
        if self.down:
            return [(self.x, self.y + step) for step in range(len(self.signs))]
        return [(x, self.y) for x in range(self.x, self.end)]


def written(rows: list[Run], columns: list[Run], *, edge: int, erases: bool) -> str:
    """What to send for some cells; the look is plain before and after.

    Args:
        rows: Cells beside one another.
        columns: Cells below one another, each of one column; none at the edge.
        edge: The first column beyond the screen.
        erases: Whether the terminal can erase cells, in the colour that is set.
    """
    strokes = [it for run in rows for it in _strokes(*run, edge)]
    strokes += [it for run in columns for it in _down(*run)]
    sent = _written(strokes, {}, erases=erases)
    if len(strokes) > FEW:
        return sent
    order = {look: number for number, look in enumerate(it.look for it in strokes)}
    strokes.sort(key=lambda it: (order[it.look], it.down, it.y, it.x))
    when = {cell: n for n, stroke in enumerate(strokes) for cell in stroke.cells()}
    return min(sent, _written(strokes, when, erases=erases), key=len)


def follows(before: Cell, cell: Cell) -> bool:
    """Whether a cell can be sent behind another one with nothing about its look."""
    return before[1] == cell[1] or (cell[0] == " " and _alike(before[1], cell[1]))


def shows(look: Look) -> bool:
    """Whether a blank looks different with these attributes."""
    return bool(look[0]) and not _SHOWS.isdisjoint(look[0].split(";"))


def _alike(one: Look, other: Look) -> bool:
    """Whether a blank looks the same in both."""
    return one[2] == other[2] and not shows(one) and not shows(other)


def _strokes(x: int, y: int, cells: list[Cell], edge: int) -> Iterator[_Stroke]:
    """A row of cells, look by look; blanks go with what is beside them."""
    groups: list[tuple[Look, list[Cell]]] = []
    looks = [look for _, look in cells]
    for at, cell in enumerate(cells):
        if cell == HALF and at:
            looks[at] = looks[at - 1]
    for look, group in groupby(zip(looks, cells, strict=True), key=lambda it: it[0]):
        some = [cell for _, cell in group]
        before = groups[-1] if groups else None
        alike = before is not None and _alike(look, before[0])
        if before and (look == before[0] or (alike and _is_blank(some))):
            before[1].extend(some)
        elif before and alike and _is_blank(before[1]):
            groups[-1] = look, [*before[1], *some]
        else:
            groups.append((look, some))
    for number, (look, some) in enumerate(groups):
        signs = "".join(sign for sign, _ in some)
        end, last = x + len(some), number == len(groups) - 1
        narrow = signs.isascii() or cell_len(signs) == len(signs) == len(some)
        if signs:
            sure = narrow and end < edge
            yield _Stroke(x, y, look, signs, end, sure, last=last)
        x = end


def _is_blank(cells: list[Cell]) -> bool:
    return all(sign == " " for sign, _ in cells)


def _down(x: int, y: int, cells: list[Cell]) -> Iterator[_Stroke]:
    """A column of cells, look by look."""
    for look, group in groupby(cells, key=lambda cell: cell[1]):
        signs = "".join(sign for sign, _ in group)
        yield _Stroke(x, y, look, signs, x + 1, down=True)
        y += len(signs)


def _written(
    strokes: Sequence[_Stroke], when: Mapping[tuple[int, int], int], *, erases: bool
) -> str:
    """Strokes in their order.

    Args:
        strokes: What is written.
        when: At what number of them a cell is: where a later one comes, blanks do no
            harm.
        erases: Whether the terminal can erase cells.
    """
    out: list[str] = []
    before = PLAIN
    at: tuple[int, int] | None = None
    for number, stroke in enumerate(strokes):
        look, signs = stroke.look, stroke.signs
        if signs.isspace() and _alike(look, before):
            look = before
        gap = _between(at, stroke)
        if gap and all(when.get(cell, -1) > number for cell in gap):
            out.append(" " * len(gap))
        else:
            out.append(go(at, stroke.x, stroke.y))
        out.append(_turn(before, look))
        before = look
        x, y, sure = stroke.end, stroke.y, stroke.sure
        if stroke.down:
            out.append(f"\b{DOWN}".join(signs))
            y += len(signs) - 1
        elif erases and not shows(look):
            left = len(signs) - len(signs.rstrip(" "))
            if left >= (ERASED if stroke.last else ERASED_WITHIN):
                signs, x = signs[: len(signs) - left], x - left
                sure = stroke.sure or len(signs) == x - stroke.x
            else:
                left = 0
            out += _erased(signs)
            out.append(f"\x1b[{left}X" if left else "")
        else:
            out.append(signs)
        at = (x, y) if sure else None
    out.append("\x1b[0m" if before != PLAIN else "")
    return "".join(out)


def _between(at: tuple[int, int] | None, stroke: _Stroke) -> Sequence[tuple[int, int]]:
    """The few cells from the cursor to a stroke to the right of it."""
    if at is None or at[1] != stroke.y or not 0 < stroke.x - at[0] <= SHORT:
        return ()
    return [(x, stroke.y) for x in range(at[0], stroke.x)]


def _erased(signs: str) -> Iterator[str]:
    """A text whose long blanks are erased and jumped over."""
    for part in _BLANKS.split(signs):
        blank = len(part) >= ERASED_WITHIN and part.isspace()
        yield f"\x1b[{len(part)}X\x1b[{len(part)}C" if blank else part


def go(at: tuple[int, int] | None, x: int, y: int) -> str:
    """The cursor goes to a cell, from where it is if that is shorter."""
    far = f"\x1b[{y + 1};{x + 1}H"
    if at is None:
        return far
    rows, columns = y - at[1], x - at[0]
    level = _step(rows, "B", DOWN) if rows > 0 else _step(-rows, "A", UP)
    if columns > 0:
        near = _step(columns, "C")
    else:
        near = min(_step(-columns, "D", "\b"), "\r" + _step(x, "C"), key=len)
    return min(level + near, far, key=len)


def _step(count: int, way: str, once: str = "") -> str:
    """So many cells on.

    Args:
        count: How many.
        way: The letter for that way.
        once: What goes on by one cell, where there is more than that letter for it.
    """
    if not count:
        return ""
    steps = f"\x1b[{count}{way}" if count > 1 else f"\x1b[{way}"
    return min(once * count or steps, steps, key=len)


def _turn(before: Look, after: Look) -> str:
    """From one look to another, in as few words as there are."""
    if before == after:
        return ""
    old, new = (look[0].split(";") if look[0] else [] for look in (before, after))
    ended = dict.fromkeys(_END[code] for code in old if code not in new)
    begun = [code for code in new if code not in old or _END[code] in ended]
    parts = [*ended, *begun]
    if before[1] != after[1]:
        parts.append(after[1] or "39")
    if before[2] != after[2]:
        parts.append(after[2] or "49")
    return f"\x1b[{';'.join(parts)}m"
