"""What has been captured and is still to be put into its file's form.

To read packets costs a third of what it costs to put them into a file's form. So when
more come than can be put down, they are set aside as they are, on disk, and nothing is
lost of a rush that is longer than the kernel's memory.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

_HEAD: Final = struct.Struct("=dIII")
_PIECE: Final = 16 << 20
"""Bytes of the file that are used again once all that is in them has been taken."""
_KEPT: Final = 4 * _PIECE
_OTHERS: Final = 3
"""The file may take a third of what it leaves free: all in it is written once more."""


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


@dataclass(slots=True)
class _Piece:
    """A piece of the file: what is between ``read`` and ``written`` waits."""

    start: int
    read: int
    written: int

    def has_room(self, size: int) -> bool:
        return self.written + size <= self.start + _PIECE


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
        self._size = 0
        self._stored = 0
        self._used: deque[_Piece] = deque()
        self._free: list[int] = []
        self._memory: deque[Batch] = deque()

    def __bool__(self) -> bool:
        return bool(self._stored or self._memory)

    def put(self, batch: Batch) -> None:
        """Take one in."""
        if self.full or not self._store(batch):
            self.full = True
            self._memory.append(batch)

    def take(self) -> Batch:
        """Give out the oldest; there must be one."""
        batch = self._load() if self._stored else self._memory.popleft()
        if not self:
            self.full = False
            if self._size > _KEPT:
                os.ftruncate(self._file, _KEPT)
                self._size = _KEPT
                self._used.clear()
                self._free = list(range(0, _KEPT, _PIECE))
        return batch

    def close(self) -> None:
        """Forget it all."""
        if self._file >= 0:
            os.close(self._file)

    def _store(self, batch: Batch) -> bool:
        number, read, payload, meta = batch
        head = _HEAD.pack(read, number, len(payload), len(meta))
        size = len(head) + len(payload) + len(meta)
        try:
            piece = self._piece(size)
            if piece is None:
                return False
            data = [head, payload, meta]
            if os.pwritev(self._file, data, piece.written) < size:
                return False
        except OSError:
            return False
        piece.written += size
        self._stored += 1
        return True

    def _piece(self, size: int) -> _Piece | None:
        """One with so much room, if there is."""
        if self._used and self._used[-1].has_room(size):
            return self._used[-1]
        if size > _PIECE:
            return None
        if self._file < 0:
            self._file, name = tempfile.mkstemp(dir=self._directory)
            Path(name).unlink()
        if not self._free:
            disk = os.fstatvfs(self._file)
            if (self._size + _PIECE) * _OTHERS > disk.f_bavail * disk.f_frsize:
                return None
            self._free.append(self._size)
            self._size += _PIECE
        # The one that was let go of last: its memory is the most at hand.
        start = self._free.pop()
        self._used.append(_Piece(start, start, start))
        return self._used[-1]

    def _load(self) -> Batch:
        piece = self._used[0]
        fd, place = self._file, piece.read
        read, number, payload, meta = _HEAD.unpack(os.pread(fd, _HEAD.size, place))
        place += _HEAD.size
        batch = Batch(
            number,
            read,
            os.pread(fd, payload, place),
            os.pread(fd, meta, place + payload),
        )
        piece.read = place + payload + meta
        self._stored -= 1
        if piece.read == piece.written:
            self._used.popleft()
            self._free.append(piece.start)
        return batch
