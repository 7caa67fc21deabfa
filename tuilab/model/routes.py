"""What is wrong with the static routes of a namespace: part of `model.validate`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from tuilab.errors import Problem
from tuilab.model.addressing import (
    Address,
    Network,
    address,
    cidr_problem,
    interface,
    show_destination,
)
from tuilab.model.routing import LOCAL_TABLE, MAIN_TABLE, holder, outgoing
from tuilab.model.topology import LO, REFUSALS, UNICAST, Hop, Namespace, Route

UNREACHABLE = "the gateway is unreachable"
_MOST = 2**32 - 1
_V4_METRIC, _V6_METRIC, _V6_CONNECTED = 0, 1024, 256
_MOST_WEIGHT = 256
_Path = tuple[str | int, ...]


def route_problems(name: str, namespace: Namespace) -> Iterator[Problem]:
    """Everything that is wrong with the routes of one namespace, in order."""
    seen: dict[tuple[object, int, int], Route] = {}
    for index, route in enumerate(namespace.routes):
        at = ("namespaces", name, "routes", index)
        found = list(_route(at, name, namespace, route))
        yield from found
        net = _network(route.to)
        if net is None or any(p.path[-1] in ("metric", "table") for p in found):
            continue
        key = (net, _metric(route, net), route.table or MAIN_TABLE)
        if key in seen:
            fact = f'"{name}" has two routes to {show_destination(route.to)} with the'
            fact += " same metric in the same table"
            yield Problem(at, fact, "remove one, or give it another metric")
        elif ifname := _connected(namespace, *key):
            fact = f'"{route.to}" is the network of "{name}:{ifname}" itself: the '
            fact += "kernel has that route already"
            yield Problem((*at, "to"), fact, "remove it, or give it a metric")
        seen.setdefault(key, route)


def _route(
    at: _Path, name: str, namespace: Namespace, route: Route
) -> Iterator[Problem]:
    net = _network(route.to)
    if net is None:
        yield Problem((*at, "to"), *_bad_destination(route.to))
    if route.type == UNICAST:
        yield from _ways(at, name, namespace, route, net)
        yield from _src(at, name, namespace, route, net)
    elif route.type in REFUSALS:
        yield from _refusal(at, route)
    else:
        fact = f'"{route.type}" is no type of a route'
        yield Problem((*at, "type"), fact, f"write {', '.join(REFUSALS)}, or nothing")
    if route.metric is not None and not 0 <= route.metric <= _MOST:
        fact = f'"{route.metric}" is no metric of a route'
        yield Problem((*at, "metric"), fact, f"write a number from 0 to {_MOST}")
    if route.table is not None:
        yield from table_problems((*at, "table"), route.table, "a route may be in")


def table_problems(at: _Path, table: int | str, what: str) -> Iterator[Problem]:
    """What is wrong with the table that a route or rule names."""
    if isinstance(table, str) or not 1 <= table <= _MOST or table == LOCAL_TABLE:
        remedy = f'write a number from 1 to {_MOST}, but not {LOCAL_TABLE}, or "main"'
        yield Problem(at, f'"{table}" is no routing table that {what}', remedy)


def _refusal(at: _Path, route: Route) -> Iterator[Problem]:
    """What a route that leads nowhere on purpose can't have."""
    has = {
        "via": route.via,
        "dev": route.dev,
        "src": route.src,
        "onlink": route.onlink,
        "hops": route.hops,
    }
    for key, value in has.items():
        if value:
            fact = f'"{route.type}" sends nothing on and has no {key}'
            yield Problem((*at, key), fact, f"remove it, or the {route.type}")


def _ways(
    at: _Path, name: str, namespace: Namespace, route: Route, net: Network | None
) -> Iterator[Problem]:
    if not route.hops:
        yield from _way(at, name, namespace, route, Hop(route.via, route.dev), net)
        return
    for key, value in (("via", route.via), ("dev", route.dev)):
        if value is not None:
            fact = f'"{value}" is given beside hops'
            yield Problem((*at, key), fact, "give it to one of the hops")
    if len(route.hops) < 2:
        fact = f'"{name}" has a route to {show_destination(route.to)} with one hop'
        remedy = "write its via and dev on the route, or add another hop"
        yield Problem((*at, "hops"), fact, remedy)
    seen: set[tuple[str | None, str | None]] = set()
    for index, hop in enumerate(route.hops):
        here = (*at, "hops", index)
        yield from _way(here, name, namespace, route, hop, net)
        if not 1 <= hop.weight <= _MOST_WEIGHT:
            fact = f'"{hop.weight}" is no weight of a hop'
            remedy = f"write a number from 1 to {_MOST_WEIGHT}"
            yield Problem((*here, "weight"), fact, remedy)
        if net is not None and net.version == 6 and hop.via is None and hop.dev:
            fact = f'"{hop.dev}" is a hop without gateway, which IPv6 does not take'
            yield Problem((*here, "dev"), fact, "give it a gateway (via)")
        dev = outgoing(namespace, route, hop) or hop.dev
        if (hop.via, dev) in seen:
            fact = f'"{hop.via or dev}" is a hop of this route already'
            yield Problem(here, fact, "give the one a greater weight")
        seen.add((hop.via, dev))


def _way(
    at: _Path,
    name: str,
    namespace: Namespace,
    route: Route,
    way: Hop,
    net: Network | None,
) -> Iterator[Problem]:
    """What is wrong with one hop, or the only way of a route."""
    no_dev = way.dev is not None and namespace.link(way.dev) is None
    if no_dev:
        have = ", ".join(ifname for ifname, _ in namespace.all_links())
        fact = f'"{name}" has no link "{way.dev}" for a route to leave by'
        yield Problem((*at, "dev"), fact, f"it has {have}")
    if way.via is not None:
        fact, remedy = _gateway(name, namespace, route, way, net, reach=not no_dev)
        if fact:
            yield Problem((*at, "via"), fact, remedy)
            return
    elif way.dev is None:
        fact = f'"{name}" has a route to {show_destination(route.to)} that leads '
        fact += "nowhere"
        yield Problem(at, fact, "give it a gateway (via) or a link (dev)")
    if route.onlink and (way.via is None or way.dev is None):
        lacks = "dev" if way.dev is None else "via"
        fact = f'"onlink" needs a gateway and its link, and there is no {lacks}'
        key = "onlink" if not route.hops else lacks
        yield Problem((*at, key), fact, f"add {lacks}, or remove onlink")


def _src(
    at: _Path, name: str, namespace: Namespace, route: Route, net: Network | None
) -> Iterator[Problem]:
    if route.src is None:
        return
    here = (*at, "src")
    try:
        host = address(route.src)
    except ValueError:
        fact = f'"{route.src}" is not an address to send from'
        yield Problem(here, fact, "write one like 10.0.0.1, without prefix length")
        return
    where = holder(namespace, route.src)
    if net is not None and net.version != host.version:
        fact = f'"{route.src}" is IPv{host.version}, the route to '
        fact += f"{show_destination(route.to)} is IPv{net.version}"
        yield Problem(here, fact, "send from an address of the same family")
    elif where is None:
        fact = f'"{route.src}" is no address of "{name}"'
        yield Problem(here, fact, "use one of its own addresses")
    elif host.is_link_local and any(
        outgoing(namespace, route, way) != where for way in route.ways()
    ):
        fact = f'"{route.src}" is an address of "{where}" alone, which the route does '
        fact += "not leave by"
        yield Problem(here, fact, "use an address that is not link-local")


def _bad_destination(to: str) -> tuple[str, str]:
    try:
        net = ipaddress.ip_network(to, strict=False)
    except ValueError:
        fact = f'"{to}" is no destination of a route'
        return fact, 'write a network like 10.0.1.0/24, or "default"'
    fact = f'"{to}" is an address inside a network, not a network'
    return fact, f"write {net}"


def _gateway(
    name: str,
    namespace: Namespace,
    route: Route,
    way: Hop,
    net: Network | None,
    reach: bool,
) -> tuple[str, str]:
    """What is wrong with a gateway and the remedy; two empty strings if it is fine."""
    via = way.via or ""
    try:
        gateway = address(via)
    except ValueError:
        bare = via.partition("/")[0]
        remedy = f"write {bare}" if bare != via else "write one like 10.0.0.1"
        return f'"{via}" is not the address of a gateway', remedy
    if "%" in via:
        return f'"{via}" names a link inside the address', "name it with dev"
    if gateway.is_multicast or gateway.is_unspecified or gateway.is_loopback:
        return f'"{via}" can\'t be a gateway', "use the address of a router"
    if net is not None and net.version != gateway.version:
        fact = f'"{via}" is IPv{gateway.version}, the route to '
        fact += f"{show_destination(route.to)} is IPv{net.version}"
        return fact, "use a gateway of the same family"
    for ifname, cidr in _addresses(namespace):
        own = interface(cidr)
        if own.ip == gateway:
            fact = f'"{via}" is the address of "{name}:{ifname}" itself'
            return fact, "use the address of another machine"
        edge = own.network.version == 4 and own.network.prefixlen < 31
        broadcast = own.network.broadcast_address
        if edge and gateway in (own.network.network_address, broadcast):
            fact = f'"{via}" is no machine of {own.network}, but the network itself'
            return fact, "use the address of a router"
    if route.onlink or not reach or outgoing(namespace, route, way):
        return "", ""
    if _perhaps(namespace, gateway):
        return "", ""
    if gateway.is_link_local and way.dev is None:
        return f'"{via}" is on every link', "name the link with dev"
    where = f'of "{name}:{way.dev}"' if way.dev else f'that "{name}" is in'
    fact = f'"{via}" is in no network {where}: {UNREACHABLE}'
    return fact, "use a gateway in one of its networks, or add an address there"


def _perhaps(namespace: Namespace, gateway: Address) -> bool:
    """Whether an address that can't be read may have been to reach that gateway."""
    readable = any(
        interface(cidr).version == gateway.version for _, cidr in _addresses(namespace)
    )
    for _, link in namespace.all_links():
        for cidr in link.addresses:
            try:
                interface(cidr)
            except ValueError:
                near = _salvage(cidr)
                if near is None and not readable:
                    return True
                if near is not None and gateway in near:
                    return True
    return False


def _salvage(cidr: str) -> Network | None:
    """The network that an unreadable address may have meant, as far as it is clear."""
    host = cidr.partition("/")[0].strip()
    try:
        if ":" in host:
            bits = 64 if _is_address(host) else 32
            text = host if bits == 64 else ":".join(host.split(":")[:2]) + "::"
            return ipaddress.IPv6Network((text, bits), strict=False)
        clear = []
        for octet in host.split("."):
            if not (octet.isdecimal() and octet.isascii() and int(octet) < 256):
                break
            clear.append(str(int(octet)))
        if "." not in host or not clear:
            return None
        clear = clear[:3]
        text = ".".join([*clear, "0", "0", "0"][:4])
        return ipaddress.IPv4Network((text, 8 * len(clear)))
    except ValueError:
        return None


def _is_address(text: str) -> bool:
    try:
        address(text)
    except ValueError:
        return False
    return True


def _addresses(namespace: Namespace) -> Iterator[tuple[str, str]]:
    for ifname, link in namespace.all_links():
        for cidr in link.addresses:
            if not cidr_problem(cidr)[0]:
                yield ifname, cidr


def _network(to: str) -> Network | None:
    try:
        return ipaddress.ip_network(to) if "%" not in to else None
    except ValueError:
        return None


def _metric(route: Route, net: Network) -> int:
    default = _V6_METRIC if net.version == 6 else _V4_METRIC
    # The kernel takes 0 for "none given" in IPv6 alone.
    if route.metric is None or (route.metric == 0 and net.version == 6):
        return default
    return route.metric


def _connected(
    namespace: Namespace, net: object, metric: int, table: int
) -> str | None:
    """The link whose own network that route would double, or None."""
    if table != MAIN_TABLE:
        return None
    for ifname, cidr in _addresses(namespace):
        own = interface(cidr).network
        theirs = _V6_CONNECTED if own.version == 6 else _V4_METRIC
        alone = own.version == 4 and own.prefixlen == 32
        if own == net and metric == theirs and not alone and ifname != LO:
            return ifname
    return None


__all__ = ["UNREACHABLE", "route_problems", "table_problems"]
