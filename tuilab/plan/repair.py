"""Putting right what drifted: all of it, or only some namespaces and links."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from tuilab.model.sysctls import link_of
from tuilab.model.topology import Endpoint
from tuilab.plan.planner import Plan, plan
from tuilab.plan.state import NamespaceState, State

Scope = Collection[str | Endpoint]
"""Namespaces and links."""


def repair(wish: State, observed: State, only: Scope | None = None) -> Plan:
    """What brings back to the wish what is otherwise, and nothing else.

    Args:
        wish: What the lab is to be.
        observed: What the kernel holds.
        only: What to put right, all by default; with what it can't be right without.
            With a link goes what leaves by it.

    Raises:
        KernelError: Something that can't be put right is in the way.
    """
    # To the planner it is an edit: from what is there, as far as asked, to the wish.
    base = observed if only is None else _as_observed(wish, observed, only)
    return plan(base, wish, observed)


def _as_observed(wish: State, observed: State, only: Scope) -> State:
    """The wish, but with some things as they are observed."""
    namespaces = dict(wish.namespaces)
    only = _closed(wish, observed, only)
    for it in only:
        name = it if isinstance(it, str) else it.namespace
        there = observed.namespaces.get(name)
        if isinstance(it, Endpoint) and name in wish.namespaces:
            if name not in only:
                there = there or NamespaceState()
                namespaces[name] = _with_link(namespaces[name], there, it.ifname)
        elif there is not None:
            namespaces[name] = there
        else:
            namespaces.pop(name, None)
    return State(namespaces)


def _closed(wish: State, observed: State, only: Scope) -> set[str | Endpoint]:
    """With far ends of cables to be made anew, and bridges that are to have ports."""
    closed: set[str | Endpoint] = set()
    todo = list(only)
    while todo:
        it = todo.pop()
        if it in closed:
            continue
        closed.add(it)
        if isinstance(it, str):
            links = wish.namespaces[it].links if it in wish.namespaces else {}
            todo += [Endpoint(it, ifname) for ifname in links]
        elif (link := wish.link(it)) is not None:
            there = observed.link(it)
            if link.peer and (there is None or there.peer != link.peer):
                todo.append(link.peer)
            if link.master:
                bridge = Endpoint(it.namespace, link.master)
                master = observed.link(bridge)
                if master is None or master.kind != "bridge":
                    todo.append(bridge)
    return closed


def _with_link(
    was: NamespaceState, there: NamespaceState, ifname: str
) -> NamespaceState:
    """A namespace, but with one link and all that leaves by it as in another."""
    values: dict[str, Any] = {}
    for field in fields(NamespaceState):
        one, other = getattr(was, field.name), getattr(there, field.name)
        if isinstance(one, frozenset):
            kept = {it for it in one if getattr(it, "dev", None) != ifname}
            taken = {it for it in other if getattr(it, "dev", None) == ifname}
            values[field.name] = frozenset(kept | taken)
        else:
            values[field.name] = one
    values["links"] = _patched(was.links, there.links, ifname)
    values["sysctls"] = {
        **{k: v for k, v in was.sysctls.items() if link_of(k) != ifname},
        **{k: v for k, v in there.sysctls.items() if link_of(k) == ifname},
    }
    return NamespaceState(**values)


def _patched(
    one: Mapping[str, Any], other: Mapping[str, Any], key: str
) -> dict[str, Any]:
    found = dict(one)
    found.pop(key, None)
    if key in other:
        found[key] = other[key]
    return found
