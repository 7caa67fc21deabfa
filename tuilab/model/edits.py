"""The verbs of the editor, as pure functions from topology to topology.

A verb returns a `Change`: a title for the history and a function that makes the new
topology out of whatever the lab is by then, so that two terminals can edit one lab.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tuilab.errors import NotFoundError, UsageError
from tuilab.model.addressing import (
    canonical_cidr,
    derived_mac,
    show_destination,
)
from tuilab.model.canonical import canonical_route
from tuilab.model.links import PortLink, without_master
from tuilab.model.routing import with_link_renamed, without_dead_ends
from tuilab.model.sysctls import canonical_key, settings_renamed
from tuilab.model.topology import (
    HOST,
    LO,
    UNICAST,
    Bridge,
    Endpoint,
    Link,
    Loopback,
    Namespace,
    Route,
    Tap,
    Topology,
    Veth,
)


@dataclass(frozen=True, slots=True)
class Rename:
    """The same object under another name: a namespace, or a link within one.

    Attributes:
        old: Name or endpoint before.
        new: Name or endpoint after; a link may be in another namespace then.
    """

    old: str | Endpoint
    new: str | Endpoint

    def reversed(self) -> Rename:
        """The way back."""
        return Rename(self.new, self.old)


@dataclass(frozen=True, slots=True)
class Change:
    """One edit that somebody asks for.

    Attributes:
        title: What the history shows, such as ``add bridge host:br0``.
        apply: Makes the new topology; raises UsageError where that makes no sense.
        renames: What keeps its identity under a new name.
    """

    title: str
    apply: Callable[[Topology], Topology]
    renames: tuple[Rename, ...] = ()


def together(title: str, changes: Iterable[Change]) -> Change:
    """Several changes as one edit, in order."""
    parts = tuple(changes)

    def apply(topology: Topology) -> Topology:
        for part in parts:
            topology = part.apply(topology)
        return topology

    return Change(title, apply, tuple(r for part in parts for r in part.renames))


def become(title: str, target: Topology) -> Change:
    """Whatever the lab is, make it that topology; the lab keeps its name."""
    return Change(title, lambda now: replace(target, name=now.name))


# -- namespaces ----------------------------------------------------------------


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
        namespace = _namespace(topology, name)
        if name == HOST:
            raise UsageError(
                f'"{HOST}" is the lab\'s own root namespace and stays',
                "remove its links instead, or the whole lab with tuilab down",
            )
        after = topology
        for ifname in namespace.links:
            after = _without_link(after, Endpoint(name, ifname))
        namespaces = {k: v for k, v in after.namespaces.items() if k != name}
        layout = {
            k: v
            for k, v in after.layout.items()
            if k != name and not k.startswith(f"{name}:")
        }
        expect = tuple(e for e in after.expect if name not in (e.source, e.to))
        after = replace(after, namespaces=namespaces, layout=layout, expect=expect)
        return _without_dead_routes(topology, after)

    return Change(f"remove namespace {name}", apply)


def rename_namespace(old: str, new: str) -> Change:
    """Another name for a namespace; its links keep their MAC addresses."""

    def apply(topology: Topology) -> Topology:
        _namespace(topology, old)
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
        layout = {
            _renamed_place(k, old, new): place for k, place in topology.layout.items()
        }
        return replace(topology, namespaces=namespaces, expect=expect, layout=layout)

    title = f"rename namespace {old} to {new}"
    return Change(title, apply, (Rename(old, new),))


def set_sysctl(namespace: str, key: str, value: str | None) -> Change:
    """A kernel setting of a namespace; None for the default."""
    name = canonical_key(key)

    def apply(topology: Topology) -> Topology:
        before = _namespace(topology, namespace)
        sysctls = {k: v for k, v in before.sysctls.items() if k != name}
        if value is not None:
            sysctls[name] = value
        return topology.with_namespace(namespace, replace(before, sysctls=sysctls))

    shown = "to its default" if value is None else f"= {value}"
    return Change(f"set {namespace} {name} {shown}", apply)


# -- links ---------------------------------------------------------------------


def add_link(endpoint: Endpoint, link: Link) -> Change:
    """A bridge or a tap. Cables are made by `connect`."""

    def apply(topology: Topology) -> Topology:
        vacant(topology, endpoint)
        own = _with_free_mac(topology, endpoint, _canonical(link))
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
        one = _canonical(Veth(peer=b, **(a_end or {})))
        other = _canonical(Veth(peer=a, **(b_end or {})))
        one = _with_free_mac(topology, a, one)
        other = _with_free_mac(topology, b, other)
        return topology.with_link(a, one).with_link(b, other)

    return Change(f"add cable {a} = {b}", apply)


def remove_link(endpoint: Endpoint) -> Change:
    """A link; a cable goes with both ends, a bridge lets its ports go."""

    def apply(topology: Topology) -> Topology:
        find_link(topology, endpoint)
        if endpoint.ifname == LO:
            raise UsageError(f'"{endpoint}" belongs to its namespace', "it stays")
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
                with_link_renamed(namespace, endpoint.ifname, ifname),
                links=links,
                sysctls=sysctls,
            ),
        )
        if isinstance(link, Veth):
            peer = after.link(link.peer)
            if isinstance(peer, Veth):
                after = after.with_link(link.peer, replace(peer, peer=new))
        layout = {
            (str(new) if k == str(endpoint) else k): v for k, v in after.layout.items()
        }
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
        changed = _canonical(replace(link, **attributes))
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
        return _without_dead_routes(topology, after)

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


# -- routes --------------------------------------------------------------------


def add_route(namespace: str, route: Route) -> Change:
    """One more static route."""
    wanted = canonical_route(route)

    def apply(topology: Topology) -> Topology:
        before = _namespace(topology, namespace)
        if wanted in before.routes:
            raise UsageError(
                f'"{namespace}" has a route to {show_destination(wanted.to)} like that'
            )
        after = replace(before, routes=(*before.routes, wanted))
        return topology.with_namespace(namespace, after)

    title = f"add route {show_destination(wanted.to)} in {namespace}"
    return Change(title, apply)


def remove_route(namespace: str, route: Route) -> Change:
    """One static route less, and those whose gateway it alone reached.

    It is the one that fits all that ``route`` says; a field that is None fits anything.
    """
    wanted = canonical_route(route)
    shown = show_destination(wanted.to)

    def fits(have: Route) -> bool:
        return (
            have.to == wanted.to
            and all(
                getattr(wanted, field) in (None, getattr(have, field))
                for field in ("via", "dev", "metric", "table", "src")
            )
            and (
                (not wanted.onlink or have.onlink)
                and wanted.type in (UNICAST, have.type)
                and wanted.hops in ((), have.hops)
            )
        )

    def apply(topology: Topology) -> Topology:
        before = _namespace(topology, namespace)
        found = [have for have in before.routes if fits(have)]
        if wanted in found:
            found = [wanted]
        if not found and route.to == "default" and route.via is None:
            # "default" alone means either family, as long as it is clear which.
            found = [h for h in before.routes if show_destination(h.to) == "default"]
        if not found:
            raise NotFoundError(
                f'"{namespace}" has no route to {shown}',
                f"tuilab show lists the routes of {namespace}",
            )
        if len(found) > 1:
            raise UsageError(
                f'"{namespace}" has {len(found)} routes to {shown}',
                "say which with its gateway, link, metric or table",
            )
        rest = tuple(have for have in before.routes if have != found[0])
        after = topology.with_namespace(namespace, replace(before, routes=rest))
        return _without_dead_routes(topology, after)

    return Change(f"remove route {shown} from {namespace}", apply)


# -- layout --------------------------------------------------------------------


def place(item: str, at: tuple[int, int] | None) -> Change:
    """Where a person put a node on the canvas; None to let the layout choose."""

    def apply(topology: Topology) -> Topology:
        layout = {k: v for k, v in topology.layout.items() if k != item}
        if at is not None:
            layout[item] = at
        return replace(topology, layout=layout)

    return Change(f"move {item} on the canvas", apply)


# -- helpers -------------------------------------------------------------------


def _namespace(topology: Topology, name: str) -> Namespace:
    namespace = topology.namespaces.get(name)
    if namespace is None:
        have = ", ".join(topology.namespaces)
        raise NotFoundError(f'no namespace "{name}"', f"the lab has {have}", name)
    return namespace


def find_link(topology: Topology, endpoint: Endpoint) -> Link:
    """The link at an endpoint; NotFoundError when there is none."""
    namespace = _namespace(topology, endpoint.namespace)
    link = namespace.link(endpoint.ifname)
    if link is None:
        have = ", ".join(name for name, _ in namespace.all_links())
        raise NotFoundError(
            f'no link "{endpoint}"',
            f'"{endpoint.namespace}" has {have}',
            str(endpoint),
        )
    return link


def _port(topology: Topology, endpoint: Endpoint) -> PortLink:
    link = find_link(topology, endpoint)
    if not isinstance(link, PortLink):
        raise UsageError(
            f'"{endpoint}" is a {link.kind}, not a port of a bridge',
            "name a link that has a bridge as its master",
        )
    return link


def vacant(topology: Topology, endpoint: Endpoint) -> None:
    """Refuse an endpoint that exists, and a namespace that does not."""
    namespace = _namespace(topology, endpoint.namespace)
    if namespace.link(endpoint.ifname) is not None:
        raise UsageError(f'link "{endpoint}" exists already', "choose another name")


def _canonical(link: Link) -> Link:
    addresses = tuple(canonical_cidr(a) for a in link.addresses)
    mac = link.mac.lower() if link.mac else None
    link = replace(link, addresses=addresses, mac=mac)
    if isinstance(link, PortLink) and link.fdb:
        link = replace(link, fdb=tuple(mac.lower() for mac in link.fdb))
    return link


def pinned(lab: str, endpoint: Endpoint, link: Link) -> Link:
    """The link with the MAC written out that its present name gives it."""
    if link.mac is not None or isinstance(link, Loopback):
        return link
    mac = derived_mac(lab, endpoint.namespace, endpoint.ifname)
    return replace(link, mac=mac)


def _with_free_mac(topology: Topology, endpoint: Endpoint, link: Link) -> Link:
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
    return _without_dead_routes(topology, _without_link(topology, endpoint, alone))


def _without_link(
    topology: Topology, endpoint: Endpoint, alone: bool = False
) -> Topology:
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
    layout = {k: v for k, v in topology.layout.items() if k not in gone}
    return replace(topology, layout=layout)


def _without_dead_routes(before: Topology, after: Topology) -> Topology:
    """Drop what led somewhere before this edit and leads nowhere now."""
    for name, namespace in after.namespaces.items():
        former = before.namespaces.get(name)
        if former is None or former is namespace:
            continue
        kept = without_dead_ends(former, namespace)
        if kept != namespace:
            after = after.with_namespace(name, kept)
    return after


def _renamed_place(key: str, old: str, new: str) -> str:
    if key == old:
        return new
    if key.startswith(f"{old}:"):
        return f"{new}:{key.removeprefix(f'{old}:')}"
    return key


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
