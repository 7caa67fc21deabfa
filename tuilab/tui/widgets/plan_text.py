"""What a plan says before it is run."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.tui.text import Line, line, wrapped

MOST = 200
"""Commands shown of a long plan."""


def plan_lines(
    commands: Sequence[str], cells: int, *, entry: str = "one undo entry"
) -> list[Line]:
    """How many commands, and which, within so many cells.

    Args:
        commands: What will run.
        cells: Room for a line.
        entry: What comes of it in the history.
    """
    count = len(commands)
    if not count:
        return [line(("Nothing to do.", "dim"))]
    plural = "command" if count == 1 else "commands"
    lines = [line(("Will run ", "title"), (f"{count} {plural}, {entry}", "dim"))]
    for command in commands[:MOST]:
        lines += wrapped(command, cells, indent=2)
    if count > MOST:
        lines.append(line((f"  and {count - MOST} more", "dim")))
    return lines
