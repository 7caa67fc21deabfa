"""The classic pcap format, as tcpdump -w writes it: one link type, no names."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tuilab.packets.pcapng import META

HEAD_SIZE: Final = 24
RECORD_SIZE: Final = 16

_MICROSECONDS: Final = 0xA1B2C3D4
_NANOSECONDS: Final = 0xA1B23C4D
_FRAMES_KEPT: Final = 4096


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


def is_classic(path: Path) -> bool:
    """Whether a file's name asks for this format."""
    return path.suffix.lower() == ".pcap"


def head(linktype: int, *, snaplen: int, nanoseconds: bool) -> bytes:
    """What a file starts with; what is stamped in microseconds is read by more."""
    magic = _NANOSECONDS if nanoseconds else _MICROSECONDS
    return struct.pack("=IHHiIII", magic, 2, 4, 0, 0, snaplen, linktype)


def record(seconds: int, rest: int, data: bytes, length: int) -> bytes:
    """A packet, whose length on the wire may be more than is there of it.

    Args:
        seconds: Since 1970.
        rest: Of the last second, in what the file counts.
        data: What there is of it.
        length: On the wire.
    """
    return struct.pack("=IIII", seconds & 0xFFFFFFFF, rest, len(data), length) + data


class Framer:
    """Makes records out of libpcap's batches, as `pcapng.Framer` makes blocks."""

    def __init__(self) -> None:
        self._frames: dict[int, tuple[Callable[..., bytes], bytes]] = {}

    def blocks(self, payload: bytes, meta: bytes) -> tuple[list[int], list[bytes]]:
        """A batch as records; see `pcapng.Framer.blocks`."""
        stamps: list[int] = []
        records: list[bytes] = []
        know, stamped, add = self._frames.get, stamps.append, records.append
        for seconds, micros, offset, length in META.iter_unpack(meta):
            pack, lengths = know(length) or self._frame(length)
            stamped(seconds * 1_000_000 + micros)
            add(pack(seconds, micros, lengths, payload[offset : offset + length]))
        return stamps, records

    def _frame(self, length: int) -> tuple[Callable[..., bytes], bytes]:
        if len(self._frames) >= _FRAMES_KEPT:
            self._frames.clear()
        frame = self._frames[length] = (
            struct.Struct(f"=II8s{length}s").pack,
            struct.pack("=II", length, length),
        )
        return frame
