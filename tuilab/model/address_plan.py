"""Which addresses of a segment are in use, by whom, and which are free.

A segment is what shares layer 2: a bridge, its ports and all behind them, or a cable.
Its networks are those that its links have addresses in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tuilab.errors import NotFoundError, UsageError
from tuilab.model.addressing import (
    Address,
    Interface,
    Network,
    address,
    interface,
    segment,
)
from tuilab.model.edits.parts import find_link
from tuilab.model.routing import outgoing
from tuilab.model.topology import Bridge, Endpoint, Topology


@dataclass(frozen=True, slots=True)
class Use:
    """One address in use.

    Attributes:
        address: It.
        holder: The link that has it; None where somebody only expects it.
        gateway_of: Namespaces whose routes lead there.
    """

    address: Address
    holder: Endpoint | None
    gateway_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subnet:
    """One network of a segment.

    Attributes:
        network: It.
        uses: Its addresses that are spoken for, in order.
    """

    network: Network
    uses: tuple[Use, ...]

    def free(self) -> list[tuple[Address, Address]]:
        """First and last address of each range that nobody uses."""
        first, last = _hosts(self.network)
        make = type(self.network.network_address)
        found: list[tuple[Address, Address]] = []
        for used in (*sorted({int(use.address) for use in self.uses}), last + 1):
            if first < used:
                found.append((make(first), make(min(used - 1, last))))
            first = max(first, used + 1)
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """The addresses of a segment.

    Attributes:
        bridges: The bridges in it; none for a cable by itself.
        ends: All links in it, in order.
        subnets: Its networks, IPv4 first.
        conflicts: What is wrong, in words.
    """

    bridges: tuple[Endpoint, ...]
    ends: tuple[Endpoint, ...]
    subnets: tuple[Subnet, ...]
    conflicts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its bridges, or both ends of its cable."""
        return " = ".join(map(str, self.bridges or self.ends))


def plans(topology: Topology) -> list[Plan]:
    """Every segment that has a bridge or an address, those with bridges first."""
    done: set[Endpoint] = set()
    members: list[set[Endpoint]] = []
    for end, _ in topology.links():
        if end not in done:
            members.append(segment(topology, end))
            done |= members[-1]
    made = [_plan(topology, ends) for ends in members]
    found = [plan for plan in made if plan.bridges or plan.subnets]
    found.sort(key=lambda plan: not plan.bridges)
    return [_with_overlaps(plan, found) for plan in found]


def plan_of(topology: Topology, end: Endpoint) -> Plan:
    """The segment that a link is on.

    Raises:
        NotFoundError: There is no such link.
        UsageError: Nothing there has an address.
    """
    find_link(topology, end)
    for plan in plans(topology):
        if end in plan.ends:
            return plan
    raise UsageError(f'"{end}" has no address, nor has what it leads to', "add one")


def segment_plan(topology: Topology, end: Endpoint) -> Plan:
    """The segment that a link is on, whatever others have the same networks."""
    return _plan(topology, segment(topology, end))


def find_bridge(topology: Topology, text: str) -> Endpoint:
    """A bridge by its name alone where that is clear, or any link as NS:IF.

    Raises:
        NotFoundError: There is none.
        UsageError: Several bridges are called like that.
    """
    if ":" in text:
        end = Endpoint.parse(text)
        find_link(topology, end)
        return end
    bridges = [end for end, link in topology.links() if isinstance(link, Bridge)]
    found = [end for end in bridges if end.ifname == text]
    if not found:
        have = ", ".join(map(str, bridges)) or "none"
        raise NotFoundError(f'no bridge "{text}"', f"the lab has {have}", text)
    if len(found) > 1:
        which = " and ".join(map(str, found))
        raise UsageError(f'"{text}" is {which}', "say which")
    return found[0]


def _plan(topology: Topology, members: set[Endpoint]) -> Plan:
    ends = tuple(sorted(members))
    held: dict[Network, list[tuple[Interface, Endpoint]]] = {}
    for end in ends:
        for cidr in find_link(topology, end).addresses:
            own = interface(cidr)
            if not own.network.is_link_local:
                held.setdefault(own.network, []).append((own, end))
    expected = list(_expected(topology, ends))
    order = sorted(held, key=lambda n: (n.version, int(n.network_address), n.prefixlen))
    subnets = tuple(_subnet(network, held[network], expected) for network in order)
    bridges = [end for end in ends if isinstance(topology.link(end), Bridge)]
    plan = Plan(tuple(bridges), ends, subnets)
    return Plan(plan.bridges, ends, subnets, tuple(_conflicts(plan)))


def _expected(
    topology: Topology, ends: Iterable[Endpoint]
) -> Iterator[tuple[Address, str]]:
    """Addresses on the segment that routes and neighbours there speak of."""
    members: dict[str, set[str]] = {}
    for end in ends:
        members.setdefault(end.namespace, set()).add(end.ifname)
    for name, here in members.items():
        namespace = topology.namespaces[name]
        for route in namespace.routes:
            for way in route.ways():
                if way.via and outgoing(namespace, route, way) in here:
                    yield address(way.via), name
        for neighbour in namespace.neighbours:
            if neighbour.dev in here and not neighbour.proxy:
                yield address(neighbour.to), ""


def _subnet(
    network: Network,
    held: list[tuple[Interface, Endpoint]],
    expected: list[tuple[Address, str]],
) -> Subnet:
    gateways: dict[Address, dict[str, None]] = {}
    for host, name in expected:
        if host in network:
            gateways.setdefault(host, {})
            if name:
                gateways[host][name] = None
    uses = [Use(own.ip, end, tuple(gateways.get(own.ip, ()))) for own, end in held]
    there = {own.ip for own, _ in held}
    uses += [Use(h, None, tuple(of)) for h, of in gateways.items() if h not in there]
    uses.sort(key=lambda use: (int(use.address), str(use.holder)))
    return Subnet(network, tuple(uses))


def _conflicts(plan: Plan) -> Iterator[str]:
    holders: dict[Address, list[Endpoint]] = {}
    for subnet in plan.subnets:
        for use in subnet.uses:
            if use.holder is not None:
                holders.setdefault(use.address, []).append(use.holder)
    for host, ends in holders.items():
        if len(ends) > 1:
            yield f"{host} is the address of {' and '.join(map(str, ends))}"
    for number, subnet in enumerate(plan.subnets):
        for other in plan.subnets[number + 1 :]:
            if _overlap(subnet.network, other.network):
                few = min(subnet, other, key=lambda it: len(it.uses))
                use = next((u for u in few.uses if u.holder), few.uses[0])
                rest = other if few is subnet else subnet
                yield (
                    f"{use.holder} has {use.address}/{few.network.prefixlen}, "
                    f"others are in {rest.network}"
                )
    for subnet in plan.subnets:
        for use in subnet.uses:
            if use.holder is None and use.gateway_of and use.address not in holders:
                who = ", ".join(use.gateway_of)
                yield f"{use.address} is the gateway of {who}, but nobody has it"


def _with_overlaps(plan: Plan, others: list[Plan]) -> Plan:
    """With what the networks of other segments have in common with its own."""
    found = [
        f"{subnet.network} is in use on {other.name} too"
        for subnet in plan.subnets
        for other in others
        if other.ends != plan.ends
        and any(_overlap(subnet.network, their.network) for their in other.subnets)
    ]
    conflicts = (*plan.conflicts, *found)
    return Plan(plan.bridges, plan.ends, plan.subnets, conflicts)


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _hosts(network: Network) -> tuple[int, int]:
    """The first and last address that a machine may have."""
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.num_addresses > 2:
        # IPv6 has no broadcast, but the first address is the routers' (RFC 4291).
        first, last = first + 1, last - (network.version == 4)
    return first, last


def plan_words(plan: Plan) -> list[str]:
    """A plan in lines: networks, who has which address, what is free, what is wrong."""
    lines = []
    if not plan.subnets:
        lines.append("no address yet; the next namespace on it gets a new network")
    for subnet in plan.subnets:
        lines.append(str(subnet.network))
        width = max(len(str(use.address)) for use in subnet.uses)
        for use in subnet.uses:
            who = str(use.holder) if use.holder else "nobody"
            gateway = ", ".join(use.gateway_of)
            shown = f"{who}, gateway of {gateway}" if gateway else who
            lines.append(f"  {use.address!s:<{width}}  {shown}")
        for first, last in subnet.free():
            span = str(first) if first == last else f"{first} to {last}"
            count = int(last) - int(first) + 1
            many = f" ({count})" if 1 < count < 1 << 17 else ""
            lines.append(f"  free: {span}{many}")
        if not subnet.free():
            lines.append("  free: none")
    lines += [f"! {conflict}" for conflict in plan.conflicts]
    return lines


def plan_data(plan: Plan) -> dict[str, object]:
    """A plan for programs."""
    return {
        "bridges": [str(end) for end in plan.bridges],
        "links": [str(end) for end in plan.ends],
        "networks": [
            {
                "network": str(subnet.network),
                "used": [
                    {
                        "address": str(use.address),
                        "holder": str(use.holder) if use.holder else None,
                        "gateway_of": list(use.gateway_of),
                    }
                    for use in subnet.uses
                ],
                "free": [[str(first), str(last)] for first, last in subnet.free()],
            }
            for subnet in plan.subnets
        ],
        "conflicts": list(plan.conflicts),
    }


__all__ = [
    "Plan",
    "Subnet",
    "Use",
    "find_bridge",
    "plan_data",
    "plan_of",
    "plan_words",
    "plans",
]
