"""A change that may cut the connection one is on: kept when confirmed, else taken back.

A guardian process of its own takes it back when the one that made it dies or hangs.
Both do the same: roll back what the journal says was begun.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tuilab.errors import NotKept

APPLY_SECONDS = 120.0
"""How long the change itself may take before the guardian thinks that it hangs."""
GRACE_SECONDS = 2.0
"""What is left to the process itself to take back what was not confirmed."""
_DONE, _SETTLED = b"d", b"s"


@dataclass(frozen=True, slots=True)
class Confirm:
    """How a person is asked.

    Attributes:
        ask: Told what was done, why that may cut the connection, and the seconds that
            there are; waits for the answer.
        seconds: No answer within these counts as no.
    """

    ask: Callable[[str, str, float], Awaitable[bool]]
    seconds: float


Keep = Callable[[str, str], Awaitable[None]]


@asynccontextmanager
async def guarded(directory: Path, confirm: Confirm | None) -> AsyncIterator[Keep]:
    """While in here, a guardian takes back what was begun if this process dies.

    Gives what asks whether to keep it, to be called once all is done; that raises
    NotKept.

    Args:
        directory: The lab's, whose journal says what was begun.
        confirm: How to ask; None for what needs no asking.
    """
    if confirm is None:
        yield _unasked
        return
    guardian = await asyncio.to_thread(_start, directory, confirm.seconds)

    async def keep(title: str, risk: str) -> None:
        _tell(guardian, _DONE)
        answer = False
        with suppress(TimeoutError):
            asked = confirm.ask(title, risk, confirm.seconds)
            answer = await asyncio.wait_for(asked, confirm.seconds)
        if not answer:
            raise NotKept(f'"{title}" was not confirmed and is taken back')

    try:
        yield keep
    except Exception:
        # It is rolled back by now.
        await _settle(guardian)
        raise
    await _settle(guardian)


async def _unasked(title: str, risk: str) -> None:
    """There is nothing to ask."""


def _start(directory: Path, seconds: float) -> subprocess.Popen[bytes]:
    pidfd = os.pidfd_open(os.getpid())
    try:
        return subprocess.Popen(
            [sys.executable, "-m", __name__, str(directory), str(seconds), str(pidfd)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(_absolute, sys.path))},
            pass_fds=(pidfd,),
            bufsize=0,
            start_new_session=True,
        )
    finally:
        os.close(pidfd)


def _absolute(folder: str) -> str:
    return str(Path(folder).absolute())


async def _settle(guardian: subprocess.Popen[bytes]) -> None:
    _tell(guardian, _SETTLED)
    await asyncio.to_thread(guardian.wait)
    if guardian.stdin is not None:
        guardian.stdin.close()


def _tell(guardian: subprocess.Popen[bytes], word: bytes) -> None:
    assert guardian.stdin is not None
    # Where there is no guardian any more nobody can be told.
    with suppress(OSError):
        guardian.stdin.write(word)


# -- the guardian ----------------------------------------------------------------


def main() -> None:
    """Wait for word on descriptor 0; without, take back what was begun."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    directory, seconds, pidfd = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    # While there is time: what is needed may be out of reach afterwards.
    from tuilab.kernel import host  # noqa: F401
    from tuilab.lab import session

    word = _next(APPLY_SECONDS)
    if word == _DONE:
        word = _next(seconds + GRACE_SECONDS)
    if word == _SETTLED:
        return
    if word is None:
        # It hangs, and holds the lock.
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)

    async def take_back() -> None:
        # Whoever opens a lab rolls back what was cut off.
        lab = await session.open_lab(session.enter(directory.name))
        await lab.aclose()

    asyncio.run(take_back())


def _next(seconds: float) -> bytes | None:
    """The next word, empty when nobody is there to say one, None when it is late."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if select.select([0], [], [], left)[0]:
            return os.read(0, 1)
    return None


if __name__ == "__main__":
    main()
