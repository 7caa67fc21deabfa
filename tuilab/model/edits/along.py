"""What goes along with a copy: its places on the canvas, and what must hold of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import chain, count

from tuilab.model.addressing import interface
from tuilab.model.edits.renumber import Numbers
from tuilab.model.places import Slot, renamed_places
from tuilab.model.topology import Endpoint, Expectation, Topology


def places_of(topology: Topology, nodes: Collection[str]) -> dict[str, Slot]:
    """Where a person put those of a lab that are copied."""
    return renamed_places(topology.layout, lambda it: it if it in nodes else None)


def expected_of(
    topology: Topology,
    part: Topology,
    whole: Collection[str],
    joins: Collection[Endpoint],
) -> tuple[Expectation, ...]:
    """What a lab expects of a part of it alone, and can expect of a copy too.

    Args:
        topology: The lab.
        part: The part.
        whole: The namespaces that are in it as a whole.
        joins: Bridges that lead on to the rest of the lab.
    """
    holders = {
        str(interface(cidr).ip): end.namespace
        for end, link in part.links()
        if end.namespace in whole
        for cidr in link.addresses
    }
    group = _groups(part, whole, joins)
    return tuple(
        it
        for it in topology.expect
        if it.source in whole
        and (to := it.to if it.to in whole else holders.get(it.to, ""))
        and (not it.reachable or group.get(it.source, it.source) == group.get(to, to))
    )


def _groups(
    part: Topology, whole: Collection[str], joins: Collection[Endpoint]
) -> dict[object, object]:
    """For every node of a part one that stands for all that it is joined to."""
    group: dict[object, object] = {}

    def top(node: object) -> object:
        while (above := group.setdefault(node, node)) != node:
            # Of a long chain every other step is spared the next time.
            group[node] = group[above]
            node = group[node]
        return node

    def node_of(end: Endpoint) -> object:
        link = part.link(end)
        if end.namespace in whole or link is None:
            return end.namespace
        return Endpoint(end.namespace, link.master) if link.master else end

    for cable in part.cables:
        group[top(node_of(cable.a))] = top(node_of(cable.b))
    for one, other in zip(joins, list(joins)[1:], strict=False):
        group[top(one)] = top(other)
    return {node: top(node) for node in list(group)}


def put_along(
    part: Topology,
    topology: Topology,
    names: Mapping[str, str],
    ends: Mapping[Endpoint, Endpoint],
    numbers: Numbers,
) -> Topology:
    """A lab with what goes along with a copy in it.

    Args:
        part: What was copied.
        topology: The lab with all else of the copy in it.
        names: Names of the copied namespaces, by those of the originals.
        ends: Where the copied links are, by where the originals were.
        numbers: What became of the addresses.
    """
    new = {**names, **{str(old): str(end) for old, end in ends.items()}}
    expect = (
        replace(
            it,
            source=names[it.source],
            to=names.get(it.to) or numbers.host(names[it.source], it.to),
        )
        for it in part.expect
        if it.source in names
    )
    places = renamed_places(part.layout, new.get)
    return replace(
        topology,
        layout={**topology.layout, **_shifted(places, topology.layout.values())},
        expect=tuple(dict.fromkeys((*topology.expect, *expect))),
    )


def _shifted(places: Mapping[str, Slot], taken: Iterable[Slot]) -> Mapping[str, Slot]:
    """The same places as a whole further to the right, where none of them is taken."""
    held = set(taken)
    columns = [column for column, _ in places.values()]
    width = max(columns, default=0) - min(columns, default=0) + 1
    for step in chain((0,), count(width)):
        found = {node: (x + step, y) for node, (x, y) in places.items()}
        if held.isdisjoint(found.values()):
            return found
    raise AssertionError
