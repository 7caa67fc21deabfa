"""Where a capture writes: a file, or a stream that somebody reads."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Callable, Sequence
from typing import Protocol

_PIPE_CHUNK = 4096
"""POSIX's PIPE_BUF on Linux: a pipe that polls writable takes that much at once."""
_AT_ONCE = 1024
"""Linux's IOV_MAX."""
_CHECK_MS = 100
_IDLE_CHECKS = 10


class Sink(Protocol):
    """Takes whole blocks; an OSError leaves only whole blocks behind, if it can."""

    def write(self, data: bytes) -> None:
        """Write all of it, or raise OSError."""

    def write_blocks(self, blocks: Sequence[bytes]) -> int:
        """Write all of them, or raise OSError; the number of bytes."""

    def close(self) -> None:
        """Let go of the descriptor."""


class FileSink:
    """A file on disk. A write that fails leaves the file as it was before it."""

    def __init__(self, fd: int, size: int = 0) -> None:
        """Append to ``fd``, which is closed in the end and holds ``size`` bytes."""
        self._fd = fd
        self.size = size

    def write(self, data: bytes) -> None:
        """Append ``data``; raises OSError (ENOSPC ...) with nothing added."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError:
            self._forget(self.size)
            raise
        self.size += len(data)

    def write_blocks(self, blocks: Sequence[bytes]) -> int:
        """Append them without copying them together first; see `write`."""
        before = self.size
        for start in range(0, len(blocks), _AT_ONCE):
            piece = blocks[start : start + _AT_ONCE]
            wanted = sum(map(len, piece))
            try:
                written = os.writev(self._fd, piece)
            except OSError:
                self._forget(before)
                raise
            self.size += written
            if written < wanted:
                # A disk that is about to be full, most likely.
                try:
                    self.write(b"".join(piece)[written:])
                except OSError:
                    self._forget(before)
                    raise
        return self.size - before

    def _forget(self, size: int) -> None:
        """Leave the file as it was when it had that size."""
        os.ftruncate(self._fd, size)
        os.lseek(self._fd, size, os.SEEK_SET)
        self.size = size

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class StreamSink:
    """A pipe, socket or terminal, such as standard output; never seeks.

    A reader that stops reading holds up writing, but not the end: once ``given_up``
    says so, it has one more second for each piece.
    """

    def __init__(self, fd: int, given_up: Callable[[], bool]) -> None:
        self._fd = os.dup(fd)
        self._given_up = given_up
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLOUT)

    def write(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            BrokenPipeError: Nobody reads any more.
            TimeoutError: The end has come, and the reader does not read.
        """
        rest = memoryview(data)
        idle = 0
        while rest:
            if self._poll.poll(_CHECK_MS):
                idle = 0
                with contextlib.suppress(BlockingIOError):
                    rest = rest[os.write(self._fd, rest[:_PIPE_CHUNK]) :]
                continue
            idle += self._given_up()
            if idle >= _IDLE_CHECKS:
                raise TimeoutError("its reader has stopped reading")

    def write_blocks(self, blocks: Sequence[bytes]) -> int:
        """Write all of them; raises as `write` does."""
        data = b"".join(blocks)
        self.write(data)
        return len(data)

    def close(self) -> None:
        """Close this descriptor; the caller's own stays open."""
        os.close(self._fd)
