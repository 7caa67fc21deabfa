"""One namespace or link looked at closely: messages in, `kernel.detail` out.

For the driver's own thread, which visits the namespace meanwhile.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace

from tuilab.errors import NotFoundError
from tuilab.kernel import observe, policies, sockets, sysctl, wire
from tuilab.kernel.bridging import NTF_EXT_LEARNED, NUD_NOARP, vlans_of
from tuilab.kernel.channel import Channel
from tuilab.kernel.detail import (
    AddressDetail,
    Detail,
    Entry,
    EntryKind,
    LinkDetail,
    NeighbourDetail,
    Pairs,
    RouteDetail,
    RuleDetail,
    Setting,
)
from tuilab.kernel.observe import RawLink
from tuilab.kernel.wire import IFADDR, IFINFO, NDMSG, RTMSG, attributes, number
from tuilab.model.addressing import canonical_cidr
from tuilab.model.sysctls import known, link_of, usual
from tuilab.model.topology import UNICAST, Endpoint
from tuilab.plan.bridging import BridgeState, PortState, show_option
from tuilab.plan.forwarding import RouteState

TICKS = os.sysconf("SC_CLK_TCK")
"""The unit of ages in netlink (USER_HZ)."""
NUD_PERMANENT = 0x80
NTF_ROUTER = 0x80
IFLA_TXQLEN, IFLA_QDISC = 13, 6
IFLA_BRPORT_STATE = 1
IFLA_BR_ROOT_ID, IFLA_BR_BRIDGE_ID, IFLA_BR_ROOT_PATH_COST = 10, 11, 13
IFLA_TUN_PI, IFLA_TUN_VNET_HDR, IFLA_TUN_PERSIST, IFLA_TUN_MULTI_QUEUE = 4, 5, 6, 7
NDA_DST, NDA_CACHEINFO = 1, 3
RTA_CACHEINFO = 12
IFA_CACHEINFO = 6

_FOR_EVER = 0xFFFFFFFF
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
_PROTOCOLS = {
    0: "unspec",
    1: "redirect",
    2: "kernel",
    3: "boot",
    4: "static",
    9: "ra",
    11: "zebra",
    12: "bird",
    16: "dhcp",
    18: "keepalived",
    42: "babel",
    186: "bgp",
    187: "isis",
    188: "ospf",
    189: "rip",
    192: "eigrp",
}
"""RTPROT_* of linux/rtnetlink.h, in the words of iproute2."""
_ROUTE_TYPES = {
    1: UNICAST,
    2: "local",
    3: "broadcast",
    4: "anycast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
    9: "throw",
}
_HOP_FLAGS = {0x1: "dead", 0x2: "pervasive", 0x8: "offload", 0x10: "linkdown"}
_ADDRESS_FLAGS = {
    0x01: "secondary",
    0x02: "nodad",
    0x04: "optimistic",
    0x08: "dadfailed",
    0x20: "deprecated",
    0x40: "tentative",
    0x200: "noprefixroute",
}
_LINK_FLAGS = {0x80: "noarp", 0x100: "promisc", 0x200: "allmulti", 0x10: "pointopoint"}
_NEIGHBOUR_STATES = {
    0x01: "INCOMPLETE",
    0x02: "REACHABLE",
    0x04: "STALE",
    0x08: "DELAY",
    0x10: "PROBE",
    0x20: "FAILED",
    0x80: "PERMANENT",
}
_STP = ("disabled", "listening", "learning", "forwarding", "blocking")
_CACHE = struct.Struct("=III")
"""nda_cacheinfo: since confirmed, used and updated, in ticks; more follows."""


def look(
    channel: Channel,
    namespace: str,
    ifname: str | None,
    peers: Mapping[int, Endpoint],
) -> Detail:
    """All there is to see; programs and what they hold are looked for elsewhere.

    Args:
        channel: Into the namespace, which the calling thread is in.
        namespace: Its name.
        ifname: The link to look at; None for the namespace.
        peers: The other ends of cables, by the index of the near one.

    Raises:
        NotFoundError: There is no such link.
        OSError: The kernel does not answer.
    """
    bodies = channel.dump(wire.RTM_GETLINK, wire.LINKS)
    read = [(observe.raw_link(body), body) for body in bodies]
    names = {raw.index: raw.ifname for raw, _ in read}
    here = next((raw for raw, _ in read if raw.ifname == ifname), None)
    if ifname is not None and here is None:
        raise NotFoundError(f'"{namespace}:{ifname}" is no longer there')
    if here is not None:
        read = [it for it in read if here.index in (it[0].index, it[0].master)]
    links = {raw.index: _link(raw, body, names, peers) for raw, body in read}
    for index, found in _addresses(
        channel.dump(wire.RTM_GETADDR, wire.ADDRESSES)
    ).items():
        if index in links:
            links[index] = replace(links[index], addresses=tuple(found))
    if here is not None and (here.kind == "bridge" or here.is_port):
        for index, vlans in _vlans(channel).items():
            if index in links:
                links[index] = replace(links[index], vlans=vlans)
    routes = _routes(channel.dump(wire.RTM_GETROUTE, wire.ROUTES), names)
    neighbours = _neighbours(
        [
            *channel.dump(wire.RTM_GETNEIGH, wire.NEIGHBOURS),
            *channel.dump(wire.RTM_GETNEIGH, wire.PROXIES),
        ],
        names,
    )
    detail = Detail(
        namespace,
        ifname,
        links={link.ifname: link for link in links.values()},
        routes=tuple(it for it in routes if _leads_by(it.route, ifname)),
        neighbours=tuple(it for it in neighbours if ifname in (None, it.dev)),
        settings=_settings(ifname),
    )
    if here is not None:
        return replace(detail, entries=_entries(channel, here, names))
    return replace(
        detail,
        rules=_rules(channel.dump(wire.RTM_GETRULE, wire.RULES)),
        sockets=sockets.found(names),
        tables=_tables(),
    )


# -- links and addresses ---------------------------------------------------------------


def _link(
    raw: RawLink, body: bytes, names: Mapping[int, str], peers: Mapping[int, Endpoint]
) -> LinkDetail:
    found = attributes(body, IFINFO.size)
    info = attributes(found.get(wire.IFLA_LINKINFO, b""))
    counted = found.get(wire.IFLA_STATS64, b"")
    multicast, collisions = (
        struct.unpack_from("=2Q", counted, 64) if len(counted) >= 80 else (0, 0)
    )
    below = names.get(raw.peer_index, "") if raw.kind != "veth" else ""
    return LinkDetail(
        ifname=raw.ifname,
        index=raw.index,
        kind=raw.kind,
        up=bool(raw.flags & observe.IFF_UP),
        live=raw.live,
        mtu=raw.mtu,
        mac=raw.mac,
        master=names.get(raw.master, ""),
        peer=peers.get(raw.index),
        below="" if below == raw.ifname else below,
        altnames=raw.altnames,
        qdisc=wire.text(found.get(IFLA_QDISC)),
        queue=number(found.get(IFLA_TXQLEN)),
        flags=_words(raw.flags, _LINK_FLAGS),
        options=_options(raw, body, info),
        port=_said(raw.port) if raw.is_port else (),
        stp=_stp(info) if raw.is_port else "",
        multicast=multicast,
        collisions=collisions,
    )


def _stp(info: Mapping[int, bytes]) -> str:
    told = attributes(info.get(wire.IFLA_INFO_SLAVE_DATA, b""))
    state = number(told.get(IFLA_BRPORT_STATE))
    return _STP[state] if state < len(_STP) else str(state)


def _said(options: BridgeState | PortState) -> Pairs:
    return tuple(
        (f.name, show_option(f.name, getattr(options, f.name)).partition(" ")[2])
        for f in fields(options)
        if f.name != "fdb"
    )


def _options(raw: RawLink, body: bytes, info: Mapping[int, bytes]) -> Pairs:
    data = info.get(wire.IFLA_INFO_DATA)
    if data is None or raw.kind == "veth":
        return ()
    told = attributes(data)
    if raw.kind == "bridge":
        return (
            *_said(raw.bridge),
            ("bridge_id", _bridge_id(told.get(IFLA_BR_BRIDGE_ID))),
            ("root_id", _bridge_id(told.get(IFLA_BR_ROOT_ID))),
            ("root_path_cost", str(number(told.get(IFLA_BR_ROOT_PATH_COST)))),
        )
    if raw.kind in ("tap", "tun"):
        owners = (("user", raw.user), ("group", raw.group))
        switches = (
            ("pi", IFLA_TUN_PI),
            ("vnet_hdr", IFLA_TUN_VNET_HDR),
            ("persist", IFLA_TUN_PERSIST),
            ("multi_queue", IFLA_TUN_MULTI_QUEUE),
        )
        return (
            *((name, str(who)) for name, who in owners if who is not None),
            *((n, "on" if number(told.get(code)) else "off") for n, code in switches),
        )
    # pyroute2 knows every kind; it takes a while to import.
    from tuilab.kernel.words import driver_options

    return driver_options(body)


def _bridge_id(packed: bytes | None) -> str:
    return f"{packed[:2].hex()}.{packed[2:8].hex(':')}" if packed else ""


def _vlans(channel: Channel) -> dict[int, tuple[str, ...]]:
    """The VLANs of bridges and ports, by index."""
    try:
        return vlans_of(channel.dump(wire.RTM_GETLINK, wire.VLANS))
    except OSError:
        # A kernel without VLANs, or without bridges.
        return {}


def _addresses(bodies: Iterable[bytes]) -> dict[int, list[AddressDetail]]:
    out: dict[int, list[AddressDetail]] = {}
    for body in bodies:
        family, length, short_flags, scope, index = IFADDR.unpack_from(body)
        found = attributes(body, IFADDR.size)
        local = found.get(wire.IFA_LOCAL) or found.get(wire.IFA_ADDRESS)
        if local is None:
            continue
        long_flags = found.get(wire.IFA_FLAGS)
        flags = short_flags if long_flags is None else number(long_flags)
        cidr = canonical_cidr(f"{socket.inet_ntop(family, local)}/{length}")
        valid = struct.unpack_from("=II", found.get(IFA_CACHEINFO, b"\xff" * 8))[1]
        one = AddressDetail(
            cidr,
            scope=_SCOPES.get(scope, str(scope)),
            origin=_origin(number(found.get(wire.IFA_PROTO)), flags, cidr),
            flags=_words(flags, _ADDRESS_FLAGS),
            valid=None if valid == _FOR_EVER else valid,
        )
        out.setdefault(index, []).append(one)
    return out


def _origin(protocol: int, flags: int, cidr: str) -> str:
    if protocol in (1, observe.IFAPROT_KERNEL_LL) or cidr in ("127.0.0.1/8", "::1/128"):
        return "kernel"
    if protocol == 2:
        return "ra"
    return "static" if flags & observe.IFA_F_PERMANENT else "dynamic"


# -- routing ---------------------------------------------------------------------------


def _routes(bodies: Iterable[bytes], names: Mapping[int, str]) -> list[RouteDetail]:
    found = []
    for body in bodies:
        _, _, _, tos, _, protocol, scope, code, flags = RTMSG.unpack_from(body)
        if flags & observe.RTM_F_CLONED:
            continue
        route = observe.whole_route(body, _ROUTE_TYPES.get(code, str(code)))
        if route is None:
            continue
        told = attributes(body, RTMSG.size)
        out = told.get(wire.RTA_OIF)
        if route.type != UNICAST and out and route.dev is None:
            route = replace(route, dev=str(number(out)))
        words = _words(flags, _HOP_FLAGS)
        left = 0
        if len(cached := told.get(RTA_CACHEINFO, b"")) >= 12:
            left = struct.unpack_from("=IIi", cached)[2]
        found.append(
            RouteDetail(
                observe.named(route, names),
                protocol=_PROTOCOLS.get(protocol, str(protocol)),
                scope=_SCOPES.get(scope, str(scope)),
                flags=(*words, *((f"tos {tos}",) if tos else ())),
                valid=left // TICKS if left > 0 else None,
            )
        )
    return found


def _leads_by(route: RouteState, ifname: str | None) -> bool:
    return ifname in (None, route.dev) or any(hop.dev == ifname for hop in route.hops)


def _rules(bodies: Iterable[bytes]) -> tuple[RuleDetail, ...]:
    found = [policies.rule_detail(body) for body in bodies]
    kept = (rule for rule in found if rule is not None)
    return tuple(sorted(kept, key=lambda rule: (rule.family, rule.priority)))


def _neighbours(
    bodies: Iterable[bytes], names: Mapping[int, str]
) -> Iterator[NeighbourDetail]:
    for body in bodies:
        family, index, state, flags, _ = NDMSG.unpack_from(body)
        proxy = bool(flags & wire.NTF_PROXY)
        found = attributes(body, NDMSG.size)
        if family not in (socket.AF_INET, socket.AF_INET6) or NDA_DST not in found:
            continue
        if not proxy and state not in _NEIGHBOUR_STATES:
            # NOARP: what every multicast address has.
            continue
        dev = names.get(index, "")
        static = policies.raw_neighbour(body)
        yield NeighbourDetail(
            to=socket.inet_ntop(family, found[NDA_DST]),
            dev=dev,
            mac=wire.mac(found.get(wire.NDA_LLADDR)),
            state="proxy" if proxy else _NEIGHBOUR_STATES[state],
            router=bool(flags & NTF_ROUTER),
            confirmed=_ages(found)[0],
            static=replace(static[1], dev=dev) if static else None,
        )


def _ages(found: Mapping[int, bytes]) -> tuple[float, float]:
    """Seconds since it was confirmed, and updated."""
    cached = found.get(NDA_CACHEINFO, b"")
    if len(cached) < _CACHE.size:
        return 0.0, 0.0
    confirmed, _, updated = _CACHE.unpack_from(cached)
    return confirmed / TICKS, updated / TICKS


# -- bridges ---------------------------------------------------------------------------


def _entries(
    channel: Channel, here: RawLink, names: Mapping[int, str]
) -> tuple[Entry, ...]:
    if here.kind != "bridge" and not here.is_port:
        return ()
    found = []
    for body in channel.dump(wire.RTM_GETNEIGH, wire.ENTRIES):
        _, port, state, flags, _ = NDMSG.unpack_from(body)
        told = attributes(body, NDMSG.size)
        master = number(told.get(wire.NDA_MASTER))
        if here.index not in (port, master) or not master:
            continue
        vlan = number(told.get(wire.NDA_VLAN)) or None
        found.append(
            Entry(
                bridge=names.get(master, ""),
                dev=names.get(port, ""),
                mac=wire.mac(told.get(wire.NDA_LLADDR)),
                kind=_kind_of(state, flags),
                age=_ages(told)[1],
                vlan=vlan,
            )
        )
    return tuple(found)


def _kind_of(state: int, flags: int) -> EntryKind:
    if state & NUD_PERMANENT:
        return "local"
    if flags & NTF_EXT_LEARNED:
        return "outside"
    return "static" if state & NUD_NOARP else "learned"


# -- the rest --------------------------------------------------------------------------


def _settings(ifname: str | None) -> tuple[Setting, ...]:
    keys = known([] if ifname is None else [ifname])
    values = sysctl.read(keys)
    return tuple(
        Setting(key, value, usual(key, values))
        for key, value in values.items()
        if ifname is None or link_of(key) == ifname
    )


NETLINK_NETFILTER = 12
NFT_MSG_GETTABLE = 10 << 8 | 1
NFTA_TABLE_NAME = 1
_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}


def _tables() -> tuple[str, ...] | None:
    """The tables of nftables; None where there are none to be had."""
    try:
        channel = Channel(NETLINK_NETFILTER)
    except OSError:
        return None
    try:
        bodies = channel.dump(NFT_MSG_GETTABLE, bytes(4))
    except OSError:
        return None
    finally:
        channel.close()
    return tuple(
        f"{_FAMILIES.get(body[0], body[0])} "
        f"{wire.text(attributes(body, 4).get(NFTA_TABLE_NAME))}"
        for body in bodies
    )


def _words(flags: int, names: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(name for bit, name in names.items() if flags & bit)


__all__ = ["look"]
