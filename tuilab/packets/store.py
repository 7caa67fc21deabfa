"""Random access to the packets of a file, also while it grows.

That is a pcapng file, or one of the classic pcap format.

The file is the truth; in memory there is one 8-byte offset a packet.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypedDict

from tuilab.errors import PacketError
from tuilab.model.links import Endpoint
from tuilab.packets import pcap, pcapng
from tuilab.packets.pcapng import Interface

_READ_AT_ONCE = 1 << 20
_OFFSETS_AT_ONCE = 1 << 16
_HEAD_SIZE = 24


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
    """From packet ``first`` on, interface ids count from ``base``.

    A classic file is one section, whose packets have shorter heads.
    """

    first: int
    base: int
    order: str
    classic: bool = False

    @property
    def head(self) -> int:
        """Bytes before those of a packet."""
        return pcap.RECORD_SIZE if self.classic else pcapng.PACKET_HEAD_SIZE

    def frame(self) -> Callable[[bytes, int], tuple[int, ...]]:
        """Reads a packet's interface and how many bytes there are of it."""
        if self.classic:
            read = struct.Struct(self.order + "8xI").unpack_from
            return lambda piece, offset: (0, *read(piece, offset))
        return struct.Struct(self.order + "8xI8xI").unpack_from


class Layout(TypedDict):
    """What another process has to know to read the same file, as JSON can tell it.

    Attributes:
        interfaces: Name, link type and ticks of each interface block.
        sections: First packet, first interface, byte order of each section, and
            whether it is classic.
        size: Bytes of the file that hold whole blocks.
    """

    interfaces: list[tuple[str, int, int]]
    sections: list[tuple[int, int, str, bool]]
    size: int


class Store:
    """The packets of one file by number. Reading is safe from any thread.

    Attributes:
        trouble: What is wrong with the file, in words; empty if nothing is.
    """

    def __init__(
        self,
        fd: int,
        interfaces: Iterable[Interface] = (),
        size: int = 0,
        *,
        classic: bool = False,
    ) -> None:
        """Read from ``fd``, which the store closes.

        Args:
            fd: A file that can be read at any place.
            interfaces: The interface blocks it starts with.
            size: Bytes that all blocks before the first packet take.
            classic: Whether it is of the classic format, with one interface.
        """
        self.trouble = ""
        self._fd = fd
        self._index = array("Q")
        self._end = size
        self._lock = threading.Lock()
        self._interfaces: list[tuple[Interface, Endpoint]] = []
        self._sections = [_Section(0, 0, "=", classic)]
        for interface in interfaces:
            self.add_interface(interface)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Index a file that is there, pcapng or pcap.

        A damaged or cut end is left out; `trouble` tells of it.

        Raises:
            PacketError: It can't be read, or is neither.
        """
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            reason = error.strerror or str(error)
            raise PacketError(f'"{path}" cannot be read: {reason}') from None
        store = cls(fd)
        try:
            start = os.pread(fd, pcap.HEAD_SIZE, 0)
            if pcapng.byte_order(start) is not None:
                store._read_all(store._index_blocks)
            elif (head := pcap.read_head(start)) is not None:
                store._begin_classic(path, head)
                store._read_all(store._index_records)
            else:
                raise PacketError(
                    f'"{path}" is neither a pcapng nor a pcap file',
                    "name one, such as tuilab capture -w or tcpdump -w writes",
                )
            store._look_at_end()
        except BaseException:
            store.close()
            raise
        return store

    def layout(self, offsets: BinaryIO) -> tuple[Layout, int]:
        """What `join` needs elsewhere, of the packets that there are by now.

        Args:
            offsets: Where to write each packet's place in the file.

        Returns:
            The layout and the number of packets.
        """
        with self._lock:
            count, size = len(self._index), self._end
        # Slices of its own: an array can't grow while it is written.
        offsets.writelines(
            self._index[start : min(start + _OFFSETS_AT_ONCE, count)]
            for start in range(0, count, _OFFSETS_AT_ONCE)
        )
        offsets.flush()
        known = [interface for interface, _ in self._interfaces]
        layout = Layout(
            interfaces=[(it.name, it.linktype, it.ticks) for it in known],
            sections=[astuple(section) for section in self._sections],
            size=size,
        )
        return layout, count

    @classmethod
    def join(cls, fd: int, layout: Layout, offsets: bytes) -> Store:
        """Read what another process has indexed.

        Args:
            fd: The file, which the store closes.
            layout: What its `layout` gave there.
            offsets: What it has written there.
        """
        interfaces = [Interface(*told) for told in layout["interfaces"]]
        store = cls(fd, interfaces, layout["size"])
        store._sections = [_Section(*told) for told in layout["sections"]]
        store._index.frombytes(offsets)
        return store

    def fileno(self) -> int:
        """The descriptor of the file."""
        return self._fd

    def __len__(self) -> int:
        return len(self._index)

    @property
    def interfaces(self) -> list[tuple[Interface, Endpoint]]:
        """The interface blocks, and the endpoints that they are of."""
        return list(self._interfaces)

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
        """Place in `interfaces` and bytes of those packets: several times as fast."""
        count = len(self._index)
        start, stop = max(start, 0), count if stop is None else min(stop, count)
        ends = [section.first for section in self._sections[1:]] + [count]
        for section, end in zip(self._sections, ends, strict=True):
            read, base, head = section.frame(), section.base, section.head
            begin = max(start, section.first)
            for _, offsets, piece in self._pieces(begin, min(stop, end)):
                for offset in offsets:
                    number, captured = read(piece, offset)
                    body = offset + head
                    yield base + number, piece[body : body + captured]

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

    def publish(self, offsets: bytes, size: int) -> None:
        """Add packets at these places, packed; the file now ends at ``size``."""
        with self._lock:
            self._end = size
            self._index.frombytes(offsets)

    def add_interface(self, interface: Interface) -> None:
        """There is another interface block: packets that follow may be of it."""
        match = re.fullmatch(r"([^:]+):(.+)", interface.name)
        namespace, ifname = match.groups() if match else ("", interface.name)
        self._interfaces.append((interface, Endpoint(namespace, ifname)))

    def save(self, path: Path, tail: bytes = b"") -> int:
        """Copy the packets so far to a file of their own, replacing what is there.

        Args:
            path: The new file: pcapng, or the classic format where it ends in .pcap.
            tail: Whole blocks to end a pcapng file with.

        Returns:
            The number of packets in it.

        Raises:
            PacketError: It can't be written, or the classic format can't hold them.
        """
        classic = pcap.is_classic(path)
        kinds = {interface.linktype for interface, _ in self._interfaces}
        if classic and len(kinds) > 1:
            raise PacketError(
                "a classic pcap file holds one kind of link only",
                f'save as pcapng: "{path.with_suffix(".pcapng")}"',
            )
        with self._lock:
            count, end = len(self._index), self._end
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(self._fd), path.stat()):
                raise PacketError(f'"{path}" is the file being captured into')
        # Beside it first: a full disk must not cost the file that was there.
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with partial.open("wb") as out:
                if classic or self._sections[0].classic:
                    out.writelines(self._converted(count, classic=classic))
                else:
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

    def _converted(self, count: int, *, classic: bool) -> Iterator[bytes]:
        """The packets in the other format, piece by piece."""
        interface = self._interfaces[0][0] if self._interfaces else Interface("", 1)
        if classic:
            # Whatever reads these files knows microseconds, not all know more.
            fine = any(it.ticks > 1_000_000 for it, _ in self._interfaces)
            unit = 1 if fine else 1000
            kind = interface.linktype
            yield pcap.head(kind, snaplen=pcapng.MAX_BLOCK, nanoseconds=fine)
            for packet in self.packets(0, count):
                seconds, rest = divmod(packet.time_ns, 10**9)
                yield pcap.record(seconds, rest // unit, packet.data, packet.length)
            return
        yield pcapng.section_block("tuilab")
        yield pcapng.interface_block(interface.name, interface.linktype, digits=9)
        for packet in self.packets(0, count):
            yield pcapng.packet_block(0, packet.time_ns, packet.data, packet.length)

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
        body = offset + section.head
        if len(block) < body:
            raise PacketError(f"packet {index + 1} is no longer in the file")
        head = block[offset:body]
        if section.classic:
            number, fields = 0, struct.unpack(section.order + "4I", head)
            seconds, rest, captured, length = fields
            ticks = seconds * self._interfaces[0][0].ticks + rest
        else:
            number, ticks, captured, length = pcapng.parse_packet_head(
                head, section.order
            )
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

    def _begin_classic(self, path: Path, head: pcap.Head) -> None:
        """One interface, which goes by the name of the file, that gives none."""
        self.add_interface(Interface(path.stem, head.linktype, head.ticks))
        self._sections = [_Section(0, 0, head.order, classic=True)]
        self._end = pcap.HEAD_SIZE

    def _look_at_end(self) -> None:
        """Say what of the file was left out."""
        left = os.fstat(self._fd).st_size - self._end
        if left > 0:
            self.trouble = (
                f"cut off or damaged after packet {len(self)}: "
                f"its last {left} bytes are left out"
            )

    def _read_all(self, index: Callable[[bytes, int], int]) -> None:
        """Index the file piece by piece: mapped, all of it would count as memory.

        Args:
            index: Takes a piece, and where it is; gives what the next one is to have
                at least, 0 for no more.
        """
        size = _READ_AT_ONCE
        while piece := os.pread(self._fd, size, self._end):
            wanted = index(piece, self._end)
            if not wanted or len(piece) < size:
                break
            size = max(_READ_AT_ONCE, wanted)

    def _index_blocks(self, piece: bytes, start: int) -> int:
        """Index the whole blocks that a piece of the file begins with.

        Returns:
            Bytes that the next block has or may have; 0 if it is damaged.
        """
        if not start:
            self._sections.clear()
        order = self._sections[-1].order if self._sections else "="
        base = self._sections[-1].base if self._sections else 0
        read, known = _block_head(order), len(self._interfaces) - base
        offsets: list[int] = []
        offset, end, wanted = 0, len(piece), 0
        piece += bytes(
            _HEAD_SIZE
        )  # a last block may be shorter than what is read of it
        while offset + 12 <= end:
            kind, total, number, captured = read(piece, offset)
            if kind == pcapng.SECTION:
                found = pcapng.byte_order(piece[offset : offset + 12])
                if found is None:
                    break
                order, read = found, _block_head(found)
                total = read(piece, offset)[1]
            if total < 12 or total % 4 or total > pcapng.MAX_BLOCK:
                break
            if offset + total > end:
                wanted = total
                break
            if kind == pcapng.PACKET and total >= 32:
                if number >= known or captured > total - 32:
                    break
                offsets.append(start + offset)
            elif kind == pcapng.SECTION:
                base, known = len(self._interfaces), 0
                first = len(self._index) + len(offsets)
                self._sections.append(_Section(first, base, order))
            elif kind == pcapng.INTERFACE and total >= 20:
                block = piece[offset : offset + total]
                self.add_interface(pcapng.parse_interface(block, order))
                known += 1
            offset += total
        else:
            wanted = _READ_AT_ONCE
        self._index.extend(offsets)
        self._end = start + offset
        return wanted

    def _index_records(self, piece: bytes, start: int) -> int:
        """Do what `_index_blocks` does, of a classic file."""
        read = struct.Struct(self._sections[0].order + "8x2I").unpack_from
        offsets: list[int] = []
        offset, end, wanted = 0, len(piece), _READ_AT_ONCE
        while offset + pcap.RECORD_SIZE <= end:
            captured, _ = read(piece, offset)
            total = pcap.RECORD_SIZE + captured
            if total > pcapng.MAX_BLOCK:
                wanted = 0
                break
            if offset + total > end:
                wanted = total
                break
            offsets.append(start + offset)
            offset += total
        self._index.extend(offsets)
        self._end = start + offset
        return wanted


def _block_head(order: str) -> Callable[[bytes, int], tuple[int, ...]]:
    """Reads type and length of a block, interface and captured length of a packet."""
    return struct.Struct(order + "3I8xI").unpack_from
