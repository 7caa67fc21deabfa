"""One frozen class per kind of link.

A link's name is its key in the namespace; everything else a person may choose about
it is here. ``None`` means "as tuilab or the kernel would choose", see ``plan.state``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


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
class Veth(Link):
    """One end of a cable; see veth(4)."""

    kind: ClassVar[str] = "veth"

    peer: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge(Link):
    """A switch."""

    kind: ClassVar[str] = "bridge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap(Link):
    """A tap device: its other end is a program holding ``/dev/net/tun``.

    Attributes:
        user: User name or numeric id that may open it; None for anyone entitled.
        group: Group name or numeric id that may open it.
    """

    kind: ClassVar[str] = "tap"
    most_mtu: ClassVar[int] = 65521

    user: str | None = None
    group: str | None = None


KINDS: dict[str, type[Link]] = {cls.kind: cls for cls in (Loopback, Veth, Bridge, Tap)}
