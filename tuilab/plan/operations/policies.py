"""Rules and neighbours."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from shlex import quote
from typing import Any, ClassVar

from tuilab.model.addressing import version
from tuilab.model.canonical import show_mark
from tuilab.plan.forwarding import NeighbourState, RuleState
from tuilab.plan.operations.base import Index, Operation, Request, Rtnl, ip
from tuilab.plan.operations.routes import AF_INET, AF_INET6
from tuilab.plan.simulate import Machine

ACTIONS = {"blackhole": 6, "unreachable": 7, "prohibit": 8}
"""FR_ACT_* of linux/fib_rules.h."""
FR_ACT_TO_TBL = 1
NUD_PERMANENT = 0x80
NTF_PROXY = 0x08


@dataclass(frozen=True, slots=True)
class _Rule(Operation):
    namespace: str
    rule: RuleState

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.namespace,)

    def _arguments(self) -> dict[str, Any]:
        rule = self.rule
        args: dict[str, Any] = {
            "family": AF_INET6 if rule.family == 6 else AF_INET,
            "priority": rule.priority,
            "action": ACTIONS[rule.action] if rule.action else FR_ACT_TO_TBL,
            "table": rule.table or 0,
        }
        for key, prefix in (("src", rule.source), ("dst", rule.to)):
            if prefix is not None:
                network, length = prefix.split("/")
                args[key], args[f"{key}_len"] = network, int(length)
        named = {"iifname": rule.iif, "oifname": rule.oif}
        args.update((key, ifname) for key, ifname in named.items() if ifname)
        if rule.mask:
            args.update(fwmark=rule.mark, fwmask=rule.mask)
        return args

    def _line(self, verb: str) -> tuple[str, ...]:
        rule = self.rule
        words = [f"priority {rule.priority}"]
        for key, value in (("from", rule.source), ("to", rule.to)):
            if value is not None:
                words.append(f"{key} {value}")
        for key, ifname in (("iif", rule.iif), ("oif", rule.oif)):
            if ifname is not None:
                words.append(f"{key} {quote(ifname)}")
        if rule.mask:
            words.append(f"fwmark {show_mark(rule.mark, rule.mask)}")
        words.append(rule.action or f"lookup {rule.table}")
        family = "-6 " if rule.family == 6 else ""
        return (ip(self.namespace, f"{family}rule {verb} {' '.join(words)}"),)


@dataclass(frozen=True, slots=True)
class AddRule(_Rule):
    """One more rule."""

    already: ClassVar[frozenset[int]] = frozenset({errno.EEXIST})

    def simulate(self, machine: Machine) -> None:
        machine.add_rule(self.namespace, self.rule)

    def requests(self) -> tuple[Request, ...]:
        return (Rtnl(self.namespace, "rule", "add", self._arguments()),)

    def commands(self) -> tuple[str, ...]:
        return self._line("add")


@dataclass(frozen=True, slots=True)
class DeleteRule(_Rule):
    """One rule less."""

    already: ClassVar[frozenset[int]] = frozenset({errno.ENOENT})

    def simulate(self, machine: Machine) -> None:
        machine.delete_rule(self.namespace, self.rule)

    def requests(self) -> tuple[Request, ...]:
        return (Rtnl(self.namespace, "rule", "del", self._arguments()),)

    def commands(self) -> tuple[str, ...]:
        return self._line("del")


@dataclass(frozen=True, slots=True)
class _Neighbour(Operation):
    namespace: str
    neighbour: NeighbourState

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.namespace,)

    def _arguments(self) -> dict[str, Any]:
        neighbour = self.neighbour
        args: dict[str, Any] = {
            "family": AF_INET6 if version(neighbour.to) == 6 else AF_INET,
            "ifindex": Index(neighbour.dev),
            "dst": neighbour.to,
        }
        if neighbour.proxy:
            args["flags"] = NTF_PROXY
        else:
            args.update(lladdr=neighbour.mac, state=NUD_PERMANENT)
        return args

    def _line(self, verb: str, *, mac: bool) -> tuple[str, ...]:
        neighbour = self.neighbour
        proxy = "proxy " if neighbour.proxy else ""
        words = f"{proxy}{neighbour.to} dev {quote(neighbour.dev)}"
        if mac and neighbour.mac is not None:
            words += f" lladdr {neighbour.mac}"
        return (ip(self.namespace, f"neigh {verb} {words}"),)


@dataclass(frozen=True, slots=True)
class SetNeighbour(_Neighbour):
    """A neighbour that is known without asking, whatever was known of it before."""

    def simulate(self, machine: Machine) -> None:
        machine.set_neighbour(self.namespace, self.neighbour)

    def requests(self) -> tuple[Request, ...]:
        return (Rtnl(self.namespace, "neigh", "replace", self._arguments()),)

    def commands(self) -> tuple[str, ...]:
        return self._line("replace", mac=True)


@dataclass(frozen=True, slots=True)
class DeleteNeighbour(_Neighbour):
    """One neighbour less."""

    already: ClassVar[frozenset[int]] = frozenset({errno.ENOENT})

    def simulate(self, machine: Machine) -> None:
        machine.delete_neighbour(self.namespace, self.neighbour)

    def requests(self) -> tuple[Request, ...]:
        args = self._arguments()
        args.pop("lladdr", None)
        args.pop("state", None)
        return (Rtnl(self.namespace, "neigh", "del", args),)

    def commands(self) -> tuple[str, ...]:
        return self._line("del", mac=False)
