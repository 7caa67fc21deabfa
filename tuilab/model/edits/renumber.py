"""Fresh addresses for a copy, and all that speaks of the old ones said of the new.

A copy that shares a layer 2 segment with the original stays in its network and takes
the next free addresses. One that stands apart gets a network of its own, with the same
host parts: two segments of a lab never share a network because one is a copy.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from tuilab.errors import UsageError
from tuilab.model.addressing import Address, Network, address, interface
from tuilab.model.topology import Endpoint, Namespace, Neighbour, Route, Rule, Topology

_BLOCKS = tuple(
    ipaddress.ip_network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")
)
"""Where fresh networks come from: the original's block, else the others."""

Near = Callable[[Endpoint], Iterable[str]]
"""The addresses that stations which are no copies have on a link's segment."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What became of the addresses of a copy.

    Attributes:
        networks: Networks that were exchanged as a whole.
        hosts: Addresses that were exchanged one by one.
        local: Link-local ones, which mean something in one namespace alone.
    """

    networks: Mapping[Network, Network] = field(default_factory=dict)
    hosts: Mapping[Address, Address] = field(default_factory=dict)
    local: Mapping[tuple[str, Address], Address] = field(default_factory=dict)

    def host(self, namespace: str, text: str) -> str:
        """An address without prefix length, as it is in the copy of a namespace."""
        try:
            old = address(text)
        except ValueError:
            return text
        return str(self._host(namespace, old))

    def cidr(self, namespace: str, text: str) -> str:
        """An address with prefix length, as it is in the copy."""
        try:
            old = interface(text)
        except ValueError:
            return text
        return f"{self._host(namespace, old.ip)}/{old.network.prefixlen}"

    def _host(self, namespace: str, old: Address) -> Address:
        if old in self.hosts:
            return self.hosts[old]
        if (namespace, old) in self.local:
            return self.local[namespace, old]
        for network, new in self.networks.items():
            if old in network:
                return new[int(old) - int(network.network_address)]
        return old

    def network(self, text: str) -> str:
        """A destination, as it is in the copy; one that holds more than it stays."""
        try:
            old = ipaddress.ip_network(text)
        except ValueError:
            return text
        if old.num_addresses == 1 and old.network_address in self.hosts:
            return f"{self.hosts[old.network_address]}/{old.prefixlen}"
        for network, new in self.networks.items():
            if old.version == network.version and old.subnet_of(network):  # type: ignore[arg-type]
                offset = int(old.network_address) - int(network.network_address)
                return f"{new[offset]}/{old.prefixlen}"
        return text

    def namespace(self, name: str, before: Namespace) -> Namespace:
        """The addresses, routes, rules and neighbours of a namespace in its copy."""
        links = {
            ifname: replace(
                link, addresses=tuple(self.cidr(name, a) for a in link.addresses)
            )
            for ifname, link in before.links.items()
        }
        return replace(
            before,
            links=links,
            routes=tuple(self._route(name, route) for route in before.routes),
            rules=tuple(self._rule(rule) for rule in before.rules),
            neighbours=tuple(self._neighbour(name, n) for n in before.neighbours),
        )

    def _route(self, name: str, route: Route) -> Route:
        def host(text: str | None) -> str | None:
            return self.host(name, text) if text else text

        hops = tuple(replace(hop, via=host(hop.via)) for hop in route.hops)
        to, via, src = self.network(route.to), host(route.via), host(route.src)
        return replace(route, to=to, via=via, src=src, hops=hops)

    def _rule(self, rule: Rule) -> Rule:
        source, to = (self.network(t) if t else t for t in (rule.source, rule.to))
        return replace(rule, source=source, to=to)

    def _neighbour(self, name: str, neighbour: Neighbour) -> Neighbour:
        return replace(neighbour, to=self.host(name, neighbour.to))


def renumbered(
    topology: Topology,
    copies: Mapping[Endpoint, tuple[str, ...]],
    part: Topology,
    near: Near,
) -> Numbers:
    """Addresses for a copy.

    Args:
        topology: The lab without the copy.
        copies: The addresses that the links of the copy had as originals.
        part: The lab that the copy was taken from, or the part of it.
        near: What is on the segment of a link of the copy already.

    Raises:
        UsageError: A network has not as many free addresses.
    """
    shared = _shared(copies, near)
    networks: dict[Network, Network] = {}
    occupied = _Held(_networks(topology))
    spoken = [*_mentioned(topology), *_mentioned(part)]
    mentioned = _Held(spoken)
    for network in dict.fromkeys(net for _, _, net in _each(copies)):
        if network in shared or network.is_link_local or network.num_addresses == 1:
            continue
        networks[network] = _apart(network, occupied, mentioned)
        occupied.add(networks[network])
    hosts: dict[Address, Address] = {}
    local: dict[tuple[str, Address], Address] = {}
    taken = {net.network_address for net in spoken if net.num_addresses == 1}
    taken |= {interface(cidr).ip for cidr in _cidrs(topology)}
    for end, cidr, network in _each(copies):
        old = interface(cidr).ip
        if network.is_link_local:
            there = {interface(other).ip for other in near(end)}
            if old in there and (end.namespace, old) not in local:
                used = there | {interface(c).ip for _, c, _ in _each(copies)}
                used |= set(local.values())
                local[end.namespace, old] = _next(end, old, network, used)
        elif network not in networks and old not in hosts:
            hosts[old] = _next(end, old, network, taken)
            taken.add(hosts[old])
    return Numbers(networks, hosts, local)


def _shared(copies: Mapping[Endpoint, tuple[str, ...]], near: Near) -> set[Network]:
    """The networks in which a copy sits beside others on its segment."""
    found = set()
    for end, _, network in _each(copies):
        if network not in found:
            there = (interface(cidr).network for cidr in near(end))
            if any(_overlap(network, other) for other in there):
                found.add(network)
    return found


def _each(
    copies: Mapping[Endpoint, tuple[str, ...]],
) -> Iterator[tuple[Endpoint, str, Network]]:
    for end, cidrs in copies.items():
        for cidr in cidrs:
            yield end, cidr, interface(cidr).network


class _Held:
    """Networks, to be asked quickly what lies where."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._starts: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
        self._all: set[tuple[int, int, int]] = set()
        self._lengths: set[tuple[int, int]] = set()
        for network in networks:
            self.add(network)

    def add(self, network: Network) -> None:
        """Hold one more."""
        start, length = int(network.network_address), network.prefixlen
        self._all.add((network.version, start, length))
        self._lengths.add((network.version, length))
        insort(self._starts[network.version], (start, length))

    def within(self, network: Network) -> bool:
        """Whether one that is held is that network, or lies within it."""
        starts, first = self._starts[network.version], int(network.network_address)
        at = bisect_left(starts, (first, network.prefixlen))
        return at < len(starts) and starts[at][0] <= int(network.broadcast_address)

    def overlap(self, network: Network) -> bool:
        """Whether one that is held has an address of that network."""
        first, bits = int(network.network_address), network.max_prefixlen
        return self.within(network) or any(
            version == network.version
            and length < network.prefixlen
            and (version, first >> bits - length << bits - length, length) in self._all
            for version, length in self._lengths
        )


def _apart(network: Network, occupied: _Held, mentioned: _Held) -> Network:
    """The network itself if nobody uses it, else the next one as large."""
    for candidate in _candidates(network):
        if occupied.overlap(candidate):
            continue
        if candidate == network or not mentioned.within(candidate):
            return candidate
    raise UsageError(
        f"no network as large as {network} is free for the copy",
        "remove something that uses one, or copy fewer",
    )


def _candidates(network: Network) -> Iterator[Network]:
    """The network itself, those behind it in its block, then those of the others."""
    yield network
    size = network.num_addresses
    for block in sorted(_BLOCKS, key=lambda block: not _within(network, block)):
        if block.version != network.version or block.prefixlen > network.prefixlen:
            continue
        base, many = block.network_address, block.num_addresses // size
        here = 0
        if _within(network, block):
            here = (int(network.network_address) - int(base)) // size + 1
        for number in chain(_some(here, many - 1), _some(0, here - 1)):
            yield ipaddress.ip_network((base + number * size, network.prefixlen))


def _next(
    end: Endpoint, old: Address, network: Network, taken: set[Address]
) -> Address:
    """The address itself if nobody has it, else the next free one, from there round."""
    if old not in taken:
        return old
    if network.num_addresses == 1:
        # What stands alone takes one beside it.
        around = ipaddress.ip_network(
            (old, 24 if old.version == 4 else 64), strict=False
        )
        network = around
    for candidate in _round(old, network):
        if candidate not in taken:
            return candidate
    raise UsageError(
        f'{network} has no free address for "{end}"',
        "remove one that is not needed, or copy fewer",
    )


def _round(old: Address, network: Network) -> Iterator[Address]:
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.num_addresses > 2:
        first, last = first + 1, last - 1
    here = int(old)
    for number in chain(_some(here + 1, last), _some(first, here - 1)):
        yield type(old)(number)


def _some(first: int, last: int) -> range:
    """Numbers to try: more of them than a lab can have networks or stations."""
    return range(first, min(last, first + (1 << 17)) + 1)


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _within(one: Network, other: Network) -> bool:
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]


def _cidrs(topology: Topology) -> Iterator[str]:
    for namespace in topology.namespaces.values():
        for _, link in namespace.all_links():
            yield from link.addresses


def _networks(topology: Topology) -> Iterator[Network]:
    yield from dict.fromkeys(interface(cidr).network for cidr in _cidrs(topology))


def _mentioned(topology: Topology) -> Iterator[Network]:
    """Every destination, gateway, source and neighbour; not the default routes."""
    for namespace in topology.namespaces.values():
        texts: list[str | None] = []
        for route in namespace.routes:
            texts += [route.to, route.src, *(way.via for way in route.ways())]
        for rule in namespace.rules:
            texts += [rule.source, rule.to]
        texts += [neighbour.to for neighbour in namespace.neighbours]
        for text in filter(None, texts):
            network = ipaddress.ip_network(text)
            if network.prefixlen:
                yield network
