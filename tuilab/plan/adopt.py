"""From what was changed outside to an edit: the topology that describes it.

The way back of `plan.state.expand`, for what differs only: whatever agrees with the
wish keeps the words the wish was written in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tuilab.model.addressing import derived_mac, version
from tuilab.model.canonical import show_mark
from tuilab.model.routing import MAIN_TABLE, leads
from tuilab.model.topology import (
    HOST,
    LO,
    Bridge,
    Endpoint,
    Hop,
    Link,
    Loopback,
    Namespace,
    Neighbour,
    Route,
    Rule,
    Tap,
    Topology,
    Veth,
)
from tuilab.plan.forwarding import (
    V6_METRIC,
    NeighbourState,
    RouteState,
    RuleState,
    expand_neighbour,
    expand_route,
    expand_rule,
    neighbour_order,
    neighbourly,
    routable,
    route_order,
    rule_order,
)
from tuilab.plan.state import (
    DEFAULT_MTU,
    LOOPBACK_MTU,
    LinkState,
    NamespaceState,
    State,
    expand,
    holdable,
    kernel_order,
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
            usual = _usual_mtu(ifname, here)
            link = _link(Endpoint(name, ifname), link, wanted, state, lab, usual)
        if link is not None and not (ifname == LO and link == Loopback()):
            links[ifname] = link
    bare = Namespace(links, tuple(r for r in was.routes if r.via is None))
    kept = tuple(r for r in was.routes if _stays(r, bare, here))
    told = {_held(bare, route, here) for route in kept}
    new = tuple(_route(r) for r in sorted(here.routes - told, key=route_order))
    sysctls = {
        key: value
        for key, value in here.sysctls.items()
        if key in was.sysctls or value != wish.sysctls.get(key)
    }
    return Namespace(
        links, (*kept, *new), sysctls, _rules(was, here), _neighbours(was, here, links)
    )


def _rules(was: Namespace, here: NamespaceState) -> tuple[Rule, ...]:
    kept = tuple(rule for rule in was.rules if expand_rule(rule) in here.rules)
    new = here.rules - {expand_rule(rule) for rule in kept}
    return (*kept, *(_rule(rule) for rule in sorted(new, key=rule_order)))


def _neighbours(
    was: Namespace, here: NamespaceState, links: Mapping[str, Link]
) -> tuple[Neighbour, ...]:
    """What is there, and what only waits for its link to be large enough."""

    def stays(wanted: NeighbourState) -> bool:
        waits = wanted.dev in links and not neighbourly(here.links, wanted)
        return waits or wanted in here.neighbours

    kept = tuple(n for n in was.neighbours if stays(expand_neighbour(n)))
    new = here.neighbours - {expand_neighbour(n) for n in kept}
    return (
        *kept,
        *(
            Neighbour(n.to, n.dev, n.mac, n.proxy)
            for n in sorted(new, key=neighbour_order)
            if n.dev in links
        ),
    )


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
        return maker(**values)
    # Only what differs: the rest stays as it was written.
    for field in list(values):
        if getattr(wanted, field) == getattr(state, field) and field != "mtu":
            values[field] = getattr(link, field)
    # A bridge that names no mtu has its ports', which may be other ones by now.
    if link.mtu == state.mtu:
        values["mtu"] = state.mtu
    # What a link can't hold while it is down is still wished for.
    held = [a for a in link.addresses if holdable(state, a)]
    if kernel_order(held) == state.addresses:
        values["addresses"] = link.addresses
    else:
        waiting = (a for a in link.addresses if a not in held)
        values["addresses"] = (*state.addresses, *waiting)
    return maker(**values)


def _usual_mtu(ifname: str, here: NamespaceState) -> int:
    if here.links[ifname].kind == "loopback":
        return LOOPBACK_MTU
    ports = (link.mtu for link in here.links.values() if link.master == ifname)
    return min(ports, default=DEFAULT_MTU)


def _is_derived(lab: str, at: Endpoint, state: LinkState) -> bool:
    if state.kind == "loopback":
        return True
    return state.mac == derived_mac(lab, at.namespace, at.ifname)


def _held(bare: Namespace, route: Route, here: NamespaceState) -> RouteState | None:
    """What there is now of a wished route."""
    wanted = expand_route(bare, route)
    return wanted and routable(here.links, wanted)


def _stays(route: Route, bare: Namespace, here: NamespaceState) -> bool:
    """Whether a wished route is there, or only waits for its link to come up."""
    wanted = leads(bare, route) and expand_route(bare, route)
    if not wanted:
        return False
    held = routable(here.links, wanted)
    return held is None or held in here.routes


def _route(route: RouteState) -> Route:
    usual = V6_METRIC if version(route.to) == 6 else 0
    return Route(
        to=route.to,
        via=route.via,
        dev=route.dev,
        metric=None if route.metric == usual else route.metric,
        table=None if route.table == MAIN_TABLE else route.table,
        src=route.src,
        onlink=route.onlink,
        type=route.type,
        hops=tuple(Hop(hop.via, hop.dev, hop.weight) for hop in route.hops),
    )


def _rule(rule: RuleState) -> Rule:
    return Rule(
        priority=rule.priority,
        family=rule.family,
        source=rule.source,
        to=rule.to,
        iif=rule.iif,
        oif=rule.oif,
        fwmark=show_mark(rule.mark, rule.mask) if rule.mask else None,
        table=rule.table,
        action=rule.action,
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
            topology = topology.with_link(endpoint, replace(link, master=None))
    return topology


def _names(topology: Topology, endpoint: Endpoint) -> list[str]:
    return topology.namespaces[endpoint.namespace].bridges()


def _points_back(link: Link | None, endpoint: Endpoint) -> bool:
    return isinstance(link, Veth) and link.peer == endpoint
