"""Addresses, ports and what routers leave alone: read from a packet by hand."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from socket import AF_INET6, inet_ntoa, inet_ntop
from typing import Any, NamedTuple

from tuilab.packets import pcapng
from tuilab.packets.scratch import mac
from tuilab.packets.store import Packet

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
_TAGS = (0x8100, 0x88A8, 0x9100)
_IPV4, _IPV6, _ARP = 0x0800, 0x86DD, 0x0806
_MPLS, _PPPOE = (0x8847, 0x8848), 0x8864
_PPP = {0x0021: _IPV4, 0x0057: _IPV6}
_VXLAN_PORT, _GENEVE_PORT = 4789, 6081
_EXTENSIONS = (0, 43, 51, 60, 135, 139, 140)
_AUTHENTICATION = 51
_BRIDGED = 0x6558
_FRAGMENT = 44
_QUOTING = {ICMP: (3, 11, 12), ICMP6: (1, 2, 3, 4)}
"""Types of ICMP that have the beginning of a packet in them."""
_DEEPEST = 4


class Piece(NamedTuple):
    """Of a packet that was cut up.

    Attributes:
        ident: What all pieces of it have in common.
        offset: Where it belongs.
        more: Whether there are pieces behind it.
        body: What it has of what follows the IP header.
    """

    ident: int
    offset: int
    more: bool
    body: bytes


@dataclass(slots=True)
class Headers:
    """What the headers of a packet say; of a tunnel, what is inside says it.

    Attributes:
        source_mac: Link address of the sender; empty where there is none.
        destination_mac: Link address of the receiver.
        tags: VLAN ids, outermost first.
        tunnels: What it travels in, outermost first, as ``vxlan 42 10.0.1.9``.
        source: Network address; empty without one.
        destination: Network address.
        ttl: TTL or hop limit, 0 without one.
        tos: Type of service or traffic class.
        protocol: IP protocol, -1 without one.
        source_port: Of TCP or UDP, 0 without one.
        destination_port: Of TCP or UDP.
        sequence: Of TCP.
        flags: Of TCP.
        payload: What TCP or UDP carry.
        piece: Which piece of a packet it is; None for a whole one.
        inside: What the first piece of a packet of a tunnel carries, as far as it goes.
        about: Of an error, what the packet was that it is about.
        essences: What each layer of it is known again by on another link: all that
            routers, NAT and tunnels don't change.
    """

    source_mac: str = ""
    destination_mac: str = ""
    tags: tuple[int, ...] = ()
    tunnels: tuple[str, ...] = ()
    source: str = ""
    destination: str = ""
    ttl: int = 0
    tos: int = 0
    protocol: int = -1
    source_port: int = 0
    destination_port: int = 0
    sequence: int = 0
    flags: int = 0
    payload: bytes = b""
    piece: Piece | None = None
    inside: Headers | None = None
    about: Headers | None = None
    essences: list[tuple[Any, ...]] = field(default_factory=list)


def headers(packet: Packet) -> Headers:
    """Read the headers; what is damaged or unknown is left out."""
    return headers_of(packet.linktype, packet.data)


def headers_of(linktype: int, data: bytes) -> Headers:
    """Do what `headers` does."""
    found = Headers()
    try:
        if linktype == pcapng.LINKTYPE_ETHERNET:
            _ethernet(data, found)
        elif linktype == pcapng.LINKTYPE_LINUX_SLL:
            _by_type(struct.unpack_from("!H", data, 14)[0], data[16:], found)
        elif linktype == pcapng.LINKTYPE_LINUX_SLL2:
            _by_type(struct.unpack_from("!H", data)[0], data[20:], found)
        elif (at := pcapng.IP_AT.get(linktype)) is not None:
            _by_type(_IPV6 if data[at] >> 4 == 6 else _IPV4, data[at:], found)
        else:
            found.essences.append((linktype, data))
    except (struct.error, IndexError, ValueError, OSError):
        pass
    return found


def _ethernet(data: bytes, found: Headers) -> None:
    found.destination_mac, found.source_mac = mac(data[:6]), mac(data[6:12])
    kind = struct.unpack_from("!H", data, 12)[0]
    data = data[14:]
    while kind in _TAGS:
        tag, kind = struct.unpack_from("!HH", data)
        found.tags += (tag & 0xFFF,)
        data = data[4:]
    _by_type(kind, data, found)


def _by_type(kind: int, data: bytes, found: Headers) -> None:
    if kind == _IPV4:
        _ipv4(data, found)
    elif kind == _IPV6:
        _ipv6(data, found)
    elif kind == _ARP:
        found.essences.append((kind, data[:28]))
    elif kind in _MPLS:
        end = 4
        while not data[end - 2] & 1:
            end += 4
        _by_type(_IPV6 if data[end] >> 4 == 6 else _IPV4, data[end:], found)
    elif kind == _PPPOE and (inside := struct.unpack_from("!H", data, 6)[0]) in _PPP:
        _by_type(_PPP[inside], data[8:], found)
    else:
        found.essences.append((kind, data))


def _ipv4(data: bytes, found: Headers) -> None:
    first, found.tos, total, ident, fragment, found.ttl, protocol = struct.unpack_from(
        "!BBHHHBB", data
    )
    found.source, found.destination = inet_ntoa(data[12:16]), inet_ntoa(data[16:20])
    found.protocol = protocol
    _forget_outside(found)
    header = (first & 15) * 4
    body = data[header : total or len(data)]
    while protocol == _AUTHENTICATION and not fragment & 0x1FFF:
        found.protocol = protocol = body[0]
        body = body[(body[1] + 2) * 4 :]
    if fragment & 0x3FFF:
        more = bool(fragment & 0x2000)
        _piece(Piece(ident, (fragment & 0x1FFF) * 8, more, body), found)
    else:
        _transport(protocol, body, (ident,), found)


def _ipv6(data: bytes, found: Headers) -> None:
    word, length, protocol, found.ttl = struct.unpack_from("!IHBB", data)
    found.tos = word >> 20 & 0xFF
    found.source = inet_ntop(AF_INET6, data[8:24])
    found.destination = inet_ntop(AF_INET6, data[24:40])
    _forget_outside(found)
    body = data[40 : 40 + length] if length else data[40:]
    while protocol in _EXTENSIONS:
        words = 4 if protocol == _AUTHENTICATION else 8
        size = (body[1] + (2 if words == 4 else 1)) * words
        protocol, body = body[0], body[size:]
    if protocol == _FRAGMENT:
        found.protocol, place, ident = struct.unpack_from("!BxHI", body)
        piece = Piece(ident, place & 0xFFF8, bool(place & 1), body[8:])
        if piece.offset or piece.more:
            _piece(piece, found)
            return
        protocol, body = found.protocol, body[8:]
    found.protocol = protocol
    _transport(protocol, body, (word & 0xFFFFF,), found)


def _forget_outside(found: Headers) -> None:
    """What a tunnel says of itself is not of what it carries."""
    found.source_port = found.destination_port = 0
    found.payload, found.piece = b"", None


def _piece(piece: Piece, found: Headers) -> None:
    """A part of a packet: the first one has the ports."""
    found.piece = piece
    ident, offset, more, body = piece
    found.essences.append((found.protocol, ident, offset, more, body))
    if offset:
        return
    if found.protocol in (TCP, UDP):
        found.source_port, found.destination_port = struct.unpack_from("!HH", body)
    begun = replace(found, piece=None, essences=[])
    with contextlib.suppress(struct.error, IndexError, ValueError):
        _transport(found.protocol, body, (), begun)
    if len(begun.tunnels) > len(found.tunnels):
        found.inside = begun


def joined(pieces: list[Headers]) -> Headers | None:
    """The packet that pieces are of, once all of them are there."""
    whole, last = bytearray(), False
    parts = [found.piece for found in pieces if found.piece is not None]
    for part in sorted(parts, key=lambda part: part.offset):
        if part.offset > len(whole):
            return None
        whole[part.offset :] = part.body
        last = last or not part.more
    if not last:
        return None
    first = min(pieces, key=lambda found: found.piece.offset if found.piece else 0)
    made = replace(first, piece=None, inside=None, essences=[])
    with contextlib.suppress(struct.error, IndexError):
        _transport(made.protocol, bytes(whole), (), made)
    return made


def _transport(
    protocol: int, body: bytes, ident: tuple[int, ...], found: Headers
) -> None:
    key = (protocol, *ident)
    if protocol == TCP:
        head = struct.unpack_from("!HHIIBBH", body)
        found.source_port, found.destination_port = head[:2]
        found.sequence, found.flags = head[2], head[5]
        found.payload = body[(head[4] >> 4) * 4 :]
        found.essences.append((*key, head[2:], found.payload))
    elif protocol == UDP:
        found.source_port, found.destination_port = struct.unpack_from("!HH", body)
        found.payload = body[8:]
        found.essences.append((*key, found.payload))
        if found.destination_port == _VXLAN_PORT and len(found.payload) > 8:
            number = int.from_bytes(found.payload[4:7])
            _inside(f"vxlan {number}", found.payload[8:], found, _ethernet)
        elif found.destination_port == _GENEVE_PORT and len(found.payload) > 8:
            options, kind, number = struct.unpack_from("!BxHI", found.payload)
            inner = found.payload[8 + (options & 63) * 4 :]
            _inside(f"geneve {number >> 8}", inner, found, _carried(kind))
    elif protocol in (ICMP, ICMP6):
        # NAT changes the number of an echo and, with it, the checksum.
        echo = body[:1] in (b"\x00", b"\x08", b"\x80", b"\x81")
        shown = body[:2] + (body[6:] if echo else body[8:])
        found.essences.append((*key, shown))
        if body[0] in _QUOTING[protocol]:
            found.about = headers_of(pcapng.LINKTYPE_RAW, body[8:])
    elif protocol in (4, 41):
        kind = _IPV4 if protocol == 4 else _IPV6
        _inside("ipip", body, found, partial(_by_type, kind))
    elif protocol == 47:
        flags, kind = struct.unpack_from("!HH", body)
        size = 4 + 4 * sum(flags >> bit & 1 for bit in (15, 13, 12))
        _inside("gre", body[size:], found, _carried(kind))
    else:
        found.essences.append((*key, body))


def _carried(kind: int) -> Callable[[bytes, Headers], None]:
    """What reads that which a tunnel says to carry."""
    return _ethernet if kind == _BRIDGED else partial(_by_type, kind)


def _inside(name: str, data: bytes, found: Headers, read: Any) -> None:
    """Go on with what a tunnel carries; MACs stay those of the link."""
    if len(found.tunnels) >= _DEEPEST:
        return
    found.tunnels += (f"{name} {found.source} > {found.destination}",)
    outside = found.source_mac, found.destination_mac
    read(data, found)
    found.source_mac, found.destination_mac = outside
