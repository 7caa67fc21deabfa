"""The sandbox of a lab: private namespaces and the keeper process that holds them.

Without root it is a user, network, mount and PID namespace, for root the same without
the user namespace. Nothing outside it changes: mounts do not travel out, and all of it
ends with its keeper.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tuilab.errors import (
    KernelError,
    LabGone,
    RightsError,
    TuilabError,
    UsageError,
)
from tuilab.kernel import idmap, mounts, refusals, syscalls
from tuilab.kernel.keeper import COMM

_PROGRAM = Path(__file__).with_name("keeper.py")
_NAME = 4
"""Which word of a keeper's command line is the lab's name: see `_popen`."""
_START_SECONDS = 20.0
_GRACE_SECONDS = 0.2
_PF_EXITING = 0x4
_usual_open_files = 0


@dataclass(frozen=True, slots=True)
class _Outside:
    """What this process had before it went into a sandbox: its root and folder."""

    root: int
    folder: str


_outside: _Outside | None = None


@dataclass(frozen=True, slots=True)
class Keeper:
    """How a sandbox is found again.

    Attributes:
        pid: The keeper process, as numbered where it was made.
        started: Its start time in clock ticks since boot: /proc/PID/stat, field 22.
        boot_id: Which boot of the machine that was.
        user_ns: The sandbox has a user namespace of its own.
        pid_ns: The sandbox has a PID namespace of its own.
    """

    pid: int
    started: int
    boot_id: str
    user_ns: bool
    pid_ns: bool

    def to_data(self) -> dict[str, object]:
        """As plain values, for a file."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Keeper:
        """From what `to_data` gave.

        Raises:
            KeyError, TypeError, ValueError: The data is not a keeper's.
        """
        return cls(
            pid=int(data["pid"]),
            started=int(data["started"]),
            boot_id=str(data["boot_id"]),
            user_ns=bool(data["user_ns"]),
            pid_ns=bool(data["pid_ns"]),
        )


def create(
    name: str,
    announce: Callable[[Keeper], None] | None = None,
    home: Path | None = None,
) -> Keeper:
    """Make a sandbox; the caller stays outside.

    The keeper outlives the caller and its terminal. May be called with threads
    running: no Python code runs between fork and exec.

    Args:
        name: The lab's.
        announce: Called with the keeper before it may stay. If that fails, or this
            process is killed over it, there is no sandbox.
        home: Where the lab keeps its state, for `keepers` to tell.

    Raises:
        RightsError: No sandbox can be had here; the hint says what would allow it.
        KernelError: The kernel refused, or did not finish in time.
        Exception: Whatever ``announce`` raises.
    """
    with _started(name, home) as (keeper, control, _notes):
        if announce is not None:
            announce(keeper)
        try:
            control.send(b"keep")
        except OSError as error:
            raise _keeper_died() from error
        return keeper


def unavailable() -> TuilabError | None:
    """Why no sandbox can be had here, None when it can; makes one and drops it."""
    if sys.platform != "linux":
        return RightsError(
            f"no sandbox can be made on {sys.platform}", "use a machine with Linux"
        )
    try:
        with trial():
            return None
    except (RightsError, KernelError) as error:
        return error


@contextmanager
def trial() -> Iterator[tuple[Keeper, list[str]]]:
    """A sandbox that ends with the block, even if this process is killed in it.

    Gives its keeper, and what it has to do without, one sentence each.

    Raises:
        RightsError: No sandbox can be had here; the hint says what would allow it.
        KernelError: The kernel refused, or did not finish in time.
    """
    with _started("trial") as (keeper, _control, notes):
        try:
            yield keeper, notes
        finally:
            destroy(keeper)


def enter(keeper: Keeper) -> None:
    """Join the sandbox's user, network and mount namespace, but not its PID namespace.

    Programs run from here on keep the sandbox's capabilities. The working directory
    stays the same path, or becomes "/" where that does not exist inside.

    Raises:
        LabGone: The keeper has ended.
        KernelError: The kernel refused.
        RuntimeError: The caller has more than one thread; the kernel allows only one.
    """
    if threads() > 1:
        raise RuntimeError("a process with several threads can't enter a sandbox")
    try:
        directory = os.getcwd()  # noqa: PTH109 - Path.cwd() would say the same
    except OSError:
        directory = "/"
    root = os.open("/", os.O_PATH)
    pidfd = watch(keeper)
    flags = syscalls.CLONE_NEWNET | syscalls.CLONE_NEWNS
    if keeper.user_ns:
        flags |= syscalls.CLONE_NEWUSER
    try:
        syscalls.setns(pidfd, flags)
    except ProcessLookupError as error:
        raise _gone() from error
    except OSError as error:
        raise KernelError(
            f"the lab's sandbox can't be entered: {error.strerror}",
            "use the account that made the lab",
            error.errno or 0,
        ) from error
    finally:
        os.close(pidfd)
    try:
        os.chdir(directory)
    except OSError:
        os.chdir("/")
    if keeper.user_ns:
        syscalls.raise_ambient()
    _raise_open_files()
    global _outside
    _outside = _Outside(root, directory)


def check_writable(path: Path) -> None:
    """Refuse to write a file that would not be where it is looked for.

    Raises:
        UsageError: It would end with the sandbox this process is in, or lie beneath
            what was mounted after the sandbox was made, which is not seen in it.
    """
    if _outside is None:
        return
    folder = Path(_outside.folder, path).resolve().parent
    while (there := _identity(folder, _outside.root)) is None:
        folder = folder.parent
    if _identity(folder) == there:
        return
    if mounts.is_own(folder):
        raise UsageError(
            f'"{path}" would be seen in this lab only, and end with it',
            "choose a folder outside of /etc and /run",
        )
    raise UsageError(
        f'"{folder}" was mounted after the lab began, which does not see it',
        "choose another folder, or end the lab and bring it up again",
    )


def _identity(folder: Path, root: int | None = None) -> tuple[int, int] | None:
    """Which folder it is, as seen from here or from a root; None if there is none."""
    where = folder if root is None else folder.relative_to("/")
    try:
        status = os.stat(where, dir_fd=root)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def keepers() -> Iterator[tuple[Keeper, Path]]:
    """This user's keepers that live, each with where its lab keeps its state.

    Whether that is there or not, and whatever it says. Those of another container are
    left out, as are those that were not told of a place.
    """
    for pid in _processes():
        with suppress(OSError, ValueError, LookupError):
            if (found := _found(pid)) is not None:
                yield found


def name_of(keeper: Keeper) -> str:
    """The name of its lab, as its command line has it.

    Raises:
        OSError, IndexError: It is gone, or none of ours.
    """
    words = Path(f"/proc/{keeper.pid}/cmdline").read_bytes().split(b"\0")
    return os.fsdecode(words[_NAME])


def _processes() -> list[int]:
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - names will do
    except FileNotFoundError:
        return []
    return [int(name) for name in names if name.isdigit()]


def _found(pid: int) -> tuple[Keeper, Path] | None:
    base = Path(f"/proc/{pid}")
    started = _start_time(pid)
    if (base / "comm").read_text().strip() != COMM or started is None:
        return None
    words = (base / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    rows = dict(it.split(":", 1) for it in (base / "status").read_text().splitlines())
    # Its own namespace of processes is one below ours, or it has none.
    numbers = rows["NSpid"].split()
    mine = int(rows["Uid"].split()[0]) == os.getuid() and len(numbers) <= 2
    if (
        not mine
        or _PROGRAM.name not in str(words[_NAME - 1])
        or not words[_NAME + 1].startswith(b"/")
    ):
        return None
    user_ns, pid_ns = (
        os.readlink(base / "ns" / kind) != os.readlink(f"/proc/self/ns/{kind}")  # noqa: PTH115
        for kind in ("user", "pid")
    )
    keeper = Keeper(pid, started, _boot_id(), user_ns, pid_ns)
    # All of it was said of the same process if that is still there.
    return (keeper, Path(os.fsdecode(words[_NAME + 1]))) if alive(keeper) else None


def alive(keeper: Keeper) -> bool:
    """Whether the sandbox still exists."""
    pidfd = _open(keeper)
    if pidfd is None:
        return False
    os.close(pidfd)
    return True


def watch(keeper: Keeper) -> int:
    """A descriptor that becomes readable when the lab ends; the caller closes it.

    Raises:
        LabGone: It has ended already.
    """
    pidfd = _open(keeper)
    if pidfd is None:
        raise _gone()
    return pidfd


def destroy(keeper: Keeper, timeout: float = 10) -> None:
    """End the lab and every process in it; nothing happens if it has ended already.

    Args:
        keeper: The lab's keeper.
        timeout: Seconds to wait for the last process to go.

    Raises:
        RightsError: The lab belongs to another user.
        KernelError: Something still runs after the timeout.
    """
    from tuilab.kernel.leftovers import Members

    deadline = time.monotonic() + timeout
    pidfd = _open(keeper)
    if pidfd is None:
        return
    try:
        with Members(keeper.pid, keeper.user_ns, keeper.pid_ns) as members:
            try:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            except PermissionError as error:
                raise RightsError(
                    "the lab belongs to another user", "use the account that made it"
                ) from error
            except ProcessLookupError:
                pass
            members.end(deadline)
        # PID 1 of a namespace stays, dead in all but name, while a process of the
        # namespace is a zombie that its parent outside does not fetch.
        while not _ended(pidfd, min(_GRACE_SECONDS, deadline - time.monotonic())):
            if _exiting(keeper.pid):
                break
            if time.monotonic() > deadline:
                raise KernelError(
                    f"the lab's keeper (process {keeper.pid}) does not end",
                    "it hangs in the kernel; `dmesg` may say why",
                )
    finally:
        os.close(pidfd)


def threads() -> int:
    """How many threads this process has, as the kernel counts them."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - names will do


def open_files() -> int:
    """The soft limit of open files that programs run from here should have.

    Our own is raised by `enter`; programs that use select(2) can't have it so high.
    """
    return _usual_open_files or resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _raise_open_files() -> None:
    global _usual_open_files
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    _usual_open_files = soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _gone() -> LabGone:
    return LabGone("the lab has ended", "start it again with `tuilab up FILE`")


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int) -> list[bytes]:
    """The fields of /proc/PID/stat from the third on; empty when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return []
    # The name in parentheses may hold anything, so count from its end.
    return stat[stat.rindex(b")") + 2 :].split()


def _start_time(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def _exiting(pid: int) -> bool:
    fields = _stat(pid)
    return not fields or bool(int(fields[6]) & _PF_EXITING)


def _open(keeper: Keeper) -> int | None:
    """A pidfd of the keeper, None when it is gone or its number is someone else's."""
    try:
        pidfd = os.pidfd_open(keeper.pid)
    except OSError:
        return None
    # The descriptor pins the process: what is true now of the number is true of it.
    same = _start_time(keeper.pid) == keeper.started and _boot_id() == keeper.boot_id
    if same and not _exiting(keeper.pid) and not _ended(pidfd, 0):
        return pidfd
    os.close(pidfd)
    return None


def _ended(pidfd: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


@contextmanager
def _started(
    name: str, home: Path | None = None
) -> Iterator[tuple[Keeper, socket.socket, list[str]]]:
    """A sandbox that goes when the block ends, unless "keep" was sent to it."""
    control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with control:
        with far:
            control.send(json.dumps({"maps": idmap.choices()}).encode())
            process = _popen(name, home, far)
        try:
            control.settimeout(_START_SECONDS)
            report = _receive(control)
            if not report.get("ready"):
                raise refusals.explain(report)
            keeper = _keeper(report)
            yield keeper, control, list(report["notes"])
            process.wait(_START_SECONDS)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            process.wait()


def _popen(
    name: str, home: Path | None, control: socket.socket
) -> subprocess.Popen[bytes]:
    # Nobody reads it but `keepers`, in the command line of a process that stays.
    words = [] if home is None else [str(home)]
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(_PROGRAM), name, *words],
            stdin=control.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise KernelError(
            f'no sandbox can be made: "{sys.executable}" can\'t be run: '
            f"{error.strerror}",
            "see that this user may run it and may have more processes",
            error.errno or 0,
        ) from error


def _receive(control: socket.socket) -> dict[str, Any]:
    try:
        data = control.recv(65536)
    except TimeoutError as error:
        raise KernelError(
            f"the sandbox was not ready after {_START_SECONDS:.0f} s",
            "the machine is very busy, or a mount under /run or /etc hangs",
        ) from error
    except ConnectionError:
        data = b""
    if not data:
        return {"step": "keeper", "errno": 0, "message": "its keeper did not start"}
    report: dict[str, Any] = json.loads(data)
    return report


def _keeper(report: dict[str, Any]) -> Keeper:
    pid = int(report["pid"])
    started = _start_time(pid)
    if started is None:
        raise _keeper_died()
    return Keeper(pid, started, _boot_id(), report["user_ns"], report["pid_ns"])


def _keeper_died() -> TuilabError:
    message = "its keeper was ended by someone else"
    return refusals.explain({"step": "keeper", "errno": 0, "message": message})
