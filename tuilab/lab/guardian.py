"""The process that takes back a change which cut off the one that made it.

Run as a program, by `lab.guarded`; descriptor 0 tells how the change fares.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

# All at once, while there is time: what is needed may be out of reach afterwards.
from tuilab.kernel import host  # noqa: F401
from tuilab.lab import session
from tuilab.lab.guarded import APPLY_SECONDS, DONE, GRACE_SECONDS, SETTLED


def main() -> None:
    """Wait for word on descriptor 0; without, take back what was begun."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    directory, seconds, pidfd = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    word = _next(APPLY_SECONDS)
    if word == DONE:
        word = _next(seconds + GRACE_SECONDS)
    if word == SETTLED:
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
