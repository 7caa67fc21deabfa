"""What to say when tuilab itself is at fault: one sentence and a report."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tuilab import __version__
from tuilab.cli.output import say
from tuilab.lab import registry


def confess(error: Exception) -> None:
    """Save what is known of an unexpected error and say where."""
    if os.environ.get("TUILAB_DEBUG"):
        traceback.print_exception(error)
    say(f"tuilab: this should not have happened: {type(error).__name__}: {error}")
    path = _save(error)
    if path is not None:
        say(f'  please report it, with "{path}"')


def reports() -> Path:
    """Where reports are kept."""
    return registry.state_directory() / "reports"


def _save(error: Exception) -> Path | None:
    lines = [
        f"tuilab {__version__}, Python {platform.python_version()}",
        f"{platform.system()} {platform.release()} {platform.machine()}",
        time.strftime("%Y-%m-%d %H:%M:%S %z"),
        f"command line: {' '.join(sys.argv[1:])}",
        "",
        *traceback.format_exception(error),
    ]
    stamp = time.strftime("%Y%m%d-%H%M%S-")
    for folder in (reports(), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(".txt", f"tuilab-{stamp}", folder)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write("\n".join(lines))
        except OSError:
            continue
        return Path(name)
    return None
