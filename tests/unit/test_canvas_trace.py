"""The drawing never lies: read back from its signs, it is the lab that was drawn.

The reader knows the signs, the rectangles of the boxes and nothing else of the code
that draws. It starts at every place where a line leaves a box, follows the line sign by
sign, and notes where it ends. What comes out must be the cables of the model.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given

from tests.canvas_labs import KNOWN, at_random, snapshot
from tests.strategies import topologies
from tuilab.model.topology import HOST, Bridge, Endpoint, Tap, Topology
from tuilab.tui.canvas.boxes import LEVELS
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.drawing import Drawing
from tuilab.tui.canvas.glyphs import ASCII, UNICODE
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.group import group
from tuilab.tui.canvas.layout import layout
from tuilab.tui.canvas.order import arrange
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.scene import Manner

N, E, S, W = (0, -1), (1, 0), (0, 1), (-1, 0)
BACK = {N: S, S: N, E: W, W: E}
VERTICAL = {N, S}
HORIZONTAL = {E, W}
SIGNS = {
    sign: ways
    for signs, ways in (
        ("│┆┃║", VERTICAL),
        ("─╌━═", HORIZONTAL),
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
    *(Manner(1, roomy, tight=True) for roomy in (False, True)),
    *(Manner(1, roomy, combs=True) for roomy in (False, True)),
    *(Manner(1, roomy, tight=True, combs=True) for roomy in (False, True)),
]
PORTS = set("●○✗?◉╩╠╦╣╨╞╥╡")
ASCII_VERTICAL, ASCII_HORIZONTAL = set('|:"'), set("-.=")
ASCII_PORTS = set("ox?@")


CELLS = "●○✗?"
ASCII_CELLS = "o.x?"
MARKS = "…≠?+·~!'▐▌"


class Reader:
    """Follows lines over a drawing's signs."""

    def __init__(self, drawing: Drawing, *, ascii_only: bool) -> None:
        self.rows = ["".join(run.text for run in row) for row in drawing.rows]
        assert all(len(row) == drawing.width for row in self.rows)
        assert len(self.rows) == drawing.height
        self.ascii = ascii_only
        self.inside: dict[tuple[int, int], Item] = {}
        for item, box in drawing.boxes.items():
            if any(item == cell for cell in drawing.hidden.values()):
                continue  # a cell of a grid: read with the grid
            for y in range(box.y, box.y + box.height):
                for x in range(box.x, box.x + box.width):
                    assert (x, y) not in self.inside, f"boxes overlap at {x}, {y}"
                    self.inside[x, y] = item
        self.drawing = drawing

    def sign(self, x: int, y: int) -> str:
        if 0 <= y < len(self.rows) and 0 <= x < len(self.rows[y]):
            return self.rows[y][x]
        return " "

    def lines(self) -> Counter[tuple[tuple[Item, Item | None], ...]]:
        """Every line as its two ends: node, and the link where a port shows it."""
        ends = {
            (cell, step): item
            for cell, item in self.inside.items()
            for step in (N, E, S, W)
            if self.leaves(cell, step)
        }
        found: Counter[tuple[tuple[Item, Item | None], ...]] = Counter()
        seen = set()
        for cell, step in ends:
            if (cell, step) in seen:
                continue
            last = self.follow(cell, step)
            assert last in ends, f"from {cell} to {last}, where no line starts"
            assert last not in seen
            seen |= {(cell, step), last}
            pair = (self.end(cell), self.end(last[0]))
            for one, other in self.unfolded(*pair):
                found[tuple(sorted((one, other), key=str))] += 1
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
            for word in re.finditer(r"\S+( \d[\d.:/a-f]+)?", row):
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
        box = self.drawing.boxes[self.inside[cell]]
        sign = self.sign(*cell)
        if box.height > 1:
            ports = ASCII_PORTS if self.ascii else PORTS
            joined = self.drawing.at(*cell) != self.inside[cell] or (
                sign in ("+" if self.ascii else "╩╠╦╣")
                and cell[0] not in (box.x, box.x + box.width - 1)
            )
            if self.ascii:
                joined = sign in ports or joined or self.sideways_join(cell, step)
            else:
                joined = sign in ports
            return joined and self.enters(x, y, step)
        return self.enters(x, y, step)

    def sideways_join(self, cell: tuple[int, int], step: tuple[int, int]) -> bool:
        """Whether a plus on the left or right border is no corner: a tie."""
        box = self.drawing.boxes[self.inside[cell]]
        corner = cell[1] in (box.y, box.y + box.height - 1)
        return self.sign(*cell) == "+" and not corner and step in HORIZONTAL

    def enters(self, x: int, y: int, step: tuple[int, int]) -> bool:
        """Whether the sign of a cell goes on where one comes from."""
        sign = self.sign(x, y)
        if not self.ascii:
            if sign == "✗":  # at a chip, an end that is down stands for its line
                return self.drawing.at(x, y) is not None
            if sign == "?":
                return True
            return sign in SIGNS and BACK[step] in SIGNS[sign]
        if sign in ")x?":
            return True
        if sign == "+":
            return self.turn(x, y, step) is not None
        return sign in (ASCII_VERTICAL if step in VERTICAL else ASCII_HORIZONTAL)

    def follow(
        self, cell: tuple[int, int], step: tuple[int, int]
    ) -> tuple[tuple[int, int], tuple[int, int]]:
        """Where a line ends, and the way out from there."""
        x, y = cell
        for _ in range(10_000):
            x, y = x + step[0], y + step[1]
            if (x, y) in self.inside:
                return (x, y), BACK[step]
            sign = self.sign(x, y)
            if self.ascii:
                if sign == "+":
                    turned = self.turn(x, y, step)
                    assert turned is not None, f"a loose end at {x}, {y}"
                    step = turned
                else:
                    lines = ASCII_VERTICAL if step in VERTICAL else ASCII_HORIZONTAL
                    assert sign in lines or sign in ")x?", f"{sign!r} at {x}, {y}"
                continue
            if sign in "✗?":
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
                box = self.drawing.boxes[self.inside[cell]]
                chip = box.height == 1
                if sign in ASCII_PORTS or chip or (sign == "+" and self.tie(cell)):
                    ways.append(way)
            elif sign in lines or sign in "+)x?":
                ways.append(way)
        assert len(ways) < 2, f"a corner that could go two ways at {x}, {y}"
        return ways[0] if ways else None

    def tie(self, cell: tuple[int, int]) -> bool:
        box = self.drawing.boxes[self.inside[cell]]
        return cell[0] not in (box.x, box.x + box.width - 1)


def expected(
    topology: Topology, drawing: Drawing
) -> Counter[tuple[tuple[Item, Item | None], ...]]:
    """The lines that the model asks for, from the model alone."""

    def bridge_of(end: Endpoint) -> Item | None:
        link = topology.link(end)
        assert link is not None
        if link.master is None:
            return None
        return Item("bridge", end.namespace, link.master)

    def node(end: Endpoint) -> Item:
        return bridge_of(end) or Item("namespace", end.namespace)

    def shown(where: Item, port: Item) -> tuple[Item, Item | None]:
        return where, port if drawing.boxes[where].height > 1 else None

    lines: Counter[tuple[tuple[Item, Item | None], ...]] = Counter()

    def count(*ends: tuple[Item, Item | None]) -> None:
        lines[tuple(sorted(ends, key=str))] += 1

    for cable in topology.cables:
        item = drawing.hidden.get(Item.of_cable(cable))
        if item is not None:  # folded: the leaf is a cell, the hub has a trunk
            count(*((node(end), None) for end in (cable.a, cable.b)))
            assert item in (node(cable.a), node(cable.b))
            continue
        count(
            *(
                shown(node(end), Item("link", end.namespace, end.ifname))
                for end in (cable.a, cable.b)
            )
        )
    for end, link in topology.links():
        if isinstance(link, Tap):
            tap = Item("tap", end.namespace, end.ifname)
            if tap in drawing.hidden:
                count((node(end), None), (tap, None))
                continue
            count(shown(node(end), tap), shown(tap, tap))
        elif isinstance(link, Bridge) and (end.namespace != HOST or link.addresses):
            bridge = Item("bridge", end.namespace, end.ifname)
            home = Item("namespace", end.namespace)
            count(shown(home, bridge), shown(bridge, bridge))
    return lines


def check(
    topology: Topology, *, selected: int = -1, choices: Choices | None = None
) -> None:
    """Draw in every way there is, and read it back."""
    graph = group(build(snapshot(topology)), choices or Choices())
    order = arrange(graph)
    cables = topology.cables
    for manner in MANNERS:
        chosen = []
        if cables and selected >= 0 and not manner.roomy:
            chosen = [Item.of_cable(cables[selected % len(cables)])]
        scene = layout(graph, order, manner, 120)
        drawing = draw(scene, ASCII if manner.roomy else UNICODE, chosen)
        reader = Reader(drawing, ascii_only=manner.roomy)
        assert reader.lines() == expected(topology, drawing), (
            f"{manner}\n{drawing.text()}"
        )


@pytest.mark.parametrize("name", KNOWN)
def test_known_labs_read_back(name: str) -> None:
    check(KNOWN[name]().topology(), selected=0)
    check(KNOWN[name]().topology(), choices=Choices(most=1))


@pytest.mark.parametrize("seed", range(120))
def test_random_labs_read_back(seed: int) -> None:
    choices = Choices(most=(1, 2, 100)[seed % 3])
    check(at_random(seed).topology(), selected=seed, choices=choices)


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
