"""One connected part of a lab, or what is inside one box: where everything is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median_low

from tuilab.tui.canvas.boxes import (
    PORT_GAP,
    Shape,
    container,
    grid,
    heading,
    shape,
    span,
    title_width,
)
from tuilab.tui.canvas.channel import Channel
from tuilab.tui.canvas.columns import columns
from tuilab.tui.canvas.comb import Comb, fold
from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.layers import Flat, Gate, Layers, gate_of, ports
from tuilab.tui.canvas.lines import Lines
from tuilab.tui.canvas.place import spread
from tuilab.tui.canvas.scene import Box, Manner

SIDE_GAP = {0: 2, 1: 5, 2: 7, 3: 9}
"""Columns between two boxes of a row that are joined side by side."""
TIGHT_SIDE_GAP = 3
"""The same, where columns are to be saved."""
BOX_SIDE_GAP = 4
"""The same, where one of them has something inside: they are wide enough."""
BOX_GAP = {0: 1, 1: 2, 2: 2, 3: 2}
MOST_SIDE_PORTS = 6
TITLE = -1
"""Stands for the name of the box in the row of what is on its upper border."""
MARGIN = 2
"""Columns from the outside of a box to what is inside."""


@dataclass(slots=True)
class Pin:
    """A port: where a line leaves a vertex, on its upper or lower side."""

    vertex: int
    offset: int = 0
    """From the left side of the vertex."""
    label: str = ""
    """What is written behind it."""


class Part:
    """One connected part of the graph, in cells of its own.

    Args:
        graph: What is drawn.
        layers: The part, in rows.
        manner: How to draw.
        room: Columns there are.
        inner: What is inside boxes.
        home: The box that this is inside of, or None.
    """

    def __init__(
        self,
        graph: Graph,
        layers: Layers,
        manner: Manner,
        room: int,
        inner: Mapping[int, Layers],
        home: int | None = None,
    ) -> None:
        self.combs: dict[int, Comb] = {}
        if manner.combs:
            layers, self.combs = fold(graph, layers)
        self.graph = graph
        self.manner = manner
        self.room = room
        self.level = manner.level
        self.port_gap = PORT_GAP[self.level]
        if manner.roomy and self.level == 0:
            self.port_gap += 1
        self.layers = layers
        self.home = home
        self.subs = {
            v: Part(graph, inner[v], manner, room, inner, v)
            for row in layers.rows
            for v in row
            if v in inner
        }
        self.count = len(graph.nodes)
        self.at = {v: i for row in layers.rows for i, v in enumerate(row)}
        self.row = {v: r for r, row in enumerate(layers.rows) for v in row}
        self.shapes: dict[int, Shape] = {}
        self.sides: dict[tuple[int, int], list[Flat]] = {}
        self.lateral: dict[int, list[tuple[Gate, bool]]] = {}
        """The lines at the sides of a box, and whether at its right one."""
        self.arcs: list[int] = []
        self.north: dict[int, list[Pin]] = {v: [] for v in self.row}
        self.south: dict[int, list[Pin]] = {v: [] for v in self.row}
        self.hop_pins: list[tuple[Pin, Pin]] = []
        self.arc_pins: dict[int, tuple[Pin, Pin]] = {}
        self.widths: dict[int, int] = {}
        self.x: dict[int, int] = {}
        self.low = 0
        """The first column that anything is in."""
        self.channels: list[Channel] = []
        """The tracks below each row and above the first, once they are known."""
        self.lines: Lines | None = None
        self.boxes: dict[int, Box] = {}
        self.ways: dict[int, list[tuple[int, int]]] = {}
        self.gates: dict[Gate, tuple[int, int]] = {}
        self.width = self.height = 0
        self.head = 0
        """Rows from the top of the box that this is inside of to what is inside."""
        if home is not None:
            lines = len(heading(graph.nodes[home], self.level))
            # In ASCII a letter or a colon above a corner would seem a line.
            self.head = 1 + lines + (manner.roomy and lines > 0)

    def across(self) -> None:
        """Find the column of everything, and by that the least width."""
        for sub in self.subs.values():
            sub.across()
            sub.down()
        self._share_flats()
        self._make_pins()
        self._make_shapes()
        self._space_pins()
        self._spread()
        self._straighten()
        self.low = min(self.x.values())
        ends = (at + self.widths[vertex] for vertex, at in self.x.items())
        self.width = max(ends) - self.low

    def down(self) -> None:
        """Find the row of everything, and how large it all is; after `across`."""
        self.lines = Lines(self)
        self.lines.run()
        high = self.low + self.width
        for column in self.lines.columns():
            self.low, high = min(self.low, column), max(high, column + 1)
        self.width = high - self.low
        for vertex, gate in self.layers.gates.items():
            y = 0 if self.row[vertex] == 0 and self.layers.north else self.height - 1
            self.gates[gate] = self.x[vertex] - self.low, y

    def draw(self) -> None:
        """Draw the lines, and put what is inside boxes there; after `down`."""
        assert self.lines is not None
        for sub in self.subs.values():
            sub.draw()
        self.lines.draw()
        for box in self.boxes.values():
            box.x -= self.low
        for edge, way in self.ways.items():
            self.ways[edge] = [(x - self.low, y) for x, y in way]
        self._embed()

    def together(self) -> Iterator[list[int]]:
        """Lines, by number, that share the space between two rows; after `down`."""
        for sub in self.subs.values():
            yield from sub.together()
        for channel in self.channels:
            yield [wire.edge for wire in channel.wires]
        for comb in self.combs.values():
            yield [edge for edge, _ in comb.teeth]

    @property
    def combed(self) -> bool:
        """Whether any hosts are listed below one another."""
        return bool(self.combs) or any(sub.combed for sub in self.subs.values())

    def tightened(self) -> Part | None:
        """The same without rows that nothing needs; None if columns are saved, too.

        After `across`; tracks that are known by then are not looked for again.
        """
        beside = any(self.sides.values()) and SIDE_GAP[self.level] > TIGHT_SIDE_GAP
        if self.level >= 2 or self.subs or beside:
            return None
        part = copy(self)
        part.manner = replace(self.manner, tight=True)
        part.boxes, part.ways, part.gates = {}, {}, {}
        part.combs = {vertex: replace(comb) for vertex, comb in self.combs.items()}
        for vertex, comb in part.combs.items():
            comb.measure(part.shapes[vertex], part.manner)
        return part

    # -- ports ----------------------------------------------------------------------

    def is_node(self, vertex: int) -> bool:
        """Whether it is a box, and no passing line or crossing on the border."""
        return 0 <= vertex < self.count

    def _share_flats(self) -> None:
        """Neighbours in a row are joined side by side, as far as there is room."""
        most = 1 if self.level <= 1 else MOST_SIDE_PORTS
        for number, flat in enumerate(self.layers.flats):
            left, right = sorted((flat.left, flat.right), key=self.at.__getitem__)
            room = self.sides.setdefault((left, right), [])
            beside = self.at[right] - self.at[left] == 1 and len(room) < most
            if left in self.subs or right in self.subs:
                beside = number in self.layers.beside
            if not beside:
                self.arcs.append(number)
                continue
            room.append(flat)
            for vertex, east in ((left, True), (right, False)):
                gate = Gate(flat.edge, self.layers.ends[flat.edge].index(vertex))
                self.lateral.setdefault(vertex, []).append((gate, east))
        for gate, (node, east) in self.layers.sides.items():
            self.lateral.setdefault(node, []).append((gate, east))

    def _make_pins(self) -> None:
        made: dict[tuple[int, bool, int], Pin] = {}
        for (vertex, south), some in ports(self.layers, self.arcs).items():
            pins = [Pin(vertex) for _ in some]
            for port, pin in zip(some, pins, strict=True) if self.manner.names else ():
                pin.label = self._label(gate_of(self.layers, vertex, port))
            (self.south if south else self.north)[vertex] = pins
            for port, pin in zip(some, pins, strict=True):
                made[port.line, port.flat, port.end] = pin
        self.hop_pins = [
            (made[number, False, 0], made[number, False, 1])
            for number in range(len(self.layers.hops))
        ]
        self.arc_pins = {
            number: (made[number, True, 0], made[number, True, 1])
            for number in self.arcs
        }

    def _label(self, gate: Gate | None) -> str:
        """The name of a link at the end of a line, if it is to be written there."""
        if gate is None or not self.manner.names:
            return ""
        edge = self.graph.edges[gate.edge]
        end = (edge.a, edge.b)[gate.end]
        return "" if edge.kind == "trunk" else end.label(self.level)

    def _inset(self, vertex: int) -> tuple[int, int]:
        """Columns that the names of ports at the sides of a box take."""
        bridge = self.graph.nodes[vertex].item.kind == "bridge"
        if not self.manner.names or not (self.level == 2 or bridge):
            return 0, 0
        longest = [0, 0]
        for gate, east in self.lateral.get(vertex, ()):
            if vertex in self.subs and gate in self.subs[vertex].layers.sides:
                continue  # its name is inside, where the line comes from
            # Inside of a border there is a blank, where lines may be too.
            wide = len(self._label(gate)) + 1 + (vertex in self.subs)
            longest[east] = max(longest[east], wide)
        return longest[0], longest[1]

    def side_row(self, gate: Gate) -> int:
        """The row of a line that goes out at a side of the box around."""
        box = self.boxes[self.layers.sides[gate][0]]
        return box.y + box.shape.title_row

    def _span(self, pins: list[Pin]) -> int:
        """Columns that the ports on one side of a box take."""
        if self.manner.names and any(pin.label for pin in pins):
            return sum(len(pin.label) + 2 for pin in pins)
        gap = self.port_gap - PORT_GAP[self.level]
        return span(self.level, len(pins)) + gap * max(0, len(pins) - 1)

    def _make_shapes(self) -> None:
        for vertex in filter(self.is_node, self.row):
            node = self.graph.nodes[vertex]
            if sub := self.subs.get(vertex):
                inset = self._inset(vertex)
                width = sub.width + 2 * MARGIN + sum(inset)
                made = container(node, self.level, width, sub.height, inset)
                self.shapes[vertex] = made
                continue
            if node.cells:
                self.shapes[vertex] = grid(
                    node, self.level, self.room, self.manner.narrow
                )
                continue
            columns = max(
                self._span(self.north[vertex]), self._span(self.south[vertex])
            )
            if comb := self.combs.get(vertex):
                columns = max(columns, span(self.level, comb.ports))
            inset = self._inset(vertex)
            sides = [east for _, east in self.lateral.get(vertex, ())]
            most = max(sides.count(True), sides.count(False))
            made = shape(node, self.level, columns, most, inset)
            self.shapes[vertex] = made
            if comb:
                comb.measure(made, self.manner)

    def vertex_width(self, vertex: int) -> int:
        """Columns that a vertex takes in its row."""
        if vertex in self.combs:
            return self.combs[vertex].width
        if vertex == TITLE:
            assert self.home is not None
            node = self.graph.nodes[self.home]
            lines = heading(node, self.level)
            return max(
                [title_width(node, self.level) + 2, *(line.width + 1 for line in lines)]
            )
        if vertex in self.layers.gates:
            return 1 + len(self._label(self.layers.gates[vertex]))
        return self.shapes[vertex].width if self.is_node(vertex) else 1

    def _space_pins(self) -> None:
        """Ports at even distances, in the middle of their side."""
        for side in (self.north, self.south):
            for vertex, pins in side.items():
                if not pins or not self.is_node(vertex):
                    continue
                if vertex in self.subs:
                    self._match_pins(vertex, pins, south=side is self.south)
                    continue
                width = self.shapes[vertex].width
                if any(pin.label for pin in pins):
                    at = max(
                        (width - self._span(pins) + 1) // 2, self._first(vertex, side)
                    )
                    for pin in pins:
                        pin.offset = at
                        at += len(pin.label) + 2
                    continue
                gap = self.port_gap
                while gap > 2 and gap * (len(pins) - 1) + 3 > width:
                    gap -= 1
                if len(pins) == 2 and (width - gap) % 2 == 0 and gap + 4 <= width:
                    gap += 1  # the same distance to both corners
                start = (width - (gap * (len(pins) - 1) + 1)) // 2
                start = max(start, self._first(vertex, side))
                for index, made in enumerate(pins):
                    made.offset = start + index * gap

    def _match_pins(self, vertex: int, pins: list[Pin], *, south: bool) -> None:
        """The ports of a box with something inside are where its lines come out."""
        sub = self.subs[vertex]
        layers = sub.layers
        row = layers.rows[-1 if south else 0]
        for pin, gate in zip(pins, (v for v in row if v != TITLE), strict=False):
            pin.offset = sub.gates[layers.gates[gate]][0] + self._indent(vertex)

    def _indent(self, vertex: int) -> int:
        """Columns from the left of a box to the first of what is inside."""
        made = self.shapes[vertex]
        left, right = made.inset
        return left + (made.width - left - right - self.subs[vertex].width) // 2

    def _first(self, vertex: int, side: dict[int, list[Pin]]) -> int:
        """The first column of a side where a port can be."""
        made = self.shapes[vertex]
        if made.framed and side is self.north:
            return title_width(self.graph.nodes[vertex], self.level) + 5
        return min(2, made.width // 2) if self.level else 0

    # -- columns --------------------------------------------------------------------

    def _gap(self, left: int, right: int) -> int:
        if self.sides.get((left, right)):
            most = SIDE_GAP[self.level]
            if self.manner.tight:
                most = TIGHT_SIDE_GAP
            elif left in self.subs or right in self.subs:
                most = BOX_SIDE_GAP
            return min(most, SIDE_GAP[self.level])
        if left in self.layers.gates or right in self.layers.gates:
            return BOX_GAP[self.level]
        if not (self.is_node(left) or self.is_node(right)):
            return 1
        # The borders of boxes are enough between their names.
        return 1 if self.manner.names and self.manner.tight else BOX_GAP[self.level]

    def _spread(self) -> None:
        rows = self.layers.rows
        if self.layers.north and rows[0][0] != TITLE:
            rows = [[TITLE, *rows[0]], *rows[1:]]
        self.widths = widths = {v: self.vertex_width(v) for row in rows for v in row}
        gaps = [[self._gap(a, b) for a, b in pairwise(row)] for row in rows]
        pulls: dict[int, list[tuple[int, int, float]]] = {v: [] for v in widths}
        for hop, (top, bottom) in zip(self.layers.hops, self.hop_pins, strict=True):
            weight = 1.0 if self.is_node(hop.upper) and self.is_node(hop.lower) else 4
            shift = top.offset - bottom.offset
            pulls[hop.lower].append((hop.upper, shift, weight))
            pulls[hop.upper].append((hop.lower, -shift, weight))
        for (left, right), flats in self.sides.items():
            if flats:
                step = widths[left] + self._gap(left, right)
                pulls[right].append((left, step, 0.5))
                pulls[left].append((right, -step, 0.5))
        fixed = self._held(widths) if self._pinned else {}
        self.x = spread(rows, widths, gaps, pulls, fixed)
        if fixed and TITLE in self.x:
            # Nothing draws the name of the box: it goes where the others begin.
            others = [at for vertex, at in self.x.items() if vertex != TITLE]
            beside = self.x[rows[0][1]] - gaps[0][0] - widths[TITLE]
            self.x[TITLE] = min(beside, *others)

    @property
    def _pinned(self) -> bool:
        return not self.graph.pins.keys().isdisjoint(self.row)

    def _held(self, widths: Mapping[int, int]) -> dict[int, int]:
        """The left column of what has a place set by hand.

        Columns are as wide as what stands between two such places of a row asks for,
        and usual where nothing asks.
        """
        at = columns(self.layers, self.graph.pins)
        usual: list[int] = []
        least: dict[int, list[tuple[int, int]]] = {}
        middles: dict[int, int] = {}
        for row in self.layers.rows:
            there = [index for index, v in enumerate(row) if v in self.graph.pins]
            middles |= {row[index]: at[row[index]] for index in there}
            for index, (left, right) in enumerate(pairwise(row)):
                room = (widths[left] + 1) // 2 + self._gap(left, right)
                room += widths[right] // 2
                if self.is_node(left) and self.is_node(right):
                    usual.append(room)
                if there and there[0] <= index < there[-1]:
                    least.setdefault(at[right], []).append((at[left], room))
        widest = max(widths[v] for v in middles)
        step = median_low(usual) if usual else widest + BOX_GAP[self.level]
        first, last = min(middles.values()), max(middles.values())
        middle = {first: first * step}
        for column in range(first + 1, last + 1):
            asked = (middle[one] + more for one, more in least.get(column, ()))
            middle[column] = max([middle[column - 1] + step, *asked])
        return {v: middle[column] - widths[v] // 2 for v, column in middles.items()}

    def column(self, pin: Pin) -> int:
        """The column of a port."""
        return self.x[pin.vertex] + pin.offset

    def _straighten(self) -> None:
        """Slide a port along its box where that takes two bends out of a line."""
        for top, bottom in self.hop_pins:
            if self.column(top) == self.column(bottom):
                continue
            wanted = (
                (bottom, self.column(top), self.north),
                (top, self.column(bottom), self.south),
            )
            for pin, column, side in wanted:
                if self._slide(pin, column - self.x[pin.vertex], side):
                    break

    def _slide(self, pin: Pin, offset: int, side: dict[int, list[Pin]]) -> bool:
        if not self.is_node(pin.vertex) or pin.vertex in self.subs:
            return False
        pins, width = side[pin.vertex], self.shapes[pin.vertex].width
        at = pins.index(pin)
        low = self._first(pin.vertex, side)
        if at:
            low = pins[at - 1].offset + len(pins[at - 1].label) + 2
        high = width - 1 - (min(2, width // 2) if self.level else 0)
        if at + 1 < len(pins):
            high = pins[at + 1].offset - 2
        high -= len(pin.label)
        if low <= offset <= high:
            pin.offset = offset
            return True
        return False

    # -- the whole ---------------------------------------------------------------------

    def _embed(self) -> None:
        """Put what is inside the boxes there, and join what crosses their borders."""
        for vertex, sub in self.subs.items():
            box = self.boxes[vertex]
            dx, dy = box.x + self._indent(vertex), box.y
            for node, inner in sub.boxes.items():
                self.boxes[node] = replace(inner, x=inner.x + dx, y=inner.y + dy)
            for gate, (x, y) in sub.gates.items():
                self.gates[gate] = x + dx, y + dy
            for edge, way in sub.ways.items():
                moved = [(x + dx, y + dy) for x, y in way]
                outer = self.ways.get(edge)
                if outer is None:
                    self.ways[edge] = moved
                elif self.graph.parents.get(self.graph.edges[edge].a.node) == vertex:
                    self.ways[edge] = moved[:-1] + outer
                else:
                    self.ways[edge] = outer + moved[1:]
            for gate, (node, east) in sub.layers.sides.items():
                made, y = self.boxes[node], sub.side_row(gate) + dy
                start = made.right - 1 if east else made.x
                if made.shape.bare:
                    start += 1 if east else -1
                border = box.right - 1 if east else box.x
                self.gates[gate] = border, y
                outer = self.ways[gate.edge]
                self.ways[gate.edge] = (
                    [(start, y), *outer] if gate.end == 0 else [*outer, (start, y)]
                )
