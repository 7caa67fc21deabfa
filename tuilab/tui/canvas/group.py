"""What of a graph is drawn inside what, and what is folded.

What hangs from the bridges of a namespace alone is drawn in the box of that namespace.
Many leaves of one node become one grid of cells; a box can be closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from tuilab.model.topology import HOST
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.graph import Cell, Edge, End, Fold, Graph, Health, Item, Node
from tuilab.tui.canvas.layers import Segment
from tuilab.tui.canvas.rank import components

FEWEST = 2
"""Fewer leaves than these are no group."""

TELLING = ("down", "missing", "no-carrier", "drift", "outside", "pending", "foreign")
"""What of the things inside is told outside, the worst first."""


def group(graph: Graph, choices: Choices) -> Graph:
    """Put things into boxes, and fold what is to be folded.

    Args:
        graph: From `build`.
        choices: What a person wants folded or unfolded.
    """
    return _Grouper(graph, choices).run()


def grid_of(hub: Item) -> Item:
    """The grid that the leaves of a node are folded into."""
    return Item("grid", hub.namespace, hub.ifname)


class _Grouper:
    """Nests and folds one graph."""

    def __init__(self, graph: Graph, choices: Choices) -> None:
        self.graph = graph
        self.choices = choices
        self.parents = dict(graph.parents)
        self.folds: dict[Item, Fold] = {}
        self.hidden: dict[Item, Item] = {}
        self.closed: dict[int, list[int]] = {}
        """Nodes inside a folded namespace, by node."""
        self.lines: list[Edge | None] = []
        self.grids: dict[int, list[int]] = {}
        """Edges to the leaves that are folded, by node."""

    def run(self) -> Graph:
        """The graph with everything in its place."""
        self._draw_in()
        self._close()
        for hub, edges in self._leaves().items():
            item = self.graph.nodes[hub].item
            key = grid_of(item)
            folded = self.choices.folds.get(key, len(edges) > self.choices.most)
            fold = Fold(key, folded)
            self.folds.setdefault(item, fold)
            self.folds[key] = fold
            for edge in edges:
                self.folds[self.graph.nodes[self._leaf(edge, hub).node].item] = fold
            if folded:
                self.grids[hub] = edges
        return self._rebuilt()

    # -- what is inside ----------------------------------------------------------------

    def _draw_in(self) -> None:
        """Put into a box what hangs from its bridges alone, if it is no mere switch."""
        graph = self.graph
        free = [
            index
            for index, node in enumerate(graph.nodes)
            if index not in self.parents
            and index not in self.parents.values()
            and node.item.kind in ("namespace", "tap")
            and node.item.namespace != HOST
        ]
        among = set(free)
        homes: dict[int, set[int | None]] = {index: set() for index in free}
        inner = []
        for number, edge in enumerate(graph.edges):
            for near, far in (
                (edge.a.node, edge.b.node),
                (edge.b.node, edge.a.node),
            ):
                if near in among and far not in among:
                    homes[near].add(graph.parents.get(far))
            if edge.a.node in among and edge.b.node in among:
                inner.append(Segment(number, edge.a.node, edge.b.node))
        for part in components(free, inner):
            around = set().union(*(homes[index] for index in part))
            home = around.pop() if len(around) == 1 else None
            if home is not None and self._is_host(home):
                self.parents.update(dict.fromkeys(part, home))

    def _is_host(self, box: int) -> bool:
        """Whether a namespace is no mere switch: it can talk to what hangs on it."""
        nodes = self.graph.nodes
        return bool(nodes[box].interfaces) or any(
            nodes[inner].addresses
            for inner, parent in self.graph.parents.items()
            if parent == box
        )

    def _close(self) -> None:
        """Fold the boxes that are to be folded."""
        inside: dict[int, list[int]] = {}
        for inner, box in self.parents.items():
            inside.setdefault(box, []).append(inner)
        for box, inner_nodes in inside.items():
            item = self.graph.nodes[box].item
            folded = self.choices.folds.get(item, False)
            self.folds[item] = Fold(item, folded)
            if folded:
                self.closed[box] = inner_nodes
                for inner in inner_nodes:
                    node = self.graph.nodes[inner]
                    self.hidden[node.item] = item
                    for interface in node.interfaces:
                        self.hidden[interface.item] = item

    def _shown(self, node: int) -> int:
        """The node that is drawn for a node."""
        box = self.parents.get(node)
        return node if box is None or box not in self.closed else box

    def _lines(self) -> list[Edge | None]:
        """Every edge between what is shown for its ends; None inside a folded box."""
        lines: list[Edge | None] = []
        for edge in self.graph.edges:
            a, b = self._shown(edge.a.node), self._shown(edge.b.node)
            if (a, b) == (edge.a.node, edge.b.node):
                lines.append(edge)
            elif a == b:
                lines.append(None)
                box = self.graph.nodes[a].item
                for item in (edge.item, edge.a.port, edge.b.port):
                    self.hidden[item] = box
            else:
                lines.append(_between(edge, a, b))
        return lines

    # -- grids -------------------------------------------------------------------------

    def _leaves(self) -> dict[int, list[int]]:
        """Edges to what hangs on nothing else, by the node it hangs from."""
        self.lines = self._lines()
        count = Counter(
            node for edge in self.lines if edge for node in (edge.a.node, edge.b.node)
        )
        boxes = set(self.parents.values())

        def hangs(node: int) -> bool:
            item = self.graph.nodes[node].item
            leaf = item.kind == "tap" or (
                item.kind == "namespace" and item.namespace != HOST
            )
            plain = node not in self.graph.pins and node not in boxes
            return leaf and plain and count[node] == 1

        found: dict[int, list[int]] = {}
        for index, edge in enumerate(self.lines):
            if edge is None:
                continue
            for hub, leaf in (
                (edge.a.node, edge.b.node),
                (edge.b.node, edge.a.node),
            ):
                if hangs(leaf) and count[hub] > 1:
                    found.setdefault(hub, []).append(index)
        return {hub: some for hub, some in found.items() if len(some) >= FEWEST}

    def _line(self, index: int) -> Edge:
        edge = self.lines[index]
        assert edge is not None
        return edge

    def _leaf(self, index: int, hub: int) -> End:
        edge = self._line(index)
        return edge.b if edge.a.node == hub else edge.a

    def _rebuilt(self) -> Graph:
        """The graph without what is folded, and with the grids."""
        cut = {edge for edges in self.grids.values() for edge in edges}
        gone = {node for nodes in self.closed.values() for node in nodes}
        gone |= {
            self._leaf(edge, hub).node
            for hub, edges in self.grids.items()
            for edge in edges
        }
        number: dict[int, int] = {}
        nodes: list[Node] = []
        trunks: list[Edge] = []
        homes: dict[int, int] = {}
        pins: dict[int, tuple[int, int]] = {}
        for index, node in enumerate(self.graph.nodes):
            if index in gone:
                continue
            number[index] = len(nodes)
            nodes.append(self._closed(index) if index in self.closed else node)
            if index in self.parents:
                homes[number[index]] = self.parents[index]
            if index in self.graph.pins:
                pins[number[index]] = self.graph.pins[index]
            if edges := self.grids.get(index):
                trunks.append(self._trunk(len(nodes) - 1, len(nodes), index, edges))
                leaf = self._leaf(edges[0], index).node
                if leaf in self.parents:
                    homes[len(nodes)] = self.parents[leaf]
                if index in self.graph.grids:
                    pins[len(nodes)] = self.graph.grids[index]
                nodes.append(self._grid(index, edges))
        lines = [
            _between(edge, number[edge.a.node], number[edge.b.node])
            for index, edge in enumerate(self.lines)
            if edge is not None and index not in cut
        ]
        return Graph(
            tuple(nodes),
            (*lines, *trunks),
            {node: number[home] for node, home in homes.items()},
            pins,
            folds=self.folds,
            hidden=self.hidden,
        )

    def _closed(self, box: int) -> Node:
        """A folded namespace: how many things are inside, and how they are."""
        node, inside = self.graph.nodes[box], self.closed[box]
        states: list[tuple[str, str]] = []
        for inner in inside:
            other = self.graph.nodes[inner]
            states.append((other.health, other.mark))
        for index, edge in enumerate(self.lines):
            if edge is None and self._shown(self.graph.edges[index].a.node) == box:
                there = self.graph.edges[index]
                states += [(end.health, end.mark) for end in (there.a, there.b)]
        return replace(
            node, label=f"{node.label} (+{len(inside)})", census=census(states)
        )

    def _grid(self, hub: int, edges: list[int]) -> Node:
        cells = []
        for index in edges:
            end = self._leaf(index, hub)
            edge, leaf = self._line(index), self.graph.nodes[end.node]
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
        alive = any(self._line(index).alive for index in edges)
        item = grid_of(self.graph.nodes[old].item)
        health: Health = "up" if alive else "no-carrier"
        return Edge(item, "trunk", End(hub, item, health), End(grid, item, health))


def _between(edge: Edge, a: int, b: int) -> Edge:
    """An edge between other nodes."""
    if (a, b) == (edge.a.node, edge.b.node):
        return edge
    return replace(edge, a=replace(edge.a, node=a), b=replace(edge.b, node=b))


def census(states: Iterable[tuple[str, str]]) -> tuple[tuple[str, int], ...]:
    """How many of the things inside are otherwise than up and as wished."""
    count: Mapping[str, int] = Counter(
        word for state in states for word in dict.fromkeys(state)
    )
    return tuple((word, count[word]) for word in TELLING if count.get(word))
