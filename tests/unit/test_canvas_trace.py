"""The drawing never lies: read back from its signs, it is the lab that was drawn.

The reader knows the signs, the rectangles of the boxes and nothing else of the code
that draws. It starts at every place where a line leaves a box, follows the line sign by
sign, and notes where it ends. What comes out must be the cables of the model.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations

import pytest
from hypothesis import given

from tests.canvas_labs import (
    KNOWN,
    around,
    at_random,
    pins_at_random,
    snapshot,
    switches,
    wild,
)
from tests.strategies import topologies
from tuilab.model.generate import generate
from tuilab.model.topology import Endpoint, Tap, Topology
from tuilab.tui.canvas.activity import Activity, Flow
from tuilab.tui.canvas.boxes import LEVELS
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.drawing import Area, Drawing
from tuilab.tui.canvas.glyphs import ASCII, UNICODE
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.group import group
from tuilab.tui.canvas.layout import layout
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.regions import arrange
from tuilab.tui.canvas.scene import Manner

N, E, S, W = (0, -1), (1, 0), (0, 1), (-1, 0)
BACK = {N: S, S: N, E: W, W: E}
VERTICAL = {N, S}
HORIZONTAL = {E, W}
SIGNS = {
    sign: ways
    for signs, ways in (
        ("│┆┃║▴▾", VERTICAL),
        ("─╌━═▸◂", HORIZONTAL),
        ("╭┏╔", {E, S}),
        ("╮┓╗", {S, W}),
        ("╰┗╚", {N, E}),
        ("╯┛╝", {N, W}),
        ("┼╂┿╋╫╪╬", {N, E, S, W}),
    )
    for sign in signs
}
MANNERS = [
    *(Manner(level, roomy) for level in LEVELS for roomy in (False, True)),
    *(Manner(lv, roomy, tight=True) for lv in (1, 2, 3) for roomy in (False, True)),
    *(Manner(2, roomy, tight=True, narrow=8) for roomy in (False, True)),
    *(Manner(1, roomy, combs=True) for roomy in (False, True)),
    *(Manner(1, roomy, tight=True, combs=True) for roomy in (False, True)),
]
PORTS = set("!●○✗?≠…+·◉")
ASCII_VERTICAL, ASCII_HORIZONTAL = set('|:"^v'), set("-.=<>")
ASCII_PORTS = set("Eox?@!~+'")


Way = tuple[tuple[int, int], tuple[int, int]]
"""A cell of a box, and the step out of the box."""
End = tuple[Item, Item | None]
Line = tuple[tuple[End, ...], tuple[End, ...]]
"""The two ends, and the borders that are crossed in between."""


def line(one: End, other: End, crossed: Iterable[End]) -> Line:
    """A line as it is compared."""
    ends = tuple(sorted((one, other), key=str))
    return ends, tuple(sorted(crossed, key=str))


CELLS = "●○✗?!▴▾◆"
ASCII_CELLS = "o.x?E^v%"
MARKS = "…≠?+·~!'▐▌"


class Reader:
    """Follows lines over a drawing's signs."""

    def __init__(self, drawing: Drawing, *, ascii_only: bool) -> None:
        self.rows = ["".join(run.text for run in row) for row in drawing.rows]
        assert all(len(row) == drawing.width for row in self.rows)
        assert len(self.rows) == drawing.height
        self.ascii = ascii_only
        self.inside: dict[tuple[int, int], Item] = {}
        self.hollow = {item for item in drawing.frames if item.kind == "namespace"}
        for item, box in drawing.boxes.items():
            if self.is_cell(drawing, item):
                continue  # read with its grid
            for y in range(box.y, box.y + box.height):
                for x in range(box.x, box.x + box.width):
                    inner = 0 < y - box.y < box.height - 1
                    inner &= 0 < x - box.x < box.width - 1
                    if item in self.hollow and inner:
                        continue
                    assert (x, y) not in self.inside, f"boxes overlap at {x}, {y}"
                    self.inside[x, y] = item
        self.drawing = drawing

    def is_cell(self, drawing: Drawing, item: Item) -> bool:
        """Whether something is drawn as a cell of a grid."""
        box = drawing.boxes[item]
        return box.height == 1 and any(
            grid.kind == "grid" and contains(drawing.boxes[grid], box)
            for grid in drawing.frames
        )

    def sign(self, x: int, y: int) -> str:
        if 0 <= y < len(self.rows) and 0 <= x < len(self.rows[y]):
            return self.rows[y][x]
        return " "

    def lines(self) -> Counter[Line]:
        """Every line as its two ends: node, and the link where a port shows it."""
        ways = {
            (cell, step): item
            for cell, item in self.inside.items()
            for step in (N, E, S, W)
            if self.leaves(cell, step)
        }
        ends = {
            (cell, step)
            for (cell, step), item in ways.items()
            if item not in self.hollow or (cell, BACK[step]) not in ways
        }
        found: Counter[Line] = Counter()
        seen = set()
        for cell, step in ends:
            if (cell, step) in seen:
                continue
            last, crossed = self.follow(cell, step, ends)
            assert last in ends, f"from {cell} to {last}, where no line starts"
            assert last not in seen
            seen |= {(cell, step), last}
            pair = (self.end(cell), self.end(last[0]))
            for one, other in self.unfolded(*pair):
                found[line(one, other, crossed)] += 1
        return found

    def unfolded(
        self, one: tuple[Item, Item | None], other: tuple[Item, Item | None]
    ) -> list[tuple[tuple[Item, Item | None], tuple[Item, Item | None]]]:
        """A line to a grid is a cable to every cell that can be read there."""
        if one[0].kind == "grid":
            one, other = other, one
        if other[0].kind != "grid":
            return [(one, other)]
        assert one[0].kind != "grid"
        assert (one[0].namespace, one[0].ifname) == (
            other[0].namespace,
            other[0].ifname,
        ), "the trunk of another node"
        return [((one[0], None), (leaf, None)) for leaf in self.leaves_in(other[0])]

    def leaves_in(self, grid: Item) -> list[Item]:
        """What stands in a grid, from its signs."""
        box = self.drawing.boxes[grid]
        found = []
        for y in range(box.y + 1, box.y + box.height - 1):
            row = self.rows[y][box.x + 1 : box.x + box.width - 1]
            if self.drawing.level == 0:
                there = enumerate(row, box.x + 1)
                cells = [self.drawing.at(x, y) for x, sign in there if sign != " "]
                assert all(cell and cell.kind != "grid" for cell in cells)
                found += [cell for cell in cells if cell]
                continue
            for word in re.finditer(r"\S+( [\da-f][\d.:/a-f]+)?", row):
                text = word.group().lstrip("▐").rstrip(MARKS)
                assert text[0] in (ASCII_CELLS if self.ascii else CELLS)
                leaf = self.drawing.at(box.x + word.end(), y)
                assert leaf is not None
                name = leaf.ifname if leaf.kind == "tap" else leaf.namespace
                assert text[1:].split()[0] == name
                found.append(leaf)
        return found

    def end(self, cell: tuple[int, int]) -> tuple[Item, Item | None]:
        node = self.inside[cell]
        box = self.drawing.boxes[node]
        return node, self.drawing.at(*cell) if box.height > 1 else None

    def leaves(self, cell: tuple[int, int], step: tuple[int, int]) -> bool:
        """Whether a line starts at a cell of a box, going out that way."""
        x, y = cell[0] + step[0], cell[1] + step[1]
        if (x, y) in self.inside:
            return False
        chip = self.drawing.boxes[self.inside[cell]].height == 1
        return (chip or self.is_port(cell)) and self.enters(x, y, step)

    def is_port(self, cell: tuple[int, int]) -> bool:
        """Whether a cell of a box shows a link: on a border there are letters too."""
        sign = self.sign(*cell)
        if self.inside[cell].kind == "grid":
            return sign == ("@" if self.ascii else "◉")
        owner = self.drawing.at(*cell)
        if owner == self.inside[cell]:
            return False
        box = self.drawing.boxes[self.inside[cell]]
        level = cell[1] in (box.y, box.y + box.height - 1)
        if level and owner == self.drawing.at(cell[0] - 1, cell[1]):
            return False  # a letter of the name behind the port
        return sign in (ASCII_PORTS if self.ascii else PORTS)

    def enters(self, x: int, y: int, step: tuple[int, int]) -> bool:
        """Whether the sign of a cell goes on where one comes from."""
        sign = self.sign(x, y)
        if not self.ascii:
            if sign in "✗!":  # at a chip, an end that is down stands for its line
                return self.drawing.at(x, y) is not None
            if sign == "?":
                return True
            return sign in SIGNS and BACK[step] in SIGNS[sign]
        if sign in ")x?E":
            return True
        if sign == "+":
            return self.turn(x, y, step) is not None
        return sign in (ASCII_VERTICAL if step in VERTICAL else ASCII_HORIZONTAL)

    def follow(
        self, cell: tuple[int, int], step: tuple[int, int], ends: set[Way]
    ) -> tuple[Way, list[End]]:
        """Where a line ends and the way out from there; which borders it crosses."""
        x, y = cell
        crossed: list[End] = []
        for _ in range(10_000):
            x, y = x + step[0], y + step[1]
            if (x, y) in self.inside:
                if ((x, y), BACK[step]) in ends:
                    return ((x, y), BACK[step]), crossed
                assert self.leaves((x, y), step), f"stuck at {x}, {y}"
                crossed.append((self.inside[x, y], self.drawing.at(x, y)))
                continue
            sign = self.sign(x, y)
            if self.ascii:
                if sign == "+":
                    turned = self.turn(x, y, step)
                    assert turned is not None, f"a loose end at {x}, {y}"
                    step = turned
                else:
                    lines = ASCII_VERTICAL if step in VERTICAL else ASCII_HORIZONTAL
                    assert sign in lines or sign in ")x?E", f"{sign!r} at {x}, {y}"
                continue
            if sign in "✗?!":
                continue
            assert sign in SIGNS, f"{sign!r} at {x}, {y}"
            ways = SIGNS[sign]
            assert BACK[step] in ways, f"{sign!r} at {x}, {y} is not joined"
            if len(ways) == 2:
                (step,) = ways - {BACK[step]}
        raise AssertionError("a line without end")

    def turn(self, x: int, y: int, step: tuple[int, int]) -> tuple[int, int] | None:
        """Where an ASCII corner goes on: exactly one way may look like it."""
        sideways = HORIZONTAL if step in VERTICAL else VERTICAL
        ways = []
        for way in sideways:
            cell = x + way[0], y + way[1]
            sign = self.sign(*cell)
            lines = ASCII_VERTICAL if way in VERTICAL else ASCII_HORIZONTAL
            if cell in self.inside:
                if self.looks_joined(cell):
                    ways.append(way)
            elif sign in lines or sign in "+)x?E":
                ways.append(way)
        assert len(ways) < 2, f"a corner that could go two ways at {x}, {y}"
        return ways[0] if ways else None

    def looks_joined(self, cell: tuple[int, int]) -> bool:
        """Whether a line seems to end at a cell of a box."""
        chip = self.drawing.boxes[self.inside[cell]].height == 1
        return chip or self.is_port(cell)


def contains(outer: Area, inner: Area) -> bool:
    """Whether an area lies within another one."""
    return (
        outer.x < inner.x
        and outer.y < inner.y
        and inner.x + inner.width < outer.x + outer.width
        and inner.y + inner.height < outer.y + outer.height
    )


class Model:
    """The lines that the model asks for; only where things are is from the drawing."""

    def __init__(self, topology: Topology, drawing: Drawing) -> None:
        self.topology = topology
        self.drawing = drawing

    def node(self, end: Endpoint) -> Item:
        """What is drawn for the owner of a link."""
        link = self.topology.link(end)
        assert link is not None
        item = Item("namespace", end.namespace)
        if link.master is not None:
            item = Item("bridge", end.namespace, link.master)
        return self.shown(item)

    def shown(self, item: Item) -> Item:
        """An item, or the folded box it is in."""
        return item if item in self.drawing.boxes else self.drawing.hidden[item]

    def around(self, node: Item) -> Item | None:
        """The namespace that a node is drawn in."""
        box = self.drawing.boxes[node]
        for item in self.drawing.frames:
            if item.kind == "namespace" and contains(self.drawing.boxes[item], box):
                return item
        return None

    def lines(self) -> Counter[Line]:
        """All of them."""
        lines: Counter[Line] = Counter()
        for cable in self.topology.cables:
            one, two = cable.a, cable.b
            self.add(
                lines,
                Item.of_cable(cable),
                (self.node(one), Item("link", one.namespace, one.ifname)),
                (self.node(two), Item("link", two.namespace, two.ifname)),
            )
        for end, link in self.topology.links():
            if isinstance(link, Tap):
                tap = Item("tap", end.namespace, end.ifname)
                self.add(lines, tap, (self.node(end), tap), (self.shown(tap), tap))
        return lines

    def add(self, lines: Counter[Line], item: Item, *ends: tuple[Item, Item]) -> None:
        """A line between two nodes at two links; or in a trunk."""
        nodes = [node for node, _ in ends]
        if nodes[0] == nodes[1] and item in self.drawing.hidden:
            return  # inside a folded box
        trunk = self.trunk(nodes)
        homes = [self.around(node) for node in nodes]
        crossed: list[End] = [
            (home, trunk or ends[at][1])
            for at, home in enumerate(homes)
            if home is not None and home not in (nodes[1 - at], homes[1 - at])
        ]
        shown = [
            (node, port if self.drawing.boxes[node].height > 1 and not trunk else None)
            for node, port in ends
        ]
        lines[line(shown[0], shown[1], crossed)] += 1

    def trunk(self, nodes: list[Item]) -> Item | None:
        """The grid that one end of a line is a cell of."""
        for leaf, hub in (nodes, nodes[::-1]):
            grid = Item("grid", hub.namespace, hub.ifname)
            box = self.drawing.boxes.get(grid)
            if box is not None and contains(box, self.drawing.boxes[leaf]):
                return grid
        return None


def expected(topology: Topology, drawing: Drawing) -> Counter[Line]:
    """The lines that the model asks for."""
    return Model(topology, drawing).lines()


def check(
    topology: Topology,
    *,
    selected: int = -1,
    choices: Choices | None = None,
    flows: Activity | None = None,
    folds: int = 1,
) -> None:
    """Draw in every way there is, and read it back.

    Args:
        topology: What is drawn.
        selected: Number of the cable that is.
        choices: What is folded.
        flows: What flows.
        folds: Into how many shelves hosts go, and how often rings and lines are turned.
    """
    graph = group(build(snapshot(topology)), choices or Choices())
    order = arrange(graph)
    if folds > 1:
        order = arrange(graph, order.memory, folds, folds)
    cables = topology.cables
    for manner in MANNERS:
        chosen = []
        if cables and selected >= 0 and not manner.roomy:
            chosen = [Item.of_cable(cables[selected % len(cables)])]
        scene = layout(graph, order, manner, 120)
        drawing = draw(scene, ASCII if manner.roomy else UNICODE, chosen, None, flows)
        reader = Reader(drawing, ascii_only=manner.roomy)
        assert reader.lines() == expected(topology, drawing), (
            f"{manner}\n{drawing.text()}"
        )


@pytest.mark.parametrize("name", KNOWN)
def test_known_labs_read_back(name: str) -> None:
    check(KNOWN[name]().topology(), selected=0)
    check(KNOWN[name]().topology(), choices=Choices(most=1))


@pytest.mark.parametrize("seed", range(200))
def test_random_labs_read_back(seed: int) -> None:
    choices = Choices(most=(1, 2, 100)[seed % 3])
    topology = at_random(seed).topology()
    flows = {}
    if seed % 2:
        dice = random.Random(seed)
        flows = {
            end: Flow(*(dice.random() < share for share in (0.3, 0.3, 0.05)))
            for end, _ in topology.links()
        }
    check(topology, selected=seed, choices=choices, flows=flows, folds=1 + seed % 3)


@pytest.mark.parametrize("seed", range(40))
def test_random_labs_with_places_set_by_hand_read_back(seed: int) -> None:
    sketch = at_random(seed)
    check(sketch.topology(pins_at_random(sketch.topology(), seed)))


@pytest.mark.parametrize("seed", range(20, 60))
def test_the_oddest_labs_read_back(seed: int) -> None:
    """With what stands apart, loops and all, on top of one another by hand."""
    dice = random.Random(seed)
    sketch = wild(seed)
    topology = sketch.topology(pins_at_random(sketch.topology(), seed))
    choices = Choices(most=dice.choice((1, 2, 8, 100)))
    folds = dice.choice((1, 1, 2, 3))
    check(topology, selected=seed, choices=choices, folds=folds)


@pytest.mark.parametrize("seed", range(60))
def test_random_labs_read_back_with_boxes_closed(seed: int) -> None:
    """Some boxes closed, some open, as seeds say."""
    topology = at_random(seed).topology()
    graph = group(build(snapshot(topology)), Choices(most=(2, 100)[seed % 2]))
    dice = random.Random(seed)
    boxes = {graph.nodes[box].item for box in graph.parents.values()}
    for share in (0.5, 1.0):
        closed = {box: dice.random() < share for box in sorted(boxes, key=str)}
        choices = Choices(folds=closed, most=(2, 100)[seed % 2])
        check(topology, selected=seed, choices=choices)


def loops() -> Iterator[tuple[str, Topology]]:
    """Meshes and rings: of routers, of switches, of namespaces that hold switches."""
    for count in (3, 5, 8):
        pairs = list(combinations(range(count), 2))
        for hosts in (0, 1, 3):
            for name, cables in (("mesh", pairs), ("ring", around(count))):
                kind = f"{name} of {count} with {hosts} hosts"
                some = switches(count, cables, hosts)
                yield f"{kind}, in namespaces", some.topology()
                if hosts == 1:
                    inner = switches(count, cables, 0, inner=2)
                    yield f"{kind} inside", inner.topology()
        yield f"mesh of {count} switches", generate("mesh", count)
        yield f"ring of {count} switches", generate("ring", count)
        yield f"mesh of {count} routers", generate("mesh", count, routers=True)
        yield f"ring of {count} routers", generate("ring", count, routers=True)


@pytest.mark.parametrize("lab", [pytest.param(lab, id=name) for name, lab in loops()])
def test_meshes_and_rings_read_back(lab: Topology) -> None:
    check(lab, selected=1)


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("count", [5, 11, 20])
@pytest.mark.parametrize("kind", ["linear", "ring"])
def test_rings_and_lines_read_back_however_often_they_are_turned(
    kind: str, count: int, turns: int
) -> None:
    check(generate(kind, count), folds=turns)
    check(generate(kind, count, routers=True), folds=turns)
    if kind == "ring":
        check(switches(count, around(count), 2).topology(), folds=turns)


@given(topologies())
def test_any_valid_lab_reads_back(topology: Topology) -> None:
    check(topology)


def test_a_false_join_would_be_found() -> None:
    """The reader is no rubber stamp: one wrong sign at a crossing, and it objects."""
    lab = KNOWN["mesh"]().topology()
    graph = build(snapshot(lab))
    drawing = draw(layout(graph, arrange(graph), Manner(2), 120))
    reader = Reader(drawing, ascii_only=False)
    y = next(i for i, row in enumerate(reader.rows) if "┼" in row)
    x = reader.rows[y].index("┼")
    reader.rows[y] = reader.rows[y][:x] + "╯" + reader.rows[y][x + 1 :]
    with pytest.raises(AssertionError):
        assert reader.lines() == expected(lab, drawing)
