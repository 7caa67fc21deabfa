"""Who tries the sandbox: whoever runs the tests and, as root, an ordinary user too.

The sandbox wants processes without threads, which a test runner is not, so every step
runs in a Python of its own, with warnings as errors.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuilab.kernel import sandbox

ROOT = Path(__file__).resolve().parents[2]
UID = 4321
"""An ordinary user without an account."""

DEADLINE = 30.0

PRELUDE = """
import json, os, select, signal, subprocess, sys, threading
from pathlib import Path
from tuilab.errors import *
from tuilab.kernel import netns, procs, sandbox, syscalls
def show(value):
    print(json.dumps(value), flush=True)
"""
INSIDE = """
keeper = sandbox.Keeper.from_data(json.loads(sys.argv.pop(1)))
sandbox.enter(keeper)
"""


@dataclass(frozen=True)
class Person:
    """Someone who uses tuilab.

    Attributes:
        name: For the test's id.
        uid: Their user id, None for whoever runs the tests.
        python: A Python that they can run.
        prefix: What to run it through, `unshare` for example.
    """

    name: str
    uid: int | None
    python: str
    prefix: tuple[str, ...] = ()

    @property
    def is_root(self) -> bool:
        return self.uid is None and os.geteuid() == 0

    def popen(self, code: str, *args: str, **options) -> subprocess.Popen:
        command = [*self.prefix, *self._become(), *self._python(code), *args]
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("text", True)
        return subprocess.Popen(command, env=environment(), **options)

    def do(self, code: str, *args: str, feed: str = "") -> object:
        """Run the code to its end; the value that it showed last, None for none."""
        with self.popen(code, *args, stdin=subprocess.PIPE) as process:
            out, err = process.communicate(feed, timeout=DEADLINE)
        assert process.returncode == 0, f"{process.returncode}\n{out}\n{err}"
        assert "Warning" not in err, err
        lines = out.splitlines()
        return json.loads(lines[-1]) if lines else None

    def command(self, code: str, *args: str) -> list[str]:
        """The same as an argument list, for a terminal."""
        return [*self.prefix, *self._become(), *self._python(code), *args]

    def within(self, script: str) -> Person:
        """The same person after a shell script has changed what is around them.

        The script runs in a user and mount namespace of its own, the person in one
        below it: what was mounted can't be undone or looked under, as in a container.
        """
        unshare = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount"]
        shell = ["sh", "-ec", f'{script}\nexec "$@"', "sh"]
        prefix = (*self._become(), *unshare, *shell, *unshare)
        return Person(self.name, None if self.uid is None else -1, self.python, prefix)

    def _become(self) -> list[str]:
        if self.uid is None or self.uid < 0:
            return []
        user = str(self.uid)
        return ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]

    def _python(self, code: str) -> list[str]:
        return [self.python, "-W", "error", "-c", PRELUDE + code]


def environment() -> dict[str, str]:
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    extra = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PATH": path}
    return {**os.environ, **extra, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


def _ordinary() -> list[Person]:
    """An ordinary user, where root runs the tests and can lend them a Python."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return []
    for name in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        person = Person("ordinary", UID, name)
        trial = (
            "assert sys.version_info >= (3, 11) and os.access(sys.executable, os.X_OK)"
        )
        try:
            process = person.popen(trial)
        except OSError:
            continue
        process.communicate()
        if process.returncode == 0:
            return [person]
    return []


REASON = sandbox.unavailable()
PEOPLE = [Person("self", None, sys.executable), *_ordinary()]


def create(person: Person) -> sandbox.Keeper:
    data = person.do('show(sandbox.create("trial-lab").to_data())')
    return sandbox.Keeper.from_data(data)


def destroy(person: Person, keeper: sandbox.Keeper) -> None:
    code = "sandbox.destroy(sandbox.Keeper.from_data(json.loads(sys.argv[1])))"
    person.do(code, json.dumps(keeper.to_data()))
    assert not sandbox.alive(keeper)


def data(keeper: sandbox.Keeper) -> str:
    """A lab in words that a program can be given."""
    return json.dumps(keeper.to_data())


def inside(person: Person, keeper: sandbox.Keeper, code: str, **options: Any) -> Any:
    """Run code in a lab, and give back what it shows."""
    return person.do(INSIDE + code, data(keeper), **options)


def gone(pid: int) -> bool:
    """Whether a process ends before the deadline; zombies have ended."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([pidfd], [], [], DEADLINE)[0])
    finally:
        os.close(pidfd)


class Terminal:
    """A program on a terminal of its own, driven by text."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *argv],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**environment(), "TERM": "dumb"},
        )
        os.close(slave)
        self.text = ""
        self._seen = 0

    def send(self, text: str) -> None:
        os.write(self._master, text.encode())

    def expect(self, pattern: str) -> str:
        """Wait for text after what was expected last; all up to its end."""
        deadline = time.monotonic() + DEADLINE
        while True:
            match = re.search(pattern, self.text[self._seen :])
            if match:
                start = self._seen
                self._seen += match.end()
                return self.text[start : self._seen]
            left = deadline - time.monotonic()
            ready = select.select([self._master], [], [], max(0.0, left))[0]
            assert ready, f"no {pattern!r} in {self.text[self._seen :]!r}"
            try:
                data = os.read(self._master, 65536)
            except OSError:
                data = b""
            assert data, f"ended without {pattern!r}: {self.text!r}"
            self.text += data.decode(errors="replace").replace("\r", "")

    def close(self) -> int:
        """Hang up; the program's exit status."""
        os.close(self._master)
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            raise
