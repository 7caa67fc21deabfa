"""Bridges and their ports: options, static fdb entries; ip-link(8), bridge(8)."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass, fields
from shlex import quote
from typing import Any, ClassVar, Literal

from tuilab.model import vlans
from tuilab.model.topology import HOST, Endpoint
from tuilab.plan.operations.base import Index, Operation, Request, Rtnl, ip
from tuilab.plan.simulate import Machine

NTF_MASTER = 0x04
NUD_NOARP = 0x40
"""Static: never learned anew, never aged out."""

_BRIDGE = {
    "stp": "stp_state",
    "priority": "priority",
    "ageing": "ageing_time",
    "forward_delay": "forward_delay",
    "hello_time": "hello_time",
    "max_age": "max_age",
    "vlan_filtering": "vlan_filtering",
    "mcast_snooping": "mcast_snooping",
}
"""Options of a bridge as iproute2 calls them; pyroute2 puts ``br_`` before."""
_PORT = {
    "isolated": "isolated",
    "hairpin": "mode",
    "cost": "cost",
    "priority": "priority",
    "learning": "learning",
    "flood": "unicast_flood",
}
"""Options of a port as in IFLA_BRPORT_*; iproute2 calls them as tuilab does."""


def bridge_attributes(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a bridge for a request."""
    return {f"br_{_BRIDGE[name]}": int(value) for name, value in options.items()}


def bridge_words(options: Mapping[str, Any]) -> str:
    """Options of a bridge for a command line, each with a space before it."""
    return "".join(f" {_BRIDGE[name]} {int(v)}" for name, v in options.items())


@dataclass(frozen=True, slots=True)
class _OnLink(Operation):
    endpoint: Endpoint

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.endpoint.namespace,)

    def _bridge(self, words: str) -> tuple[str, ...]:
        where = self.endpoint.namespace
        program = "bridge" if where == HOST else f"bridge -n {quote(where)}"
        return (f"{program} {words}",)

    def _options(self) -> dict[str, Any]:
        """What is to change."""
        return {
            f.name: value
            for f in fields(self)
            if f.name not in ("endpoint", "reason")
            and (value := getattr(self, f.name)) is not None
        }


@dataclass(frozen=True, slots=True)
class SetBridge(_OnLink):
    """Options of a bridge; those that are None stay. Times in centiseconds."""

    stp: bool | None = None
    priority: int | None = None
    ageing: int | None = None
    forward_delay: int | None = None
    hello_time: int | None = None
    max_age: int | None = None
    vlan_filtering: bool | None = None
    mcast_snooping: bool | None = None

    def simulate(self, machine: Machine) -> None:
        machine.set_bridge(self.endpoint, self._options())

    def requests(self) -> tuple[Request, ...]:
        args = {"index": Index(self.endpoint.ifname), "kind": "bridge"}
        args |= bridge_attributes(self._options())
        return (Rtnl(self.endpoint.namespace, "link", "set", args),)

    def commands(self) -> tuple[str, ...]:
        words = f"type bridge{bridge_words(self._options())}"
        line = f"link set dev {quote(self.endpoint.ifname)} {words}"
        return (ip(self.endpoint.namespace, line),)


@dataclass(frozen=True, slots=True)
class SetPort(_OnLink):
    """Options of a port of a bridge; those that are None stay."""

    isolated: bool | None = None
    hairpin: bool | None = None
    cost: int | None = None
    priority: int | None = None
    learning: bool | None = None
    flood: bool | None = None

    def simulate(self, machine: Machine) -> None:
        machine.set_port(self.endpoint, self._options())

    def requests(self) -> tuple[Request, ...]:
        args: dict[str, Any] = {_PORT[k]: int(v) for k, v in self._options().items()}
        args |= {"index": Index(self.endpoint.ifname), "kind": "bridge_slave"}
        return (Rtnl(self.endpoint.namespace, "link", "set", args),)

    def commands(self) -> tuple[str, ...]:
        words = " ".join(f"{k} {_word(v)}" for k, v in self._options().items())
        name = quote(self.endpoint.ifname)
        line = f"link set dev {name} type bridge_slave {words}"
        return (ip(self.endpoint.namespace, line),)


@dataclass(frozen=True, slots=True)
class _Entry(_OnLink):
    mac: str

    def _arguments(self) -> dict[str, Any]:
        return {
            "ifindex": Index(self.endpoint.ifname),
            "lladdr": self.mac,
            "flags": NTF_MASTER,
            "state": NUD_NOARP,
        }


@dataclass(frozen=True, slots=True)
class AddEntry(_Entry):
    """A static entry; one that was learned for the same MAC gives way."""

    def simulate(self, machine: Machine) -> None:
        machine.add_entry(self.endpoint, self.mac)

    def requests(self) -> tuple[Request, ...]:
        args = self._arguments()
        return (Rtnl(self.endpoint.namespace, "fdb", "replace", args),)

    def commands(self) -> tuple[str, ...]:
        port = quote(self.endpoint.ifname)
        return self._bridge(f"fdb replace {self.mac} dev {port} master static")


@dataclass(frozen=True, slots=True)
class DeleteEntry(_Entry):
    """A static entry less."""

    already: ClassVar[frozenset[int]] = frozenset({errno.ENOENT})

    def simulate(self, machine: Machine) -> None:
        machine.delete_entry(self.endpoint, self.mac)

    def requests(self) -> tuple[Request, ...]:
        args = self._arguments()
        return (Rtnl(self.endpoint.namespace, "fdb", "del", args),)

    def commands(self) -> tuple[str, ...]:
        port = quote(self.endpoint.ifname)
        return self._bridge(f"fdb del {self.mac} dev {port} master")


@dataclass(frozen=True, slots=True)
class _Vlans(_OnLink):
    """Some VLANs of a port, or of a bridge itself, as an entry of `model.vlans`."""

    entry: str
    itself: bool = False

    def _request(self, verb: Literal["add", "del"]) -> tuple[Request, ...]:
        first, last, flags = vlans.entry(self.entry)
        args = {
            "index": Index(self.endpoint.ifname),
            "first": first,
            "last": last,
            "flags": flags,
            "itself": self.itself,
        }
        return (Rtnl(self.endpoint.namespace, "vlan", verb, args),)

    def _words(self, verb: str) -> tuple[str, ...]:
        line = f"vlan {verb} dev {quote(self.endpoint.ifname)} vid {self.entry}"
        return self._bridge(line + (" self" if self.itself else ""))


@dataclass(frozen=True, slots=True)
class AddVlans(_Vlans):
    """VLANs more, or with other flags."""

    def simulate(self, machine: Machine) -> None:
        machine.add_vlans(self.endpoint, self.entry)

    def requests(self) -> tuple[Request, ...]:
        return self._request("add")

    def commands(self) -> tuple[str, ...]:
        return self._words("add")


@dataclass(frozen=True, slots=True)
class DeleteVlans(_Vlans):
    """VLANs less."""

    def simulate(self, machine: Machine) -> None:
        machine.delete_vlans(self.endpoint, self.entry)

    def requests(self) -> tuple[Request, ...]:
        return self._request("del")

    def commands(self) -> tuple[str, ...]:
        return self._words("del")


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
