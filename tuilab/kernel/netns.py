"""Named network namespaces of a lab, made and entered without forks.

For use inside a sandbox, or in host mode. The names are bind mounts under /run/netns,
as iproute2 makes them, so `ip netns` sees the same ones.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import threading
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TypeVar

from tuilab.errors import KernelError, NotFoundError, UsageError
from tuilab.kernel import syscalls

T = TypeVar("T")

HOST = "host"
"""The sandbox's own root network namespace; in host mode the machine's."""

_FOLDER = Path("/run/netns")
# The main thread never changes its namespace, so its entry is always the root's.
_ROOT = Path("/proc/self/ns/net")


def path(name: str) -> Path:
    """The file that stands for a namespace; it need not exist."""
    return Path(file(name))


def file(name: str) -> str:
    """The same as text, for what is done by the thousand."""
    return "/proc/self/ns/net" if name == HOST else f"/run/netns/{_checked(name)}"


@cache
def _nsfs() -> int:
    """The device that all namespaces are on."""
    return _ROOT.stat().st_dev


def exists(name: str) -> bool:
    """Whether a namespace of this name exists."""
    try:
        return os.stat(file(name)).st_dev == _nsfs()  # noqa: PTH116
    except FileNotFoundError:
        return False


def names() -> list[str]:
    """The named namespaces, sorted, without the root's."""
    try:
        return sorted(filter(exists, os.listdir(_FOLDER)))  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return []


def create(name: str) -> None:
    """Make a namespace.

    Raises:
        UsageError: The name is not one.
        KernelError: It exists, or the kernel refused.
    """
    in_thread(lambda: create_here(name))


def create_here(
    name: str, prepare: Callable[[], None] | None = None, text: str = ""
) -> None:
    """The same; the calling thread, which is not the main one, is in it afterwards.

    Args:
        name: Its name.
        prepare: Called in it before it has that name.
        text: What the name's file says, which the mount on it hides.
    """
    target = _place(name, text)
    try:
        syscalls.unshare(syscalls.CLONE_NEWNET)
        if prepare is not None:
            prepare()
        syscalls.mount("/proc/thread-self/ns/net", str(target), flags=syscalls.MS_BIND)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise _refused(name, "can't be made", error) from error


def delete(name: str) -> None:
    """Remove a namespace's name; it lives on while a process or socket is in it.

    Raises:
        NotFoundError: There is none of this name.
        KernelError: The kernel refused.
    """
    _require(name)
    try:
        _drop(_named(name))
    except OSError as error:
        raise _refused(name, "can't be removed", error) from error


def rename(old: str, new: str, text: str = "") -> None:
    """Give a namespace another name, whose file says that text.

    Raises:
        NotFoundError: There is none of the old name.
        KernelError: The new name exists, or the kernel refused.
    """
    _require(old)
    source, target = _named(old), _place(new, text)
    try:
        syscalls.mount(str(source), str(target), flags=syscalls.MS_BIND)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise _refused(old, f'can\'t be renamed to "{new}"', error) from error
    try:
        _drop(source)
    except OSError as error:
        _drop(target)
        raise _refused(old, f'can\'t be renamed to "{new}"', error) from error


def open_fd(name: str) -> int:
    """A descriptor of a namespace, for setns(2) or IFLA_NET_NS_FD; the caller closes.

    Raises:
        NotFoundError: There is none of this name.
    """
    _require(name)
    try:
        return os.open(file(name), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _missing(name) from None
    except OSError as error:
        raise _refused(name, "can't be opened", error) from error


def run_in(name: str, function: Callable[[], T]) -> T:
    """Call a function in a throwaway thread that is in the namespace.

    Descriptors that it opens stay there; the calling thread does not move.

    Raises:
        NotFoundError: There is none of this name.
        Exception: Whatever the function raises.
    """
    fd = open_fd(name)

    def enter() -> T:
        try:
            syscalls.setns(fd, syscalls.CLONE_NEWNET)
        except OSError as error:
            raise _refused(name, "can't be entered", error) from error
        return function()

    try:
        return in_thread(enter)
    finally:
        os.close(fd)


def pids(name: str) -> list[int]:
    """The processes in a namespace, as far as this user may see them, sorted.

    Raises:
        NotFoundError: There is none of this name.
    """
    _require(name)
    return pids_in([name]).get(name, [])


def pids_in(names: Iterable[str]) -> dict[str, list[int]]:
    """The same for several at once; those that do not exist are left out."""
    from tuilab.kernel.leftovers import processes

    found: dict[str, list[int]] = {}
    known: dict[tuple[int, int] | None, list[int]] = {}
    for name in names:
        with contextlib.suppress(OSError):
            found[name] = known.setdefault(_identity(path(name)), [])
    # There may be thousands of processes, and of namespaces: all are gone through once.
    for pid in sorted(processes()):
        known.get(_network_of(pid), []).append(pid)
    return found


def end_programs(name: str) -> None:
    """Kill whatever runs in a namespace, as far as this user may.

    Raises:
        NotFoundError: There is none of this name.
    """
    seen: set[int] = set()
    # More than once: what is killed may have started others just before.
    while fresh := set(pids(name)) - seen:
        seen |= fresh
        for pid in fresh:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                _kill(name, pid)


def _kill(name: str, pid: int) -> None:
    pidfd = os.pidfd_open(pid)
    try:
        # Now that the number is pinned: whether it is still that of who we mean.
        if _network_of(pid) == _identity(path(name)):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    finally:
        os.close(pidfd)


def in_thread(function: Callable[[], T]) -> T:
    """Call a function in a thread of its own, whose namespaces end with it.

    Raises:
        Exception: Whatever the function raises.
    """
    results: list[T] = []
    failures: list[BaseException] = []

    def call() -> None:
        try:
            results.append(function())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=call, name="netns", daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _network_of(pid: int) -> tuple[int, int] | None:
    try:
        return _identity(Path(f"/proc/{pid}/ns/net"))
    except OSError:
        return None


def _checked(name: str) -> str:
    if name in ("", ".", "..") or "/" in name or "\0" in name or len(name) > 255:
        raise UsageError(
            f'"{name}" is no name for a namespace',
            "use letters, digits, dots, dashes and underscores",
        )
    return name


def _named(name: str) -> Path:
    if name == HOST:
        raise UsageError(
            '"host" is the lab\'s own root namespace and always there',
            "choose another name",
        )
    return path(name)


def share() -> None:
    """Have names come to all of the machine's mount namespaces, as `ip netns` does.

    Raises:
        KernelError: The kernel refused.
    """
    folder = str(_FOLDER)
    try:
        _FOLDER.mkdir(mode=0o755, exist_ok=True)
        try:
            syscalls.mount("none", folder, flags=syscalls.MS_SHARED | syscalls.MS_REC)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            syscalls.mount(folder, folder, flags=syscalls.MS_BIND | syscalls.MS_REC)
            syscalls.mount("none", folder, flags=syscalls.MS_SHARED | syscalls.MS_REC)
    except OSError as error:
        raise KernelError(
            f'"{folder}" can\'t be used: {error.strerror}', errno=error.errno or 0
        ) from error


def sweep(text: str) -> None:
    """Remove files of names that say that text and have no namespace on them."""
    with contextlib.suppress(OSError):
        for entry in list(_FOLDER.iterdir()):
            if said(entry.name) == text:
                entry.unlink(missing_ok=True)


def said(name: str) -> str:
    """What the file of a name without a namespace says."""
    target = _FOLDER / name
    with contextlib.suppress(OSError, UnicodeDecodeError):
        # Told apart by its file system: a file that is not mounted on is the folder's.
        if target.stat().st_dev == _FOLDER.stat().st_dev and target.is_file():
            return target.read_text()
    return ""


def files() -> list[str]:
    """Every name in the folder, whether a namespace is mounted on it or not."""
    try:
        return sorted(entry.name for entry in _FOLDER.iterdir())
    except OSError:
        return []


def _place(name: str, text: str = "") -> Path:
    """A fresh file to bind a namespace to."""
    target = _named(name)
    if exists(name):
        raise KernelError(
            f'namespace "{name}" exists already', "choose another name", errno.EEXIST
        )
    try:
        _FOLDER.mkdir(exist_ok=True)
        if text:
            _tell_apart(target, text)
        # A plain file may be left over from someone killed half way.
        os.close(os.open(target, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0))
    except OSError as error:
        raise _refused(name, "can't be made", error) from error
    return target


def _tell_apart(target: Path, text: str) -> None:
    """Make a file that says whose it is from its first moment on."""
    draft = target.with_name(f".{text.strip()}.{os.getpid()}")
    draft.write_text(text)
    try:
        with contextlib.suppress(FileExistsError):
            target.hardlink_to(draft)
    finally:
        draft.unlink()


def _drop(target: Path) -> None:
    syscalls.umount(str(target), syscalls.MNT_DETACH)
    target.unlink(missing_ok=True)


def _require(name: str) -> None:
    if not exists(name):
        raise _missing(name)


def _missing(name: str) -> NotFoundError:
    return NotFoundError(
        f'namespace "{name}" does not exist', "`tuilab show` lists those that do"
    )


def _refused(name: str, what: str, error: OSError) -> KernelError:
    return KernelError(
        f'namespace "{name}" {what}: {error.strerror}', errno=error.errno or 0
    )
