"""One line for a packet, decoded by hand: what a list shows for the rows in sight.

Bytes from a wire may say anything: nothing here raises, and nothing that would move a
terminal's cursor gets through.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from functools import lru_cache
from socket import AF_INET6, inet_ntoa, inet_ntop
from typing import NamedTuple

from tuilab.model.links import Endpoint
from tuilab.packets import applications, carriers, control, linktypes, pcapng
from tuilab.packets.scratch import Scratch, cut_short, mac, printable
from tuilab.packets.store import Packet

__all__ = ["Row", "line", "summary", "words"]

_DEEPEST = 6
_VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
_ETHERTYPE = struct.Struct("!H")
_PLAIN = struct.Struct("!12xHBxHxxHBBxx4s4s")
"""Ethernet and an IPv4 header without options."""
_IPV4 = struct.Struct("!BxHHHBBxx4s4s")
_IPV6 = struct.Struct("!4xHBB16s16s")
_TCP = struct.Struct("!HHIIBBH")
_UDP = struct.Struct("!HHH")
_FLAGS = tuple(
    "".join(f for bit, f in enumerate("FSRP.UEW") if flags >> bit & 1) or "none"
    for flags in range(256)
)
_VXLAN_PORT = 4789
_GENEVE_PORT = 6081
_BRIDGED = 0x6558
_EXTENSIONS = (0, 43, 51, 60, 135, 139, 140)
_FRAGMENT = 44
_NOTHING_FOLLOWS = 59
_IP_NAMES = {
    1: "ICMP",
    2: "IGMP",
    4: "IPv4",
    6: "TCP",
    17: "UDP",
    33: "DCCP",
    41: "IPv6",
    46: "RSVP",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    88: "EIGRP",
    89: "OSPF",
    103: "PIMv2",
    112: "VRRP",
    132: "SCTP",
    136: "UDP-Lite",
}


class Row(NamedTuple):
    """A packet in one line, in the words of tcpdump.

    Attributes:
        source: Network address, or link address where there is none; may be empty.
        destination: Likewise.
        protocol: The innermost protocol that was understood, as Wireshark calls it.
        info: What it says.
    """

    source: str
    destination: str
    protocol: str
    info: str


def summary(packet: Packet) -> Row:
    """The row of a packet."""
    row = _decoded(packet.linktype, packet.data)
    return Row(row.source, row.destination, row.protocol, row.prefix + row.info)


def _decoded(linktype: int, data: bytes) -> Scratch:
    row = Scratch()
    decode = _LINKS.get(linktype)
    try:
        if decode is None:
            row.protocol = "?"
            row.info = f"link type {linktypes.told(linktype)}, length {len(data)}"
        else:
            decode(data, row)
    except (struct.error, IndexError, ValueError, OSError):
        # The last two are what socket says of an address of the wrong length.
        cut_short(row)
    return row


def line(packet: Packet) -> str:
    """The packet as one line of text, with local time as tcpdump prints it."""
    seconds, nanoseconds = divmod(packet.time_ns, 1_000_000_000)
    try:
        clock = time.strftime("%H:%M:%S", time.localtime(seconds))
    except (OverflowError, OSError, ValueError):
        clock = str(seconds)  # a damaged file puts packets beyond all calendars
    stamp = f"{clock}.{nanoseconds // 1000:06d}"
    return f"{stamp} {words(packet)}"


def words(packet: Packet) -> str:
    """The packet as one line of text without its time: what a text search looks at."""
    return words_of(place(packet.endpoint), packet.linktype, packet.data)


def words_of(where: str, linktype: int, data: bytes) -> str:
    """Do what `words` does, from what a search has at hand: the endpoint's `place`."""
    row = _decoded(linktype, data)
    if row.source:
        where = f"{where} {row.source} > {row.destination}"
    return f"{where} {row.protocol} {row.prefix}{row.info}".rstrip()


@lru_cache(maxsize=1024)
def place(endpoint: Endpoint) -> str:
    """An endpoint as it stands in a line."""
    return printable(str(endpoint).encode(errors="replace"))


def _ethernet(data: bytes, row: Scratch) -> None:
    if len(data) > 34:
        kind, version, total, fragment, ttl, protocol, source, destination = (
            _PLAIN.unpack_from(data)
        )
        # What most packets are, without a detour: a search looks at a million.
        if kind == 0x0800 and version == 0x45 and total > 20 and not fragment & 0x3FFF:
            row.protocol = "IPv4"
            row.source, row.destination = inet_ntoa(source), inet_ntoa(destination)
            row.ttl = ttl
            _transport(protocol, data[34 : 14 + total], total - 20, row)
            return
    row.protocol = "Ethernet"
    row.source = row.destination = ""
    try:
        _by_ethertype(_ETHERTYPE.unpack_from(data, 12)[0], data[14:], row)
    finally:
        if not row.source:  # nothing inside that has addresses of its own
            row.destination, row.source = mac(data[0:6]), mac(data[6:12])


def _by_ethertype(kind: int, data: bytes, row: Scratch) -> None:
    tags = 0
    while kind in _VLAN_TAGS:
        tag, kind = struct.unpack_from("!HH", data)
        data = data[4:]
        tags += 1
        if tags <= 4:
            row.prefix += f"vlan {tag & 0xFFF}, "
    decode = _ETHERTYPES.get(kind)
    if decode is not None:
        decode(data, row)
    elif kind < 1536:
        control.llc(data[:kind], row, _by_ethertype)
    else:
        row.protocol = carriers.NAMES.get(kind, f"0x{kind:04x}")
        row.info = f"ethertype 0x{kind:04x}, length {len(data)}"


def _cooked(data: bytes, row: Scratch) -> None:
    """LINUX_SLL: what libpcap makes of links without a header that it knows."""
    row.protocol = "SLL"
    length, address, kind = struct.unpack_from("!H8sH", data, 4)
    row.source = mac(address[: min(length, 8)])
    _by_ethertype(kind, data[16:], row)


def _cooked2(data: bytes, row: Scratch) -> None:
    """LINUX_SLL2: what tcpdump writes of all interfaces at once."""
    row.protocol = "SLL2"
    kind, length, address = struct.unpack_from("!H9xB8s", data)
    row.source = mac(address[: min(length, 8)])
    _by_ethertype(kind, data[20:], row)


def _loopback(data: bytes, row: Scratch) -> None:
    """NULL and LOOP: what BSD has instead of a header; a version says the same."""
    _raw(data[4:], row)


def _raw(data: bytes, row: Scratch) -> None:
    row.protocol = "IP"
    version = data[0] >> 4
    if version == 4:
        _ipv4(data, row)
    elif version == 6:
        _ipv6(data, row)
    else:
        row.protocol = "?"
        row.info = f"neither IPv4 nor IPv6, length {len(data)}"


def _ipv4(data: bytes, row: Scratch) -> None:
    if data and data[0] >> 4 == 6:
        _ipv6(data, row)  # whatever announced it
        return
    row.protocol = "IPv4"
    version, total, ident, fragment, ttl, protocol, source, destination = (
        _IPV4.unpack_from(data)
    )
    header = (version & 15) * 4
    if version >> 4 != 4 or header < 20:
        row.info = f"bad header, version {version >> 4}, {header} bytes of header"
        return
    row.source, row.destination = inet_ntoa(source), inet_ntoa(destination)
    row.ttl = ttl
    # Zero is what the kernel writes where it has the card cut up what it sends.
    size = total or len(data)
    if size < header:
        row.info = f"bad length {total}"
        return
    offset = (fragment & 0x1FFF) * 8
    more = bool(fragment & 0x2000)
    payload = data[header:size]
    if offset or more:
        _fragment(payload, row, protocol, offset, more, ident)
    else:
        _transport(protocol, payload, size - header, row)


def _ipv6(data: bytes, row: Scratch) -> None:
    row.protocol = "IPv6"
    length, following, hops, source, destination = _IPV6.unpack_from(data)
    row.source = inet_ntop(AF_INET6, source)
    row.destination = inet_ntop(AF_INET6, destination)
    row.ttl = hops
    if data[0] >> 4 != 6:
        row.info = f"bad header, version {data[0] >> 4}"
        return
    end = 40 + length if length else len(data)
    at = 40
    while following in _EXTENSIONS:
        if at + 8 > end:
            raise IndexError
        size = (data[at + 1] + 2) * 4 if following == 51 else (data[at + 1] + 1) * 8
        following = data[at]
        at += size
    if following == _FRAGMENT:
        following, word, ident = struct.unpack_from("!BxHI", data, at)
        payload = data[at + 8 : end]
        _fragment(payload, row, following, word & 0xFFF8, bool(word & 1), ident)
    elif following == _NOTHING_FOLLOWS:
        row.info = "no next header"
    else:
        _transport(following, data[at:end], end - at, row)


def _fragment(
    payload: bytes, row: Scratch, protocol: int, offset: int, more: bool, ident: int
) -> None:
    """Only the first one can be read further; the others stay IPv4 or IPv6."""
    note = f"fragment id=0x{ident:x} offset={offset}{' more' if more else ''}"
    if offset == 0:
        row.prefix += f"{note}, "
        row.fragment = True
        _transport(protocol, payload, len(payload), row)
    else:
        name = _IP_NAMES.get(protocol, f"protocol {protocol}")
        row.info = f"{note}, {name} length={len(payload)}"


def _transport(protocol: int, data: bytes, size: int, row: Scratch) -> None:
    """What follows an IP header; ``size`` is how long it says that is."""
    decode = _TRANSPORTS.get(protocol)
    if data and decode is not None:
        decode(data, size, row)
        return
    name = _IP_NAMES.get(protocol)
    if not data:
        row.info = f"{name or f'protocol {protocol}'} length={size}"
        if size:
            cut_short(row)
        return
    row.protocol = name or row.protocol
    row.info = f"length={size}" if name else f"protocol {protocol} length={size}"


def _tcp(data: bytes, size: int, row: Scratch) -> None:
    row.protocol = "TCP"
    source, destination, seq, ack, offset, flags, window = _TCP.unpack_from(data)
    header = (offset >> 4) * 4
    acked = f" ack={ack}" if flags & 0x10 else ""
    info = f"{source} > {destination} [{_FLAGS[flags]}] seq={seq}{acked} win={window}"
    if header < 20 or header > size:
        row.info = f"{info} bad header length {header}"
        return
    row.info = f"{info} len={size - header}"
    if len(data) > header:
        applications.over_tcp(source, destination, data[header:], row)


def _udp(data: bytes, size: int, row: Scratch) -> None:
    row.protocol = "UDP"
    source, destination, length = _UDP.unpack_from(data)
    row.info = f"{source} > {destination}"
    if length < 8 or (length > size and not row.fragment):
        row.info += f" bad length {length}"
        return
    row.info += f" len={length - 8}"
    payload = data[8:length]
    if destination == _VXLAN_PORT and len(payload) > 8 and payload[0] & 8:
        vni = int.from_bytes(payload[4:7], "big")
        _inside(f"vxlan {vni}", payload[8:], row, _ethernet)
    elif destination == _GENEVE_PORT and len(payload) > 8:
        options, kind, vni = payload[0] & 63, *struct.unpack_from("!HI", payload, 2)
        inner = payload[8 + 4 * options :]
        _inside(f"geneve {vni >> 8}", inner, row, _carried(kind))
    else:
        applications.over_udp(source, destination, payload, row)


def _gre(data: bytes, size: int, row: Scratch) -> None:
    row.protocol = "GRE"
    flags, kind = struct.unpack_from("!HH", data)
    row.info = f"protocol 0x{kind:04x} length={size}"
    # Checksum, key and sequence number take four bytes each, where they are present.
    header = 4 + 4 * (flags >> 15 & 1) + 4 * (flags >> 13 & 1) + 4 * (flags >> 12 & 1)
    inner = data[header:]
    if kind == _BRIDGED or kind in _ETHERTYPES:
        _inside("gre", inner, row, _carried(kind))


def _carried(kind: int) -> Callable[[bytes, Scratch], None]:
    """What reads that which a tunnel says to carry."""
    if kind == _BRIDGED:
        return _ethernet
    return lambda data, row: _by_ethertype(kind, data, row)


def _authenticated(data: bytes, size: int, row: Scratch) -> None:
    """RFC 4302: what follows is readable."""
    row.protocol, row.info = "AH", f"length={size}"
    header = (data[1] + 2) * 4
    row.depth += 1
    if row.depth > _DEEPEST:
        return
    row.prefix += "ah, "
    _transport(data[0], data[header:], size - header, row)


def _ip_in_ip(data: bytes, size: int, row: Scratch) -> None:
    row.info = f"length={size}"
    _inside("ipip", data, row, _raw)


def _inside(
    name: str, data: bytes, row: Scratch, decode: Callable[[bytes, Scratch], None]
) -> None:
    """Go on with the packet inside a tunnel; its addresses are those shown."""
    row.depth += 1
    if row.depth > _DEEPEST:
        row.info = f"{name} inside {name}, too deep"
        return
    row.prefix += f"{name} {row.source} > {row.destination}, "
    row.info = ""
    decode(data, row)


_LINKS: dict[int, Callable[[bytes, Scratch], None]] = {
    pcapng.LINKTYPE_ETHERNET: _ethernet,
    pcapng.LINKTYPE_RAW: _raw,
    pcapng.LINKTYPE_IPV4: _raw,
    pcapng.LINKTYPE_IPV6: _raw,
    pcapng.LINKTYPE_LINUX_SLL: _cooked,
    pcapng.LINKTYPE_LINUX_SLL2: _cooked2,
    pcapng.LINKTYPE_NULL: _loopback,
    pcapng.LINKTYPE_LOOP: _loopback,
}
_ETHERTYPES: dict[int, Callable[[bytes, Scratch], None]] = {
    0x0800: _ipv4,
    0x86DD: _ipv6,
    0x0806: control.arp,
    0x88CC: control.lldp,
    0x8035: control.rarp,
    0x8847: lambda data, row: carriers.mpls(data, row, _by_ethertype),
    0x8848: lambda data, row: carriers.mpls(data, row, _by_ethertype),
    0x8863: carriers.pppoe_discovery,
    0x8864: lambda data, row: carriers.pppoe_session(data, row, _by_ethertype),
    0x8809: carriers.slow,
    0x888E: carriers.eapol,
}
_TRANSPORTS: dict[int, Callable[[bytes, int, Scratch], None]] = {
    1: control.icmp,
    2: control.igmp,
    4: _ip_in_ip,
    6: _tcp,
    17: _udp,
    41: _ip_in_ip,
    47: _gre,
    51: _authenticated,
    58: control.icmpv6,
}
