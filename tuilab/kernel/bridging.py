"""What dumps say of bridges, their ports and their forwarding databases."""

from __future__ import annotations

import struct
from collections.abc import Collection
from typing import Any

from pyroute2.netlink import NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, nlmsg
from pyroute2.netlink.nlsocket import NetlinkRequest
from pyroute2.netlink.rtnl.ndmsg import ndmsg

from tuilab.plan.bridging import (
    PLAIN_BRIDGE,
    PLAIN_PORT,
    BridgeState,
    PortState,
    chosen_cost,
)

AF_BRIDGE = 7
RTM_NEWNEIGH, RTM_GETNEIGH = 28, 30
NUD_NOARP = 0x40
NDA_LLADDR, NDA_VLAN, NDA_MASTER = 2, 5, 9
NTF_EXT_LEARNED = 0x10

_HEADER = struct.Struct("=IHHI")
_NDMSG = struct.Struct("=BBHiHBB")
_ATTRIBUTE = struct.Struct("=HH")

_BRIDGE = {
    "stp": "STP_STATE",
    "priority": "PRIORITY",
    "ageing": "AGEING_TIME",
    "forward_delay": "FORWARD_DELAY",
    "hello_time": "HELLO_TIME",
    "max_age": "MAX_AGE",
    "vlan_filtering": "VLAN_FILTERING",
    "mcast_snooping": "MCAST_SNOOPING",
}
_PORT = {
    "isolated": "ISOLATED",
    "hairpin": "MODE",
    "cost": "COST",
    "priority": "PRIORITY",
    "learning": "LEARNING",
    "flood": "UNICAST_FLOOD",
}


def raw_bridge(data: Any) -> BridgeState:
    """Read IFLA_INFO_DATA of a bridge; what an old kernel lacks is as by default."""
    return BridgeState(**_read(PLAIN_BRIDGE, "IFLA_BR_", _BRIDGE, data))


def raw_port(kind: str, info: Any) -> PortState:
    """Read IFLA_INFO_SLAVE_DATA of a port of a bridge, in its IFLA_LINKINFO."""
    if info is None or info.get("slave_kind") != "bridge":
        return PLAIN_PORT
    values = _read(PLAIN_PORT, "IFLA_BRPORT_", _PORT, info.get("slave_data"))
    values["cost"] = chosen_cost(kind, values["cost"])
    return PortState(**values)


def _read(
    default: object, prefix: str, names: dict[str, str], data: Any
) -> dict[str, Any]:
    values = {}
    for name, attribute in names.items():
        value = data.get_attr(prefix + attribute) if data is not None else None
        if value is None:
            value = getattr(default, name)
        plain = getattr(default, name)
        values[name] = bool(value) if isinstance(plain, bool) else value
    return values


async def entries(ipr: Any, ports: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The static entries that were set by hand, by the ifindex of their port.

    A switch knows thousands of MACs, so what is not static is skipped undecoded.
    """
    found: dict[int, set[str]] = {}

    def parse(data: bytes, offset: int, length: int) -> Any:
        _, kind, flags, number = _HEADER.unpack_from(data, offset)
        if kind == RTM_NEWNEIGH:
            entry = _static(data, offset, length)
            if entry is not None and entry[0] in ports:
                found.setdefault(entry[0], set()).add(entry[1])
            # pyroute2 takes a datagram without any message for the end of the dump.
            return None if offset else {"header": {"type": kind, "flags": flags}}
        message = nlmsg(data, offset=offset)
        message.decode()
        message["header"].update(flags=flags, sequence_number=number, error=None)
        if kind != NLMSG_DONE:
            return ipr.marshal.parse_one_message(
                kind, flags, number, data, offset, length
            )
        return message

    question = ndmsg()
    question["family"] = AF_BRIDGE
    request = NetlinkRequest(
        ipr,
        question,
        msg_type=RTM_GETNEIGH,
        msg_flags=NLM_F_DUMP | NLM_F_REQUEST,
        parser=parse,
    )
    await request.send()
    async for _ in request.response():
        pass
    return {port: tuple(sorted(macs)) for port, macs in found.items()}


def _static(data: bytes, offset: int, length: int) -> tuple[int, str] | None:
    """Port and MAC of one RTM_NEWNEIGH, if it is a static entry of a bridge's.

    One that holds for all VLANs is dumped once more for each: that is left out.
    """
    _, _, _, port, state, flags, _ = _NDMSG.unpack_from(data, offset + 16)
    if state != NUD_NOARP or flags & NTF_EXT_LEARNED:
        return None
    mac, of_bridge = "", False
    cursor, end = offset + 28, offset + length
    while cursor + 4 <= end:
        size, kind = _ATTRIBUTE.unpack_from(data, cursor)
        if size < 4:
            break
        if kind == NDA_LLADDR:
            mac = data[cursor + 4 : cursor + size].hex(":")
        elif kind == NDA_MASTER:
            of_bridge = True
        elif kind == NDA_VLAN:
            return None
        cursor += (size + 3) & ~3
    return (port, mac) if of_bridge and mac else None
