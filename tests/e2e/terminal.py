"""A person at a terminal: tmux with a socket of its own, a shell, the real program."""

from __future__ import annotations

import itertools
import os
import re
import select
import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

DEADLINE = float(os.environ.get("TUILAB_E2E_DEADLINE", "60"))
"""Seconds for anything that is waited for; nothing waits when it is there already."""

PROMPT = "e2e> "
_NUMBERS = itertools.count()


class Terminal:
    """A terminal of a fixed size with a plain shell in it.

    What is on its screen is read back from tmux. Nothing sleeps: tmux hands every byte
    that is written to the terminal on to a fifo, so waiting is reading that.
    """

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str],
        *,
        size: tuple[int, int] = (80, 24),
        term: str = "screen-256color",
    ) -> None:
        number = next(_NUMBERS)
        self._socket = f"tuilab-e2e-{os.getpid()}-{number}"
        self._environment = environment
        self.is_open = True
        self._fifo = folder / f"terminal-{number}"
        os.mkfifo(self._fifo)
        self._news = os.open(self._fifo, os.O_RDWR | os.O_NONBLOCK)
        # The shell starts only when everything that it writes is listened to.
        width, height = map(str, size)
        shell = f"read -r go && exec env PS1={shlex.quote(PROMPT)} sh"
        options = [
            *("set", "-g", "default-terminal", term, ";"),
            *("set", "-g", "status", "off", ";"),
            *("set", "-s", "escape-time", "0", ";"),
        ]
        try:
            self._tmux(
                *("-f", "/dev/null", *options, "new-session", "-d"),
                *("-x", width, "-y", height, "-c", str(folder), shell),
            )
            self._server = os.pidfd_open(int(self._tmux("display", "-p", "#{pid}")))
            self._tmux("pipe-pane", "-O", f"exec cat >{shlex.quote(str(self._fifo))}")
            self.keys("Enter")
            self.wait_for(PROMPT.strip())
        except BaseException:
            self._tmux("kill-server", check=False)
            self._fifo.unlink()
            raise

    def run(self, *command: str) -> None:
        """Type a command line and Enter."""
        self.type(shlex.join(command))
        self.keys("Enter")

    def type(self, text: str) -> None:
        """Type text as it is."""
        self._tmux("send-keys", "-l", "--", text)

    def keys(self, *names: str) -> None:
        """Press keys by the names that tmux has for them, as ``Enter``, ``C-q``."""
        self._tmux("send-keys", "--", *names)

    def click(self, column: int, row: int) -> None:
        """Click the left button, counted from 0; as SGR mouse reports have it."""
        place = f"0;{column + 1};{row + 1}"
        self.type(f"\x1b[<{place}M\x1b[<{place}m")

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def screen(self) -> str:
        """What is on the screen now, a line a row, blanks at the ends left out."""
        return self._tmux("capture-pane", "-p")

    def painted(self) -> str:
        """The same with its colours, as escape sequences."""
        return self._tmux("capture-pane", "-p", "-e")

    def wait_for(
        self, what: str | Callable[[str], bool], deadline: float = DEADLINE
    ) -> str:
        """Wait until text is on the screen, or something holds of the screen.

        Returns:
            The screen.
        """
        holds = (lambda screen: what in screen) if isinstance(what, str) else what
        end = time.monotonic() + deadline
        while True:
            self._drain()
            screen = self.screen()
            assert "Traceback (most recent" not in screen, screen
            if holds(screen):
                return screen
            left = end - time.monotonic()
            news = select.select([self._news, self._server], [], [], max(0.0, left))[0]
            assert self._server not in news, f"the terminal has ended: {screen}"
            assert news, f"no {what!r} after {deadline:.0f} s on\n{screen}"

    def rest(self, quiet: float = 0.6) -> str:
        """The screen once nothing has been painted for so many seconds."""
        while select.select([self._news], [], [], quiet)[0]:
            self._drain()
        return self.screen()

    def status(self) -> int:
        """The exit status of what was run last, once the shell is back."""
        self.wait_for(_at_prompt)
        number = next(_NUMBERS)
        self.type(f"echo status-{number}=$?=")
        self.keys("Enter")
        said = re.compile(rf"status-{number}=(\d+)=")
        found = said.search(self.wait_for(lambda screen: bool(said.search(screen))))
        assert found
        return int(found[1])

    def program(self) -> int:
        """Process id of what was run in the shell and runs still."""
        (child,) = self.children()
        return child

    def children(self) -> list[int]:
        """The processes that the shell has started and that run still."""
        shell = self._tmux("display", "-p", "#{pane_pid}", check=False).strip()
        try:
            children = Path(f"/proc/{shell}/task/{shell}/children").read_text()
        except FileNotFoundError:
            return []
        return [*map(int, children.split())]

    def stty(self) -> str:
        """The settings of the terminal, as stty(1) tells them; its size aside."""
        tty = self._tmux("display", "-p", "#{pane_tty}").strip()
        return subprocess.run(
            ["stty", "-g", "-F", tty], check=True, capture_output=True, text=True
        ).stdout

    def modes(self) -> dict[str, str]:
        """What a program may have changed in the terminal and must change back."""
        names = (
            *("alternate_on", "cursor_flag", "keypad_cursor_flag", "keypad_flag"),
            *("mouse_any_flag", "mouse_button_flag", "mouse_sgr_flag", "wrap_flag"),
        )
        values = self._tmux("display", "-p", " ".join(f"#{{{n}}}" for n in names))
        return dict(zip(names, values.split(), strict=True))

    def close(self) -> None:
        """Hang up, and wait until the terminal is gone, and what ran in it."""
        self.is_open = False
        ends = [self._server, *filter(None, map(_pidfd, self.children()))]
        self._tmux("kill-server", check=False)
        ended = [bool(select.select([end], [], [], DEADLINE)[0]) for end in ends]
        for descriptor in (*ends, self._news):
            os.close(descriptor)
        self._fifo.unlink()
        assert all(ended), "tmux, or what ran in it, does not end"

    def _drain(self) -> None:
        while True:
            try:
                os.read(self._news, 65536)
            except BlockingIOError:
                return

    def _tmux(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._socket, *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )
        assert not check or done.returncode == 0, (words, done.stderr)
        return done.stdout


def _at_prompt(screen: str) -> bool:
    """Whether the shell waits for a command; what is typed before may go elsewhere."""
    return screen.rstrip().rpartition("\n")[2] == PROMPT.strip()


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None
