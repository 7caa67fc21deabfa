"""What the kernel holds of a lab, as a value: the common tongue of plan and kernel.

A topology says what a person wants (`expand` makes it a state, every default filled
in); an observation says what is there, as a state too. Only what the lab decides is in
it: not the kernel's own link-local addresses, connected routes or counters.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any

from tuilab.model.accounts import gid, uid
from tuilab.model.addressing import derived_mac, interface, version
from tuilab.model.sharing import altered, unshared
from tuilab.model.sysctls import (
    ipv6_off,
    is_ipv6,
    link_of,
    settings_renamed,
    unusual,
)
from tuilab.model.topology import (
    HOST,
    LO,
    Endpoint,
    Link,
    Loopback,
    Namespace,
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
from tuilab.plan.forwarding import (
    IPV6_MIN_MTU,
    NeighbourState,
    RouteState,
    RuleState,
    expand_neighbour,
    expand_route,
    expand_rule,
    neighbour_order,
    neighbourly,
    routable,
    route_from_data,
    route_order,
    rule_order,
    slots_to_data,
)

DEFAULT_MTU = 1500
LOOPBACK_MTU = 65536
LOOPBACK_MAC = "00:00:00:00:00:00"
_SITE_LOCAL = ipaddress.IPv6Network("fec0::/10")


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
        ipv6: Whether IPv6 is done on it, as the settings of its namespace say.
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
    ipv6: bool = True


@dataclass(frozen=True, slots=True)
class NamespaceState:
    """A namespace as the kernel holds it.

    Attributes:
        links: By name, ``lo`` included.
        routes: Static ones of all tables.
        sysctls: Those of `model.sysctls` that are not as usual, as text.
        rules: All but the kernel's own, which lead to the tables local, main, default.
        neighbours: The permanent ones, and those that are answered for.
        partial: It is the machine's own: of its settings those are told that are the
            lab's to decide, even if they are as usual.
    """

    links: Mapping[str, LinkState] = field(default_factory=dict)
    routes: frozenset[RouteState] = frozenset()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    rules: frozenset[RuleState] = frozenset()
    neighbours: frozenset[NeighbourState] = frozenset()
    partial: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class State:
    """All namespaces of a lab as the kernel holds them, ``host`` included."""

    namespaces: Mapping[str, NamespaceState] = field(default_factory=dict)

    def link(self, endpoint: Endpoint) -> LinkState | None:
        """The link at an endpoint, or None."""
        namespace = self.namespaces.get(endpoint.namespace)
        return namespace.links.get(endpoint.ifname) if namespace else None


_NOTHING = NamespaceState()


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
        "routes": [slots_to_data(r) for r in sorted(namespace.routes, key=route_order)],
        "rules": [slots_to_data(r) for r in sorted(namespace.rules, key=rule_order)],
        "neighbours": [
            slots_to_data(n) for n in sorted(namespace.neighbours, key=neighbour_order)
        ],
        "sysctls": dict(sorted(namespace.sysctls.items())),
        **({"partial": True} if namespace.partial else {}),
    }


def _link_to_data(link: LinkState) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key in LinkState.__slots__:
        value = getattr(link, key)
        if isinstance(value, BridgeState | PortState):
            value = options_to_data(value) or None
        if isinstance(value, Endpoint):
            value = str(value)
        if value is not None and not (key == "ipv6" and value):
            data[key] = list(value) if isinstance(value, tuple) else value
    return data


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
                routes=frozenset(route_from_data(r) for r in body["routes"]),
                sysctls=dict(body["sysctls"])
                if body.get("partial")
                else unusual(body["sysctls"]),
                partial=body.get("partial", False),
                rules=frozenset(RuleState(**r) for r in body.get("rules", ())),
                neighbours=frozenset(
                    NeighbourState(**n) for n in body.get("neighbours", ())
                ),
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
    addresses = tuple(addresses)
    if len(addresses) < 2:
        return addresses
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


def holdable(link: LinkState, cidr: str) -> bool:
    """Whether the kernel keeps that address on a link as it is.

    A link that is down, too small for IPv6, or has it switched off, holds no IPv6
    address.
    """
    big = link.mtu >= IPV6_MIN_MTU
    return version(cidr) == 4 or (link.up and big and link.ipv6)


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
    wanted = topology.namespaces
    fresh: Iterable[str] = wanted
    former: Mapping[str, Namespace] = {}
    made: Mapping[str, NamespaceState] = {}
    if before is not None and before[0].name == topology.name:
        former, made = before[0].namespaces, before[1].namespaces
        fresh = unshared(wanted, former)
    # A place for each, in order, also for those that are yet to be made.
    out = dict(zip(wanted, map(made.get, wanted, repeat(_NOTHING)), strict=True))
    for name in fresh:
        if name in wanted:
            known = former.get(name), made.get(name)
            out[name] = _expand_namespace(topology.name, name, wanted[name], *known)
    return State(out)


def on_host(topology: Topology, whole: State) -> State:
    """The same wish on the machine's own network: of ``host`` only what is declared.

    Args:
        topology: A valid one.
        whole: What `expand` made of it.
    """
    here = whole.namespaces[HOST]
    links = {name: link for name, link in here.links.items() if name != LO}
    declared = dict(topology.namespaces[HOST].sysctls)
    part = replace(here, links=links, sysctls=declared, partial=True)
    return State({**whole.namespaces, HOST: part})


def _expand_namespace(
    lab: str,
    name: str,
    namespace: Namespace,
    former: Namespace | None = None,
    made: NamespaceState | None = None,
) -> NamespaceState:
    kept: Mapping[str, LinkState] = {}
    same: Mapping[str, Link] = {}
    if former and made and former.sysctls == namespace.sysctls:
        # A thousand ports are one namespace: most of them are as they were.
        kept, same = made.links, former.links
    ports = namespace.ports_by_bridge()
    links = {}
    for ifname, link in namespace.all_links():
        state = kept.get(ifname)
        # The mtu of a bridge goes by its ports.
        if state is None or link is not same.get(ifname) or link.kind == "bridge":
            mtus = [namespace.links[port].mtu for port in ports.get(ifname, ())]
            end = Endpoint(name, ifname)
            state = _expand_link(lab, end, link, namespace.sysctls, mtus)
        links[ifname] = state
    wanted = (expand_route(namespace, route) for route in namespace.routes)
    held = (routable(links, route) for route in wanted if route is not None)
    routes = frozenset(route for route in held if route is not None)
    known = (expand_neighbour(neighbour) for neighbour in namespace.neighbours)
    return NamespaceState(
        links,
        routes,
        held_settings(namespace.sysctls, links),
        frozenset(expand_rule(rule) for rule in namespace.rules),
        frozenset(n for n in known if neighbourly(links, n)),
    )


def _expand_link(
    lab: str,
    endpoint: Endpoint,
    link: Link,
    sysctls: Mapping[str, str],
    mtus: Sequence[int | None],
) -> LinkState:
    if isinstance(link, Loopback):
        mtu, mac = link.mtu or LOOPBACK_MTU, LOOPBACK_MAC
    else:
        ports = (mtu or DEFAULT_MTU for mtu in mtus)
        mtu = link.mtu or min(ports, default=DEFAULT_MTU)
        mac = link.mac or derived_mac(lab, endpoint.namespace, endpoint.ifname)
    if mtu < IPV6_MIN_MTU:
        # It has none of its own for IPv6 then.
        sysctls = settings_renamed(sysctls, endpoint.ifname, None)
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
        ipv6=not ipv6_off(sysctls, endpoint.ifname),
    )
    held = [cidr for cidr in link.addresses if holdable(bare, cidr)]
    return altered(bare, addresses=kernel_order(held)) if held else bare


def usual_mtu(ifname: str, links: Mapping[str, LinkState]) -> int:
    """The mtu of a link that names none: a bridge has the least of its ports."""
    if links[ifname].kind == "loopback":
        return LOOPBACK_MTU
    ports = (link.mtu for link in links.values() if link.master == ifname)
    return min(ports, default=DEFAULT_MTU)


__all__ = [
    "DEFAULT_MTU",
    "IPV6_MIN_MTU",
    "LOOPBACK_MAC",
    "LOOPBACK_MTU",
    "LinkState",
    "NamespaceState",
    "NeighbourState",
    "RouteState",
    "RuleState",
    "State",
    "expand",
    "expand_route",
    "from_data",
    "holdable",
    "kernel_order",
    "one_sided",
    "routable",
    "to_data",
]
