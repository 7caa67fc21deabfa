"""Static routes."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from shlex import quote
from typing import ClassVar

from tuilab.model.addressing import show_destination, version
from tuilab.model.routing import MAIN_TABLE
from tuilab.plan.operations.base import Index, Operation, Request, Rtnl, ip
from tuilab.plan.simulate import Machine
from tuilab.plan.state import RouteState

RTPROT_BOOT = 3
"""What ``ip route add`` says of its routes."""
RT_SCOPE_LINK = 253


@dataclass(frozen=True, slots=True)
class _InNamespace(Operation):
    namespace: str
    route: RouteState

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.namespace,)

    def _arguments(self) -> dict[str, object]:
        route = self.route
        args: dict[str, object] = {
            "dst": route.to,
            "oif": Index(route.dev),
            "table": route.table,
            "proto": RTPROT_BOOT,
        }
        if route.via is not None:
            args["gateway"] = route.via
        elif version(route.to) == 4:
            args["scope"] = RT_SCOPE_LINK
        if route.metric:
            args["priority"] = route.metric
        return args

    def _words(self) -> str:
        route = self.route
        v6 = version(route.to) == 6
        default_metric = 1024 if v6 else 0
        words = [show_destination(route.to)]
        if route.via is not None:
            words.append(f"via {route.via}")
        words.append(f"dev {quote(route.dev)}")
        if route.metric != default_metric:
            words.append(f"metric {route.metric}")
        if route.table != MAIN_TABLE:
            words.append(f"table {route.table}")
        return " ".join(words)

    def _line(self, verb: str) -> tuple[str, ...]:
        family = "-6 " if version(self.route.to) == 6 else ""
        return (ip(self.namespace, f"{family}route {verb} {self._words()}"),)


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
class DeleteRoute(_InNamespace):
    """One route less."""

    already: ClassVar[frozenset[int]] = frozenset({errno.ESRCH})

    def simulate(self, machine: Machine) -> None:
        machine.delete_route(self.namespace, self.route)

    def requests(self) -> tuple[Request, ...]:
        args = self._arguments()
        # Whoever added it: a route made by hand may carry another protocol.
        del args["proto"]
        return (Rtnl(self.namespace, "route", "del", args),)

    def commands(self) -> tuple[str, ...]:
        return self._line("del")
