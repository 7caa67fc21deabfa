"""From a tree of the right shape to a topology, every mistake with its place."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Any

from tuilab.errors import Problem
from tuilab.formats.shape import Path, Shape, placeholder, walk
from tuilab.formats.tree import Item
from tuilab.model.addressing import address, interface
from tuilab.model.links import PORT_OPTIONS, Endpoint
from tuilab.model.plain import from_data
from tuilab.model.routes import UNREACHABLE
from tuilab.model.topology import LO, Cable, Topology
from tuilab.model.validate import problems


def understand(shape: Shape) -> tuple[Topology, list[Problem]]:
    """The topology that a file describes, and all that is wrong with it.

    What is wrong is in the order of the file. Where something is, the topology is
    only good for looking at.
    """
    if shape.lost:
        name = shape.root.get("name")
        root = Item({"name": name} if name else {}, *(shape.root.start,) * 2)
        shape = replace(shape, root=root)
    cables = _sort_out_cables(shape)
    _sort_out_links(shape, cables)
    data: dict[str, Any] = shape.root.plain()
    _add_excused(shape, data)
    topology = from_data(data)
    found = list(shape.problems)
    taken = {(p.line, p.column) for p in found}
    for problem in problems(topology) if not shape.lost else ():
        placed = _place(shape, topology, cables, problem, taken)
        if placed is not None:
            found.append(placed)
            taken.add((placed.line, placed.column))
    unique = {(p.line, p.column, p.message): p for p in found}
    return topology, sorted(unique.values(), key=lambda p: (p.line, p.column))


def _sort_out_cables(shape: Shape) -> dict[Endpoint, Item]:
    """The cable at each endpoint; of two at one, the second is left out."""
    held: dict[Endpoint, Item] = {}
    cables = shape.root.get("cables")
    if cables is None:
        return held
    for index, cable in enumerate(list(cables.value)):
        ends = [Endpoint.parse(end.text) for end in cable.value]
        fault = _cable_fault(shape, held, cable, ends)
        if fault is None:
            held.update((end, cable) for end in ends)
            continue
        item, fact, hint = fault
        shape.report(("cables", index), item.place, fact, hint)
        shape.drop_cable(cable)
        shape.excused -= held.keys()
    return held


def _cable_fault(
    shape: Shape, held: dict[Endpoint, Item], cable: Item, ends: list[Endpoint]
) -> tuple[Item, str, str] | None:
    for item, end in zip(cable.value, ends, strict=True):
        if end in held:
            line = held[end].start.line + 1
            fact = f'"{end}" is the end of two cables, the first is in line {line}'
            return item, fact, "add another link for the second cable"
        at = ("namespaces", end.namespace, "links", end.ifname, "kind")
        kind = walk(shape.root, at)
        if kind is not None and kind.value not in (None, "veth") and not kind.blamed:
            fact = f'"{end}" is a {kind.text} and can\'t be the end of a cable'
            return item, fact, f"make another link a port of {end.ifname}"
    return None


def _sort_out_links(shape: Shape, cables: dict[Endpoint, Item]) -> None:
    namespaces = shape.root.get("namespaces")
    known = namespaces.value if namespaces else {}
    astray = {
        Endpoint(close[0], end.ifname)
        for end in cables
        if end.namespace not in known
        and (close := difflib.get_close_matches(end.namespace, known, n=1))
    }
    for name, namespace in known.items():
        links = namespace.get("links")
        for ifname, link in links.value.items() if links else ():
            kind = link.get("kind")
            end = Endpoint(name, ifname)
            at = ("namespaces", name, "links", ifname)
            if ifname == LO:
                if kind is not None and not kind.blamed:
                    fact = f'"{end}" is the loopback link and can be nothing else'
                    shape.report((*at, "kind"), kind.place, fact, "remove its kind")
                _strip_lo(link)
                for key in set(PORT_OPTIONS) & link.value.keys():
                    item = link.value.pop(key)
                    fact = f'"{end}" is the loopback link and no port of a bridge'
                    shape.report((*at, key), item.key_place, fact, f"remove {key}")
            elif (kind is None or kind.value == "veth") and end not in cables:
                if not (shape.excuses(end) or link.blamed or end in astray):
                    fact = f'"{end}" has neither a kind nor a cable'
                    hint = "give it a kind, such as bridge, or add its cable"
                    place = kind.place if kind is not None else link.key_place
                    shape.report(at, place, fact, hint)
                link.blamed = True
                _make(link, placeholder(links, ifname))


def _strip_lo(link: Item) -> None:
    for key in ("kind", "user", "group"):
        link.value.pop(key, None)


def _make(link: Item, kind: str) -> None:
    link.value["kind"] = Item(kind, link.start, link.end, kind, blamed=True)


def _add_excused(shape: Shape, data: dict[str, Any]) -> None:
    """Links that only a cable spoke of which was left out: they are meant to exist."""
    for end in sorted(shape.excused):
        namespace = data.get("namespaces", {}).get(end.namespace)
        if namespace is None:
            continue
        links = namespace.setdefault("links", {})
        item = walk(shape.root, ("namespaces", end.namespace, "links"))
        if end.ifname not in links and end.ifname != LO:
            links[end.ifname] = {"kind": placeholder(item, end.ifname)}


def _place(
    shape: Shape,
    topology: Topology,
    cables: dict[Endpoint, Item],
    problem: Problem,
    taken: set[tuple[int, int]],
) -> Problem | None:
    """The problem with its line and column; None for what has been said already."""
    path = problem.path
    if _follows(shape, problem):
        return None
    if path[:1] == ("cables",):
        item, path = _cable_place(topology, cables, path)
        line, column = item.place
        if item.blamed:
            return None
        return Problem(path, problem.message, problem.hint, line, column)
    item, repeated = shape.root, False
    for key in path:
        below = item.get(key)
        if below is None:
            break
        item = below
        repeated = repeated or item.alias
        if item.blamed and not isinstance(item.value, dict | list):
            return None
    line, column = item.place
    if repeated and (line, column) in taken:
        # The same words again, by another alias.
        return None
    if path[:1] == ("namespaces",) and path[2:3] == ("links",) and len(path) > 3:
        end = Endpoint(str(path[1]), str(path[3]))
        if walk(shape.root, path[:4]) is None and end in cables:
            written = cables[end].value
            item = next(i for i in written if i.text == str(end))
            line, column = item.place
    return Problem(path, problem.message, problem.hint, line, column)


def _follows(shape: Shape, problem: Problem) -> bool:
    """Whether a route leads nowhere only because its link could not be read."""
    path = problem.path
    if path[2:3] not in (("routes",), ("neighbours",)):
        return False
    if path[-1] not in ("via", "dev", "src"):
        return False
    links = walk(shape.root, (*path[:2], "links"))
    if links is None or links.blamed:
        return links is not None
    if path[-1] != "src" and not problem.message.endswith(UNREACHABLE):
        return False
    via = walk(shape.root, path)
    return any(
        _may_reach(link, via.text if via else "") for link in links.value.values()
    )


def _may_reach(link: Item, gateway: str) -> bool:
    """Whether a link that was remarked on may have been the one to a gateway."""
    addresses = link.get("addresses")
    if addresses is None:
        return link.blamed
    if addresses.blamed or any(
        isinstance(a.value, dict | list) for a in addresses.value
    ):
        return True
    if not link.blamed:
        return False
    try:
        networks = [interface(item.text).network for item in addresses.value]
        return any(address(gateway) in network for network in networks)
    except ValueError:
        return True


def _cable_place(
    topology: Topology, cables: dict[Endpoint, Item], path: Path
) -> tuple[Item, Path]:
    """The end, or the whole cable, that a path in the topology's own order means."""
    assert isinstance(path[1], int)
    cable: Cable = topology.cables[path[1]]
    item = cables[cable.a]
    if len(path) > 2:
        wanted = str((cable.a, cable.b)[int(path[2])])
        item = next(i for i in item.value if i.text == wanted)
    return item, path
