"""Boxes and chips, their names and what is listed in them, as signs in cells."""

from __future__ import annotations

from array import array

from tuilab.tui.canvas.activity import QUIET, Activity, Flow
from tuilab.tui.canvas.boxes import Shape, cell_text, title_width
from tuilab.tui.canvas.drawing import Area, Spot
from tuilab.tui.canvas.glyphs import (
    EAST,
    NORTH,
    SOUTH,
    VERTICAL,
    WEST,
    Glyphs,
)
from tuilab.tui.canvas.graph import Cell, Item, Node
from tuilab.tui.canvas.paper import Draft
from tuilab.tui.canvas.scene import Box, Scene


class Painter:
    """The cells of one drawing, and how boxes get into them."""

    def __init__(
        self,
        scene: Scene,
        glyphs: Glyphs,
        selected: frozenset[Item],
        marked: Item | None,
        activity: Activity,
    ) -> None:
        self.graph = scene.graph
        self.scene = scene
        self.glyphs = glyphs
        self.selected = selected
        self.marked = marked
        self.activity = activity
        # Rows by number: all of them, or those that are touched up.
        self.rows: dict[int, Draft] = {}
        self.partly = False
        """Whether only some things are painted, over what is there."""
        self.items: list[Item] = []
        self.index: dict[Item, int] = {}
        self.cells: dict[Item, Area] = {}
        self.behind: dict[int, tuple[int, int]] = {}
        """The cell behind the name of a chip, by number of the node."""
        self.cell_ports: dict[Item, tuple[Spot, ...]] = {}

    def _owner(self, item: Item) -> int:
        number = self.index.get(item)
        if number is None:
            number = self.index[item] = len(self.items)
            self.items.append(item)
        return number

    def _put(self, x: int, y: int, sign: str, style: str, owner: int) -> None:
        self.rows[y].put(x, sign, style, owner)

    def _fill(
        self, y: int, left: int, end: int, sign: str, style: str, owner: int
    ) -> None:
        """The same in many cells of a row, `end` not among them."""
        self.rows[y].fill(left, end, sign, style, owner)

    def _write(self, x: int, y: int, text: str, style: str, owner: int) -> None:
        """A word, one sign in each cell."""
        self.rows[y].write(x, text, style, owner)

    def _flow(self, port: Item) -> Flow:
        """What flows through a link."""
        end = port.endpoint
        return self.activity.get(end, QUIET) if end and self.activity else QUIET

    def _box(self, number: int, box: Box) -> None:
        node = self.graph.nodes[number]
        owner = self._owner(node.item)
        kind = "namespace" if node.cells else node.item.kind
        style = f"{kind} {node.mark}" if node.mark else kind
        chosen = node.item in self.selected
        if box.shape.bare:
            self._chip(number, box, style, owner)
            return
        bridge = node.item.kind == "bridge"
        table = self.glyphs.double if bridge else self.glyphs.light
        if chosen and not bridge:
            table = self.glyphs.heavy
        self._frame(box, table, style, owner)
        if box.shape.framed:
            self._heading(node, box, owner)
            self._text(box, box.y + 1, box.x + 2)
            # Of those that are painted already some may be touched up by themselves.
            for index, cell in enumerate(() if self.partly else node.cells):
                self._cell(cell, box, index)
            return
        y = box.y + box.shape.title_row
        title = box.shape.title
        width = box.width - 2
        before, after = box.shape.inset
        left = box.x + 1 + before + (width - before - after - len(title)) // 2
        self._title(node, left, y, title, owner)
        longest = max((line.width for line in box.shape.lines), default=0)
        left = box.x + 1 + before + (width - before - after - longest) // 2
        self._text(box, y + 1, left)

    def _frame(self, box: Box, table: dict[int, str], style: str, owner: int) -> None:
        x, y, right, bottom = box.x, box.y, box.right - 1, box.bottom - 1
        for row in (y, bottom):
            self._fill(row, x + 1, right, table[EAST | WEST], style, owner)
        for row in range(y + 1, bottom):
            self._put(x, row, table[VERTICAL], style, owner)
            self._put(right, row, table[VERTICAL], style, owner)
            if not box.shape.hollow and not (self.partly and box.shape.framed):
                self._fill(row, x + 1, right, " ", "space", owner)
        self._put(x, y, table[EAST | SOUTH], style, owner)
        self._put(right, y, table[SOUTH | WEST], style, owner)
        self._put(x, bottom, table[NORTH | EAST], style, owner)
        self._put(right, bottom, table[NORTH | WEST], style, owner)

    def _chip(self, number: int, box: Box, style: str, owner: int) -> None:
        node = self.graph.nodes[number]
        if self.scene.level == 0:
            self._dot(number, node, box, style, owner)
            return
        before, after = self.glyphs.chip[node.item.kind]
        width, title = box.width - 2, box.shape.title
        fill = after if node.item.kind == "bridge" else " "
        text = before + title.center(width).replace(" ", fill) + after
        self._write(box.x, box.y, text, style, owner)
        left = box.x + text.index(title)
        self.behind[number] = left + len(title), box.y
        self._title(node, left, box.y, title, owner)

    def _dot(self, number: int, node: Node, box: Box, style: str, owner: int) -> None:
        """A node on the map: a bar as wide as it has lines, and how it is."""
        fill = self.glyphs.dot[node.item.kind]
        for word in ("marked", "selected"):
            chosen = (node.item == self.marked, node.item in self.selected)
            if chosen[word == "selected"]:
                fill, style = self.glyphs.dot[word], f"{style} {word}"
        self._fill(box.y, box.x, box.right, fill, style, owner)
        if node.mark or node.health != "up":
            sign = self.glyphs.sign(node.mark or node.health)
            look = f"{node.health} {node.mark}" if node.mark else node.health
            self._put(box.x, box.y, sign, look, owner)
        self.behind[number] = box.right - 1, box.y

    def _heading(self, node: Node, box: Box, owner: int) -> None:
        """The name in the upper border, and how what is inside is."""
        x, y = box.x + 2, box.y
        self._put(x, y, " ", "space", owner)
        name = box.shape.title
        end = x + 2 + title_width(node, self.scene.level)
        self._fill(y, x + 1 + len(name), end, " ", "space", owner)
        self._title(node, x + 1, y, name, owner)
        x += 2 + len(name)
        for word, count in node.census:
            text = f"{self.glyphs.sign(word)}{count}"
            self._write(x, y, text, word, owner)
            x += len(text) + 1

    def _wipe_cell(self, number: int, index: int) -> None:
        """Blanks where a leaf in a grid may have been shown as selected or marked."""
        node, box = self.graph.nodes[number], self.scene.boxes[number]
        across, down = box.shape.cell(index)
        if text := cell_text(node.cells[index], self.scene.level):
            owner, x = self._owner(node.item), box.x + across
            for column in (x - 1, x + 1 + len(text)):
                self._put(column, box.y + down, " ", "space", owner)

    def _cell(self, cell: Cell, box: Box, index: int) -> None:
        """A leaf in a grid: the sign of its link, its name, and its mark."""
        across, down = box.shape.cell(index)
        x, y = box.x + across, box.y + down
        text = cell_text(cell, self.scene.level)
        owner = self._owner(cell.item)
        chosen, marked = cell.item in self.selected, cell.item == self.marked
        style = f"title {cell.mark}" if cell.mark else "title"
        if marked or chosen:
            style += " marked" if marked else " selected"
            signs = self.glyphs.marked if marked else self.glyphs.selected
            if text:
                self._put(x - 1, y, signs[0], style, owner)
                self._put(x + 1 + len(text), y, signs[1], style, owner)
        self._write(x + 1, y, text, style, owner)
        look = f"{cell.health} {cell.mark}" if cell.mark else cell.health
        sign = self.glyphs.cell[cell.health]
        flow = self._flow(cell.port)
        if flow.errors and cell.health == "up":
            sign, look = self.glyphs.error, f"{look} error"
        elif flow.rx or flow.tx:
            # Out of a leaf is up.
            sign = self.glyphs.moving[2 if flow.rx and flow.tx else flow.rx]
            look += " traffic"
        if cell.port in self.selected:
            look += " selected"
        elif cell.port == self.marked:
            sign, look = self.glyphs.marked[0], f"{look} marked"
        self._put(x, y, sign, look, self._owner(cell.port))
        if not text:
            self._small(cell, x, y, look)
        elif cell.mark:
            self._put(x + 1 + len(text), y, self.glyphs.marks[cell.mark], style, owner)
        self.cells[cell.item] = Area(x, y, 1 + len(text), 1)
        self.cell_ports[cell.item] = (Spot(cell.port, x, y),)

    def _small(self, cell: Cell, x: int, y: int, look: str) -> None:
        """A leaf on the map has one sign for all there is to say."""
        owner = self._owner(cell.item)
        if cell.item in self.selected:
            self._put(x, y, self.glyphs.dot["selected"], f"{look} selected", owner)
        elif cell.item == self.marked:
            self._put(x, y, self.glyphs.dot["marked"], f"{look} marked", owner)
        elif cell.mark and cell.health == "up":
            self._put(x, y, self.glyphs.marks[cell.mark], look, owner)
        else:
            self.rows[y].owners[x] = owner

    def _title(self, node: Node, x: int, y: int, title: str, owner: int) -> None:
        """The name, with what must be known without colour before and behind it."""
        style = "title"
        if node.mark:
            style += f" {node.mark}"
        before = after = ""
        beside = style
        if node.item == self.marked:
            before, after = self.glyphs.marked
            style += " marked"
            beside = style
        if node.item in self.selected:
            before, after = self.glyphs.selected
            style += " selected"
        if node.health == "down":
            after = self.glyphs.down
        if node.mark:
            after = self.glyphs.marks[node.mark]
        self._write(x, y, title, style, owner)
        if before:
            self._put(x - 1, y, before, beside, owner)
        if after:
            self._put(x + len(title), y, after, beside, owner)

    def _text(self, box: Box, y: int, left: int) -> None:
        shape: Shape = box.shape
        for step, line in enumerate(shape.lines):
            owner = self._owner(line.item)
            style = f"detail {line.mark}" if line.mark else "detail"
            if line.item in self.selected and line.health is not None:
                style += " selected"
            row, x = y + step, left
            end = left + line.width if shape.hollow else box.right - 1
            owners = self.rows[row].owners
            owners[box.x + 1 : end] = array("i", [owner]) * (end - box.x - 1)
            if line.health is not None:
                sign = self.glyphs.bullet[line.health]
                self._put(x, row, sign, line.health, owner)
                x += 1
            self._write(x, row, line.text, style, owner)
            if line.mark:
                sign = self.glyphs.marks[line.mark]
                self._put(x + len(line.text), row, sign, style, owner)
