"""Sends to the terminal only the cells that look different from what it shows.

Textual repaints regions: a frame, a line, a whole pane. Over SSH most of that is what
is there already. Here what was sent last is kept, cell by cell; of every update only
the difference goes out, with no more about colours than has changed from cell to cell.
What scrolls is moved by the terminal itself where that is shorter, see `shifts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from tuilab.tui.shifts import UNKNOWN, Piece, Rows, shift_between
from tuilab.tui.strokes import (
    ATTRIBUTES,
    HALF,
    PLAIN,
    Cell,
    Look,
    Run,
    follows,
    shows,
    written,
)

NEAR = 4
"""So many cells that are right already are sent again rather than jumped over, where
nothing need be said about their look."""

KEPT = 5000
"""So many pieces of text are kept as cells: most of a screen is the same for long."""

TOGETHER = 6000
"""So many cells that are painted one after the other are looked at as a whole: what
scrolls is found, and in one order fewer bytes are needed."""

MUCH = 600
"""Of what takes so many bytes it is seen whether the terminal could move some of it."""
_REVERSE = "7"
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f]")


class Shown:
    """What the terminal shows, as far as it is known.

    Args:
        erases: Whether the terminal can erase cells, in the colour that is set.
        moves: Whether it can move rows, and cells within a row.
    """

    def __init__(self, *, erases: bool = False, moves: bool = False) -> None:
        self._erases = erases
        self._moves = moves
        self._rows: Rows = {}
        self._wanted: Rows = {}
        self._painted: list[Piece] = []
        self._kept = ""
        self._looks: dict[tuple[Style, ColorSystem], Look] = {}
        self._pieces: dict[tuple[Segment, ColorSystem], tuple[Cell, ...]] = {}
        self._size: object = None

    def forget(self) -> None:
        """The terminal may show anything now, and all of it is painted anew."""
        self._wanted, self._painted, self._kept = {}, [], ""
        self._rows.clear()

    def changes(
        self,
        update: CompositorUpdate | None,
        console: Console,
        size: object,
        *,
        more: bool = False,
    ) -> str | None:
        """What to send for an update, which counts as shown then.

        Args:
            update: What Textual wants to be painted; None for what was kept.
            console: Whose colours are to be used.
            size: The terminal's; one that has another now may show anything.
            more: Whether the rest of the picture still comes: nobody is to see half
                of it, so it is kept until then.

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
        elif update is None:
            pieces = iter(())
        else:
            self.forget()
            return None
        system = console._color_system or ColorSystem.TRUECOLOR
        for x, y, segments in pieces:
            cells = self._seen(segments, system)
            row = self._wanted.get(y)
            if row is None:
                row = self._wanted[y] = list(self._rows.get(y, ()))
            end = x + len(cells)
            row += [UNKNOWN] * (end - len(row))
            row[x:end] = cells
            self._painted.append(Piece(x, y, end))
        if more and self._wait():
            return ""
        self._write()
        if more:
            return ""
        sent, self._kept = self._kept, ""
        return sent

    def _wait(self) -> bool:
        """Whether what is painted had better be looked at with what comes."""
        cells = sum(piece.end - piece.x for piece in self._painted)
        return cells < TOGETHER and self._wanted.keys() <= self._rows.keys()

    def _write(self) -> None:
        """Put into bytes what differs."""
        wanted, self._wanted = self._wanted, {}
        painted, self._painted = list(dict.fromkeys(self._painted)), []
        sent = self._difference(self._rows, wanted, painted)
        if self._moves and len(sent) > MUCH:
            sent = self._with_shift(wanted, painted, sent)
        self._rows.update(wanted)
        self._kept += sent

    def _with_shift(self, wanted: Rows, painted: list[Piece], sent: str) -> str:
        """The shorter of what can be sent."""
        shift = shift_between(self._rows, wanted, painted)
        if shift is None:
            return sent
        after = {y: self._rows.get(y, []) for y in shift.rows} | dict(wanted)
        whole = [Piece(0, y, len(row)) for y, row in after.items()]
        rest = self._difference({**self._rows, **shift.rows}, after, whole)
        return min(sent, shift.code + rest, key=len)

    def _difference(self, before: Rows, wanted: Rows, painted: Iterable[Piece]) -> str:
        """What to send for those cells that differ.

        Args:
            before: What is shown.
            wanted: What shall be, of some rows.
            painted: The parts of them where something may differ.
        """
        runs = [
            run
            for piece in _apart(painted)
            for run in _changed(
                piece,
                before.get(piece.y, []),
                wanted[piece.y],
                erases=self._erases,
            )
        ]
        edge = max(map(len, (before | wanted).values()), default=0)
        rows, columns = _columns(runs, edge)
        return written(rows, columns, edge=edge, erases=self._erases)

    def _seen(self, segments: Iterable[Segment], system: ColorSystem) -> list[Cell]:
        """The cells of a piece of a line."""
        cells: list[Cell] = []
        for segment in segments:
            piece = self._pieces.get((segment, system))
            if piece is None:
                if len(self._pieces) >= KEPT:
                    self._pieces.clear()
                piece = tuple(self._cells(segment, system))
                self._pieces[segment, system] = piece
            cells += piece
        return cells

    def _cells(self, segment: Segment, system: ColorSystem) -> Iterator[Cell]:
        text, style, control = segment
        if control:
            return
        look = self._look(style, system) if style else PLAIN
        # Nobody sees what colour a blank would be written in.
        blank = look if shows(look) else ("", "", look[2])
        if look[0] == _REVERSE and look[1]:
            blank = "", "", _behind(look[1])
        # Whatever a text holds, it is shown and never an order to the terminal.
        for sign in _CONTROL.sub("?", text):
            width = 1 if sign.isascii() else cell_len(sign)
            if width:
                yield sign, blank if sign == " " else look
            if width == 2:
                yield HALF

    def _look(self, style: Style, system: ColorSystem) -> Look:
        look = self._looks.get((style, system))
        if look is None:
            look = self._looks[style, system] = _look(style, system)
        return look


def _columns(runs: list[Run], edge: int) -> tuple[list[Run], list[Run]]:
    """Single cells below one another, apart: sides of boxes, and scroll bars."""
    single = {
        (x, y): cells[0]
        for x, y, cells in runs
        # At the right edge terminals differ in where the cursor is then.
        if len(cells) == 1 and x + 1 < edge and cell_len(cells[0][0]) == 1
    }
    tops = [
        (x, y) for x, y in single if (x, y - 1) not in single and (x, y + 1) in single
    ]
    columns = []
    for x, y in sorted(tops, key=lambda top: single[top][1]):
        cells: list[Cell] = []
        while (cell := single.pop((x, y + len(cells)), None)) is not None:
            cells.append(cell)
        columns.append((x, y, cells))
    within = {(x, y + step) for x, y, some in columns for step in range(len(some))}
    return [run for run in runs if run[:2] not in within], columns


def _apart(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces of which no two have a cell in common: that would be sent twice."""
    apart: list[Piece] = []
    for piece in sorted(pieces, key=lambda it: (it.y, it.x)):
        before = apart[-1] if apart else None
        if before and before.y == piece.y and before.end >= piece.x:
            apart[-1] = before._replace(end=max(before.end, piece.end))
        else:
            apart.append(piece)
    return apart


def _changed(
    piece: Piece, row: list[Cell], wanted: list[Cell], *, erases: bool
) -> Iterator[Run]:
    """Runs of cells that differ in a part of a row.

    Blanks between blanks are sent again, however many: they are erased together.
    """
    x, y, end = piece
    before, cells = row[x:end], wanted[x:end]
    if before == cells:
        return
    before += [UNKNOWN] * (len(cells) - len(before))
    run: list[Cell] = []
    start = same = 0
    near = blank = True
    for column, (old, cell) in enumerate(zip(before, cells, strict=True), x):
        if old != cell:
            if run and not near and not (cell[0] == " " and follows(run[-1], cell)):
                yield start, y, run[: len(run) - same]
                run = []
            if not run:
                start = column
            run.append(cell)
            same, near, blank = 0, True, erases
        elif run and cell == HALF:
            run.append(cell)
            same += bool(same)
        elif run:
            same += 1
            alike = follows(run[-1], cell)
            near = near and alike and same <= NEAR
            blank = blank and alike and cell[0] == " "
            if near or blank:
                run.append(cell)
            else:
                yield start, y, run[: len(run) - same + 1]
                run, same = [], 0
    if run:
        yield start, y, run[: len(run) - same]


def _behind(front: str) -> str:
    """The colour of signs as a colour of what is behind them."""
    if front.startswith("9"):
        return f"10{front[1:]}"
    return f"4{front[1:]}"


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


def _look(style: Style, system: ColorSystem) -> Look:
    attributes = ";".join(
        begin for name, begin, _ in ATTRIBUTES if getattr(style, name)
    )
    front = back = ""
    if style.color is not None:
        codes = style.color.downgrade(system).get_ansi_codes()
        front = ";".join(codes)
    if style.bgcolor is not None:
        codes = style.bgcolor.downgrade(system).get_ansi_codes(foreground=False)
        back = ";".join(codes)
    return attributes, front, back
