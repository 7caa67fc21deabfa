"""A small capture: four pings between red and blue, as bytes."""

from __future__ import annotations

import struct
from pathlib import Path
from socket import inet_aton

from tuilab.packets import pcapng
from tuilab.packets.store import Store

RED = ("02:00:00:00:00:01", "10.0.0.1")
BLUE = ("02:00:00:00:00:02", "10.0.0.2")
START = 1_700_000_000_000_000


def ping_store(path: Path, pings: int = 4) -> Store:
    """Write the capture and open it."""
    blocks = [
        pcapng.section_block("tuilab test"),
        pcapng.interface_block("red:eth0", 1),
    ]
    for seq in range(1, pings + 1):
        at = START + (seq - 1) * 500_000
        request, reply = _echo(8, seq, RED, BLUE), _echo(0, seq, BLUE, RED)
        blocks.append(pcapng.packet_block(0, at, request))
        blocks.append(pcapng.packet_block(0, at + 81, reply))
    path.write_bytes(b"".join(blocks))
    return Store.open(path)


def many_store(path: Path, count: int) -> Store:
    """Requests and replies in turns, seen at red's end and at blue's in turns."""
    blocks = [
        pcapng.section_block("tuilab test"),
        pcapng.interface_block("red:eth0", 1),
        pcapng.interface_block("blue:eth0", 1),
    ]
    for number in range(count):
        way = (8, RED, BLUE) if number // 2 % 2 == 0 else (0, BLUE, RED)
        echo = _echo(way[0], number // 4 & 0xFFFF, *way[1:])
        blocks.append(pcapng.packet_block(number % 2, START + number * 10, echo))
    path.write_bytes(b"".join(blocks))
    return Store.open(path)


def _echo(kind: int, seq: int, source: tuple[str, str], to: tuple[str, str]) -> bytes:
    icmp = struct.pack("!BBHHH", kind, 0, 0, 0x1019, seq) + bytes(range(16, 72))
    total = 20 + len(icmp)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, total, 1, 0x4000, 64, 1, 0)
    ip += inet_aton(source[1]) + inet_aton(to[1])
    return _mac(to[0]) + _mac(source[0]) + b"\x08\x00" + ip + icmp


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
