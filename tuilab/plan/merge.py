"""Three-way: what observed should become when base turns into target.

Object by object: what base and target agree on stays as it is observed, drift and all;
where they differ, the goal is the target. The result is a state to go to, so that what
follows (planning, verifying, rolling back) only ever compares two states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tuilab.model.topology import Endpoint
from tuilab.plan.state import (
    LinkState,
    NamespaceState,
    RouteState,
    State,
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
                goal[name] = _namespace(was or NamespaceState(), wanted, there)
        else:
            changed.add(name)
    return _settled(State(goal), changed)


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
    asked = {k: v for k, v in wanted.sysctls.items() if was.sysctls.get(k) != v}
    sysctls = {**there.sysctls, **asked}
    return NamespaceState(links, _routes(was, wanted, there), sysctls)


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
    return replace(there, addresses=addresses, **values)


def _routes(
    was: NamespaceState, wanted: NamespaceState, there: NamespaceState
) -> frozenset[RouteState]:
    gone = was.routes - wanted.routes
    added = {route.key: route for route in wanted.routes - was.routes}
    kept = {r for r in there.routes - gone if r.key not in added}
    return frozenset(kept | set(added.values()))


def _settled(goal: State, changed: set[str]) -> State:
    """Drop what the kernel could not hold given the rest.

    An edit may take away what a thing observed from outside depends on: the far end
    of its cable, its master, the link of its route.
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
            todo |= {n for n in neighbours if not _stands(namespaces, n)}
            continue
        settled = _settled_namespace(namespaces, name, gone)
        if settled != gone:
            namespaces[name] = settled
            todo |= {name, *neighbours}
        else:
            todo |= {n for n in neighbours if not _stands(namespaces, n)}
    return State(namespaces)


def _leans_on(namespace: NamespaceState, name: str) -> bool:
    return any(
        link.peer is not None and link.peer.namespace == name
        for link in namespace.links.values()
    )


def _stands(namespaces: Mapping[str, NamespaceState], name: str) -> bool:
    namespace = namespaces[name]
    return _settled_namespace(namespaces, name, namespace) == namespace


def _settled_namespace(
    namespaces: Mapping[str, NamespaceState], name: str, namespace: NamespaceState
) -> NamespaceState:
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
        held = tuple(a for a in link.addresses if holdable(link, a))
        if held != link.addresses:
            link = replace(link, addresses=held)
        links[ifname] = link
    routes = frozenset(r for r in namespace.routes if routable(links.get(r.dev), r))
    if routes == namespace.routes and links == namespace.links:
        return namespace
    return NamespaceState(links, routes, namespace.sysctls)
