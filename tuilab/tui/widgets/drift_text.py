"""What is otherwise than wished, of a thing on the screen."""

from __future__ import annotations

from tuilab.lab.snapshot import Difference, Snapshot
from tuilab.model.topology import LO, Endpoint
from tuilab.plan.repair import Scope
from tuilab.tui.canvas.graph import Item


def scope_of(snapshot: Snapshot, item: Item | None) -> Scope | None:
    """The namespaces and links that a thing stands for; None for the whole lab."""
    if item is None:
        return None
    if item.kind == "namespace":
        return (item.namespace,)
    if item.cable is not None:
        return (item.cable.a, item.cable.b)
    end = Endpoint(item.namespace, item.ifname or LO)
    if item.kind != "bridge":
        return (end,)
    ports = {
        Endpoint(item.namespace, ifname)
        for state in (snapshot.topology, snapshot.observed)
        if (namespace := state.namespaces.get(item.namespace)) is not None
        for ifname, link in namespace.links.items()
        if link.master == item.ifname
    }
    return (end, *sorted(ports))


def drift_of(snapshot: Snapshot, item: Item | None) -> list[Difference]:
    """What is otherwise of a thing, or of the whole lab."""
    scope = scope_of(snapshot, item)
    if scope is None:
        return list(snapshot.drift)
    return [
        it
        for it in snapshot.drift
        if it.namespace in scope
        or (it.ifname and Endpoint(it.namespace, it.ifname) in scope)
    ]
