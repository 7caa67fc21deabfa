"""Links of every kind, their addresses and entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tuilab.errors import NotFoundError, UsageError
from tuilab.model.addressing import canonical_cidr
from tuilab.model.edits.change import Change, Rename, together
from tuilab.model.edits.parts import (
    canonical_link,
    find_link,
    pinned,
    removable,
    take_out,
    vacant,
    with_free_mac,
    without_dead_routes,
)
from tuilab.model.links import PortLink, without_master
from tuilab.model.places import renamed_places
from tuilab.model.routing import with_links_renamed
from tuilab.model.sysctls import settings_renamed
from tuilab.model.topology import LO, Bridge, Endpoint, Link, Tap, Topology, Veth


def add_link(endpoint: Endpoint, link: Link) -> Change:
    """A bridge or a tap. Cables are made by `connect`."""

    def apply(topology: Topology) -> Topology:
        vacant(topology, endpoint)
        own = with_free_mac(topology, endpoint, canonical_link(link))
        return topology.with_link(endpoint, own)

    return Change(f"add {link.kind} {endpoint}", apply)


def add_bridge(
    endpoint: Endpoint, *, ports: Iterable[str] = (), **attributes: Any
) -> Change:
    """A bridge, with links of its namespace as its first ports."""
    change = add_link(endpoint, Bridge(**attributes))
    joins = [
        set_link(Endpoint(endpoint.namespace, port), master=endpoint.ifname)
        for port in ports
    ]
    return together(change.title, [change, *joins])


def add_tap(endpoint: Endpoint, **attributes: Any) -> Change:
    """A tap device."""
    return add_link(endpoint, Tap(**attributes))


def connect(
    a: Endpoint,
    b: Endpoint,
    *,
    a_end: Mapping[str, Any] | None = None,
    b_end: Mapping[str, Any] | None = None,
) -> Change:
    """A cable. ``a_end`` and ``b_end`` are attributes of `Link` for either end."""

    def apply(topology: Topology) -> Topology:
        if a == b:
            raise UsageError(f'"{a}" can\'t be both ends of a cable', "name two")
        vacant(topology, a)
        vacant(topology, b)
        one = canonical_link(Veth(peer=b, **(a_end or {})))
        other = canonical_link(Veth(peer=a, **(b_end or {})))
        one = with_free_mac(topology, a, one)
        other = with_free_mac(topology, b, other)
        return topology.with_link(a, one).with_link(b, other)

    return Change(f"add cable {a} = {b}", apply)


def remove_link(endpoint: Endpoint) -> Change:
    """A link; a cable goes with both ends, a bridge lets its ports go."""

    def apply(topology: Topology) -> Topology:
        removable(topology, endpoint)
        return take_out(topology, endpoint)

    return Change(f"remove link {endpoint}", apply)


def rename_link(endpoint: Endpoint, ifname: str) -> Change:
    """Another name for a link in the same namespace; it keeps its MAC address."""
    new = Endpoint(endpoint.namespace, ifname)

    def apply(topology: Topology) -> Topology:
        link = find_link(topology, endpoint)
        if endpoint.ifname == LO:
            raise UsageError(f'"{endpoint}" can\'t be renamed', "lo is lo")
        vacant(topology, new)
        namespace = topology.namespaces[endpoint.namespace]
        links: dict[str, Link] = {}
        for name, other in namespace.links.items():
            if name == endpoint.ifname:
                links[ifname] = pinned(topology.name, endpoint, other)
            elif other.master == endpoint.ifname:
                links[name] = replace(other, master=ifname)
            else:
                links[name] = other
        sysctls = settings_renamed(namespace.sysctls, endpoint.ifname, ifname)
        after = topology.with_namespace(
            endpoint.namespace,
            replace(
                with_links_renamed(namespace, {endpoint.ifname: ifname}),
                links=links,
                sysctls=sysctls,
            ),
        )
        if isinstance(link, Veth):
            peer = after.link(link.peer)
            if isinstance(peer, Veth):
                after = after.with_link(link.peer, replace(peer, peer=new))
        was = str(endpoint)
        layout = renamed_places(after.layout, lambda it: str(new) if it == was else it)
        return replace(after, layout=layout)

    return Change(f"rename {endpoint} to {ifname}", apply, (Rename(endpoint, new),))


def set_link(endpoint: Endpoint, **attributes: Any) -> Change:
    """Other attributes for a link: ``up``, ``mtu``, ``mac``, ``master``, ``user``."""

    def apply(topology: Topology) -> Topology:
        link = find_link(topology, endpoint)
        fields = type(link).__dataclass_fields__
        unknown = [name for name in attributes if name not in fields]
        if unknown:
            names = ", ".join(unknown)
            raise UsageError(f'"{endpoint}" is a {link.kind}, which has no {names}')
        if attributes.get("master", link.master) is None:
            link = without_master(link)
        changed = canonical_link(replace(link, **attributes))
        return topology.with_link(endpoint, changed)

    return Change(f"set {endpoint} {_shown(attributes)}", apply)


def add_address(endpoint: Endpoint, cidr: str) -> Change:
    """One more address, after those that are there."""
    wanted = canonical_cidr(cidr)

    def apply(topology: Topology) -> Topology:
        link = find_link(topology, endpoint)
        if wanted in link.addresses:
            raise UsageError(f'"{endpoint}" has {wanted} already', "nothing to do")
        return topology.with_link(
            endpoint, replace(link, addresses=(*link.addresses, wanted))
        )

    return Change(f"add address {wanted} to {endpoint}", apply)


def remove_address(endpoint: Endpoint, cidr: str) -> Change:
    """One address less, and the routes whose gateway it alone reached."""
    wanted = canonical_cidr(cidr)

    def apply(topology: Topology) -> Topology:
        link = find_link(topology, endpoint)
        if wanted not in link.addresses:
            have = ", ".join(link.addresses) or "none"
            raise NotFoundError(
                f'"{endpoint}" has no address {wanted}', f"it has {have}"
            )
        rest = tuple(a for a in link.addresses if a != wanted)
        after = topology.with_link(endpoint, replace(link, addresses=rest))
        return without_dead_routes(topology, after)

    return Change(f"remove address {wanted} from {endpoint}", apply)


def add_entry(endpoint: Endpoint, mac: str) -> Change:
    """One more static entry of a bridge's fdb: that MAC is behind that port."""
    wanted = mac.lower()

    def apply(topology: Topology) -> Topology:
        port = _port(topology, endpoint)
        if wanted in port.fdb:
            raise UsageError(
                f'"{endpoint}" has an entry for {wanted} already', "nothing to do"
            )
        return topology.with_link(endpoint, replace(port, fdb=(*port.fdb, wanted)))

    return Change(f"add fdb entry {wanted} to {endpoint}", apply)


def remove_entry(endpoint: Endpoint, mac: str) -> Change:
    """One static entry of a bridge's fdb less."""
    wanted = mac.lower()

    def apply(topology: Topology) -> Topology:
        port = _port(topology, endpoint)
        if wanted not in port.fdb:
            have = ", ".join(port.fdb) or "none"
            raise NotFoundError(
                f'"{endpoint}" has no static entry for {wanted}', f"it has {have}"
            )
        rest = tuple(m for m in port.fdb if m != wanted)
        return topology.with_link(endpoint, replace(port, fdb=rest))

    return Change(f"remove fdb entry {wanted} from {endpoint}", apply)


def _port(topology: Topology, endpoint: Endpoint) -> PortLink:
    link = find_link(topology, endpoint)
    if not isinstance(link, PortLink):
        raise UsageError(
            f'"{endpoint}" is a {link.kind}, not a port of a bridge',
            "name a link that has a bridge as its master",
        )
    return link


def _shown(attributes: Mapping[str, Any]) -> str:
    words = []
    for name, value in attributes.items():
        if name == "up":
            words.append("up" if value else "down")
        elif name == "master" and value is None:
            words.append("nomaster")
        elif isinstance(value, bool):
            words.append(f"{name} {'on' if value else 'off'}")
        else:
            words.append(f"{name} {'default' if value is None else value}")
    return " ".join(words)
