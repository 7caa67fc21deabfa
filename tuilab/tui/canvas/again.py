"""A drawing of which only states have changed: everything stands where it stood."""

from __future__ import annotations

from dataclasses import replace

from tuilab.tui.canvas.boxes import shows_state, told_again
from tuilab.tui.canvas.graph import End, Graph, Node
from tuilab.tui.canvas.scene import Box, Scene


def skeleton(graph: Graph) -> object:
    """What of a graph decides where things stand, whatever their states; comparable.

    Args:
        graph: From `group`.
    """

    def end(one: End) -> object:
        return one.node, one.port, one.vlans

    return (
        [_body(node) for node in graph.nodes],
        [(edge.item, edge.kind, end(edge.a), end(edge.b)) for edge in graph.edges],
        graph.parents,
        graph.pins,
        graph.folds,
        graph.hidden,
    )


def _body(node: Node) -> object:
    return (
        node.item,
        node.label,
        node.forwards,
        node.addresses,
        [(it.item, it.addresses) for it in node.interfaces],
        [(cell.item, cell.label, cell.port, cell.addresses) for cell in node.cells],
        [len(str(count)) for _, count in node.census],
    )


def same(scene: Scene, graph: Graph) -> bool:
    """Whether a graph would stand just as the one of a scene does.

    A tight drawing spends a row more where a state must be shown beside a chip.
    """
    if skeleton(scene.graph) != skeleton(graph):
        return False
    return not scene.manner.tight or all(
        shows_state(scene.graph, lines, scene.level)
        == shows_state(graph, lines, scene.level)
        for lines in scene.together
    )


def again(scene: Scene, graph: Graph) -> Scene:
    """The same scene with other states."""
    boxes = {
        number: Box(box.x, box.y, told_again(box.shape, graph.nodes[number]))
        for number, box in scene.boxes.items()
    }
    return replace(scene, graph=graph, boxes=boxes)
