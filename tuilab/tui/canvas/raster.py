"""From places to cells.

Every cell of a line keeps the mask of directions it leaves in and whose line it is.
Where two lines meet in a cell they can only cross: there is no sign for a branch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

from tuilab.tui.canvas.activity import Activity
from tuilab.tui.canvas.drawing import Area, Drawing, Spot
from tuilab.tui.canvas.glyphs import (
    EAST,
    HORIZONTAL,
    NORTH,
    SOUTH,
    UNICODE,
    VERTICAL,
    WEST,
    Glyphs,
)
from tuilab.tui.canvas.graph import Edge, End, Item
from tuilab.tui.canvas.paint import Painter
from tuilab.tui.canvas.paper import Paper, Traces
from tuilab.tui.canvas.scene import Scene


def draw(
    scene: Scene,
    glyphs: Glyphs = UNICODE,
    selected: Collection[Item] = (),
    marked: Item | None = None,
    activity: Activity | None = None,
) -> Drawing:
    """Give every cell its sign, style and owner.

    Args:
        scene: What is drawn, and where.
        glyphs: Signs to use.
        selected: Shown as selected.
        marked: Shown as the first end of a cable to be made.
        activity: What flows through the links now, and what fails there.
    """
    return _Raster(scene, glyphs, selected, marked, activity or {}).run()


class _Raster(Painter):
    """The cells of one drawing."""

    def __init__(
        self,
        scene: Scene,
        glyphs: Glyphs,
        selected: Collection[Item],
        marked: Item | None,
        activity: Activity,
    ) -> None:
        super().__init__(scene, glyphs, selected, marked, activity)
        self.ports: dict[int, list[Spot]] = {}

    def run(self) -> Drawing:
        """Lines first, then boxes over their ends, then ports on the borders."""
        self.traces = self.scene.traces = self.scene.traces or self._trace()
        self._lay_paper()
        self._boxes(hollow=False)
        for number, way in self.scene.ways.items():
            edge = self.graph.edges[number]
            self._port(number, edge.a, way[0])
            self._port(number, edge.b, way[-1])
        for gate, (x, y) in self.scene.gates.items():
            edge = self.graph.edges[gate.edge]
            end = (edge.a, edge.b)[gate.end]
            if not self.scene.boxes[end.node].shape.hollow:
                home = self.scene.boxes[self.graph.parents[end.node]]
                named = y in (home.y, home.bottom - 1)
                self._sign(edge, end, x, y, named=named)
        return Drawing(
            level=self.scene.level,
            width=self.scene.width,
            height=self.scene.height,
            rows=self.scene.sheet.take(self.signs, self.styles),
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
            ways=self.traces.ways,
            folds=self.graph.folds,
            hidden=self.graph.hidden,
            owners=tuple(map(tuple, self.owners)),
            items=tuple(self.items),
        )

    def _boxes(self, *, hollow: bool) -> None:
        for number, box in self.scene.boxes.items():
            if box.shape.hollow == hollow:
                self._box(number, box)

    def _lay_paper(self) -> None:
        """Boxes that others stand in, and lines; as last time where nothing differs."""
        chosen = [*self.selected, *([self.marked] if self.marked else ())]
        self.looks = {n: self._look(self.graph.edges[n]) for n in self.scene.ways}
        paper = self.scene.paper
        if paper is not None and paper.glyphs is not self.glyphs:
            paper = None
        if not self._below().isdisjoint(chosen):
            paper = None
        told = {n: (look[1], self._moving(n)) for n, look in self.looks.items()}
        if paper is None:
            self._boxes(hollow=True)
            self._paint_lines(told)
        else:
            self._take_paper(paper)
            others = [n for n, look in told.items() if paper.looks[n] != look]
            if not others:
                return
            self._paint_lines(others, again=True)
        if self.index.keys().isdisjoint(chosen):
            self.scene.paper = paper = Paper(
                self.glyphs, told, self.signs, self.styles, self.owners, self.index
            )
            self._take_paper(paper)

    def _below(self) -> set[Item]:
        """What is painted below the lines: it looks otherwise when it is chosen."""
        hollow = {n: it for n, it in self.scene.boxes.items() if it.shape.hollow}
        found = {self.graph.nodes[number].item for number in hollow}
        return found.union(
            line.item for box in hollow.values() for line in box.shape.lines
        )

    def _take_paper(self, paper: Paper) -> None:
        """Go on from what was painted before."""
        self.signs = [row[:] for row in paper.signs]
        self.styles = [row[:] for row in paper.styles]
        self.owners = [row[:] for row in paper.owners]
        self.index, self.items = dict(paper.index), list(paper.index)

    # -- lines ------------------------------------------------------------------------

    def _paint_lines(self, lines: Collection[int], *, again: bool = False) -> None:
        """Paint lines; all of them, or some again that look otherwise now."""
        cells, crossings = self.traces.cells, self.traces.crossings
        masks = self.traces.masks
        owners = {n: self._owner(self.graph.edges[n].item) for n in self.scene.ways}
        some = (cell for n in lines for cell in masks[n]) if again else cells
        for cell in some:
            if cell not in crossings:
                number, mask = cells[cell]
                table, style, _ = self.looks[number]
                self._put(*cell, table[mask], style, owners[number])
            else:
                self._cross(cell, owners)
        for number in lines:
            if any(self._moving(number)):
                self._arrows(number, masks[number], crossings)

    def _cross(self, cell: tuple[int, int], owners: Mapping[int, int]) -> None:
        """Where two lines cross: the heavy one's, or nobody's."""
        looks, (number, mask) = self.looks, self.traces.crossings[cell]
        other, _ = self.traces.cells[cell]
        pair = (number, other) if mask == VERTICAL else (other, number)
        sign = self.glyphs.cross[looks[pair[0]][2] + looks[pair[1]][2]]
        chosen = [n for n in pair if looks[n][2] == "h"]
        style = looks[chosen[0]][1] if chosen else "crossing"
        self._put(*cell, sign, style, owners[(chosen or pair)[0]])

    def _moving(self, number: int) -> tuple[bool, bool]:
        """What flows along a line."""
        if not self.activity:
            return False, False
        return self._moves(self.graph.edges[number])

    def _trace(self) -> Traces:
        """The cells that each line goes through, whatever it looks like."""
        traces = Traces({}, {}, {}, {})
        for number, way in self.scene.ways.items():
            masks = traces.masks[number] = self._masks_of(number, way)
            traces.ways.setdefault(self.graph.edges[number].item, tuple(masks))
            for cell, mask in masks.items():
                if cell in traces.cells:
                    traces.crossings[cell] = (number, mask)
                else:
                    traces.cells[cell] = (number, mask)
        return traces

    def _moves(self, edge: Edge) -> tuple[bool, bool]:
        """Whether something flows from end a to end b, and back."""
        if edge.kind == "trunk":
            flows = [
                self._flow(cell.port) for cell in self.graph.nodes[edge.b.node].cells
            ]
            return any(flow.rx for flow in flows), any(flow.tx for flow in flows)
        a, b = self._flow(edge.a.port), self._flow(edge.b.port)
        if edge.kind == "tap":  # both ends are the same link: the chip is who uses it
            return a.tx, a.rx
        return a.tx or b.rx, b.tx or a.rx

    def _arrows(
        self,
        number: int,
        masks: Mapping[tuple[int, int], int],
        taken: Collection[tuple[int, int]],
    ) -> None:
        """Near each end that sends, an arrow on the line that points away from it."""
        edge = self.graph.edges[number]
        cells = list(masks)
        free = [
            index
            for index, cell in enumerate(cells)
            if 0 < index < len(cells) - 1
            and masks[cell] in (VERTICAL, HORIZONTAL)
            and cell not in taken
        ]
        _, style, _ = self.looks[number]
        owner = self._owner(edge.item)
        for moves, indexes, step in zip(
            self._moves(edge), (free, free[::-1]), (1, -1), strict=True
        ):
            if moves and indexes:
                index = indexes[0] if len(free) > 1 or step == 1 else indexes[-1]
                (x, y), (to_x, to_y) = cells[index], cells[index + step]
                way = EAST if to_x > x else WEST if to_x < x else SOUTH
                way = NORTH if to_y < y else way
                self._put(x, y, self.glyphs.arrows[way], style, owner)

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
        if self.activity and any(self._moves(edge)):
            weight = "l" if self.glyphs.busy == self.glyphs.light else "h"
            return self.glyphs.busy, "cable traffic", weight
        marks = {edge.a.mark, edge.b.mark} - {""}
        style = "cable" if edge.alive else "idle"
        if len(marks) == 1:
            style = f"{style} {marks.pop()}"
        return (self.glyphs.light if edge.alive else self.glyphs.dashed), style, "l"

    # -- ports ------------------------------------------------------------------------

    def _port(self, number: int, end: End, cell: tuple[int, int]) -> None:
        """The sign of a link where its line starts."""
        edge = self.graph.edges[number]
        x, y = cell
        bare = self.scene.boxes[end.node].shape.bare
        self.ports.setdefault(end.node, []).append(Spot(end.port, x, y))
        chosen = end.port in self.selected and end.port.kind == "link"
        if bare and not end.shown and not chosen and end.port != self.marked:
            if self._flow(end.port).errors and end.health == "up":
                # Where a line bends at once there is no room but behind the name.
                bends = self.traces.masks[number][cell] not in (VERTICAL, HORIZONTAL)
                self._sign(edge, end, *(self.behind[end.node] if bends else cell))
            return
        self._sign(edge, end, x, y)

    def _sign(
        self, edge: Edge, end: End, x: int, y: int, *, named: bool = True
    ) -> None:
        """How a link is, where its line meets a border."""
        chosen = end.port in self.selected and end.port.kind == "link"
        sign = self.glyphs.port[end.health]
        if edge.kind == "trunk":
            sign = self.glyphs.trunk
        flow = self._flow(end.port)
        if end.mark in ("pending", "missing") or (end.mark and end.health == "up"):
            sign = self.glyphs.marks[end.mark]
        style = f"{end.health} {end.mark}" if end.mark else end.health
        if flow.errors and end.health == "up":  # what is down loses things anyway
            sign, style = self.glyphs.error, f"{style} error"
        if end.port == self.marked:
            sign, style = self.glyphs.marked[0], f"{style} marked"
        if chosen:
            style += " selected"
        self._put(x, y, sign, style, self._owner(end.port))
        if named and self.scene.manner.names and edge.kind != "trunk":
            self._name(edge, end, x, y)

    def _name(self, edge: Edge, end: End, x: int, y: int) -> None:
        """The name of a link behind its port; at the sides of a box, inside."""
        box, name = self.scene.boxes[end.node], end.label(self.scene.level)
        inside = box.y < y < box.bottom - 1
        bridge = self.graph.nodes[end.node].item.kind == "bridge"
        listed = self.scene.level == 3 and not bridge
        if box.shape.bare or (inside and listed):
            return
        if inside:
            blank = int(box.shape.hollow)
            x += -len(name) - 1 - blank if x == box.right - 1 else blank
        for column, letter in enumerate(name, x + 1):
            self._put(column, y, letter, "detail", self._owner(end.port))

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
