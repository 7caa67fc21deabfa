"""From a snapshot to a scene, without a widget: that may run beside the loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tuilab.lab.snapshot import Snapshot
from tuilab.model.places import Slot
from tuilab.model.topology import LO
from tuilab.tui.canvas.activity import Activity
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.glyphs import ASCII, UNICODE
from tuilab.tui.canvas.graph import Graph, Item
from tuilab.tui.canvas.group import grid_of
from tuilab.tui.canvas.layers import Memory
from tuilab.tui.canvas.layout import Wish, compose
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.scene import Scene

LARGE = 150
"""Nodes and lines together; laying out so many takes longer than keys may wait."""
DENSE = 5
"""The same, lines for each node."""


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


def laid(
    snapshot: Snapshot,
    held: Mapping[Item, Slot],
    wish: Wish,
    memory: Memory,
    before: Scene,
    flows: Activity,
    chosen: frozenset[Item] = frozenset(),
    marked: Item | None = None,
) -> tuple[Graph, Scene]:
    """The graph of a lab and its scene; may run beside the loop."""
    graph = build(snapshot)
    scene = compose(with_pins(graph, held), wish, memory, before)
    # What costs most of a drawing is kept with its scene; later it is touched up.
    draw(scene, ASCII if wish.roomy else UNICODE, chosen, marked, flows)
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
