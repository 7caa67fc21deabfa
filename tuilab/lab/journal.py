"""What survives a crash: the history of a lab as lines of JSON, only ever appended.

Each line is one record. ``begin`` says what is about to be done and how the touched
namespaces look now; the record that follows says how it went: ``edit`` (a new entry of
the history), ``at`` (the history stands elsewhere) or ``back`` (rolled back). A
``begin`` with nothing behind it was cut off: the next process that gets the lock rolls
it back. Every line is on disk (fsync) before the step it speaks of is taken. A last
line without an end is a record that was never written.

The lock beside it (flock) keeps two processes from changing one lab at once.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tuilab.errors import Busy, LabGone, TuilabError
from tuilab.lab import records
from tuilab.model.edits import Rename
from tuilab.model.topology import Topology
from tuilab.plan.history import Edit, History

JOURNAL = "journal.jsonl"
SOURCE = "source"
LOCK = "lock"
LOCK_TIMEOUT = 30.0
"""Seconds to wait for another process's edit."""
_LOCK_PERIOD = 0.02


@dataclass(frozen=True, slots=True)
class Begun:
    """A change that was begun.

    Attributes:
        title: What it was to do.
        before: The touched namespaces as they were, in `plan.state` plain data; None
            for one that was not there.
        renames: What is called otherwise on the way.
    """

    title: str
    before: Mapping[str, Any]
    renames: tuple[Rename, ...] = ()


class Journal(Protocol):
    """Where a lab's history is kept."""

    history: History
    begun: Begun | None

    @property
    def source(self) -> Path | None:
        """The file that the lab was loaded from or saved to."""

    def refresh(self) -> bool:
        """Take in what other processes wrote; whether there was anything."""

    def begin(self, begun: Begun) -> None:
        """Say what is about to be done."""

    def edit(self, edit: Edit) -> None:
        """Done: a new entry of the history."""

    def at(self, position: int) -> None:
        """Done: the history stands elsewhere."""

    def back(self) -> None:
        """Rolled back."""

    def set_source(self, source: Path) -> None:
        """The file that the lab was loaded from or saved to."""

    def abandoned(self) -> bool:
        """Whether something was begun by a process that died meanwhile."""

    def exclusive(self) -> Any:
        """An async context in which no other process changes the lab."""


class MemoryJournal:
    """The history of a lab that nobody but us sees: preview."""

    def __init__(self, start: Topology) -> None:
        self.history = History(start)
        self.begun: Begun | None = None
        self._source: Path | None = None

    @property
    def source(self) -> Path | None:
        """See `Journal`."""
        return self._source

    def refresh(self) -> bool:
        """Nobody else writes."""
        return False

    def begin(self, begun: Begun) -> None:
        """See `Journal`."""
        self.begun = begun

    def edit(self, edit: Edit) -> None:
        """See `Journal`."""
        self.begun = None
        self.history = self.history.after(edit)

    def at(self, position: int) -> None:
        """See `Journal`."""
        self.begun = None
        self.history = self.history.moved(position)

    def back(self) -> None:
        """See `Journal`."""
        self.begun = None

    def set_source(self, source: Path) -> None:
        """See `Journal`."""
        self._source = source

    def abandoned(self) -> bool:
        """Nobody else begins anything."""
        return False

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        """Nobody else is there."""
        yield


class FileJournal(MemoryJournal):
    """A journal in the lab's directory: written first, then so."""

    def __init__(self, directory: Path) -> None:
        """Open it and read all of it.

        Raises:
            TuilabError: It can't be read.
        """
        super().__init__(Topology(directory.name))
        self.directory = directory
        self._path = directory / JOURNAL
        self._offset = 0
        self.refresh()

    @classmethod
    def create(cls, directory: Path, start: Topology) -> FileJournal:
        """The history, begun where there is none; the file appears whole or not."""
        path = directory / JOURNAL
        draft = path.with_suffix(f".{os.getpid()}")
        line = _line({"tuilab": 1, "start": records.topology_to_data(start)})
        try:
            draft.touch()
            _write_at(draft, 0, line)
            # Unlike a rename, a link never replaces what another process began.
            with suppress(FileExistsError):
                path.hardlink_to(draft)
            _sync_folder(directory)
        except OSError as error:
            raise _unwritable(path, error) from error
        finally:
            with suppress(OSError):
                draft.unlink()
        return cls(directory)

    def refresh(self) -> bool:
        """See `Journal`."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                fresh = file.read()
        except OSError as error:
            raise TuilabError(
                f'"{self._path}" can\'t be read: {error.strerror}',
                f'to give the lab up: tuilab down "{self.directory.name}"',
            ) from error
        whole, _, _ = fresh.rpartition(b"\n")
        if not whole:
            return False
        for number, line in enumerate(whole.split(b"\n")):
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise TuilabError(
                    f'"{self._path}" is damaged {number + 1} lines after byte '
                    f"{self._offset}",
                    "move it away to keep it, then tuilab down the lab",
                ) from error
        self._offset += len(whole) + 1
        return True

    def _take(self, record: dict[str, Any]) -> None:
        if "start" in record:
            self.history = History(records.topology_from_data(record["start"]))
        elif "begin" in record:
            renames = records.renames_from_data(record.get("renames", ()))
            self.begun = Begun(record["begin"], record["before"], renames)
        elif "edit" in record:
            self.begun = None
            edit = records.edit_from_data(record["edit"], self.history.topology)
            self.history = self.history.after(edit)
        elif "at" in record:
            self.begun = None
            self.history = self.history.moved(record["at"])
        elif "back" in record:
            self.begun = None

    def begin(self, begun: Begun) -> None:
        """See `Journal`."""
        record: dict[str, Any] = {"begin": begun.title, "before": begun.before}
        if begun.renames:
            record["renames"] = records.renames_to_data(begun.renames)
        self._append(record)
        super().begin(begun)

    def edit(self, edit: Edit) -> None:
        """See `Journal`."""
        self._append({"edit": records.edit_to_data(edit, self.history.topology)})
        super().edit(edit)

    def at(self, position: int) -> None:
        """See `Journal`."""
        self._append({"at": position})
        super().at(position)

    def back(self) -> None:
        """See `Journal`."""
        self._append({"back": True})
        super().back()

    @property
    def source(self) -> Path | None:
        """See `Journal`."""
        try:
            return Path(os.fsdecode((self.directory / SOURCE).read_bytes()))
        except OSError:
            return None

    def set_source(self, source: Path) -> None:
        """See `Journal`."""
        # A file of its own, so that it can be said while somebody edits.
        target = self.directory / SOURCE
        draft = target.with_suffix(f".{os.getpid()}")
        try:
            draft.write_bytes(os.fsencode(source))
            draft.rename(target)
        except OSError as error:
            raise _unwritable(target, error) from error

    def abandoned(self) -> bool:
        """See `Journal`."""
        if self.begun is None:
            return False
        try:
            fd = self._open_lock()
        except TuilabError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(fd)
        return True

    def _append(self, record: dict[str, Any]) -> None:
        line = _line(record)
        try:
            # Whatever lies behind the last whole line was never written.
            _write_at(self._path, self._offset, line)
        except OSError as error:
            raise _unwritable(self._path, error) from error
        self._offset += len(line)

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        """See `Journal`.

        Raises:
            Busy: Another process has been changing the lab for too long.
            LabGone: The lab has been removed.
        """
        # A fifth of what `tuilab ls` would take, and listing needs no lock.
        import asyncio

        fd = self._open_lock()
        try:
            deadline = time.monotonic() + LOCK_TIMEOUT
            while True:
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise Busy(
                            f'lab "{self.directory.name}" is being changed elsewhere',
                            "wait for that to finish, or end that process",
                        ) from None
                    # flock has no way to wait that a loop could watch.
                    await asyncio.sleep(_LOCK_PERIOD)
            yield
        finally:
            os.close(fd)

    def _open_lock(self) -> int:
        path = self.directory / LOCK
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            raise LabGone(
                f'lab "{self.directory.name}" has been removed',
                "start it again with tuilab up",
            ) from None
        except OSError as error:
            raise TuilabError(
                f'"{path}" can\'t be opened: {error.strerror}',
                "make room or rights for it",
            ) from error


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _write_at(path: Path, offset: int, data: bytes) -> None:
    """Have a file end with that data from there on, on disk; else as it was.

    Raises:
        OSError: It could not be written, or not whole.
    """
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.ftruncate(fd, offset)
        try:
            done = 0
            while done < len(data):
                done += os.pwrite(fd, data[done:], offset + done)
            os.fsync(fd)
        except OSError:
            os.ftruncate(fd, offset)
            raise
    finally:
        os.close(fd)


def _unwritable(path: Path, error: OSError) -> TuilabError:
    return TuilabError(
        f'"{path}" can\'t be written: {error.strerror}', "make room or rights for it"
    )


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
