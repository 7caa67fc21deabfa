"""A part of a lab to be put elsewhere: a lab by itself, and what it was joined to.

As text it is a topology file, so that it can be kept, read and edited like any other.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

from tuilab.errors import UsageError
from tuilab.model.edits.along import expected_of, places_of
from tuilab.model.edits.parts import Target, find_link, find_namespace, take_out
from tuilab.model.routing import leads, outgoing, with_hops, without_dead_ends
from tuilab.model.sysctls import link_of
from tuilab.model.topology import HOST, LO, Bridge, Endpoint, Namespace, Topology, Veth


@dataclass(frozen=True, slots=True)
class Clip:
    """What was copied.

    Attributes:
        lab: The part, as a lab of the name that its MACs are derived from.
        around: Namespaces that are there only because links in them were copied.
        joins: Bridges that are there only because something copied was a port of them:
            where there is one of that name it is used.
    """

    lab: Topology
    around: frozenset[str] = frozenset({HOST})
    joins: frozenset[Endpoint] = frozenset()


def cut_out(topology: Topology, targets: Iterable[Target]) -> Clip:
    """The clip of some namespaces, bridges, taps and cables.

    Cables among them are in it. So are those that lead to a switch that is not; others
    that lead out are left, with the routes that used them. Of a namespace that is not
    named those routes and neighbours are in it that lead through links that are copied,
    or over a switch that is not to an address that is. Its rules and its settings are
    its own affair: they stay where they are.

    Raises:
        NotFoundError: One of them is not there.
        UsageError: Nothing is named, or something that there can be but one of.
    """
    whole, picked = _targets(topology, targets)
    kept, joins = _kept(topology, whole, picked)
    around = frozenset(end.namespace for end in kept if end.namespace not in whole)
    namespaces = {HOST: Namespace()}
    for name, namespace in topology.namespaces.items():
        if name in whole:
            namespaces[name] = namespace
        elif name in around:
            links = {
                n: ln for n, ln in namespace.links.items() if Endpoint(name, n) in kept
            }
            namespaces[name] = Namespace(
                links=links, sysctls=namespace.sysctls, routes=namespace.routes
            )
    part = Topology(topology.name, namespaces)
    gone = (
        Endpoint(name, ifname)
        for name in whole
        for ifname in topology.namespaces[name].links
        if ifname != LO
    )
    part = take_out(part, *(end for end in gone if end not in kept), alone=True)
    for name in around:
        part = part.with_namespace(name, _only_of_links(part.namespaces[name]))
    for end in joins:
        part = part.with_link(end, replace(find_link(part, end), mac=None))
    hosts = {
        cidr.partition("/")[0]
        for end, link in part.links()
        if end not in joins
        for cidr in link.addresses
    }
    for name in around:
        stay = {end.ifname for end in joins if end.namespace == name}
        former, own = topology.namespaces[name], part.namespaces[name]
        part = part.with_namespace(name, _with_its_ways(former, own, stay, hosts))
    nodes = {*whole, *map(str, kept - joins)}
    part = replace(
        part,
        layout=places_of(topology, nodes),
        expect=expected_of(topology, part, whole, joins),
    )
    return Clip(part, around | {HOST}, joins)


def _targets(
    topology: Topology, targets: Iterable[Target]
) -> tuple[dict[str, None], dict[Endpoint, None]]:
    """What is copied whole, and the links that are, less those within it."""
    whole: dict[str, None] = {}
    picked: dict[Endpoint, None] = {}
    for target in targets:
        if isinstance(target, str):
            find_namespace(topology, target)
            if target == HOST:
                raise UsageError(
                    f'"{HOST}" is the lab\'s own root namespace: there is only one',
                    "choose its bridges and cables instead",
                )
            whole[target] = None
            continue
        link = find_link(topology, target)
        if target.ifname == LO:
            raise UsageError(f'"{target}" belongs to its namespace', "choose that")
        picked[target] = None
        if isinstance(link, Veth):
            picked[link.peer] = None
    if not whole and not picked:
        raise UsageError("nothing is named to copy", "name a namespace or a link")
    return whole, {end: None for end in picked if end.namespace not in whole}


def _kept(
    topology: Topology, whole: dict[str, None], picked: dict[Endpoint, None]
) -> tuple[set[Endpoint], frozenset[Endpoint]]:
    """Every link of the clip, and which of them are bridges to join again."""

    def inside(end: Endpoint) -> bool:
        link = topology.link(end)
        master = Endpoint(end.namespace, link.master) if link and link.master else None
        return end.namespace in whole or end in picked or master in picked

    kept = set(picked)
    for end, link in topology.links():
        if not isinstance(link, Veth):
            if end.namespace in whole:
                kept.add(end)
            continue
        far = topology.link(link.peer)
        goes = inside(link.peer) or (far is not None and far.master)
        if inside(end) and goes:
            kept |= {end, link.peer}
    joins = set()
    for end in list(kept):
        if master := find_link(topology, end).master:
            bridge = Endpoint(end.namespace, master)
            if bridge not in kept and end.namespace not in whole:
                joins.add(bridge)
    return kept | joins, frozenset(joins)


def _with_its_ways(
    whole: Namespace, part: Namespace, stay: Container[str], hosts: Container[str]
) -> Namespace:
    """Some links of a namespace, with the ways to what is copied.

    Args:
        whole: The namespace.
        part: It with those links alone.
        stay: Those of them that are no copies: a way over one must lead to a copy.
        hosts: The addresses that are copied.
    """

    def is_way(ifname: str | None, to: str | None) -> bool:
        return ifname in part.links and (ifname not in stay or to in hosts)

    routes = []
    for route in whole.routes:
        ways = [it for it in route.ways() if is_way(outgoing(whole, route, it), it.via)]
        if leads(whole, route) and (left := with_hops(route, ways)):
            routes.append(left)
    neighbours = tuple(it for it in whole.neighbours if is_way(it.dev, it.to))
    part = replace(part, routes=tuple(routes), neighbours=neighbours)
    return without_dead_ends(whole, part)


def _only_of_links(namespace: Namespace) -> Namespace:
    """Without the settings of the namespace itself, and of links that are not there."""
    sysctls = {
        key: value
        for key, value in namespace.sysctls.items()
        if link_of(key) in namespace.links
    }
    return replace(namespace, sysctls=sysctls)


def is_joint(clip: Clip, end: Endpoint, topology: Topology) -> bool:
    """Whether a link of the clip is a bridge that the lab has too, to be used again."""
    return end in clip.joins and isinstance(topology.link(end), Bridge)
