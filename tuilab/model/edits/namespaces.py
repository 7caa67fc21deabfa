"""Namespaces and their settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tuilab.errors import UsageError
from tuilab.model.edits.change import Change, Rename
from tuilab.model.edits.parts import (
    find_namespace,
    pinned,
    removable,
    take_out,
)
from tuilab.model.places import renamed_places
from tuilab.model.sysctls import canonical_key
from tuilab.model.topology import HOST, Endpoint, Link, Namespace, Topology, Veth


def add_namespace(name: str, sysctls: Mapping[str, str] | None = None) -> Change:
    """A namespace with nothing but ``lo``."""

    def apply(topology: Topology) -> Topology:
        if name in topology.namespaces:
            raise UsageError(
                f'namespace "{name}" exists already', "choose another name"
            )
        return topology.with_namespace(name, Namespace(sysctls=dict(sysctls or {})))

    return Change(f"add namespace {name}", apply)


def remove_namespace(name: str) -> Change:
    """A namespace and all in it, the far ends of its cables included."""

    def apply(topology: Topology) -> Topology:
        removable(topology, name)
        return take_out(topology, name)

    return Change(f"remove namespace {name}", apply)


def rename_namespace(old: str, new: str) -> Change:
    """Another name for a namespace; its links keep their MAC addresses."""

    def apply(topology: Topology) -> Topology:
        find_namespace(topology, old)
        if old == HOST:
            raise UsageError(f'"{HOST}" is the lab\'s own root namespace', "it stays")
        if new in topology.namespaces:
            raise UsageError(f'namespace "{new}" exists already', "choose another name")

        def moved(namespace: Namespace, name: str) -> Namespace:
            links: dict[str, Link] = {}
            for ifname, link in namespace.links.items():
                if isinstance(link, Veth) and link.peer.namespace == old:
                    link = replace(link, peer=Endpoint(new, link.peer.ifname))
                if name == old:
                    link = pinned(topology.name, Endpoint(old, ifname), link)
                links[ifname] = link
            same = all(links[k] is v for k, v in namespace.links.items())
            return namespace if same else replace(namespace, links=links)

        namespaces = {
            new if name == old else name: moved(namespace, name)
            for name, namespace in topology.namespaces.items()
        }
        expect = tuple(
            replace(
                e,
                source=new if e.source == old else e.source,
                to=new if e.to == old else e.to,
            )
            for e in topology.expect
        )
        layout = renamed_places(
            topology.layout, lambda it: _renamed_place(it, old, new)
        )
        return replace(topology, namespaces=namespaces, expect=expect, layout=layout)

    title = f"rename namespace {old} to {new}"
    return Change(title, apply, (Rename(old, new),))


def set_sysctl(namespace: str, key: str, value: str | None) -> Change:
    """A kernel setting of a namespace; None for the default."""
    name = canonical_key(key)

    def apply(topology: Topology) -> Topology:
        before = find_namespace(topology, namespace)
        sysctls = {k: v for k, v in before.sysctls.items() if k != name}
        if value is not None:
            sysctls[name] = value
        return topology.with_namespace(namespace, replace(before, sysctls=sysctls))

    shown = "to its default" if value is None else f"= {value}"
    return Change(f"set {namespace} {name} {shown}", apply)


def _renamed_place(key: str, old: str, new: str) -> str:
    if key == old:
        return new
    if key.startswith(f"{old}:"):
        return f"{new}:{key.removeprefix(f'{old}:')}"
    return key
