"""What can be done next, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuilab.tui.actions import ACTIONS, KEYS, Context
from tuilab.tui.canvas.graph import Item
from tuilab.tui.keymap import Keymap
from tuilab.tui.text import Line, Span, line

_IN_SANDBOX = "This lab is a sandbox: nothing outside it can be changed."
_ON_HOST = "This is the machine's own network: only what you make is changed."
_TOURING = "Nothing here yet. The tour below makes the first things."
_CHOICES = {
    "tour": "Take the tour: build a first lab, step by step",
    "example": "Load a ready lab: two hosts, a router, a ring ...",
    "machine": "Show what exists on this machine (read-only import)",
    "": "",
    "add_namespace": "Add the first namespace",
    "add_bridge": "Add the first bridge",
    "load": "Load a file",
    "help": "All keys",
}
"""Actions of the card for an empty lab; an empty one is a gap."""


@dataclass(frozen=True, slots=True)
class Card:
    """What the canvas says while there is nothing to draw.

    Attributes:
        text: All of it.
        choices: The action of each line that has one, by number of the line.
    """

    text: str
    choices: Mapping[int, str]


def empty(*, host: bool, keymap: Keymap = KEYS, touring: bool = False) -> Card:
    """What to do first, each with its key.

    Args:
        host: The lab is on the machine's own network.
        keymap: The keys.
        touring: The tour says that already.
    """
    where = _ON_HOST if host else _IN_SANDBOX
    if touring:
        return Card(f"{_TOURING}\n\n{where}", {})
    lines = ["Nothing here yet. Pick one:", ""]
    choices = {}
    wide = max(map(len, _CHOICES.values()))
    for name, about in _CHOICES.items():
        if host and name == "machine":
            continue
        if name:
            choices[len(lines)] = name
        lines.append(f"  {keymap.key(name):<4} {about:<{wide}}" if name else "")
    key = keymap.key("undo")
    logged = f"Every change is logged as ip commands and can be undone ({key})."
    lines += ["", where, logged]
    return Card("\n".join(lines), choices)


_VERBS = ("edit", "toggle", "delete", "send", "watch", "shell")


def hint_lines(
    item: Item | None, context: Context, switch: Sequence[str]
) -> list[Line]:
    """Keys for the selected thing, and what its switch would run.

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
            click = f"screen.act('{name}')"
            keys += [
                Span(f" {context.key(name)}", "key", click),
                Span(f" {action.label} ", click=click),
            ]
    lines = [line(""), tuple(keys)]
    if switch:
        lines.append(line((f"  {context.key('toggle')} runs:", "dim")))
        lines += [line((f"    {command}", "dim")) for command in switch]
    return lines
