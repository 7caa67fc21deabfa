"""Static routes."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from shlex import quote
from typing import Any, ClassVar

from tuilab.model.addressing import show_destination, version
from tuilab.model.routing import MAIN_TABLE
from tuilab.model.topology import LO, UNICAST
from tuilab.plan.forwarding import V6_METRIC, HopState, RouteState
from tuilab.plan.operations.base import Index, Operation, Request, Rtnl, ip
from tuilab.plan.simulate import Machine

RTPROT_BOOT = 3
"""What ``ip route add`` says of its routes."""
RT_SCOPE_UNIVERSE, RT_SCOPE_LINK, RT_SCOPE_NOWHERE = 0, 253, 255
TYPES = {UNICAST: 1, "blackhole": 6, "unreachable": 7, "prohibit": 8}
"""RTN_* of linux/rtnetlink.h."""
RTNH_F_ONLINK = 4
AF_INET, AF_INET6 = 2, 10


@dataclass(frozen=True, slots=True)
class _InNamespace(Operation):
    namespace: str
    route: RouteState

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.namespace,)

    def _arguments(self) -> dict[str, Any]:
        route = self.route
        v6 = version(route.to) == 6
        args: dict[str, Any] = {
            "dst": route.to,
            "table": route.table,
            "proto": RTPROT_BOOT,
            "type": TYPES[route.type],
            "scope": RT_SCOPE_UNIVERSE,
        }
        flags = RTNH_F_ONLINK if route.onlink else 0
        if route.hops:
            args["family"] = AF_INET6 if v6 else AF_INET
            args["multipath"] = [_hop(hop, flags) for hop in route.hops]
        elif route.type == UNICAST:
            args["oif"] = Index(route.dev or "")
            if route.via is not None:
                args["gateway"] = route.via
            elif not v6:
                args["scope"] = RT_SCOPE_LINK
            if flags:
                args["flags"] = flags
        elif v6:
            args["oif"] = Index(LO)
        if route.src is not None:
            args["prefsrc"] = route.src
        if route.metric:
            args["priority"] = route.metric
        return args

    def _line(self, verb: str, *, ways: bool = True) -> tuple[str, ...]:
        route = self.route
        v6 = version(route.to) == 6
        words = [] if route.type == UNICAST else [route.type]
        words.append(show_destination(route.to))
        if ways and route.type == UNICAST and not route.hops:
            words += _way(route.via, route.dev or "")
            if route.onlink:
                words.append("onlink")
        if route.src is not None and ways:
            words.append(f"src {route.src}")
        if route.metric != (V6_METRIC if v6 else 0):
            words.append(f"metric {route.metric}")
        if route.table != MAIN_TABLE:
            words.append(f"table {route.table}")
        for hop in route.hops if ways else ():
            words += ["nexthop", *_way(hop.via, hop.dev), f"weight {hop.weight}"]
            if route.onlink:
                words.append("onlink")
        family = "-6 " if v6 else ""
        return (ip(self.namespace, f"{family}route {verb} {' '.join(words)}"),)


def _hop(hop: HopState, flags: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "oif": Index(hop.dev),
        "hops": hop.weight - 1,
        "flags": flags,
    }
    if hop.via is not None:
        found["gateway"] = hop.via
    return found


def _way(via: str | None, dev: str) -> list[str]:
    gateway = [] if via is None else [f"via {via}"]
    return [*gateway, f"dev {quote(dev)}"]


@dataclass(frozen=True, slots=True)
class AddRoute(_InNamespace):
    """One more route."""

    already: ClassVar[frozenset[int]] = frozenset({errno.EEXIST})

    def simulate(self, machine: Machine) -> None:
        machine.add_route(self.namespace, self.route)

    def requests(self) -> tuple[Request, ...]:
        return (Rtnl(self.namespace, "route", "add", self._arguments()),)

    def commands(self) -> tuple[str, ...]:
        return self._line("add")


@dataclass(frozen=True, slots=True)
class ReplaceRoute(_InNamespace):
    """A route in the place of another to the same network, at one stroke."""

    def simulate(self, machine: Machine) -> None:
        machine.replace_route(self.namespace, self.route)

    def requests(self) -> tuple[Request, ...]:
        return (Rtnl(self.namespace, "route", "replace", self._arguments()),)

    def commands(self) -> tuple[str, ...]:
        return self._line("replace")


@dataclass(frozen=True, slots=True)
class DeleteRoute(_InNamespace):
    """One route less.

    Attributes:
        alone: No other is in its place: whatever the kernel has there is meant, be it
            with hops that are dead, which it hides but compares.
    """

    alone: bool = True
    already: ClassVar[frozenset[int]] = frozenset({errno.ESRCH})

    def simulate(self, machine: Machine) -> None:
        machine.delete_route(self.namespace, self.route)

    def requests(self) -> tuple[Request, ...]:
        args = self._arguments()
        # Whoever added it: a route made by hand may carry another protocol or scope.
        args.update(proto=0, scope=RT_SCOPE_NOWHERE)
        if self.alone:
            for key in ("type", "oif", "gateway", "multipath", "flags", "prefsrc"):
                args.pop(key, None)
            args.pop("family", None)
        return (Rtnl(self.namespace, "route", "del", args),)

    def commands(self) -> tuple[str, ...]:
        return self._line("del", ways=not self.alone)
