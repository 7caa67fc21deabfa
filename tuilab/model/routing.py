"""Which link a route leaves by: the part of the kernel's rule that is arithmetic."""

from __future__ import annotations

import ipaddress

from tuilab.model.addressing import address, interface
from tuilab.model.topology import LO, Namespace, Route

_LINK_LOCAL = ipaddress.IPv6Network("fe80::/10")


def outgoing(namespace: Namespace, route: Route) -> str | None:
    """The link that a route leaves by, or None when there is none.

    With a gateway, the link must have an address whose network holds it (the longest
    prefix wins); an IPv6 link-local gateway needs the link named (RFC 4007). Without
    a gateway the route must name its link.
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
    for ifname, link in namespace.links.items():
        # What lo has in its networks is the namespace itself: no gateway is there.
        if ifname == LO or route.dev not in (None, ifname):
            continue
        for cidr in link.addresses:
            try:
                network = interface(cidr).network
            except ValueError:
                continue
            if gateway in network and (best is None or network.prefixlen > best[0]):
                best = network.prefixlen, ifname
    return best[1] if best else None
