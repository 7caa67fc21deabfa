"""Which link a route leaves by: the part of the kernel's rule that is arithmetic."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from tuilab.model.addressing import Network, address, interface
from tuilab.model.topology import LO, Namespace, Route

MAIN_TABLE = 254

_LINK_LOCAL = ipaddress.IPv6Network("fe80::/10")


def outgoing(namespace: Namespace, route: Route) -> str | None:
    """The link that a route leaves by, or None when there is none.

    With a gateway, the link must have an address whose network holds it, or a route
    without gateway to it (the longest prefix wins); an IPv6 link-local gateway needs
    the link named (RFC 4007). Without a gateway the route must name its link.
    """
    if route.via is None:
        return route.dev if route.dev and namespace.link(route.dev) else None
    try:
        gateway = address(route.via)
    except ValueError:
        return None
    if gateway in _LINK_LOCAL:
        return route.dev if route.dev and namespace.link(route.dev) else None
    best: tuple[int, str] | None = None
    for ifname, network in _near(namespace, route.table):
        if route.dev not in (None, ifname) or gateway not in network:
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
        if route.dev in namespace.links and route.table in (None, MAIN_TABLE, table):
            try:
                yield route.dev, ipaddress.ip_network(route.to)
            except ValueError:
                continue
