"""Kernel settings, per network namespace, through /proc/sys.

/proc/sys/net shows the namespace of the thread that opens it, so these functions are
called through `netns.run_in`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tuilab.errors import KernelError
from tuilab.model.sysctls import SYSCTLS

_ROOT = Path("/proc/sys")


def path(key: str) -> Path:
    """The file of a setting."""
    return _ROOT / key.replace(".", "/")


def write(key: str, value: str) -> None:
    """Change one setting, here and now.

    Raises:
        KernelError: The kernel has no such setting or refused the value.
    """
    try:
        path(key).write_text(f"{value}\n")
    except OSError as error:
        raise KernelError(
            f'"{key}" can\'t be set to {value}: {error.strerror}',
            "see whether this kernel has it under /proc/sys",
            error.errno or 0,
        ) from error


def set_defaults(there: Mapping[str, str]) -> None:
    """Give a new namespace tuilab's defaults: the kernel copies the machine's own."""
    for key, value in there.items():
        if value != SYSCTLS[key].default:
            write(key, SYSCTLS[key].default)
