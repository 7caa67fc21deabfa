"""What the hand holds: for a while keys and mouse do something of their own.

A tool is taken up by a key or by a drag and put away when its work is done. While it is
held the canvas gives it every key and every move of the mouse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from textual.geometry import Offset

from tuilab.model.edits.several import named
from tuilab.model.places import Slot
from tuilab.tui.canvas.drawing import Area
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.navigate import Direction
from tuilab.tui.canvas.overlay import Cells
from tuilab.tui.canvas.slots import Slots

if TYPE_CHECKING:
    from tuilab.tui.canvas.widget import Canvas

STEPS: dict[Direction, Offset] = {
    "left": Offset(-1, 0),
    "right": Offset(1, 0),
    "up": Offset(0, -1),
    "down": Offset(0, 1),
}


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the mouse is.

    Attributes:
        screen: Cell of the screen.
        cell: Cell of the drawing.
        item: What is there.
        also: Whether shift or ctrl is held. Many a terminal keeps shift for itself.
    """

    screen: Offset
    cell: Offset
    item: Item | None
    also: bool = False


class Tool:
    """Does nothing yet."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas

    @property
    def words(self) -> str:
        """What the frame says meanwhile."""
        return ""

    def key(self, key: str) -> bool:
        """A key; whether it was for this tool. Another one puts the tool away."""
        return False

    def shown(self, move: str) -> str:
        """The key of a move as a person reads it."""
        return self.canvas.keymap.key(move)

    def means(self, key: str, move: str) -> bool:
        """Whether a key is one of a move's."""
        return key in self.canvas.keymap.keys(move)

    def direction(self, key: str) -> Direction | None:
        """Where a key walks to."""
        ways = (way for way in STEPS if self.means(key, f"canvas.{way}"))
        return next(ways, None)

    def grab(self, pointer: Pointer) -> None:
        """The mouse takes over what keys have begun: its button went down there."""

    def click(self, pointer: Pointer) -> bool:
        """The mouse was clicked; whether that was for this tool."""
        return False

    def drag(self, pointer: Pointer) -> None:
        """The mouse has moved with its button down."""

    def drop(self, pointer: Pointer) -> None:
        """The button was let go: that is the end of it."""
        self.canvas.put_away()

    def cancel(self) -> None:
        """Leave everything as it was before."""

    def look_again(self) -> None:
        """Things may stand elsewhere now."""

    def chosen(self) -> tuple[Item, ...] | None:
        """What is shown as selected; None for what is."""
        return None

    def cells(self) -> Cells:
        """What lies over the drawing."""
        return {}


class Pan(Tool):
    """Moves the pane over the drawing."""

    def __init__(self, canvas: Canvas, start: Pointer) -> None:
        super().__init__(canvas)
        self._last = start.screen

    def drag(self, pointer: Pointer) -> None:
        """Keep the same cell under the pointer."""
        step = self._last - pointer.screen
        self._last = pointer.screen
        self.canvas.scroll_relative(step.x, step.y, animate=False, immediate=True)


class Connect(Tool):
    """Draws a cable from one thing to another."""

    def __init__(self, canvas: Canvas, first: Item, start: Pointer) -> None:
        super().__init__(canvas)
        self._first = first
        self._start = self._end = start
        self._before = canvas.marked
        canvas.marked = first

    @property
    def _second(self) -> Item | None:
        item = self._end.item
        return item if item is not None and item.kind != "cable" else None

    @property
    def words(self) -> str:
        """Both ends."""
        second = self._second if self._second != self._first else None
        leave = self.shown("tool.leave")
        return f"cable {self._first} = {second or '?'}  ({leave} cancels)"

    def drag(self, pointer: Pointer) -> None:
        """Another end."""
        self._end = pointer

    def drop(self, pointer: Pointer) -> None:
        """Ask for the cable."""
        self._end = pointer
        first, second = self._first, self._second
        self.canvas.put_away()
        self.canvas.marked = None
        if second is not None and second != first:
            self.canvas.ask_to_connect(first, second)

    def cancel(self) -> None:
        """The mark is what it was."""
        self.canvas.marked = self._before

    def chosen(self) -> tuple[Item, ...] | None:
        """The end that it would have."""
        return (self._second,) if self._second is not None else ()

    def cells(self) -> Cells:
        """A line along which nothing of the drawing is lost but lines."""
        sign = "." if self.canvas.ascii_only else "·"
        drawing = self.canvas.drawing
        return {
            cell: (sign, "marked")
            for cell in _bend(self._start.cell, self._end.cell)
            if (item := drawing.at(*cell)) is None
            or item.kind == "cable"
            or item in drawing.frames
        }


def _bend(a: Offset, b: Offset) -> Iterator[tuple[int, int]]:
    """Cells between two, first along the row, then along the column."""
    step = 1 if b.x >= a.x else -1
    yield from ((x, a.y) for x in range(a.x + step, b.x + step, step) if a.x != b.x)
    step = 1 if b.y >= a.y else -1
    yield from ((b.x, y) for y in range(a.y + step, b.y, step) if a.y != b.y)


class Box(Tool):
    """Selects what a box touches: stretched by arrow keys or the mouse."""

    def __init__(self, canvas: Canvas, anchor: Offset, *, keep: bool = False) -> None:
        """Begin at a cell.

        Args:
            canvas: Where.
            anchor: A corner of the box.
            keep: Add to what is selected.
        """
        super().__init__(canvas)
        self._kept = canvas.selection if keep else ()
        self._anchor = self._corner = anchor
        self._touched = self._touch()

    @property
    def words(self) -> str:
        """How many, and what to do."""
        count, done = len(self.chosen()), self.shown("tool.done")
        leave = self.shown("tool.leave")
        return f"box: {count} selected  arrows stretch, {done} takes, {leave} cancels"

    def key(self, key: str) -> bool:
        """Arrows move the corner from node to node; Enter takes what is in the box."""
        if (way := self.direction(key)) is not None:
            self._to(self._next(way))
            self.canvas.show_cell(self._corner)
            return True
        if self.means(key, "tool.done"):
            self._take()
            return True
        # Whatever comes next is for what was selected.
        self._take()
        return False

    def grab(self, pointer: Pointer) -> None:
        """Begun by its key, gone on with by mouse: the box is where the mouse is."""
        self._anchor = self._corner = pointer.cell

    def click(self, pointer: Pointer) -> bool:
        """The other corner is there."""
        self.drop(pointer)
        return True

    def drag(self, pointer: Pointer) -> None:
        """The corner is where the pointer is."""
        self._to(pointer.cell)

    def drop(self, pointer: Pointer) -> None:
        """Take what is in the box."""
        self._to(pointer.cell)
        self._take()

    def _take(self) -> None:
        # In this order, or a thousand things would look otherwise for a moment.
        self.canvas.select_all(self.chosen(), show=False)
        self.canvas.put_away()

    def _to(self, corner: Offset) -> None:
        self._corner = corner
        self.look_again()

    def _next(self, direction: Direction) -> Offset:
        """Where the corner reaches the next node."""
        x, y = self._corner
        drawing = self.canvas.drawing
        if direction in ("left", "right"):
            mine = self._area()
            columns = [
                int(drawing.anchor(item)[0])
                for item, box in drawing.boxes.items()
                if _meet(mine.y, mine.height, box.y, box.height)
            ]
            return Offset(_beyond(x, columns, direction == "right"), y)
        rows = [int(drawing.anchor(item)[1]) for item in drawing.boxes]
        return Offset(x, _beyond(y, rows, direction == "down"))

    def _area(self) -> Area:
        (x, y), (to_x, to_y) = self._anchor, self._corner
        left, top = min(x, to_x), min(y, to_y)
        return Area(left, top, abs(x - to_x) + 1, abs(y - to_y) + 1)

    def look_again(self) -> None:
        """What the box touches now."""
        self._touched = self._touch()

    def _touch(self) -> tuple[Item, ...]:
        """Of a node that others stand in the name must be in the box."""
        mine, drawing = self._area(), self.canvas.drawing
        found = []
        for item, box in drawing.boxes.items():
            if item in drawing.frames:
                x, y = drawing.anchor(item)
                box = Area(int(x), int(y), 1, 1)
            if _overlap(mine, box) and item.kind != "grid":
                found.append(item)
        return tuple(found)

    def chosen(self) -> tuple[Item, ...]:
        """What would be selected."""
        return tuple(dict.fromkeys((*self._kept, *self._touched)))

    def cells(self) -> Cells:
        """The box, behind what it touches."""
        x, y, width, height = self._area()
        glyphs = self.canvas.glyphs
        right, bottom = x + width - 1, y + height - 1
        cells = {}
        for column in range(x, right + 1):
            cells[column, y] = cells[column, bottom] = glyphs.box[0]
        for row in range(y, bottom + 1):
            cells[x, row] = cells[right, row] = glyphs.box[1]
        for corner in product((x, right), (y, bottom)):
            cells[corner] = glyphs.box[2]
        drawing = self.canvas.drawing
        return {
            cell: (sign, "marked")
            for cell, sign in cells.items()
            if (item := drawing.at(*cell)) is None or item.kind == "cable"
        }


def _beyond(here: int, stops: list[int], forward: bool) -> int:
    """The next of some stops."""
    ahead = [at for at in stops if (at > here if forward else at < here)]
    return (min(ahead) if forward else max(ahead)) if ahead else here


def _overlap(one: Area, other: Area) -> bool:
    across = _meet(one.x, one.width, other.x, other.width)
    return across and _meet(one.y, one.height, other.y, other.height)


def _meet(start: int, length: int, other: int, size: int) -> bool:
    """Whether two stretches have something in common."""
    return start < other + size and other < start + length


class Move(Tool):
    """Carries nodes to another column and row; they stand there at once."""

    def __init__(
        self, canvas: Canvas, items: Sequence[Item], start: Pointer | None = None
    ) -> None:
        """Take nodes in hand.

        Args:
            canvas: Where.
            items: The nodes.
            start: Where the mouse took them.
        """
        super().__init__(canvas)
        slots = Slots(canvas.scene)
        self._from = {item: slots.of(item) for item in items}
        self._size = slots.size(items[-1])
        self._start = start.screen if start is not None else Offset()
        self._by = Offset()

    @property
    def words(self) -> str:
        """What is moved, and the keys."""
        names = named([str(item) for item in self._from])
        done, leave = self.shown("tool.done"), self.shown("tool.leave")
        unpin = self.shown("tool.unpin")
        places = list(self._places().values())
        if len(places) == 1:
            # Others may go along, so that nothing seems to have changed.
            names += " to {}, {}".format(*places[0])
        return f"move {names}: arrows, {done} pins, {unpin} unpins, {leave} cancels"

    def key(self, key: str) -> bool:
        """Arrows carry, Enter lets down."""
        if (way := self.direction(key)) is not None:
            last = next(reversed(self._from))
            self._carry(self._by + STEPS[way], lambda: self.canvas.show_item(last))
        elif self.means(key, "tool.done"):
            self._let_down()
        elif self.means(key, "tool.unpin"):
            self.canvas.put_away()
            self.canvas.ask_to_place(dict.fromkeys(self._from))
        else:
            self.canvas.app.bell()
        return True

    def _carry(self, by: Offset, after: Callable[[], None] = lambda: None) -> None:
        self._by = by
        self.canvas.hold(self._places(), after)

    def _places(self) -> dict[Item, Slot]:
        return {
            item: (column + self._by.x, row + self._by.y)
            for item, (column, row) in self._from.items()
        }

    def _let_down(self) -> None:
        self.canvas.put_away()
        self.canvas.ask_to_place(self._places())

    def grab(self, pointer: Pointer) -> None:
        """What was taken last comes to where the mouse is."""
        x, y = self.canvas.drawing.anchor(next(reversed(self._from)))
        corner = pointer.screen - pointer.cell
        width, height = self._size
        gone = Offset(self._by.x * width, self._by.y * height)
        self._start = corner + Offset(int(x), int(y)) - gone

    def click(self, pointer: Pointer) -> bool:
        """It goes there."""
        self.grab(pointer)
        self.drop(pointer)
        return True

    def drag(self, pointer: Pointer) -> None:
        """As many columns and rows as the mouse has gone."""
        way = pointer.screen - self._start
        columns, rows = way.x / self._size[0], way.y / self._size[1]
        by = Offset(round(columns), round(rows))
        if by != self._by:
            self._carry(by)

    def drop(self, pointer: Pointer) -> None:
        """Let down what has been carried anywhere."""
        self.drag(pointer)
        if self._by:
            self._let_down()
        else:
            self.canvas.cancel_tool()

    def cancel(self) -> None:
        """Everything stands where it stood."""
        self.canvas.hold({})

    def chosen(self) -> tuple[Item, ...]:
        """What is carried."""
        return tuple(self._from)


LETTERS = "asdfghjklqwertyuiopzxcvbnm"


class Jump(Tool):
    """Two letters on each thing in sight; typed, they select it."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._typed = ""
        self._labels: dict[str, tuple[Item, tuple[int, int]]] = {}
        self.look_again()

    def look_again(self) -> None:
        """Letters for what is in sight now."""
        places = self.canvas.in_sight()
        self._labels = {
            first + second: (item, place)
            for (first, second), (item, place) in zip(
                product(LETTERS[: _enough(len(places))], LETTERS), places, strict=False
            )
        }

    @property
    def words(self) -> str:
        """What to do."""
        leave = self.shown("tool.leave")
        return f"jump: type the letters {self._typed}  ({leave} leaves)"

    def key(self, key: str) -> bool:
        """A letter; any other key is for somebody else."""
        if len(key) > 1:
            self.canvas.put_away()
            return False
        self._typed += key
        left = [label for label in self._labels if label.startswith(self._typed)]
        if self._typed in self._labels:
            item, _ = self._labels[self._typed]
            self.canvas.put_away()
            self.canvas.select(item)
        elif not left:
            self.canvas.app.bell()
            self.canvas.put_away()
        return True

    def cells(self) -> Cells:
        """The letters."""
        cells = {}
        for label, (_, (x, y)) in self._labels.items():
            if label.startswith(self._typed):
                for step, letter in enumerate(label):
                    cells[x + step, y] = (letter, "jump")
        return cells


def _enough(count: int) -> int:
    """How many first letters are needed."""
    return max(1, min(len(LETTERS), -(-count // len(LETTERS))))
