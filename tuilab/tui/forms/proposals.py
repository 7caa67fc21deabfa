"""What to propose: the place, name and address that a person most likely means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tuilab.model.addressing import (
    Network,
    all_addresses,
    free_address,
    free_ifname,
    free_name,
    free_network,
    interface,
    segment,
    segment_networks,
    version,
)
from tuilab.model.topology import (
    HOST,
    LO,
    Bridge,
    Endpoint,
    Link,
    Namespace,
    Topology,
    Veth,
)
from tuilab.model.validate import LEAST_MTU_V6

FORWARD_V4 = "net.ipv4.ip_forward"
FORWARD_V6 = "net.ipv6.conf.all.forwarding"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the end of a cable can be: in a namespace, or on a bridge.

    Attributes:
        namespace: The namespace, or the one that the bridge is in.
        bridge: The bridge's name, or empty.
    """

    namespace: str
    bridge: str = ""

    @property
    def key(self) -> str:
        """The value that stands for it in a form."""
        return f"{self.namespace}:{self.bridge}" if self.bridge else self.namespace

    @property
    def label(self) -> str:
        """What a person sees."""
        return f"{self.key} ({'bridge' if self.bridge else 'namespace'})"

    @classmethod
    def of(cls, key: str) -> Place:
        """The place that a form's value stands for."""
        namespace, _, bridge = key.partition(":")
        return cls(namespace, bridge)

    @property
    def endpoint(self) -> Endpoint:
        """The bridge itself."""
        return Endpoint(self.namespace, self.bridge)


def places(topology: Topology) -> list[Place]:
    """Every place that a cable may end in: namespaces, then bridges; host last."""
    names = sorted(topology.namespaces, key=lambda name: name == HOST)
    bridges = [
        Place(name, bridge)
        for name in topology.namespaces
        for bridge in topology.namespaces[name].bridges()
    ]
    plain = [Place(name) for name in names]
    return [p for p in plain if p.namespace != HOST] + bridges + [Place(HOST)]


def place_of(topology: Topology, namespace: str, ifname: str) -> Place | None:
    """The place that a selected thing means: a bridge itself, else its namespace."""
    found = topology.namespaces.get(namespace)
    if found is None:
        return None
    link = found.link(ifname) if ifname else None
    if isinstance(link, Bridge):
        return Place(namespace, ifname)
    if link is not None and link.master:
        return Place(namespace, link.master)
    return Place(namespace)


def cables_of(topology: Topology, place: Place) -> list[tuple[Endpoint, Endpoint]]:
    """The cables that end there, own end first; none where the place is gone."""
    namespace = topology.namespaces.get(place.namespace, Namespace())
    return [
        (Endpoint(place.namespace, ifname), link.peer)
        for ifname, link in namespace.links.items()
        if isinstance(link, Veth) and (link.master or "") == place.bridge
    ]


def partner(topology: Topology, one: Place) -> Place | None:
    """The place to connect ``one`` to: not connected to it yet, least connected."""
    around = {
        place_of(topology, peer.namespace, peer.ifname)
        for _, peer in cables_of(topology, one)
    }

    def rank(other: Place) -> tuple[bool, bool, bool, int, bool]:
        is_host = other == Place(HOST)
        both_bridges = bool(one.bridge and other.bridge)
        count = 0 if other.bridge else len(cables_of(topology, other))
        return other in around, is_host, both_bridges, count, not other.bridge

    others = [place for place in places(topology) if place != one]
    return min(others, key=rank, default=None)


def pair(
    topology: Topology, selected: Place | None, marked: Place | None
) -> tuple[Place, Place] | None:
    """The two ends of the next cable.

    What is marked and selected, else the selection and its partner, else the two
    least connected namespaces. None when the lab has no two places.
    """
    if marked and selected and marked != selected:
        return marked, selected
    everywhere = places(topology)
    if len(everywhere) < 2:
        return None
    one = marked or selected
    if one is None or one == Place(HOST):
        one = min(
            (p for p in everywhere if not p.bridge and p.namespace != HOST),
            key=lambda p: len(cables_of(topology, p)),
            default=everywhere[0],
        )
    other = partner(topology, one)
    if other is None:
        return None
    if marked:
        return one, other
    first, second = sorted((one, other), key=everywhere.index)
    return first, second


def near_bridge(topology: Topology, selected: Place | None) -> Place | None:
    """The bridge that a new namespace most likely joins.

    The selected one, the one that the selected namespace is on, or the lab's only one.
    """
    if selected and selected.bridge:
        return selected
    bridges = [place for place in places(topology) if place.bridge]
    if selected:
        for _, peer in cables_of(topology, selected):
            there = place_of(topology, peer.namespace, peer.ifname)
            if there in bridges:
                return there
    return bridges[0] if len(bridges) == 1 else None


def end_name(topology: Topology, place: Place, taken: Iterable[str] = ()) -> str:
    """The name of the next cable's end in a place."""
    if place.bridge:
        there = {LO, *topology.namespaces[place.namespace].links, *taken}
        return free_name("port", there, start=1)
    names = set(taken)
    if not names:
        return free_ifname(topology, place.namespace)
    there = {LO, *topology.namespaces[place.namespace].links, *names}
    return free_name("eth", there)


def next_address(topology: Topology, endpoint: Endpoint, *, own: bool = False) -> str:
    """An address for one more station on a segment; a fresh network's by default.

    The networks that are in use there come first, IPv4 before IPv6, the link-local ones
    aside, which are on every link.

    Args:
        topology: The lab.
        endpoint: A link of the segment.
        own: It is for that very link, which may be too small for IPv6.
    """
    ipv6 = not (own and _too_small(topology, endpoint))
    found = [
        network
        for network in segment_networks(topology, endpoint)
        if not network.is_link_local and (ipv6 or network.version == 4)
    ]
    found.sort(key=lambda network: network.version)
    taken = _taken(topology)
    for network in found or [free_network(topology, ipv6=ipv6)]:
        # The first may be full.
        if address := free_address(network, taken):
            return address
    return ""


def _too_small(topology: Topology, endpoint: Endpoint) -> bool:
    """Whether a link's mtu, or that of the ports that a bridge takes it from, is."""
    link = topology.link(endpoint)
    mtus = [link.mtu if link else None]
    if isinstance(link, Bridge) and link.mtu is None:
        there = topology.namespaces[endpoint.namespace]
        mtus = [there.links[port].mtu for port in there.ports(endpoint.ifname)]
    return any(mtu is not None and mtu < LEAST_MTU_V6 for mtu in mtus)


def fresh_pair(topology: Topology) -> tuple[str, str]:
    """Two addresses of a network that the lab does not use yet."""
    network = free_network(topology)
    taken = _taken(topology)
    one = free_address(network, taken) or ""
    return one, free_address(network, [one, *taken]) or ""


def _taken(topology: Topology) -> list[str]:
    """All addresses of the lab, and those that a router or neighbour is expected at."""
    expected: list[str] = []
    for namespace in topology.namespaces.values():
        ways = (way for route in namespace.routes for way in route.ways())
        expected += [way.via for way in ways if way.via]
        expected += [neighbour.to for neighbour in namespace.neighbours]
    singles = [f"{host}/{128 if version(host) == 6 else 32}" for host in expected]
    return [*all_addresses(topology), *singles]


def forwards(namespace: Namespace, family: int = 4) -> bool:
    """Whether a namespace is a router for that family."""
    key = FORWARD_V6 if family == 6 else FORWARD_V4
    return namespace.sysctls.get(key) == "1"


def gateway_for(topology: Topology, endpoint: Endpoint, cidr: str) -> str:
    """The router on a segment that a station with that address would use, or empty.

    Routers are namespaces that forward. A bridge with an address is one too as soon
    as its namespace forwards or holds nothing else that could be the gateway.
    """
    try:
        network = interface(cidr).network
    except ValueError:
        return ""
    if network.is_link_local:
        return ""
    family = version(cidr)
    fallback = ""
    for end in sorted(segment(topology, endpoint)):
        link = topology.link(end)
        here = _address_in(link, network)
        if here is None or here == cidr.partition("/")[0]:
            continue
        if forwards(topology.namespaces[end.namespace], family):
            return here
        if isinstance(link, Bridge) and not fallback:
            fallback = here
    return fallback


def _address_in(link: Link | None, network: Network) -> str | None:
    for cidr in link.addresses if link else ():
        try:
            found = interface(cidr)
        except ValueError:
            continue
        if found.network == network:
            return str(found.ip)
    return None
