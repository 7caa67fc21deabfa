"""A drawing of which only states have changed: everything stands where it stood."""

from __future__ import annotations

from dataclasses import replace

from tuilab.tui.canvas.boxes import is_chip, told_again
from tuilab.tui.canvas.graph import End, Graph, Node
from tuilab.tui.canvas.scene import Box, Manner, Scene


def skeleton(graph: Graph, manner: Manner) -> object:
    """What of a graph decides where things stand; comparable.

    Args:
        graph: From `group`.
        manner: How it is drawn: a tight one spends a row more where a state must be
            shown beside a chip.
    """
    tight = manner.tight or manner.combs

    def end(one: End) -> object:
        chip = is_chip(graph.nodes[one.node], manner.level)
        return one.node, one.port, one.vlans, tight and chip and one.shown

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
    """Whether a graph would stand just as the one of a scene does."""
    return skeleton(scene.graph, scene.manner) == skeleton(graph, scene.manner)


def again(scene: Scene, graph: Graph) -> Scene:
    """The same scene with other states."""
    boxes = {
        number: Box(box.x, box.y, told_again(box.shape, graph.nodes[number]))
        for number, box in scene.boxes.items()
    }
    return replace(scene, graph=graph, boxes=boxes)
