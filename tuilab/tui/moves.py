"""Keys that move about, or work a dialog: the part of the table without verbs.

A move acts on the pane that has the focus and changes nothing of a lab. It stands here
so that help, the user's keys and the README know it like any other key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding
from textual.dom import DOMNode

PANES = {
    "canvas": "Drawing",
    "tool": "Moving and boxing",
    "tree": "Tree",
    "list": "Lists",
    "lines": "Text",
    "tour": "Tour",
    "screen": "Screen",
    "menu": "Menu",
    "dialog": "Dialogs",
    "pick": "Dialogs that list",
    "form": "Forms",
    "check": "Ticks",
    "choice": "Fields with a menu",
    "choices": "Menus of fields",
    "send": "Sending",
    "drift": "Repairing",
    "quit": "Leaving",
    "keep": "Keeping",
}
"""What help calls each pane."""
IN_DIALOGS = (
    "dialog",
    "pick",
    "form",
    "check",
    "choice",
    "choices",
    "send",
    "drift",
    "quit",
    "keep",
)


@dataclass(frozen=True, slots=True)
class Move:
    """One key that moves about.

    Attributes:
        id: Its pane, a dot, its name: also in a person's keymap.
        keys: Keys in Textual's words.
        action: What its widget does, in Textual's words.
        about: In help.
        priority: It comes before the keys of the focused widget.
    """

    id: str
    keys: tuple[str, ...]
    action: str
    about: str
    priority: bool = False

    @property
    def pane(self) -> str:
        """Where it works."""
        return self.id.partition(".")[0]


_TABLE = (
    Move("canvas.left", ("left", "h"), "walk('left')", "left"),
    Move("canvas.right", ("right", "l"), "walk('right')", "right"),
    Move("canvas.up", ("up", "k"), "walk('up')", "up"),
    Move("canvas.down", ("down", "j"), "walk('down')", "down"),
    *(
        Move(
            f"canvas.extend_{side}",
            (f"shift+{side}",),
            f"extend('{side}')",
            f"select what is {where} as well",
        )
        for side, where in (
            ("left", "left"),
            ("right", "right"),
            ("up", "above"),
            ("down", "below"),
        )
    ),
    Move("canvas.ports", ("p",), "ports", "into the ports of the node"),
    Move("canvas.leave", ("escape",), "leave", "clear the mark, leave the last one"),
    Move("canvas.open", ("enter",), "open", "inspect the selection"),
    Move("canvas.mark", ("space",), "mark", "mark an end; at another, add a cable"),
    Move("canvas.in", ("plus", "equals_sign"), "zoom(1)", "zoom in"),
    Move("canvas.out", ("minus",), "zoom(-1)", "zoom out"),
    Move("canvas.fit", ("0",), "fit", "fit the pane"),
    Move("canvas.centre", ("c",), "centre", "centre the selection"),
    Move("canvas.pan_left", ("H", "ctrl+left"), "pan(-1, 0)", "pan left"),
    Move("canvas.pan_right", ("L", "ctrl+right"), "pan(1, 0)", "pan right"),
    Move("canvas.pan_up", ("K", "ctrl+up"), "pan(0, -1)", "pan up"),
    Move("canvas.pan_down", ("J", "ctrl+down"), "pan(0, 1)", "pan down"),
    Move("tool.done", ("enter",), "", "take what is boxed, let down what is moved"),
    Move("tool.leave", ("escape",), "", "leave it as it was"),
    Move("tool.unpin", ("delete", "backspace"), "", "let the drawing place it again"),
    Move("tree.shut", ("left", "h"), "shut", "fold, or up to what it is below"),
    Move("tree.open", ("right", "l"), "open", "unfold, or down into it"),
    Move("tree.mark", ("space",), "mark", "mark an end; at another, add a cable"),
    Move("tree.shut_all", ("minus",), "all(False)", "fold every namespace"),
    Move("tree.open_all", ("plus", "equals_sign"), "all(True)", "unfold everything"),
    Move("list.up", ("up", "k"), "move(-1)", "line up"),
    Move("list.down", ("down", "j"), "move(1)", "line down"),
    Move("list.page_up", ("pageup",), "page(-1)", "page up"),
    Move("list.page_down", ("pagedown",), "page(1)", "page down"),
    Move("list.first", ("home",), "first", "first line"),
    Move("list.last", ("end",), "last", "last line"),
    Move("list.choose", ("enter",), "choose", "open or go to the line"),
    Move("lines.up", ("up", "k"), "scroll_up", "line up"),
    Move("lines.down", ("down", "j"), "scroll_down", "line down"),
    Move("lines.left", ("left", "h"), "scroll_left", "left"),
    Move("lines.right", ("right", "l"), "scroll_right", "right"),
    Move("tour.next", ("enter",), "ask('next')", "do the step, or go on"),
    Move("tour.leave", ("escape",), "ask('leave')", "leave the tour"),
    Move("tour.remove", ("r",), "ask('remove')", "at its end: remove what it made"),
    Move("screen.next", ("tab",), "app.focus_next", "next pane"),
    Move("screen.previous", ("shift+tab",), "app.focus_previous", "previous pane"),
    Move("screen.back", ("escape",), "back", "close, restore, back to the drawing"),
    Move("menu.leave", ("escape",), "leave", "close the menu"),
    Move("dialog.run", ("enter",), "run", "do it", priority=True),
    Move("dialog.cancel", ("escape",), "cancel", "close, nothing happens"),
    Move(
        "dialog.read_on",
        ("pagedown", "ctrl+down"),
        "read(1)",
        "read on, or many entries down",
    ),
    Move(
        "dialog.read_back",
        ("pageup", "ctrl+up"),
        "read(-1)",
        "read back, or many entries up",
    ),
    Move("pick.up", ("up",), "move(-1)", "entry up", priority=True),
    Move("pick.down", ("down",), "move(1)", "entry down", priority=True),
    Move("form.help", ("f1",), "field_help", "help for the field"),
    Move("check.turn", ("space",), "turn", "tick or clear"),
    Move("choice.open", ("down", "space", "up"), "open", "show the menu"),
    Move("choices.leave", ("escape",), "leave", "choose nothing else"),
    Move("send.stop", ("ctrl+x",), "stop", "stop sending", priority=True),
    Move("drift.all", ("a",), "all", "all of the lab"),
    Move("quit.keep", ("k",), "keep", "keep the lab running"),
    Move("quit.remove", ("r",), "remove", "remove the lab"),
    Move("keep.keep", ("y",), "keep", "keep what may cut the connection"),
    Move("keep.cancel", ("n",), "cancel", "take it back"),
)
MOVES: dict[str, Move] = {move.id: move for move in _TABLE}


def moves(pane: str) -> list[Binding]:
    """The bindings of a pane, for its class."""
    return [
        Binding(
            ",".join(move.keys),
            move.action,
            move.about,
            show=False,
            id=move.id,
            priority=move.priority,
        )
        for move in _TABLE
        if move.pane == pane
    ]


def panes_of(widget: DOMNode | None) -> tuple[str, ...]:
    """The panes whose moves a widget knows, its own before those it inherits."""
    found: dict[str, None] = {}
    for kind in type(widget).__mro__ if widget is not None else ():
        own: Iterable[object] = kind.__dict__.get("BINDINGS", ())
        for binding in own:
            if isinstance(binding, Binding) and binding.id in MOVES:
                found[MOVES[binding.id].pane] = None
    return tuple(found)
