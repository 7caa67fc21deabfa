"""Links: make, change, rename, delete."""

from __future__ import annotations

from dataclasses import dataclass, replace
from shlex import quote
from typing import Any

from tuilab.model.topology import HOST, Endpoint
from tuilab.plan.bridging import PLAIN_BRIDGE, BridgeState, changed_options
from tuilab.plan.operations.base import (
    Index,
    InNamespace,
    MakeTap,
    Operation,
    Request,
    Rtnl,
    ip,
)
from tuilab.plan.operations.bridge import bridge_attributes, bridge_words
from tuilab.plan.simulate import Machine, namespaces_of
from tuilab.plan.state import DEFAULT_MTU, LinkState


def _words(mac: str, mtu: int) -> str:
    return f"address {mac}" + (f" mtu {mtu}" if mtu != DEFAULT_MTU else "")


@dataclass(frozen=True, slots=True)
class AddVeth(Operation):
    """A cable: both ends at once, each in its namespace, both down.

    An end in the lab's root namespace is ``a``: that one has no name for ``netns``.
    """

    a: Endpoint
    b: Endpoint
    a_mac: str
    b_mac: str
    a_mtu: int = DEFAULT_MTU
    b_mtu: int = DEFAULT_MTU

    @property
    def touches(self) -> tuple[str, ...]:
        return namespaces_of(self.a, self.b)

    def simulate(self, machine: Machine) -> None:
        machine.add_veth(
            self.a,
            LinkState("veth", up=False, mtu=self.a_mtu, mac=self.a_mac),
            self.b,
            LinkState("veth", up=False, mtu=self.b_mtu, mac=self.b_mac),
        )

    def requests(self) -> tuple[Request, ...]:
        peer: dict[str, Any] = {"ifname": self.b.ifname, "address": self.b_mac}
        peer["mtu"] = self.b_mtu
        if self.b.namespace != self.a.namespace:
            peer["net_ns_fd"] = InNamespace(self.b.namespace)
        args = {
            "ifname": self.a.ifname,
            "kind": "veth",
            "address": self.a_mac,
            "mtu": self.a_mtu,
            "peer": peer,
        }
        return (Rtnl(self.a.namespace, "link", "add", args),)

    def commands(self) -> tuple[str, ...]:
        a, b = _words(self.a_mac, self.a_mtu), _words(self.b_mac, self.b_mtu)
        where = ""
        if self.b.namespace != self.a.namespace:
            where = f" netns {quote(self.b.namespace)}"
        near, far = quote(self.a.ifname), quote(self.b.ifname)
        line = f"link add name {near} {a} type veth peer name {far} {b}"
        return (ip(self.a.namespace, line + where),)


@dataclass(frozen=True, slots=True)
class AddBridge(Operation):
    """A bridge with a MAC of its own, so that ports coming and going keep it."""

    endpoint: Endpoint
    mac: str
    mtu: int = DEFAULT_MTU
    bridge: BridgeState = PLAIN_BRIDGE

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.endpoint.namespace,)

    @property
    def _options(self) -> dict[str, Any]:
        # What is as by default is not mentioned: the kernel may not even have it.
        return changed_options(PLAIN_BRIDGE, self.bridge)

    def simulate(self, machine: Machine) -> None:
        bridge = replace(self.bridge, vlans=PLAIN_BRIDGE.vlans)
        link = LinkState("bridge", False, self.mtu, self.mac, bridge=bridge)
        machine.add_link(self.endpoint, link)

    def requests(self) -> tuple[Request, ...]:
        args = {
            "ifname": self.endpoint.ifname,
            "kind": "bridge",
            "address": self.mac,
            "mtu": self.mtu,
            **bridge_attributes(self._options),
        }
        return (Rtnl(self.endpoint.namespace, "link", "add", args),)

    def commands(self) -> tuple[str, ...]:
        words = _words(self.mac, self.mtu)
        line = f"link add name {quote(self.endpoint.ifname)} {words} type bridge"
        line += bridge_words(self._options)
        return (ip(self.endpoint.namespace, line),)


@dataclass(frozen=True, slots=True)
class AddTap(Operation):
    """A persistent tap device; see tun(4)."""

    endpoint: Endpoint
    mac: str
    mtu: int = DEFAULT_MTU
    user: int | None = None
    group: int | None = None

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.endpoint.namespace,)

    def simulate(self, machine: Machine) -> None:
        link = LinkState(
            "tap",
            up=False,
            mtu=self.mtu,
            mac=self.mac,
            user=self.user,
            group=self.group,
        )
        machine.add_link(self.endpoint, link)

    def requests(self) -> tuple[Request, ...]:
        where, ifname = self.endpoint.namespace, self.endpoint.ifname
        args: dict[str, Any] = {"index": Index(ifname), "address": self.mac}
        if self.mtu != DEFAULT_MTU:
            args["mtu"] = self.mtu
        return (
            MakeTap(where, ifname, self.user, self.group),
            Rtnl(where, "link", "set", args),
        )

    def commands(self) -> tuple[str, ...]:
        where, ifname = self.endpoint.namespace, quote(self.endpoint.ifname)
        user = f" user {self.user}" if self.user is not None else ""
        group = f" group {self.group}" if self.group is not None else ""
        return (
            ip(where, f"tuntap add dev {ifname} mode tap{user}{group}"),
            ip(where, f"link set dev {ifname} {_words(self.mac, self.mtu)}"),
        )


@dataclass(frozen=True, slots=True)
class DeleteLink(Operation):
    """A link; for a veth that is the whole cable.

    Attributes:
        endpoint: The link, either end of a cable.
        peer: The other end, which goes too.
    """

    endpoint: Endpoint
    peer: Endpoint | None = None

    @property
    def touches(self) -> tuple[str, ...]:
        return namespaces_of(self.endpoint, self.peer)

    def simulate(self, machine: Machine) -> None:
        machine.delete_link(self.endpoint)

    def requests(self) -> tuple[Request, ...]:
        args = {"index": Index(self.endpoint.ifname)}
        return (Rtnl(self.endpoint.namespace, "link", "del", args),)

    def commands(self) -> tuple[str, ...]:
        line = f"link del dev {quote(self.endpoint.ifname)}"
        return (ip(self.endpoint.namespace, line),)


@dataclass(frozen=True, slots=True)
class RenameLink(Operation):
    """Another name for a link that is down."""

    endpoint: Endpoint
    ifname: str
    peer: Endpoint | None = None

    @property
    def touches(self) -> tuple[str, ...]:
        return namespaces_of(self.endpoint, self.peer)

    def simulate(self, machine: Machine) -> None:
        machine.rename_link(self.endpoint, self.ifname)

    def requests(self) -> tuple[Request, ...]:
        args = {"index": Index(self.endpoint.ifname), "ifname": self.ifname}
        return (Rtnl(self.endpoint.namespace, "link", "set", args),)

    def commands(self) -> tuple[str, ...]:
        line = f"link set dev {quote(self.endpoint.ifname)} name {quote(self.ifname)}"
        return (ip(self.endpoint.namespace, line),)


@dataclass(frozen=True, slots=True)
class MoveLink(Operation):
    """A link to another namespace, under a name that is free there."""

    endpoint: Endpoint
    new: Endpoint
    peer: Endpoint | None = None

    @property
    def touches(self) -> tuple[str, ...]:
        return namespaces_of(self.endpoint, self.new, self.peer)

    def simulate(self, machine: Machine) -> None:
        machine.move_link(self.endpoint, self.new)

    def requests(self) -> tuple[Request, ...]:
        args = {
            "index": Index(self.endpoint.ifname),
            "net_ns_fd": InNamespace(self.new.namespace),
            "ifname": self.new.ifname,
        }
        return (Rtnl(self.endpoint.namespace, "link", "set", args),)

    def commands(self) -> tuple[str, ...]:
        where = quote(self.new.namespace)
        if self.new.namespace == HOST:
            # The root namespace has no name, but the shell that types this is in it.
            where = "/proc/$$/ns/net"
        line = f"link set dev {quote(self.endpoint.ifname)} netns {where}"
        if self.new.ifname != self.endpoint.ifname:
            line += f" name {quote(self.new.ifname)}"
        return (ip(self.endpoint.namespace, line),)


@dataclass(frozen=True, slots=True)
class SetLink(Operation):
    """Attributes of a link; those that are None stay as they are.

    Attributes:
        endpoint: The link.
        mac: Hardware address.
        mtu: Bytes.
        master: Bridge to join; an empty string to leave the one it is in.
        up: IFF_UP.
    """

    endpoint: Endpoint
    mac: str | None = None
    mtu: int | None = None
    master: str | None = None
    up: bool | None = None

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.endpoint.namespace,)

    def simulate(self, machine: Machine) -> None:
        # The order in which the kernel goes about one request (do_setlink).
        if self.mac is not None:
            machine.set_mac(self.endpoint, self.mac)
        if self.mtu is not None:
            machine.set_mtu(self.endpoint, self.mtu)
        if self.master is not None:
            machine.set_master(self.endpoint, self.master or None)
        if self.up is not None:
            machine.set_up(self.endpoint, self.up)

    def requests(self) -> tuple[Request, ...]:
        args: dict[str, Any] = {"index": Index(self.endpoint.ifname)}
        if self.mac is not None:
            args["address"] = self.mac
        if self.mtu is not None:
            args["mtu"] = self.mtu
        if self.master is not None:
            args["master"] = Index(self.master) if self.master else 0
        if self.up is not None:
            args["state"] = "up" if self.up else "down"
        return (Rtnl(self.endpoint.namespace, "link", "set", args),)

    def commands(self) -> tuple[str, ...]:
        words = []
        if self.mac is not None:
            words.append(f"address {self.mac}")
        if self.mtu is not None:
            words.append(f"mtu {self.mtu}")
        if self.master is not None:
            words.append(f"master {quote(self.master)}" if self.master else "nomaster")
        if self.up is not None:
            words.append("up" if self.up else "down")
        line = f"link set dev {quote(self.endpoint.ifname)} {' '.join(words)}"
        return (ip(self.endpoint.namespace, line),)
