"""Hosts of one switch listed below one another, like the teeth of a comb.

::

    ══br0══
     │ │ ╰─[h1]
     │ ╰───[h2]
     ╰─────[h3]
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from tuilab.tui.canvas.boxes import Shape, shape
from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.layers import Hop, Layers
from tuilab.tui.canvas.scene import Box, Manner

FEWEST = 2
LOOSE = 8
"""Up to so many teeth have a column between them."""


@dataclass(slots=True)
class Comb:
    """What hangs from one node.

    Attributes:
        graph: What is drawn.
        back: The node it hangs from.
        teeth: Edge and hanging node, from the first row to the last.
        width: Columns, the node above included.
        height: Rows, without the node above.
    """

    graph: Graph
    back: int
    teeth: list[tuple[int, int]]
    width: int = 0
    height: int = 0
    _shapes: dict[int, Shape] = field(default_factory=dict)
    _lead: int = 0

    @property
    def _gap(self) -> int:
        return 2 if len(self.teeth) <= LOOSE else 1

    @property
    def ports(self) -> int:
        """How many ports at the usual distance take as much of a chip."""
        return (len(self.teeth) * self._gap + 1) // 2

    def measure(self, back: Shape, manner: Manner) -> None:
        """How large it is below a chip."""
        for _, node in self.teeth:
            self._shapes[node] = shape(self.graph.nodes[node], manner.level, 2, 0)
        longest = max(made.width for made in self._shapes.values())
        self.width = max(back.width, self._column(0) + 2 + longest)
        shown = any(
            self.graph.edges[edge].a.shown or self.graph.edges[edge].b.shown
            for edge, _ in self.teeth
        )
        self._lead = int(manner.roomy or shown or not manner.tight)
        self.height = self._lead + len(self.teeth)

    def _column(self, index: int) -> int:
        """Column of a tooth's port, from the left: the first row's is the last one."""
        return 1 + self._gap * (len(self.teeth) - 1 - index)

    def draw(
        self, boxes: dict[int, Box], ways: dict[int, list[tuple[int, int]]]
    ) -> None:
        """Put chips and lines below the node."""
        back = boxes[self.back]
        right = back.x + self._column(0) + 2
        for index, (edge, node) in enumerate(self.teeth):
            x, y = back.x + self._column(index), back.bottom + self._lead + index
            boxes[node] = Box(right, y, self._shapes[node])
            way = [(x, back.bottom), (x, y), (right - 1, y)]
            if self.graph.edges[edge].a.node != self.back:
                way.reverse()
            ways[edge] = way


def _is_plain(graph: Graph, vertex: int) -> bool:
    """Whether it is a chip of one row."""
    return vertex < len(graph.nodes) and not graph.nodes[vertex].cells


def fold(graph: Graph, layers: Layers) -> tuple[Layers, dict[int, Comb]]:
    """Take hosts out of their rows where a node has nothing but hosts below it.

    Returns:
        What is left, and the combs by the node they hang from.
    """
    lines = Counter(v for hop in layers.hops for v in (hop.upper, hop.lower))
    fixed = {v for f in layers.flats for v in (f.left, f.right)} | set(graph.pins)
    below: dict[int, list[Hop]] = {}
    for hop in layers.hops:
        below.setdefault(hop.upper, []).append(hop)
    fixed |= set(graph.parents.values())
    place = {v: i for row in layers.rows for i, v in enumerate(row)}
    combs = {}
    for node, hops in below.items():
        if len(hops) < FEWEST or node >= len(graph.nodes) or node in fixed:
            continue
        if any(
            lines[hop.lower] > 1
            or hop.lower in fixed
            or not _is_plain(graph, hop.lower)
            for hop in hops
        ):
            continue
        hops.sort(key=lambda hop: place[hop.lower])
        combs[node] = Comb(graph, node, [(hop.edge, hop.lower) for hop in hops])
    gone = {v for comb in combs.values() for _, v in comb.teeth}
    rows = [[v for v in row if v not in gone] for row in layers.rows]
    while len(rows) > 1 and not rows[-1]:
        rows.pop()
    left = [hop for hop in layers.hops if hop.lower not in gone]
    return replace(layers, rows=rows, hops=left), combs
