"""Labs come and go: no sandbox is ever left without anyone knowing of it."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.kernel.people import DEADLINE, REASON, ROOT, gone
from tuilab.errors import TuilabError
from tuilab.kernel import sandbox
from tuilab.lab import registry
from tuilab.lab.journal import FileJournal
from tuilab.model.topology import Topology

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(REASON is not None, reason=f"no sandbox: {REASON}"),
]
NAME = "registry-trial"


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = registry.directory_of(NAME)
    yield folder
    registry.end(registry.LabInfo(NAME, folder, None, 0))


def keepers():
    """The processes that are, or are to be, the keeper of our lab."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if NAME.encode() in words:
            found.append(int(folder.name))
    return found


def test_a_keeper_that_cannot_be_recorded_does_not_stay(directory):
    (directory / registry.KEEPER / "in the way").mkdir(parents=True)
    with pytest.raises(TuilabError, match="can't be used"):
        registry.ensure_keeper(directory)
    assert all(gone(pid) for pid in keepers())
    shutil.rmtree(directory / registry.KEEPER)
    assert sandbox.alive(registry.ensure_keeper(directory))


DYING = """
import os, signal, sys
from pathlib import Path
from tuilab.kernel import sandbox
from tuilab.lab import registry

def die(keeper):
    record(keeper)
    os.kill(os.getpid(), signal.SIGKILL)

create = sandbox.create
def create_and_die(name, announce, home):
    global record
    record = announce
    return create(name, die, home)
sandbox.create = create_and_die
registry.ensure_keeper(registry.directory_of(sys.argv[1]))
"""


def test_killed_while_it_makes_a_lab_it_leaves_no_sandbox(directory):
    command = [sys.executable, "-c", DYING, NAME]
    assert subprocess.run(command, cwd=ROOT).returncode == -signal.SIGKILL
    assert (directory / registry.KEEPER).exists()
    assert all(gone(pid) for pid in keepers())
    assert registry.keeper_of(directory) is None


def test_a_lab_started_while_it_is_removed_is_a_new_one(directory):
    directory.mkdir(parents=True)
    lock = os.open(directory / "start.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    made = []
    starting = threading.Thread(
        target=lambda: made.append(registry.ensure_keeper(directory))
    )
    starting.start()
    try:
        waits(starting, lock)
        shutil.rmtree(directory)
    finally:
        os.close(lock)
    starting.join(DEADLINE)
    assert made == [registry.keeper_of(directory)]


def waits(thread, lock):
    """Until the thread stands before the lock, as the kernel says (proc_locks(5))."""
    inode = os.fstat(lock).st_ino
    while thread.is_alive():
        for line in Path("/proc/locks").read_text().splitlines():
            if " -> " in line and f":{inode} " in line:
                return
        os.sched_yield()
    raise AssertionError("it did not wait for the lock")


def test_a_removed_lab_is_gone_at_once_and_for_all(directory):
    registry.ensure_keeper(directory)
    FileJournal.create(directory, Topology(NAME))
    # Somebody was killed while he removed another one.
    left = directory.with_name(".other.1")
    shutil.copytree(directory, left)
    (lab,) = registry.labs()
    assert lab.running
    registry.end(lab)
    assert registry.labs() == []
    assert list(directory.parent.iterdir()) == []


def test_a_record_that_is_none_counts_as_none(directory):
    directory.mkdir(parents=True)
    for text in ("", "[]", "1", "{}", json.dumps({"pid": None})):
        (directory / registry.KEEPER).write_text(text)
        assert registry.keeper_of(directory) is None
