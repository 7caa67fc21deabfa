"""From what was changed outside to an edit: the topology that describes it.

The way back of `plan.state.expand`, for what differs only: whatever agrees with the
wish keeps the words the wish was written in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from tuilab.model.addressing import derived_mac, version
from tuilab.model.links import without_master
from tuilab.model.routing import MAIN_TABLE
from tuilab.model.sysctls import ipv6_off, is_ipv6, link_of, usual
from tuilab.model.topology import (
    HOST,
    LO,
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
from tuilab.plan.bridging import written
from tuilab.plan.state import (
    DEFAULT_MTU,
    IPV6_MIN_MTU,
    LOOPBACK_MTU,
    LinkState,
    NamespaceState,
    RouteState,
    State,
    expand,
    expand_route,
    holdable,
    kernel_order,
    routable,
)


def adopted(topology: Topology, observed: State) -> Topology:
    """The topology that has what is observed, wherever that is not what was wished.

    Links of kinds that tuilab does not know, and cables that leave the lab, can't be
    described and are left out.
    """
    wished = expand(topology)
    namespaces: dict[str, Namespace] = {}
    for name in {**topology.namespaces, **observed.namespaces}:
        here = observed.namespaces.get(name)
        if here is None:
            if name == HOST:
                namespaces[name] = topology.namespaces[name]
            continue
        was = topology.namespaces.get(name, Namespace())
        wish = wished.namespaces.get(name, NamespaceState())
        if here == wish:
            namespaces[name] = was
        else:
            namespaces[name] = _namespace(topology.name, name, was, wish, here)
    after = _without_loose_ends(replace(topology, namespaces=namespaces))
    places = {
        *namespaces,
        *(str(endpoint) for endpoint, _ in after.links()),
    }
    return replace(
        after,
        layout={k: v for k, v in after.layout.items() if k in places},
        expect=tuple(e for e in after.expect if e.source in namespaces),
    )


def _namespace(
    lab: str, name: str, was: Namespace, wish: NamespaceState, here: NamespaceState
) -> Namespace:
    links: dict[str, Link] = {}
    for ifname in {**was.links, **here.links}:
        state, wanted = here.links.get(ifname), wish.links.get(ifname)
        if state is None:
            continue
        link = was.link(ifname) if wanted is not None else None
        if state != wanted or link is None or isinstance(link, Bridge):
            least = _usual_mtu(ifname, here)
            off = ipv6_off(here.sysctls, ifname)
            at = Endpoint(name, ifname)
            link = _link(at, link, wanted, state, lab, least, off)
        if link is not None and not (ifname == LO and link == Loopback()):
            links[ifname] = link
    bare = Namespace(links, tuple(r for r in was.routes if r.via is None))
    kept = tuple(r for r in was.routes if _stays(r, bare, here))
    told = {expand_route(bare, route) for route in kept}
    new = tuple(_route(r) for r in sorted(here.routes - told, key=str))
    return Namespace(links, (*kept, *new), _settings(was, here))


def _settings(was: Namespace, here: NamespaceState) -> dict[str, str]:
    """What is observed; what can't be, on a link too small for IPv6, as it was."""
    named = {k: v for k, v in was.sysctls.items() if link_of(k) in (None, *here.links)}
    for key in named:
        ifname = link_of(key)
        small = ifname is not None and here.links[ifname].mtu < IPV6_MIN_MTU
        if not (small and is_ipv6(key)):
            named[key] = usual(key, here.sysctls)
    return named | dict(here.sysctls)


_MAKERS: dict[str, Callable[..., Link]] = {
    "loopback": Loopback,
    "bridge": Bridge,
    "tap": Tap,
    "veth": Veth,
}


def _link(
    at: Endpoint,
    link: Link | None,
    wanted: LinkState | None,
    state: LinkState,
    lab: str,
    usual_mtu: int,
    ipv6_is_off: bool,
) -> Link | None:
    maker = _MAKERS.get(state.kind)
    if maker is None or (state.kind == "veth" and state.peer is None):
        return None
    values: dict[str, Any] = {
        "up": state.up,
        "mtu": None if state.mtu == usual_mtu else state.mtu,
        "mac": None if _is_derived(lab, at, state) else state.mac,
        "master": state.master,
        "addresses": state.addresses,
    }
    if state.kind == "veth":
        values["peer"] = state.peer
    if state.kind == "tap":
        values["user"] = None if state.user is None else str(state.user)
        values["group"] = None if state.group is None else str(state.group)
    if link is None or wanted is None or link.kind != state.kind:
        return written(maker(**values), state.bridge, state.port)
    # Only what differs: the rest stays as it was written.
    for field in list(values):
        if getattr(wanted, field) == getattr(state, field) and field != "mtu":
            values[field] = getattr(link, field)
    # A bridge that names no mtu has its ports', which may be other ones by now.
    if link.mtu == state.mtu:
        values["mtu"] = state.mtu
    # What a link can't hold while it is down is still wished for.
    held = [a for a in link.addresses if holdable(state, a, ipv6_is_off)]
    if kernel_order(held) == state.addresses:
        values["addresses"] = link.addresses
    else:
        waiting = (a for a in link.addresses if a not in held)
        values["addresses"] = (*state.addresses, *waiting)
    options = {f.name: getattr(link, f.name) for f in fields(link)} | values
    made = maker(**options)
    if made.master is None:
        made = without_master(made)
    return written(made, state.bridge, state.port)


def _usual_mtu(ifname: str, here: NamespaceState) -> int:
    if here.links[ifname].kind == "loopback":
        return LOOPBACK_MTU
    ports = (link.mtu for link in here.links.values() if link.master == ifname)
    return min(ports, default=DEFAULT_MTU)


def _is_derived(lab: str, at: Endpoint, state: LinkState) -> bool:
    if state.kind == "loopback":
        return True
    return state.mac == derived_mac(lab, at.namespace, at.ifname)


def _stays(route: Route, bare: Namespace, here: NamespaceState) -> bool:
    """Whether a wished route is there, or only waits for its link to come up."""
    wanted = expand_route(bare, route)
    if wanted is None:
        return False
    if wanted in here.routes:
        return True
    off = ipv6_off(here.sysctls, wanted.dev)
    return not routable(here.links.get(wanted.dev), wanted, off)


def _route(route: RouteState) -> Route:
    usual = 1024 if version(route.to) == 6 else 0
    return Route(
        to=route.to,
        via=route.via,
        dev=route.dev,
        metric=None if route.metric == usual else route.metric,
        table=None if route.table == MAIN_TABLE else route.table,
    )


def _without_loose_ends(topology: Topology) -> Topology:
    """Drop cables whose other end is not there, and masters that are gone."""
    while True:
        loose = [
            (endpoint, link)
            for endpoint, link in topology.links()
            if isinstance(link, Veth)
            and not _points_back(topology.link(link.peer), endpoint)
        ]
        if not loose:
            break
        for endpoint, _ in loose:
            namespace = topology.namespaces[endpoint.namespace]
            links = {k: v for k, v in namespace.links.items() if k != endpoint.ifname}
            topology = topology.with_namespace(
                endpoint.namespace, replace(namespace, links=links)
            )
    for endpoint, link in list(topology.links()):
        if link.master and link.master not in _names(topology, endpoint):
            topology = topology.with_link(endpoint, without_master(link))
    return topology


def _names(topology: Topology, endpoint: Endpoint) -> list[str]:
    return topology.namespaces[endpoint.namespace].bridges()


def _points_back(link: Link | None, endpoint: Endpoint) -> bool:
    return isinstance(link, Veth) and link.peer == endpoint
