"""A change that may cut the connection one is on: kept when confirmed, else taken back.

A guardian process of its own (`lab.guardian`) takes it back when the one that made it
dies or hangs. Both do the same: roll back what the journal says was begun.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tuilab.errors import NotKept

APPLY_SECONDS = 120.0
"""How long the change itself may take before the guardian thinks that it hangs."""
GRACE_SECONDS = 2.0
"""What is left to the process itself to take back what was not confirmed."""
DONE, SETTLED = b"d", b"s"
"""What the guardian is told: all is done and the answer awaited; all is well."""
_GUARDIAN = "tuilab.lab.guardian"


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
        _tell(guardian, DONE)
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
            [sys.executable, "-m", _GUARDIAN, str(directory), str(seconds), str(pidfd)],
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
    _tell(guardian, SETTLED)
    await asyncio.to_thread(guardian.wait)
    if guardian.stdin is not None:
        guardian.stdin.close()


def _tell(guardian: subprocess.Popen[bytes], word: bytes) -> None:
    assert guardian.stdin is not None
    # Where there is no guardian any more nobody can be told.
    with suppress(OSError):
        guardian.stdin.write(word)
