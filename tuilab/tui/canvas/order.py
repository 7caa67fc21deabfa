"""Who stands in which row, and who stands left of whom.

Rows come from ranks: the distance to the nearest leaf, so that hosts are at the
bottom and no root has to be guessed. The order within a row minimises crossings, but
what has been drawn before keeps its order: only what is new is put in its best place.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tuilab.model.topology import HOST
from tuilab.tui.canvas.graph import Edge, Graph, Item

SWEEPS = 10
SWAP_LIMIT = 400
"""Beyond so many hops a component is not polished by swapping neighbours."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node was drawn, as far as it matters for keeping the order.

    Attributes:
        rank: Row, counted from the leaves.
        key: Position among all nodes, from the left; any scale.
        joined: Whether anything was connected to it.
    """

    rank: int
    key: float
    joined: bool


Memory = Mapping[Item, Place]


@dataclass(slots=True)
class Hop:
    """A piece of an edge between two neighbouring rows."""

    edge: int
    upper: int
    lower: int


@dataclass(slots=True)
class Flat:
    """An edge between two vertices of one row, maybe the same one."""

    edge: int
    left: int
    right: int


@dataclass(slots=True)
class Layers:
    """One connected part of the graph, in rows.

    A vertex is the index of a node, or a larger number where a long edge passes
    through a row.

    Attributes:
        rows: Vertices from left to right, rows from top to bottom.
        hops: Edges between rows, cut at every row they pass.
        flats: Edges within a row.
        top: Rank of the first row.
    """

    rows: list[list[int]] = field(default_factory=list)
    hops: list[Hop] = field(default_factory=list)
    flats: list[Flat] = field(default_factory=list)
    top: int = 0


@dataclass(slots=True)
class Order:
    """The whole graph in rows.

    Attributes:
        parts: Connected parts from left to right, those of one node last.
        memory: To be given to the next `arrange`.
    """

    parts: list[Layers]
    memory: dict[Item, Place]


def arrange(graph: Graph, memory: Memory | None = None) -> Order:
    """Put a graph into rows.

    Args:
        graph: What is to be drawn.
        memory: From the picture before; what is in there keeps its order.
    """
    memory = memory or {}
    members = _components(len(graph.nodes), graph.edges, one=bool(graph.pins))
    edges_of: list[list[int]] = [[] for _ in members]
    part_of = {node: i for i, part in enumerate(members) for node in part}
    for index, edge in enumerate(graph.edges):
        edges_of[part_of[edge.a.node]].append(index)
    parts = []
    for nodes, edges in zip(members, edges_of, strict=True):
        arranger = _Arranger(graph, nodes, edges, memory)
        parts.append((arranger.key(), arranger.run()))
    parts.sort(key=lambda part: part[0])
    layers = [part for _, part in parts]
    return Order(layers, {**memory, **_remember(graph, layers)})


def _components(count: int, edges: Iterable[Edge], *, one: bool) -> list[list[int]]:
    if one:
        return [list(range(count))] if count else []
    boss = list(range(count))

    def find(node: int) -> int:
        while boss[node] != node:
            boss[node] = boss[boss[node]]
            node = boss[node]
        return node

    for edge in edges:
        a, b = sorted((find(edge.a.node), find(edge.b.node)))
        boss[b] = a
    groups: dict[int, list[int]] = {}
    for node in range(count):
        groups.setdefault(find(node), []).append(node)
    return list(groups.values())


def _remember(graph: Graph, parts: list[Layers]) -> dict[Item, Place]:
    out = {}
    base = 0.0
    for part in parts:
        width = max(len(row) for row in part.rows)
        joined = bool(part.hops or part.flats)
        for depth, row in enumerate(part.rows):
            step = width / max(1, len(row))
            for position, vertex in enumerate(row):
                if vertex < len(graph.nodes):
                    out[graph.nodes[vertex].item] = Place(
                        part.top - depth, base + (position + 0.5) * step, joined
                    )
        base += width
    return out


def ranks(graph: Graph, nodes: list[int], edges: list[int]) -> dict[int, int]:
    """Distance of each node to the nearest leaf of its part; taps hang one below."""
    near: dict[int, set[int]] = {node: set() for node in nodes}
    owners = set()
    hanging: dict[int, int] = {}
    for index in edges:
        edge = graph.edges[index]
        a, b = edge.a.node, edge.b.node
        if edge.kind == "tap":
            hanging[b] = a
        elif a != b:
            near[a].add(b)
            near[b].add(a)
        if edge.kind == "join":
            owners.add(a)
    solid = [node for node in nodes if node not in hanging]
    sources = _sources(graph, solid, near, owners)
    rank = dict.fromkeys(sources, 0)
    queue = deque(sources)
    while queue:
        node = queue.popleft()
        for other in sorted(near[node]):
            if other not in rank:
                rank[other] = rank[node] + 1
                queue.append(other)
    for node in solid:
        rank.setdefault(node, 0)
    for tap, node in hanging.items():
        rank[tap] = rank[node] - 1
    if graph.pins:
        top = max((row for _, row in graph.pins.values()), default=0)
        top = max(top, max(rank.values()))
        for node, (_, row) in graph.pins.items():
            rank[node] = top - row
    return rank


def _sources(
    graph: Graph, nodes: list[int], near: dict[int, set[int]], owners: set[int]
) -> list[int]:
    """The leaves: hosts at the end of one cable, or else what comes closest."""

    def ends(node: int) -> bool:
        item = graph.nodes[node].item
        inner = item.kind == "namespace" and item.namespace != HOST
        return inner or item.kind == "grid"

    hosts = [node for node in nodes if ends(node) and node not in owners]
    leaves = [node for node in hosts if len(near[node]) == 1]
    if leaves:
        return leaves
    for some in (hosts, [node for node in nodes if node not in owners], nodes):
        if some:
            least = min(len(near[node]) for node in some)
            return [node for node in some if len(near[node]) == least]
    return []


def _apart(distance: int) -> int:
    """What it costs that two joined nodes of a row are so many places apart."""
    return 0 if abs(distance) == 1 else 4 + abs(distance)


class _Arranger:
    """Puts one connected part into rows and orders them."""

    def __init__(
        self, graph: Graph, nodes: list[int], edges: list[int], memory: Memory
    ) -> None:
        self.graph = graph
        self.rank = ranks(graph, nodes, edges)
        self.layers = Layers(top=max(self.rank.values()))
        depth = self.layers.top - min(self.rank.values()) + 1
        self.layers.rows = [[] for _ in range(depth)]
        self.row_of = {n: self.layers.top - rank for n, rank in self.rank.items()}
        self.memory = memory
        self.nodes = nodes
        self._cut(edges)
        self.known: dict[int, float] = {}
        for node in nodes:
            place = memory.get(graph.nodes[node].item)
            if place and (place.rank, place.joined) == (self.rank[node], bool(edges)):
                self.known[node] = place.key
        self._index()

    def key(self) -> tuple[bool, float, int]:
        """Where this part goes among the others."""
        alone = len(self.nodes) == 1
        places = [
            place.key
            for node in self.nodes
            if (place := self.memory.get(self.graph.nodes[node].item))
        ]
        return alone, min(places, default=float("inf")), self.nodes[0]

    def _cut(self, edges: list[int]) -> None:
        vertex = len(self.graph.nodes)
        for index in edges:
            edge = self.graph.edges[index]
            upper, lower = edge.a.node, edge.b.node
            if self.row_of[upper] > self.row_of[lower]:
                upper, lower = lower, upper
            if self.row_of[upper] == self.row_of[lower]:
                self.layers.flats.append(Flat(index, upper, lower))
                continue
            at = upper
            for row in range(self.row_of[upper] + 1, self.row_of[lower]):
                self.row_of[vertex] = row
                self.layers.hops.append(Hop(index, at, vertex))
                at = vertex
                vertex += 1
            self.layers.hops.append(Hop(index, at, lower))

    def _index(self) -> None:
        """Neighbours by vertex and hops by channel, for speed."""
        self.up: dict[int, list[int]] = {v: [] for v in self.row_of}
        self.down: dict[int, list[int]] = {v: [] for v in self.row_of}
        self.beside: dict[int, list[int]] = {v: [] for v in self.row_of}
        self.channels: list[list[Hop]] = [[] for _ in self.layers.rows]
        self.flats: list[list[Flat]] = [[] for _ in self.layers.rows]
        for hop in self.layers.hops:
            self.down[hop.upper].append(hop.lower)
            self.up[hop.lower].append(hop.upper)
            self.channels[self.row_of[hop.upper]].append(hop)
        for flat in self.layers.flats:
            self.flats[self.row_of[flat.left]].append(flat)
            if flat.left != flat.right:
                self.beside[flat.left].append(flat.right)
                self.beside[flat.right].append(flat.left)

    def run(self) -> Layers:
        """The part, ordered."""
        rows = self.layers.rows
        if self.known:
            for vertex in sorted(self.known, key=lambda v: (self.known[v], v)):
                rows[self.row_of[vertex]].append(vertex)
            self._insert_new()
        else:
            for vertex in self._walk():
                rows[self.row_of[vertex]].append(vertex)
            self._hang()
            self._sweep()
        if len(self.layers.hops) + len(self.layers.flats) <= SWAP_LIMIT:
            self._swap()
        self._pin()
        return self.layers

    def _walk(self) -> list[int]:
        """All vertices, depth first from the top, rows kept as paths."""
        seen: dict[int, None] = {}

        def visit(start: int) -> None:
            stack = [start]
            while stack:
                vertex = stack.pop()
                if vertex in seen:
                    continue
                seen[vertex] = None
                ahead = [*self.beside[vertex], *self.down[vertex], *self.up[vertex]]
                stack.extend(v for v in reversed(ahead) if v not in seen)

        starts = sorted(
            self.row_of, key=lambda v: (self.row_of[v], len(self.beside[v]) != 1, v)
        )
        for vertex in starts:
            visit(vertex)
        return list(seen)

    # -- cost: crossings, and links within a row that are no neighbours -----------

    def _positions(self) -> dict[int, int]:
        return {v: i for row in self.layers.rows for i, v in enumerate(row)}

    def _channel_cost(self, row: int, at: dict[int, int]) -> int:
        """Crossings between a row and the one below."""
        pairs = sorted((at[hop.upper], at[hop.lower]) for hop in self.channels[row])
        seen: list[int] = []
        crossings = 0
        for _, lower in pairs:
            crossings += len(seen) - bisect_right(seen, lower)
            insort(seen, lower)
        return crossings

    def _flat_cost(self, row: int, at: dict[int, int]) -> int:
        return sum(
            _apart(at[flat.left] - at[flat.right])
            for flat in self.flats[row]
            if flat.left != flat.right
        )

    def _row_cost(self, row: int, at: dict[int, int]) -> int:
        """What the order of one row costs."""
        above = self._channel_cost(row - 1, at) if row else 0
        return above + self._channel_cost(row, at) + self._flat_cost(row, at)

    def _cost(self) -> int:
        at = self._positions()
        return sum(
            self._channel_cost(row, at) + self._flat_cost(row, at)
            for row in range(len(self.layers.rows))
        )

    # -- a new picture ------------------------------------------------------------

    def _sweep(self) -> None:
        """Barycentre sweeps; the best order wins, the first among equals."""
        best = [list(row) for row in self.layers.rows]
        least = self._cost()
        for turn in range(SWEEPS):
            if least == 0:
                break
            self._sort_rows(downwards=turn % 2 == 0)
            cost = self._cost()
            if cost < least:
                least = cost
                best = [list(row) for row in self.layers.rows]
        self.layers.rows = best

    def _hang(self) -> None:
        """Put everything below what it hangs from."""
        at = self._positions()
        for row in self.layers.rows[1:]:
            row.sort(
                key=lambda v: min((at[other] for other in self.up[v]), default=at[v])
            )
            at.update({v: i for i, v in enumerate(row)})

    def _sort_rows(self, *, downwards: bool) -> None:
        rows = self.layers.rows
        walk = range(len(rows)) if downwards else range(len(rows) - 1, -1, -1)
        at = self._positions()
        for index in walk:
            wish: dict[int, float] = {}
            for vertex in rows[index]:
                ahead = self.up[vertex] if downwards else self.down[vertex]
                places = [at[other] for other in (*ahead, *self.beside[vertex])]
                wish[vertex] = sum(places) / len(places) if places else at[vertex]
            rows[index].sort(key=wish.__getitem__)
            at.update({v: i for i, v in enumerate(rows[index])})

    # -- changing a picture ---------------------------------------------------------

    def _insert_new(self) -> None:
        """Put every vertex that is new where it costs least."""
        placed = set(self.known)
        twins: dict[tuple[int, ...], int] = {}
        waiting = [v for v in self.row_of if v not in placed]
        while waiting:
            # First those that have a neighbour in the picture: they know where to go.
            vertex = next(
                (v for v in waiting if any(n in placed for n in self._near(v))),
                waiting[0],
            )
            waiting.remove(vertex)
            # Those that hang on the same nodes stay together, in their own order.
            key = (self.row_of[vertex], *sorted(self._near(vertex)))
            if len(key) > 1 and key in twins:
                row = self.layers.rows[self.row_of[vertex]]
                row.insert(row.index(twins[key]) + 1, vertex)
            else:
                self._insert(vertex, placed)
            twins[key] = vertex
            placed.add(vertex)

    def _near(self, vertex: int) -> list[int]:
        return [*self.up[vertex], *self.down[vertex], *self.beside[vertex]]

    def _insert(self, vertex: int, placed: set[int]) -> None:
        index = self.row_of[vertex]
        row = self.layers.rows[index]
        if not row:
            row.append(vertex)
            return
        best = (float("inf"), 0)
        for slot in range(len(row), -1, -1):
            row.insert(slot, vertex)
            at = self._positions()
            cost = self._partial_cost(index, at, placed, vertex)
            best = min(best, (cost, -slot))
            row.pop(slot)
        row.insert(-int(best[1]), vertex)

    def _partial_cost(
        self, index: int, at: dict[int, int], placed: set[int], vertex: int
    ) -> float:
        """The cost of a row when not every vertex stands yet; far is dear."""
        there = placed | {vertex}
        cost = 0.0
        for row in (index - 1, index):
            if row < 0:
                continue
            pairs = [
                (at[hop.upper], at[hop.lower])
                for hop in self.channels[row]
                if hop.upper in there and hop.lower in there
            ]
            cost += sum(
                (a[0] - b[0]) * (a[1] - b[1]) < 0
                for i, a in enumerate(pairs)
                for b in pairs[:i]
            )
        cost += sum(
            _apart(at[flat.left] - at[flat.right])
            for flat in self.flats[index]
            if flat.left != flat.right and flat.left in there and flat.right in there
        )
        scale = 1.0 / max(1, len(self.layers.rows[index]))
        for other in (*self.up[vertex], *self.down[vertex]):
            if other in placed:
                width = max(1, len(self.layers.rows[self.row_of[other]]))
                far = (at[other] + 0.5) / width - (at[vertex] + 0.5) * scale
                cost += 0.01 * abs(far)
        return cost

    def _swap(self) -> None:
        """Swap neighbours while that helps; never two that were drawn before."""
        for _ in range(4):
            better = False
            for index, row in enumerate(self.layers.rows):
                at = self._positions()
                cost = self._row_cost(index, at)
                for slot in range(len(row) - 1):
                    if cost == 0:
                        break
                    left, right = row[slot], row[slot + 1]
                    if left in self.known and right in self.known:
                        continue
                    at[left], at[right] = slot + 1, slot
                    new = self._row_cost(index, at)
                    if new < cost:
                        row[slot], row[slot + 1] = right, left
                        cost, better = new, True
                    else:
                        at[left], at[right] = slot, slot + 1
            if not better:
                return

    def _pin(self) -> None:
        """Nodes with a place set by hand stand in the order of their columns."""
        pins = self.graph.pins
        for row in self.layers.rows:
            pinned = sorted(
                (v for v in row if v in pins), key=lambda v: (pins[v][0], row.index(v))
            )
            if not pinned:
                continue
            rest = [v for v in row if v not in pins]
            for vertex in pinned:
                column = pins[vertex][0]
                earlier = sum(1 for v in pinned if pins[v][0] < column)
                free = min(max(0, column - earlier), len(rest))
                rest.insert(min(len(rest), free + pinned.index(vertex)), vertex)
            row[:] = rest
