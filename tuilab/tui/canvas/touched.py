"""What of a scene looks otherwise than when it was drawn last."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from tuilab.tui.canvas.activity import Activity
from tuilab.tui.canvas.graph import End, Graph, Item, Node
from tuilab.tui.canvas.paper import EDGE, NODE, Index, Kept, Parts, Ref
from tuilab.tui.canvas.scene import Scene


def indexed(scene: Scene) -> Index:
    """Where everything of a scene is drawn."""
    graph = scene.graph
    parts: dict[Item, list[Ref]] = defaultdict(list)
    ends: dict[tuple[str, str | None], list[Ref]] = defaultdict(list)
    edges: dict[int, set[int]] = defaultdict(set)

    def tell(item: Item, *refs: Ref) -> None:
        """What an item's look and its link's flow are told by."""
        parts[item] += refs
        ends[item.namespace, item.ifname] += refs

    for number, box in scene.boxes.items():
        node = graph.nodes[number]
        parts[node.item].append((number, NODE))
        for line in box.shape.lines:
            parts[line.item].append((number, NODE))
        for index, cell in enumerate(node.cells):
            parts[cell.item].append((number, index))
            tell(cell.port, (number, index))
    for number in scene.ways:
        edge = graph.edges[number]
        parts[edge.item].append((number, EDGE))
        for end in (edge.a, edge.b):
            edges[end.node].add(number)
            if scene.boxes[end.node].shape.bare:
                tell(end.port, (number, EDGE), (end.node, NODE))
            else:
                tell(end.port, (number, EDGE))
        if edge.kind == "trunk":
            for cell in graph.nodes[edge.b.node].cells:
                tell(cell.port, (number, EDGE))
    return Index(dict(parts), dict(ends), dict(edges))


def differing(
    kept: Kept,
    graph: Graph,
    selected: frozenset[Item],
    marked: Item | None,
    activity: Activity,
) -> Parts:
    """What of a drawing is to look otherwise.

    Args:
        kept: The drawing.
        graph: The states as they are now, of things that stand where they stood.
        selected: What is selected now.
        marked: What is marked now.
        activity: What flows now.
    """
    found = Parts()
    changed = set(kept.selected ^ selected)
    if marked != kept.marked:
        changed |= {item for item in (marked, kept.marked) if item is not None}
    for item in changed:
        found.add(kept.where.parts.get(item, ()))
    if activity is not kept.activity:
        for end in {*activity, *kept.activity}:
            if activity.get(end) != kept.activity.get(end):
                found.add(kept.where.ends.get((end.namespace, end.ifname), ()))
    if graph is not kept.graph:
        _add_states(found, kept, graph)
    return found


def _add_states(found: Parts, kept: Kept, graph: Graph) -> None:
    """What is in another state."""
    nodes = zip(kept.graph.nodes, graph.nodes, strict=True)
    for number, (was, now) in enumerate(nodes):
        if was == now:
            continue
        pairs = zip(was.cells, now.cells, strict=True)
        found.cells |= {(number, i) for i, (a, b) in enumerate(pairs) if a != b}
        if not now.cells or _without_cells(was) != _without_cells(now):
            found.nodes.add(number)
    for number, (one, other) in enumerate(
        zip(kept.graph.edges, graph.edges, strict=True)
    ):
        if one != other:
            found.edges.add(number)
            ends: tuple[End, ...] = (other.a, other.b)
            found.nodes |= {end.node for end in ends}


def _without_cells(node: Node) -> Node:
    return replace(node, cells=())
