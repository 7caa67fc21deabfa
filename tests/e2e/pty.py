"""The real program on a terminal that counts: every byte that it is sent is kept."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

DEADLINE = float(os.environ.get("TUILAB_E2E_DEADLINE", "60"))
QUIET = 0.6
"""Seconds without a byte after which a change counts as painted."""


class CountingTerminal:
    """A pseudo terminal with a program on it."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        size: tuple[int, int] = (160, 48),
    ) -> None:
        master, slave = pty.openpty()
        width, height = size
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", height, width, 0, 0))
        self._master = master
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**environment, "TERM": "xterm-256color"},
            cwd=folder,
            start_new_session=True,
            # The terminal that it controls, as after a login.
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    @property
    def pid(self) -> int:
        """The program's process."""
        return self._process.pid

    @property
    def fd(self) -> int:
        """What to wait on for something to be painted."""
        return self._master

    def read(self) -> bytes:
        """What is painted next."""
        return os.read(self._master, 1 << 16)

    def send(self, text: str) -> None:
        """Type."""
        os.write(self._master, text.encode())

    def read_until(
        self, holds: Callable[[bytes], object], deadline: float = DEADLINE
    ) -> bytes:
        """What is painted until something holds of it."""
        end, seen = time.monotonic() + deadline, b""
        while not holds(seen):
            left = end - time.monotonic()
            news = select.select([self._master], [], [], max(0.0, left))[0]
            assert news, f"not painted in {deadline:.0f} s; but {seen[-2000:]!r}"
            seen += self.read()
        return seen

    def painted(self) -> bytes:
        """What is painted from now on until nothing is painted any more."""
        return self.rest(self.read_until(bool))

    def rest(self, seen: bytes = b"", quiet: float = QUIET) -> bytes:
        """What was seen, and what still comes until it has been quiet for so long."""
        while select.select([self._master], [], [], quiet)[0]:
            seen += self.read()
        return seen

    def read_for(self, seconds: float) -> bytes:
        """What is painted in so many seconds."""
        end, seen = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0:
            if select.select([self._master], [], [], left)[0]:
                seen += os.read(self._master, 1 << 16)
        return seen

    def cpu(self) -> float:
        """Seconds of processor time that the program and its children have taken."""
        ticks, left = 0, [self._process.pid]
        while left:
            folder = Path(f"/proc/{left.pop()}")
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, stat[11:15]))
            for task in folder.glob("task/*/children"):
                left += map(int, task.read_text().split())
        return ticks / os.sysconf("SC_CLK_TCK")

    def wait(self) -> None:
        """Read on until the program has ended by itself."""
        with contextlib.suppress(OSError):  # nobody writes there any more
            while select.select([self._master], [], [], DEADLINE)[0]:
                if not os.read(self._master, 1 << 16):
                    break
        self._process.wait(DEADLINE)

    def close(self) -> None:
        """Hang up."""
        os.close(self._master)
        try:
            self._process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            raise


def rested(terminals: Sequence[CountingTerminal], quiet: float = QUIET) -> list[bytes]:
    """What is painted on each until it has been quiet on all of them for so long."""
    seen = [b"" for _ in terminals]
    while news := select.select([it.fd for it in terminals], [], [], quiet)[0]:
        for number, terminal in enumerate(terminals):
            if terminal.fd in news:
                seen[number] += terminal.read()
    return seen
