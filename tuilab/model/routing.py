"""Which link a route leaves by: the part of the kernel's rule that is arithmetic."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tuilab.model.addressing import Network, address, interface
from tuilab.model.topology import LO, Hop, Namespace, Route

DEFAULT_TABLE = 253
MAIN_TABLE = 254
LOCAL_TABLE = 255
TABLES = {"default": DEFAULT_TABLE, "main": MAIN_TABLE, "local": LOCAL_TABLE}
"""Names that every kernel's tables go by; see ip-route(8)."""

_LINK_LOCAL = ipaddress.IPv6Network("fe80::/10")


def leads(namespace: Namespace, route: Route) -> bool:
    """Whether a route has a way out on every hop, and the address it sends from."""
    ways = route.ways()
    if not all(outgoing(namespace, route, way) for way in ways):
        return False
    return route.src is None or holder(namespace, route.src) is not None


def holder(namespace: Namespace, host: str) -> str | None:
    """The link that has an address, given without prefix length, or None."""
    for ifname, link in namespace.all_links():
        for cidr in link.addresses:
            if cidr.partition("/")[0] == host:
                return ifname
    return None


def pruned(namespace: Namespace, route: Route) -> Route | None:
    """What is left of a route whose links or addresses went; None for nothing."""
    if leads(namespace, route):
        return route
    if route.src is not None and holder(namespace, route.src) is None:
        return None
    hops = [hop for hop in route.hops if outgoing(namespace, route, hop)]
    return with_hops(route, hops)


def with_hops(route: Route, hops: Sequence[Hop]) -> Route | None:
    """A route with some of its ways alone; None for none."""
    if len(hops) == 1:
        return replace(route, via=hops[0].via, dev=hops[0].dev, hops=())
    return replace(route, hops=tuple(hops)) if hops else None


def outgoing(namespace: Namespace, route: Route, way: Hop | None = None) -> str | None:
    """The link that a route leaves by, or None when there is none.

    With a gateway, the link must have an address whose network holds it, or a route
    without gateway to it (the longest prefix wins); an IPv6 link-local gateway needs
    the link named (RFC 4007), as does one that is ``onlink``. Without a gateway the
    route must name its link.

    Args:
        namespace: Where it is.
        route: The route.
        way: Which of its hops; its only one otherwise.
    """
    way = way or Hop(route.via, route.dev)
    named = way.dev if way.dev and namespace.link(way.dev) else None
    if way.via is None or route.onlink:
        return named
    try:
        gateway = address(way.via)
    except ValueError:
        return None
    if gateway in _LINK_LOCAL:
        return named
    best: tuple[int, str] | None = None
    for ifname, network in _near(namespace, route.table):
        if way.dev not in (None, ifname) or gateway not in network:
            continue
        if best is None or network.prefixlen > best[0]:
            best = network.prefixlen, ifname
    return best[1] if best else None


def _near(namespace: Namespace, table: int | None) -> Iterator[tuple[str, Network]]:
    """Every network that is on a link, with that link, as a route's table sees it."""
    for ifname, link in namespace.links.items():
        # What lo has in its networks is the namespace itself: no gateway is there.
        if ifname == LO:
            continue
        for cidr in link.addresses:
            try:
                yield ifname, interface(cidr).network
            except ValueError:
                continue
    for route in namespace.routes:
        if route.via is not None or route.dev is None or route.dev == LO:
            continue
        if route.hops:
            continue
        if route.dev in namespace.links and route.table in (None, MAIN_TABLE, table):
            try:
                yield route.dev, ipaddress.ip_network(route.to)
            except ValueError:
                continue


# -- what edits of links mean to all this ------------------------------------------


def without_dead_ends(former: Namespace, namespace: Namespace) -> Namespace:
    """A namespace without what led somewhere before and leads nowhere now.

    Routes, those of their hops alone that lost their link, and neighbours. Rules stay:
    they may name links that are not there.
    """
    neighbours = tuple(
        neighbour
        for neighbour in namespace.neighbours
        if namespace.link(neighbour.dev) or not former.link(neighbour.dev)
    )
    kept = replace(namespace, neighbours=neighbours)
    # One that goes may be the way to another's gateway.
    while (fewer := _pruned_routes(former, kept)) != kept.routes:
        kept = replace(kept, routes=fewer)
    return kept


def _pruned_routes(former: Namespace, namespace: Namespace) -> tuple[Route, ...]:
    return tuple(
        left
        for route in namespace.routes
        if (left := pruned(namespace, route) if leads(former, route) else route)
    )


def with_links_renamed(namespace: Namespace, names: Mapping[str, str]) -> Namespace:
    """A namespace whose routes, rules and neighbours call links by other names."""

    def name(ifname: str | None) -> str | None:
        return names.get(ifname, ifname) if ifname else ifname

    routes = tuple(
        replace(
            route,
            dev=name(route.dev),
            hops=tuple(replace(hop, dev=name(hop.dev)) for hop in route.hops),
        )
        for route in namespace.routes
    )
    rules = tuple(
        replace(rule, iif=name(rule.iif), oif=name(rule.oif))
        for rule in namespace.rules
    )
    neighbours = tuple(
        replace(neighbour, dev=names.get(neighbour.dev, neighbour.dev))
        for neighbour in namespace.neighbours
    )
    return replace(namespace, routes=routes, rules=rules, neighbours=neighbours)
