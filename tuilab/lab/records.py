"""Topologies and edits as the journal writes them: an edit holds what it changed.

Unlike the topology file each namespace is whole, far ends of its cables included, so a
change of one namespace in a large lab is one short line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from tuilab.model.edits import Rename
from tuilab.model.plain import (
    link_from_data,
    link_to_data,
    neighbour_from_data,
    neighbour_to_data,
    route_from_data,
    route_to_data,
    rule_from_data,
    rule_to_data,
)
from tuilab.model.sharing import unshared
from tuilab.model.topology import Endpoint, Expectation, Namespace, Topology, Veth
from tuilab.plan.history import Edit


def topology_to_data(topology: Topology) -> dict[str, Any]:
    """A whole topology."""
    return {
        "name": topology.name,
        "namespaces": {
            name: _namespace_to_data(namespace)
            for name, namespace in topology.namespaces.items()
        },
        "layout": {k: list(v) for k, v in topology.layout.items()},
        "expect": [[e.source, e.to, e.reachable] for e in topology.expect],
    }


def topology_from_data(data: Mapping[str, Any]) -> Topology:
    """Read what `topology_to_data` made."""
    return Topology(
        name=data["name"],
        namespaces={k: _namespace_from_data(v) for k, v in data["namespaces"].items()},
        layout=_layout(data["layout"]),
        expect=_expect(data["expect"]),
    )


def edit_to_data(edit: Edit, before: Topology) -> dict[str, Any]:
    """An edit, as the difference from the topology before it."""
    after = edit.topology
    was, now = before.namespaces, after.namespaces
    changed = {
        name: _namespace_to_data(now[name]) if name in now else None
        for name in unshared(now, was)
        if was.get(name) != now.get(name)
    }
    data: dict[str, Any] = {"title": edit.title, "time": edit.time}
    if changed:
        data["namespaces"] = changed
    if edit.commands:
        data["commands"] = list(edit.commands)
    if edit.renames:
        data["renames"] = renames_to_data(edit.renames)
    if list(_patched(was, changed, lambda _: Namespace())) != list(now):
        data["order"] = list(now)
    whole = topology_to_data(replace(after, namespaces={}))
    former = topology_to_data(replace(before, namespaces={}))
    for key in ("name", "layout", "expect"):
        if whole[key] != former[key]:
            data[key] = whole[key]
    return data


def edit_from_data(data: Mapping[str, Any], before: Topology) -> Edit:
    """Read what `edit_to_data` made."""
    changed = data.get("namespaces", {})
    namespaces = _patched(before.namespaces, changed, _namespace_from_data)
    if "order" in data:
        namespaces = {name: namespaces[name] for name in data["order"]}
    after = Topology(
        name=data.get("name", before.name),
        namespaces=namespaces,
        layout=_layout(data["layout"]) if "layout" in data else before.layout,
        expect=_expect(data["expect"]) if "expect" in data else before.expect,
    )
    return Edit(
        title=data["title"],
        topology=after,
        renames=renames_from_data(data.get("renames", ())),
        time=data["time"],
        commands=tuple(data.get("commands", ())),
    )


def renames_to_data(renames: Iterable[Rename]) -> list[list[Any]]:
    """Renames, each as whether it is a link's, the old name and the new."""
    return [[isinstance(r.old, Endpoint), str(r.old), str(r.new)] for r in renames]


def renames_from_data(data: Iterable[Any]) -> tuple[Rename, ...]:
    """Read what `renames_to_data` made."""
    return tuple(
        Rename(Endpoint.parse(old), Endpoint.parse(new)) if link else Rename(old, new)
        for link, old, new in data
    )


def _patched(
    before: Mapping[str, Namespace],
    changed: Mapping[str, Any],
    read: Callable[[Mapping[str, Any]], Namespace],
) -> dict[str, Namespace]:
    namespaces = dict(before)
    for name, data in changed.items():
        if data is None:
            namespaces.pop(name, None)
        else:
            namespaces[name] = read(data)
    return namespaces


def _namespace_to_data(namespace: Namespace) -> dict[str, Any]:
    links = {}
    for ifname, link in namespace.links.items():
        links[ifname] = link_to_data(link)
        if isinstance(link, Veth):
            links[ifname]["peer"] = str(link.peer)
    return {
        "links": links,
        "routes": [route_to_data(route) for route in namespace.routes],
        "rules": [rule_to_data(rule) for rule in namespace.rules],
        "neighbours": [neighbour_to_data(n) for n in namespace.neighbours],
        "sysctls": dict(namespace.sysctls),
    }


def _namespace_from_data(data: Mapping[str, Any]) -> Namespace:
    links = {}
    for ifname, body in data["links"].items():
        peer = body.get("peer")
        rest = {k: v for k, v in body.items() if k != "peer"}
        end = Endpoint.parse(peer) if peer else None
        links[ifname] = link_from_data(ifname, rest, end)
    routes = tuple(route_from_data(route) for route in data["routes"])
    # What was written before there were any has none.
    rules = tuple(rule_from_data(rule) for rule in data.get("rules", ()))
    known = tuple(neighbour_from_data(n) for n in data.get("neighbours", ()))
    return Namespace(links, routes, dict(data["sysctls"]), rules, known)


def _layout(data: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    return {name: (at[0], at[1]) for name, at in data.items()}


def _expect(data: list[Any]) -> tuple[Expectation, ...]:
    return tuple(Expectation(source, to, yes) for source, to, yes in data)
