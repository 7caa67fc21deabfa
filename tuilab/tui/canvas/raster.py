"""From places to cells.

Every cell of a line keeps the mask of directions it leaves in and whose line it is.
Where two lines meet in a cell they can only cross: there is no sign for a branch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby, pairwise

from tuilab.tui.canvas.boxes import Shape, cell_text, title_width
from tuilab.tui.canvas.drawing import Area, Drawing, Row, Run, Spot
from tuilab.tui.canvas.glyphs import (
    EAST,
    NORTH,
    SOUTH,
    UNICODE,
    VERTICAL,
    WEST,
    Glyphs,
)
from tuilab.tui.canvas.graph import Cell, Edge, End, Item, Node
from tuilab.tui.canvas.scene import Box, Scene


def draw(
    scene: Scene,
    glyphs: Glyphs = UNICODE,
    selected: Collection[Item] = (),
    marked: Item | None = None,
) -> Drawing:
    """Give every cell its sign, style and owner.

    Args:
        scene: What is drawn, and where.
        glyphs: Signs to use.
        selected: Shown as selected.
        marked: Shown as the first end of a cable to be made.
    """
    return _Raster(scene, glyphs, selected, marked).run()


class _Raster:
    """The cells of one drawing."""

    def __init__(
        self,
        scene: Scene,
        glyphs: Glyphs,
        selected: Collection[Item],
        marked: Item | None,
    ) -> None:
        self.graph = scene.graph
        self.scene = scene
        self.glyphs = glyphs
        self.selected = selected
        self.marked = marked
        self.signs = [[" "] * scene.width for _ in range(scene.height)]
        self.styles = [["space"] * scene.width for _ in range(scene.height)]
        self.owners = [[-1] * scene.width for _ in range(scene.height)]
        self.items: list[Item] = []
        self.index: dict[Item, int] = {}
        self.ports: dict[int, list[Spot]] = {}
        self.ways: dict[Item, tuple[tuple[int, int], ...]] = {}
        self.cells: dict[Item, Area] = {}
        self.cell_ports: dict[Item, tuple[Spot, ...]] = {}

    def run(self) -> Drawing:
        """Lines first, then boxes over their ends, then ports on the borders."""
        for hollow in (True, False):
            for number, box in self.scene.boxes.items():
                if box.shape.hollow == hollow:
                    self._box(self.graph.nodes[number], box)
            if hollow:
                self._lines()
        for number, way in self.scene.ways.items():
            edge = self.graph.edges[number]
            self._port(edge, edge.a, way[0])
            self._port(edge, edge.b, way[-1])
        for gate, (x, y) in self.scene.gates.items():
            edge = self.graph.edges[gate.edge]
            end = (edge.a, edge.b)[gate.end]
            if not self.scene.boxes[end.node].shape.hollow:
                self._sign(edge, end, x, y)
        return Drawing(
            level=self.scene.level,
            width=self.scene.width,
            height=self.scene.height,
            rows=tuple(self._rows()),
            boxes={
                self.graph.nodes[n].item: Area(box.x, box.y, box.width, box.height)
                for n, box in self.scene.boxes.items()
            }
            | self.cells,
            frames=frozenset(
                self.graph.nodes[n].item
                for n, box in self.scene.boxes.items()
                if box.shape.framed
            ),
            ports={
                node.item: self._clockwise(number)
                for number, node in enumerate(self.graph.nodes)
            }
            | self.cell_ports,
            ways=self.ways,
            folds=self.graph.folds,
            hidden=self.graph.hidden,
            owners=tuple(map(tuple, self.owners)),
            items=tuple(self.items),
        )

    def _owner(self, item: Item) -> int:
        number = self.index.get(item)
        if number is None:
            number = self.index[item] = len(self.items)
            self.items.append(item)
        return number

    def _put(self, x: int, y: int, sign: str, style: str, owner: int) -> None:
        self.signs[y][x] = sign
        self.styles[y][x] = style
        self.owners[y][x] = owner

    # -- lines ------------------------------------------------------------------------

    def _lines(self) -> None:
        cells: dict[tuple[int, int], tuple[int, int]] = {}
        crossings: dict[tuple[int, int], tuple[int, int]] = {}
        for number, way in self.scene.ways.items():
            masks = self._masks_of(number, way)
            self.ways.setdefault(self.graph.edges[number].item, tuple(masks))
            for cell, mask in masks.items():
                if cell in cells:
                    crossings[cell] = (number, mask)
                else:
                    cells[cell] = (number, mask)
        looks = {n: self._look(self.graph.edges[n]) for n in self.scene.ways}
        owners = {n: self._owner(self.graph.edges[n].item) for n in self.scene.ways}
        for (x, y), (number, mask) in cells.items():
            table, style, _ = looks[number]
            self._put(x, y, table[mask], style, owners[number])
        for (x, y), (number, mask) in crossings.items():
            other, _ = cells[x, y]
            pair = (number, other) if mask == VERTICAL else (other, number)
            sign = self.glyphs.cross[looks[pair[0]][2] + looks[pair[1]][2]]
            chosen = [n for n in pair if looks[n][2] == "h"]
            style = looks[chosen[0]][1] if chosen else "crossing"
            self._put(x, y, sign, style, owners[(chosen or pair)[0]])

    def _masks_of(
        self, number: int, way: list[tuple[int, int]]
    ) -> dict[tuple[int, int], int]:
        """The cells of a line; beside a chip, the last one points at it."""
        edge = self.graph.edges[number]
        first = self._within(edge.a.node, way[0])
        last = self._within(edge.b.node, way[-1])
        masks = _masks([*first, *way, *last])
        for cell in (*first, *last):
            del masks[cell]
        return masks

    def _within(self, node: int, cell: tuple[int, int]) -> list[tuple[int, int]]:
        """The cell of a chip that a line beside it comes from."""
        box = self.scene.boxes[node]
        if not box.shape.bare:
            return []
        x, y = cell
        return [(min(max(x, box.x), box.right - 1), min(max(y, box.y), box.bottom - 1))]

    def _look(self, edge: Edge) -> tuple[dict[int, str], str, str]:
        """Signs, style and weight of a line."""
        if edge.item in self.selected and edge.kind == "cable":
            return self.glyphs.heavy, "cable selected", "h"
        marks = {edge.a.mark, edge.b.mark} - {""}
        style = "cable" if edge.alive else "idle"
        if len(marks) == 1:
            style = f"{style} {marks.pop()}"
        return (self.glyphs.light if edge.alive else self.glyphs.dashed), style, "l"

    # -- boxes ------------------------------------------------------------------------

    def _box(self, node: Node, box: Box) -> None:
        owner = self._owner(node.item)
        kind = "namespace" if node.cells else node.item.kind
        style = f"{kind} {node.mark}" if node.mark else kind
        chosen = node.item in self.selected
        if box.shape.bare:
            self._chip(node, box, style, owner)
            return
        bridge = node.item.kind == "bridge"
        table = self.glyphs.double if bridge else self.glyphs.light
        if chosen and not bridge:
            table = self.glyphs.heavy
        self._frame(box, table, style, owner)
        if box.shape.framed:
            self._heading(node, box, owner)
            self._text(box, box.y + 1, box.x + 2)
            for index, cell in enumerate(node.cells):
                self._cell(cell, box, index)
            return
        y = box.y + box.shape.title_row
        title = box.shape.title
        width = box.width - 2
        left = box.x + 1 + (width - len(title)) // 2
        self._title(node, left, y, title, owner)
        longest = max((line.width for line in box.shape.lines), default=0)
        self._text(box, y + 1, box.x + 1 + (box.width - 2 - longest) // 2)

    def _frame(self, box: Box, table: dict[int, str], style: str, owner: int) -> None:
        x, y, right, bottom = box.x, box.y, box.right - 1, box.bottom - 1
        for column in range(x + 1, right):
            self._put(column, y, table[EAST | WEST], style, owner)
            self._put(column, bottom, table[EAST | WEST], style, owner)
        inside = -1 if box.shape.hollow else owner
        for row in range(y + 1, bottom):
            self._put(x, row, table[VERTICAL], style, owner)
            self._put(right, row, table[VERTICAL], style, owner)
            for column in range(x + 1, right):
                self._put(column, row, " ", "space", inside)
        self._put(x, y, table[EAST | SOUTH], style, owner)
        self._put(right, y, table[SOUTH | WEST], style, owner)
        self._put(x, bottom, table[NORTH | EAST], style, owner)
        self._put(right, bottom, table[NORTH | WEST], style, owner)

    def _chip(self, node: Node, box: Box, style: str, owner: int) -> None:
        before, after = self.glyphs.chip[node.item.kind]
        width, title = box.width - 2, box.shape.title
        fill = after if node.item.kind == "bridge" else " "
        text = before + title.center(width).replace(" ", fill) + after
        for step, sign in enumerate(text):
            self._put(box.x + step, box.y, sign, style, owner)
        left = box.x + text.index(title)
        self._title(node, left, box.y, title, owner)

    def _heading(self, node: Node, box: Box, owner: int) -> None:
        """The name in the upper border, and how what is inside is."""
        x, y = box.x + 2, box.y
        self._put(x, y, " ", "space", owner)
        name = box.shape.title
        for step in range(title_width(node, self.scene.level) + 1 - len(name)):
            self._put(x + 1 + len(name) + step, y, " ", "space", owner)
        self._title(node, x + 1, y, name, owner)
        x += 2 + len(name)
        for word, count in node.census:
            text = f"{self.glyphs.sign(word)}{count}"
            for step, letter in enumerate(text):
                self._put(x + step, y, letter, word, owner)
            x += len(text) + 1

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
            self._put(x - 1, y, signs[0], style, owner)
            self._put(x + 1 + len(text), y, signs[1], style, owner)
        for column, sign in enumerate(text, x + 1):
            self._put(column, y, sign, style, owner)
        look = f"{cell.health} {cell.mark}" if cell.mark else cell.health
        sign = self.glyphs.cell[cell.health]
        if cell.port in self.selected:
            look += " selected"
        elif cell.port == self.marked:
            sign, look = self.glyphs.marked[0], f"{look} marked"
        self._put(x, y, sign, look, self._owner(cell.port))
        if cell.mark:
            self._put(x + 1 + len(text), y, self.glyphs.marks[cell.mark], style, owner)
        self.cells[cell.item] = Area(x, y, 1 + len(text), 1)
        self.cell_ports[cell.item] = (Spot(cell.port, x, y),)

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
        for step, sign in enumerate(title):
            self._put(x + step, y, sign, style, owner)
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
            for column in range(box.x + 1, end):
                self.owners[row][column] = owner
            if line.health is not None:
                sign = self.glyphs.bullet[line.health]
                self._put(x, row, sign, line.health, owner)
                x += 1
            for column, sign in enumerate(line.text, x):
                self._put(column, row, sign, style, owner)
            if line.mark:
                sign = self.glyphs.marks[line.mark]
                self._put(x + len(line.text), row, sign, style, owner)

    # -- ports ------------------------------------------------------------------------

    def _port(self, edge: Edge, end: End, cell: tuple[int, int]) -> None:
        x, y = cell
        bare = self.scene.boxes[end.node].shape.bare
        self.ports.setdefault(end.node, []).append(Spot(end.port, x, y))
        chosen = end.port in self.selected and end.port.kind == "link"
        if bare and not end.shown and not chosen and end.port != self.marked:
            return
        self._sign(edge, end, x, y)

    def _sign(self, edge: Edge, end: End, x: int, y: int) -> None:
        """How a link is, where its line meets a border."""
        chosen = end.port in self.selected and end.port.kind == "link"
        sign = self.glyphs.port[end.health]
        if edge.kind == "trunk":
            sign = self.glyphs.trunk
        if end.mark in ("pending", "missing") or (end.mark and end.health == "up"):
            sign = self.glyphs.marks[end.mark]
        style = f"{end.health} {end.mark}" if end.mark else end.health
        if end.port == self.marked:
            sign, style = self.glyphs.marked[0], f"{style} marked"
        if chosen:
            style += " selected"
        self._put(x, y, sign, style, self._owner(end.port))

    def _clockwise(self, number: int) -> tuple[Spot, ...]:
        """Ports of a node: along the top, down the right, back, up the left."""
        spots = self.ports.get(number, [])
        box = self.scene.boxes[number]

        def key(spot: Spot) -> tuple[int, int]:
            if spot.y <= box.y - box.shape.bare:
                return 0, spot.x
            if spot.x >= box.right - 1 and spot.y < box.bottom - 1:
                return 1, spot.y
            if spot.y >= box.bottom - (not box.shape.bare):
                return 2, -spot.x
            return 3, -spot.y

        return tuple(sorted(spots, key=key))

    def _rows(self) -> Iterator[Row]:
        for signs, styles in zip(self.signs, self.styles, strict=True):
            runs, at = [], 0
            for style, some in groupby(styles):
                size = sum(1 for _ in some)
                runs.append(Run("".join(signs[at : at + size]), style))
                at += size
            yield tuple(runs)


def _masks(way: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """The cells along a way, each with the directions the line leaves it in."""
    masks: dict[tuple[int, int], int] = {}
    for (x, y), (to_x, to_y) in pairwise(way):
        if x == to_x:
            step, ahead, back = (1, SOUTH, NORTH) if to_y > y else (-1, NORTH, SOUTH)
            cells = [(x, row) for row in range(y, to_y + step, step)]
        else:
            step, ahead, back = (1, EAST, WEST) if to_x > x else (-1, WEST, EAST)
            cells = [(column, y) for column in range(x, to_x + step, step)]
        for index, cell in enumerate(cells):
            mask = masks.get(cell, 0)
            if index:
                mask |= back
            if index < len(cells) - 1:
                mask |= ahead
            masks[cell] = mask
    return masks
