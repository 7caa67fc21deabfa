"""Kernel settings, per network namespace, through /proc/sys.

/proc/sys/net shows the namespace of the thread that opens it, so these functions are
called through `netns.run_in`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from tuilab.errors import KernelError
from tuilab.model.sysctls import known, of_namespace, path_of, unusual, usual

_ROOT = Path("/proc/sys")
_MOST = 64
"""Bytes that a setting takes at most, as text."""
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
            # Done by the thousand: a Path takes four times as long.
            fd = os.open(_file(key), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            found[key] = os.read(fd, _MOST).decode().strip()
        finally:
            os.close(fd)
    return found


@lru_cache(maxsize=1 << 12)
def _file(key: str) -> str:
    return f"{_ROOT}/{path_of(key)}"


def strange() -> dict[str, str]:
    """The settings that are no link's and not as usual, here and now."""
    return dict(_unusual(tuple(_texts(_folders()))))


@lru_cache(maxsize=2)
def _folders(*links: str) -> dict[str, dict[str, str]]:
    """Settings of a namespace, and of links, by folder and name of their file."""
    found: dict[str, dict[str, str]] = {}
    for key in (*of_namespace(), *known(links)):
        folder, _, name = _file(key).rpartition("/")
        found.setdefault(folder, {})[name] = key
    return found


def _texts(folders: Mapping[str, Iterable[str]]) -> Iterator[bytes | None]:
    """What all of these files say, in order; None for those that there are not."""
    for folder, names in folders.items():
        try:
            # From there on names are short: that halves the time.
            at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            yield from (None for _ in names)
            continue
        try:
            for name in names:
                try:
                    fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=at)
                except FileNotFoundError:
                    yield None
                    continue
                try:
                    yield os.read(fd, _MOST)
                finally:
                    os.close(fd)
        finally:
            os.close(at)


@lru_cache(maxsize=16)
def _unusual(texts: tuple[bytes | None, ...]) -> dict[str, str]:
    """Most namespaces are alike."""
    return unusual(_values(_folders(), texts))


def _values(
    folders: Mapping[str, Mapping[str, str]], texts: Iterable[bytes | None]
) -> dict[str, str]:
    keys = (key for names in folders.values() for key in names.values())
    found = zip(keys, texts, strict=True)
    return {key: text.decode().strip() for key, text in found if text}


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
    and kernels differ, but alike for every namespace: all is read for the first only.

    Args:
        there: What is known of it already.
    """
    global _inherited
    if _inherited is None:
        # ``lo`` is there already and does not follow.
        folders = _folders("lo")
        values = _values(folders, _texts(folders))
        _inherited = [k for k, v in values.items() if v != usual(k, {})]
    for key, value in there.items():
        if value != usual(key, {}):
            write(key, usual(key, {}))
    for key in _inherited:
        write(key, usual(key, {}))
