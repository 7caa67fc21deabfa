"""What differs between two states, object by object: drift, leftovers, mistakes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tuilab.model.addressing import show_destination
from tuilab.model.canonical import show_mark
from tuilab.model.routing import MAIN_TABLE
from tuilab.model.sysctls import link_of, usual
from tuilab.model.topology import UNICAST, Endpoint
from tuilab.plan.bridging import differing_options
from tuilab.plan.forwarding import (
    V6_METRIC,
    NeighbourState,
    RouteState,
    RuleState,
    neighbour_order,
    route_order,
    rule_order,
)
from tuilab.plan.state import LinkState, NamespaceState, State


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise.

    Attributes:
        namespace: Where.
        ifname: The link it is about, or None when it is about the namespace.
        text: The object in quotes, how it is now and, where that does not say it, how
            it was: ``"red:eth0" is down``, ``"red:eth0" has mtu 1400, not 1500``.
    """

    namespace: str
    ifname: str | None
    text: str

    def __str__(self) -> str:
        return self.text


def differences(
    before: State, after: State, only: Collection[str] | None = None
) -> list[Difference]:
    """Everything that is otherwise in ``after``, in words about ``after``."""
    found: list[Difference] = []
    names = only if only is not None else {**before.namespaces, **after.namespaces}
    for name in names:
        was, now = before.namespaces.get(name), after.namespaces.get(name)
        if was is now or was == now:
            continue
        if was is None:
            found.append(Difference(name, None, f'namespace "{name}" is there'))
        elif now is None:
            found.append(Difference(name, None, f'namespace "{name}" is gone'))
        else:
            found.extend(_in_namespace(name, was, now))
    return found


def _in_namespace(
    name: str, was: NamespaceState, now: NamespaceState
) -> Iterator[Difference]:
    for ifname in {**was.links, **now.links}:
        old, new = was.links.get(ifname), now.links.get(ifname)
        if old != new:
            for fact in _on_link(old, new):
                yield Difference(name, ifname, f'"{name}:{ifname}" {fact}')
    for route in sorted(was.routes - now.routes, key=route_order):
        yield Difference(name, route.dev, f'"{name}" has lost {shown_route(route)}')
    for route in sorted(now.routes - was.routes, key=route_order):
        yield Difference(name, route.dev, f'"{name}" has {shown_route(route)}')
    for rule in sorted(was.rules - now.rules, key=rule_order):
        yield Difference(name, None, f'"{name}" has lost {shown_rule(rule)}')
    for rule in sorted(now.rules - was.rules, key=rule_order):
        yield Difference(name, None, f'"{name}" has {shown_rule(rule)}')
    for one in sorted(was.neighbours - now.neighbours, key=neighbour_order):
        fact = f'"{name}:{one.dev}" has lost {shown_neighbour(one)}'
        yield Difference(name, one.dev, fact)
    for one in sorted(now.neighbours - was.neighbours, key=neighbour_order):
        yield Difference(
            name, one.dev, f'"{name}:{one.dev}" has {shown_neighbour(one)}'
        )
    for key in {**was.sysctls, **now.sysctls}:
        value = now.sysctls.get(key)
        if was.sysctls.get(key) != value:
            value = value or usual(key, now.sysctls)
            wanted = was.sysctls.get(key) or usual(key, was.sysctls)
            if value == wanted:
                # Only what it follows is otherwise, which is told.
                continue
            fact = f'"{name}" has {key} = {value}, not {wanted}'
            yield Difference(name, link_of(key), fact)


def shown_route(route: RouteState) -> str:
    """A route in words, such as ``a route to default via 10.0.0.1 dev eth0``."""
    kind = "a" if route.type == UNICAST else f"{_article(route.type)} {route.type}"
    words = [f"{kind} route to {show_destination(route.to)}"]
    if route.type == UNICAST:
        ways = (
            (f"via {way.via} " if way.via else "") + f"dev {way.dev}"
            for way in route.ways
        )
        words.append(" and ".join(ways))
    if route.src:
        words.append(f"src {route.src}")
    if route.metric not in (0, V6_METRIC):
        words.append(f"metric {route.metric}")
    if route.table != MAIN_TABLE:
        words.append(f"table {route.table}")
    return " ".join(words)


def shown_rule(rule: RuleState) -> str:
    """A rule in words, such as ``rule 10 from 10.0.0.0/24 lookup 100``."""
    family = "IPv6 " if rule.family == 6 else ""
    return f"{family}rule {rule.priority} {rule_words(rule)}"


def rule_words(rule: RuleState) -> str:
    """What a rule asks and what follows, such as ``from 10.0.0.0/24 lookup 100``."""
    asked = {
        "from": rule.source,
        "to": rule.to,
        "iif": rule.iif,
        "oif": rule.oif,
        "fwmark": show_mark(rule.mark, rule.mask) if rule.mask else None,
    }
    words = [f"{key} {value}" for key, value in asked.items() if value is not None]
    return " ".join([*words, rule.action or f"lookup {rule.table}"])


def shown_neighbour(neighbour: NeighbourState) -> str:
    """A neighbour in words, such as ``the neighbour 10.0.0.9 at 02:00:00:00:00:09``."""
    if neighbour.proxy:
        return f"a proxy entry for {neighbour.to}"
    return f"the neighbour {neighbour.to} at {neighbour.mac}"


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _on_link(old: LinkState | None, new: LinkState | None) -> Iterator[str]:
    if old is None or new is None:
        yield "is gone" if new is None else "is there"
        return
    if old.kind != new.kind:
        yield f"is a {new.kind}, not a {old.kind}"
    if old.up != new.up:
        yield f"is {'up' if new.up else 'down'}"
    if old.mtu != new.mtu:
        yield f"has mtu {new.mtu}, not {old.mtu}"
    if old.mac != new.mac:
        yield f"has MAC {new.mac}, not {old.mac}"
    if old.master != new.master:
        yield _as_port(old.master, new.master)
    if old.peer != new.peer:
        yield f"has its other end at {_place(new.peer)}, not at {_place(old.peer)}"
    if (old.user, old.group) != (new.user, new.group):
        yield "has another owner"
    yield from differing_options(old.bridge, new.bridge)
    yield from differing_options(old.port, new.port)
    for cidr in old.addresses:
        if cidr not in new.addresses:
            yield f"has lost {cidr}"
    for cidr in new.addresses:
        if cidr not in old.addresses:
            yield f"has {cidr}"
    if set(old.addresses) == set(new.addresses) and old.addresses != new.addresses:
        yield "has its addresses in another order"


def _as_port(old: str | None, new: str | None) -> str:
    if new is None:
        return f"is no port of {old}"
    return f"is a port of {new}{f', not of {old}' if old else ''}"


def _place(end: Endpoint | None) -> str:
    return str(end) if end else "a place outside the lab"
