"""From places to cells.

Every cell of a line keeps the mask of directions it leaves in and whose line it is.
Where two lines meet in a cell they can only cross: there is no sign for a branch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import pairwise

from tuilab.tui.canvas.activity import Activity
from tuilab.tui.canvas.drawing import Area, Drawing, Run, Spot
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
from tuilab.tui.canvas.layers import Gate
from tuilab.tui.canvas.paint import Painter
from tuilab.tui.canvas.paper import Draft, Kept, Lazy, Parts
from tuilab.tui.canvas.scene import Scene
from tuilab.tui.canvas.touched import differing, indexed
from tuilab.tui.canvas.tracing import Cell, Pieces, along, pieces_of, trace


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
    # It may be drawn beside the loop too.
    kept, chosen = scene.kept, frozenset(selected)
    raster = _Raster(scene, glyphs, chosen, marked, activity or {})
    if kept is None or kept.glyphs is not glyphs:
        drawing, where = raster.run(), indexed(scene)
    else:
        drawing, where = raster.touch_up(kept), kept.where
    scene.kept = Kept(
        drawing,
        scene.graph,
        glyphs,
        chosen,
        marked,
        raster.activity,
        raster.index,
        raster.behind,
        where,
    )
    return drawing


class _Raster(Painter):
    """The cells of one drawing."""

    def __init__(
        self,
        scene: Scene,
        glyphs: Glyphs,
        selected: frozenset[Item],
        marked: Item | None,
        activity: Activity,
    ) -> None:
        super().__init__(scene, glyphs, selected, marked, activity)
        self.ports: dict[int, list[Spot]] = {}
        self.looks = Lazy(self._look)
        self.numbers = Lazy[int, int](lambda n: self._owner(self.graph.edges[n].item))
        """The numbers of lines as owners."""
        self.runs = Lazy[tuple[str, str], Run](lambda key: Run(*key))
        scene.traces = scene.traces or trace(self._pieces())
        self.traces = scene.traces

    def run(self) -> Drawing:
        """Lines first, then boxes over their ends, then ports on the borders."""
        scene = self.scene
        self._begin()
        self._boxes(hollow=True)
        self._paint_lines(scene.ways)
        self._boxes(hollow=False)
        for number in scene.ways:
            self._ports(number)
        for gate in scene.gates:
            self._gate(gate)
        return Drawing(
            level=scene.level,
            width=scene.width,
            height=scene.height,
            rows=tuple(draft.row(self.runs) for draft in self.rows.values()),
            boxes={
                self.graph.nodes[n].item: Area(box.x, box.y, box.width, box.height)
                for n, box in scene.boxes.items()
            }
            | self.cells,
            frames=frozenset(
                self.graph.nodes[n].item
                for n, box in scene.boxes.items()
                if box.shape.framed
            ),
            ports={
                node.item: self._clockwise(number)
                for number, node in enumerate(self.graph.nodes)
            }
            | self.cell_ports,
            ways=self._ways(),
            folds=self.graph.folds,
            hidden=self.graph.hidden,
            owners=tuple(draft.owners for draft in self.rows.values()),
            items=tuple(self.items),
        )

    def _boxes(self, *, hollow: bool) -> None:
        for number, box in self.scene.boxes.items():
            if box.shape.hollow == hollow:
                self._box(number, box)

    # -- once more --------------------------------------------------------------------

    def touch_up(self, kept: Kept) -> Drawing:
        """Paint over a drawing of the same scene what looks otherwise now.

        In the order of `run`, but each only where something is to be told otherwise,
        or where what lies over it was painted over.
        """
        parts = differing(kept, self.graph, self.selected, self.marked, self.activity)
        if not (parts.nodes or parts.cells or parts.edges):
            return kept.drawing
        boxes, gates = self.scene.boxes, self.scene.gates
        hollow = {n for n in parts.nodes if boxes[n].shape.hollow}
        if any(kept.graph.nodes[n] != self.graph.nodes[n] for n in hollow):
            return self.run()  # its words may be others, with lines over them
        self._take(kept)
        for gate in gates:
            if self._home(gate) in hollow:
                parts.edges.add(gate.edge)
        for number in hollow:
            parts.edges |= kept.where.edges.get(number, set())
            self._box(number, boxes[number])
        self._paint_lines(sorted(parts.edges))
        touched = set(parts.edges)
        for number in sorted(parts.nodes - hollow):
            self._box(number, boxes[number])
            touched |= kept.where.edges.get(number, set())
        self._touch_cells(parts)
        for number in sorted(touched):
            self._ports(number)
        for gate in gates:
            if gate.edge in parts.edges:
                self._gate(gate)
        return self._taken(kept.drawing)

    def _take(self, kept: Kept) -> None:
        """Go on from what was painted before."""
        before = kept.drawing
        self.partly = True
        self.rows = Lazy(lambda y: Draft.of(before.rows[y], before.owners[y]))
        self.index, self.items = dict(kept.index), list(before.items)
        self.behind = dict(kept.behind)

    def _taken(self, before: Drawing) -> Drawing:
        """The drawing now; a row that looks the same is the very same."""
        rows, owners = list(before.rows), list(before.owners)
        for y, draft in self.rows.items():
            row = draft.row(self.runs)
            if row != rows[y]:
                rows[y] = row
            owners[y] = draft.owners
        return replace(
            before,
            rows=tuple(rows),
            folds=self.graph.folds,
            hidden=self.graph.hidden,
            owners=tuple(owners),
            items=tuple(self.items),
        )

    def _touch_cells(self, parts: Parts) -> None:
        """Leaves in grids."""
        some = sorted(parts.cells)
        for number, index in some:
            self._wipe_cell(number, index)
        for number, index in some:
            node, box = self.graph.nodes[number], self.scene.boxes[number]
            self._cell(node.cells[index], box, index)

    # -- lines ------------------------------------------------------------------------

    def _begin(self) -> None:
        """Blank rows with what runs up and down.

        That is most cells of all lines, and much of it goes through many rows: each of
        them begins as the one above it.
        """
        turns: dict[int, list[tuple[int, str, str, int]]] = defaultdict(list)
        for number in self.scene.ways:
            (table, style, _), owner = self.looks[number], self.numbers[number]
            for x, top, end in self.traces.pieces[number].uprights:
                if top < end:
                    turns[top].append((x, table[VERTICAL], style, owner))
                    turns[end].append((x, " ", "space", -1))
        above = Draft.blank(self.scene.width)
        for y in range(self.scene.height):
            for x, sign, look, whose in turns[y]:
                above.put(x, sign, look, whose)
            self.rows[y] = above.copy()

    def _paint_lines(self, lines: Collection[int]) -> None:
        traces = self.traces
        for number in lines:
            self._paint_line(number)
        crossings: Collection[Cell] = traces.crossings
        if self.partly:
            crossings = {it for n in lines for it in traces.crossed.get(n, ())}
        self._cross(crossings)
        for number in lines:
            if any(self._moving(number)):
                self._arrows(number)

    def _paint_line(self, number: int) -> None:
        table, style, _ = self.looks[number]
        owner = self.numbers[number]
        pieces = self.traces.pieces[number]
        for y, left, end in pieces.flats:
            self._fill(y, left, end, table[HORIZONTAL], style, owner)
        for x, top, end in pieces.uprights if self.partly else ():
            for y in range(top, end):
                self._put(x, y, table[VERTICAL], style, owner)
        for (x, y), mask in pieces.corners.items():
            self._put(x, y, table[mask], style, owner)

    def _cross(self, cells: Iterable[Cell]) -> None:
        """Where two lines cross: the heavy one's, or nobody's."""
        crossings, looks = self.traces.crossings, self.looks
        for cell in cells:
            up, flat = crossings[cell]
            one, other = looks[up], looks[flat]
            weights = one[2] + other[2]
            style, number = "crossing", up
            if weights != "ll":
                style, number = (one[1], up) if one[2] == "h" else (other[1], flat)
            x, y = cell
            sign = self.glyphs.cross[weights]
            self.rows[y].put(x, sign, style, self.numbers[number])

    def _moving(self, number: int) -> tuple[bool, bool]:
        """What flows along a line."""
        if not self.activity:
            return False, False
        return self._moves(self.graph.edges[number])

    def _pieces(self) -> dict[int, Pieces]:
        """The lines; one beside a chip comes out of it, or points at it."""
        pieces = {}
        for number, way in self.scene.ways.items():
            edge = self.graph.edges[number]
            first = self._within(edge.a.node, way[0])
            last = self._within(edge.b.node, way[-1])
            whole = [*first, *way, *last]
            pieces[number] = pieces_of(whole, begun=bool(first), goes_on=bool(last))
        return pieces

    def _ways(self) -> dict[Item, tuple[Cell, ...]]:
        """The corners of the lines by their items."""
        edges = self.graph.edges
        return {edges[n].item: tuple(way) for n, way in self.scene.ways.items()}

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

    def _arrows(self, number: int) -> None:
        """Near each end that sends, an arrow on the line that points away from it."""
        edge, way = self.graph.edges[number], self.scene.ways[number]
        _, style, _ = self.looks[number]
        owner = self._owner(edge.item)
        for moves, cells in zip(
            self._moves(edge), (along(way), along(way[::-1])), strict=True
        ):
            found = self._straight(number, cells) if moves else None
            if found:
                (x, y), (to_x, to_y) = found
                way_out = EAST if to_x > x else WEST if to_x < x else SOUTH
                way_out = NORTH if to_y < y else way_out
                self._put(x, y, self.glyphs.arrows[way_out], style, owner)

    def _straight(self, number: int, cells: Iterable[Cell]) -> tuple[Cell, Cell] | None:
        """The first cell but one that a line has for itself and runs straight in.

        Returns:
            It and the next one; None if there is none.
        """
        corners, crossings = self.traces.pieces[number].corners, self.traces.crossings
        walk = iter(cells)
        next(walk)
        for cell, after in pairwise(walk):
            if cell not in corners and cell not in crossings:
                return cell, after
        return None

    def _within(self, node: int, cell: tuple[int, int]) -> list[tuple[int, int]]:
        """The cell of a chip that a line beside it comes from."""
        box = self.scene.boxes[node]
        if not box.shape.bare:
            return []
        x, y = cell
        return [(min(max(x, box.x), box.right - 1), min(max(y, box.y), box.bottom - 1))]

    def _look(self, number: int) -> tuple[dict[int, str], str, str]:
        """Signs, style and weight of a line."""
        edge = self.graph.edges[number]
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

    def _ports(self, number: int) -> None:
        """Both ends of a line."""
        way, edge = self.scene.ways[number], self.graph.edges[number]
        self._port(number, edge.a, way[0])
        self._port(number, edge.b, way[-1])

    def _home(self, gate: Gate) -> int:
        """The box whose border a line crosses."""
        edge = self.graph.edges[gate.edge]
        node = (edge.a, edge.b)[gate.end].node
        hollow = self.scene.boxes[node].shape.hollow
        return node if hollow else self.graph.parents[node]

    def _gate(self, gate: Gate) -> None:
        """The sign of a link where its line comes out of the box around."""
        edge, (x, y) = self.graph.edges[gate.edge], self.scene.gates[gate]
        end = (edge.a, edge.b)[gate.end]
        if not self.scene.boxes[end.node].shape.hollow:
            home = self.scene.boxes[self._home(gate)]
            named = y in (home.y, home.bottom - 1)
            self._sign(edge, end, x, y, named=named)

    def _port(self, number: int, end: End, cell: tuple[int, int]) -> None:
        """The sign of a link where its line starts."""
        edge = self.graph.edges[number]
        x, y = cell
        bare = self.scene.boxes[end.node].shape.bare
        self.ports.setdefault(end.node, []).append(Spot(end.port, x, y))
        pointed = self._is_chosen(end.port) or self._is_marked(end.port)
        if bare and not end.shown and not pointed:
            if self._flow(end.port).errors and end.health == "up":
                # Where a line bends at once there is no room but behind the name.
                bends = cell in self.traces.pieces[number].corners
                self._sign(edge, end, *(self.behind[end.node] if bends else cell))
            return
        self._sign(edge, end, x, y)

    def _is_chosen(self, port: Item) -> bool:
        """Whether a link is shown as selected on the border."""
        return bool(self.selected) and port.kind == "link" and port in self.selected

    def _is_marked(self, port: Item) -> bool:
        return self.marked is not None and port == self.marked

    def _sign(
        self, edge: Edge, end: End, x: int, y: int, *, named: bool = True
    ) -> None:
        """How a link is, where its line meets a border."""
        sign = self.glyphs.port[end.health]
        if edge.kind == "trunk":
            sign = self.glyphs.trunk
        flow = self._flow(end.port)
        if end.mark in ("pending", "missing") or (end.mark and end.health == "up"):
            sign = self.glyphs.marks[end.mark]
        style = f"{end.health} {end.mark}" if end.mark else end.health
        if flow.errors and end.health == "up":  # what is down loses things anyway
            sign, style = self.glyphs.error, f"{style} error"
        if self._is_marked(end.port):
            sign, style = self.glyphs.marked[0], f"{style} marked"
        if self._is_chosen(end.port):
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
        self._write(x + 1, y, name, "detail", self._owner(end.port))

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
