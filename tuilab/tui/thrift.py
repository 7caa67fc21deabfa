"""Sends to the terminal only the cells that look different from what it shows.

Textual repaints regions: a frame, a line, a whole pane. Over SSH most of that is what
is there already. Here what was sent last is kept, cell by cell; of every update only
the difference goes out, with no more about colours than has changed from cell to cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

NEAR = 4
"""So many cells that are right already are sent again rather than jumped over, where
nothing need be said about their look."""

KEPT = 5000
"""So many pieces of text are kept as cells: most of a screen is the same for long."""

_Look = tuple[str, str, str]
"""Attributes, foreground and background, as the terminal is told."""
_PLAIN: _Look = ("", "", "")
_Cell = tuple[str, _Look]
_Run = tuple[int, int, list[_Cell]]
"""First column, row, and cells beside one another; or below one another."""
_UNKNOWN: _Cell = ("\0", _PLAIN)
"""What the terminal shows where nothing has been sent yet."""
_HALF: _Cell = ("", _PLAIN)
"""What is behind a sign that is two cells wide."""
_REVERSE = "7"
_SHOWS = frozenset({"4", "7", "9", "21", "53"})
"""Attributes that show on a blank too: lines, and front and back exchanged."""
_ATTRIBUTES = (
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
_END = {begin: end for _, begin, end in _ATTRIBUTES}


ERASED = 6
"""So many blanks at an end are erased in one go."""
ERASED_WITHIN = 12
"""So many blanks in the middle, where the cursor must go on behind them."""

_BELOW = "\b\x1b[B"
"""From behind a cell to the one below it."""


class Shown:
    """What the terminal shows, as far as it is known.

    Args:
        erases: Whether the terminal can erase cells, in the colour that is set.
    """

    def __init__(self, *, erases: bool = False) -> None:
        self._erases = erases
        self._rows: dict[int, list[_Cell]] = {}
        self._looks: dict[tuple[Style, ColorSystem], _Look] = {}
        self._pieces: dict[tuple[Segment, ColorSystem], tuple[_Cell, ...]] = {}
        self._size: object = None

    def forget(self) -> None:
        """The terminal may show anything now."""
        self._rows.clear()

    def changes(
        self, update: CompositorUpdate, console: Console, size: object
    ) -> str | None:
        """What to send for an update, which counts as shown then.

        Args:
            update: What Textual wants to be painted.
            console: Whose colours are to be used.
            size: The terminal's; one that has another now may show anything.

        Returns:
            None for an update of another kind; what is shown is unknown after that.
        """
        if size != self._size:
            self._size = size
            self.forget()
        if isinstance(update, LayoutUpdate):
            pieces = _of_layout(update)
        elif isinstance(update, ChopsUpdate):
            pieces = _of_chops(update)
        else:
            self.forget()
            return None
        system = console._color_system or ColorSystem.TRUECOLOR
        runs = [
            (start, y, cells)
            for x, y, segments in pieces
            for start, cells in self._changed(x, y, self._seen(segments, system))
        ]
        rows, columns = self._columns(runs)
        return _sent(rows, columns, erases=self._erases)

    def _columns(self, runs: list[_Run]) -> tuple[list[_Run], list[_Run]]:
        """Single cells below one another, apart: sides of boxes, and scroll bars."""
        single = {
            (x, y): cells[0]
            for x, y, cells in runs
            # At the right edge terminals differ in where the cursor is then.
            if len(cells) == 1
            and x + 1 < len(self._rows[y])
            and cell_len(cells[0][0]) == 1
        }
        tops = [
            (x, y)
            for x, y in single
            if (x, y - 1) not in single and (x, y + 1) in single
        ]
        columns = []
        for x, y in sorted(tops, key=lambda top: single[top][1]):
            cells: list[_Cell] = []
            while (cell := single.pop((x, y + len(cells)), None)) is not None:
                cells.append(cell)
            columns.append((x, y, cells))
        within = {(x, y + step) for x, y, some in columns for step in range(len(some))}
        return [run for run in runs if run[:2] not in within], columns

    def _changed(
        self, x: int, y: int, cells: list[_Cell]
    ) -> Iterator[tuple[int, list[_Cell]]]:
        """Runs of cells that differ, each with its first column."""
        row = self._rows.setdefault(y, [])
        end = x + len(cells)
        row += [_UNKNOWN] * (end - len(row))
        before = row[x:end]
        if before == cells:
            return
        row[x:end] = cells
        run: list[_Cell] = []
        start = same = 0
        for column, (old, cell) in enumerate(zip(before, cells, strict=True), x):
            if old != cell:
                if not run:
                    start = column
                run.append(cell)
                same = 0
            elif run and cell == _HALF:
                run.append(cell)
                same += bool(same)
            elif run:
                same += 1
                if same > NEAR or not _follows(run[-1], cell):
                    yield start, run[: len(run) - same + 1]
                    run, same = [], 0
                else:
                    run.append(cell)
        if run:
            yield start, run[: len(run) - same]

    def _seen(self, segments: Iterable[Segment], system: ColorSystem) -> list[_Cell]:
        """The cells of a piece of a line."""
        cells: list[_Cell] = []
        for segment in segments:
            piece = self._pieces.get((segment, system))
            if piece is None:
                if len(self._pieces) >= KEPT:
                    self._pieces.clear()
                piece = tuple(self._cells(segment, system))
                self._pieces[segment, system] = piece
            cells += piece
        return cells

    def _cells(self, segment: Segment, system: ColorSystem) -> Iterator[_Cell]:
        text, style, control = segment
        if control:
            return
        look = self._look(style, system) if style else _PLAIN
        # Nobody sees what colour a blank would be written in.
        blank = look if _SHOWS.intersection(look[0].split(";")) else ("", "", look[2])
        if look[0] == _REVERSE and look[1]:
            blank = "", "", _behind(look[1])
        for sign in text:
            width = 1 if sign.isascii() else cell_len(sign)
            if width:
                yield sign, blank if sign == " " else look
            if width == 2:
                yield _HALF

    def _look(self, style: Style, system: ColorSystem) -> _Look:
        look = self._looks.get((style, system))
        if look is None:
            look = self._looks[style, system] = _look(style, system)
        return look


def _follows(before: _Cell, cell: _Cell) -> bool:
    """Whether a cell can be sent behind another one with nothing about its look."""
    same = before[1] == cell[1]
    plain = not _shows(before[1]) and not _shows(cell[1])
    return same or (cell[0] == " " and plain and before[1][2] == cell[1][2])


def _behind(front: str) -> str:
    """The colour of signs as a colour of what is behind them."""
    if front.startswith("9"):
        return f"10{front[1:]}"
    return f"4{front[1:]}"


def _sent(rows: list[_Run], columns: list[_Run], *, erases: bool) -> str:
    """Moves of the cursor, and cells; the look is plain before and after."""
    sent, before = _sent_rows(rows, erases=erases)
    out = [sent]
    for x, y, cells in columns:
        out.append(f"\x1b[{y + 1};{x + 1}H")
        for number, (sign, look) in enumerate(cells):
            out.append(_BELOW if number else "")
            if sign == " " and not _shows(look) and not _shows(before):
                look = look if look[2] != before[2] else before
            out += [_turn(before, look), sign]
            before = look
    out.append("\x1b[0m" if before != _PLAIN else "")
    return "".join(out)


def _sent_rows(runs: list[_Run], *, erases: bool) -> tuple[str, _Look]:
    """Cells beside one another, and the look afterwards."""
    out = []
    before = _PLAIN
    at: tuple[int, int] | None = None
    for x, y, cells in runs:
        ahead = at is not None and at[1] == y and x > at[0]
        out.append(_ahead(x - at[0]) if ahead and at else f"\x1b[{y + 1};{x + 1}H")
        end = x + len(cells)
        # Behind half a sign the cursor may be anywhere.
        at = (end, y) if cells[0] != _HALF else None
        for look, group in groupby(cells, key=lambda cell: cell[1]):
            some = list(group)
            x += len(some)
            signs = "".join(sign for sign, _ in some)
            if not signs:
                continue
            plain = not _shows(look) and not _shows(before)
            if signs.isspace() and plain and look[2] == before[2]:
                look = before
            out.append(_turn(before, look))
            before = look
            blank = erases and not _shows(look) and signs.isspace()
            if blank and x == end and len(signs) >= ERASED:
                out.append(f"\x1b[{len(signs)}X")
                at = (end - len(signs), y) if at else None
            elif blank and len(signs) >= ERASED_WITHIN:
                out.append(f"\x1b[{len(signs)}X{_ahead(len(signs))}")
            else:
                out.append(signs)
    return "".join(out), before


def _ahead(columns: int) -> str:
    """The cursor goes on to the right."""
    return f"\x1b[{columns}C" if columns > 1 else "\x1b[C"


class Thrifty(CompositorUpdate):
    """An update that has been worked out already."""

    def __init__(self, text: str) -> None:
        self._text = text

    def render_segments(self, console: Console) -> str:
        """What to send."""
        return self._text


def _of_layout(update: LayoutUpdate) -> Iterator[tuple[int, int, Iterable[Segment]]]:
    x, y = update.region.offset
    for row, strips in enumerate(update.strips, y):
        yield x, row, [segment for strip in strips for segment in strip]


def _of_chops(update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, first, beyond in update.spans:
        ends = update.chop_ends[y]
        for end, (x, strip) in zip(ends, update.chops[y].items(), strict=False):
            if strip is None or x >= beyond or end <= first:
                continue
            left, right = max(x, first), min(end, beyond)
            yield left, y, strip.crop(left - x, right - x)


def _look(style: Style, system: ColorSystem) -> _Look:
    attributes = ";".join(
        begin for name, begin, _ in _ATTRIBUTES if getattr(style, name)
    )
    front = back = ""
    if style.color is not None:
        codes = style.color.downgrade(system).get_ansi_codes()
        front = ";".join(codes)
    if style.bgcolor is not None:
        codes = style.bgcolor.downgrade(system).get_ansi_codes(foreground=False)
        back = ";".join(codes)
    return attributes, front, back


def _shows(look: _Look) -> bool:
    """Whether a blank looks different with these attributes."""
    return bool(look[0]) and not _SHOWS.isdisjoint(look[0].split(";"))


def _turn(before: _Look, after: _Look) -> str:
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
