"""What the verbs share: finding things, and taking them out with what was theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tuilab.errors import NotFoundError, UsageError
from tuilab.model import vlans
from tuilab.model.addressing import canonical_cidr, derived_mac
from tuilab.model.links import Bridge, PortLink, without_master
from tuilab.model.places import renamed_places
from tuilab.model.routing import without_dead_ends
from tuilab.model.sysctls import link_of
from tuilab.model.topology import (
    HOST,
    LO,
    Endpoint,
    Link,
    Loopback,
    Namespace,
    Topology,
    Veth,
)

Target = str | Endpoint
"""A namespace by its name, or a link; either end stands for a cable."""

MOST_NAMED = 20
"""Names that an error lists before it counts the rest."""


def find_namespace(topology: Topology, name: str) -> Namespace:
    """The namespace of that name; NotFoundError when there is none."""
    namespace = topology.namespaces.get(name)
    if namespace is None:
        have = _some(topology.namespaces)
        raise NotFoundError(f'no namespace "{name}"', f"the lab has {have}", name)
    return namespace


def find_link(topology: Topology, endpoint: Endpoint) -> Link:
    """The link at an endpoint; NotFoundError when there is none."""
    namespace = find_namespace(topology, endpoint.namespace)
    link = namespace.link(endpoint.ifname)
    if link is None:
        have = _some(name for name, _ in namespace.all_links())
        raise NotFoundError(
            f'no link "{endpoint}"',
            f'"{endpoint.namespace}" has {have}',
            str(endpoint),
        )
    return link


def _some(names: Iterable[str]) -> str:
    """Names in words; of a thousand the first few."""
    known = list(names)
    if len(known) <= MOST_NAMED:
        return ", ".join(known)
    shown = ", ".join(known[:MOST_NAMED])
    return f"{shown} and {len(known) - MOST_NAMED} more"


def vacant(topology: Topology, endpoint: Endpoint) -> None:
    """Refuse an endpoint that exists, and a namespace that does not."""
    namespace = find_namespace(topology, endpoint.namespace)
    if namespace.link(endpoint.ifname) is not None:
        raise UsageError(f'link "{endpoint}" exists already', "choose another name")


def canonical_link(link: Link) -> Link:
    """The same link in the one spelling that comparisons need."""
    addresses = tuple(canonical_cidr(a) for a in link.addresses)
    mac = link.mac.lower() if link.mac else None
    link = replace(link, addresses=addresses, mac=mac)
    if isinstance(link, PortLink) and link.fdb:
        link = replace(link, fdb=tuple(mac.lower() for mac in link.fdb))
    if isinstance(link, PortLink | Bridge) and link.vlans is not None:
        link = replace(link, vlans=vlans.canonical(link.vlans))
    return link


def pinned(lab: str, endpoint: Endpoint, link: Link) -> Link:
    """The link with the MAC written out that its present name gives it."""
    if link.mac is not None or isinstance(link, Loopback):
        return link
    mac = derived_mac(lab, endpoint.namespace, endpoint.ifname)
    return replace(link, mac=mac)


def with_free_mac(topology: Topology, endpoint: Endpoint, link: Link) -> Link:
    """The link, with a MAC of its own if its name's is taken.

    A renamed link keeps the MAC of its old name, under which another may come.
    """
    if link.mac is not None:
        return link
    taken = {other.mac for _, other in topology.links() if other.mac}
    names = endpoint.namespace, endpoint.ifname
    if derived_mac(topology.name, *names) not in taken:
        return link
    lab = topology.name
    while (mac := derived_mac(lab, *names)) in taken:
        lab += "+"
    return replace(link, mac=mac)


def removable(topology: Topology, target: Target) -> None:
    """Refuse what is not there, and what can't be removed."""
    if isinstance(target, Endpoint):
        find_link(topology, target)
        if target.ifname == LO:
            raise UsageError(f'"{target}" belongs to its namespace', "it stays")
        return
    find_namespace(topology, target)
    if target == HOST:
        raise UsageError(
            f'"{HOST}" is the lab\'s own root namespace and stays',
            "remove its links instead, or the whole lab with tuilab down",
        )


def take_out(topology: Topology, *targets: Target, alone: bool = False) -> Topology:
    """A topology without some namespaces and links, and what was theirs.

    Of a thousand things each namespace is gone through once, not a thousand times.

    Args:
        topology: Any.
        targets: Namespaces, with all in them, and links; those that are there.
        alone: Leave the other ends of cables.
    """
    names = {target for target in targets if isinstance(target, str)}
    ends = {target for target in targets if isinstance(target, Endpoint)}
    ends |= {Endpoint(n, link) for n in names for link in topology.namespaces[n].links}
    if not alone:
        links = [topology.link(end) for end in ends]
        ends |= {link.peer for link in links if isinstance(link, Veth)}
    namespaces = dict(topology.namespaces)
    gone: dict[str, set[str]] = {}
    for end in ends:
        gone.setdefault(end.namespace, set()).add(end.ifname)
    for name, ifnames in gone.items():
        if name in names:
            del namespaces[name]
        elif name in namespaces:
            namespaces[name] = _without_links(namespaces[name], ifnames)
    for name in names - gone.keys():
        del namespaces[name]
    lost = {*names, *map(str, ends)}
    layout = renamed_places(
        topology.layout,
        lambda it: None if it in lost or it.partition(":")[0] in names else it,
    )
    expect = tuple(e for e in topology.expect if not names & {e.source, e.to})
    after = replace(topology, namespaces=namespaces, layout=layout, expect=expect)
    return without_dead_routes(topology, after)


def _without_links(namespace: Namespace, ifnames: set[str]) -> Namespace:
    """Without some links; routes by them stay."""
    links = {
        name: without_master(other) if other.master in ifnames else other
        for name, other in namespace.links.items()
        if name not in ifnames
    }
    settings = namespace.sysctls.items()
    sysctls = {key: value for key, value in settings if link_of(key) not in ifnames}
    return replace(namespace, links=links, sysctls=sysctls)


def without_dead_routes(before: Topology, after: Topology) -> Topology:
    """Drop what led somewhere before this edit and leads nowhere now."""
    namespaces = dict(after.namespaces)
    for name, namespace in after.namespaces.items():
        former = before.namespaces.get(name)
        if former is None or former is namespace:
            continue
        kept = without_dead_ends(former, namespace)
        if kept != namespace:
            namespaces[name] = kept
    return replace(after, namespaces=namespaces)
