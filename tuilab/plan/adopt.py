"""From what was changed outside to an edit: the topology that describes it.

The way back of `plan.state.expand`, for what differs only: whatever agrees with the
wish keeps the words the wish was written in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from tuilab.errors import Problem
from tuilab.model.addressing import derived_mac, version
from tuilab.model.canonical import show_mark
from tuilab.model.links import without_master
from tuilab.model.places import renamed_places
from tuilab.model.policies import neighbour_problems, rule_problems
from tuilab.model.routes import route_problems
from tuilab.model.routing import MAIN_TABLE, leads
from tuilab.model.sysctls import is_ipv6, link_of, sysctl, usual
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
from tuilab.plan.bridging import written
from tuilab.plan.forwarding import (
    V6_METRIC,
    NeighbourState,
    RouteState,
    RuleState,
    expand_neighbour,
    expand_route,
    expand_rule,
    has_address,
    neighbour_order,
    neighbourly,
    routable,
    rule_order,
)
from tuilab.plan.state import (
    IPV6_MIN_MTU,
    LinkState,
    NamespaceState,
    State,
    expand,
    holdable,
    kernel_order,
    usual_mtu,
)


def adopted(topology: Topology, observed: State) -> Topology:
    """The topology that has what is observed, wherever that is not what was wished.

    What can't be described (links of kinds that tuilab does not know, cables that leave
    the lab) stays as it was wished, with whatever depends on it.
    """
    wished = expand(topology)
    kept = _Kept(topology, observed)
    namespaces: dict[str, Namespace] = {}
    for name in {**topology.namespaces, **observed.namespaces}:
        here = observed.namespaces.get(name)
        if here is None:
            if name == HOST or name in kept.namespaces:
                namespaces[name] = topology.namespaces[name]
            continue
        was = topology.namespaces.get(name, Namespace())
        wish = wished.namespaces.get(name, NamespaceState())
        if here == wish:
            namespaces[name] = was
        else:
            args = topology.name, name, was, wish, here
            namespaces[name] = _namespace(*args, kept.links_of(name))
    after = replace(topology, namespaces=namespaces)
    places = {
        *namespaces,
        *(str(endpoint) for endpoint, _ in after.links()),
    }
    return replace(
        after,
        layout=renamed_places(after.layout, lambda it: it if it in places else None),
        expect=tuple(e for e in after.expect if e.source in namespaces),
    )


class _Kept:
    """The links that stay as they were wished: they, or what they need, have no words.

    Attributes:
        namespaces: Those that are gone but hold such a link.
    """

    def __init__(self, topology: Topology, observed: State) -> None:
        self.namespaces: set[str] = set()
        self._topology = topology
        self._observed = observed
        self._links: dict[str, set[str]] = {}
        for name, namespace in observed.namespaces.items():
            for ifname in namespace.links:
                end = Endpoint(name, ifname)
                if not self._describable(end):
                    self._keep(end)

    def links_of(self, name: str) -> set[str]:
        """Names of such links in a namespace."""
        return self._links.get(name, set())

    def _describable(self, end: Endpoint) -> bool:
        """Whether there are words for a link, and for what it leans on."""
        namespace = self._observed.namespaces[end.namespace]
        link = namespace.links[end.ifname]
        if link.kind not in _MAKERS:
            return False
        if link.kind == "veth":
            far = self._observed.link(link.peer) if link.peer else None
            if far is None or far.peer != end:
                return False
        master = namespace.links.get(link.master) if link.master else None
        return link.master is None or (master is not None and master.kind == "bridge")

    def _keep(self, end: Endpoint) -> None:
        todo = [end]
        while todo:
            at = todo.pop()
            links = self._links.setdefault(at.namespace, set())
            if at.ifname in links:
                continue
            links.add(at.ifname)
            todo += self._with(at)

    def _with(self, at: Endpoint) -> Iterator[Endpoint]:
        """What has to stay as it was wished if this link does."""
        namespace = self._observed.namespaces.get(at.namespace)
        was = self._topology.namespaces.get(at.namespace)
        link = was.links.get(at.ifname) if was else None
        if was and link and namespace is None and at.namespace not in self.namespaces:
            self.namespaces.add(at.namespace)
            yield from (Endpoint(at.namespace, ifname) for ifname in was.links)
        if isinstance(link, Veth):
            yield link.peer
        if link is not None and link.master:
            yield Endpoint(at.namespace, link.master)
        there = namespace.links.get(at.ifname) if namespace else None
        if there is not None and there.peer is not None:
            yield there.peer
        for ifname, other in namespace.links.items() if namespace else ():
            if other.master == at.ifname and not isinstance(link, Bridge):
                yield Endpoint(at.namespace, ifname)


def _namespace(
    lab: str,
    name: str,
    was: Namespace,
    wish: NamespaceState,
    here: NamespaceState,
    kept_links: Collection[str],
) -> Namespace:
    # What the topology is going to say, which sets the mtu of bridges that name none.
    said = {k: v for k, v in here.links.items() if k not in kept_links}
    said |= {k: v for k, v in wish.links.items() if k in kept_links}
    links: dict[str, Link] = {}
    for ifname in {**was.links, **here.links}:
        state, wanted = here.links.get(ifname), wish.links.get(ifname)
        if ifname in kept_links:
            if ifname in was.links:
                links[ifname] = was.links[ifname]
            continue
        if state is None:
            continue
        link = was.link(ifname) if wanted is not None else None
        if state != wanted or link is None or isinstance(link, Bridge):
            link = _link(Endpoint(name, ifname), link, wanted, state, lab, said)
        if not (ifname == LO and link == Loopback()):
            links[ifname] = link
    bare = Namespace(links, tuple(r for r in was.routes if r.via is None))
    held = _with_kept(replace(here, links=said), wish, kept_links)
    kept = tuple(r for r in was.routes if _stays(r, bare, held))
    told = {_held(bare, route, held) for route in kept}
    new = sorted(held.routes - told, key=lambda r: (any(w.via for w in r.ways), str(r)))
    found = Namespace(links, kept, _settings(was, wish, here))
    found = _with_rest(found, "routes", map(_route, new), route_problems)
    return _neighbours(was, held, _rules(was, held, found))


def _settings(
    was: Namespace, wish: NamespaceState, here: NamespaceState
) -> dict[str, str]:
    """What is observed; what can't be wished for, or to be, as it was.

    On a link too small for IPv6 none of its settings can be; and the kernel takes
    values that mean nothing.
    """
    named = {k: v for k, v in was.sysctls.items() if link_of(k) in (None, *here.links)}
    odd = {k for k, v in here.sysctls.items() if not (s := sysctl(k)) or s.problem(v)}
    for key in named:
        ifname = link_of(key)
        small = ifname is not None and here.links[ifname].mtu < IPV6_MIN_MTU
        if key not in odd and not (small and is_ipv6(key)):
            named[key] = usual(key, here.sysctls)
    return named | {
        key: value
        for key, value in here.sysctls.items()
        if key not in odd and (key in was.sysctls or value != wish.sysctls.get(key))
    }


def _with_kept(
    here: NamespaceState, wish: NamespaceState, kept_links: Collection[str]
) -> NamespaceState:
    """What is there, but as wished where it leads through links without words."""
    if not kept_links:
        return here
    routes = {
        route
        for route in here.routes | wish.routes
        if any(way.dev in kept_links for way in route.ways)
    }
    known = {n for n in here.neighbours | wish.neighbours if n.dev in kept_links}
    return replace(
        here,
        routes=(here.routes - routes) | (wish.routes & routes),
        neighbours=(here.neighbours - known) | (wish.neighbours & known),
    )


def _with_rest(
    found: Namespace,
    field: str,
    rest: Iterable[Any],
    problems: Callable[[str, Namespace], Iterator[Problem]],
) -> Namespace:
    """With all of the rest that a topology may have; others may do as they like."""
    for item in rest:
        more: dict[str, Any] = {field: (*getattr(found, field), item)}
        wider = replace(found, **more)
        if len(list(problems("", wider))) <= len(list(problems("", found))):
            found = wider
    return found


def _rules(was: Namespace, here: NamespaceState, found: Namespace) -> Namespace:
    kept = tuple(rule for rule in was.rules if expand_rule(rule) in here.rules)
    new = sorted(here.rules - {expand_rule(rule) for rule in kept}, key=rule_order)
    found = replace(found, rules=kept)
    return _with_rest(found, "rules", map(_rule, new), rule_problems)


def _neighbours(was: Namespace, here: NamespaceState, found: Namespace) -> Namespace:
    """What is there, and what only waits for its link to be large enough."""

    def stays(wanted: NeighbourState) -> bool:
        waits = wanted.dev in here.links and not neighbourly(here.links, wanted)
        return waits or wanted in here.neighbours

    kept = tuple(n for n in was.neighbours if stays(expand_neighbour(n)))
    new = here.neighbours - {expand_neighbour(n) for n in kept}
    rest = (
        Neighbour(n.to, n.dev, n.mac, n.proxy) for n in sorted(new, key=neighbour_order)
    )
    found = replace(found, neighbours=kept)
    return _with_rest(found, "neighbours", rest, neighbour_problems)


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
    links: Mapping[str, LinkState],
) -> Link:
    plain = usual_mtu(at.ifname, links)
    maker = _MAKERS[state.kind]
    values: dict[str, Any] = {
        "up": state.up,
        "mtu": None if state.mtu == plain else state.mtu,
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
    wished = tuple(a for a in link.addresses if _wishable(at.ifname, a, links))
    held = [a for a in wished if holdable(state, a)]
    if kernel_order(held) == state.addresses:
        values["addresses"] = wished
    else:
        waiting = (a for a in wished if a not in held)
        values["addresses"] = (*state.addresses, *waiting)
    options = {f.name: getattr(link, f.name) for f in fields(link)} | values
    made = maker(**options)
    if made.master is None:
        made = without_master(made)
    return written(made, state.bridge, state.port)


def _wishable(ifname: str, cidr: str, links: Mapping[str, LinkState]) -> bool:
    """Whether a wished address is there, or may be waited for.

    A link holds no IPv6 while it is down, but may not even be wished to have it where
    it is too small for it, nor an address that another link has got.
    """
    link = links[ifname]
    if holdable(link, cidr):
        return True
    others = {name: other for name, other in links.items() if name != ifname}
    taken = has_address(others, cidr.partition("/")[0])
    return link.mtu >= IPV6_MIN_MTU and not taken


def _is_derived(lab: str, at: Endpoint, state: LinkState) -> bool:
    if state.kind == "loopback":
        return True
    return state.mac == derived_mac(lab, at.namespace, at.ifname)


def _held(bare: Namespace, route: Route, here: NamespaceState) -> RouteState | None:
    """What there is now of a wished route."""
    wanted = expand_route(bare, route)
    return wanted and routable(here.links, wanted)


def _stays(route: Route, bare: Namespace, here: NamespaceState) -> bool:
    """Whether a wished route is there, or only waits for its link to come up.

    It waits no longer where another has taken its place.
    """
    wanted = leads(bare, route) and expand_route(bare, route)
    if not wanted:
        return False
    held = routable(here.links, wanted)
    if held is None:
        return all(other.key != wanted.key for other in here.routes)
    return held in here.routes


def _route(route: RouteState) -> Route:
    default = V6_METRIC if version(route.to) == 6 else 0
    return Route(
        to=route.to,
        via=route.via,
        dev=route.dev,
        metric=None if route.metric == default else route.metric,
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
