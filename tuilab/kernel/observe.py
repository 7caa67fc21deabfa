"""From netlink dumps to the state they show.

Pure: messages in, values out. What the kernel makes by itself is left out: link-local
addresses (from the MAC), 127.0.0.1 and ::1 on ``lo``, connected and local routes,
whatever router advertisements bring.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tuilab.kernel.bridging import raw_bridge, raw_port
from tuilab.kernel.driver import Live
from tuilab.model.addressing import canonical_cidr, link_local, version
from tuilab.model.routing import MAIN_TABLE
from tuilab.model.sysctls import unusual
from tuilab.model.topology import LO, Endpoint
from tuilab.plan.bridging import PLAIN_BRIDGE, PLAIN_PORT, BridgeState, PortState
from tuilab.plan.state import (
    LinkState,
    NamespaceState,
    RouteState,
    kernel_order,
)

IFF_UP = 0x1
IFF_LOWER_UP = 0x10000
IFA_F_PERMANENT = 0x80
IFAPROT_KERNEL_LL = 3
RT_SCOPE_LINK = 253
RTPROT_REDIRECT, RTPROT_KERNEL, RTPROT_RA = 1, 2, 9
RTN_UNICAST = 1
RTM_F_CLONED = 0x200
RT_TABLE_LOCAL = 255
IFF_TAP = 2

NO_OWNER = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class RawLink:
    """A link as dumped, its references still numbers.

    Attributes:
        index: ifindex in its namespace.
        peer_index: ifindex of the other end (IFLA_LINK), or 0.
        peer_nsid: Namespace id of the other end as this namespace numbers it, or
            None when that is the same namespace.
    """

    ifname: str
    index: int
    kind: str
    flags: int
    mtu: int
    mac: str
    master: int
    peer_index: int
    peer_nsid: int | None
    user: int | None
    group: int | None
    live: Live
    bridge: BridgeState = PLAIN_BRIDGE
    port: PortState = PLAIN_PORT
    port_of_bridge: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """One namespace as dumped.

    Attributes:
        links: By ifindex.
        addresses: By ifindex, IPv4 in the kernel's order, then IPv6 as added.
        routes: Without `dev` resolved: the ifindex stands in its place.
        sysctls: As read.
        entries: Static MACs by the ifindex of the port they are behind.
    """

    links: Mapping[int, RawLink]
    addresses: Mapping[int, tuple[str, ...]]
    routes: tuple[tuple[RouteState, int], ...]
    sysctls: Mapping[str, str]
    entries: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def raw_link(message: Any) -> RawLink:
    """Read one RTM_NEWLINK."""
    ifname, flags = message.get("ifname"), message["flags"]
    info = message.get("linkinfo")
    kind = (info.get("kind") if info is not None else None) or ""
    data = info.get("data") if info is not None else None
    user = group = None
    if kind == "tun" and data is not None:
        kind = "tap" if data.get_attr("IFLA_TUN_TYPE") == IFF_TAP else "tun"
        user, group = (
            _owner(data.get_attr(f"IFLA_TUN_{who}")) for who in ("OWNER", "GROUP")
        )
    if not kind:
        kind = "loopback" if ifname == LO else "device"
    link = message.get("link")
    return RawLink(
        ifname=ifname,
        index=message["index"],
        kind=kind,
        flags=flags,
        mtu=message.get("mtu") or 0,
        mac=(message.get("address") or "").lower(),
        master=message.get("master") or 0,
        peer_index=link or 0,
        peer_nsid=message.get("link_netnsid"),
        user=user,
        group=group,
        live=_live(message, flags),
        bridge=raw_bridge(data) if kind == "bridge" else PLAIN_BRIDGE,
        port=raw_port(kind, info),
        port_of_bridge=info is not None and info.get("slave_kind") == "bridge",
    )


def _owner(number: int | None) -> int | None:
    return None if number in (None, NO_OWNER) else number


def _live(message: Any, flags: int) -> Live:
    stats = message.get("stats64") or {}
    if not flags & IFF_UP:
        operstate: Any = "down"
    elif message.get("operstate") in ("DOWN", "LOWERLAYERDOWN", "DORMANT"):
        operstate = "no-carrier"
    else:
        operstate = "up" if flags & IFF_LOWER_UP else "no-carrier"
    return Live(
        operstate=operstate,
        rx_bytes=stats.get("rx_bytes", 0),
        tx_bytes=stats.get("tx_bytes", 0),
        rx_packets=stats.get("rx_packets", 0),
        tx_packets=stats.get("tx_packets", 0),
        errors=stats.get("rx_errors", 0) + stats.get("tx_errors", 0),
        dropped=stats.get("rx_dropped", 0) + stats.get("tx_dropped", 0),
    )


def raw_addresses(
    messages: Iterable[Any], links: Mapping[int, RawLink]
) -> dict[int, tuple[str, ...]]:
    """Read a dump of RTM_NEWADDR: the lab's own addresses of each link."""
    v4: dict[int, list[str]] = {}
    v6: dict[int, list[str]] = {}
    for message in messages:
        index = message["index"]
        link = links.get(index)
        local = message.get("local") or message.get("address")
        if link is None or local is None:
            continue
        cidr = canonical_cidr(f"{local}/{message['prefixlen']}")
        if link.kind == "loopback" and cidr in ("127.0.0.1/8", "::1/128"):
            continue
        if version(cidr) == 4:
            v4.setdefault(index, []).append(cidr)
            continue
        flags = message.get("flags") or 0
        kernels = message.get("proto") == IFAPROT_KERNEL_LL
        # Before Linux 5.18 none told where it comes from: that of the MAC is its own.
        kernels = kernels or _is_link_local_of(link.mac, cidr)
        if kernels or not flags & IFA_F_PERMANENT:
            continue
        # The kernel puts the newest address of a scope first.
        v6.setdefault(index, []).insert(0, cidr)
    return {
        index: kernel_order((*v4.get(index, ()), *v6.get(index, ())))
        for index in {**v4, **v6}
    }


def _is_link_local_of(mac: str, cidr: str) -> bool:
    return (
        cidr.startswith("fe80:") and len(mac) == 17 and cidr == link_local(mac) + "/64"
    )


def raw_routes(messages: Iterable[Any]) -> tuple[tuple[RouteState, int], ...]:
    """Read a dump of RTM_NEWROUTE: the static unicast routes, each with its ifindex."""
    found = []
    for message in messages:
        table = message.get("table") or message["table"]
        oif = message.get("oif")
        if (
            message["proto"] in (RTPROT_REDIRECT, RTPROT_KERNEL, RTPROT_RA)
            or message["type"] != RTN_UNICAST
            or table == RT_TABLE_LOCAL
            or message["flags"] & RTM_F_CLONED
            or oif is None
        ):
            continue
        zero = "::" if message["family"] == 10 else "0.0.0.0"  # noqa: S104
        to = canonical_cidr(f"{message.get('dst') or zero}/{message['dst_len']}")
        route = RouteState(
            to=to,
            via=message.get("gateway"),
            dev="",
            metric=message.get("priority") or 0,
            table=table or MAIN_TABLE,
        )
        found.append((route, oif))
    return tuple(found)


def state_of(
    raw: Raw, peers: Mapping[int, Endpoint]
) -> tuple[NamespaceState, dict[str, Live]]:
    """A namespace's state and its links' live side.

    Args:
        raw: The dumps.
        peers: The other end of each veth, by ifindex; those outside the lab lack.
    """
    names = {index: link.ifname for index, link in raw.links.items()}
    links = {
        link.ifname: LinkState(
            kind=link.kind,
            up=bool(link.flags & IFF_UP),
            mtu=link.mtu,
            mac=link.mac,
            master=names.get(link.master),
            addresses=raw.addresses.get(index, ()),
            peer=peers.get(index),
            user=link.user,
            group=link.group,
            bridge=link.bridge,
            port=replace(link.port, fdb=raw.entries[index])
            if index in raw.entries and link.master in names
            else link.port,
        )
        for index, link in raw.links.items()
    }
    routes = frozenset(
        RouteState(
            route.to, route.via, names.get(oif, str(oif)), route.metric, route.table
        )
        for route, oif in raw.routes
    )
    live = {link.ifname: link.live for link in raw.links.values()}
    return NamespaceState(links, routes, unusual(raw.sysctls)), live
