"""Where everything stands: boxes, ports and the way of every line, in cells."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from tuilab.tui.canvas.boxes import LEVELS, PORT_GAP, Level, Shape, shape
from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.order import Flat, Hop, Layers, Order
from tuilab.tui.canvas.place import spread
from tuilab.tui.canvas.route import Wire, assign

SIDE_GAP = {1: 5, 2: 7, 3: 9}
"""Columns between two boxes of a row that are joined side by side."""
BOX_GAP = 2
PART_GAP = 4
SHELF_GAP = 1
PLAIN_CHANNEL = 2
"""Rows between two rows of boxes where no line bends."""
MOST_SIDE_PORTS = 6


@dataclass(slots=True)
class Box:
    """A node's place."""

    x: int
    y: int
    shape: Shape

    @property
    def width(self) -> int:
        """Columns."""
        return self.shape.width

    @property
    def height(self) -> int:
        """Rows."""
        return self.shape.height

    @property
    def right(self) -> int:
        """First column beyond."""
        return self.x + self.shape.width

    @property
    def bottom(self) -> int:
        """First row beyond."""
        return self.y + self.shape.height

    @property
    def centre(self) -> tuple[float, float]:
        """In cells."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(slots=True)
class Scene:
    """A drawing before it has glyphs.

    Attributes:
        level: Level of detail.
        width: Columns.
        height: Rows.
        boxes: By index of the node.
        ways: By index of the edge: corners from its end a to its end b. The ends are
            on the border of a box, or beside a chip.
    """

    level: Level
    width: int = 0
    height: int = 0
    boxes: dict[int, Box] = field(default_factory=dict)
    ways: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


def fit(
    graph: Graph, order: Order, width: int, height: int, *, roomy: bool = False
) -> Scene:
    """The most detailed scene that fits a pane, or else the least detailed one."""
    for level in LEVELS:
        scene = layout(graph, order, level, width, roomy=roomy)
        if scene.width <= width and scene.height <= height:
            break
    return scene


def layout(
    graph: Graph, order: Order, level: Level, width: int, *, roomy: bool = False
) -> Scene:
    """Place everything.

    Args:
        graph: What is to be drawn.
        order: Its rows, from `arrange`.
        level: Level of detail.
        width: Columns there are; unconnected parts are put into several shelves.
        roomy: Keep lines apart that would seem joined in ASCII.
    """
    scene = Scene(level)
    shelf: list[_Part] = []
    used = 0
    for layers in order.parts:
        part = _Part(graph, layers, level, roomy)
        part.run()
        if shelf and used + PART_GAP + part.width > width:
            _put(scene, shelf)
            shelf, used = [], 0
        used += part.width + (PART_GAP if shelf else 0)
        shelf.append(part)
    if shelf:
        _put(scene, shelf)
    return scene


def _put(scene: Scene, shelf: list[_Part]) -> None:
    """Put parts side by side below what is there, their last rows in line."""
    top = scene.height + (SHELF_GAP if scene.height else 0)
    height = max(part.height for part in shelf)
    x = 0
    for part in shelf:
        dx, dy = x, top + height - part.height
        for vertex, box in part.boxes.items():
            scene.boxes[vertex] = Box(box.x + dx, box.y + dy, box.shape)
        for edge, way in part.ways.items():
            scene.ways[edge] = [(a + dx, b + dy) for a, b in way]
        x += part.width + PART_GAP
    scene.width = max(scene.width, x - PART_GAP)
    scene.height = top + height


@dataclass(slots=True)
class _Pin:
    """A port: where a line leaves a vertex, on its upper or lower side."""

    vertex: int
    offset: int = 0
    """From the left side of the vertex."""


class _Part:
    """One connected part of the graph, in cells of its own."""

    def __init__(self, graph: Graph, layers: Layers, level: Level, roomy: bool) -> None:
        self.graph = graph
        self.layers = layers
        self.level = level
        self.roomy = roomy
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
                self.shapes[vertex] = shape(
                    self.graph.nodes[vertex], self.level, ports, beside.get(vertex, 0)
                )

    def _vertex_width(self, vertex: int) -> int:
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
                for index, made in enumerate(pins):
                    made.offset = start + index * gap

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
        low = pins[at - 1].offset + 2 if at else edge
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
            tall = max(
                (self.shapes[v].height for v in row if self._is_node(v)), default=1
            )
            for vertex in row:
                if self._is_node(vertex):
                    box = self.shapes[vertex]
                    place = y + (tall - box.height) // 2
                    self.boxes[vertex] = Box(self.x[vertex], place, box)
            y += tall
        channels[-1].top = y
        y += channels[-1].height(last=True)
        self._draw_hops(channels)
        self._draw_arcs(channels)
        self._draw_sides()
        self._normalise(y)

    def _channel(self, above: int) -> _Channel:
        """The channel below a row, with its tracks assigned."""
        channel = _Channel(roomy=self.roomy or self.level == 1)
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
        channel.tracks = assign(wires, gap=2 if self.roomy else 1)
        return channel

    def _mouth(self, pin: _Pin, *, south: bool) -> tuple[int, int]:
        """The cell where a line starts at a port."""
        box = self.boxes[pin.vertex]
        if south:
            return self._column(pin), box.bottom - (not box.shape.bare)
        return self._column(pin), box.y - box.shape.bare

    def _draw_hops(self, channels: list[_Channel]) -> None:
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

    def _draw_arcs(self, channels: list[_Channel]) -> None:
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


@dataclass(slots=True)
class _Channel:
    """The space between two rows."""

    roomy: bool
    """Whether lines go a row straight on before they bend; chips need it, for what
    is wrong with a link is shown there."""
    hops: dict[int, Wire] = field(default_factory=dict)
    arcs: dict[int, Wire] = field(default_factory=dict)
    tracks: int = 0
    top: int = 0
    lead: int = 0

    def height(self, *, first: bool = False, last: bool = False) -> int:
        """Rows, outer channels included."""
        self.lead = int(self.roomy and not first)
        if not self.tracks:
            return 0 if first or last else PLAIN_CHANNEL
        return self.lead + self.tracks + (not last)

    def row(self, track: int) -> int:
        """The row of a track."""
        return self.top + self.lead + track

    def corners(self, wire: Wire, column: int) -> list[tuple[int, int]]:
        """Where a wire from above bends on its way to a column."""
        if wire.straight:
            return []
        tracks = wire.bend[::2]
        columns = [wire.tops[0], *wire.bend[1::2], column]
        out = []
        for index, track in enumerate(tracks):
            y = self.row(track)
            out += [(columns[index], y), (columns[index + 1], y)]
        return out
