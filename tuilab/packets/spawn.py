"""Python processes of our own beside this one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_ROOT = str(Path(__file__).parents[2])


def command(module: str, *words: str) -> list[str]:
    """What to run for a module of ours to be the program."""
    return [sys.executable, "-P", "-m", module, *words]


def environment() -> dict[str, str]:
    """Ours, in which this very code is found and nothing that lies about."""
    # A relative entry would have the process import what lies about where it runs.
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = os.pathsep.join([_ROOT, *filter(os.path.isabs, paths)])
    return os.environ | {"PYTHONPATH": path}
