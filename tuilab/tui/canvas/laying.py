"""From a snapshot to a scene, without a widget: that may run beside the loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tuilab.lab.snapshot import Snapshot
from tuilab.model.places import Slot
from tuilab.model.topology import LO
from tuilab.tui.canvas.activity import Activity
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.drawing import Drawing
from tuilab.tui.canvas.glyphs import ASCII, UNICODE
from tuilab.tui.canvas.graph import Graph, Item
from tuilab.tui.canvas.group import grid_of
from tuilab.tui.canvas.layers import Memory
from tuilab.tui.canvas.layout import Wish, compose
from tuilab.tui.canvas.minimap import dots, map_size
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.scene import Scene

LARGE = 150
"""Nodes and lines together; laying out so many takes longer than keys may wait."""
DENSE = 5
"""The same, lines for each node."""
MANY = 100
"""Things that look otherwise; to draw so many takes longer than keys may wait."""


def is_large(graph: Graph, snapshot: Snapshot | None) -> bool:
    """Whether laying a lab out takes longer than keys may wait.

    Args:
        graph: The lab as it is drawn; empty before it is for the first time.
        snapshot: The lab.
    """
    sizes = [(len(graph.nodes), len(graph.edges))]
    if snapshot is not None:
        # What is there by now may be much larger than what is drawn.
        for known in (snapshot.topology.namespaces, snapshot.observed.namespaces):
            links = sum(len(it.links) - (LO in it.links) for it in known.values())
            sizes.append((len(known), links // 2))
    nodes, edges = sizes[0] if graph.nodes else max(sizes)
    return max(map(sum, sizes)) > LARGE or edges > DENSE * nodes


def with_pins(graph: Graph, held: Mapping[Item, Slot]) -> Graph:
    """A graph with some nodes held elsewhere."""
    if not held:
        return graph
    pins = {
        number: held[node.item]
        for number, node in enumerate(graph.nodes)
        if node.item in held
    }
    grids = {
        number: held[grid]
        for number, node in enumerate(graph.nodes)
        if (grid := grid_of(node.item)) in held
    }
    return replace(graph, pins={**graph.pins, **pins}, grids={**graph.grids, **grids})


@dataclass(frozen=True, slots=True)
class Look:
    """What of a drawing may change while everything stands where it stood.

    Attributes:
        chosen: Shown as selected.
        marked: Shown as the first end of a cable to be made.
        flows: What flows through the links.
        ascii_only: Use plain signs.
    """

    chosen: frozenset[Item] = frozenset()
    marked: Item | None = None
    flows: Activity = field(default_factory=dict)
    ascii_only: bool = False

    def drawn(self, scene: Scene) -> Drawing:
        """A scene with this look; may run beside the loop."""
        glyphs = ASCII if self.ascii_only else UNICODE
        return draw(scene, glyphs, self.chosen, self.marked, self.flows)

    def is_another(self, scene: Scene) -> bool:
        """Whether to draw a scene so takes longer than keys may wait."""
        kept = scene.kept
        if kept is None:
            return False  # a small one, or it had been drawn where it was laid out
        count = len(kept.selected ^ self.chosen)
        if kept.activity is not self.flows:
            count += len(kept.activity) + len(self.flows)
        return count > MANY


def laid(
    snapshot: Snapshot,
    held: Mapping[Item, Slot],
    wish: Wish,
    before: Scene,
    look: Look,
    known: Graph,
    memory: Memory,
) -> tuple[Graph, Scene]:
    """The graph of a lab and its scene; may run beside the loop.

    Args:
        snapshot: The lab.
        held: What is carried about.
        wish: How it is to be drawn.
        before: The scene before.
        look: How that looks.
        known: The graph before; where it is the same, it is given back.
        memory: What is to keep its order.
    """
    graph = build(snapshot)
    if graph == known:
        graph = known
    scene = compose(with_pins(graph, held), wish, memory, before)
    # What costs most of a drawing is kept with its scene; later it is touched up.
    drawing = look.drawn(scene)
    size = map_size(wish.width, wish.height)
    beyond = drawing.width > wish.width or drawing.height > wish.height
    if beyond and size not in scene.dots:
        scene.dots[size] = dots(drawing, *size, ascii_only=look.ascii_only)
    return graph, scene


def only_counted(before: Snapshot, after: Snapshot) -> bool:
    """Whether nothing that is drawn can have changed but what flows."""
    same = before.topology is after.topology and before.observed is after.observed
    if not same or (before.foreign, before.drift, before.pending) != (
        after.foreign,
        after.drift,
        after.pending,
    ):
        return False
    one, other = before.live, after.live
    return one.keys() == other.keys() and all(
        other[end].operstate == live.operstate for end, live in one.items()
    )
