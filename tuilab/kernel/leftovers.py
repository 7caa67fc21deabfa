"""Ending a lab's processes where it could not have a PID namespace."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from tuilab.errors import KernelError

_Identity = tuple[int, int]


def _identity(path: Path) -> _Identity | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def processes() -> Iterator[int]:
    """Every process number that /proc shows."""
    with os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdigit():
                yield int(entry.name)


class Members:
    """The processes of one lab, recognised by its namespaces.

    With a PID namespace they are those in it, and the kernel ends them with its PID 1.
    Without one, a program that was run in the lab has one of the lab's network
    namespaces (or its user namespace) and a mount namespace of its own. Those that only
    entered (another tuilab) share the keeper's and live on to say what happened.
    """

    def __init__(self, keeper: int, user_ns: bool, pid_ns: bool) -> None:
        """Remember the namespaces of a living keeper."""
        base = Path(f"/proc/{keeper}")
        self._keeper = keeper
        self._mount = _identity(base / "ns/mnt")
        self._pid = _identity(base / "ns/pid") if pid_ns else None
        self._user = _identity(base / "ns/user") if user_ns else None
        self._nets = {_identity(base / "ns/net")}
        names = base / "root/run/netns"
        with contextlib.suppress(OSError):
            self._nets |= {_identity(path) for path in names.iterdir()}
        self._nets.discard(None)
        # Held open, so that no number of ours is given to a stranger meanwhile.
        self._fds: list[int] = []
        for kind in ("mnt", "user", "net", "pid"):
            with contextlib.suppress(OSError):
                self._fds.append(os.open(base / "ns" / kind, os.O_RDONLY))

    def __enter__(self) -> Members:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._fds:
            os.close(self._fds.pop())

    def end(self, deadline: float) -> None:
        """See that none runs any more.

        Args:
            deadline: By ``time.monotonic()``.

        Raises:
            KernelError: Some are still there at the deadline.
        """
        while pids := [pid for pid in processes() if self._is_member(pid)]:
            running = [pid for pid in pids if not self._kill(pid, deadline)]
            if running and time.monotonic() > deadline:
                listed = " ".join(map(str, running))
                raise KernelError(
                    f"processes of the lab still run: {listed}",
                    f"end them with `kill -9 {listed}`",
                )
            if self._pid is not None:
                return  # nothing can be born there once PID 1 is dead

    def _is_member(self, pid: int) -> bool:
        base = Path(f"/proc/{pid}/ns")
        if pid in (os.getpid(), self._keeper):
            return False
        if self._pid is not None:
            return _identity(base / "pid") == self._pid
        mount = _identity(base / "mnt")
        if mount is None or mount == self._mount:
            return False
        if self._user is not None and _identity(base / "user") == self._user:
            return True
        return _identity(base / "net") in self._nets

    def _kill(self, pid: int, deadline: float) -> bool:
        """End a process; whether it is dead (zombies are) or was not ours at all."""
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            return True
        try:
            if not self._is_member(pid):
                return True
            if self._pid is None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            poll = select.poll()
            poll.register(pidfd, select.POLLIN)
            left = max(0.0, deadline - time.monotonic())
            return bool(poll.poll(left * 1000))
        finally:
            os.close(pidfd)
