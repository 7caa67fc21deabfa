"""What differs between two states, object by object: drift, leftovers, mistakes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tuilab.model.addressing import show_destination
from tuilab.model.sysctls import link_of, usual
from tuilab.plan.bridging import differing_options
from tuilab.plan.state import LinkState, NamespaceState, RouteState, State


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise.

    Attributes:
        namespace: Where.
        ifname: The link it is about, or None when it is about the namespace.
        text: The object in quotes and how it is now, such as ``"red:eth0" is down``.
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
    for name in {**before.namespaces, **after.namespaces}:
        if only is not None and name not in only:
            continue
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
    for route in sorted(was.routes - now.routes, key=str):
        yield Difference(name, route.dev, f'"{name}" has lost {_shown(route)}')
    for route in sorted(now.routes - was.routes, key=str):
        yield Difference(name, route.dev, f'"{name}" has {_shown(route)}')
    for key in {**was.sysctls, **now.sysctls}:
        value = now.sysctls.get(key)
        if was.sysctls.get(key) != value:
            value = value or usual(key, now.sysctls)
            yield Difference(name, link_of(key), f'"{name}" has {key} = {value}')


def _shown(route: RouteState) -> str:
    via = f" via {route.via}" if route.via else ""
    return f"a route to {show_destination(route.to)}{via} dev {route.dev}"


def _on_link(old: LinkState | None, new: LinkState | None) -> Iterator[str]:
    if old is None or new is None:
        yield "is gone" if new is None else "is there"
        return
    if old.kind != new.kind:
        yield f"is a {new.kind}"
    if old.up != new.up:
        yield f"is {'up' if new.up else 'down'}"
    if old.mtu != new.mtu:
        yield f"has mtu {new.mtu}"
    if old.mac != new.mac:
        yield f"has MAC {new.mac}"
    if old.master != new.master:
        yield f"is {f'a port of {new.master}' if new.master else 'no port'}"
    if old.peer != new.peer:
        yield f"has its other end at {new.peer or 'a place outside the lab'}"
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
