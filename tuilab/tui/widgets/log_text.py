"""The command log as lines."""

from __future__ import annotations

from tuilab.lab.snapshot import LogEntry
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.text import Line, line, wrapped
from tuilab.tui.widgets.history_text import clock


def entry_lines(entry: LogEntry, glyphs: Glyphs, cells: int) -> list[Line]:
    """The title of an entry, then its commands, and the error if any."""
    if entry.outside:
        mark = line((f"{glyphs.no_carrier} ", "warn"))
    elif entry.error:
        mark = line((f"{glyphs.bad} ", "bad"))
    else:
        mark = line((f"{glyphs.good} ", "good"))
    said = f"outside: {entry.title}" if entry.outside else entry.title
    out: list[Line] = [
        (*mark, *line((f"{clock(entry.time)}  ", "dim"), (said, "title")))
    ]
    for command in entry.commands:
        out += wrapped(command, cells, indent=4)
    if entry.error:
        out += wrapped(entry.error, cells, indent=4, role="bad")
    return out
