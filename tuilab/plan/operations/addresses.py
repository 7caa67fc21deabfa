"""Addresses of links."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from shlex import quote
from typing import ClassVar

from tuilab.model.addressing import version
from tuilab.model.topology import Endpoint
from tuilab.plan.operations.base import Index, Operation, Request, Rtnl, ip
from tuilab.plan.simulate import Machine

IFA_F_NODAD = 0x02
"""Usable at once: the lab knows its addresses, it need not ask the wire (RFC 4862)."""


@dataclass(frozen=True, slots=True)
class _OnLink(Operation):
    endpoint: Endpoint
    cidr: str

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.endpoint.namespace,)

    def _arguments(self) -> dict[str, object]:
        address, prefix = self.cidr.split("/")
        return {
            "index": Index(self.endpoint.ifname),
            "address": address,
            "prefixlen": int(prefix),
        }


@dataclass(frozen=True, slots=True)
class AddAddress(_OnLink):
    """One more address."""

    already: ClassVar[frozenset[int]] = frozenset({errno.EEXIST})

    def simulate(self, machine: Machine) -> None:
        machine.add_address(self.endpoint, self.cidr)

    def requests(self) -> tuple[Request, ...]:
        args = self._arguments()
        if version(self.cidr) == 6:
            args["flags"] = IFA_F_NODAD
        return (Rtnl(self.endpoint.namespace, "addr", "add", args),)

    def commands(self) -> tuple[str, ...]:
        nodad = " nodad" if version(self.cidr) == 6 else ""
        line = f"addr add {self.cidr} dev {quote(self.endpoint.ifname)}{nodad}"
        return (ip(self.endpoint.namespace, line),)


@dataclass(frozen=True, slots=True)
class DeleteAddress(_OnLink):
    """One address less."""

    already: ClassVar[frozenset[int]] = frozenset({errno.EADDRNOTAVAIL})

    def simulate(self, machine: Machine) -> None:
        machine.delete_address(self.endpoint, self.cidr)

    def requests(self) -> tuple[Request, ...]:
        args = self._arguments()
        return (Rtnl(self.endpoint.namespace, "addr", "del", args),)

    def commands(self) -> tuple[str, ...]:
        line = f"addr del {self.cidr} dev {quote(self.endpoint.ifname)}"
        return (ip(self.endpoint.namespace, line),)
