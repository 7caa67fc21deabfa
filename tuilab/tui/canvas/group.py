"""What of a graph is folded: many leaves of one node become one grid of cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from tuilab.model.topology import HOST
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.graph import Cell, Edge, End, Fold, Graph, Health, Item, Node

FEWEST = 2
"""Fewer leaves than these are no group."""

TELLING = ("down", "missing", "no-carrier", "drift", "outside", "pending", "foreign")
"""What of the things inside is told outside, the worst first."""


def group(graph: Graph, choices: Choices) -> Graph:
    """Fold what is to be folded.

    Args:
        graph: From `build`.
        choices: What a person wants folded or unfolded.
    """
    return _Grouper(graph, choices).run()


def grid_of(hub: Item) -> Item:
    """The grid that the leaves of a node are folded into."""
    return Item("grid", hub.namespace, hub.ifname)


class _Grouper:
    """Folds one graph."""

    def __init__(self, graph: Graph, choices: Choices) -> None:
        self.graph = graph
        self.choices = choices
        self.folds: dict[Item, Fold] = {}
        self.hidden: dict[Item, Item] = {}
        self.grids: dict[int, list[int]] = {}
        """Edges to the leaves that are folded, by node."""

    def run(self) -> Graph:
        """The graph with grids in the place of leaves."""
        for hub, edges in self._leaves().items():
            item = self.graph.nodes[hub].item
            key = grid_of(item)
            folded = self.choices.folds.get(key, len(edges) > self.choices.most)
            fold = Fold(key, folded)
            self.folds[item] = self.folds[key] = fold
            for edge in edges:
                self.folds[self.graph.nodes[self._leaf(edge, hub).node].item] = fold
            if folded:
                self.grids[hub] = edges
        return self._rebuilt()

    def _leaves(self) -> dict[int, list[int]]:
        """Edges to what hangs on nothing else, by the node it hangs from."""
        lines = Counter(
            node for edge in self.graph.edges for node in (edge.a.node, edge.b.node)
        )

        def hangs(node: int) -> bool:
            item = self.graph.nodes[node].item
            leaf = item.kind == "tap" or (
                item.kind == "namespace" and item.namespace != HOST
            )
            return leaf and lines[node] == 1 and node not in self.graph.pins

        found: dict[int, list[int]] = {}
        for index, edge in enumerate(self.graph.edges):
            for hub, leaf in (
                (edge.a.node, edge.b.node),
                (edge.b.node, edge.a.node),
            ):
                if hangs(leaf) and edge.kind in ("cable", "tap") and lines[hub] > 1:
                    found.setdefault(hub, []).append(index)
        return {hub: some for hub, some in found.items() if len(some) >= FEWEST}

    def _leaf(self, edge: int, hub: int) -> End:
        line = self.graph.edges[edge]
        return line.b if line.a.node == hub else line.a

    def _rebuilt(self) -> Graph:
        """The graph without what is folded, and with the grids."""
        gone = {
            self._leaf(edge, hub).node
            for hub, edges in self.grids.items()
            for edge in edges
        }
        cut = {edge for edges in self.grids.values() for edge in edges}
        number: dict[int, int] = {}
        nodes: list[Node] = []
        trunks: list[Edge] = []
        for index, node in enumerate(self.graph.nodes):
            if index in gone:
                continue
            number[index] = len(nodes)
            nodes.append(node)
            if edges := self.grids.get(index):
                trunks.append(self._trunk(len(nodes) - 1, len(nodes), index, edges))
                nodes.append(self._grid(index, edges))
        lines = [
            replace(
                edge,
                a=replace(edge.a, node=number[edge.a.node]),
                b=replace(edge.b, node=number[edge.b.node]),
            )
            for index, edge in enumerate(self.graph.edges)
            if index not in cut
        ]
        return Graph(
            tuple(nodes),
            (*lines, *trunks),
            {number[node]: place for node, place in self.graph.pins.items()},
            self.folds,
            self.hidden,
        )

    def _grid(self, hub: int, edges: list[int]) -> Node:
        cells = []
        for index in edges:
            end = self._leaf(index, hub)
            edge, leaf = self.graph.edges[index], self.graph.nodes[end.node]
            cells.append(
                Cell(
                    leaf.item,
                    leaf.label,
                    end.port,
                    end.health,
                    leaf.mark or end.mark,
                    tuple(cidr for i in leaf.interfaces for cidr in i.addresses),
                )
            )
            other = edge.a if end is edge.b else edge.b
            self.hidden[edge.item] = self.hidden[other.port] = leaf.item
            for interface in leaf.interfaces:
                self.hidden[interface.item] = leaf.item
        kinds = {cell.item.kind for cell in cells}
        noun = {"namespace": "hosts", "tap": "taps"}[kinds.pop()]
        return Node(
            grid_of(self.graph.nodes[hub].item),
            f"{len(cells)} {noun if not kinds else 'ends'}",
            cells=tuple(cells),
            census=census((cell.health, cell.mark) for cell in cells),
        )

    def _trunk(self, hub: int, grid: int, old: int, edges: list[int]) -> Edge:
        """One line for all cables; dead when all of them are."""
        alive = any(self.graph.edges[index].alive for index in edges)
        item = grid_of(self.graph.nodes[old].item)
        health: Health = "up" if alive else "no-carrier"
        return Edge(item, "trunk", End(hub, item, health), End(grid, item, health))


def census(states: Iterable[tuple[str, str]]) -> tuple[tuple[str, int], ...]:
    """How many of the things inside are otherwise than up and as wished."""
    count: Mapping[str, int] = Counter(
        word for state in states for word in dict.fromkeys(state)
    )
    return tuple((word, count[word]) for word in TELLING if count.get(word))
