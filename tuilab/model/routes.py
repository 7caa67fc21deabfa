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
from tuilab.model.routing import MAIN_TABLE, outgoing
from tuilab.model.topology import LO, Namespace, Route

LOCAL_TABLE = 255
UNREACHABLE = "the gateway is unreachable"
_MOST = 2**32 - 1
_V4_METRIC, _V6_METRIC, _V6_CONNECTED = 0, 1024, 256


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
    at: tuple[str | int, ...], name: str, namespace: Namespace, route: Route
) -> Iterator[Problem]:
    net = _network(route.to)
    if net is None:
        yield Problem((*at, "to"), *_bad_destination(route.to))
    no_dev = route.dev is not None and namespace.link(route.dev) is None
    if no_dev:
        have = ", ".join(ifname for ifname, _ in namespace.all_links())
        fact = f'"{name}" has no link "{route.dev}" for a route to leave by'
        yield Problem((*at, "dev"), fact, f"it has {have}")
    if route.via is not None:
        fact, remedy = _gateway(name, namespace, route, net, reach=not no_dev)
        if fact:
            yield Problem((*at, "via"), fact, remedy)
    elif route.dev is None:
        fact = f'"{name}" has a route to {show_destination(route.to)} that leads '
        fact += "nowhere"
        yield Problem(at, fact, "give it a gateway (via) or a link (dev)")
    if route.metric is not None and not 0 <= route.metric <= _MOST:
        fact = f'"{route.metric}" is no metric of a route'
        yield Problem((*at, "metric"), fact, f"write a number from 0 to {_MOST}")
    table = route.table
    if table is not None and (not 1 <= table <= _MOST or table == LOCAL_TABLE):
        fact = f'"{table}" is no routing table that a route may be in'
        remedy = f"write a number from 1 to {_MOST}, but not {LOCAL_TABLE}"
        yield Problem((*at, "table"), fact, remedy)


def _bad_destination(to: str) -> tuple[str, str]:
    try:
        net = ipaddress.ip_network(to, strict=False)
    except ValueError:
        fact = f'"{to}" is no destination of a route'
        return fact, 'write a network like 10.0.1.0/24, or "default"'
    fact = f'"{to}" is an address inside a network, not a network'
    return fact, f"write {net}"


def _gateway(
    name: str, namespace: Namespace, route: Route, net: Network | None, reach: bool
) -> tuple[str, str]:
    """What is wrong with a gateway and the remedy; two empty strings if it is fine."""
    via = route.via or ""
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
    if not reach or outgoing(namespace, route) or _perhaps(namespace, gateway):
        return "", ""
    if gateway.is_link_local and route.dev is None:
        return f'"{via}" is on every link', "name the link with dev"
    where = f'of "{name}:{route.dev}"' if route.dev else f'that "{name}" is in'
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


__all__ = ["route_problems"]
