"""Three-way: what observed should become when base turns into target.

Object by object: what base and target agree on stays as it is observed, drift and all;
where they differ, the goal is the target. The result is a state to go to, so that what
follows (planning, verifying, rolling back) only ever compares two states.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from tuilab.model.sysctls import ipv6_off, unusual
from tuilab.model.topology import Endpoint
from tuilab.plan.bridging import PLAIN_PORT, holdable_bridge, merged_options
from tuilab.plan.state import (
    IPV6_MIN_MTU,
    LinkState,
    NamespaceState,
    RouteState,
    State,
    held_settings,
    holdable,
    kernel_order,
    routable,
)

_MERGED = ("up", "mtu", "mac", "master")
_IDENTITY = ("kind", "peer", "user", "group")


def merge(base: State, target: State, observed: State) -> State:
    """The state that an edit from base to target should leave behind."""
    goal: dict[str, NamespaceState] = {}
    changed: set[str] = set()
    cut: list[Endpoint] = []
    for name in {**observed.namespaces, **target.namespaces}:
        was, wanted = base.namespaces.get(name), target.namespaces.get(name)
        there = observed.namespaces.get(name)
        if was is wanted or was == wanted:
            if there is not None:
                goal[name] = there
        elif wanted is not None:
            changed.add(name)
            if there is None:
                goal[name] = wanted
            else:
                was = was or NamespaceState()
                goal[name] = _namespace(was, wanted, there)
                cut += _cut_off(name, was, wanted, there)
        else:
            changed.add(name)
    for end in cut:
        _cable_again(goal, changed, end, target)
    return settled(State(goal), changed, observed)


def _namespace(
    was: NamespaceState, wanted: NamespaceState, there: NamespaceState
) -> NamespaceState:
    links: dict[str, LinkState] = {}
    for ifname in {**there.links, **wanted.links}:
        link = _link(
            was.links.get(ifname), wanted.links.get(ifname), there.links.get(ifname)
        )
        if link is not None:
            links[ifname] = link
    return NamespaceState(
        links, _routes(was, wanted, there), _settings(was, wanted, there)
    )


def _settings(
    was: NamespaceState, wanted: NamespaceState, there: NamespaceState
) -> dict[str, str]:
    sysctls = dict(there.sysctls)
    for key in {**was.sysctls, **wanted.sysctls}:
        value = wanted.sysctls.get(key)
        if value == was.sysctls.get(key):
            continue
        if value is None:
            sysctls.pop(key, None)
        else:
            sysctls[key] = value
    return unusual(sysctls)


def _link(
    was: LinkState | None, wanted: LinkState | None, there: LinkState | None
) -> LinkState | None:
    if was == wanted:
        return there
    if wanted is None or there is None or was is None:
        return wanted
    if any(getattr(wanted, name) != getattr(there, name) for name in _IDENTITY):
        return wanted
    values = {
        name: getattr(wanted, name)
        for name in _MERGED
        if getattr(was, name) != getattr(wanted, name)
    }
    addresses = there.addresses
    if was.addresses != wanted.addresses:
        if set(there.addresses) == set(was.addresses):
            addresses = wanted.addresses
        else:
            kept = [
                a
                for a in there.addresses
                if a in wanted.addresses or a not in was.addresses
            ]
            added = [
                a for a in wanted.addresses if a not in was.addresses and a not in kept
            ]
            addresses = kernel_order((*kept, *added))
    bridge = merged_options(was.bridge, wanted.bridge, there.bridge)
    port = merged_options(was.port, wanted.port, there.port)
    return replace(there, addresses=addresses, bridge=bridge, port=port, **values)


def _routes(
    was: NamespaceState, wanted: NamespaceState, there: NamespaceState
) -> frozenset[RouteState]:
    gone = was.routes - wanted.routes
    added = {route.key: route for route in wanted.routes - was.routes}
    kept = {r for r in there.routes - gone if r.key not in added}
    return frozenset(kept | set(added.values()))


def _cut_off(
    name: str, was: NamespaceState, wanted: NamespaceState, there: NamespaceState
) -> list[Endpoint]:
    """The ends of cables that an edit is about and that were removed outside."""
    return [
        Endpoint(name, ifname)
        for ifname, link in wanted.links.items()
        if link.peer and ifname not in there.links and was.links.get(ifname) != link
    ]


def _cable_again(
    goal: dict[str, NamespaceState], changed: set[str], end: Endpoint, target: State
) -> None:
    """Bring a cable's far end back too, where the edit itself does not speak of it."""
    near = target.link(end)
    peer = near.peer if near else None
    far = target.link(peer) if peer else None
    if peer is None or far is None or far.peer != end or peer.namespace not in goal:
        return
    namespace = goal[peer.namespace]
    if peer.ifname not in namespace.links:
        links = {**namespace.links, peer.ifname: far}
        goal[peer.namespace] = replace(namespace, links=links)
        changed.add(peer.namespace)


def settled(goal: State, changed: Collection[str], observed: State) -> State:
    """A goal less what the kernel could not hold given the rest.

    An edit may take away what a thing observed from outside depends on: the far end
    of its cable, its master, the link of its route.

    Args:
        goal: Where to go.
        changed: The namespaces that are not as they were observed.
        observed: What is there.
    """
    namespaces = dict(goal.namespaces)
    todo = set(changed)
    while todo:
        name = todo.pop()
        gone = namespaces.get(name)
        neighbours = {
            other
            for other, namespace in namespaces.items()
            if other != name and _leans_on(namespace, name)
        }
        if gone is None:
            todo |= {n for n in neighbours if not _stands(namespaces, n, observed)}
            continue
        settled = _settled_namespace(namespaces, name, observed)
        if settled != gone:
            namespaces[name] = settled
            todo |= {name, *neighbours}
        else:
            todo |= {n for n in neighbours if not _stands(namespaces, n, observed)}
    return State(namespaces)


def _leans_on(namespace: NamespaceState, name: str) -> bool:
    return any(
        link.peer is not None and link.peer.namespace == name
        for link in namespace.links.values()
    )


def _stands(
    namespaces: Mapping[str, NamespaceState], name: str, observed: State
) -> bool:
    return _settled_namespace(namespaces, name, observed) == namespaces[name]


def _settled_namespace(
    namespaces: Mapping[str, NamespaceState], name: str, observed: State
) -> NamespaceState:
    namespace = namespaces[name]
    links: dict[str, LinkState] = {}
    for ifname, link in namespace.links.items():
        if link.peer is not None:
            far = namespaces.get(link.peer.namespace)
            end = far.links.get(link.peer.ifname) if far else None
            if end is None or end.peer != Endpoint(name, ifname):
                continue
        links[ifname] = link
    for ifname, link in links.items():
        if link.master is not None and link.master not in links:
            link = replace(link, master=None)
        if link.master is None:
            link = replace(link, port=PLAIN_PORT)
        link = replace(link, bridge=holdable_bridge(link.bridge))
        there = observed.link(Endpoint(name, ifname))
        off = ipv6_off(namespace.sysctls, ifname)
        held = tuple(a for a in link.addresses if _held(link, there, a, off))
        if held != link.addresses:
            link = replace(link, addresses=held)
        links[ifname] = link
    sysctls = held_settings(namespace.sysctls, links)
    routes = frozenset(
        r
        for r in namespace.routes
        if routable(links.get(r.dev), r, ipv6_off(sysctls, r.dev))
    )
    if (routes, links, sysctls) == (
        namespace.routes,
        namespace.links,
        namespace.sysctls,
    ):
        return namespace
    return NamespaceState(links, routes, sysctls)


def _held(link: LinkState, there: LinkState | None, cidr: str, off: bool) -> bool:
    """Whether a link holds an address: one that is down keeps what it was given so."""
    if holdable(link, cidr, off):
        return True
    given = there is not None and not there.up and cidr in there.addresses
    return given and link.mtu >= IPV6_MIN_MTU and not off
