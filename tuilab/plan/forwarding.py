"""Routes, rules and neighbours as the kernel holds them: part of `plan.state`.

What a namespace does with packets that are not its own: values, what they are made of,
and what the kernel needs to hold them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tuilab.model.addressing import address, version
from tuilab.model.canonical import read_mark
from tuilab.model.routing import MAIN_TABLE, outgoing
from tuilab.model.topology import (
    LO,
    UNICAST,
    Namespace,
    Neighbour,
    Route,
    Rule,
)

IPV6_MIN_MTU = 1280
"""Below this the kernel takes IPv6 off a link (RFC 8200, section 5)."""
V6_METRIC = 1024


@dataclass(frozen=True, slots=True)
class HopState:
    """One of several ways of a route, as the kernel holds it.

    Attributes:
        via: Gateway, or None.
        dev: Link it leaves by.
        weight: Its share.
    """

    via: str | None
    dev: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class RouteState:
    """A static route as the kernel holds it, nothing left to choose.

    A hop that the kernel calls dead, for its link is down, is no part of it: what is
    left over may be a route with one way, which is then like any other.

    Attributes:
        to: Destination CIDR.
        via: Gateway, or None.
        dev: Link it leaves by; None with several hops, or none.
        metric: 0 unless given for IPv4, 1024 for IPv6.
        table: Table number, 254 is main.
        src: Address that packets sent from here bear, or None.
        onlink: Whether the gateway need be in no network of the link.
        type: As in `model.topology.Route`.
        hops: Several ways, sorted; then ``via`` and ``dev`` are None.
    """

    to: str
    via: str | None
    dev: str | None
    metric: int
    table: int
    src: str | None = None
    onlink: bool = False
    type: str = UNICAST
    hops: tuple[HopState, ...] = ()

    @property
    def key(self) -> tuple[str, int, int]:
        """What two routes of one namespace can't share."""
        return self.to, self.metric, self.table

    @property
    def ways(self) -> tuple[HopState, ...]:
        """The hops, be they one or several.

        What leads nowhere on purpose has none, but for IPv6, whose is ``lo``.
        """
        if self.hops:
            return self.hops
        if self.type != UNICAST:
            return (HopState(None, LO),) if version(self.to) == 6 else ()
        return (HopState(self.via, self.dev or ""),)

    def with_ways(self, ways: Iterable[HopState]) -> RouteState | None:
        """The same route with other hops; None where it has none left."""
        rest = tuple(sorted(ways, key=_hop_order))
        if self.type != UNICAST:
            return self if rest == self.ways else None
        if not rest:
            return None
        if len(rest) == 1:
            return replace(self, via=rest[0].via, dev=rest[0].dev, hops=())
        return replace(self, via=None, dev=None, hops=rest)


@dataclass(frozen=True, slots=True)
class RuleState:
    """A rule as the kernel holds it; see `model.topology.Rule`.

    Attributes:
        mark: Mark that packets bear, of which ``mask`` says what counts; 0 and 0 for
            any.
    """

    priority: int
    family: int
    source: str | None = None
    to: str | None = None
    iif: str | None = None
    oif: str | None = None
    mark: int = 0
    mask: int = 0
    table: int | None = None
    action: str | None = None

    @property
    def key(self) -> tuple[int, int]:
        """What two rules of a topology can't share."""
        return self.family, self.priority


@dataclass(frozen=True, slots=True)
class NeighbourState:
    """A permanent neighbour, or a proxy entry, as the kernel holds it."""

    to: str
    dev: str
    mac: str | None = None
    proxy: bool = False

    @property
    def key(self) -> tuple[str, str, bool]:
        """What two neighbours of one namespace can't share."""
        return self.to, self.dev, self.proxy


class Holding(Protocol):
    """The part of a link's state that decides what it can hold."""

    @property
    def up(self) -> bool:
        """IFF_UP."""

    @property
    def mtu(self) -> int:
        """Bytes."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """CIDR."""

    @property
    def ipv6(self) -> bool:
        """Whether IPv6 is done on it."""


def routable(
    links: Mapping[str, Holding], route: RouteState, *, src: bool = True
) -> RouteState | None:
    """What the kernel keeps of a route: its hops by links that are up.

    Args:
        links: Of the namespace, by name.
        route: The route.
        src: Whether it must have the address that it sends from; once it has the
            route the kernel does not insist.
    """
    v6 = version(route.to) == 6
    if src and route.src is not None and not has_address(links, route.src):
        return None
    if route.type != UNICAST and not v6:
        return route
    ways = []
    for way in route.ways:
        link = links.get(way.dev)
        up = link is not None and (link.up or route.type != UNICAST)
        if link is None or not up or (v6 and link.mtu < IPV6_MIN_MTU):
            continue
        # What leads nowhere on purpose does so by a ``lo`` without IPv6 as well.
        if not v6 or link.ipv6 or route.type != UNICAST:
            ways.append(way)
    return route if len(ways) == len(route.ways) else route.with_ways(ways)


def has_address(links: Mapping[str, Holding], host: str) -> bool:
    """Whether some link has an address, given without prefix length."""
    return any(
        cidr.partition("/")[0] == host
        for link in links.values()
        for cidr in link.addresses
    )


def neighbourly(links: Mapping[str, Holding], neighbour: NeighbourState) -> bool:
    """Whether the kernel keeps that neighbour: on a link, up or down."""
    link = links.get(neighbour.dev)
    v6 = version(neighbour.to) == 6
    return link is not None and (not v6 or (link.mtu >= IPV6_MIN_MTU and link.ipv6))


def hinders(rule: RuleState, route: RouteState) -> bool:
    """Whether the kernel, asked to add a route, may miss its gateway for a rule.

    It looks for the gateway as for any destination, of packets without source and mark,
    in the main table through the rules (fib_check_nh, ip6_route_check_nh).
    """
    v6 = version(route.to) == 6
    if rule.family != (6 if v6 else 4) or route.onlink or route.type != UNICAST:
        return False
    if rule.action is None and not (v6 and route.table != MAIN_TABLE):
        return False
    if rule.source is not None or rule.mark & rule.mask or rule.iif not in (None, LO):
        return False
    return any(
        way.via is not None and rule.oif in (None, way.dev) for way in route.ways
    )


# -- from wish to state ------------------------------------------------------------


def expand_route(namespace: Namespace, route: Route) -> RouteState | None:
    """A route with nothing left to choose; None when it leads nowhere."""
    default_metric = V6_METRIC if version(route.to) == 6 else 0
    whole = RouteState(
        to=route.to,
        via=None,
        dev=None,
        # The kernel takes 0 for "none given" in IPv6.
        metric=route.metric or default_metric,
        table=MAIN_TABLE if route.table is None else route.table,
        src=route.src,
        onlink=route.onlink,
        type=route.type,
    )
    if route.type != UNICAST:
        return whole
    ways = [
        HopState(way.via, dev, way.weight)
        for way in route.ways()
        if (dev := outgoing(namespace, route, way))
    ]
    return whole.with_ways(ways)


def expand_rule(rule: Rule) -> RuleState:
    """A rule with nothing left to choose."""
    mark, mask = (read_mark(rule.fwmark) if rule.fwmark else None) or (0, 0)
    return RuleState(
        priority=rule.priority,
        family=rule.family,
        source=rule.source,
        to=rule.to,
        iif=rule.iif,
        oif=rule.oif,
        mark=mark,
        mask=mask,
        table=rule.table,
        action=rule.action,
    )


def expand_neighbour(neighbour: Neighbour) -> NeighbourState:
    """A neighbour as the kernel will hold it."""
    return NeighbourState(neighbour.to, neighbour.dev, neighbour.mac, neighbour.proxy)


# -- as plain data -----------------------------------------------------------------


def route_order(route: RouteState) -> tuple[Any, ...]:
    """Sorts routes by table and destination."""
    net, _, length = route.to.partition("/")
    to = address(net)
    hops = tuple(_hop_order(hop) for hop in route.ways)
    return route.table, to.version, int(to), int(length or 0), route.metric, hops


def rule_order(rule: RuleState) -> tuple[Any, ...]:
    """Sorts rules as the kernel asks them."""
    return rule.family, rule.priority, str(rule)


def neighbour_order(neighbour: NeighbourState) -> tuple[Any, ...]:
    """Sorts neighbours by link and address."""
    return neighbour.dev, neighbour.proxy, version(neighbour.to), neighbour.to


def _hop_order(hop: HopState) -> tuple[str, str, int]:
    return hop.dev, hop.via or "", hop.weight


def slots_to_data(value: RouteState | RuleState | NeighbourState) -> dict[str, Any]:
    """One of them, without what it does not have."""
    data = {}
    for key in value.__slots__:
        held = getattr(value, key)
        if held is None or held is False or held == ():
            continue
        if key == "hops":
            held = [[hop.via, hop.dev, hop.weight] for hop in held]
        data[key] = held
    return data


def route_from_data(data: Mapping[str, Any]) -> RouteState:
    """Read what `slots_to_data` made of a route."""
    hops = tuple(HopState(*hop) for hop in data.get("hops", ()))
    return RouteState(**{"via": None, "dev": None, **data, "hops": hops})
