"""Kernel settings, per network namespace, through /proc/sys.

/proc/sys/net shows the namespace of the thread that opens it, so these functions are
called through `netns.run_in`.
"""

from __future__ import annotations

from pathlib import Path

from tuilab.errors import KernelError
from tuilab.model.sysctls import SYSCTLS

_ROOT = Path("/proc/sys")


def path(key: str) -> Path:
    """The file of a setting."""
    return _ROOT / key.replace(".", "/")


def read_all() -> dict[str, str]:
    """Every setting of `model.sysctls` that this kernel has, here and now."""
    found = {}
    for key in SYSCTLS:
        try:
            found[key] = path(key).read_text().strip()
        except OSError:
            continue
    return found


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


def set_defaults() -> None:
    """Give a new namespace tuilab's defaults: the kernel copies the machine's own."""
    for key, value in read_all().items():
        if value != SYSCTLS[key].default:
            write(key, SYSCTLS[key].default)
