"""Three-way: what observed should become when base turns into target.

Object by object: what base and target agree on stays as it is observed, drift and all;
where they differ, the goal is the target. The result is a state to go to, so that what
follows (planning, verifying, rolling back) only ever compares two states.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from tuilab.errors import KernelError
from tuilab.model.addressing import version
from tuilab.model.sharing import altered, unshared
from tuilab.model.sysctls import ipv6_off, link_of, unusual
from tuilab.model.topology import Endpoint
from tuilab.plan.bridging import (
    PLAIN_PORT,
    holdable_bridge,
    looked_at,
    merged_options,
)
from tuilab.plan.forwarding import neighbourly, routable
from tuilab.plan.state import (
    IPV6_MIN_MTU,
    LinkState,
    NamespaceState,
    State,
    held_settings,
    holdable,
    kernel_order,
    usual_mtu,
)

DONE_OUTSIDE = (
    "that was done outside tuilab: tuilab drift shows it, --repair puts it back"
)
_MERGED = ("up", "mtu", "mac", "master")
_IDENTITY = ("kind", "peer", "user", "group")


def merge(base: State, target: State, observed: State) -> State:
    """The state that an edit from base to target should leave behind."""
    goal = dict(observed.namespaces)
    changed: set[str] = set()
    cut: list[Endpoint] = []
    for name in unshared(target.namespaces, base.namespaces):
        was, wanted = base.namespaces.get(name), target.namespaces.get(name)
        there = goal.get(name)
        if was == wanted:
            continue
        changed.add(name)
        if wanted is None:
            goal.pop(name, None)
        elif there is None:
            goal[name] = wanted
        else:
            was = was or NamespaceState()
            goal[name] = _namespace(was, wanted, there)
            cut += _cut_off(name, was, wanted, there)
    for end in cut:
        _cable_again(goal, changed, end, target)
    return settled(State(goal), changed, observed)


def _namespace(
    was: NamespaceState, wanted: NamespaceState, there: NamespaceState
) -> NamespaceState:
    links: dict[str, LinkState] = {}
    for ifname in {**there.links, **wanted.links}:
        here = there.links.get(ifname)
        if here is not None and _replaced(was, wanted, here, ifname):
            link: LinkState | None = here
        else:
            link = _link(was.links.get(ifname), wanted.links.get(ifname), here)
        if link is not None:
            links[ifname] = link
    return NamespaceState(
        links,
        _keyed(was.routes, wanted.routes, there.routes),
        _settings(was, wanted, there),
        _keyed(was.rules, wanted.rules, there.rules),
        _keyed(was.neighbours, wanted.neighbours, there.neighbours),
        there.partial or wanted.partial,
    )


def _settings(
    was: NamespaceState, wanted: NamespaceState, there: NamespaceState
) -> dict[str, str]:
    partial = there.partial or wanted.partial
    sysctls = dict(there.sysctls)
    for key in {**was.sysctls, **wanted.sysctls}:
        value, link = wanted.sysctls.get(key), link_of(key)
        if value == was.sysctls.get(key):
            continue
        if value is not None:
            sysctls[key] = value
        elif not partial or (link in was.links and link not in wanted.links):
            # Of the machine's own settings those are left that somebody else needs.
            sysctls.pop(key, None)
    return sysctls if partial else unusual(sysctls)


def _link(
    was: LinkState | None, wanted: LinkState | None, there: LinkState | None
) -> LinkState | None:
    if was is wanted or was == wanted:
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


def _replaced(
    was: NamespaceState, wanted: NamespaceState, there: LinkState, ifname: str
) -> bool:
    """Whether another link has taken the name of one that no edit is about.

    What only comes of a setting of the namespace, or of the mtu of a bridge's ports,
    is nobody's wish for the link.
    """
    before, after = was.links.get(ifname), wanted.links.get(ifname)
    if before is None or after is None:
        return False
    if all(getattr(after, name) == getattr(there, name) for name in _IDENTITY):
        return False
    follows = before.mtu != after.mtu and all(
        it.links[ifname].mtu == usual_mtu(ifname, it.links) for it in (was, wanted)
    )
    small = follows and min(before.mtu, after.mtu) < IPV6_MIN_MTU

    def rest(link: LinkState) -> LinkState:
        if follows:
            link = replace(link, mtu=0)
        if small or before.ipv6 != after.ipv6:
            v4 = tuple(cidr for cidr in link.addresses if version(cidr) == 4)
            link = replace(link, addresses=v4, ipv6=True)
        return link

    return rest(before) == rest(after)


class _Keyed(Protocol):
    @property
    def key(self) -> Hashable: ...


_Item = TypeVar("_Item", bound=_Keyed)


def _keyed(
    was: frozenset[_Item], wanted: frozenset[_Item], there: frozenset[_Item]
) -> frozenset[_Item]:
    """Routes, rules or neighbours: what is added takes the place of its like."""
    gone = was - wanted
    added = {item.key: item for item in wanted - was}
    kept = {item for item in there - gone if item.key not in added}
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
    for name in changed:
        todo |= _left_alone(observed.namespaces.get(name), namespaces.get(name))
    while todo:
        name = todo.pop()
        before = namespaces.get(name)
        if before is None:
            continue
        settled = _settled_namespace(namespaces, name, observed)
        if settled != before:
            namespaces[name] = settled
            todo |= {name, *_left_alone(before, settled)}
    return State(namespaces)


def refuse_unheld(base: State, target: State, goal: State) -> None:
    """No edit gives an address to a link that can't hold it, by nobody's wish.

    Raises:
        KernelError: It would; what is in the way was done outside.
    """
    for name in unshared(target.namespaces, base.namespaces):
        wanted = target.namespaces.get(name)
        for ifname, link in wanted.links.items() if wanted else ():
            end = Endpoint(name, ifname)
            was, then = base.link(end), goal.link(end)
            if then is None:
                continue
            for cidr in link.addresses:
                if cidr not in then.addresses and not (was and cidr in was.addresses):
                    fact = f'"{end}" can\'t have {cidr}: {_hindrance(then)}'
                    raise KernelError(fact, DONE_OUTSIDE)


def _hindrance(link: LinkState) -> str:
    if not link.up:
        return "it was set down"
    if link.mtu < IPV6_MIN_MTU:
        return f"its mtu was set to {link.mtu}, too small for IPv6"
    return "IPv6 was switched off there"


def _left_alone(was: NamespaceState | None, now: NamespaceState | None) -> set[str]:
    """The namespaces that had a cable to a namespace and may not have it now."""
    return {peer.namespace for peer in _ends(was) - _ends(now)}


def _ends(namespace: NamespaceState | None) -> set[Endpoint]:
    """The far ends of the cables of a namespace."""
    links = namespace.links.values() if namespace else ()
    return {link.peer for link in links if link.peer is not None}


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
    sysctls = namespace.sysctls
    if not namespace.partial:
        sysctls = held_settings(sysctls, links)
    for ifname, link in links.items():
        there = observed.link(Endpoint(name, ifname))
        links[ifname] = _settled_link(link, links, ipv6_off(sysctls, ifname), there)
    before = observed.namespaces.get(name, NamespaceState())
    kept = (
        # What the kernel has it keeps without the address that it is to send from.
        routable(links, route, src=route not in before.routes)
        for route in namespace.routes
    )
    routes = frozenset(route for route in kept if route is not None)
    neighbours = frozenset(n for n in namespace.neighbours if neighbourly(links, n))
    now = altered(
        namespace, links=links, routes=routes, sysctls=sysctls, neighbours=neighbours
    )
    return namespace if now == namespace else now


def _settled_link(
    link: LinkState,
    links: Mapping[str, LinkState],
    ipv6_off: bool,
    there: LinkState | None,
) -> LinkState:
    values: dict[str, Any] = {"bridge": holdable_bridge(link.bridge)}
    values["ipv6"] = not ipv6_off
    if link.master is not None and link.master not in links:
        values["master"] = None
    if (master := values.get("master", link.master)) is None:
        values["port"] = PLAIN_PORT
    else:
        values["port"] = looked_at(link.port, links[master].bridge)
    # Most stand as they are.
    values = {k: v for k, v in values.items() if getattr(link, k) != v}
    if values:
        link = altered(link, **values)
    held = tuple(a for a in link.addresses if _held(link, there, a))
    return link if held == link.addresses else altered(link, addresses=held)


def _held(link: LinkState, there: LinkState | None, cidr: str) -> bool:
    """Whether a link holds an address: one that is down keeps what it was given so."""
    if holdable(link, cidr):
        return True
    given = there is not None and not there.up and cidr in there.addresses
    return given and link.mtu >= IPV6_MIN_MTU and link.ipv6
