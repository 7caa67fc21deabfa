"""A link that goes to another namespace, with all of it that makes sense there."""

from __future__ import annotations

from dataclasses import replace

from tuilab.errors import UsageError
from tuilab.model.edits import Change, Rename, find_link, pinned, take_out, vacant
from tuilab.model.links import PortLink, without_master
from tuilab.model.places import renamed_places
from tuilab.model.routing import leads, outgoing
from tuilab.model.sysctls import link_of
from tuilab.model.topology import (
    UNICAST,
    Bridge,
    Endpoint,
    Link,
    Loopback,
    Namespace,
    Route,
    Topology,
    Veth,
)


def move_link(endpoint: Endpoint, to: Endpoint) -> Change:
    """A link that goes to another namespace, and may have another name there.

    It keeps its MAC, mtu and addresses, and its master where there is a bridge of that
    name. Routes, neighbours and settings that are its own go with it, unless the
    namespace has such a route already.
    """

    def apply(topology: Topology) -> Topology:
        link = find_link(topology, endpoint)
        if isinstance(link, Bridge | Loopback):
            raise UsageError(
                f'"{endpoint}" can\'t go to "{to.namespace}": '
                f"a {link.kind} stays in its namespace",
                "move the links that are its ports" if link.kind == "bridge" else "",
            )
        vacant(topology, to)
        former = topology.namespaces[endpoint.namespace]
        moved = pinned(topology.name, endpoint, link)
        bridge = topology.link(Endpoint(to.namespace, moved.master or ""))
        if isinstance(moved, PortLink) and not isinstance(bridge, Bridge):
            moved = without_master(moved)
        after = _with_peer(take_out(topology, endpoint, alone=True), moved, to)
        there = after.namespaces[to.namespace]
        there = replace(there, links={**there.links, to.ifname: moved})
        there = _with_its_own(former, endpoint.ifname, there, to.ifname)
        was = str(endpoint)
        layout = renamed_places(
            topology.layout, lambda it: str(to) if it == was else it
        )
        return replace(after.with_namespace(to.namespace, there), layout=layout)

    return Change(f"move {endpoint} to {to}", apply, (Rename(endpoint, to),))


def _with_peer(topology: Topology, link: Link, to: Endpoint) -> Topology:
    """With the other end of its cable leading to where it is now."""
    if not isinstance(link, Veth):
        return topology
    peer = topology.link(link.peer)
    if not isinstance(peer, Veth):
        return topology
    return topology.with_link(link.peer, replace(peer, peer=to))


def _with_its_own(former: Namespace, old: str, there: Namespace, new: str) -> Namespace:
    """What belonged to the link in its former namespace, in the one it is in now."""
    taken = {(route.to, route.metric, route.table) for route in there.routes}
    routes = list(there.routes)
    for route in former.routes:
        own = _by(route, former, old)
        if own is None or (own.to, own.metric, own.table) in taken:
            continue
        own = replace(own, dev=new)
        if leads(replace(there, routes=tuple(routes)), own):
            routes.append(own)
    neighbours = (replace(n, dev=new) for n in former.neighbours if n.dev == old)
    settings = {
        key.replace(f".conf.{old}.", f".conf.{new}."): value
        for key, value in former.sysctls.items()
        if link_of(key) == old
    }
    return replace(
        there,
        routes=tuple(routes),
        neighbours=(*there.neighbours, *neighbours),
        sysctls={**there.sysctls, **settings},
    )


def _by(route: Route, namespace: Namespace, ifname: str) -> Route | None:
    """The route if it leaves by that link alone."""
    alone = route.type == UNICAST and not route.hops
    return route if alone and outgoing(namespace, route) == ifname else None
