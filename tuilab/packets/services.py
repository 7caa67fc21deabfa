"""One-line decoders of services that are known by a port or by how they begin."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tuilab.packets.scratch import Scratch, printable

Decode = Callable[[bytes, Scratch], None]

_LONGEST_LINE = 120
_TLS_RECORDS = {20: "change cipher spec", 21: "alert", 23: "application data"}
_TLS_SHAKES = {
    1: "client hello",
    2: "server hello",
    4: "new session ticket",
    11: "certificate",
    12: "server key exchange",
    13: "certificate request",
    14: "server hello done",
    16: "client key exchange",
    20: "finished",
}
_BGP = {1: "open", 2: "update", 3: "notification", 4: "keepalive", 5: "route refresh"}
_BGP_MARKER = b"\xff" * 16
_WIREGUARD = {
    1: ("handshake initiation", 148),
    2: ("handshake response", 92),
    3: ("cookie reply", 64),
    4: ("transport data", 0),
}
_TFTP = {1: "read", 2: "write", 3: "data", 4: "ack", 5: "error", 6: "options ack"}
_RIP = {1: "request", 2: "response"}


def named(name: str) -> Decode:
    """What is only told by name, with its ports."""

    def decode(data: bytes, row: Scratch) -> None:
        row.protocol = name

    return decode


def ssh(data: bytes, row: Scratch) -> None:
    """RFC 4253: a line of text first, then what nobody can read."""
    row.protocol = "SSH"
    if data.startswith(b"SSH-"):
        _say(row, _line(data))


def text(name: str) -> Decode:
    """What speaks in lines of text."""

    def decode(data: bytes, row: Scratch) -> None:
        row.protocol = name
        _say(row, _line(data))

    return decode


def bgp(data: bytes, row: Scratch) -> None:
    """RFC 4271: all messages that a segment begins with."""
    found, at = [], 0
    while data.startswith(_BGP_MARKER, at) and at + 19 <= len(data):
        size, kind = struct.unpack_from("!HB", data, at + 16)
        found.append(_BGP.get(kind, f"type {kind}"))
        at += max(size, 19)
    if found:
        row.protocol = "BGP"
        _say(row, ", ".join(found))


def tls(data: bytes, row: Scratch) -> None:
    """RFC 8446: what the first record of a segment is."""
    row.protocol = "TLS"
    kind = data[0]
    words = _TLS_RECORDS.get(kind, "")
    if kind == 22 and len(data) > 5:
        words = _TLS_SHAKES.get(data[5], "encrypted handshake")
        name = _server_name(data[5:]) if data[5] == 1 else ""
        words += f" {name}" if name else ""
    if words:
        _say(row, words)


def is_tls(data: bytes) -> bool:
    """Whether a segment begins with a record of TLS."""
    return 20 <= data[0] <= 23 and data[1:2] == b"\x03" and data[2:3] <= b"\x04"


def _server_name(hello: bytes) -> str:
    """The name that a client asks for; empty where it does not, or it is cut off."""
    try:
        at = 38
        at += 1 + hello[at]
        at += 2 + int.from_bytes(hello[at : at + 2])
        at += 1 + hello[at]
        end = at + 2 + int.from_bytes(hello[at : at + 2])
        at += 2
        while at + 4 <= min(end, len(hello)):
            kind, size = struct.unpack_from("!HH", hello, at)
            if kind == 0:
                size = int.from_bytes(hello[at + 7 : at + 9])
                return printable(hello[at + 9 : at + 9 + size])
            at += 4 + size
    except IndexError:
        pass
    return ""


def wireguard(data: bytes, row: Scratch) -> bool:
    """Known by how it begins and its length, whatever the ports; whether it is."""
    name, size = _WIREGUARD.get(data[0], ("", 0))
    fits = len(data) == size if size else len(data) >= 32 and len(data) % 16 == 0
    if not name or data[1:4] != b"\0\0\0" or not fits:
        return False
    row.protocol = "WireGuard"
    _say(row, name)
    return True


def tftp(data: bytes, row: Scratch) -> None:
    """RFC 1350."""
    row.protocol = "TFTP"
    kind = int.from_bytes(data[:2])
    _say(row, _TFTP.get(kind, f"operation {kind}"))
    if kind in (1, 2):
        row.info += f" {printable(data[2:].split(bytes(1))[0][:_LONGEST_LINE])}"
    elif kind in (3, 4):
        row.info += f" block={int.from_bytes(data[2:4])}"


def rip(data: bytes, row: Scratch) -> None:
    """RFC 2453."""
    row.protocol = f"RIPv{data[1]}"
    _say(row, _RIP.get(data[0], f"command {data[0]}"))


def _say(row: Scratch, words: str) -> None:
    """Behind the ports, in place of what the transport says of itself."""
    ports = row.info.partition(" [")[0].partition(" len=")[0]
    row.info = f"{ports} {words}"


def _line(data: bytes) -> str:
    first = data[: _LONGEST_LINE * 2].split(b"\n", 1)[0].rstrip(b"\r")
    return printable(first[:_LONGEST_LINE])


UDP: dict[int, Decode] = {
    69: tftp,
    137: named("NBNS"),
    138: named("NBDS"),
    161: named("SNMP"),
    162: named("SNMP"),
    500: named("ISAKMP"),
    514: text("Syslog"),
    520: rip,
    1701: named("L2TP"),
    1812: named("RADIUS"),
    1813: named("RADIUS"),
    1900: text("SSDP"),
    1985: named("HSRP"),
    5060: text("SIP"),
}
TCP: dict[int, Decode] = {
    21: text("FTP"),
    22: ssh,
    23: named("TELNET"),
    25: text("SMTP"),
    179: bgp,
}
