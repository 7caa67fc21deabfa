"""What the kernel holds of a lab, as a value: the common tongue of plan and kernel.

A topology says what a person wants (`expand` makes it a state, every default filled
in); an observation says what is there, as a state too. Only what the lab decides is in
it: not the kernel's own link-local addresses, connected routes or counters.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tuilab.model.accounts import gid, uid
from tuilab.model.addressing import derived_mac, interface, version
from tuilab.model.routing import MAIN_TABLE, outgoing
from tuilab.model.sysctls import ipv6_off, is_ipv6, link_of, unusual
from tuilab.model.topology import (
    Bridge,
    Endpoint,
    Link,
    Loopback,
    Namespace,
    Route,
    Tap,
    Topology,
    Veth,
)
from tuilab.plan.bridging import (
    PLAIN_BRIDGE,
    PLAIN_PORT,
    BridgeState,
    PortState,
    bridge_from_data,
    bridge_of,
    options_to_data,
    port_from_data,
    port_of,
)

DEFAULT_MTU = 1500
LOOPBACK_MTU = 65536
LOOPBACK_MAC = "00:00:00:00:00:00"
IPV6_MIN_MTU = 1280
"""Below this the kernel takes IPv6 off a link (RFC 8200, section 5)."""
_SITE_LOCAL = ipaddress.IPv6Network("fec0::/10")


@dataclass(frozen=True, slots=True, order=True)
class RouteState:
    """A static route as the kernel holds it, nothing left to choose.

    Attributes:
        to: Destination CIDR.
        via: Gateway, or None.
        dev: Link it leaves by.
        metric: 0 unless given for IPv4, 1024 for IPv6.
        table: Table number, 254 is main.
    """

    to: str
    via: str | None
    dev: str
    metric: int
    table: int

    @property
    def key(self) -> tuple[str, int, int]:
        """What two routes of one namespace can't share."""
        return self.to, self.metric, self.table


@dataclass(frozen=True, slots=True)
class LinkState:
    """A link as the kernel holds it.

    Attributes:
        kind: As in IFLA_INFO_KIND; ``loopback`` for lo.
        up: IFF_UP.
        mtu: Bytes.
        mac: Lower-case.
        master: Name of the bridge it is a port of.
        addresses: CIDR, in the order of `kernel_order`.
        peer: The other end of a veth; None when that is outside the lab.
        user: Owner of a tap, numeric.
        group: Group of a tap, numeric.
        bridge: What a bridge is set to.
        port: What a port of a bridge is set to.
    """

    kind: str
    up: bool
    mtu: int
    mac: str
    master: str | None = None
    addresses: tuple[str, ...] = ()
    peer: Endpoint | None = None
    user: int | None = None
    group: int | None = None
    bridge: BridgeState = PLAIN_BRIDGE
    port: PortState = PLAIN_PORT


@dataclass(frozen=True, slots=True)
class NamespaceState:
    """A namespace as the kernel holds it.

    Attributes:
        links: By name, ``lo`` included.
        routes: Static ones of all tables.
        sysctls: Those of `model.sysctls` that are not as usual, as text.
    """

    links: Mapping[str, LinkState] = field(default_factory=dict)
    routes: frozenset[RouteState] = frozenset()
    sysctls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """All namespaces of a lab as the kernel holds them, ``host`` included."""

    namespaces: Mapping[str, NamespaceState] = field(default_factory=dict)

    def link(self, endpoint: Endpoint) -> LinkState | None:
        """The link at an endpoint, or None."""
        namespace = self.namespaces.get(endpoint.namespace)
        return namespace.links.get(endpoint.ifname) if namespace else None


def one_sided(state: State) -> set[str]:
    """Namespaces with a cable whose far end is not seen to lead back to it."""
    found = set()
    for name, namespace in state.namespaces.items():
        for ifname, link in namespace.links.items():
            far = state.link(link.peer) if link.peer else None
            if link.peer and (far is None or far.peer != Endpoint(name, ifname)):
                found.add(name)
    return found


def to_data(state: State, only: Iterable[str] | None = None) -> dict[str, Any]:
    """A state as plain data, sorted, so that equal states give equal text.

    Args:
        state: What to show.
        only: The namespaces to show, all by default; absent ones become None.
    """
    names = sorted(state.namespaces) if only is None else sorted(only)
    return {
        name: _namespace_to_data(state.namespaces[name])
        if name in state.namespaces
        else None
        for name in names
    }


def _namespace_to_data(namespace: NamespaceState) -> dict[str, Any]:
    return {
        "links": {
            name: _link_to_data(link) for name, link in sorted(namespace.links.items())
        },
        "routes": [
            {key: getattr(route, key) for key in RouteState.__slots__}
            for route in sorted(namespace.routes, key=_route_order)
        ],
        "sysctls": dict(sorted(namespace.sysctls.items())),
    }


def _link_to_data(link: LinkState) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key in LinkState.__slots__:
        value = getattr(link, key)
        if isinstance(value, BridgeState | PortState):
            value = options_to_data(value) or None
        if isinstance(value, Endpoint):
            value = str(value)
        if value is not None:
            data[key] = list(value) if isinstance(value, tuple) else value
    return data


def _route_order(route: RouteState) -> tuple[int, str, int, str, str]:
    return route.table, route.to, route.metric, route.dev, route.via or ""


def from_data(data: Mapping[str, Any]) -> State:
    """Read what `to_data` made; namespaces that are None are absent."""

    def link(values: dict[str, Any]) -> LinkState:
        peer = values.get("peer")
        return LinkState(
            **{
                **values,
                "addresses": tuple(values.get("addresses", ())),
                "peer": Endpoint.parse(peer) if peer else None,
                "bridge": bridge_from_data(values.get("bridge", {})),
                "port": port_from_data(values.get("port", {})),
            }
        )

    return State(
        {
            name: NamespaceState(
                links={k: link(v) for k, v in body["links"].items()},
                routes=frozenset(RouteState(**r) for r in body["routes"]),
                sysctls=unusual(body["sysctls"]),
            )
            for name, body in data.items()
            if body is not None
        }
    )


# -- from wish to state ----------------------------------------------------------


def kernel_order(addresses: Iterable[str]) -> tuple[str, ...]:
    """Addresses in the order the kernel lists them when added in the order given.

    IPv4 keeps the first address of each subnet (primary) before all further ones
    (secondary). IPv6 comes last: link-local ones first, then the others, either in
    order of addition (the kernel sorts by scope, and lists all of it backwards).
    """
    primaries: list[str] = []
    secondaries: list[str] = []
    v6: list[str] = []
    seen = set()
    for cidr in addresses:
        if version(cidr) == 6:
            v6.append(cidr)
            continue
        network = interface(cidr).network
        (secondaries if network in seen else primaries).append(cidr)
        seen.add(network)
    return (*primaries, *secondaries, *sorted(v6, key=_scope))


def _scope(cidr: str) -> int:
    """The rank of an IPv6 address's scope, as in ipv6_addr_src_scope."""
    host = interface(cidr).ip
    if host.is_link_local or host.is_loopback:
        return 2
    return 5 if host in _SITE_LOCAL else 14


def holdable(link: LinkState, cidr: str, off: bool = False) -> bool:
    """Whether the kernel keeps that address on a link as it is.

    A link that is down, too small for IPv6, or has it switched off (``off``), holds no
    IPv6 address.
    """
    return version(cidr) == 4 or (link.up and link.mtu >= IPV6_MIN_MTU and not off)


def routable(link: LinkState | None, route: RouteState, off: bool = False) -> bool:
    """Whether the kernel keeps a route through that link: it must be up."""
    return link is not None and link.up and holdable(link, route.to, off)


def held_settings(
    sysctls: Mapping[str, str], links: Mapping[str, LinkState]
) -> dict[str, str]:
    """The settings that the kernel has, given the links: those of IPv6 go with it."""
    found = {}
    for key, value in sysctls.items():
        ifname = link_of(key)
        link = links.get(ifname) if ifname is not None else None
        if ifname is not None and link is None:
            continue
        if link is not None and is_ipv6(key) and link.mtu < IPV6_MIN_MTU:
            continue
        found[key] = value
    return unusual(found)


def expand(topology: Topology, before: tuple[Topology, State] | None = None) -> State:
    """What the kernel is to hold for a topology, every default filled in.

    Args:
        topology: A valid one.
        before: A topology already expanded, with its state: namespaces that both
            share are taken over, so an edit of one costs one.
    """
    former, made = before or (None, None)
    reusable = former is not None and former.name == topology.name
    out: dict[str, NamespaceState] = {}
    for name, namespace in topology.namespaces.items():
        if (
            reusable
            and former is not None
            and made is not None
            and former.namespaces.get(name) is namespace
        ):
            out[name] = made.namespaces[name]
        else:
            out[name] = _expand_namespace(topology.name, name, namespace)
    return State(out)


def _expand_namespace(lab: str, name: str, namespace: Namespace) -> NamespaceState:
    links = {
        ifname: _expand_link(lab, Endpoint(name, ifname), link, namespace)
        for ifname, link in namespace.all_links()
    }
    wanted = (expand_route(namespace, route) for route in namespace.routes)
    sysctls = held_settings(namespace.sysctls, links)
    routes = {
        r
        for r in wanted
        if r is not None and routable(links.get(r.dev), r, ipv6_off(sysctls, r.dev))
    }
    return NamespaceState(links, frozenset(routes), sysctls)


def expand_route(namespace: Namespace, route: Route) -> RouteState | None:
    """A route with nothing left to choose; None when it leads nowhere."""
    dev = outgoing(namespace, route)
    if dev is None:
        return None
    default_metric = 1024 if version(route.to) == 6 else 0
    return RouteState(
        to=route.to,
        via=route.via,
        dev=dev,
        metric=default_metric if route.metric is None else route.metric,
        table=MAIN_TABLE if route.table is None else route.table,
    )


def _expand_link(
    lab: str, endpoint: Endpoint, link: Link, namespace: Namespace
) -> LinkState:
    if isinstance(link, Loopback):
        mtu, mac = link.mtu or LOOPBACK_MTU, LOOPBACK_MAC
    else:
        mtu = link.mtu or _default_mtu(endpoint.ifname, link, namespace)
        mac = link.mac or derived_mac(lab, endpoint.namespace, endpoint.ifname)
    bare = LinkState(
        kind=link.kind,
        up=link.up,
        mtu=mtu,
        mac=mac,
        master=link.master,
        peer=link.peer if isinstance(link, Veth) else None,
        user=uid(link.user) if isinstance(link, Tap) else None,
        group=gid(link.group) if isinstance(link, Tap) else None,
        bridge=bridge_of(link),
        port=port_of(link),
    )
    off = ipv6_off(namespace.sysctls, endpoint.ifname)
    held = [cidr for cidr in link.addresses if holdable(bare, cidr, off)]
    return replace(bare, addresses=kernel_order(held)) if held else bare


def _default_mtu(ifname: str, link: Link, namespace: Namespace) -> int:
    if not isinstance(link, Bridge):
        return DEFAULT_MTU
    ports = (namespace.links[port].mtu for port in namespace.ports(ifname))
    return min((mtu or DEFAULT_MTU for mtu in ports), default=DEFAULT_MTU)
