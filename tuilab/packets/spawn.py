"""Python processes of our own beside this one."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

_ROOT = str(Path(__file__).parents[2])
_AUTOGROUP = Path("/proc/self/autogroup")


def command(module: str, *words: str) -> list[str]:
    """What to run for a module of ours to be the program."""
    return [sys.executable, "-P", "-m", module, *words]


def environment() -> dict[str, str]:
    """Ours, in which this very code is found and nothing that lies about."""
    # A relative entry would have the process import what lies about where it runs.
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = os.pathsep.join([_ROOT, *filter(os.path.isabs, paths)])
    return os.environ | {"PYTHONPATH": path}


def come_last(niceness: int) -> None:
    """Have this process, and the session that it leads, give way to others.

    A kernel that groups programs by session (sched(7), autogroup) compares sessions,
    and heeds a process's own nice value only within its session.
    """
    with suppress(OSError):
        os.nice(niceness)
    with suppress(OSError):
        _AUTOGROUP.write_text(f"{niceness}")
