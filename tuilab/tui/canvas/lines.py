"""Rows, and the way of every line between the boxes of one part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from tuilab.tui.canvas.boxes import shows_state
from tuilab.tui.canvas.channel import Channel
from tuilab.tui.canvas.layers import Flat, Gate, Hop
from tuilab.tui.canvas.route import Wire, assign
from tuilab.tui.canvas.scene import Box

if TYPE_CHECKING:
    from tuilab.tui.canvas.part import Part, Pin


class Lines:
    """Places the boxes of a part in their rows and draws its lines."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.layers = part.layers
        self.boxes = part.boxes
        self.ways = part.ways

        if not part.channels:
            part.channels += map(self._channel, range(-1, len(self.layers.rows)))
        self.channels = [
            self._spaced(replace(channel), above)
            for above, channel in enumerate(part.channels, -1)
        ]

    def run(self) -> None:
        """Set boxes and height of the part."""
        part, rows, channels = self.part, self.layers.rows, self.channels
        y = 0 if self.layers.north else part.head
        for index, row in enumerate(rows):
            channel = channels[index]
            channel.top = y
            if index or not self.layers.north:
                y += channel.height(first=index == 0)
            y += self._row(row, y, index)
        channels[-1].top = y
        if not self.layers.south:
            y += channels[-1].height(last=True) + (part.home is not None)
        part.height = y

    def columns(self) -> Iterator[int]:
        """Those where lines run up and down between the rows."""
        for channel in self.channels:
            for wire in channel.wires:
                yield from wire.tops
                yield from wire.bottoms
                yield from wire.bend[1::2]

    def draw(self) -> None:
        """Set the ways of the part."""
        self._draw_hops(self.channels)
        self._draw_arcs(self.channels)
        self._draw_sides()

    def _row(self, row: list[int], y: int, index: int) -> int:
        """Put the boxes of a row in their place; how many rows of cells that takes."""
        part = self.part
        if index == 0 and self.layers.north:
            return part.head
        nodes = [v for v in row if part.is_node(v)]
        tall = max((part.shapes[v].height for v in nodes), default=1)
        places = {v: (tall - part.shapes[v].height) // 2 for v in nodes}
        places |= self._level(row)
        top = min(places.values(), default=0)
        for vertex, place in places.items():
            box = part.shapes[vertex]
            self.boxes[vertex] = Box(part.x[vertex], y + place - top, box)
            tall = max(tall, place - top + box.height)
        combs = [part.combs[v] for v in row if v in part.combs]
        for comb in combs:
            comb.draw(self.boxes, self.ways)
        return tall + max((comb.height for comb in combs), default=0)

    def _level(self, row: list[int]) -> dict[int, int]:
        """Rows of boxes where a line from inside one runs straight into the next."""
        part = self.part
        places: dict[int, int] = {}
        for run in self._runs(row):
            middle = {v: part.shapes[v].height // 2 for v in run}
            fixed = {
                v: part.subs[v].side_row(gate)
                for v in run
                if v in part.subs
                for gate in part.subs[v].layers.sides
            }
            middle |= fixed
            if fixed:
                line = max(middle.values())
                places |= {v: line - at for v, at in middle.items()}
        return places

    def _runs(self, row: list[int]) -> Iterator[list[int]]:
        """Boxes that are joined side by side, one after the other."""
        run: list[int] = []
        for left, right in pairwise(row):
            if self.part.sides.get((left, right)):
                run = [*(run or [left]), right]
            elif run:
                yield run
                run = []
        if run:
            yield run

    def _channel(self, above: int) -> Channel:
        """The channel below a row, with its tracks assigned."""
        part = self.part
        channel = Channel(roomy=part.manner.roomy or part.level <= 1)
        for number, (hop, pins) in enumerate(
            zip(self.layers.hops, part.hop_pins, strict=True)
        ):
            if part.row[hop.upper] == above:
                top, bottom = pins
                wire = Wire(hop.edge, (part.column(top),), (part.column(bottom),))
                channel.hops[number] = wire
        for number, pair in part.arc_pins.items():
            flat = self.layers.flats[number]
            columns = tuple(part.column(pin) for pin in pair)
            row = part.row[flat.left]
            if flat.below and row == above:
                channel.arcs[number] = Wire(flat.edge, columns, ())
            elif not flat.below and row == above + 1:
                channel.arcs[number] = Wire(flat.edge, (), columns)
        channel.tracks = assign(channel.wires, gap=2 if part.manner.roomy else 1)
        return channel

    def _spaced(self, channel: Channel, above: int) -> Channel:
        """A channel with as many rows between boxes and tracks as its lines need."""
        part, wires = self.part, channel.wires
        if not wires and self._is_border(above):
            channel.plain = int(part.head < 2 or above > 0)
        elif part.manner.tight:
            lines = (wire.edge for wire in wires)
            shown = shows_state(part.graph, lines, part.level)
            channel.roomy = part.manner.roomy or shown
            channel.plain = 2 if shown else 1
        return channel

    def _is_border(self, above: int) -> bool:
        """Whether a channel is next to what is on the border of the box around."""
        last = len(self.layers.rows) - 2
        north, south = self.layers.north, self.layers.south
        return (north and above == 0) or (south and above == last)

    def _mouth(self, pin: Pin, *, south: bool) -> tuple[int, int]:
        """The cell where a line starts at a port."""
        column = self.part.column(pin)
        if pin.vertex in self.layers.gates:
            return column, 0 if south else self.part.height - 1
        box = self.boxes[pin.vertex]
        if south:
            return column, box.bottom - (not box.shape.bare)
        return column, box.y - box.shape.bare

    def _draw_hops(self, channels: list[Channel]) -> None:
        part = self.part
        pieces: dict[int, list[tuple[int, Hop, list[tuple[int, int]]]]] = {}
        for channel in channels:
            for number, wire in channel.hops.items():
                hop = self.layers.hops[number]
                top, bottom = part.hop_pins[number]
                way = [(part.column(top), channel.top)]
                way += channel.corners(wire, part.column(bottom))
                pieces.setdefault(hop.edge, []).append((number, hop, way))
        for edge, some in pieces.items():
            some.sort(key=lambda piece: piece[0])
            way = [point for _, _, piece in some for point in piece]
            first, last = some[0][0], some[-1][0]
            way[0] = self._mouth(part.hop_pins[first][0], south=True)
            way.append(self._mouth(part.hop_pins[last][1], south=False))
            if some[0][1].upper != self.layers.ends[edge][0]:
                way.reverse()
            self.ways[edge] = way

    def _draw_arcs(self, channels: list[Channel]) -> None:
        for channel in channels:
            for number, wire in channel.arcs.items():
                one, two = self.part.arc_pins[number]
                y = channel.row(wire.bend[0])
                south = bool(wire.tops)
                way = [
                    self._mouth(one, south=south),
                    (self.part.column(one), y),
                    (self.part.column(two), y),
                    self._mouth(two, south=south),
                ]
                if self.layers.flats[number].left != self.layers.ends[wire.edge][0]:
                    way.reverse()
                self.ways[wire.edge] = way

    def _draw_sides(self) -> None:
        for (left, right), flats in self.part.sides.items():
            if not flats:
                continue
            a, b = self.boxes[left], self.boxes[right]
            start, end = a.right - (not a.shape.bare), b.x - b.shape.bare
            for flat, y, other in self._side_rows(flats, (left, right)):
                way = [(start, y), (end, other)]
                if y != other:
                    middle = (start + end + 1) // 2
                    way[1:1] = [(middle, y), (middle, other)]
                if self.layers.ends[flat.edge][0] != left:
                    way.reverse()
                self.ways[flat.edge] = way

    def _side_rows(
        self, flats: list[Flat], ends: tuple[int, int]
    ) -> list[tuple[Flat, int, int]]:
        """The rows of each line at both boxes, near the names of its links."""
        boxes = self.boxes[ends[0]], self.boxes[ends[1]]
        spans = [
            (box.y + (not box.shape.bare), box.bottom - (not box.shape.bare))
            for box in boxes
        ]
        fixed = [self._fixed_row(flat, end) for flat in flats for end in ends]
        if wished := [row for row in fixed if row is not None]:
            (flat,) = flats
            wanted = [wished[0] if row is None else row for row in fixed]
            rows = [
                min(max(row, low), high - 1)
                for row, (low, high) in zip(wanted, spans, strict=True)
            ]
            return [(flat, rows[0], rows[1])]
        top, bottom = max(low for low, _ in spans), min(high for _, high in spans)
        wishes = []
        for flat in flats:
            edge = self.part.graph.edges[flat.edge]
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
            out.append((flat, at, at))
            at += 1
        return out

    def _fixed_row(self, flat: Flat, vertex: int) -> int | None:
        """Where a line comes out of a box, if it comes from something inside."""
        sub = self.part.subs.get(vertex)
        if sub is None:
            return None
        gate = Gate(flat.edge, self.layers.ends[flat.edge].index(vertex))
        if gate not in sub.layers.sides:
            return None
        return self.boxes[vertex].y + sub.side_row(gate)
