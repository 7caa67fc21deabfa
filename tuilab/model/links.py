"""One frozen class per kind of link.

A link's name is its key in the namespace; everything else a person may choose about
it is here. ``None`` means "as tuilab or the kernel would choose", see ``plan.state``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One end of a cable, or any link of a lab: ``namespace:ifname``."""

    namespace: str
    ifname: str

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read ``red:eth0``.

        Raises:
            ValueError: There is no colon, or one side is empty.
        """
        namespace, colon, ifname = text.partition(":")
        if not (colon and namespace and ifname):
            msg = f'"{text}" is not an endpoint of the form NAMESPACE:IFNAME'
            raise ValueError(msg)
        return cls(namespace, ifname)

    def __str__(self) -> str:
        return f"{self.namespace}:{self.ifname}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What every kind of link has.

    Attributes:
        up: Administratively up (IFF_UP).
        mtu: Bytes; None for the kernel's default (a bridge's: its ports' smallest).
        mac: Lower-case, colons; None for the address derived from the names.
        master: The bridge, in the same namespace, that this link is a port of.
        addresses: CIDR, canonical, in the order they are to be added.
    """

    kind: ClassVar[str]
    most_mtu: ClassVar[int] = 65535
    """The kernel's limit for the kind, in bytes."""

    up: bool = True
    mtu: int | None = None
    mac: str | None = None
    master: str | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loopback(Link):
    """``lo``: every namespace has it, whether a topology mentions it or not."""

    kind: ClassVar[str] = "loopback"
    most_mtu: ClassVar[int] = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PortLink(Link):
    """A link that can be a port of a bridge; see bridge(8).

    What is said here holds as long as it is one: the kernel forgets it when the link
    leaves its bridge.

    Attributes:
        isolated: It exchanges frames with ports that are not isolated only.
        hairpin: Frames may leave by the port that they came in by.
        cost: Of the port in spanning tree, 1 to 65535; None for the kernel's choice.
        priority: Of the port in spanning tree, 0 to 63; None for 32.
        learning: MACs seen on the port are learned.
        flood: Frames for unknown MACs leave by it.
        fdb: Static entries: MACs that are said to be behind the port.
        vlans: All it is in, where its bridge looks at them; see `model.vlans`. None for
            ``1 pvid untagged``.
    """

    isolated: bool = False
    hairpin: bool = False
    cost: int | None = None
    priority: int | None = None
    learning: bool = True
    flood: bool = True
    fdb: tuple[str, ...] = ()
    vlans: tuple[str, ...] | None = None


PORT_OPTIONS = tuple(
    f.name for f in fields(PortLink) if f.name not in {g.name for g in fields(Link)}
)
"""What a `PortLink` says about itself as a port."""


def without_master(link: Link) -> Link:
    """The link out of its bridge, and without what it was as a port of it."""
    values: dict[str, Any] = {"master": None}
    if isinstance(link, PortLink):
        defaults = {f.name: f.default for f in fields(PortLink)}
        values |= {name: defaults[name] for name in PORT_OPTIONS}
    return replace(link, **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Veth(PortLink):
    """One end of a cable; see veth(4)."""

    kind: ClassVar[str] = "veth"

    peer: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge(Link):
    """A switch; see "type bridge" in ip-link(8). None is for the kernel's default.

    Attributes:
        stp: Whether it speaks spanning tree (IEEE 802.1D).
        priority: In spanning tree, 0 to 65535; 32768 by default.
        ageing: Seconds that a learned MAC is remembered; 300 by default.
        forward_delay: Seconds a port listens, then learns; 15 by default.
        hello_time: Seconds between the messages of the root; 2 by default.
        max_age: Seconds after which such a message is stale; 20 by default.
        vlan_filtering: Whether it looks at VLAN tags.
        vlans: Those it is in itself, as a port of its own; as of a `PortLink`.
        mcast_snooping: Whether multicast goes to those only who asked for it.
    """

    kind: ClassVar[str] = "bridge"

    stp: bool = False
    priority: int | None = None
    ageing: float | None = None
    forward_delay: float | None = None
    hello_time: float | None = None
    max_age: float | None = None
    vlan_filtering: bool = False
    mcast_snooping: bool = True
    vlans: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap(PortLink):
    """A tap device: its other end is a program holding ``/dev/net/tun``.

    Attributes:
        user: User name or numeric id that may open it; None for anyone entitled.
        group: Group name or numeric id that may open it.
    """

    kind: ClassVar[str] = "tap"
    most_mtu: ClassVar[int] = 65521

    user: str | None = None
    group: str | None = None


BRIDGE_OPTIONS = tuple(
    f.name for f in fields(Bridge) if f.name not in {g.name for g in fields(Link)}
)
"""What a `Bridge` says about itself as a switch."""

KINDS: dict[str, type[Link]] = {cls.kind: cls for cls in (Loopback, Veth, Bridge, Tap)}
