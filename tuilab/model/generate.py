"""Ready shapes of any size: star, linear, ring, tree, mesh, fat tree.

Names and addresses follow one scheme, so that a generated lab reads like one made by
hand. Of switches: hosts ``h1, h2, ...`` with ``eth0``, switches ``br1, br2, ...`` in
the lab's root namespace, all hosts in one network. Of routers: namespaces ``r1, r2,
...`` that forward, a network of four addresses for each cable, static routes by the
shortest way, and hosts behind them where the shape has leaves.
"""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

from tuilab.errors import UsageError
from tuilab.model.addressing import DEFAULT_V4
from tuilab.model.edits.change import Change
from tuilab.model.edits.clip import Clip
from tuilab.model.edits.paste import pasted
from tuilab.model.sysctls import FORWARD_V4
from tuilab.model.topology import (
    HOST,
    Bridge,
    Endpoint,
    Link,
    Namespace,
    Route,
    Topology,
    Veth,
)

NETWORK = ipaddress.ip_network("10.0.0.0/16")
MOST_HOSTS = 1024
LARGE = 50
"""So many namespaces or cables are a large change."""
STP = Bridge(stp=True, forward_delay=4.0, hello_time=1.0, max_age=6.0)
"""A switch in a loop, with the quickest timers that IEEE 802.1D-1998 (8.10.2) allows
together: frames flow after eight seconds instead of thirty."""

Edge = tuple[str, str]


# -- of switches -------------------------------------------------------------------


class _Switches:
    """Collects links by namespace; topologies are built in one go at the end."""

    def __init__(self, hosts: int) -> None:
        self.links: dict[str, dict[str, Link]] = {HOST: {}}
        room = 24 if hosts < 255 else NETWORK.prefixlen
        network = ipaddress.ip_network((NETWORK.network_address, room))
        self._addresses = (f"{host}/{room}" for host in network.hosts())
        self._ports = self._hosts = 0

    def switch(self, name: str, *, loops: bool = False) -> str:
        self.links[HOST][name] = STP if loops else Bridge()
        return name

    def switches(self, count: int, *, loops: bool = False) -> list[str]:
        return [self.switch(f"br{n}", loops=loops) for n in range(1, count + 1)]

    def host(self, switch: str) -> None:
        self._hosts += 1
        near, far = Endpoint(f"h{self._hosts}", "eth0"), Endpoint(HOST, self._port())
        link = Veth(peer=far, addresses=(next(self._addresses),))
        self.links[near.namespace] = {near.ifname: link}
        self.links[HOST][far.ifname] = Veth(peer=near, master=switch)

    def trunk(self, one: str, other: str) -> None:
        a, b = Endpoint(HOST, self._port()), Endpoint(HOST, self._port())
        self.links[HOST][a.ifname] = Veth(peer=b, master=one)
        self.links[HOST][b.ifname] = Veth(peer=a, master=other)

    def _port(self) -> str:
        self._ports += 1
        return f"p{self._ports}"

    def topology(self, name: str) -> Topology:
        namespaces = {k: Namespace(links=v) for k, v in self.links.items()}
        return Topology(name, namespaces)


def star(hosts: int) -> Topology:
    """One switch with that many hosts."""
    builder = _Switches(hosts)
    switch = builder.switch("br1")
    for _ in range(hosts):
        builder.host(switch)
    return builder.topology(f"star{hosts}")


def linear(hosts: int) -> Topology:
    """A chain of switches with one host each, as Mininet's ``linear,N``."""
    builder = _Switches(hosts)
    switches = builder.switches(hosts)
    for switch in switches:
        builder.host(switch)
    for one, other in pairwise(switches):
        builder.trunk(one, other)
    return builder.topology(f"linear{hosts}")


def ring(hosts: int) -> Topology:
    """Switches in a ring with one host each; spanning tree cuts it somewhere."""
    builder = _Switches(hosts)
    switches = builder.switches(hosts, loops=True)
    for switch in switches:
        builder.host(switch)
    for one, other in _round(switches):
        builder.trunk(one, other)
    return builder.topology(f"ring{hosts}")


def tree(depth: int, fan: int = 2) -> Topology:
    """Switches in so many levels, each with so many below it; hosts are the leaves."""
    builder = _Switches(fan**depth)
    level = [builder.switch("br1")]
    count = 1
    for _ in range(depth - 1):
        below = []
        for above in level:
            for _ in range(fan):
                count += 1
                below.append(builder.switch(f"br{count}"))
                builder.trunk(above, below[-1])
        level = below
    for switch in level:
        for _ in range(fan):
            builder.host(switch)
    return builder.topology(f"tree{depth}-{fan}")


def fat_tree(k: int) -> Topology:
    """The k-ary fat tree of Al-Fares et al. (SIGCOMM 2008): k*k*k/4 hosts.

    It has loops, which the spanning tree protocol of its switches cuts.
    """
    builder = _Switches(k**3 // 4)
    half = k // 2
    core = [builder.switch(f"core{n}", loops=True) for n in range(1, half * half + 1)]
    for pod in range(1, k + 1):
        upper, lower = (
            [builder.switch(f"{tier}{pod}-{n}", loops=True) for n in range(1, half + 1)]
            for tier in ("agg", "edge")
        )
        for group, switch in enumerate(upper):
            for above in core[group * half : (group + 1) * half]:
                builder.trunk(above, switch)
            for below in lower:
                builder.trunk(switch, below)
        for switch in lower:
            for _ in range(half):
                builder.host(switch)
    return builder.topology(f"fattree{k}")


def mesh(switches: int, hosts: int = 0) -> Topology:
    """Switches each joined with every other, with that many hosts each.

    It has loops, which the spanning tree protocol of its switches cuts.
    """
    builder = _Switches(hosts * switches)
    names = builder.switches(switches, loops=True)
    for one, other in combinations(names, 2):
        builder.trunk(one, other)
    for number in range(hosts * switches):
        builder.host(names[number % switches])
    return builder.topology(f"mesh{switches}")


# -- of routers --------------------------------------------------------------------


def routed(name: str, edges: Iterable[Edge]) -> Topology:
    """Routers and hosts, a cable with a network of its own for each edge.

    Args:
        name: Of the lab.
        edges: Pairs of names; what begins with ``h`` is a host and forwards nothing.
    """
    cables = list(edges)
    links: dict[str, dict[str, Link]] = {n: {} for edge in cables for n in edge}
    networks = NETWORK.subnets(new_prefix=30)
    held: dict[Edge, ipaddress.IPv4Network] = {}
    for (a, b), network in zip(cables, networks, strict=False):
        assert isinstance(network, ipaddress.IPv4Network)
        ends = [Endpoint(n, f"eth{len(links[n])}") for n in (a, b)]
        for end, far, host in zip(ends, ends[::-1], network.hosts(), strict=True):
            link = Veth(peer=far, addresses=(f"{host}/{network.prefixlen}",))
            links[end.namespace][end.ifname] = link
        held[a, b] = network
    namespaces = {HOST: Namespace()}
    for node, own in links.items():
        namespaces[node] = Namespace(
            links=own,
            routes=tuple(_routes(node, cables, held)),
            sysctls={} if node.startswith("h") else {FORWARD_V4: "1"},
        )
    return Topology(name, namespaces)


def _routes(
    node: str, edges: list[Edge], held: dict[Edge, ipaddress.IPv4Network]
) -> Iterator[Route]:
    """The shortest way to every network that the node is not in."""
    if len(own := [edge for edge in edges if node in edge]) == 1:
        if len(edges) > 1:
            yield Route(
                DEFAULT_V4, via=str(held[own[0]][2 if own[0][0] == node else 1])
            )
        return
    gateways = _gateways(node, edges, held)
    ways = {
        str(held[edge]): gateways[min(edge, key=lambda end: gateways[end][0])][1]
        for edge in edges
        if node not in edge
    }
    if len(set(ways.values())) == 1:
        yield Route(DEFAULT_V4, via=next(iter(ways.values())))
        return
    for network, gateway in ways.items():
        yield Route(network, via=gateway)


def _gateways(
    node: str, edges: list[Edge], held: dict[Edge, ipaddress.IPv4Network]
) -> dict[str, tuple[int, str]]:
    """How far every other node is, and the first address on the way there."""
    around: dict[str, list[tuple[str, str]]] = {}
    for a, b in edges:
        network = held[a, b]
        around.setdefault(a, []).append((b, str(network[2])))
        around.setdefault(b, []).append((a, str(network[1])))
    found = {node: (0, "")}
    todo = deque([node])
    while todo:
        here = todo.popleft()
        far, first = found[here]
        for there, address in around[here]:
            if there not in found:
                found[there] = far + 1, first or address
                todo.append(there)
    return found


def _routers(count: int) -> list[str]:
    return [f"r{number}" for number in range(1, count + 1)]


def _round(names: list[str]) -> Iterator[Edge]:
    yield from pairwise(names)
    yield names[-1], names[0]


def _star_edges(hosts: int) -> Iterator[Edge]:
    for number in range(1, hosts + 1):
        yield "r1", f"h{number}"


def _tree_edges(depth: int, fan: int) -> Iterator[Edge]:
    level, count, hosts = ["r1"], 1, 0
    for number in range(depth):
        below = []
        for above in level:
            for _ in range(fan):
                if number == depth - 1:
                    hosts += 1
                    below.append(f"h{hosts}")
                else:
                    count += 1
                    below.append(f"r{count}")
                yield above, below[-1]
        level = below


# -- by name -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of lab that can be generated.

    Attributes:
        about: What it is, in a few words.
        number: What its number counts.
        least: Smallest number.
        most: Largest number of switches.
        switched: Makes it of switches.
        edges: The cables of the same shape made of routers; None where it is not.
        most_routed: Largest number of routers, which each need a route to every cable.
        fan: Whether it takes a fan-out too.
    """

    about: str
    number: str
    least: int
    most: int
    switched: Callable[[int, int], Topology]
    edges: Callable[[int, int], Iterable[Edge]] | None = None
    most_routed: int = 0
    fan: bool = False


SHAPES: dict[str, Shape] = {
    "star": Shape(
        "hosts round a switch or router",
        "hosts",
        1,
        MOST_HOSTS,
        lambda n, _: star(n),
        lambda n, _: _star_edges(n),
        256,
    ),
    "linear": Shape(
        "a chain, a host on each switch",
        "switches",
        2,
        200,
        lambda n, _: linear(n),
        lambda n, _: pairwise(_routers(n)),
        32,
    ),
    "ring": Shape(
        "a ring, a host on each switch",
        "switches",
        3,
        64,
        lambda n, _: ring(n),
        lambda n, _: _round(_routers(n)),
        32,
    ),
    "tree": Shape(
        "levels of switches, then hosts",
        "levels",
        1,
        10,
        tree,
        _tree_edges,
        6,
        fan=True,
    ),
    "mesh": Shape(
        "each with each, a host each",
        "switches",
        2,
        24,
        lambda n, _: mesh(n, 1),
        lambda n, _: combinations(_routers(n), 2),
        12,
    ),
    "fat-tree": Shape(
        "core, aggregation, edge levels",
        "pods",
        2,
        8,
        lambda n, _: fat_tree(n),
    ),
}
"""What can be generated, by name."""
FAN = 2
MOST_FAN = 32


def shape(kind: str) -> Shape:
    """The shape of that name.

    Raises:
        UsageError: There is none.
    """
    if kind not in SHAPES:
        raise UsageError(f'"{kind}" is no shape', f"say {', '.join(SHAPES)}")
    return SHAPES[kind]


def generate(
    kind: str, number: int, *, fan: int | None = None, routers: bool = False
) -> Topology:
    """A lab of some shape.

    Args:
        kind: One of `SHAPES`.
        number: Its size; `Shape.number` tells of what.
        fan: For a tree, how many are below each switch; None for `FAN`.
        routers: Of routers instead of switches.

    Raises:
        UsageError: There is no such shape, or not of that size.
    """
    what = shape(kind)
    if routers and what.edges is None:
        raise UsageError(f"a {kind} is made of switches", "leave the routers out")
    if fan is not None and not what.fan:
        raise UsageError(f"a {kind} has no fan-out", "only a tree has")
    fan = FAN if fan is None else fan
    most = what.most_routed if routers else what.most
    if not what.least <= number <= most:
        noun = what.number.replace("switches", "routers") if routers else what.number
        fact = f"a {kind} of {number} {noun} can't be made"
        raise UsageError(fact, f"choose {what.least} to {most}")
    if kind == "fat-tree" and number % 2:
        raise UsageError(f"a fat-tree of {number} pods can't be made", "choose 2, 4, 6")
    if what.fan and not 1 <= fan <= MOST_FAN:
        raise UsageError(f"a fan-out of {fan} can't be made", f"choose 1 to {MOST_FAN}")
    leaves = fan**number if what.fan else 0
    room = MOST_HOSTS // 8 if routers else MOST_HOSTS
    if leaves > room:
        fact = f"a tree of {number} levels that fans out by {fan} has {leaves} hosts"
        raise UsageError(fact, f"choose less: {room} are the most")
    if routers and what.edges is not None:
        name = f"{kind}{number}-routers"
        return routed(name, what.edges(number, fan))
    return what.switched(number, fan)


def grow(lab: Topology, title: str) -> Change:
    """A generated lab put beside what is there, with names and addresses of its own."""
    clip = Clip(lab)
    return Change(
        title,
        lambda now: pasted(clip, now).topology,
        large=len(lab.namespaces) > LARGE or len(lab.cables) > LARGE,
    )
