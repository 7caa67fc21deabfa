"""The undo history as lines, the newest edit first."""

from __future__ import annotations

import time

from tuilab.plan.history import History
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.text import Line, Role, line


def history_lines(history: History, glyphs: Glyphs) -> list[tuple[int, Line]]:
    """Each entry with the position that going there means; the start is 0."""
    rows: list[tuple[int, Line]] = []
    for position in range(len(history.edits), 0, -1):
        edit = history.edits[position - 1]
        undone = position > history.position
        role: Role = "dim" if undone else ""
        steps = len(edit.commands)
        plural = "command" if steps == 1 else "commands"
        state = "undone" if undone else f"{steps} {plural}"
        rows.append(
            (
                position,
                line(
                    (_here(position, history, glyphs), "key"),
                    (f"{position:>3}  {clock(edit.time)}  ", "dim"),
                    (edit.title, role),
                    (f"  {state}", "dim"),
                ),
            )
        )
    start = (f"{0:>3}  {'':8}  ", "dim")
    here = (_here(0, history, glyphs), "key")
    rows.append((0, line(here, start, ("how the lab began", "dim"))))  # type: ignore[arg-type]
    return rows


def _here(position: int, history: History, glyphs: Glyphs) -> str:
    mark = glyphs.here if position == history.position else " "
    return f"{mark} "


def clock(seconds: float) -> str:
    """A moment as the local time of day."""
    return time.strftime("%H:%M:%S", time.localtime(seconds))
