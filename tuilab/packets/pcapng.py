"""The pcapng format, as much as a capture needs (draft-ietf-opsawg-pcapng).

Blocks are written in this machine's byte order and read in either.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SECTION = 0x0A0D0D0A
INTERFACE = 1
STATISTICS = 5
PACKET = 6

LINKTYPE_NULL = 0
LINKTYPE_ETHERNET = 1
LINKTYPE_RAW = 101
LINKTYPE_LOOP = 108
LINKTYPE_LINUX_SLL = 113
LINKTYPE_IPV4 = 228
LINKTYPE_IPV6 = 229
LINKTYPE_LINUX_SLL2 = 276

IP_AT = {
    LINKTYPE_NULL: 4,
    LINKTYPE_RAW: 0,
    LINKTYPE_LOOP: 4,
    LINKTYPE_IPV4: 0,
    LINKTYPE_IPV6: 0,
}
"""Where the IP packet begins, by the kind of links that carry nothing else."""

MAX_BLOCK = 16 << 20
"""No block is longer in bytes; a longer one marks a damaged file."""

_MAGIC = 0x1A2B3C4D
_DLT_RAW = 12  # libpcap's own number for raw IP on Linux; files say 101
_MICROSECONDS = 6  # if_tsresol: negative power of ten

PACKET_HEAD = struct.Struct("=7I")
"""Type, total length, interface, stamp's halves, captured and original length."""
PACKET_HEAD_SIZE = PACKET_HEAD.size
META = struct.Struct("=4I")
"""What libpcap's batches tell of a packet: seconds, microseconds, offset, length."""
_TRAILERS = tuple(struct.Struct(f"={pad}xI") for pad in range(4))
_FRAMES_KEPT = 4096
_Frame = tuple[Callable[..., bytes], bytes, bytes, bytes]
"""Packs a block; its head up to the stamp, both lengths, padding and trailer."""


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface block of a file.

    Attributes:
        name: ``if_name``, e.g. ``red:eth0``; empty when the file gives none.
        linktype: LINKTYPE number of its packets.
        ticks: Time stamps a second.
    """

    name: str
    linktype: int
    ticks: int = 1_000_000


def linktype_of(dlt: int) -> int:
    """The LINKTYPE that files use for a DLT that libpcap gives."""
    return LINKTYPE_RAW if dlt == _DLT_RAW else dlt


def dlt_of(linktype: int) -> int:
    """The DLT that libpcap takes for a LINKTYPE of a file."""
    return _DLT_RAW if linktype == LINKTYPE_RAW else linktype


def section_block(application: str) -> bytes:
    """The block that starts a file, naming the program that writes it."""
    body = struct.pack("=IHHq", _MAGIC, 1, 0, -1)
    return _block(SECTION, body + _options([(4, application.encode())]))


def interface_block(
    name: str,
    linktype: int,
    *,
    snaplen: int = 0,
    capture_filter: str = "",
    digits: int = _MICROSECONDS,
) -> bytes:
    """A named interface with stamps in microseconds, or of so many digits.

    A ``snaplen`` of 0 is no limit.
    """
    options = [(2, name.encode(errors="replace")), (9, bytes([digits]))]
    if capture_filter:
        options.append((11, b"\0" + capture_filter.encode()))
    body = struct.pack("=HHI", linktype, 0, snaplen)
    return _block(INTERFACE, body + _options(options))


def statistics_block(
    interface: int, *, started: int, ended: int, received: int, dropped: int
) -> bytes:
    """What an interface's capture came to; times in microseconds since 1970."""
    stamp = struct.pack("=II", ended >> 32, ended & 0xFFFFFFFF)
    start = struct.pack("=II", started >> 32, started & 0xFFFFFFFF)
    options = [
        (2, start),
        (3, stamp),
        (4, struct.pack("=Q", received)),
        (5, struct.pack("=Q", dropped)),
    ]
    body = struct.pack("=I", interface) + stamp + _options(options)
    return _block(STATISTICS, body)


def packet_block(
    interface: int, ticks: int, data: bytes, original: int | None = None
) -> bytes:
    """One packet, stamped in the interface's ticks since 1970.

    Its ``original`` length is more than there is of it where it was cut.
    """
    length = len(data)
    pad = -length & 3
    total = PACKET_HEAD_SIZE + length + pad + 4
    head = PACKET_HEAD.pack(
        PACKET,
        total,
        interface,
        ticks >> 32,
        ticks & 0xFFFFFFFF,
        length,
        length if original is None else original,
    )
    return head + data + _TRAILERS[pad].pack(total)


class Framer:
    """Makes packet blocks of one interface out of libpcap's batches.

    Hundreds of thousands of packets a second come by: all of a block that depends on
    the packet's length alone is made once for each length.
    """

    def __init__(self, interface: int) -> None:
        """For the interface block of that number."""
        self._interface = interface
        self._frames: dict[int, _Frame] = {}

    def blocks(self, payload: bytes, meta: bytes) -> tuple[list[int], list[bytes]]:
        """A batch as packet blocks.

        Args:
            payload: The packets' bytes, one after the other.
            meta: For each a record of four native ``uint32``: seconds, microseconds,
                offset in ``payload``, captured length.

        Returns:
            The stamps in microseconds and the blocks, in the batch's order.
        """
        stamps: list[int] = []
        blocks: list[bytes] = []
        know, stamped, add = self._frames.get, stamps.append, blocks.append
        for seconds, micros, offset, length in META.iter_unpack(meta):
            pack, head, middle, tail = know(length) or self._frame(length)
            stamp = seconds * 1_000_000 + micros
            stamped(stamp)
            data = payload[offset : offset + length]
            add(pack(head, stamp >> 32, stamp & 0xFFFFFFFF, middle, data, tail))
        return stamps, blocks

    def _frame(self, length: int) -> _Frame:
        if len(self._frames) >= _FRAMES_KEPT:
            self._frames.clear()
        pad = -length & 3
        total = PACKET_HEAD_SIZE + length + pad + 4
        frame = self._frames[length] = (
            struct.Struct(f"=12sII8s{length}s{pad + 4}s").pack,
            struct.pack("=3I", PACKET, total, self._interface),
            struct.pack("=2I", length, length),
            bytes(pad) + struct.pack("=I", total),
        )
        return frame


def byte_order(head: bytes) -> str | None:
    """The struct prefix for the section whose first 12 bytes these are, or None."""
    if len(head) < 12 or head[:4] != b"\x0a\x0d\x0d\x0a":
        return None
    for order in "<>":
        if struct.unpack_from(order + "I", head, 8)[0] == _MAGIC:
            return order
    return None


def blocks(view: bytes | memoryview, start: int = 0) -> Iterator[tuple[int, int, int]]:
    """Walk whole blocks as (type, offset, total length), from a section's start.

    Ends quietly at the first block that is cut off or damaged.
    """
    offset, end = start, len(view)
    order = "="
    while offset + 12 <= end:
        if bytes(view[offset : offset + 4]) == b"\x0a\x0d\x0d\x0a":
            found = byte_order(bytes(view[offset : offset + 12]))
            if found is None:
                return
            order = found
        kind, total = struct.unpack_from(order + "II", view, offset)
        if total < 12 or total % 4 or total > MAX_BLOCK or offset + total > end:
            return
        yield kind, offset, total
        offset += total


def parse_interface(block: bytes, order: str) -> Interface:
    """Read an interface block."""
    linktype = struct.unpack_from(order + "H", block, 8)[0]
    name, ticks = "", 1_000_000
    for code, value in _read_options(block, 16, order):
        if code == 2:
            name = value.decode("utf-8", "replace")
        elif code == 9 and value:
            base, power = (2, value[0] & 0x7F) if value[0] & 0x80 else (10, value[0])
            ticks = base**power
    return Interface(name, linktype, ticks)


def parse_packet_head(head: bytes, order: str) -> tuple[int, int, int, int]:
    """Read a packet block's head: interface, stamp in ticks, captured, original."""
    fields = struct.unpack_from(order + "5I", head, 8)
    interface, high, low, captured, original = fields
    return interface, (high << 32) | low, captured, original


def parse_statistics(block: bytes, order: str) -> tuple[int, int | None, int | None]:
    """Read a statistics block: interface, received, dropped (None: not given)."""
    interface = struct.unpack_from(order + "I", block, 8)[0]
    counts = {
        code: struct.unpack(order + "Q", value)[0]
        for code, value in _read_options(block, 20, order)
        if code in (4, 5) and len(value) == 8
    }
    return interface, counts.get(4), counts.get(5)


def _block(kind: int, body: bytes) -> bytes:
    total = len(body) + 12
    return struct.pack("=II", kind, total) + body + struct.pack("=I", total)


def _options(options: list[tuple[int, bytes]]) -> bytes:
    out = bytearray()
    for code, value in options:
        out += struct.pack("=HH", code, len(value)) + value + bytes(-len(value) & 3)
    return bytes(out + struct.pack("=HH", 0, 0))


def _read_options(block: bytes, offset: int, order: str) -> Iterator[tuple[int, bytes]]:
    end = len(block) - 4
    while offset + 4 <= end:
        code, length = struct.unpack_from(order + "HH", block, offset)
        offset += 4
        if code == 0 or offset + length > end:
            return
        yield code, block[offset : offset + length]
        offset += length + (-length & 3)
