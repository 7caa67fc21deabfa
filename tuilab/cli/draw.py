"""A lab as a drawing in text, or told in words: what `show` and `--plain` print."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from tuilab.cli import work
from tuilab.cli.output import put

if TYPE_CHECKING:
    from tuilab.lab.lab import Lab
    from tuilab.lab.registry import LabInfo
    from tuilab.lab.snapshot import Snapshot
    from tuilab.model.topology import Topology

WIDTH = 80
"""Columns of a drawing where no terminal tells."""


def seen(lab: LabInfo) -> Snapshot:
    """A running lab as the screen has it: wish, kernel, and how they differ."""

    async def look(it: Lab) -> Snapshot:
        return it.snapshot

    return work.inside(work.enter(lab), look)


def wished(topology: Topology) -> Snapshot:
    """What a topology would be, worked out without a kernel."""
    import asyncio
    from dataclasses import replace

    from tuilab.lab.lab import Lab

    async def model() -> Snapshot:
        lab = await Lab.preview(topology)
        try:
            return lab.snapshot
        finally:
            await lab.aclose()

    return replace(asyncio.run(model()), preview="")


def put_plain(snapshot: Snapshot) -> None:
    """Print a lab in words, one thing a line, for screen readers and logs."""
    from tuilab.tui.widgets.tree_text import plain_lines

    for line in plain_lines(snapshot):
        put(line)


def put_drawing(
    snapshot: Snapshot, level: int | None, width: int | None, *, ascii_only: bool
) -> None:
    """Print the canvas.

    Args:
        snapshot: The lab.
        level: Level of detail; the most that fits the width by default.
        width: Columns; those of the terminal by default.
        ascii_only: Use plain ASCII signs.
    """
    from tuilab.tui.canvas.boxes import LEVELS
    from tuilab.tui.canvas.draw import draw_text
    from tuilab.tui.terminal import needs_ascii

    ascii_only = ascii_only or needs_ascii(os.environ, sys.stdout.encoding)
    columns = width or shutil.get_terminal_size((WIDTH, 0)).columns
    drawn = ""
    for one in [it for it in LEVELS if level in (None, it)]:
        drawn = draw_text(snapshot, columns, one, ascii_only=ascii_only)
        lines = [line.rstrip() for line in drawn.splitlines()]
        if max(map(len, lines), default=0) <= columns:
            break
    for line in drawn.splitlines():
        put(line.rstrip())
