"""Which row everything stands in: the distance to the nearest leaf."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterable

from tuilab.model.topology import HOST
from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.layers import Segment

FEWEST = 4
"""Fewer things that hang from one node stay in one row."""
CANDIDATES = 3


def components(nodes: Collection[int], segments: Iterable[Segment]) -> list[list[int]]:
    """Connected parts, each in the order of the nodes."""
    boss = {node: node for node in nodes}

    def find(node: int) -> int:
        while boss[node] != node:
            boss[node] = boss[boss[node]]
            node = boss[node]
        return node

    for segment in segments:
        a, b = sorted((find(segment.a), find(segment.b)))
        boss[b] = a
    groups: dict[int, list[int]] = {}
    for node in nodes:
        groups.setdefault(find(node), []).append(node)
    return list(groups.values())


def ranks(graph: Graph, nodes: list[int], segments: list[Segment]) -> dict[int, int]:
    """Distance of each node to the nearest leaf of its part; taps hang one below."""
    near: dict[int, set[int]] = {node: set() for node in nodes}
    hanging: dict[int, int] = {}
    for edge, a, b in segments:
        if a not in near or b not in near:
            continue  # it leaves the box
        if graph.edges[edge].kind == "tap":
            hanging[b] = a
        elif a != b:
            near[a].add(b)
            near[b].add(a)
    solid = [node for node in nodes if node not in hanging]
    sources = _sources(graph, solid, near)
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
    return rank


def set_by_hand(graph: Graph, rank: dict[int, int]) -> int:
    """Put what has a place of its own into that row, counted from the top one.

    Returns:
        The rank of that top one.
    """
    top = max(rank.values())
    for node in rank.keys() & graph.pins.keys():
        rank[node] = top - graph.pins[node][1]
    return top


def _sources(graph: Graph, nodes: list[int], near: dict[int, set[int]]) -> list[int]:
    """The leaves: hosts at the end of one cable, or else what comes closest."""

    def ends(node: int) -> bool:
        item = graph.nodes[node].item
        inner = item.kind == "namespace" and item.namespace != HOST
        return inner or item.kind == "grid"

    hosts = [node for node in nodes if ends(node)]
    leaves = [node for node in hosts if len(near[node]) == 1]
    if leaves:
        return leaves
    for some in (hosts, nodes):
        if some:
            least = min(len(near[node]) for node in some)
            return [node for node in some if len(near[node]) == least]
    return []


def shelve(
    nodes: list[int], segments: list[Segment], rank: dict[int, int], shelves: int
) -> None:
    """Put what hangs from one node on several shelves, one below the other.

    Args:
        nodes: All nodes of a part, as they are to stand from left to right.
        segments: Its lines.
        rank: The row of every node, which is changed.
        shelves: How many shelves to make.
    """
    hub, hanging = _hub(nodes, segments, rank)
    if hub is None:
        return
    depth = max(rank[hub] - min(rank[v] for v in part) for part in hanging)
    step = math.ceil(len(hanging) / shelves)
    for index, part in enumerate(hanging):
        for node in part:
            rank[node] -= index // step * depth


def _hub(
    nodes: list[int], segments: list[Segment], rank: dict[int, int]
) -> tuple[int | None, list[list[int]]]:
    """The node that most hangs from, and what does."""
    near: dict[int, set[int]] = {node: set() for node in nodes}
    for _, a, b in segments:
        if a in near and b in near and a != b:
            near[a].add(b)
            near[b].add(a)
    best: tuple[int | None, list[list[int]]] = None, []
    for hub in sorted(nodes, key=lambda v: -len(near[v]))[:CANDIDATES]:
        if len(near[hub]) < FEWEST:
            break
        rest = [node for node in nodes if node != hub]
        lines = [s for s in segments if s.a in near and s.b in near]
        parts = components(rest, [s for s in lines if hub not in (s.a, s.b)])
        below = [
            part
            for part in parts
            if near[hub].intersection(part) and all(rank[v] < rank[hub] for v in part)
        ]
        if len(below) >= FEWEST and len(below) > len(best[1]):
            best = hub, below
    return best
