"""A graph in rows, region by region: all that is free, and what is inside each box.

Rows come from ranks: the distance to the nearest leaf, so that hosts are at the
bottom and no root has to be guessed. What is outside is ordered first, so that a box
knows where on its border each line has to come out.
"""

from __future__ import annotations

from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.layers import (
    Gate,
    Layers,
    Memory,
    Order,
    Segment,
    gate_of,
    ports,
)
from tuilab.tui.canvas.order import Arranger
from tuilab.tui.canvas.rank import components
from tuilab.tui.canvas.remember import remember, remember_folded


def arrange(
    graph: Graph, memory: Memory | None = None, shelves: int = 1, turns: int = 1
) -> Order:
    """Put a graph into rows.

    Args:
        graph: What is to be drawn.
        memory: From the picture before; what is in there keeps its order.
        shelves: Into how many rows to break what hangs side by side from one node.
            What is remembered then is the order without that: give it all of it.
        turns: By how many times rings and lines are to be less wide. They are turned
            like snakes; what is remembered is as with shelves.
    """
    return _Regions(graph, memory or {}, shelves, turns).run()


class _Regions:
    """Arranges the outer region, then what is inside its boxes."""

    def __init__(self, graph: Graph, memory: Memory, shelves: int, turns: int) -> None:
        self.shelves = shelves
        self.turns = turns
        self.graph = graph
        self.memory = memory
        self.children: dict[int, list[int]] = {}
        for node, parent in graph.parents.items():
            self.children.setdefault(parent, []).append(node)
        self.outer: list[Segment] = []
        self.inner: dict[int, list[Segment]] = {box: [] for box in self.children}
        self.leaving: dict[Gate, int] = {}
        """Where the line of a gate comes from inside its box, if from anything."""
        self.inward: dict[int, list[Gate]] = {box: [] for box in self.children}
        self._share()
        self.arrangers = {
            box: Arranger(
                graph, nodes, self.inner[box], memory, graph.nodes[box].item, shelves
            )
            for box, nodes in self.children.items()
        }

    def _share(self) -> None:
        """Cut every edge at the borders it crosses."""
        parents = self.graph.parents
        for index, edge in enumerate(self.graph.edges):
            ends = edge.a.node, edge.b.node
            homes = parents.get(ends[0]), parents.get(ends[1])
            if homes[0] == homes[1]:
                segment = Segment(index, *ends)
                (self.outer if homes[0] is None else self.inner[homes[0]]).append(
                    segment
                )
            elif ends[0] == homes[1] or ends[1] == homes[0]:
                border = int(ends[1] == homes[0])
                gate = Gate(index, border)
                self.inward[ends[border]].append(gate)
                self.leaving[gate] = ends[1 - border]
            else:
                tops = [
                    end if home is None else home
                    for end, home in zip(ends, homes, strict=True)
                ]
                self.outer.append(Segment(index, *tops))
                for at, home in enumerate(homes):
                    if home is not None:
                        self.leaving[Gate(index, at)] = ends[at]

    def run(self) -> Order:
        """All regions."""
        graph = self.graph
        free = [node for node in range(len(graph.nodes)) if node not in graph.parents]
        members = components(free, self.outer)
        part_of = {node: i for i, part in enumerate(members) for node in part}
        segments: list[list[Segment]] = [[] for _ in members]
        for segment in self.outer:
            segments[part_of[segment.a]].append(segment)
        parts, sizes = [], []
        for nodes, some in zip(members, segments, strict=True):
            arranger = Arranger(
                graph, nodes, some, self.memory, shelves=self.shelves, turns=self.turns
            )
            parts.append((arranger.key(), arranger.run()))
            sizes.append((len(nodes), arranger.chain is not None))
        parts.sort(key=lambda part: part[0])
        chained = max(sizes, default=(0, False))[1]
        layers = [part for _, part in parts]
        gates = self._gates(layers)
        for part in layers:
            self._open_sides(part)
        inner = {
            box: self._inside(box, *gates.get(box, ([], []))) for box in self.inner
        }
        if self.shelves > 1 or self.turns > 1:
            folded = self.shelves, self.turns
            # What is inside a box is never turned.
            rest = inner.values() if self.shelves > 1 else ()
            there = remember_folded(graph, [*layers, *rest], self.memory, self.shelves)
            return Order(layers, inner, there, chained, *folded)
        places = remember(graph, layers, None, self.memory)
        for box, some_layers in inner.items():
            home = graph.nodes[box].item
            places.update(remember(graph, [some_layers], home, self.memory))
        return Order(layers, inner, {**self.memory, **places}, chained)

    def _gates(self, parts: list[Layers]) -> dict[int, tuple[list[Gate], list[Gate]]]:
        """The lines at every box from left to right, above and below it."""
        found: dict[int, tuple[list[Gate], list[Gate]]] = {}
        for layers in parts if self.inner else ():
            layers.beside = self._beside(layers)
            arcs = [
                number
                for number, flat in enumerate(layers.flats)
                if flat.left in self.inner or flat.right in self.inner
                if number not in layers.beside
            ]
            for (vertex, south), some in ports(layers, arcs).items():
                if vertex in self.inner:
                    found_gates = (gate_of(layers, vertex, port) for port in some)
                    gates = [gate for gate in found_gates if gate is not None]
                    found.setdefault(vertex, ([], []))[south].extend(gates)
        return found

    def _beside(self, layers: Layers) -> frozenset[int]:
        """One line from each box to the next in its row, if it ends at both."""
        at = {v: i for row in layers.rows for i, v in enumerate(row)}
        found: dict[tuple[int, ...], int] = {}
        for number, flat in enumerate(layers.flats):
            pair = tuple(sorted((flat.left, flat.right)))
            near = abs(at[flat.left] - at[flat.right]) == 1
            if not near or self.inner.keys().isdisjoint(pair):
                continue
            if all(self._reaches_side(Gate(flat.edge, end)) for end in (0, 1)):
                found.setdefault(pair, number)
        return frozenset(found.values())

    def _reaches_side(self, gate: Gate) -> bool:
        """Whether nothing is between a line's end and the sides of the box around."""
        node = self.leaving.get(gate)
        box = None if node is None else self.graph.parents.get(node)
        if node is None or box is None:
            return True
        rank = self.arrangers[box].rank
        return all(rank[other] != rank[node] for other in rank if other != node)

    def _open_sides(self, layers: Layers) -> None:
        """Tell boxes of the lines that go out at their sides."""
        at = {v: i for row in layers.rows for i, v in enumerate(row)}
        for number in layers.beside:
            flat = layers.flats[number]
            for end, box in enumerate(layers.ends[flat.edge]):
                gate = Gate(flat.edge, end)
                if box in self.inner and gate in self.leaving:
                    east = at[box] < max(at[flat.left], at[flat.right])
                    inside = self.arrangers[box].layers
                    inside.sides[gate] = self.leaving[gate], east

    def _inside(self, box: int, north: list[Gate], south: list[Gate]) -> Layers:
        """What is inside a box, in rows."""
        arranger, segments = self.arrangers[box], self.inner[box]
        numbers = arranger.add_gates([*north, *self.inward[box]], south)
        for gate, number in numbers.items():
            node = self.leaving.get(gate)
            if node is not None:
                ends = (number, node) if gate in self.inward[box] else (node, number)
                segments.append(
                    Segment(gate.edge, *(ends if gate.end == 0 else ends[::-1]))
                )
        return arranger.run()
