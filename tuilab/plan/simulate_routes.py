"""Routes, rules and neighbours as the kernel handles them: part of `plan.simulate`."""

from __future__ import annotations

import errno
from abc import abstractmethod
from dataclasses import replace

from tuilab.errors import KernelError
from tuilab.model.addressing import address, interface, version
from tuilab.model.routing import MAIN_TABLE
from tuilab.model.topology import UNICAST, Endpoint
from tuilab.plan.forwarding import (
    HopState,
    NeighbourState,
    RouteState,
    RuleState,
    has_address,
    neighbourly,
    routable,
)
from tuilab.plan.simulate_base import OpenNamespace, refusal
from tuilab.plan.state import LinkState


class RoutePart:
    """What a `Machine` does with routes, rules and neighbours."""

    @abstractmethod
    def _namespace(self, name: str) -> OpenNamespace: ...

    @abstractmethod
    def _link(self, endpoint: Endpoint) -> LinkState: ...

    # -- routes --------------------------------------------------------------------

    def add_route(self, name: str, route: RouteState) -> None:
        """Refused when a link is down, a gateway on none of its networks."""
        namespace = self._namespace(name)
        if any(route.key == other.key for other in namespace.routes):
            raise refusal(errno.EEXIST, route.to, "has such a route already")
        self._put_route(name, namespace, route)

    def replace_route(self, name: str, route: RouteState) -> None:
        """The same in the place of another that it can't be beside."""
        namespace = self._namespace(name)
        former = {r for r in namespace.routes if r.key == route.key}
        namespace.routes -= former
        try:
            self._put_route(name, namespace, route)
        except KernelError:
            namespace.routes |= former
            raise

    def _put_route(
        self, name: str, namespace: OpenNamespace, route: RouteState
    ) -> None:
        for way in route.ways:
            self._link(Endpoint(name, way.dev))
        if routable(namespace.links, route, src=False) != route:
            where = ", ".join(f"{name}:{way.dev}" for way in route.ways)
            raise refusal(errno.ENETDOWN, where, "is down")
        for way in route.ways:
            if way.via and not _reaches(namespace, route, way):
                raise refusal(errno.ENETUNREACH, way.via, "is on none of its networks")
        if route.src and not has_address(namespace.links, route.src):
            raise refusal(errno.EINVAL, route.src, "is none of its addresses")
        namespace.routes.add(route)

    def delete_route(self, name: str, route: RouteState) -> None:
        """Exactly that one."""
        namespace = self._namespace(name)
        if route not in namespace.routes:
            raise refusal(errno.ESRCH, route.to, "has no such route")
        namespace.routes.remove(route)

    # -- rules and neighbours ------------------------------------------------------

    def add_rule(self, name: str, rule: RuleState) -> None:
        """Links that it names need not exist."""
        namespace = self._namespace(name)
        if rule in namespace.rules:
            raise refusal(errno.EEXIST, str(rule.priority), "is a rule already")
        namespace.rules.add(rule)

    def delete_rule(self, name: str, rule: RuleState) -> None:
        """Exactly that one."""
        namespace = self._namespace(name)
        if rule not in namespace.rules:
            raise refusal(errno.ENOENT, str(rule.priority), "is no such rule")
        namespace.rules.remove(rule)

    def set_neighbour(self, name: str, neighbour: NeighbourState) -> None:
        """In the place of the one with that address; the link may be down."""
        namespace = self._namespace(name)
        where = Endpoint(name, neighbour.dev)
        self._link(where)
        if not neighbourly(namespace.links, neighbour):
            raise refusal(errno.EINVAL, where, "is too small for IPv6")
        namespace.neighbours = {
            other for other in namespace.neighbours if other.key != neighbour.key
        } | {neighbour}

    def delete_neighbour(self, name: str, neighbour: NeighbourState) -> None:
        """The one with that address."""
        namespace = self._namespace(name)
        if neighbour not in namespace.neighbours:
            raise refusal(errno.ENOENT, neighbour.to, "is no such neighbour")
        namespace.neighbours.remove(neighbour)

    # -- side effects ----------------------------------------------------------------

    def _drop_ways(self, endpoint: Endpoint, only: int = 0) -> None:
        """A link that is down: routes lose that hop, and go with the last one."""
        namespace = self._namespace(endpoint.namespace)
        routes = set()
        for route in namespace.routes:
            rest = [way for way in route.ways if way.dev != endpoint.ifname]
            if len(rest) == len(route.ways) or only not in (0, version(route.to)):
                routes.add(route)
            elif (left := route.with_ways(rest)) is not None:
                routes.add(left)
        namespace.routes = routes

    def _drop_neighbours(self, endpoint: Endpoint, only: int = 0) -> None:
        namespace = self._namespace(endpoint.namespace)
        namespace.neighbours = {
            n
            for n in namespace.neighbours
            if n.dev != endpoint.ifname or only not in (0, version(n.to))
        }

    def _forget_source(self, name: str, host: str) -> None:
        """An address that routes send from is taken away.

        IPv4 routes of the main table go with it (fib_sync_down_addr), those of others
        stay as they are; IPv6 ones stay without it (rt6_remove_prefsrc).
        """
        namespace = self._namespace(name)
        namespace.routes = {
            replace(route, src=None)
            if route.src == host and version(host) == 6
            else route
            for route in namespace.routes
            if route.src != host or version(host) == 6 or route.table != MAIN_TABLE
        }


def _reaches(namespace: OpenNamespace, route: RouteState, way: HopState) -> bool:
    gateway = address(str(way.via))
    if route.onlink or (gateway.version == 6 and gateway.is_link_local):
        return True
    link = namespace.links[way.dev]
    near = {interface(cidr).network for cidr in link.addresses}
    near |= {
        interface(other.to).network
        for other in namespace.routes
        if other.type == UNICAST
        and other.via is None
        and other.dev == way.dev
        and other.table in (MAIN_TABLE, route.table)
    }
    return any(gateway in network for network in near)
