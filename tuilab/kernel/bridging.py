"""What dumps say of bridges, their ports and their forwarding databases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tuilab.kernel import wire
from tuilab.kernel.wire import IFINFO, NDMSG, attributes, number, text
from tuilab.model.vlans import Flags, Vlans, words
from tuilab.plan.bridging import PLAIN_PORT, BridgeState, PortState, chosen_cost

NUD_NOARP = 0x40
NTF_EXT_LEARNED = 0x10

_BRIDGE = {
    "forward_delay": 1,
    "hello_time": 2,
    "max_age": 3,
    "ageing": 4,
    "stp": 5,
    "priority": 6,
    "vlan_filtering": 7,
    "mcast_snooping": 23,
}
"""IFLA_BR_* of linux/if_link.h."""
_TOPOLOGY_CHANGE = 14
_PORT = {
    "priority": 2,
    "cost": 3,
    "hairpin": 4,
    "learning": 8,
    "flood": 9,
    "isolated": 33,
}
"""IFLA_BRPORT_*; what iproute2 calls hairpin is the mode there."""


def raw_bridge(info: Mapping[int, bytes]) -> BridgeState:
    """Read IFLA_LINKINFO of a bridge; what an old kernel lacks is as by default."""
    values = _read(_BRIDGE, info.get(wire.IFLA_INFO_DATA, b""))
    if hides_ageing(info):
        del values["ageing"]
    return BridgeState(**values)


def hides_ageing(info: Mapping[int, bytes]) -> bool:
    """Whether nothing tells what ageing a bridge was given.

    Spanning tree forgets MACs sooner for a while (IEEE 802.1D-1998, 8.3.5), and the
    kernel then says so instead, unless another was set meanwhile.
    """
    told = attributes(info.get(wire.IFLA_INFO_DATA, b""))
    if not number(told.get(_TOPOLOGY_CHANGE)):
        return False
    delay = number(told.get(_BRIDGE["forward_delay"]))
    return number(told.get(_BRIDGE["ageing"])) == 2 * delay


def is_port(info: Mapping[int, bytes]) -> bool:
    """Whether a link is a port of a bridge, as its IFLA_LINKINFO says."""
    return text(info.get(wire.IFLA_INFO_SLAVE_KIND)) == "bridge"


def raw_port(kind: str, info: Mapping[int, bytes]) -> PortState:
    """Read IFLA_LINKINFO of what may be a port of a bridge."""
    if not is_port(info):
        return PLAIN_PORT
    values = _read(_PORT, info.get(wire.IFLA_INFO_SLAVE_DATA, b""))
    values["cost"] = chosen_cost(kind, values.get("cost"))
    return PortState(**values)


_NUMBERS = frozenset(
    ("forward_delay", "hello_time", "max_age", "ageing", "priority", "cost")
)


def _read(names: Mapping[str, int], data: bytes) -> dict[str, Any]:
    found = attributes(data)
    values: dict[str, Any] = {}
    for name, code in names.items():
        if code in found:
            value = number(found[code])
            values[name] = value if name in _NUMBERS else bool(value)
    return values


def entries(
    bodies: Iterable[bytes], ports: Collection[int]
) -> dict[int, tuple[str, ...]]:
    """The static entries that were set by hand, by the ifindex of their port.

    A switch knows thousands of MACs: what is not static is passed over at a glance.
    """
    found: dict[int, set[str]] = {}
    mine = set(ports)
    for body in bodies:
        _, port, state, flags, _ = NDMSG.unpack_from(body)
        if state == NUD_NOARP and not flags & NTF_EXT_LEARNED and port in mine:
            mac = _static(body)
            if mac:
                found.setdefault(port, set()).add(mac)
    return {port: tuple(sorted(macs)) for port, macs in found.items()}


def vlans_of(bodies: Iterable[bytes]) -> dict[int, Vlans]:
    """The VLANs of bridges and ports, by index; those that are in none are left out."""
    return {index: found for index, found in map(read_vlans, bodies) if found}


def read_vlans(body: bytes) -> tuple[int, Vlans]:
    """The index of a link, and its VLANs."""
    index = IFINFO.unpack_from(body)[2]
    spec = attributes(body, IFINFO.size).get(wire.IFLA_AF_SPEC, b"")
    found: dict[int, Flags] = {}
    begin = 0
    for kind, data in wire.each(spec):
        if kind != wire.IFLA_BRIDGE_VLAN_INFO:
            continue
        flags, vlan = wire.VLAN_INFO.unpack_from(data)
        if flags & wire.VLAN_RANGE_BEGIN:
            begin = vlan
            continue
        first = begin if flags & wire.VLAN_RANGE_END else vlan
        held = tuple(word for word, bit in wire.VLAN_FLAGS.items() if flags & bit)
        found.update(dict.fromkeys(range(first, vlan + 1), held))
    return index, words(found)


def _static(body: bytes) -> str:
    """The MAC of an entry of a bridge's.

    One that holds for all VLANs is dumped once more for each: that is left out.
    """
    told = attributes(body, NDMSG.size)
    if wire.NDA_MASTER not in told or wire.NDA_VLAN in told:
        return ""
    return wire.mac(told.get(wire.NDA_LLADDR))
