"""One-line decoders of what stands between Ethernet and IP, or beside IP."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tuilab.packets.scratch import Scratch

Go = Callable[[int, bytes, Scratch], None]
"""Goes on with what an EtherType announces."""

_IPV4, _IPV6 = 0x0800, 0x86DD
_PPP = {0x0021: _IPV4, 0x0057: _IPV6}
_PPP_NAMES = {
    0xC021: "PPP LCP",
    0xC023: "PPP PAP",
    0xC223: "PPP CHAP",
    0x8021: "PPP IPCP",
    0x8057: "PPP IPV6CP",
}
_DISCOVERY = {7: "PADO", 9: "PADI", 0x19: "PADR", 0x65: "PADS", 0xA7: "PADT"}
_EAPOL = {0: "EAP packet", 1: "start", 2: "logoff", 3: "key"}
_SLOW = {1: "LACP", 2: "LAMP", 3: "OAM"}
NAMES = {
    0x0842: "WOL",
    0x88E5: "MACSEC",
    0x88F7: "PTPv2",
    0x9000: "LOOP",
}
"""What is only told by name."""


def mpls(data: bytes, row: Scratch, go: Go) -> None:
    """RFC 3032: labels, then IP as its first bits tell."""
    row.protocol = "MPLS"
    at = 0
    while True:
        entry = struct.unpack_from("!I", data, at)[0]
        at += 4
        if at <= 16:
            row.prefix += f"mpls {entry >> 12}, "
        if entry & 0x100:
            break
    version = data[at] >> 4
    if version in (4, 6):
        go(_IPV4 if version == 4 else _IPV6, data[at:], row)
    else:
        row.info = f"length={len(data) - at}"


def pppoe_discovery(data: bytes, row: Scratch) -> None:
    """RFC 2516."""
    row.protocol = "PPPoED"
    _, code, session = struct.unpack_from("!BBH", data)
    row.info = f"{_DISCOVERY.get(code, f'code {code}')} session={session}"


def pppoe_session(data: bytes, row: Scratch, go: Go) -> None:
    """RFC 2516, with PPP inside."""
    row.protocol = "PPPoES"
    session, length, kind = struct.unpack_from("!2xHHH", data)
    row.prefix += f"pppoe {session}, "
    if kind in _PPP:
        go(_PPP[kind], data[8 : 6 + length], row)
        return
    row.protocol = _PPP_NAMES.get(kind, "PPP")
    row.info = f"protocol 0x{kind:04x} length={length - 2}"


def eapol(data: bytes, row: Scratch) -> None:
    """IEEE 802.1X."""
    row.protocol = "EAPOL"
    version, kind = data[0], data[1]
    row.info = f"v{version} {_EAPOL.get(kind, f'type {kind}')}"


def slow(data: bytes, row: Scratch) -> None:
    """IEEE 802.3's slow protocols, such as the one of bonds."""
    row.protocol = _SLOW.get(data[0], "Slow")
    row.info = f"v{data[1]} length={len(data)}"
