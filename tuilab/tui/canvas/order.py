"""Who stands left of whom in a row.

The order within a row minimises crossings, but what has been drawn before keeps its
order: only what is new is put in its best place.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from tuilab.tui.canvas.chain import Chain, chain
from tuilab.tui.canvas.columns import stand_again, stand_by_hand
from tuilab.tui.canvas.crossings import apart, crossings, more_crossings
from tuilab.tui.canvas.graph import Graph, Item
from tuilab.tui.canvas.layers import Flat, Gate, Hop, Layers, Memory, Segment
from tuilab.tui.canvas.pages import share
from tuilab.tui.canvas.rank import ranks, set_by_hand, shelve

SWEEPS = 10
INSERT_LIMIT = 150
"""Beyond so many hops not every slot of a row is tried for what is new."""
SWAP_LIMIT = 400
"""Beyond so many hops a component is not polished by swapping neighbours."""


class Arranger:
    """Puts one connected part, or what is inside one box, into rows and orders them."""

    def __init__(
        self,
        graph: Graph,
        nodes: list[int],
        segments: list[Segment],
        memory: Memory,
        home: Item | None = None,
        shelves: int = 1,
        turns: int = 1,
    ) -> None:
        self.graph = graph
        self.nodes = nodes
        self.segments = segments
        self.memory = memory
        self.shelves = shelves
        self.folded = shelves > 1 or turns > 1
        self.rank = ranks(graph, nodes, segments)
        self.chain = chain(graph, nodes, segments, memory)
        self.line: list[list[int]] = []
        self.turned = turns > 1 and self.chain is not None
        if self.chain is not None:
            self._fold(self.chain, turns)
        elif shelves > 1:
            places = (memory.get(graph.nodes[node].item) for node in nodes)
            keys = {n: p.key if p else 0.0 for n, p in zip(nodes, places, strict=True)}
            shelve(sorted(nodes, key=keys.__getitem__), segments, self.rank, shelves)
        before = dict(self.rank)
        zero = set_by_hand(graph, self.rank)
        if self.chain is not None:
            self._hang_along(self.chain, before)
        self.known: dict[int, float] = {}
        self.settled: set[int] = set()
        """Those with a place set by hand that stood there before."""
        for node in nodes:
            place = memory.get(graph.nodes[node].item)
            here = (home is not None or bool(segments), home)
            if place is None or (place.joined, place.home) != here:
                continue
            pin = graph.pins.get(node)
            seat = place.seats.get((pin, self.rank[node])) if pin else None
            if shelves == turns == 1 and seat is not None:
                self.known[node] = seat
                self.settled.add(node)
            elif shelves > 1:
                self.known[node] = place.key
            elif (key := place.key_in(self.rank[node])) is not None:
                self.known[node] = key
        self.layers = Layers(top=max(self.rank.values()), zero=zero)
        if self.chain is not None:
            self.layers.way = self.chain.way
        self.bottom = min(self.rank.values())
        self.fresh = count(len(graph.nodes))

    def _fold(self, way: Chain, turns: int) -> None:
        """Put a ring or a line into rows; hosts of a ring in two rows stand outside."""
        items = {v: self.graph.nodes[v].item for v in way.way}
        places = {v: self.memory[it] for v, it in items.items() if it in self.memory}
        before = {v: place.rank for v, place in places.items() if place.joined}
        self.line = way.rows(turns, before)
        hung = any(way.hosts.values())
        outside = way.closed and turns == 1
        for at, row in enumerate(reversed(self.line)):
            rank = at + 1 if outside else at * (1 + hung) + hung
            for node in row:
                self.rank[node] = rank
                for host in way.hosts.get(node, ()):
                    self.rank[host] = rank + (1 if outside and at else -1)

    def _hang_along(self, way: Chain, before: Mapping[int, int]) -> None:
        """Hosts go along with what they hang from, where that was set by hand."""
        top = max(before.values())
        for node in self.graph.pins.keys() & way.hosts.keys():
            by = self.rank[node] - before[node]
            for host in way.hosts[node]:
                if host not in self.graph.pins:
                    # Rows are counted from the top one: there is none above it.
                    self.rank[host] = min(top, before[host] + by)

    def add_gates(self, north: list[Gate], south: list[Gate]) -> dict[Gate, int]:
        """Put rows of crossings on the border around; before `run`.

        Returns:
            The vertices that the segments to them end at.
        """
        numbers = {gate: next(self.fresh) for gate in (*north, *south)}
        self.layers.gates = {number: gate for gate, number in numbers.items()}
        if north:
            self.layers.top += 1
            self.layers.north = True
            self.rank.update({numbers[gate]: self.layers.top for gate in north})
        if south:
            self.bottom -= 1
            self.layers.south = True
            self.rank.update({numbers[gate]: self.bottom for gate in south})
        return numbers

    def key(self) -> tuple[bool, float, int]:
        """Where this part goes among the others."""
        alone = len(self.nodes) == 1
        places = [
            place.key
            for node in self.nodes
            if (place := self.memory.get(self.graph.nodes[node].item))
        ]
        return alone, min(places, default=float("inf")), self.nodes[0]

    def _cut(self) -> None:
        top = self.layers.top
        self.layers.rows = [[] for _ in range(top - self.bottom + 1)]
        self.row_of = {vertex: top - rank for vertex, rank in self.rank.items()}
        last = len(self.layers.rows) - 1
        for segment in self.segments:
            self.layers.ends[segment.edge] = segment.a, segment.b
            upper, lower = segment.a, segment.b
            if self.row_of[upper] > self.row_of[lower]:
                upper, lower = lower, upper
            if self.row_of[upper] == self.row_of[lower]:
                below = self.row_of[upper] == last
                self.layers.flats.append(Flat(segment.edge, upper, lower, below))
                continue
            at = upper
            for row in range(self.row_of[upper] + 1, self.row_of[lower]):
                vertex = next(self.fresh)
                self.row_of[vertex] = row
                self.layers.hops.append(Hop(segment.edge, at, vertex))
                at = vertex
            self.layers.hops.append(Hop(segment.edge, at, lower))

    def _index(self) -> None:
        """Neighbours by vertex and hops by channel, for speed."""
        self.up: dict[int, list[int]] = {v: [] for v in self.row_of}
        self.down: dict[int, list[int]] = {v: [] for v in self.row_of}
        self.beside: dict[int, list[int]] = {v: [] for v in self.row_of}
        self.hops_of: dict[int, list[Hop]] = {}
        self.channels: list[list[Hop]] = [[] for _ in self.layers.rows]
        self.flats: list[list[Flat]] = [[] for _ in self.layers.rows]
        for hop in self.layers.hops:
            self.down[hop.upper].append(hop.lower)
            self.up[hop.lower].append(hop.upper)
            self.hops_of.setdefault(hop.edge, []).append(hop)
            self.channels[self.row_of[hop.upper]].append(hop)
        for flat in self.layers.flats:
            self.flats[self.row_of[flat.left]].append(flat)
            if flat.left != flat.right:
                self.beside[flat.left].append(flat.right)
                self.beside[flat.right].append(flat.left)

    def run(self) -> Layers:
        """The part, ordered."""
        self._cut()
        self._index()
        rows = self.layers.rows
        self.held = {
            index
            for index, there in ((0, self.layers.north), (-1, self.layers.south))
            if there
        }
        self.held = {index % len(rows) for index in self.held}
        for gate in self.layers.gates:
            rows[self.row_of[gate]].append(gate)
        if self.known and not self.turned:
            for vertex in sorted(self.known, key=lambda v: (self.known[v], v)):
                rows[self.row_of[vertex]].append(vertex)
            self._insert_new()
        elif self.line:
            self._line_up()
        else:
            for vertex in self._walk():
                if vertex not in self.layers.gates:
                    rows[self.row_of[vertex]].append(vertex)
            self._hang()
            self._sweep()
        if len(self.layers.hops) + len(self.layers.flats) <= SWAP_LIMIT:
            self._swap()
        self._pin()
        self._turn()
        return self.layers

    def _turn(self) -> None:
        """Have arcs run above or below their row, where they cross less."""
        above = {vertex: len(some) for vertex, some in self.up.items()}
        below = {vertex: len(some) for vertex, some in self.down.items()}
        for row, flats in zip(self.layers.rows, self.flats, strict=True):
            if flats:
                share(row, flats, above, below)

    def _line_up(self) -> None:
        """Fill the rows of a ring or line: lines from row to row are at its turns."""
        assert self.chain is not None
        key: dict[int, float] = {}
        row_of: dict[int, int] = {}
        for number, row in enumerate(self.line):
            row_of.update(dict.fromkeys(row, number))
            for at, node in enumerate(row):
                key[node] = at
                key.update(dict.fromkeys(self.chain.hosts.get(node, ()), at))
        first, last = (self.chain.way[at] for at in (0, -1))
        for edge, ends in self.layers.ends.items():
            left = min(row_of.get(end, 0) for end in ends) % 2 == 1
            side = -1.0 if left else float("inf")
            if len(self.line) > 2 and set(ends) == {first, last}:
                side = -2.0  # what closes a ring passes all rows
            for hop in self.hops_of.get(edge, ()):
                key.setdefault(hop.lower, side)
                key.setdefault(hop.upper, side)
        inner = (v for v in self.row_of if v not in self.layers.gates)
        for vertex in sorted(inner, key=lambda v: (key[v], v)):
            self.layers.rows[self.row_of[vertex]].append(vertex)

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
        return crossings([(at[it.upper], at[it.lower]) for it in self.channels[row]])

    def _flat_cost(self, row: int, at: dict[int, int]) -> int:
        return sum(
            apart(at[flat.left] - at[flat.right])
            for flat in self.flats[row]
            if flat.left != flat.right
        )

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
        before: list[list[list[int]]] = [[], []]
        for turn in range(SWEEPS):
            if least == 0:
                break
            self._sort_rows(downwards=turn % 2 == 0)
            if self.layers.rows == before[turn % 2]:
                break  # and so on, to and fro
            before[turn % 2] = [list(row) for row in self.layers.rows]
            cost = self._cost()
            if cost < least:
                least = cost
                best = [list(row) for row in self.layers.rows]
        self.layers.rows = best

    def _hang(self) -> None:
        """Put everything below what it hangs from."""
        at = self._positions()
        for index, row in enumerate(self.layers.rows):
            if index == 0 or index in self.held:
                continue
            row.sort(
                key=lambda v: min((at[other] for other in self.up[v]), default=at[v])
            )
            at.update({v: i for i, v in enumerate(row)})

    def _sort_rows(self, *, downwards: bool) -> None:
        rows = self.layers.rows
        walk = range(len(rows)) if downwards else range(len(rows) - 1, -1, -1)
        at = self._positions()
        for index in walk:
            if index in self.held:
                continue
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
        placed = {*self.known, *self.layers.gates}
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
        if len(self.layers.hops) > INSERT_LIMIT:
            row.insert(self._slot(vertex, placed), vertex)
            return
        # Of slots as good as each other the one among those that the lab has before it:
        # what comes back into a row, as by an undo, is where it would be in a new one.
        usual = sum(other < vertex for other in row)
        best = (float("inf"), 0, 0)
        for slot in range(len(row), -1, -1):
            row.insert(slot, vertex)
            at = self._positions()
            cost = self._partial_cost(index, at, placed, vertex)
            best = min(best, (cost, abs(slot - usual), -slot))
            row.pop(slot)
        row.insert(-best[2], vertex)

    def _slot(self, vertex: int, placed: set[int]) -> int:
        """Where a vertex goes in a large part: by the places of what it hangs on."""
        row = self.layers.rows[self.row_of[vertex]]
        near = [v for v in self._near(vertex) if v in placed]
        if not near:
            return len(row)
        side = self.layers.rows[self.row_of[near[0]]]
        at = {v: index for index, v in enumerate(side)}

        def middle(one: int) -> float | None:
            places = [at[v] for v in self._near(one) if v in at]
            return sum(places) / len(places) if places else None

        wish = middle(vertex)
        slot = 0
        for index, other in enumerate(row):
            there = middle(other)
            if there is not None and wish is not None and there <= wish:
                slot = index + 1
        return slot

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
            apart(at[flat.left] - at[flat.right])
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
                if index in self.held:
                    continue
                at = self._positions()
                for slot in range(len(row) - 1):
                    left, right = row[slot], row[slot + 1]
                    if left in self.known and right in self.known:
                        continue
                    if self._swapped_cost(left, right, at) < 0:
                        row[slot], row[slot + 1] = right, left
                        at[left], at[right] = slot + 1, slot
                        better = True
            if not better:
                return

    def _swapped_cost(self, left: int, right: int, at: Mapping[int, int]) -> int:
        """What two neighbours cost more when they are swapped.

        Only lines of both cross otherwise then, and only links to others in their row
        are longer or shorter.
        """
        more = 0
        for near in (self.up, self.down):
            if near[left] and near[right]:
                ends = ([at[v] for v in near[one]] for one in (left, right))
                more += more_crossings(*ends)
        for one, other in ((left, right), (right, left)):
            for end in self.beside[one]:
                if end != other:
                    more += apart(at[other] - at[end]) - apart(at[one] - at[end])
        return more

    def _pin(self) -> None:
        """What has a place set by hand stands in its column."""
        pins = {v: pin for v, pin in self.graph.pins.items() if v in self.row_of}
        if not pins:
            return
        stand_by_hand(self.layers, pins, self.known, self.settled)
        rows = self.shelves, len(self.layers.rows)
        left: dict[int, frozenset[Item]] = {}
        for node, pin in pins.items() if self.folded else ():
            place = self.memory.get(self.graph.nodes[node].item)
            seat = pin, self.rank[node], rows
            if place is not None and seat in place.left:
                left[node] = place.left[seat]
        if left:
            stand_again(self.graph, self.layers, pins, self.known, left)
