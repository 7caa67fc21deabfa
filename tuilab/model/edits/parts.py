"""What the verbs share: finding things, and taking them out with what was theirs."""

from __future__ import annotations

from dataclasses import replace

from tuilab.errors import NotFoundError, UsageError
from tuilab.model import vlans
from tuilab.model.addressing import canonical_cidr, derived_mac
from tuilab.model.links import Bridge, PortLink, without_master
from tuilab.model.places import renamed_places
from tuilab.model.routing import without_dead_ends
from tuilab.model.sysctls import settings_renamed
from tuilab.model.topology import Endpoint, Link, Loopback, Namespace, Topology, Veth


def find_namespace(topology: Topology, name: str) -> Namespace:
    """The namespace of that name; NotFoundError when there is none."""
    namespace = topology.namespaces.get(name)
    if namespace is None:
        have = ", ".join(topology.namespaces)
        raise NotFoundError(f'no namespace "{name}"', f"the lab has {have}", name)
    return namespace


def find_link(topology: Topology, endpoint: Endpoint) -> Link:
    """The link at an endpoint; NotFoundError when there is none."""
    namespace = find_namespace(topology, endpoint.namespace)
    link = namespace.link(endpoint.ifname)
    if link is None:
        have = ", ".join(name for name, _ in namespace.all_links())
        raise NotFoundError(
            f'no link "{endpoint}"',
            f'"{endpoint.namespace}" has {have}',
            str(endpoint),
        )
    return link


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


def take_out(
    topology: Topology, endpoint: Endpoint, *, alone: bool = False
) -> Topology:
    """A topology without a link, the other end of its cable, and what was theirs.

    Args:
        topology: Any.
        endpoint: The link.
        alone: Leave the other end.
    """
    return without_dead_routes(topology, without_link(topology, endpoint, alone))


def without_link(
    topology: Topology, endpoint: Endpoint, alone: bool = False
) -> Topology:
    """Without a link and its cable's other end; routes by them stay, see `take_out`."""
    link = topology.link(endpoint)
    ends = {endpoint}
    if isinstance(link, Veth) and not alone:
        ends.add(link.peer)
    for end in ends:
        namespace = topology.namespaces.get(end.namespace)
        if namespace is None:
            continue
        links = {
            name: without_master(other) if other.master == end.ifname else other
            for name, other in namespace.links.items()
            if name != end.ifname
        }
        sysctls = settings_renamed(namespace.sysctls, end.ifname, None)
        topology = topology.with_namespace(
            end.namespace, replace(namespace, links=links, sysctls=sysctls)
        )
    gone = {str(end) for end in ends}
    left = renamed_places(topology.layout, lambda it: None if it in gone else it)
    return replace(topology, layout=left)


def without_dead_routes(before: Topology, after: Topology) -> Topology:
    """Drop what led somewhere before this edit and leads nowhere now."""
    for name, namespace in after.namespaces.items():
        former = before.namespaces.get(name)
        if former is None or former is namespace:
            continue
        kept = without_dead_ends(former, namespace)
        if kept != namespace:
            after = after.with_namespace(name, kept)
    return after
