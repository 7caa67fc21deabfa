"""The tmux that we run in, if we do: its buffer, and a window beside ours."""

from __future__ import annotations

import os
import shutil
from asyncio import create_subprocess_exec
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Sequence

from tuilab.errors import TuilabError

_CARRIED = ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "PYTHONPATH", "SHELL")
"""What a new window needs of our surroundings; tmux gives it those of its server."""


def inside() -> bool:
    """Whether we run in tmux."""
    return bool(os.environ.get("TMUX") and shutil.which("tmux"))


def no_window(window: Callable[[str], Sequence[str]] | None, key: str) -> str:
    """Why no window can be opened, or empty.

    Args:
        window: Makes its command line; None where there are no shells.
        key: The key that opens a shell in place of the screen.
    """
    if not inside():
        return f"this is not inside tmux: {key} opens a shell here"
    return "" if window else "no shell can be opened here"


async def load_buffer(text: str) -> bool:
    """Put text into tmux's buffer and on the clipboard of its terminal."""
    if not inside():
        return False
    process = await create_subprocess_exec(
        "tmux", "load-buffer", "-w", "-", stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL
    )
    await process.communicate(text.encode())
    return process.returncode == 0


async def new_window(name: str, argv: Sequence[str], instead: str) -> None:
    """Open a window that runs a program.

    Args:
        name: Of the window.
        argv: The program.
        instead: What a person may do where tmux refuses.

    Raises:
        TuilabError: tmux refuses.
    """
    carried = [
        part
        for key in _CARRIED
        if key in os.environ
        for part in ("-e", f"{key}={os.environ[key]}")
    ]
    process = await create_subprocess_exec(
        *("tmux", "new-window", "-n", name, *carried, "--", *argv),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
    )
    _, said = await process.communicate()
    if process.returncode:
        words = said.decode(errors="replace").strip()
        raise TuilabError(f"tmux opens no window: {words}", instead)
