"""Random access to the packets of a pcapng file, also while it grows.

The file is the truth; in memory there is one 8-byte offset a packet.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from tuilab.errors import PacketError
from tuilab.model.links import Endpoint
from tuilab.packets import pcapng
from tuilab.packets.pcapng import Interface

_READ_AT_ONCE = 1 << 20


class Packet(NamedTuple):
    """One captured packet.

    Attributes:
        number: Its place in the capture, from 1.
        time_ns: When it was captured, nanoseconds since 1970.
        endpoint: Where it was captured.
        data: Its bytes, from the link layer on.
        length: Its length on the wire; more than ``len(data)`` if it was cut.
        linktype: LINKTYPE number of the link layer, 1 is Ethernet.
    """

    number: int
    time_ns: int
    endpoint: Endpoint
    data: bytes
    length: int
    linktype: int = pcapng.LINKTYPE_ETHERNET


@dataclass(frozen=True, slots=True)
class _Section:
    """From packet ``first`` on, interface ids count from ``base``."""

    first: int
    base: int
    order: str


class Store:
    """The packets of one file by number. Reading is safe from any thread."""

    def __init__(
        self, fd: int, interfaces: Iterable[Interface] = (), size: int = 0
    ) -> None:
        """Read from ``fd``, which the store closes.

        Args:
            fd: A file that can be read at any place.
            interfaces: The interface blocks it starts with.
            size: Bytes that all blocks before the first packet take.
        """
        self._fd = fd
        self._index = array("Q")
        self._end = size
        self._lock = threading.Lock()
        self._interfaces: list[tuple[Interface, Endpoint]] = []
        self._sections = [_Section(0, 0, "=")]
        for interface in interfaces:
            self._add_interface(interface)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Index a file that is there. A damaged or cut end is left out.

        Raises:
            PacketError: It can't be read, or is not pcapng.
        """
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            reason = error.strerror or str(error)
            raise PacketError(f'"{path}" cannot be read: {reason}') from None
        store = cls(fd)
        try:
            if pcapng.byte_order(os.pread(fd, 12, 0)) is None:
                raise PacketError(
                    f'"{path}" is not a pcapng file',
                    "convert an older one with: editcap -F pcapng OLD NEW",
                )
            store._read_all()
        except BaseException:
            store.close()
            raise
        return store

    def __len__(self) -> int:
        return len(self._index)

    @property
    def endpoints(self) -> list[Endpoint]:
        """Where the packets were captured, one entry an interface block."""
        return [endpoint for _, endpoint in self._interfaces]

    @property
    def size(self) -> int:
        """Bytes of the file that hold whole blocks."""
        return self._end

    def packet(self, index: int) -> Packet:
        """The packet at ``index``, counted from 0 (so its number is one more).

        Raises:
            IndexError: There is none.
            PacketError: The file no longer holds it.
        """
        count = len(self._index)
        if not 0 <= index < count:
            raise IndexError(index)
        start = self._index[index]
        stop = self._index[index + 1] if index + 1 < count else self._end
        return self._parse(index, os.pread(self._fd, stop - start, start), 0)

    def packets(self, start: int = 0, stop: int | None = None) -> Iterator[Packet]:
        """The packets from ``start`` up to ``stop``, read in large pieces."""
        for index, offsets, piece in self._pieces(start, stop):
            for number, offset in enumerate(offsets, index):
                yield self._parse(number, piece, offset)

    def frames(
        self, start: int = 0, stop: int | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Link type and bytes alone of those packets: several times as fast."""
        head = pcapng.PACKET_HEAD_SIZE
        kinds = [interface.linktype for interface, _ in self._interfaces]
        for index, offsets, piece in self._pieces(start, stop):
            if len(self._sections) > 1 or self._sections[0].order != "=":
                for number, offset in enumerate(offsets, index):
                    packet = self._parse(number, piece, offset)
                    yield packet.linktype, packet.data
                continue
            read = pcapng.PACKET_HEAD.unpack_from
            for offset in offsets:
                _, _, interface, _, _, captured, _ = read(piece, offset)
                begin = offset + head
                yield kinds[interface], piece[begin : begin + captured]

    def _pieces(
        self, start: int, stop: int | None
    ) -> Iterator[tuple[int, list[int], bytes]]:
        """Large pieces of the file: the first packet's index, all offsets, the bytes.

        Raises:
            PacketError: The file no longer holds them.
        """
        count = len(self._index)
        stop = count if stop is None else min(stop, count)
        index = max(start, 0)
        while index < stop:
            first = self._index[index]
            last = bisect_left(self._index, first + _READ_AT_ONCE, index + 1, stop)
            end = self._index[last] if last < count else self._end
            piece = os.pread(self._fd, end - first, first)
            if len(piece) < end - first:
                raise PacketError(f"packet {last} is no longer in the file")
            yield index, [at - first for at in self._index[index:last]], piece
            index = last

    def publish(self, lengths: Iterable[int], size: int) -> None:
        """Add packets whose blocks of these lengths now end the file at ``size``."""
        added = list(lengths)
        offsets = list(accumulate(added, initial=size - sum(added)))
        offsets.pop()  # where the next packet will be
        with self._lock:
            self._end = size
            self._index.extend(offsets)

    def save(self, path: Path, tail: bytes = b"") -> int:
        """Copy the packets so far to a file of their own, replacing what is there.

        Args:
            path: The new file.
            tail: Whole blocks to end it with.

        Returns:
            The number of packets in it.

        Raises:
            PacketError: It can't be written.
        """
        with self._lock:
            count, end = len(self._index), self._end
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(self._fd), path.stat()):
                raise PacketError(f'"{path}" is the file being captured into')
        # Beside it first: a full disk must not cost the file that was there.
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with partial.open("wb") as out:
                for offset in range(0, end, _READ_AT_ONCE):
                    size = min(_READ_AT_ONCE, end - offset)
                    out.write(os.pread(self._fd, size, offset))
                out.write(tail)
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            reason = error.strerror or str(error)
            raise PacketError(
                f'"{path}" cannot be written: {reason}', "choose another file"
            ) from None
        return count

    def close(self) -> None:
        """Close the file; nothing can be read any more."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _parse(self, index: int, block: bytes, offset: int) -> Packet:
        section = self._sections[0]
        if len(self._sections) > 1:
            at = bisect_right(self._sections, index, key=lambda s: s.first) - 1
            section = self._sections[at]
        body = offset + pcapng.PACKET_HEAD_SIZE
        if len(block) < body:
            raise PacketError(f"packet {index + 1} is no longer in the file")
        head = block[offset:body]
        number, ticks, captured, length = pcapng.parse_packet_head(head, section.order)
        if len(block) < body + captured:
            raise PacketError(f"packet {index + 1} is no longer in the file")
        interface, endpoint = self._interfaces[section.base + number]
        return Packet(
            index + 1,
            ticks * 1_000_000_000 // interface.ticks,
            endpoint,
            block[body : body + captured],
            length,
            interface.linktype,
        )

    def _add_interface(self, interface: Interface) -> None:
        match = re.fullmatch(r"([^:]+):(.+)", interface.name)
        namespace, ifname = match.groups() if match else ("", interface.name)
        self._interfaces.append((interface, Endpoint(namespace, ifname)))

    def _read_all(self) -> None:
        with mmap.mmap(self._fd, 0, access=mmap.ACCESS_READ) as mapped:
            view = memoryview(mapped)
            try:
                self._index_blocks(view)
            finally:
                view.release()

    def _index_blocks(self, view: memoryview) -> None:
        offsets: list[int] = []
        section = self._sections[0]
        self._sections.clear()
        for kind, offset, total in pcapng.blocks(view):
            if kind == pcapng.SECTION:
                order = pcapng.byte_order(bytes(view[offset : offset + 12])) or "="
                section = _Section(len(offsets), len(self._interfaces), order)
                self._sections.append(section)
            elif kind == pcapng.INTERFACE and total >= 20:
                block = bytes(view[offset : offset + total])
                self._add_interface(pcapng.parse_interface(block, section.order))
            elif kind == pcapng.PACKET and total >= 32:
                head = bytes(view[offset : offset + pcapng.PACKET_HEAD_SIZE])
                number, _, captured, _ = pcapng.parse_packet_head(head, section.order)
                known = section.base + number < len(self._interfaces)
                if not known or captured > total - 32:
                    break
                offsets.append(offset)
            self._end = offset + total
        self._index.extend(offsets)
