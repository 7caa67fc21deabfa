"""How captured packets are put down: as pcapng, or in the classic format."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from tuilab import __version__
from tuilab.packets import pcap, pcapng
from tuilab.packets.filters import SNAPLEN


class Framer(Protocol):
    """Makes what stands in a file for packets of one interface."""

    def blocks(self, payload: bytes, meta: bytes) -> tuple[list[int], list[bytes]]:
        """A batch as `handle.Handle.read` gives it: stamps in microseconds, blocks."""


class Format(Protocol):
    """What a capture writes.

    Attributes:
        classic: Whether it is the classic format.
    """

    classic: bool

    def head(
        self, interfaces: Sequence[pcapng.Interface], capture_filter: str
    ) -> bytes:
        """What stands before the first packet."""

    def another(self, interface: pcapng.Interface, capture_filter: str) -> bytes:
        """What stands before the first packet of an interface that came later."""

    def framer(self, number: int) -> Framer:
        """For the interface of that number."""

    def tail(self, started_ns: int, counts: Iterable[tuple[int, int]]) -> bytes:
        """What stands behind the last packet.

        Args:
            started_ns: When the capture began, nanoseconds since 1970.
            counts: Packets received and lost, of each interface.
        """


class Pcapng:
    """Named interfaces, the filter, and what was lost."""

    classic = False

    def head(
        self, interfaces: Sequence[pcapng.Interface], capture_filter: str
    ) -> bytes:
        """A section and its interfaces."""
        blocks = [pcapng.section_block(f"tuilab {__version__}")]
        blocks += [self.another(interface, capture_filter) for interface in interfaces]
        return b"".join(blocks)

    def another(self, interface: pcapng.Interface, capture_filter: str) -> bytes:
        """Its interface block."""
        return pcapng.interface_block(
            interface.name,
            interface.linktype,
            snaplen=SNAPLEN,
            capture_filter=capture_filter,
        )

    def framer(self, number: int) -> Framer:
        """Packet blocks."""
        return pcapng.Framer(number)

    def tail(self, started_ns: int, counts: Iterable[tuple[int, int]]) -> bytes:
        """A statistics block an interface."""
        now = time.time_ns() // 1000
        return b"".join(
            pcapng.statistics_block(
                number,
                started=started_ns // 1000,
                ended=now,
                received=received,
                dropped=dropped,
            )
            for number, (received, dropped) in enumerate(counts)
        )


class Classic:
    """Packets of one kind of link: neither names, nor what was lost."""

    classic = True

    def head(
        self, interfaces: Sequence[pcapng.Interface], capture_filter: str
    ) -> bytes:
        """The kind of link."""
        return pcap.head(interfaces[0].linktype, snaplen=SNAPLEN, nanoseconds=False)

    def another(self, interface: pcapng.Interface, capture_filter: str) -> bytes:
        """Nothing: it must be of the same kind."""
        return b""

    def framer(self, number: int) -> Framer:
        """Records."""
        return pcap.Framer()

    def tail(self, started_ns: int, counts: Iterable[tuple[int, int]]) -> bytes:
        """Nothing."""
        return b""


def format_of(path: Path | None) -> Format:
    """The format that a file's name asks for."""
    classic = path is not None and pcap.is_classic(path)
    return Classic() if classic else Pcapng()
