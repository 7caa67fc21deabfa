"""Processes that look through stored packets for us, each at a piece of its own.

Python looks at packets with one processor only, and while it does, the screen gets no
turn. What these find is told in the order of the packets.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import struct
import subprocess
import threading
import time
from collections import deque
from typing import Any, Final

from tuilab.packets import spawn
from tuilab.packets.store import Store

__all__ = ["FOUND", "ORDER", "Crew"]

ORDER: Final = struct.Struct("=QQ")
"""What a process is told: the piece from the first number up to the second."""
FOUND: Final = struct.Struct("=Q")
"""What it begins its answer with: how many numbers of packets follow, so packed."""
_MOST: Final = 2
_PIECE: Final = 10_000
"""Packets a piece: some hundredths of a second."""
_AHEAD: Final = 2
"""Pieces a process knows of, so that it never waits for us."""
_READ_AT_ONCE: Final = 1 << 20


class Crew:
    """Some processes, from `hire` to `close`."""

    def __init__(self, start: int, stop: int) -> None:
        """For the packets from ``start`` up to ``stop``."""
        self._helpers: list[_Helper] = []
        self._next, self._stop = start, stop
        self._told = start
        self._ready: dict[int, tuple[int, bytes]] = {}
        self._lock = threading.Lock()
        self._closed = False
        self.failed = False

    @classmethod
    def hire(cls, store: Store, wish: dict[str, Any], start: int) -> Crew | None:
        """Start them on a store's packets from ``start`` on.

        Args:
            store: Where the packets are.
            wish: What is wanted of them, as JSON can tell it.
            start: The first to look at.

        Returns:
            The crew; None if no process can be started.
        """
        try:
            with os.fdopen(os.memfd_create("packets"), "w+b") as offsets:
                layout, count = store.layout(offsets)
                crew = cls(start, count)
                files = (store.fileno(), offsets.fileno())
                job = {"files": files, "layout": layout, "wish": wish}
                try:
                    for _ in range(min(_MOST, len(os.sched_getaffinity(0)))):
                        crew._helpers.append(_Helper(job, files))
                except OSError:
                    crew.close()
                    return None
        except OSError:
            return None
        return crew

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come."""
        return self.failed or self._told >= self._stop

    def take(self, seconds: float) -> list[tuple[int, bytes]]:
        """What was found next, after that many seconds at most.

        Returns:
            For each piece where it ends, and the numbers of its packets, packed. The
            pieces follow each other without a gap.
        """
        deadline = time.monotonic() + seconds
        with self._lock:
            while not self.ended:
                self._hand_out()
                self._listen(max(0.0, deadline - time.monotonic()))
                found = self._in_order()
                if found or time.monotonic() >= deadline:
                    return found
        return []

    def close(self) -> None:
        """End them, whatever they do."""
        self._closed = True
        for helper in self._helpers:
            helper.process.kill()
        with self._lock:  # whoever listens to them hears that they have ended
            self.failed = True
            for helper in self._helpers:
                helper.close()

    def _hand_out(self) -> None:
        for helper in self._helpers:
            while len(helper.pieces) < _AHEAD and self._next < self._stop:
                stop = min(self._next + _PIECE, self._stop)
                if not helper.order(self._next, stop):
                    self.failed = True
                self._next = stop

    def _listen(self, seconds: float) -> None:
        poll = select.poll()
        by_fd = {helper.stdout: helper for helper in self._helpers if helper.pieces}
        for fd in by_fd:
            poll.register(fd, select.POLLIN)
        for fd, _ in poll.poll(seconds * 1000):
            answers = by_fd[fd].listen()
            if answers is None:
                self.failed = True
                return
            for start, stop, found in answers:
                self._ready[start] = stop, found

    def _in_order(self) -> list[tuple[int, bytes]]:
        found = []
        while self._told in self._ready:
            piece = self._ready.pop(self._told)
            found.append(piece)
            self._told = piece[0]
        return found


class _Helper:
    """One process, and what it was told to look at."""

    def __init__(self, job: dict[str, Any], files: tuple[int, ...]) -> None:
        self.process = subprocess.Popen(
            spawn.command("tuilab.packets.seek"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=spawn.environment(),
            pass_fds=files,
            start_new_session=True,
            bufsize=0,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._stdin, self._stdout = self.process.stdin, self.process.stdout
        self.stdout = self._stdout.fileno()
        self.pieces: deque[tuple[int, int]] = deque()
        self._heard = bytearray()
        self._write(json.dumps(job).encode() + b"\n")

    def order(self, start: int, stop: int) -> bool:
        """Have it look at a piece; whether it lives."""
        self.pieces.append((start, stop))
        return self._write(ORDER.pack(start, stop))

    def listen(self) -> list[tuple[int, int, bytes]] | None:
        """What it has looked at by now: start, stop, found; None if it has ended."""
        news = os.read(self.stdout, _READ_AT_ONCE)
        if not news:
            return None
        self._heard += news
        answers = []
        while len(self._heard) >= FOUND.size:
            end = FOUND.size * (1 + FOUND.unpack_from(self._heard)[0])
            if len(self._heard) < end:
                break
            answers.append(
                (*self.pieces.popleft(), bytes(self._heard[FOUND.size : end]))
            )
            del self._heard[:end]
        return answers

    def close(self) -> None:
        """Wait for its end, which must be near."""
        self._stdin.close()
        self._stdout.close()
        self.process.wait()

    def _write(self, data: bytes) -> bool:
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(data)
            return True
        return False
