"""What can be done next, in words."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.tui.actions import ACTIONS, Context
from tuilab.tui.canvas.graph import Item
from tuilab.tui.text import Line, Span, line

_EMPTY = (
    "Nothing here yet. Pick one:\n"
    "\n"
    "  n       Add the first namespace    \n"
    "  b       Add the first bridge       \n"
    "  ctrl+o  Load a file or a ready lab \n"
    "  ?       All keys                   \n"
    "\n"
)
_IN_SANDBOX = "This lab is a sandbox: nothing outside it can be changed.\n"
_ON_HOST = "This is the machine's own network: only what you make is changed.\n"
_LOGGED = "Every change is logged as ip commands and can be undone (u)."


def empty(*, host: bool) -> str:
    """What the canvas says while there is nothing to draw.

    Args:
        host: The lab is on the machine's own network.
    """
    return _EMPTY + (_ON_HOST if host else _IN_SANDBOX) + _LOGGED


_VERBS = ("edit", "toggle", "delete", "send", "watch", "shell")


def hint_lines(
    item: Item | None, context: Context, switch: Sequence[str]
) -> list[Line]:
    """Keys for the selected thing, and what ``x`` would run.

    Args:
        item: What is selected.
        context: What is possible.
        switch: Commands that set it up or down.
    """
    if item is None:
        return []
    keys: list[Span] = []
    for name in _VERBS:
        action = ACTIONS[name]
        if not action.refuse(context):
            keys += [Span(f" {context.key(name)}", "key"), Span(f" {action.label} ")]
    lines = [line(""), tuple(keys)]
    if switch:
        lines.append(line(("  x runs:", "dim")))
        lines += [line((f"    {command}", "dim")) for command in switch]
    return lines
