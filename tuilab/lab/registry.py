"""Which labs there are: one directory each under the user's state directory.

``XDG_STATE_HOME/tuilab/labs/NAME`` holds the journal, the lock, the keeper's identity
and the captures. A lab whose keeper has ended (a reboot) is listed as down and can be
brought up again with its whole history.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tuilab.errors import NotFoundError, TuilabError, UsageError
from tuilab.kernel import sandbox
from tuilab.kernel.sandbox import Keeper
from tuilab.lab.journal import JOURNAL
from tuilab.model.addressing import lab_name_problem

KEEPER = "keeper.json"
HOST_MODE = "host.json"
"""There for a lab in host mode: which boot and network it is up in, empty when down."""
BUILT = "built"
_GONE = "."
"""How a directory that is being removed is called: no lab is called like that."""


@dataclass(frozen=True, slots=True)
class LabInfo:
    """A lab on this machine.

    Attributes:
        name: Its name.
        directory: Where its state lies.
        keeper: Its sandbox, or None when it is down.
        used: When it was last changed, in seconds since the epoch.
        host: It is on the machine's own network.
        up: It is so right now.
    """

    name: str
    directory: Path
    keeper: Keeper | None
    used: float
    host: bool = False
    up: bool = False

    @property
    def running(self) -> bool:
        """Whether its sandbox is there, or in host mode all that it made."""
        return self.keeper is not None or self.up


def state_directory() -> Path:
    """Our part of the XDG state directory.

    Raises:
        TuilabError: This user has no home directory, nor does the variable name one.
    """
    base = os.environ.get("XDG_STATE_HOME") or ""
    if base.startswith("/"):
        return Path(base, "tuilab")
    try:
        return Path.home() / ".local" / "state" / "tuilab"
    except RuntimeError:
        raise TuilabError(
            f"user {os.getuid()} has no home directory to keep labs in",
            "set XDG_STATE_HOME to a directory that you can write",
        ) from None


def directory_of(name: str) -> Path:
    """Where a lab of that name keeps its state, whether it exists or not.

    Raises:
        UsageError: The name is not one, and might lead out of our directory.
    """
    if problem := lab_name_problem(name):
        raise UsageError(problem, "choose another name for the lab")
    return state_directory() / "labs" / name


def labs() -> list[LabInfo]:
    """All labs of this user, the one last changed first."""
    folder = state_directory() / "labs"
    found = []
    try:
        entries = list(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unusable(folder, error) from error
    for entry in entries:
        if entry.name.startswith(_GONE):
            continue
        # A lab may go away while we look.
        with suppress(FileNotFoundError):
            used = (entry / JOURNAL).stat().st_mtime
            host = is_host(entry)
            keeper = None if host else keeper_of(entry)
            up = host and host_is_up(entry)
            found.append(LabInfo(entry.name, entry, keeper, used, host, up))
    return sorted(found, key=lambda lab: -lab.used)


def find(name: str | None = None) -> LabInfo:
    """The lab of that name, or the only one that runs.

    Raises:
        NotFoundError: There is none.
        UsageError: There are several, and no name was given.
    """
    known = labs()
    if name is not None:
        for lab in known:
            if lab.name == name:
                return lab
        have = ", ".join(lab.name for lab in known) or "none yet"
        raise NotFoundError(f'no lab "{name}"', f"labs: {have}")
    running = [lab for lab in known if lab.running]
    if len(running) == 1:
        return running[0]
    if not running:
        down = ", ".join(lab.name for lab in known)
        hint = "start one with tuilab up FILE, or just tuilab"
        if down:
            hint = f"bring one up again with tuilab up LAB: {down}"
        raise NotFoundError("no lab is running", hint)
    names = ", ".join(lab.name for lab in running)
    raise UsageError(
        f"{len(running)} labs are running", f"say which with --lab: {names}"
    )


def keeper_of(directory: Path) -> Keeper | None:
    """The living keeper of a lab, or None."""
    keeper = _recorded(directory)
    return keeper if keeper is not None and sandbox.alive(keeper) else None


def _recorded(directory: Path) -> Keeper | None:
    try:
        return Keeper.from_data(json.loads((directory / KEEPER).read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def ensure_keeper(directory: Path) -> Keeper:
    """The lab's sandbox, made when there is none.

    Raises:
        RightsError: No sandbox can be had here.
        TuilabError: The directory can't be written.
    """

    def record(keeper: Keeper) -> None:
        draft = directory / f"{KEEPER}.{os.getpid()}"
        draft.write_text(json.dumps(keeper.to_data()))
        draft.rename(directory / KEEPER)

    with _locked(directory):
        keeper = keeper_of(directory)
        if keeper is not None:
            return keeper
        try:
            (directory / BUILT).unlink(missing_ok=True)
            return sandbox.create(directory.name, record, directory)
        except OSError as error:
            raise _unusable(directory, error) from error


def is_host(directory: Path) -> bool:
    """Whether that is a lab in host mode."""
    return (directory / HOST_MODE).exists()


def host_is_up(directory: Path) -> bool:
    """Whether a lab in host mode is up on this machine, since it was started last."""
    from tuilab.kernel.machine import here

    try:
        return bool(json.loads((directory / HOST_MODE).read_text()) == here())
    except (OSError, ValueError):
        return False


def ensure_host(directory: Path) -> None:
    """Say of a lab that it is on the machine's own network, and up.

    Raises:
        UsageError: It has a sandbox.
        TuilabError: The directory can't be written.
    """
    from tuilab.kernel.machine import here

    with _locked(directory):
        if not is_host(directory) and (directory / JOURNAL).exists():
            raise UsageError(
                f'lab "{directory.name}" lives in a sandbox',
                "leave --host out, or choose another name with --lab",
            )
        if host_is_up(directory):
            return
        try:
            (directory / BUILT).unlink(missing_ok=True)
            _set_host(directory, here())
        except OSError as error:
            raise _unusable(directory, error) from error


def _set_host(directory: Path, where: dict[str, str]) -> None:
    draft = directory / f"{HOST_MODE}.{os.getpid()}"
    draft.write_text(json.dumps(where))
    draft.rename(directory / HOST_MODE)


def is_built(directory: Path) -> bool:
    """Whether the lab was built in its sandbox: a crash may have come between."""
    return (directory / BUILT).exists()


def set_built(directory: Path) -> None:
    """Remember that the lab was built in its sandbox; else it is looked at again."""
    with suppress(OSError):
        (directory / BUILT).touch()


def end(lab: LabInfo, *, keep: bool = False) -> None:
    """End a lab: every process and namespace in it, and unless kept its history.

    Raises:
        RightsError: The lab belongs to another user.
        KernelError: Something of it does not end.
        TuilabError: Its directory can't be written.
    """
    with _locked(lab.directory):
        if is_host(lab.directory):
            _end_on_host(lab)
        else:
            keeper = keeper_of(lab.directory)
            if keeper is not None:
                sandbox.destroy(keeper)
            if keep:
                with suppress(OSError):
                    (lab.directory / KEEPER).unlink()
        if keep:
            return
        # All at once and out of the way: a lab of that name may come right now.
        gone = lab.directory.with_name(f"{_GONE}{lab.name}.{os.getpid()}")
        try:
            lab.directory.rename(gone)
        except OSError as error:
            raise _unusable(lab.directory, error) from error
        # What a process that was killed over this left is gone with it.
        for old in gone.parent.glob(f"{_GONE}*"):
            shutil.rmtree(old, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Orphan:
    """A sandbox that runs although the state of its lab is gone, moved or replaced.

    Attributes:
        keeper: The sandbox.
        directory: Where the state was.
    """

    keeper: Keeper
    directory: Path

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.directory.name


def orphans() -> list[Orphan]:
    """This user's sandboxes that no lab's state tells of, wherever that was kept."""
    known = {lab.keeper for lab in labs()}
    return [
        Orphan(keeper, directory)
        for keeper, directory in sandbox.keepers()
        if keeper not in known and not _told_of(keeper, directory)
    ]


def _told_of(keeper: Keeper, directory: Path) -> bool:
    """Whether a lab's state tells of a keeper, as seen from here or from there."""
    there = Path(f"/proc/{keeper.pid}/root", *directory.parts[1:])
    return any(_recorded(it) == keeper for it in (directory, there))


def end_orphan(orphan: Orphan) -> None:
    """End a sandbox without state; raises as `end`."""
    sandbox.destroy(orphan.keeper)


def _end_on_host(lab: LabInfo) -> None:
    from tuilab.kernel import machine
    from tuilab.lab import host

    machine.check_rights()
    was_up = host_is_up(lab.directory)
    # First, so that who waits to change it finds it ended.
    _set_host(lab.directory, {})
    try:
        host.clear(lab.name, lab.directory)
    except BaseException:
        if was_up:
            _set_host(lab.directory, machine.here())
        raise


def outlived(directory: Path) -> bool:
    """Whether the history of a lab that has ended is kept; waits for who is ending it.

    Blocks; an event loop calls it in a thread.
    """
    path = directory / "start.lock"
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        return _is_at(fd, path) and (directory / JOURNAL).exists()
    finally:
        os.close(fd)


def _unusable(folder: Path, error: OSError) -> TuilabError:
    return TuilabError(
        f'"{folder}" can\'t be used: {error.strerror}',
        "set XDG_STATE_HOME to a directory that you can write",
    )


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Two processes must not start or end one lab at once."""
    path = directory / "start.lock"
    while True:
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unusable(directory, error) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            # The lab may have been removed, lock and all, while we waited.
            if _is_at(fd, path):
                yield
                return
        finally:
            os.close(fd)


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except OSError:
        return False
