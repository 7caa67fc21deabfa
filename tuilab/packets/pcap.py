"""The classic pcap format, as tcpdump -w writes it: one link type, no names."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

HEAD_SIZE: Final = 24
RECORD_SIZE: Final = 16

_MICROSECONDS: Final = 0xA1B2C3D4
_NANOSECONDS: Final = 0xA1B23C4D


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says at its start.

    Attributes:
        order: The struct prefix of its numbers.
        ticks: Time stamps a second.
        linktype: LINKTYPE number of its packets.
    """

    order: str
    ticks: int
    linktype: int


def read_head(data: bytes) -> Head | None:
    """Read the first `HEAD_SIZE` bytes of a file; None if it is no such file."""
    if len(data) < HEAD_SIZE:
        return None
    for order in "<>":
        magic, linktype = struct.unpack_from(order + "I16xI", data)
        for known, ticks in ((_MICROSECONDS, 10**6), (_NANOSECONDS, 10**9)):
            if magic == known:
                # Above the link type there may be the length of checksums.
                return Head(order, ticks, linktype & 0xFFFF)
    return None


def head(linktype: int, *, snaplen: int) -> bytes:
    """What a file starts with, of packets stamped in nanoseconds."""
    return struct.pack("=IHHiIII", _NANOSECONDS, 2, 4, 0, 0, snaplen, linktype)


def record(time_ns: int, data: bytes, length: int) -> bytes:
    """A packet, whose length on the wire may be more than is there of it."""
    seconds, rest = divmod(time_ns, 10**9)
    stamp = seconds & 0xFFFFFFFF
    return struct.pack("=IIII", stamp, rest, len(data), length) + data
