"""One-line decoders of what runs over UDP and TCP: DNS, DHCP, HTTP and the like."""

from __future__ import annotations

import struct
from collections.abc import Callable
from socket import AF_INET6, inet_ntoa, inet_ntop

from tuilab.packets import services
from tuilab.packets.scratch import Scratch, mac, printable

_DNS_TYPES = {
    1: "A",
    2: "NS",
    5: "CNAME",
    6: "SOA",
    12: "PTR",
    15: "MX",
    16: "TXT",
    28: "AAAA",
    33: "SRV",
    41: "OPT",
    43: "DS",
    64: "SVCB",
    65: "HTTPS",
    252: "AXFR",
    255: "ANY",
}
_DNS_CODES = {1: "FormErr", 2: "ServFail", 3: "NXDomain", 4: "NotImp", 5: "Refused"}
_DHCP_TYPES = {
    1: "Discover",
    2: "Offer",
    3: "Request",
    4: "Decline",
    5: "ACK",
    6: "NAK",
    7: "Release",
    8: "Inform",
}
_DHCPV6_TYPES = {
    1: "Solicit",
    2: "Advertise",
    3: "Request",
    4: "Confirm",
    5: "Renew",
    6: "Rebind",
    7: "Reply",
    8: "Release",
    9: "Decline",
    11: "Information-request",
    12: "Relay-forw",
    13: "Relay-reply",
}
_HTTP_STARTS = (
    *(b"GET ", b"POST ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS "),
    *(b"PATCH ", b"CONNECT ", b"HTTP/1."),
)
_HTTP_PORTS = {80, 3128, 8080, 8088}
_SHOWN_ANSWERS = 4
_LONGEST_NAME = 255


def over_udp(source: int, destination: int, data: bytes, row: Scratch) -> None:
    """Decode the payload when the ports say what it is; else leave the UDP line."""
    decode = _UDP.get(destination) or _UDP.get(source)
    if data and not services.wireguard(data, row) and decode is not None:
        decode(data, row)


def over_tcp(source: int, destination: int, data: bytes, row: Scratch) -> None:
    """Decode the start of a segment when it is plain what it is."""
    if data.startswith(_HTTP_STARTS):
        row.protocol = "HTTP"
        first = data[:200].split(b"\r\n", 1)[0]
        row.info = f"{source} > {destination} {printable(first)}"
    elif source in _HTTP_PORTS or destination in _HTTP_PORTS:
        row.protocol = "HTTP"
        row.info += " HTTP continued"
    elif 53 in (source, destination) and int.from_bytes(data[:2]) == len(data) - 2:
        dns(data[2:], row)
    elif services.is_tls(data):
        services.tls(data, row)
    elif decode := services.TCP.get(destination) or services.TCP.get(source):
        decode(data, row)


def dns(data: bytes, row: Scratch, protocol: str = "DNS") -> None:
    """RFC 1035, in tcpdump's notation."""
    row.protocol = protocol
    ident, flags, questions, answers, authority, additional = struct.unpack_from(
        "!6H", data
    )
    at, asked = 12, []
    for _ in range(min(questions, _SHOWN_ANSWERS)):
        name, at = _dns_name(data, at)
        kind = struct.unpack_from("!H", data, at)[0]
        at += 4
        asked.append(f"{_DNS_TYPES.get(kind, f'type{kind}')}? {name}")
    if not flags & 0x8000:
        row.info = f"{ident}{'+' if flags & 0x100 else ''} {' '.join(asked)}".rstrip()
        return
    code = _DNS_CODES.get(flags & 15, f"code {flags & 15}" if flags & 15 else "")
    marks = ("*" if flags & 0x400 else "") + ("" if flags & 0x80 else "-")
    row.info = f"{ident} {code}{marks} ".replace("  ", " ")
    row.info += f"{answers}/{authority}/{additional}"
    if asked:
        row.info += f" {asked[0]}"
    if questions > _SHOWN_ANSWERS:
        return
    found = []
    for _ in range(min(answers, _SHOWN_ANSWERS)):
        record, at = _dns_record(data, at)
        found.append(record)
    if found:
        row.info += f" {', '.join(found)}"


def _dns_record(data: bytes, at: int) -> tuple[str, int]:
    _, at = _dns_name(data, at)
    kind, _, _, size = struct.unpack_from("!HHIH", data, at)
    at += 10
    value = data[at : at + size]
    name = _DNS_TYPES.get(kind, f"type{kind}")
    if kind == 1 and len(value) == 4:
        text = inet_ntoa(value)
    elif kind == 28 and len(value) == 16:
        text = inet_ntop(AF_INET6, value)
    elif kind in (2, 5, 12):
        text = _dns_name(data, at)[0]
    elif kind == 15:
        text = _dns_name(data, at + 2)[0]
    elif kind == 16 and value:
        text = f'"{printable(value[1 : 1 + value[0]][:60])}"'
    else:
        text = f"({size})"
    return f"{name} {text}", at + size


def _dns_name(data: bytes, at: int) -> tuple[str, int]:
    """A name and where what follows it starts. Compression can't lead in circles."""
    labels: list[str] = []
    after, length = -1, 0
    limit = at
    while True:
        size = data[at]
        if size >= 0xC0:
            target = struct.unpack_from("!H", data, at)[0] & 0x3FFF
            if after < 0:
                after = at + 2
            if target >= limit:
                raise IndexError
            at = limit = target
            continue
        at += 1
        if size == 0:
            break
        label = data[at : at + size]
        length += size + 1
        if size > 63 or len(label) < size or length > _LONGEST_NAME:
            raise IndexError
        labels.append(printable(label))
        at += size
    return ".".join(labels) + ".", after if after >= 0 else at


def _mdns(data: bytes, row: Scratch) -> None:
    dns(data, row, "MDNS")


def _llmnr(data: bytes, row: Scratch) -> None:
    dns(data, row, "LLMNR")


def _dhcp(data: bytes, row: Scratch) -> None:
    """RFC 2131."""
    if data[236:240] != b"\x63\x82\x53\x63":
        # Without options it is what DHCP was made of, RFC 951.
        row.protocol = "BOOTP" if data[0] in (1, 2) else row.protocol
        return
    row.protocol = "DHCP"
    client, given = mac(data[28:34]), inet_ntoa(data[16:20])
    options: dict[int, bytes] = {}
    at = 240
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        size = data[at + 1]
        options[data[at]] = data[at + 2 : at + 2 + size]
        at += 2 + size
    kind = options.get(53, b"\0")[:1]
    name = _DHCP_TYPES.get(kind[0] if kind else 0, "BOOTP")
    row.info = f"{name} {client} xid=0x{data[4:8].hex()}"
    if given != "0.0.0.0":  # noqa: S104 - RFC 2131's word for none
        row.info += f" your={given}"
    for code, label in ((50, "wanted"), (54, "server"), (3, "router")):
        value = options.get(code, b"")
        if len(value) >= 4:
            row.info += f" {label}={inet_ntoa(value[:4])}"
    if 12 in options:
        row.info += f" name={printable(options[12][:40])}"


def _dhcpv6(data: bytes, row: Scratch) -> None:
    """RFC 8415."""
    row.protocol = "DHCPv6"
    row.info = f"{_DHCPV6_TYPES.get(data[0], f'type {data[0]}')}"
    if data[0] < 12:
        row.info += f" xid=0x{data[1:4].hex()}"


def _ntp(data: bytes, row: Scratch) -> None:
    """RFC 5905."""
    if len(data) < 48:
        return
    row.protocol = "NTP"
    modes = {3: "client", 4: "server", 5: "broadcast"}
    mode = modes.get(data[0] & 7, f"mode {data[0] & 7}")
    row.info = f"v{data[0] >> 3 & 7} {mode} stratum={data[1]}"


_UDP: dict[int, Callable[[bytes, Scratch], None]] = {
    **services.UDP,
    53: dns,
    67: _dhcp,
    68: _dhcp,
    123: _ntp,
    546: _dhcpv6,
    547: _dhcpv6,
    5353: _mdns,
    5355: _llmnr,
}
