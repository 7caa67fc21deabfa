"""One libpcap handle, opened inside the namespace of its endpoint."""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import socket
import struct
import time
from pathlib import Path
from typing import Any, Final

from tuilab.errors import NotFoundError, PacketError, RightsError
from tuilab.kernel import netns
from tuilab.model.links import Endpoint
from tuilab.model.topology import HOST
from tuilab.packets.filters import SNAPLEN
from tuilab.packets.pcapng import linktype_of

RETIRE_SECONDS: Final = 0.1
"""The kernel shows a packet at the latest after twice the timeout it is given."""

_RETIRE_SLACK = 0.03
_TIMEOUT_MS = 50
_BATCH = 1024
_BATCH_BYTES = 1 << 16
"""What libpcap's batches have room for at once; more of it is copied once more, and no
longer at hand in the processor when it is written."""
_SIOCGIFNAME = 0x8910
_SIOCGSKNS = 0x894C
_NAMES = Path("/run/netns")

# What pcap_activate(3PCAP) returns; pcapy hands the number on, without a sentence.
_NO_SUCH_DEVICE = -5
_NO_PERMISSION = (-8, -11)
_NOT_UP = -9


class Handle:
    """A live capture of one endpoint, read without blocking.

    Attributes:
        endpoint: What is captured.
        linktype: LINKTYPE number of its packets.
        dropped: Packets lost because the ring was full.
        delivered: Packets read so far.
        ended: Why it ended by itself; empty while it lives.
        deadline: When to wait no longer, monotonic seconds; infinite while it lives.
    """

    def __init__(
        self, endpoint: Endpoint, pcap: Any, control: socket.socket, ifindex: int
    ) -> None:
        self.endpoint = endpoint
        self.linktype = linktype_of(pcap.datalink())
        self.dropped = 0
        self.delivered = 0
        self.ended = ""
        self._arrived = 0
        self._target = 0
        self.deadline = math.inf
        self._batch = _BATCH
        self._pcap = pcap
        self._control = control
        self._ifindex = ifindex
        self._inode = 0 if endpoint.namespace == HOST else _netns_inode(control)
        self._path = _NAMES / endpoint.namespace

    @classmethod
    def open(cls, endpoint: Endpoint, capture_filter: str, ring: int) -> Handle:
        """Open and start it; every packet from now on is captured.

        Args:
            endpoint: What to capture.
            capture_filter: pcap-filter text, empty for everything.
            ring: Bytes of kernel memory that hold packets until they are read.

        Raises:
            NotFoundError: The namespace or the interface does not exist.
            PacketError: It is down, or the filter does not suit it.
            RightsError: Capturing is not permitted.
        """
        return netns.run_in(
            endpoint.namespace, lambda: cls._open_here(endpoint, capture_filter, ring)
        )

    @classmethod
    def _open_here(cls, endpoint: Endpoint, capture_filter: str, ring: int) -> Handle:
        import pcapy

        try:
            ifindex = socket.if_nametoindex(endpoint.ifname)
        except OSError:
            raise _missing(endpoint) from None
        pcap = pcapy.create(endpoint.ifname)
        control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            pcap.set_snaplen(SNAPLEN)
            pcap.set_promisc(1)
            pcap.set_buffer_size(ring)
            pcap.set_timeout(_TIMEOUT_MS)
            _check_activated(endpoint, pcap.activate())
            if capture_filter:
                _set_filter(endpoint, pcap, capture_filter)
            pcap.setnonblock(1)
            return cls(endpoint, pcap, control, ifindex)
        except BaseException:
            pcap.close()
            control.close()
            raise

    def fileno(self) -> int:
        """For poll: readable when a piece of the ring is full or its time is up."""
        return int(self._pcap.getfd())

    def read(self) -> tuple[bytes, bytes] | None:
        """The next packets, as `pcapng.Framer` takes them, or None."""
        import pcapy

        payload = meta = b""
        try:
            payload, meta = self._pcap.next_batch(self._batch)
        except pcapy.PcapError:
            # The interface went down, which is told once, before the packets that
            # still wait. The handle outlives it and goes on when it comes up again.
            try:
                payload, meta = self._pcap.next_batch(self._batch)
            except pcapy.PcapError as error:
                self.ended = f'"{self.endpoint}" cannot be read: {error}'
                self.finish()
        if not meta:
            return None
        count = len(meta) // 16
        self.delivered += count
        self._batch = max(1, min(_BATCH, _BATCH_BYTES * count // (len(payload) or 1)))
        return payload, meta

    def count(self) -> None:
        """Bring ``dropped`` up to date."""
        # The first number also has what came before the filter was set, and both ways
        # of a loopback packet; so it is good for an upper limit only.
        self._arrived, self.dropped, _ = self._pcap.stats()

    @property
    def received(self) -> int:
        """Packets that passed the filter, lost ones included."""
        return self.delivered + self.dropped

    def finish(self) -> None:
        """Take what the ring holds by now, and no longer wait for more."""
        if self.deadline == math.inf:
            self.count()
            self._target = self._arrived - self.dropped
            self.deadline = time.monotonic() + _RETIRE_SLACK + RETIRE_SECONDS

    def complete(self) -> bool:
        """Whether all that was there at `finish` has been read."""
        return self.deadline < math.inf and self.delivered >= self._target

    def check(self) -> bool:
        """Whether the interface and its namespace are still there; sets ``ended``."""
        request = struct.pack("=16si20x", b"", self._ifindex)
        try:
            fcntl.ioctl(self._control, _SIOCGIFNAME, request)
        except OSError:
            self.ended = f'"{self.endpoint}" is gone'
            return False
        if self._inode and not self._namespace_is_named():
            self.ended = f'namespace "{self.endpoint.namespace}" is gone'
            return False
        return True

    def close(self) -> None:
        """Free the ring; the namespace is no longer held."""
        self._pcap.close()
        self._control.close()

    def _namespace_is_named(self) -> bool:
        # Our own socket keeps a removed namespace alive: only its name tells.
        if _inode_of(self._path) == self._inode:
            return True
        with contextlib.suppress(OSError):
            for path in _NAMES.iterdir():
                if _inode_of(path) == self._inode:
                    self._path = path
                    return True
        return False


def _inode_of(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _netns_inode(control: socket.socket) -> int:
    fd = fcntl.ioctl(control, _SIOCGSKNS)
    try:
        return os.fstat(fd).st_ino
    finally:
        os.close(fd)


def _check_activated(endpoint: Endpoint, status: int) -> None:
    if status >= 0:
        return
    if status == _NO_SUCH_DEVICE:
        raise _missing(endpoint)
    if status == _NOT_UP:
        raise PacketError(
            f'"{endpoint}" is down', f"set it up first: tuilab set {endpoint} up"
        )
    if status in _NO_PERMISSION:
        raise RightsError(
            f'capturing on "{endpoint}" is not permitted',
            "run tuilab doctor to see what is missing",
        )
    raise PacketError(
        f'"{endpoint}" cannot be captured (libpcap status {status})',
        "capture fewer interfaces at once if memory is short",
    )


def _set_filter(endpoint: Endpoint, pcap: Any, text: str) -> None:
    import pcapy

    try:
        pcap.setfilter(text)
    except (pcapy.PcapError, pcapy.BPFError) as error:
        raise PacketError(
            f'filter "{text}" does not suit "{endpoint}": {error}'
        ) from None


def _missing(endpoint: Endpoint) -> NotFoundError:
    names = ", ".join(name for _, name in socket.if_nameindex())
    return NotFoundError(
        f'"{endpoint}" does not exist', f'"{endpoint.namespace}" has: {names}'
    )
