"""All that the kernel holds of one namespace or link, for someone who looks closely.

`plan.state` tells what a lab decides. This tells the rest too: what the kernel and
programs made, how old it is, and who is at it. Values only: `kernel.closely` reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tuilab.kernel.live import Live, Process
from tuilab.model.topology import Endpoint
from tuilab.plan.forwarding import NeighbourState, RouteState, RuleState

Pairs = tuple[tuple[str, str], ...]
"""Names and values, in words."""
EntryKind = Literal["learned", "static", "local", "outside"]
"""``local`` is an address of the bridge itself, ``outside`` what a program learned."""


@dataclass(frozen=True, slots=True)
class AddressDetail:
    """An address of a link.

    Attributes:
        cidr: In canonical form.
        scope: ``global``, ``link``, ``host``, or a number.
        origin: Who made it: ``static``, ``kernel``, ``ra`` or ``dynamic``.
        flags: Such as ``tentative``, ``secondary``, ``deprecated``.
        valid: Seconds that it has left, None for ever.
    """

    cidr: str
    scope: str = "global"
    origin: str = "static"
    flags: tuple[str, ...] = ()
    valid: int | None = None


@dataclass(frozen=True, slots=True)
class RouteDetail:
    """A route, whoever made it.

    Attributes:
        route: Where it leads; ``type`` may be one that no lab asks for, as ``local``,
            whose ``dev`` is then told.
        protocol: Who made it: ``kernel``, ``dhcp``, ``bird``, or a number; ``boot`` is
            what ip(8) and labs give, ``static`` what an administrator may.
        scope: ``global``, ``link`` or ``host``.
        flags: Such as ``linkdown``, ``dead``, ``offload``.
        valid: Seconds that it has left, None for ever.
    """

    route: RouteState
    protocol: str = "boot"
    scope: str = "global"
    flags: tuple[str, ...] = ()
    valid: int | None = None


@dataclass(frozen=True, slots=True)
class RuleDetail:
    """A rule.

    Attributes:
        priority: Lower ones are asked first.
        family: 4 or 6.
        words: What it asks and does, as iproute2 says it.
        rule: The same as a value; None where a lab has no word for it.
        own: Whether it is one of those that every namespace begins with.
    """

    priority: int
    family: int
    words: str
    rule: RuleState | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class NeighbourDetail:
    """Somebody on the other side of a link, or who is answered for.

    Attributes:
        to: Address.
        dev: Link.
        mac: Hardware address, or empty while it is not known.
        state: As iproute2 says it, ``proxy`` for those that are answered for.
        router: It says that it is one (IPv6).
        confirmed: Seconds since it was last heard of.
        static: The same as a value, where it is one that a lab may ask for.
    """

    to: str
    dev: str
    mac: str
    state: str
    router: bool = False
    confirmed: float = 0.0
    static: NeighbourState | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a bridge knows of a MAC address.

    Attributes:
        bridge: Whose forwarding database it is in.
        dev: The port behind which it is, or the bridge itself.
        mac: Lower-case.
        kind: See `EntryKind`.
        age: Seconds since a frame came from it; of no meaning unless learned.
        vlan: Its VLAN, or None.
    """

    bridge: str
    dev: str
    mac: str
    kind: EntryKind
    age: float = 0.0
    vlan: int | None = None


@dataclass(frozen=True, slots=True)
class Socket:
    """A socket of a program.

    Attributes:
        protocol: ``tcp``, ``udp``, ``raw`` or ``packet``.
        state: As ss(8) says it: ``LISTEN``, ``ESTAB``, ``UNCONN``.
        local: Address and port, ``*`` where it is any.
        peer: Likewise; empty where there is none.
        dev: The link that it is bound to, or empty.
        receive: Bytes that came and were not read; of a listener, waiting callers.
        send: Bytes that were not acknowledged.
        uid: Whose it is.
        inode: What tells it from others; 0 when no program holds it any more.
        pid: The program that holds it, None where that is not known.
        program: Its name, or empty.
    """

    protocol: str
    state: str
    local: str
    peer: str = ""
    dev: str = ""
    receive: int = 0
    send: int = 0
    uid: int = 0
    inode: int = 0
    pid: int | None = None
    program: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A kernel setting.

    Attributes:
        key: As sysctl(8) names it.
        value: What it is.
        usual: What it is where nobody names it, given the others.
    """

    key: str
    value: str
    usual: str


@dataclass(frozen=True, slots=True)
class LinkDetail:
    """A link.

    Attributes:
        index: ifindex.
        kind: The driver, as in IFLA_INFO_KIND; ``device`` where it tells none.
        up: IFF_UP.
        live: Its operstate and counters.
        mac: Lower-case.
        master: The bridge, bond or VRF that it is a port of, or empty.
        peer: The other end of a veth, None where that is outside the lab.
        below: The link that it stands on, or empty.
        qdisc: The queueing discipline at its root.
        queue: Packets that its queue holds (txqueuelen).
        flags: Such as ``promisc``, ``noarp``.
        options: What the driver is set to.
        port: What it is set to as a port of its master.
        stp: The state of a bridge's port: ``forwarding``, ``blocking``; else empty.
        vlans: Of a bridge or its port: ``1 pvid untagged``.
        multicast: Multicast frames received.
        collisions: Of a wire that is shared.
    """

    ifname: str
    index: int
    kind: str
    up: bool
    live: Live
    mtu: int
    mac: str = ""
    master: str = ""
    peer: Endpoint | None = None
    below: str = ""
    altnames: tuple[str, ...] = ()
    qdisc: str = ""
    queue: int = 0
    flags: tuple[str, ...] = ()
    options: Pairs = ()
    port: Pairs = ()
    stp: str = ""
    vlans: tuple[str, ...] = ()
    addresses: tuple[AddressDetail, ...] = ()
    multicast: int = 0
    collisions: int = 0


@dataclass(frozen=True, slots=True)
class Detail:
    """A namespace, or what belongs to one link of it.

    Attributes:
        namespace: Its name.
        ifname: The link that was asked for; None for the namespace, all of it.
        links: By name; of one link it and its ports.
        routes: Of all tables; of a link those that lead through it.
        rules: Of a namespace.
        neighbours: Of a link those on it.
        entries: Of a bridge, or of a port what is behind it.
        sockets: Of a namespace.
        processes: Of a namespace.
        settings: Of a namespace those that are no link's, else the link's.
        tables: Of nftables, as ``inet filter``; None where that can't be told.
    """

    namespace: str
    ifname: str | None = None
    links: Mapping[str, LinkDetail] = field(default_factory=dict)
    routes: tuple[RouteDetail, ...] = ()
    rules: tuple[RuleDetail, ...] = ()
    neighbours: tuple[NeighbourDetail, ...] = ()
    entries: tuple[Entry, ...] = ()
    sockets: tuple[Socket, ...] = ()
    processes: tuple[Process, ...] = ()
    settings: tuple[Setting, ...] = ()
    tables: tuple[str, ...] | None = None
