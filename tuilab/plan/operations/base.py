"""What every operation is, and the requests it is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from shlex import quote
from typing import Any, ClassVar, Literal

from tuilab.model.topology import HOST
from tuilab.plan.simulate import Machine


@dataclass(frozen=True, slots=True)
class Index:
    """In a request: the interface index of that link, in the request's namespace."""

    ifname: str


@dataclass(frozen=True, slots=True)
class InNamespace:
    """In a request: a descriptor of that network namespace."""

    name: str


@dataclass(frozen=True, slots=True)
class Rtnl:
    """A route netlink request, in the words of pyroute2's ``IPRoute``.

    Attributes:
        namespace: Where it is sent.
        noun: ``link``, ``addr``, ``route``, ``rule``, ``neigh`` or ``fdb``.
        verb: ``add``, ``set``, ``replace`` or ``del``; ``property_add`` for an altname.
        args: Arguments; `Index` and `InNamespace` are resolved by the driver.
    """

    namespace: str
    noun: Literal["link", "addr", "route", "rule", "neigh", "fdb", "vlan"]
    verb: Literal["add", "set", "replace", "del", "property_add"]
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NamedNamespace:
    """A mount on /run/netns, as ``ip netns`` makes and removes it."""

    verb: Literal["add", "del", "rename"]
    name: str
    new: str = ""


@dataclass(frozen=True, slots=True)
class MakeTap:
    """A persistent tap, by ioctl on /dev/net/tun (tun(4) has no netlink for it)."""

    namespace: str
    ifname: str
    user: int | None
    group: int | None


@dataclass(frozen=True, slots=True)
class WriteSysctl:
    """A file under /proc/sys."""

    namespace: str
    key: str
    value: str


Request = Rtnl | NamedNamespace | MakeTap | WriteSysctl


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(ABC):
    """One step on the kernel.

    Attributes:
        reason: Why the plan has it, where that is not plain from the edit.
    """

    already: ClassVar[frozenset[int]] = frozenset()
    """Error numbers that only say that it is so: a side effect that was foreseen did
    not come, such as a bridge's mtu following its ports, which no dump tells."""

    reason: str = ""

    @property
    @abstractmethod
    def touches(self) -> tuple[str, ...]:
        """Namespaces that may look different afterwards."""

    @abstractmethod
    def simulate(self, machine: Machine) -> None:
        """Do it to the model; raises KernelError where the kernel would refuse."""

    @abstractmethod
    def requests(self) -> tuple[Request, ...]:
        """What to send to the kernel."""

    @abstractmethod
    def commands(self) -> tuple[str, ...]:
        """What a person would type for it."""


def ip(namespace: str, rest: str) -> str:
    """An ``ip`` command line in a namespace."""
    # Its name, as those of links, may come from outside and mean much to a shell.
    return f"ip {rest}" if namespace == HOST else f"ip -n {quote(namespace)} {rest}"
