"""One-line decoders: ARP, ICMP, ICMPv6, IGMP, and what bridges say to each other."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from socket import AF_INET6, inet_ntoa, inet_ntop

from tuilab.packets.scratch import Scratch, cut_short, mac, printable

_PORT_BY_PROTOCOL = {6: "tcp", 17: "udp"}
_UNREACHABLE = {
    0: "net {0} unreachable",
    1: "host {0} unreachable",
    4: "{0} unreachable - need to frag (mtu {1})",
    5: "{0} unreachable - source route failed",
    6: "net {0} unreachable - unknown",
    7: "host {0} unreachable - unknown",
    9: "net {0} unreachable - admin prohibited",
    10: "host {0} unreachable - admin prohibited",
    11: "net {0} unreachable - tos prohibited",
    12: "host {0} unreachable - tos prohibited",
    13: "host {0} unreachable - admin prohibited filter",
}
_UNREACHABLE6 = {
    0: "no route to {0}",
    1: "admin prohibited {0}",
    2: "beyond scope of source, {0}",
    3: "address unreachable {0}",
    5: "source policy failed {0}",
    6: "reject route {0}",
}
_REDIRECTS = {0: "net", 1: "host", 2: "tos and net", 3: "tos and host"}
_OTHER_ICMP = {
    4: "source quench",
    9: "router advertisement",
    10: "router solicitation",
    12: "parameter problem",
    13: "timestamp request",
    14: "timestamp reply",
}
_OTHER_ICMP6 = {
    130: "multicast listener query",
    131: "multicast listener report",
    132: "multicast listener done",
}
_CDP = b"\0\0\x0c\x20\0"
_ARP_REVERSE = {3: "reverse request", 4: "reverse reply"}


def arp(data: bytes, row: Scratch) -> None:
    """RFC 826."""
    row.protocol = "ARP"
    hardware, kind, size, length, operation = struct.unpack_from("!HHBBH", data)
    if (hardware, kind, size, length) != (1, 0x0800, 6, 4):
        row.info = f"hardware {hardware} protocol 0x{kind:04x} operation {operation}"
        return
    sender, source, _, target = struct.unpack_from("!6s4s6s4s", data, 8)
    asker, asked = inet_ntoa(source), inet_ntoa(target)
    if operation == 1:
        row.info = f"who-has {asked} tell {asker}"
    elif operation == 2:
        row.info = f"{asker} is-at {mac(sender)}"
    else:
        name = _ARP_REVERSE.get(operation, f"operation {operation}")
        row.info = f"{name}, {asker} at {mac(sender)}"


def rarp(data: bytes, row: Scratch) -> None:
    """RFC 903: ARP the other way round."""
    arp(data, row)
    row.protocol = "RARP"


def icmp(data: bytes, size: int, row: Scratch) -> None:
    """RFC 792."""
    row.protocol = "ICMP"
    kind, code, _, first, second = struct.unpack_from("!BBHHH", data)
    if kind in (0, 8):
        name = "echo request" if kind == 8 else "echo reply"
        row.info = f"{name} id=0x{first:04x} seq={second} ttl={row.ttl} length={size}"
    elif kind == 3:
        row.info = _unreachable(code, data[8:], second)
    elif kind == 5:
        what = _REDIRECTS.get(code, f"code {code}")
        row.info = f"redirect {_quoted(data[8:])[0]} to {what} {inet_ntoa(data[4:8])}"
    elif kind == 11:
        name = "reassembly" if code == 1 else "in-transit"
        row.info = f"time exceeded {name}{_about(data[8:])}"
    else:
        row.info = f"{_OTHER_ICMP.get(kind, f'type {kind}')} code={code} length={size}"


def _unreachable(code: int, quoted: bytes, mtu: int) -> str:
    destination, protocol, port = _quoted(quoted)
    if code == 2:
        return f"{destination} protocol {protocol} unreachable"
    if code == 3:
        name = _PORT_BY_PROTOCOL.get(protocol, f"protocol {protocol}")
        return f"{destination} {name} port {port} unreachable"
    text = _UNREACHABLE.get(code, f"{{0}} unreachable, code {code}")
    return text.format(destination, mtu)


def _quoted(data: bytes) -> tuple[str, int, int]:
    """Destination, protocol and destination port (0: none) of the packet in error."""
    if len(data) < 20:
        return "?", 0, 0
    header = (data[0] & 15) * 4
    port = 0
    if data[9] in _PORT_BY_PROTOCOL and len(data) >= header + 4:
        port = struct.unpack_from("!H", data, header + 2)[0]
    return inet_ntoa(data[16:20]), data[9], port


def _about(data: bytes) -> str:
    return f", for {_quoted(data)[0]}" if len(data) >= 20 else ""


def icmpv6(data: bytes, size: int, row: Scratch) -> None:
    """RFC 4443, 4861, 2710, 3810."""
    row.protocol = "ICMPv6"
    kind, code, _, first, second = struct.unpack_from("!BBHHH", data)
    if kind in (128, 129):
        name = "echo request" if kind == 128 else "echo reply"
        row.info = f"{name} id=0x{first:04x} seq={second} ttl={row.ttl} length={size}"
    elif kind in _ICMP6:
        _ICMP6[kind](data, code, row)
    elif kind in _OTHER_ICMP6:
        row.info = f"{_OTHER_ICMP6[kind]} {inet_ntop(AF_INET6, _at(data, 8))}"
    else:
        row.info = f"type {kind} code={code} length={size}"


def _unreachable6(data: bytes, code: int, row: Scratch) -> None:
    destination, protocol, port = _quoted6(data[8:])
    if code == 4:
        name = _PORT_BY_PROTOCOL.get(protocol, f"protocol {protocol}")
        row.info = f"{destination} {name} port {port} unreachable"
        return
    text = _UNREACHABLE6.get(code, f"unreachable {{0}}, code {code}")
    row.info = text.format(destination)


def _too_big(data: bytes, code: int, row: Scratch) -> None:
    mtu = struct.unpack_from("!I", data, 4)[0]
    row.info = f"packet too big, mtu {mtu}, for {_quoted6(data[8:])[0]}"


def _time_exceeded6(data: bytes, code: int, row: Scratch) -> None:
    name = "reassembly" if code == 1 else "in-transit"
    row.info = f"time exceeded {name}, for {_quoted6(data[8:])[0]}"


def _quoted6(data: bytes) -> tuple[str, int, int]:
    if len(data) < 40:
        return "?", 0, 0
    port = 0
    if data[6] in _PORT_BY_PROTOCOL and len(data) >= 44:
        port = struct.unpack_from("!H", data, 42)[0]
    return inet_ntop(AF_INET6, data[24:40]), data[6], port


def _parameter(data: bytes, code: int, row: Scratch) -> None:
    row.info = f"parameter problem code={code}"


def _router_solicitation(data: bytes, code: int, row: Scratch) -> None:
    row.info = "router solicitation"
    for option, value in _nd_options(data, 8):
        if option == 1:
            row.info += f" from {mac(value[:6])}"


def _router_advertisement(data: bytes, code: int, row: Scratch) -> None:
    hops, flags, lifetime = struct.unpack_from("!BBH", data, 4)
    letters = "".join(n for bit, n in ((0x80, "M"), (0x40, "O")) if flags & bit)
    row.info = f"router advertisement lifetime={lifetime} hops={hops}"
    if letters:
        row.info += f" flags={letters}"
    for option, value in _nd_options(data, 16):
        if option == 3 and len(value) >= 30:
            row.info += f" prefix={inet_ntop(AF_INET6, value[14:30])}/{value[0]}"
        elif option == 5 and len(value) >= 6:
            row.info += f" mtu={struct.unpack_from('!I', value, 2)[0]}"


def _neighbor_solicitation(data: bytes, code: int, row: Scratch) -> None:
    row.info = f"neighbor solicitation, who has {inet_ntop(AF_INET6, _at(data, 8))}"
    for option, value in _nd_options(data, 24):
        if option == 1:
            row.info += f" from {mac(value[:6])}"


def _neighbor_advertisement(data: bytes, code: int, row: Scratch) -> None:
    flags = data[4]
    named = ((0x80, "router"), (0x40, "solicited"), (0x20, "override"))
    row.info = f"neighbor advertisement, tgt is {inet_ntop(AF_INET6, _at(data, 8))}"
    for option, value in _nd_options(data, 24):
        if option == 2:
            row.info += f" at {mac(value[:6])}"
    names = ", ".join(name for bit, name in named if flags & bit)
    row.info += f" [{names}]" if names else ""


def _redirect6(data: bytes, code: int, row: Scratch) -> None:
    target = inet_ntop(AF_INET6, _at(data, 8))
    row.info = f"redirect {inet_ntop(AF_INET6, _at(data, 24))} to {target}"


def _listener_report2(data: bytes, code: int, row: Scratch) -> None:
    count = struct.unpack_from("!H", data, 6)[0]
    row.info = f"multicast listener report v2, {count} group record(s)"
    at = 8
    groups: list[str] = []
    while len(groups) < min(count, 3) and at + 20 <= len(data):
        extra, sources = struct.unpack_from("!BH", data, at + 1)
        groups.append(inet_ntop(AF_INET6, data[at + 4 : at + 20]))
        at += 20 + 16 * sources + 4 * extra
    row.info += f" {' '.join(groups)}" if groups else ""


_ICMP6: dict[int, Callable[[bytes, int, Scratch], None]] = {
    1: _unreachable6,
    2: _too_big,
    3: _time_exceeded6,
    4: _parameter,
    133: _router_solicitation,
    134: _router_advertisement,
    135: _neighbor_solicitation,
    136: _neighbor_advertisement,
    137: _redirect6,
    143: _listener_report2,
}


def _at(data: bytes, offset: int) -> bytes:
    address = data[offset : offset + 16]
    if len(address) < 16:
        raise IndexError
    return address


def _nd_options(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 8 <= len(data):
        size = data[at + 1] * 8
        if size == 0:
            return
        yield data[at], data[at + 2 : at + size]
        at += size


def igmp(data: bytes, size: int, row: Scratch) -> None:
    """RFC 2236, 3376."""
    row.protocol = "IGMP"
    kind, code, group = struct.unpack_from("!BBxx4s", data)
    version = {0x12: 1, 0x16: 2, 0x17: 2, 0x22: 3}.get(kind, 0)
    if kind == 0x11:
        version = 3 if size >= 12 else 2 if code else 1
    if version:
        row.protocol = f"IGMPv{version}"
    if kind == 0x22:
        row.info = f"report, {int.from_bytes(group[2:], 'big')} group record(s)"
    else:
        names = {0x11: "query", 0x12: "report", 0x16: "report", 0x17: "leave"}
        row.info = f"{names.get(kind, f'type 0x{kind:02x}')} {inet_ntoa(group)}"


def llc(
    data: bytes, row: Scratch, by_ethertype: Callable[[int, bytes, Scratch], None]
) -> None:
    """IEEE 802.2, with spanning tree and SNAP."""
    row.protocol = "LLC"
    target, source = data[0], data[1]
    if target == source == 0x42:
        _stp(data[3:], row)
        return
    if target == source == 0xAA and data[3:6] == b"\0\0\0":
        kind = struct.unpack_from("!H", data, 6)[0]
        if kind >= 1536:
            by_ethertype(kind, data[8:], row)
            return
    if data[:3] == b"\xaa\xaa\x03" and data[3:8] == _CDP:
        row.protocol = "CDP"
    row.info = f"dsap 0x{target:02x} ssap 0x{source:02x} length={len(data)}"


def _stp(data: bytes, row: Scratch) -> None:
    """IEEE 802.1D."""
    row.protocol = "STP"
    kind = data[3]
    if kind == 0x80:
        row.info = "topology change"
        return
    flags, root, cost, _, port = struct.unpack_from("!B8sI8sH", data, 4)
    name = "config" if kind == 0 else "rapid config" if kind == 2 else f"type {kind}"
    priority = int.from_bytes(root[:2], "big")
    row.info = f"{name} root={priority:04x}.{mac(root[2:])} cost={cost}"
    row.info += f" port=0x{port:04x}"
    row.info += ", topology change" if flags & 1 else ""


def lldp(data: bytes, row: Scratch) -> None:
    """IEEE 802.1AB."""
    row.protocol = "LLDP"
    parts: dict[int, str] = {}
    at = 0
    while at + 2 <= len(data):
        word = struct.unpack_from("!H", data, at)[0]
        kind, size = word >> 9, word & 511
        value = data[at + 2 : at + 2 + size]
        if len(value) < size:
            cut_short(row)
            break
        if kind == 0:
            break
        if kind in (1, 2) and size > 1:
            is_mac = value[0] == (4 if kind == 1 else 3) and size == 7
            parts[kind] = mac(value[1:]) if is_mac else printable(value[1:])
        elif kind == 5:
            parts[kind] = printable(value)
        at += 2 + size
    names = ((1, "chassis"), (2, "port"), (5, "name"))
    text = " ".join(f"{name}={parts[kind]}" for kind, name in names if kind in parts)
    row.info = f"{text}{row.info}"
