"""What differs between two states, in words: drift, leftovers, what went wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tuilab.model.addressing import show_destination
from tuilab.plan.state import LinkState, NamespaceState, State


def differences(
    before: State, after: State, only: Collection[str] | None = None
) -> list[str]:
    """One short sentence for each thing that is otherwise in ``after``."""
    found: list[str] = []
    for name in {**before.namespaces, **after.namespaces}:
        if only is not None and name not in only:
            continue
        was, now = before.namespaces.get(name), after.namespaces.get(name)
        if was is now or was == now:
            continue
        if was is None:
            found.append(f'namespace "{name}" is there')
        elif now is None:
            found.append(f'namespace "{name}" is gone')
        else:
            found.extend(_in_namespace(name, was, now))
    return found


def _in_namespace(name: str, was: NamespaceState, now: NamespaceState) -> Iterator[str]:
    for ifname in {**was.links, **now.links}:
        here = f'"{name}:{ifname}"'
        old, new = was.links.get(ifname), now.links.get(ifname)
        if old is None:
            yield f"link {here} is there"
        elif new is None:
            yield f"link {here} is gone"
        elif old != new:
            yield from _on_link(here, old, new)
    for route in sorted(was.routes - now.routes, key=str):
        yield f'route {show_destination(route.to)} in "{name}" is gone'
    for route in sorted(now.routes - was.routes, key=str):
        yield f'route {show_destination(route.to)} in "{name}" is there'
    for key in {**was.sysctls, **now.sysctls}:
        if was.sysctls.get(key) != now.sysctls.get(key):
            yield f'"{name}" has {key} = {now.sysctls.get(key)}'


def _on_link(here: str, old: LinkState, new: LinkState) -> Iterator[str]:
    if old.kind != new.kind:
        yield f"{here} is a {new.kind}"
    if old.up != new.up:
        yield f"{here} is {'up' if new.up else 'down'}"
    if old.mtu != new.mtu:
        yield f"{here} has mtu {new.mtu}"
    if old.mac != new.mac:
        yield f"{here} has MAC {new.mac}"
    if old.master != new.master:
        yield f"{here} is {f'a port of {new.master}' if new.master else 'no port'}"
    if old.peer != new.peer:
        yield f"{here} has its other end at {new.peer or 'a place outside the lab'}"
    if (old.user, old.group) != (new.user, new.group):
        yield f"{here} has another owner"
    for cidr in old.addresses:
        if cidr not in new.addresses:
            yield f"{here} has lost {cidr}"
    for cidr in new.addresses:
        if cidr not in old.addresses:
            yield f"{here} has {cidr}"
    if set(old.addresses) == set(new.addresses) and old.addresses != new.addresses:
        yield f"{here} has its addresses in another order"
