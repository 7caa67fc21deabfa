"""Putting a clip into a lab, with fresh names and addresses."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import count

from tuilab.model.addressing import IFNAMSIZ, NAME_MAX, derived_mac, segment
from tuilab.model.edits.along import put_along
from tuilab.model.edits.change import Change
from tuilab.model.edits.clip import Clip, cut_out, is_joint
from tuilab.model.edits.parts import Target, with_free_mac
from tuilab.model.edits.renumber import Numbers, renumbered
from tuilab.model.edits.several import named
from tuilab.model.links import PortLink
from tuilab.model.routing import leads, with_links_renamed
from tuilab.model.sysctls import link_of, settings_renamed
from tuilab.model.topology import LO, Endpoint, Link, Namespace, Topology, Veth


@dataclass(frozen=True, slots=True)
class Pasted:
    """A lab with a clip in it.

    Attributes:
        topology: The lab.
        namespaces: Names of the copied namespaces, by those of the originals.
        links: Where the copied links are, by where the originals were.
    """

    topology: Topology
    namespaces: Mapping[str, str]
    links: Mapping[Endpoint, Endpoint]


def duplicate(topology: Topology, targets: Iterable[Target]) -> Change:
    """Several things once more, beside themselves."""
    wanted = tuple(dict.fromkeys(targets))
    clip = cut_out(topology, wanted)
    title = f"duplicate {named(wanted)}"
    return Change(title, lambda now: pasted(clip, now).topology)


def paste(clip: Clip, what: str = "") -> Change:
    """A clip put into the lab.

    Args:
        clip: What was copied.
        what: How the title calls it; by what it holds if empty.
    """
    return Change(
        f"paste {what or contents(clip)}", lambda now: pasted(clip, now).topology
    )


def contents(clip: Clip) -> str:
    """What a clip holds, in words."""
    whole = [name for name in clip.lab.namespaces if name not in clip.around]
    cables = {end: cable for cable in clip.lab.cables for end in (cable.a, cable.b)}
    rest: dict[str, None] = {}
    for end, _ in clip.lab.links():
        cable = cables.get(end)
        far = {cable.a.namespace, cable.b.namespace} if cable else set()
        if (
            end.namespace in clip.around
            and end not in clip.joins
            and far <= clip.around
        ):
            rest[f"{cable.a} = {cable.b}" if cable else str(end)] = None
    return named([*whole, *rest])


def fresh_name(name: str, taken: Container[str], most: int) -> str:
    """The name if it is free, else the next number after its own that is."""
    if name not in taken:
        return name
    found = re.fullmatch(r"(.*?)([0-9]{0,6})", name)
    assert found is not None
    stem, digits = found.groups()
    for number in count(int(digits) + 1 if digits else 2):
        tail = f"{number:0{len(digits)}d}" if digits.startswith("0") else str(number)
        fresh = f"{stem[: most - len(tail)]}{tail}"
        if fresh not in taken:
            return fresh
    raise AssertionError


def pasted(clip: Clip, topology: Topology) -> Pasted:
    """A lab with a clip put into it.

    Raises:
        UsageError: There are not as many free addresses.
    """
    names = _fresh_names(clip, topology)
    ends = _fresh_ends(clip, topology, names)
    structure = _structure(clip, topology, names, ends)
    copies = {
        _moved(Endpoint(name, ifname), names, ends): link.addresses
        for name, namespace in clip.lab.namespaces.items()
        for ifname, link in namespace.links.items()
        if link.addresses and Endpoint(name, ifname) not in clip.joins
    }
    stations = _Stations(structure, topology)
    numbers = renumbered(topology, copies, clip.lab, stations.near)
    macs = {
        _mac(clip.lab, old): _mac(structure, new)
        for old, new in ends.items()
        if not is_joint(clip, old, topology)
    }
    made = {o: n for o, n in ends.items() if not is_joint(clip, o, topology)}
    after = _with_numbers(clip, structure, names, numbers, macs)
    changed: dict[str, dict[str, Link]] = {}
    for old, new in made.items():
        links = changed.setdefault(
            new.namespace, dict(after.namespaces[new.namespace].links)
        )
        link = links[new.ifname]
        if old.namespace not in names:
            # A switch that is made anew has been no part of what was copied.
            there = clip.lab.namespaces[old.namespace].links[old.ifname]
            had = () if old in clip.joins else there.addresses
            own = tuple(numbers.cidr(new.namespace, cidr) for cidr in had)
            link = replace(link, addresses=own)
        if isinstance(link, PortLink) and link.fdb:
            bridge = Endpoint(new.namespace, link.master or "")
            same = topology.link(bridge) is not None
            entries = (macs.get(mac, "" if same else mac) for mac in link.fdb)
            link = replace(link, fdb=tuple(filter(None, entries)))
        links[new.ifname] = link
    for name, links in changed.items():
        after = after.with_namespace(name, replace(after.namespaces[name], links=links))
    after = _with_ways(clip, after, made, numbers, macs)
    return Pasted(put_along(clip.lab, after, names, made, numbers), names, made)


def _with_ways(
    clip: Clip,
    topology: Topology,
    made: Mapping[Endpoint, Endpoint],
    numbers: Numbers,
    macs: Mapping[str, str],
) -> Topology:
    """With the ways that namespaces that are no copies have to the copies."""
    for name in clip.around & clip.lab.namespaces.keys():
        there, copied = topology.namespaces[name], clip.lab.namespaces[name]
        ends = {o.ifname: n.ifname for o, n in made.items() if o.namespace == name}
        copied = numbers.namespace(name, with_links_renamed(copied, ends))
        taken = {(it.to, it.metric, it.table) for it in there.routes}
        routes = tuple(
            route
            for route in copied.routes
            if (route.to, route.metric, route.table) not in taken
        )
        known = {(it.to, it.dev) for it in there.neighbours}
        neighbours = tuple(
            replace(it, mac=macs.get(it.mac or "", it.mac))
            for it in copied.neighbours
            if (it.to, it.dev) not in known
        )
        more = replace(
            there,
            routes=(*there.routes, *routes),
            neighbours=(*there.neighbours, *neighbours),
        )
        # In a lab without the switch that they went over some lead nowhere.
        gone = {route for route in routes if not leads(more, route)}
        kept = tuple(route for route in more.routes if route not in gone)
        topology = topology.with_namespace(name, replace(more, routes=kept))
    return topology


def _with_numbers(
    clip: Clip,
    structure: Topology,
    names: Mapping[str, str],
    numbers: Numbers,
    macs: Mapping[str, str],
) -> Topology:
    """With the addresses, routes, rules and neighbours of the copied namespaces."""
    namespaces = dict(structure.namespaces)
    for old, new in names.items():
        namespace = numbers.namespace(new, clip.lab.namespaces[old])
        there = namespaces[new].links
        links = {
            ifname: replace(there[ifname], addresses=link.addresses)
            for ifname, link in namespace.links.items()
        }
        neighbours = tuple(
            replace(n, mac=macs.get(n.mac or "", n.mac)) for n in namespace.neighbours
        )
        namespaces[new] = replace(namespace, links=links, neighbours=neighbours)
    return replace(structure, namespaces=namespaces)


def _fresh_names(clip: Clip, topology: Topology) -> dict[str, str]:
    names: dict[str, str] = {}
    taken = set(topology.namespaces) | clip.around
    for name in clip.lab.namespaces:
        if name not in clip.around:
            names[name] = fresh_name(name, taken, NAME_MAX)
            taken.add(names[name])
    return names


def _fresh_ends(
    clip: Clip, topology: Topology, names: Mapping[str, str]
) -> dict[Endpoint, Endpoint]:
    """Where every link of the clip comes to be, ``lo`` apart."""
    ends: dict[Endpoint, Endpoint] = {}
    for name, namespace in clip.lab.namespaces.items():
        there = topology.namespaces.get(name)
        taken = {LO, *(there.links if there else ())}
        for ifname in namespace.links:
            end = Endpoint(name, ifname)
            if name in names:
                ends[end] = Endpoint(names[name], ifname)
            elif is_joint(clip, end, topology):
                ends[end] = end
            else:
                ends[end] = Endpoint(name, fresh_name(ifname, taken, IFNAMSIZ))
                taken.add(ends[end].ifname)
    return {old: new for old, new in ends.items() if old.ifname != LO}


def _structure(
    clip: Clip,
    topology: Topology,
    names: Mapping[str, str],
    ends: Mapping[Endpoint, Endpoint],
) -> Topology:
    """The lab with the links of the clip, which have no addresses yet."""
    namespaces = dict(topology.namespaces)
    named_macs = {link.mac for _, link in topology.links() if link.mac}
    for name, namespace in clip.lab.namespaces.items():
        there = namespaces.get(names.get(name, name)) or Namespace()
        links, sysctls = dict(there.links), dict(there.sysctls)
        for ifname, link in namespace.links.items():
            old = Endpoint(name, ifname)
            if ifname == LO:
                links[LO] = replace(link, addresses=())
            elif not is_joint(clip, old, topology):
                new = ends[old]
                links[new.ifname] = _relinked(link, old, ends)
                if derived_mac(topology.name, *_parts(new)) in named_macs:
                    links[new.ifname] = with_free_mac(topology, new, links[new.ifname])
                own = settings_renamed(namespace.sysctls, ifname, new.ifname)
                sysctls |= {k: v for k, v in own.items() if link_of(k) == new.ifname}
        there = replace(there, links=links, sysctls=sysctls)
        namespaces[names.get(name, name)] = there
    return replace(topology, namespaces=namespaces)


def _relinked(link: Link, old: Endpoint, ends: Mapping[Endpoint, Endpoint]) -> Link:
    """A link of the clip that is tied to copies, without addresses and MAC."""
    if link.master:
        link = replace(link, master=ends[Endpoint(old.namespace, link.master)].ifname)
    if isinstance(link, Veth):
        link = replace(link, peer=ends[link.peer])
    return replace(link, addresses=(), mac=None)


def _moved(
    end: Endpoint, names: Mapping[str, str], ends: Mapping[Endpoint, Endpoint]
) -> Endpoint:
    if end.ifname == LO:
        return Endpoint(names[end.namespace], LO)
    return ends[end]


def _mac(topology: Topology, end: Endpoint) -> str:
    link = topology.link(end)
    own = link.mac if link else None
    return own or derived_mac(topology.name, *_parts(end))


def _parts(end: Endpoint) -> tuple[str, str]:
    return end.namespace, end.ifname


class _Stations:
    """Who was on a segment of the lab before the copies came to it."""

    def __init__(self, structure: Topology, before: Topology) -> None:
        self._structure = structure
        self._before = before
        self._known: dict[Endpoint, tuple[str, ...]] = {}

    def near(self, end: Endpoint) -> tuple[str, ...]:
        """Their addresses, with prefix length."""
        if end not in self._known:
            members = segment(self._structure, end)
            links = [self._before.link(other) for other in sorted(members)]
            found = tuple(c for link in links if link for c in link.addresses)
            self._known.update(dict.fromkeys(members, found))
        return self._known.get(end, ())
