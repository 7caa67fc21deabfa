"""Kernel settings, per network namespace, through /proc/sys.

/proc/sys/net shows the namespace of the thread that opens it, so these functions are
called through `netns.run_in`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tuilab.errors import KernelError
from tuilab.model.sysctls import known, path_of, usual

_ROOT = Path("/proc/sys")
_inherited: list[str] | None = None
"""What new namespaces of this machine take over from it and is not as usual."""


def path(key: str) -> Path:
    """The file of a setting."""
    return _ROOT / path_of(key)


def read(keys: Iterable[str]) -> dict[str, str]:
    """Some settings, as far as this kernel has them, here and now."""
    found = {}
    for key in keys:
        try:
            found[key] = path(key).read_text().strip()
        except FileNotFoundError:
            continue
    return found


def write(key: str, value: str) -> None:
    """Change one setting, here and now.

    Raises:
        KernelError: The kernel has no such setting or refused the value.
    """
    try:
        path(key).write_text(f"{value}\n")
    except FileNotFoundError as error:
        hint = "it may be of a newer kernel, or of a module that is not loaded"
        if key.startswith("net.bridge."):
            hint = "it comes with a module: sudo modprobe br_netfilter"
        raise KernelError(
            f'"{key}" is no setting of this kernel', hint, error.errno or 0
        ) from error
    except OSError as error:
        raise KernelError(
            f'"{key}" can\'t be set to {value}: {error.strerror}',
            "see whether this kernel has it under /proc/sys",
            error.errno or 0,
        ) from error


def set_defaults(there: Mapping[str, str]) -> None:
    """Give a new namespace tuilab's defaults: the kernel copies the machine's own.

    It does so for IPv4's ``all`` and ``default`` (net.core.devconf_inherit_init_net),
    alike for every namespace, so they are read for the first one only.

    Args:
        there: What is known of it already.
    """
    global _inherited
    if _inherited is None:
        # ``lo`` is there already and does not follow.
        copied = [k for k in known(["lo"]) if k.startswith("net.ipv4.conf.")]
        values = read(copied)
        _inherited = [k for k, v in values.items() if v != usual(k, {})]
    for key, value in there.items():
        if value != usual(key, {}):
            write(key, usual(key, {}))
    for key in _inherited:
        write(key, usual(key, {}))
