"""A topology from whatever is there: what a lab can be, and why the rest can not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tuilab.errors import Problem
from tuilab.model.links import KINDS
from tuilab.model.topology import HOST, Endpoint, Namespace, Topology, Veth
from tuilab.model.validate import check, problems
from tuilab.plan.adopt import adopted
from tuilab.plan.difference import differences
from tuilab.plan.state import LinkState, State, expand

_Path = tuple[str | int, ...]
_OPTIONAL = ("mtu", "mac", "master", "user", "group")


@dataclass(frozen=True, slots=True)
class Imported:
    """What was made of a network that is no lab.

    Attributes:
        topology: A valid one.
        notes: What is left out, each with the reason.
    """

    topology: Topology
    notes: tuple[str, ...] = ()


def imported(name: str, observed: State, unseen: Mapping[str, str]) -> Imported:
    """Make a lab's topology of what is there.

    Args:
        name: The lab's.
        observed: What is there.
        unseen: Why further namespaces were not looked at, by name.

    Raises:
        InvalidTopology: It can't be made valid by leaving something out.
    """
    topology = adopted(Topology(name), observed)
    notes = [f'namespace "{it}" is left out: {why}' for it, why in unseen.items()]
    notes += _left_out(topology, observed)
    while found := problems(topology):
        for problem in _apart(found):
            topology = _without(topology, problem.path)
            notes.append(f"left out, as a lab can't have it: {problem.message}")
        if problems(topology) == found:
            break
    check(topology)
    return Imported(topology, tuple(notes))


def _left_out(topology: Topology, observed: State) -> Iterator[str]:
    """What is there and has no words in a topology."""
    for name, namespace in observed.namespaces.items():
        for ifname, link in namespace.links.items():
            end = Endpoint(name, ifname)
            if topology.link(end) is None:
                yield f'"{end}" is left out: {_reason(end, link, observed)}'
    for it in differences(expand(topology), observed):
        if not it.ifname or topology.link(Endpoint(it.namespace, it.ifname)):
            yield f"left out: {it}"
        elif not it.text.endswith(" is there"):
            yield f'left out, as "{it.ifname}" is: {it}'


def _reason(end: Endpoint, link: LinkState, observed: State) -> str:
    if link.kind == "device":
        return "it is a network card, or of a kind that the kernel does not tell"
    if link.kind not in KINDS:
        return f"a lab has no links of the kind {link.kind}"
    if link.kind == "veth" and observed.link(link.peer or end) in (None, link):
        return "the other end of its cable is in no namespace that was looked at"
    master = observed.link(Endpoint(end.namespace, link.master or ""))
    if link.master and (master is None or master.kind != "bridge"):
        return f'it is part of "{link.master}", which is no bridge'
    return f'the other end of its cable, "{link.peer}", is left out'


def _apart(found: list[Problem]) -> list[Problem]:
    """Those that can be dealt with at once: no two in one list, whose places shift."""
    first: dict[_Path, Problem] = {}
    for problem in found:
        deep = 4 if problem.path[2:3] == ("links",) else 3
        first.setdefault(problem.path[:deep], problem)
    return list(first.values())


def _without(topology: Topology, path: _Path) -> Topology:
    """A topology without what is at a path of `model.plain`, if that is there."""
    match path:
        case ("namespaces", str(name), "links", str(ifname), *rest):
            return _without_part(topology, Endpoint(name, ifname), rest)
        case ("namespaces", str(name), "sysctls", str(key), *_):
            was = topology.namespaces[name]
            left = {k: v for k, v in was.sysctls.items() if k != key}
            return topology.with_namespace(name, replace(was, sysctls=left))
        case ("namespaces", str(name), str(field), int(index), *_):
            was = topology.namespaces[name]
            more: dict[str, Any] = {field: _less(getattr(was, field), index)}
            return topology.with_namespace(name, replace(was, **more))
        case ("cables", int(index), *_):
            return _without_link(topology, topology.cables[index].a)
        case ("namespaces", str(name), *_):
            for ifname in topology.namespaces[name].links:
                topology = _without_link(topology, Endpoint(name, ifname))
            if name == HOST:
                return topology.with_namespace(HOST, Namespace())
            rest_of = {k: v for k, v in topology.namespaces.items() if k != name}
            return replace(topology, namespaces=rest_of)
    return topology


def _without_part(topology: Topology, end: Endpoint, rest: list[str | int]) -> Topology:
    link = topology.link(end)
    match rest:
        case _ if link is None:
            return topology
        case ["addresses", int(index), *_]:
            left = _less(link.addresses, index)
            return topology.with_link(end, replace(link, addresses=left))
        case ["addresses"] if link.addresses:
            return topology.with_link(end, replace(link, addresses=()))
        case [str(field)] if field in _OPTIONAL and getattr(link, field, None):
            less: dict[str, Any] = {field: None}
            return topology.with_link(end, replace(link, **less))
    return _without_link(topology, end)


def _without_link(topology: Topology, end: Endpoint) -> Topology:
    """Without a link; a cable goes with both of its ends."""
    link = topology.link(end)
    ends = {end, link.peer} if isinstance(link, Veth) else {end}
    for it in ends:
        if namespace := topology.namespaces.get(it.namespace):
            left = {k: v for k, v in namespace.links.items() if k != it.ifname}
            less = replace(namespace, links=left)
            topology = topology.with_namespace(it.namespace, less)
    return topology


def _less(items: tuple[Any, ...], index: int) -> tuple[Any, ...]:
    return (*items[:index], *items[index + 1 :])
