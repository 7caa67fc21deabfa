"""Runs the real command line, as whoever runs the tests and as an ordinary user."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.kernel.people import PEOPLE, ROOT, Person, environment
from tuilab.kernel import sandbox
from tuilab.kernel.sandbox import Keeper

SECONDS = 60


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass(frozen=True)
class Cli:
    """The command line of one person, with labs of their own."""

    person: Person
    home: Path
    python: str
    path: str

    def __call__(self, *words: object, feed: str = "", code: int | None = 0) -> Done:
        """Run it to its end; it must end with that exit code, None for any."""
        with self.start(*words, stdin=subprocess.PIPE) as process:
            out, err = process.communicate(feed, timeout=SECONDS)
        done = Done(process.returncode, out, err)
        assert "Traceback" not in err, err
        assert "Warning" not in err, err
        assert code is None or done.code == code, f"{words}: {done}"
        return done

    def start(self, *words: object, **options) -> subprocess.Popen:
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("text", True)
        return subprocess.Popen(
            self.command(*words), env=self.environment(), cwd=self.home, **options
        )

    def command(self, *words: object) -> list[str]:
        tuilab = [self.python, "-W", "error", "-m", "tuilab", *map(str, words)]
        return [*self.person.prefix, *self.person._become(), *tuilab]

    def environment(self) -> dict[str, str]:
        return {
            **environment(),
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "PYTHONPATH": self.path,
            "TUILAB_LAB": "",
            "SHELL": "/bin/sh",
        }

    def file(self, name: str, text: str) -> Path:
        path = self.home / name
        path.write_text(text)
        return path

    def observed(self, lab: str = "") -> object:
        """What the kernel holds, in the project's own dump."""
        return self("show", "--observed", "--json", *([lab] if lab else [])).json

    def machine(self, namespace: str = "host") -> list[object]:
        """What `ip` says of a namespace, less what changes by itself."""
        return [
            _timeless(json.loads(self("exec", namespace, "--", *words).out or "[]"))
            for words in (
                ["ip", "-j", "-d", "link"],
                ["ip", "-j", "addr"],
                ["ip", "-j", "route", "show", "table", "all"],
                ["ip", "-j", "-6", "route", "show"],
                ["bridge", "-j", "link"],
            )
        ]

    def labs(self) -> list[str]:
        return [lab["name"] for lab in self("ls", "--json").json]

    def folder(self, lab: str) -> Path:
        return self.home / "state" / "tuilab" / "labs" / lab

    def end(self) -> None:
        """Whatever the test made."""
        folder = self.home / "state" / "tuilab" / "labs"
        for data in folder.glob("*/keeper.json"):
            sandbox.destroy(Keeper.from_data(json.loads(data.read_text())))


_VOLATILE = {
    *(
        "ifindex",
        "link_index",
        "link_netnsid",
        "stats",
        "stats64",
        "inet6_addr_gen_mode",
    ),
    *("hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "used"),
    *("linkinfo_age", "expires", "pref"),
}


def _timeless(data):
    if isinstance(data, dict):
        return {k: _timeless(v) for k, v in data.items() if k not in _VOLATILE}
    if isinstance(data, list):
        return [_timeless(item) for item in data if not _link_local(item)]
    return data


def _link_local(item):
    """An address or route that the kernel gives a link a while after it is up."""
    if not isinstance(item, dict):
        return False
    where = (item.get("local", ""), item.get("dst", ""))
    return any(str(text).startswith("fe80:") for text in where)


@contextmanager
def cli(person: Person):
    """The command line of a person, all of whose labs end with the block."""
    home = Path(tempfile.mkdtemp(prefix="tuilab-cli-"))
    home.chmod(0o777)
    path = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    it = Cli(person, home, person.python, path)
    try:
        yield it
    finally:
        it.end()
        shutil.rmtree(home)


def _usable(person: Person) -> bool:
    """Whether that person can run what we run: they may see other packages."""
    if person.uid is None:
        return True
    code = f"import sys; assert sys.version_info[:2] == {sys.version_info[:2]}"
    with cli(person) as it:
        command = [
            *person._become(),
            it.python,
            "-c",
            f"{code}; import pyroute2, typer",
        ]
        done = subprocess.run(command, env=it.environment(), capture_output=True)
    return done.returncode == 0


USERS = [person for person in PEOPLE if _usable(person)]


def ended(process: subprocess.Popen, number: int | None = None) -> Done:
    """Wait for a process, after sending it a signal."""
    if number is not None:
        process.send_signal(signal.Signals(number))
    out, err = process.communicate(timeout=SECONDS)
    return Done(process.returncode, out, err)


@contextmanager
def capturing(lab, *words, **options):
    """A capture that is listening; killed if the block fails."""
    process = lab.start("capture", *words, **options)
    try:
        line = process.stderr.readline()
        if isinstance(line, bytes):
            line = line.decode()
        assert line.startswith("capturing on "), line + str(process.stderr.read())
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def pings(lab, count):
    # No ARP gets in between: the entries are permanent.
    lab("ping", "red", "blue", "-c", count, "-i", 0)
