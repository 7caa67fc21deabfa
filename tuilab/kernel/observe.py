"""From netlink dumps to the state they show.

Pure: messages in, values out. What the kernel makes by itself is left out: link-local
addresses (from the MAC), 127.0.0.1 and ::1 on ``lo``, connected and local routes,
whatever router advertisements bring.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from tuilab.kernel import wire
from tuilab.kernel.bridging import hides_ageing, is_port, raw_bridge, raw_port
from tuilab.kernel.devconf import NO_CONF, Conf, conf
from tuilab.kernel.live import Live
from tuilab.kernel.policies import RawPolicies
from tuilab.kernel.wire import IFADDR, IFINFO, RTMSG, attributes, number, text
from tuilab.model.addressing import canonical_cidr, link_local, version
from tuilab.model.routing import MAIN_TABLE
from tuilab.model.sysctls import ipv6_off, unusual
from tuilab.model.topology import LO, UNICAST, Endpoint
from tuilab.model.vlans import Vlans
from tuilab.plan.bridging import PLAIN_BRIDGE, PLAIN_PORT, BridgeState, PortState
from tuilab.plan.forwarding import HopState, RouteState
from tuilab.plan.state import LinkState, NamespaceState, kernel_order

IFF_UP = 0x1
IFF_LOWER_UP = 0x10000
IF_OPER_DOWN, IF_OPER_LOWERLAYERDOWN, IF_OPER_DORMANT = 2, 3, 5
IFA_F_PERMANENT = 0x80
IFAPROT_KERNEL_LL = 3
RTPROT_REDIRECT, RTPROT_KERNEL, RTPROT_RA = 1, 2, 9
RTNH_F_DEAD, RTNH_F_ONLINK = 1, 4
_TYPES = {1: UNICAST, 6: "blackhole", 7: "unreachable", 8: "prohibit"}
"""RTN_* of linux/rtnetlink.h."""
RTNEXTHOP = struct.Struct("=HBBi")
"""Length with its attributes, flags, weight less one, index of the link."""
RTM_F_CLONED = 0x200
RT_TABLE_LOCAL = 255
IFF_TAP = 2

_STATS64 = struct.Struct("=8Q")
"""Packets and bytes received and sent (in turns), errors, dropped; more follows."""
NO_OWNER = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class RawLink:
    """A link as dumped, its references still numbers.

    Attributes:
        index: ifindex in its namespace.
        peer_index: ifindex of the other end (IFLA_LINK), or 0.
        peer_nsid: Namespace id of the other end as this namespace numbers it, or
            None when that is the same namespace.
        altnames: Its further names.
        link_group: What IFLA_GROUP says.
        conf: Its settings.
        guessed: Whether what is said of a bridge's ageing is but the usual.
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
    altnames: tuple[str, ...] = ()
    link_group: int = 0
    bridge: BridgeState = PLAIN_BRIDGE
    port: PortState = PLAIN_PORT
    is_port: bool = False
    conf: Conf = NO_CONF
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """One namespace as dumped.

    Attributes:
        links: By ifindex.
        addresses: By ifindex, IPv4 in the kernel's order, then IPv6 as added.
        routes: Without links resolved: an ifindex stands in the place of a name.
        sysctls: As read.
        policies: Rules and neighbours.
        entries: Static MACs by the ifindex of the port they are behind.
        vlans: By ifindex, where a bridge looks at them.
    """

    links: Mapping[int, RawLink]
    addresses: Mapping[int, tuple[str, ...]]
    routes: tuple[RouteState, ...]
    sysctls: Mapping[str, str]
    policies: RawPolicies
    entries: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    vlans: Mapping[int, Vlans] = field(default_factory=dict)


def raw_link(body: bytes) -> RawLink:
    """Read one RTM_NEWLINK."""
    _, _, index, flags, _ = IFINFO.unpack_from(body)
    found = attributes(body, IFINFO.size)
    info = attributes(found.get(wire.IFLA_LINKINFO, b""))
    ifname, kind = text(found.get(wire.IFLA_IFNAME)), text(info.get(1))
    user = group = None
    if kind == "tun":
        data = attributes(info.get(wire.IFLA_INFO_DATA, b""))
        kind = "tap" if number(data.get(wire.IFLA_TUN_TYPE)) == IFF_TAP else "tun"
        user = _owner(data.get(wire.IFLA_TUN_OWNER))
        group = _owner(data.get(wire.IFLA_TUN_GROUP))
    if not kind:
        kind = "loopback" if ifname == LO else "device"
    nsid = found.get(wire.IFLA_LINK_NETNSID)
    return RawLink(
        ifname=ifname,
        index=index,
        kind=kind,
        flags=flags,
        mtu=number(found.get(wire.IFLA_MTU)),
        mac=wire.mac(found.get(wire.IFLA_ADDRESS)),
        master=number(found.get(wire.IFLA_MASTER)),
        peer_index=number(found.get(wire.IFLA_LINK)),
        peer_nsid=number(nsid) if nsid else None,
        user=user,
        group=group,
        live=_live(found, flags, index),
        altnames=wire.altnames(found.get(wire.IFLA_PROP_LIST, b"")),
        link_group=number(found.get(wire.IFLA_GROUP)),
        bridge=raw_bridge(info) if kind == "bridge" else PLAIN_BRIDGE,
        guessed=kind == "bridge" and hides_ageing(info),
        port=raw_port(kind, info),
        is_port=is_port(info),
        conf=conf(found.get(wire.IFLA_AF_SPEC, b"")),
    )


def raw_live(body: bytes) -> tuple[int, str, Live, Conf]:
    """Index, name, live side and settings of one RTM_NEWLINK."""
    _, _, index, flags, _ = IFINFO.unpack_from(body)
    found = attributes(body, IFINFO.size)
    ifname, live = text(found.get(wire.IFLA_IFNAME)), _live(found, flags, index)
    return index, ifname, live, conf(found.get(wire.IFLA_AF_SPEC, b""))


def _owner(data: bytes | None) -> int | None:
    return None if data is None or number(data) == NO_OWNER else number(data)


def _live(found: Mapping[int, bytes], flags: int, index: int) -> Live:
    if not flags & IFF_UP:
        operstate: Any = "down"
    elif number(found.get(wire.IFLA_OPERSTATE)) in (
        IF_OPER_DOWN,
        IF_OPER_LOWERLAYERDOWN,
        IF_OPER_DORMANT,
    ):
        operstate = "no-carrier"
    else:
        operstate = "up" if flags & IFF_LOWER_UP else "no-carrier"
    stats = found.get(wire.IFLA_STATS64)
    if stats is None:
        return Live(operstate, index=index)
    rx_packets, tx_packets, rx_bytes, tx_bytes, rx_bad, tx_bad, rx_drop, tx_drop = (
        _STATS64.unpack_from(stats)
    )
    return Live(
        operstate=operstate,
        rx_bytes=rx_bytes,
        tx_bytes=tx_bytes,
        rx_packets=rx_packets,
        tx_packets=tx_packets,
        errors=rx_bad + tx_bad,
        dropped=rx_drop + tx_drop,
        index=index,
    )


@dataclass(frozen=True, slots=True)
class RawAddress:
    """An address as dumped.

    Attributes:
        index: ifindex of its link.
        cidr: In canonical form.
    """

    index: int
    cidr: str


@lru_cache(maxsize=1 << 14)
def _cidr(family: int, packed: bytes, length: int) -> str:
    cidr = f"{socket.inet_ntop(family, packed)}/{length}"
    return cidr if family == socket.AF_INET else canonical_cidr(cidr)


@lru_cache(maxsize=1 << 14)
def _address(packed: bytes) -> str:
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, packed)


def raw_address(body: bytes) -> RawAddress | None:
    """Read one RTM_NEWADDR; None when nobody gave it, as far as the message tells."""
    family, length, short_flags, _, index = IFADDR.unpack_from(body)
    found = attributes(body, IFADDR.size)
    local = found.get(wire.IFA_LOCAL) or found.get(wire.IFA_ADDRESS)
    if local is None:
        return None
    if family != socket.AF_INET:
        long_flags = found.get(wire.IFA_FLAGS)
        flags = short_flags if long_flags is None else number(long_flags)
        kernels = number(found.get(wire.IFA_PROTO)) == IFAPROT_KERNEL_LL
        if kernels or not flags & IFA_F_PERMANENT:
            return None
    return RawAddress(index, _cidr(family, local, length))


def raw_addresses(
    found: Iterable[RawAddress | None], links: Mapping[int, RawLink]
) -> dict[int, tuple[str, ...]]:
    """The lab's own addresses of each link, from a dump in its order."""
    v4: dict[int, list[str]] = {}
    v6: dict[int, list[str]] = {}
    for one in found:
        link = links.get(one.index) if one else None
        if one is None or link is None:
            continue
        if link.kind == "loopback" and one.cidr in ("127.0.0.1/8", "::1/128"):
            continue
        if version(one.cidr) == 4:
            v4.setdefault(one.index, []).append(one.cidr)
        # Before Linux 5.18 none told where it comes from: that of the MAC is its own.
        elif not _is_link_local_of(link.mac, one.cidr):
            # The kernel puts the newest address of a scope first.
            v6.setdefault(one.index, []).insert(0, one.cidr)
    return {
        index: kernel_order((*v4.get(index, ()), *v6.get(index, ())))
        for index in {**v4, **v6}
    }


def _is_link_local_of(mac: str, cidr: str) -> bool:
    return (
        cidr.startswith("fe80:") and len(mac) == 17 and cidr == link_local(mac) + "/64"
    )


def raw_routes(bodies: Iterable[bytes]) -> tuple[RouteState, ...]:
    """Read a dump of RTM_NEWROUTE: the static routes, ifindexes for their links.

    A hop whose link is down is dead, and told as not there: see `RouteState`.
    """
    found = []
    for body in bodies:
        _, _, _, tos, small, proto, _, code, flags = RTMSG.unpack_from(body)
        kind = _TYPES.get(code)
        if (
            proto in (RTPROT_REDIRECT, RTPROT_KERNEL, RTPROT_RA)
            or kind is None
            or small == RT_TABLE_LOCAL
            or flags & RTM_F_CLONED
            or tos
        ):
            continue
        if (route := whole_route(body, kind)) is not None:
            found.append(route)
    return tuple(found)


def whole_route(body: bytes, kind: str) -> RouteState | None:
    """Read one RTM_NEWROUTE, ifindexes for its links; None when none is left."""
    family, length, _, _, small, _, _, _, flags = RTMSG.unpack_from(body)
    told = attributes(body, RTMSG.size)
    zero = bytes(16 if family == socket.AF_INET6 else 4)
    src = told.get(wire.RTA_PREFSRC)
    route = RouteState(
        to=_cidr(family, told.get(wire.RTA_DST, zero), length),
        via=None,
        dev=None,
        metric=number(told.get(wire.RTA_PRIORITY)),
        table=number(told.get(wire.RTA_TABLE)) or small or MAIN_TABLE,
        src=_address(src) if src else None,
        type=kind,
    )
    return route if kind != UNICAST else _with_ways(route, told, flags)


def _with_ways(
    route: RouteState, told: Mapping[int, bytes], flags: int
) -> RouteState | None:
    several = told.get(wire.RTA_MULTIPATH)
    if several is None:
        oif = told.get(wire.RTA_OIF)
        if oif is None:
            return None
        via = told.get(wire.RTA_GATEWAY)
        return replace(
            route,
            via=_address(via) if via else None,
            dev=str(number(oif)),
            onlink=bool(flags & RTNH_F_ONLINK),
        )
    ways, onlink, place = [], True, 0
    while place + RTNEXTHOP.size <= len(several):
        length, state, more, index = RTNEXTHOP.unpack_from(several, place)
        hop = several[place + RTNEXTHOP.size : place + length]
        place += (max(length, RTNEXTHOP.size) + 3) & ~3
        if not state & RTNH_F_DEAD:
            via = attributes(hop).get(wire.RTA_GATEWAY)
            ways.append(HopState(_address(via) if via else None, str(index), more + 1))
            onlink = onlink and bool(state & RTNH_F_ONLINK)
    return replace(route, onlink=onlink).with_ways(ways)


def named(route: RouteState, names: Mapping[int, str]) -> RouteState:
    """A route with the names of links for their indexes."""
    if route.dev is not None:
        return replace(route, dev=names.get(int(route.dev), route.dev))
    if not route.hops:
        return route
    ways = (replace(hop, dev=names.get(int(hop.dev), hop.dev)) for hop in route.hops)
    return route.with_ways(ways) or route


def state_of(
    raw: Raw,
    peers: Mapping[int, Endpoint],
    former: dict[int, tuple[Hashable, LinkState]],
) -> NamespaceState:
    """A namespace's state.

    Args:
        raw: The dumps.
        peers: The other end of each veth, by ifindex; those outside the lab lack.
        former: The links as they were made into states last, by ifindex; those that
            say the same again are taken over, and the new ones put in.
    """
    names = {index: link.ifname for index, link in raw.links.items()}
    links = {}
    for index, link in raw.links.items():
        key = (
            link,
            names.get(link.master),
            raw.addresses.get(index, ()),
            peers.get(index),
            raw.entries.get(index, ()),
            _vlans(raw, link),
            not ipv6_off(raw.sysctls, link.ifname),
        )
        known = former.get(index)
        if known is None or known[0] != key:
            former[index] = known = key, _link_state(*key)
        links[link.ifname] = known[1]
    for index in former.keys() - raw.links.keys():
        del former[index]
    routes = frozenset(named(route, names) for route in raw.routes)
    policies = raw.policies
    sysctls = unusual(raw.sysctls)
    return NamespaceState(links, routes, sysctls, policies.rules, policies.named(names))


def _vlans(raw: Raw, link: RawLink) -> Vlans | None:
    """Those of a bridge that looks at them, or of its port; None for all else."""
    bridge = raw.links.get(link.master, link) if link.is_port else link
    if not bridge.bridge.vlan_filtering:
        return None
    return raw.vlans.get(link.index, ())


def _link_state(
    link: RawLink,
    master: str | None,
    addresses: tuple[str, ...],
    peer: Endpoint | None,
    entries: tuple[str, ...],
    vlans: Vlans | None,
    ipv6: bool,
) -> LinkState:
    bridge, port = link.bridge, link.port
    if entries and master:
        port = replace(port, fdb=entries)
    if vlans is not None and link.is_port:
        port = replace(port, vlans=vlans)
    elif vlans is not None:
        bridge = replace(bridge, vlans=vlans)
    return LinkState(
        kind=link.kind,
        up=bool(link.flags & IFF_UP),
        mtu=link.mtu,
        mac=link.mac,
        master=master,
        addresses=addresses,
        peer=peer,
        user=link.user,
        group=link.group,
        bridge=bridge,
        port=port,
        ipv6=ipv6,
    )
