"""One connected part of a lab: where its boxes, ports and lines are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from tuilab.tui.canvas.boxes import PORT_GAP, Shape, grid, shape, title_width
from tuilab.tui.canvas.channel import Channel
from tuilab.tui.canvas.comb import Comb, fold
from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.order import Flat, Hop, Layers
from tuilab.tui.canvas.place import spread
from tuilab.tui.canvas.route import Wire, assign
from tuilab.tui.canvas.scene import Box, Manner

SIDE_GAP = {1: 5, 2: 7, 3: 9}
"""Columns between two boxes of a row that are joined side by side."""
BOX_GAP = 2
MOST_SIDE_PORTS = 6


@dataclass(slots=True)
class _Pin:
    """A port: where a line leaves a vertex, on its upper or lower side."""

    vertex: int
    offset: int = 0
    """From the left side of the vertex."""


class Part:
    """One connected part of the graph, in cells of its own."""

    def __init__(self, graph: Graph, layers: Layers, manner: Manner, room: int) -> None:
        combs: dict[int, Comb] = {}
        if manner.combs:
            layers, combs = fold(graph, layers)
        self.graph = graph
        self.manner = manner
        self.room = room
        self.level = manner.level
        self.layers = layers
        self.combs = combs
        self.count = len(graph.nodes)
        self.at = {v: i for row in layers.rows for i, v in enumerate(row)}
        self.row = {v: r for r, row in enumerate(layers.rows) for v in row}
        self.shapes: dict[int, Shape] = {}
        self.sides: dict[tuple[int, int], list[Flat]] = {}
        self.arcs: list[Flat] = []
        self.north: dict[int, list[_Pin]] = {v: [] for v in self.row}
        self.south: dict[int, list[_Pin]] = {v: [] for v in self.row}
        self.hop_pins: list[tuple[_Pin, _Pin]] = []
        self.arc_pins: list[tuple[_Pin, _Pin]] = []
        self.x: dict[int, int] = {}
        self.boxes: dict[int, Box] = {}
        self.ways: dict[int, list[tuple[int, int]]] = {}
        self.width = self.height = 0

    def run(self) -> None:
        """Do it all."""
        self._share_flats()
        self._make_pins()
        self._make_shapes()
        self._space_pins()
        self._spread()
        self._straighten()
        self._route()

    # -- ports ----------------------------------------------------------------------

    def _is_node(self, vertex: int) -> bool:
        return vertex < self.count

    def _share_flats(self) -> None:
        """Neighbours in a row are joined side by side, as far as there is room."""
        most = 1 if self.level == 1 else MOST_SIDE_PORTS
        for flat in self.layers.flats:
            left, right = sorted((flat.left, flat.right), key=self.at.__getitem__)
            room = self.sides.setdefault((left, right), [])
            if self.at[right] - self.at[left] == 1 and len(room) < most:
                room.append(flat)
            else:
                self.arcs.append(flat)

    def _below(self, vertex: int) -> bool:
        """Whether an arc from here runs below the row: where less else runs."""
        return self.row[vertex] == len(self.layers.rows) - 1

    def _make_pins(self) -> None:
        keyed: dict[tuple[int, bool], list[tuple[tuple[int, ...], _Pin]]] = {}

        def pin(vertex: int, south: bool, key: tuple[int, ...]) -> _Pin:
            made = _Pin(vertex)
            keyed.setdefault((vertex, south), []).append((key, made))
            return made

        for hop in self.layers.hops:
            top = pin(hop.upper, True, (1, self.at[hop.lower], hop.edge))
            bottom = pin(hop.lower, False, (1, self.at[hop.upper], hop.edge))
            self.hop_pins.append((top, bottom))
        for flat in self.arcs:
            south = self._below(flat.left)
            a, b = flat.left, flat.right
            if a == b:
                one = pin(a, south, (3, flat.edge, 0))
                two = pin(a, south, (3, flat.edge, 1))
            else:
                # Nested arcs: the nearest partner is served by the outermost port.
                ends = ((a, b), (b, a))
                keys = [
                    (2, -self.at[far], flat.edge)
                    if self.at[far] > self.at[near]
                    else (0, -self.at[far], -flat.edge)
                    for near, far in ends
                ]
                one, two = pin(a, south, keys[0]), pin(b, south, keys[1])
            self.arc_pins.append((one, two))
        for (vertex, south), pins in keyed.items():
            pins.sort(key=lambda entry: entry[0])
            side = self.south if south else self.north
            side[vertex] = [made for _, made in pins]

    def _make_shapes(self) -> None:
        beside: dict[int, int] = {}
        for (left, right), flats in self.sides.items():
            for vertex in (left, right):
                beside[vertex] = max(beside.get(vertex, 0), len(flats))
        for vertex in self.row:
            if self._is_node(vertex):
                ports = max(len(self.north[vertex]), len(self.south[vertex]))
                node = self.graph.nodes[vertex]
                if node.cells:
                    self.shapes[vertex] = grid(node, self.level, self.room)
                    continue
                if comb := self.combs.get(vertex):
                    ports = max(ports, comb.ports)
                self.shapes[vertex] = shape(
                    node, self.level, ports, beside.get(vertex, 0)
                )
                if comb:
                    comb.measure(self.shapes[vertex], self.manner)

    def _vertex_width(self, vertex: int) -> int:
        if vertex in self.combs:
            return self.combs[vertex].width
        return self.shapes[vertex].width if self._is_node(vertex) else 1

    def _space_pins(self) -> None:
        """Ports at even distances, in the middle of their side."""
        for side in (self.north, self.south):
            for vertex, pins in side.items():
                if not pins or not self._is_node(vertex):
                    continue
                width = self.shapes[vertex].width
                gap = PORT_GAP[self.level]
                while gap > 2 and gap * (len(pins) - 1) + 3 > width:
                    gap -= 1
                if len(pins) == 2 and (width - gap) % 2 == 0 and gap + 4 <= width:
                    gap += 1  # the same distance to both corners
                start = (width - (gap * (len(pins) - 1) + 1)) // 2
                start = max(start, self._first(vertex, side))
                for index, made in enumerate(pins):
                    made.offset = start + index * gap

    def _first(self, vertex: int, side: dict[int, list[_Pin]]) -> int:
        """The first column of a side where a port can be."""
        made = self.shapes[vertex]
        if made.framed and side is self.north:
            return title_width(self.graph.nodes[vertex]) + 5
        return min(2, made.width // 2)

    # -- columns --------------------------------------------------------------------

    def _gap(self, left: int, right: int) -> int:
        if self.sides.get((left, right)):
            return SIDE_GAP[self.level]
        if not (self._is_node(left) or self._is_node(right)):
            return 1
        return BOX_GAP

    def _spread(self) -> None:
        rows = self.layers.rows
        widths = {v: self._vertex_width(v) for v in self.row}
        gaps = [[self._gap(a, b) for a, b in pairwise(row)] for row in rows]
        pulls: dict[int, list[tuple[int, int, float]]] = {v: [] for v in self.row}
        for hop, (top, bottom) in zip(self.layers.hops, self.hop_pins, strict=True):
            weight = 1.0 if self._is_node(hop.upper) and self._is_node(hop.lower) else 4
            shift = top.offset - bottom.offset
            pulls[hop.lower].append((hop.upper, shift, weight))
            pulls[hop.upper].append((hop.lower, -shift, weight))
        for (left, right), flats in self.sides.items():
            if flats:
                step = widths[left] + self._gap(left, right)
                pulls[right].append((left, step, 0.5))
                pulls[left].append((right, -step, 0.5))
        fixed = {}
        if self.graph.pins:
            unit = max(widths.values()) + BOX_GAP
            fixed = {v: column * unit for v, (column, _) in self.graph.pins.items()}
        self.x = spread(rows, widths, gaps, pulls, fixed)

    def _column(self, pin: _Pin) -> int:
        return self.x[pin.vertex] + pin.offset

    def _straighten(self) -> None:
        """Slide a port along its box where that takes two bends out of a line."""
        for top, bottom in self.hop_pins:
            if self._column(top) == self._column(bottom):
                continue
            wanted = (
                (bottom, self._column(top), self.north),
                (top, self._column(bottom), self.south),
            )
            for pin, column, side in wanted:
                if self._slide(pin, column - self.x[pin.vertex], side[pin.vertex]):
                    break

    def _slide(self, pin: _Pin, offset: int, pins: list[_Pin]) -> bool:
        if not self._is_node(pin.vertex):
            return False
        at, edge = pins.index(pin), min(2, self.shapes[pin.vertex].width // 2)
        side = self.north if pins is self.north[pin.vertex] else self.south
        low = pins[at - 1].offset + 2 if at else self._first(pin.vertex, side)
        high = (
            pins[at + 1].offset - 2
            if at + 1 < len(pins)
            else self.shapes[pin.vertex].width - 1 - edge
        )
        if low <= offset <= high:
            pin.offset = offset
            return True
        return False

    # -- rows and lines ---------------------------------------------------------------

    def _route(self) -> None:
        rows = self.layers.rows
        channels = [self._channel(index) for index in range(-1, len(rows))]
        y = 0
        for index, row in enumerate(rows):
            channel = channels[index]
            channel.top = y
            y += channel.height(first=index == 0)
            heights = [self.shapes[v].height for v in row if self._is_node(v)]
            tall = max(heights, default=1)
            for vertex in row:
                if self._is_node(vertex):
                    box = self.shapes[vertex]
                    place = y + (tall - box.height) // 2
                    self.boxes[vertex] = Box(self.x[vertex], place, box)
            combs = [self.combs[v] for v in row if v in self.combs]
            for comb in combs:
                comb.draw(self.boxes, self.ways)
            y += tall + max((comb.height for comb in combs), default=0)
        channels[-1].top = y
        y += channels[-1].height(last=True)
        self._draw_hops(channels)
        self._draw_arcs(channels)
        self._draw_sides()
        self._normalise(y)

    def _channel(self, above: int) -> Channel:
        """The channel below a row, with its tracks assigned."""
        channel = Channel(roomy=self.manner.roomy or self.level == 1)
        for number, (hop, pins) in enumerate(
            zip(self.layers.hops, self.hop_pins, strict=True)
        ):
            if self.row[hop.upper] == above:
                top, bottom = pins
                wire = Wire(hop.edge, (self._column(top),), (self._column(bottom),))
                channel.hops[number] = wire
        for number, (flat, pair) in enumerate(
            zip(self.arcs, self.arc_pins, strict=True)
        ):
            columns = tuple(self._column(pin) for pin in pair)
            row = self.row[flat.left]
            below = self._below(flat.left)
            if below and row == above:
                channel.arcs[number] = Wire(flat.edge, columns, ())
            elif not below and row == above + 1:
                channel.arcs[number] = Wire(flat.edge, (), columns)
        wires = [*channel.hops.values(), *channel.arcs.values()]
        channel.tracks = assign(wires, gap=2 if self.manner.roomy else 1)
        if self.manner.tight:
            ends = [
                end
                for wire in wires
                for end in (
                    self.graph.edges[wire.edge].a,
                    self.graph.edges[wire.edge].b,
                )
            ]
            shown = any(end.shown for end in ends)
            channel.roomy = self.manner.roomy or shown
            channel.plain = 2 if shown else 1
        return channel

    def _mouth(self, pin: _Pin, *, south: bool) -> tuple[int, int]:
        """The cell where a line starts at a port."""
        box = self.boxes[pin.vertex]
        if south:
            return self._column(pin), box.bottom - (not box.shape.bare)
        return self._column(pin), box.y - box.shape.bare

    def _draw_hops(self, channels: list[Channel]) -> None:
        pieces: dict[int, list[tuple[int, Hop, list[tuple[int, int]]]]] = {}
        for channel in channels:
            for number, wire in channel.hops.items():
                hop = self.layers.hops[number]
                top, bottom = self.hop_pins[number]
                way = [(self._column(top), channel.top)]
                way += channel.corners(wire, self._column(bottom))
                pieces.setdefault(hop.edge, []).append((number, hop, way))
        for edge, parts in pieces.items():
            parts.sort(key=lambda part: part[0])
            way = [point for _, _, part in parts for point in part]
            first, last = parts[0][0], parts[-1][0]
            way[0] = self._mouth(self.hop_pins[first][0], south=True)
            way.append(self._mouth(self.hop_pins[last][1], south=False))
            if parts[0][1].upper != self.graph.edges[edge].a.node:
                way.reverse()
            self.ways[edge] = way

    def _draw_arcs(self, channels: list[Channel]) -> None:
        for channel in channels:
            for number, wire in channel.arcs.items():
                one, two = self.arc_pins[number]
                y = channel.row(wire.bend[0])
                south = bool(wire.tops)
                self.ways[wire.edge] = [
                    self._mouth(one, south=south),
                    (self._column(one), y),
                    (self._column(two), y),
                    self._mouth(two, south=south),
                ]

    def _draw_sides(self) -> None:
        for (left, right), flats in self.sides.items():
            if not flats:
                continue
            a, b = self.boxes[left], self.boxes[right]
            bare_a, bare_b = a.shape.bare, b.shape.bare
            top = max(a.y + (not bare_a), b.y + (not bare_b))
            bottom = min(a.bottom - (not bare_a), b.bottom - (not bare_b))
            for y, flat in self._side_rows(flats, (a, b), top, bottom):
                way = [(a.right - (not bare_a), y), (b.x - bare_b, y)]
                if flat.left != left:
                    way.reverse()
                self.ways[flat.edge] = way

    def _side_rows(
        self, flats: list[Flat], boxes: tuple[Box, Box], top: int, bottom: int
    ) -> list[tuple[int, Flat]]:
        """A row for each line between two boxes, near the names of its links."""
        wishes = []
        for flat in flats:
            edge = self.graph.edges[flat.edge]
            rows = [
                box.y + box.shape.row_of(end.port)
                for box in boxes
                for end in (edge.a, edge.b)
                if self.boxes[end.node] is box
            ]
            wishes.append((sum(rows) / len(rows), flat))
        wishes.sort(key=lambda wish: wish[0])
        out = []
        at = top
        for index, (wish, flat) in enumerate(wishes):
            last = bottom - (len(wishes) - index)
            at = min(max(at, int(wish)), last)
            out.append((at, flat))
            at += 1
        return out

    def _normalise(self, height: int) -> None:
        """Start at column 0."""
        columns = [box.x for box in self.boxes.values()]
        ends = [box.right for box in self.boxes.values()]
        for way in self.ways.values():
            columns += [x for x, _ in way]
            ends += [x + 1 for x, _ in way]
        low = min(columns)
        for box in self.boxes.values():
            box.x -= low
        for edge, way in self.ways.items():
            self.ways[edge] = [(x - low, y) for x, y in way]
        self.width = max(ends) - low
        self.height = height
