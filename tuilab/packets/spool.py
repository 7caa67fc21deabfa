"""What has been captured and not been put into its form yet.

To read packets costs a third of what it costs to put them into a file's form. So when
more come than can be put down, they are set aside as they are, on disk, and nothing is
lost of a rush that is longer than the kernel's memory.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections import deque
from pathlib import Path
from typing import Final, NamedTuple

_HEAD: Final = struct.Struct("=dIII")
_SHARE: Final = 4
"""A quarter of what the disk has left: the file itself needs room for the same."""
_KEPT: Final = 64 << 20
"""Bytes of the file that stay in use; to write on them again is cheaper."""


class Batch(NamedTuple):
    """Packets that were read at once.

    Attributes:
        number: Of the handle that they came from.
        read: When, monotonic seconds.
        payload: See `handle.Handle.read`.
        meta: Likewise.
    """

    number: int
    read: float
    payload: bytes
    meta: bytes


class Spool:
    """Batches, first in, first out; true while there are any.

    Attributes:
        full: Whether to read no more before it is empty: the disk has no room. What is
            put in all the same is kept in memory.
    """

    def __init__(self, directory: Path) -> None:
        """Empty, and without a file until there is need.

        Args:
            directory: Where to have a file, which has no name there.
        """
        self.full = False
        self._directory = directory
        self._file = -1
        self._room = 0
        self._begin = self._end = 0
        self._memory: deque[Batch] = deque()

    def __bool__(self) -> bool:
        return self._begin < self._end or bool(self._memory)

    def put(self, batch: Batch) -> None:
        """Take one in."""
        if self.full or not self._written(batch):
            self.full = True
            self._memory.append(batch)

    def take(self) -> Batch:
        """Give out the oldest; there must be one."""
        batch = self._read() if self._begin < self._end else self._memory.popleft()
        if not self:
            if self._end > _KEPT:
                os.ftruncate(self._file, _KEPT)
            self.full = False
            self._begin = self._end = 0
        return batch

    def close(self) -> None:
        """Forget it all."""
        if self._file >= 0:
            os.close(self._file)

    def _written(self, batch: Batch) -> bool:
        number, read, payload, meta = batch
        head = _HEAD.pack(read, number, len(payload), len(meta))
        size = len(head) + len(payload) + len(meta)
        try:
            if self._file < 0:
                self._file, name = tempfile.mkstemp(dir=self._directory)
                Path(name).unlink()
            if not self._end:
                disk = os.fstatvfs(self._file)
                self._room = disk.f_bavail * disk.f_frsize // _SHARE
            if self._end + size > self._room:
                return False
            pieces = [head, payload, meta]
            done = os.pwritev(self._file, pieces, self._end)
        except OSError:
            return False
        if done < size:
            return False
        self._end += size
        return True

    def _read(self) -> Batch:
        fd, place = self._file, self._begin
        read, number, payload, meta = _HEAD.unpack(os.pread(fd, _HEAD.size, place))
        place += _HEAD.size
        data = os.pread(fd, payload, place)
        self._begin = place + payload + meta
        return Batch(number, read, data, os.pread(fd, meta, place + payload))
