"""Somebody who uses tuilab: a home of their own, and the real program in it."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.terminal import DEADLINE, Terminal

ROOT = Path(__file__).resolve().parents[2]
TOPOLOGIES = sorted((ROOT / "topologies").glob("*.yaml"))
TUILAB = (sys.executable, "-m", "tuilab")
EIGHT_KEYS = ("n", "Enter", "n", "Enter", "v", "Enter", "s", "Enter")
_OURS = ("TUILAB_LAB", "NO_COLOR", "COLORTERM", "TMUX", "SSH_CONNECTION", "COLUMNS")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


class Home:
    """A home directory with the labs of whoever lives there.

    Attributes:
        folder: The home. Not below pytest's: a socket's path may have 107 characters.
        environment: What programs are started with.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tuilab-e2e-"))
        kept = {k: v for k, v in os.environ.items() if k not in _OURS}
        self.environment = kept | {
            "HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "TMUX_TMPDIR": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
            "SHELL": "/bin/sh",
            "TERM": "screen-256color",
        }
        self._terminals: list[Terminal] = []

    @property
    def labs(self) -> Path:
        """Where the labs keep their state."""
        return self.folder / "state" / "tuilab" / "labs"

    def tuilab(
        self, *words: str, code: int = 0, feed: str = "", **options: Any
    ) -> Done:
        """Run the program to its end, which must be with that exit code."""
        with self.popen(*words, stdin=subprocess.PIPE, **options) as process:
            out, err = process.communicate(feed, timeout=DEADLINE)
        assert process.returncode == code, (words, process.returncode, out, err)
        assert "Traceback" not in err, err
        return Done(code, out, err)

    def json(self, *words: str) -> Any:
        """What a verb says with ``--json``."""
        return json.loads(self.tuilab(*words, "--json").out)

    def popen(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Start the program."""
        for stream in ("stdout", "stderr"):
            options.setdefault(stream, subprocess.PIPE)
        environment = self.environment | options.pop("env", {})
        through = options.pop("through", ())
        command = [*through, *TUILAB, *words]
        options |= {"env": environment, "cwd": self.folder, "text": True}
        return subprocess.Popen(command, **options)

    def terminal(self, width: int = 80, height: int = 24, **options: Any) -> Terminal:
        """Sit down at a terminal; it is closed with the home."""
        size = (width, height)
        terminal = Terminal(self.folder, self.environment, size=size, **options)
        self._terminals.append(terminal)
        return terminal

    def close(self) -> None:
        """Close the terminals and end all labs; nothing may be left."""
        for terminal in self._terminals:
            if terminal.is_open:
                terminal.close()
        keepers = [*filter(None, map(_pidfd, self.labs.glob("*/keeper.json")))]
        self.tuilab("down", "--all", "--yes")
        left = [path.name for path in self.labs.glob("*")]
        alive = [fd for fd in keepers if not select.select([fd], [], [], DEADLINE)[0]]
        reports = [p.read_text() for p in self.folder.glob("state/tuilab/reports/*")]
        for fd in keepers:
            os.close(fd)
        shutil.rmtree(self.folder)
        assert not left, left
        assert not alive, "a keeper lives on"
        assert not reports, "\n".join(reports)


def _pidfd(keeper: Path) -> int | None:
    try:
        return os.pidfd_open(json.loads(keeper.read_text())["pid"])
    except ProcessLookupError:
        return None


def spin(holds: Callable[[], bool]) -> None:
    """Wait for what nobody tells of, such as another process's file, without sleep."""
    end = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < end, "it does not come about"
        os.sched_yield()


def four_replies(screen: str) -> bool:
    """Whether four ping replies with their times are on the screen."""
    return all(
        re.search(rf"from 10\.0\.0\.2: seq={n} ttl=64 time=[\d.]+ ms", screen)
        for n in range(1, 5)
    )
