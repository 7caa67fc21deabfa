"""What an expression may take, so that one without end does not take the machine.

A preview is made while a person types: what they have typed so far may well mean
something endless.
"""

from __future__ import annotations

import contextlib
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tuilab.errors import UsageError

_SECONDS: Final = 5
_BYTES: Final = 512 << 20


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """End this process after some seconds of work, and give it only so much memory.

    A signal that nothing catches, since a single step of Python may take for ever.

    Raises:
        MemoryError: More memory was wanted.
    """
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + _BYTES
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY or soft > most:
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def exceeded(code: int) -> UsageError | None:
    """What to say of a process that ended so; None if it was not `bounded` that did."""
    if code != -signal.SIGPROF:
        return None
    return UsageError(
        f"the expression has not come to an end after {_SECONDS} s of work",
        "make it simpler",
    )


def too_large(text: str) -> UsageError:
    """What to say of an expression that wanted more memory."""
    return UsageError(
        f'"{text}" takes more than {_BYTES >> 20} MB of memory', "make it smaller"
    )
