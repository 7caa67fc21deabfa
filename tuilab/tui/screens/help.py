"""All keys, searchable; Enter runs the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.widget import Widget

from tuilab.tui.actions import ACTIONS, Context
from tuilab.tui.moves import IN_DIALOGS, MOVES, PANES, Move, panes_of
from tuilab.tui.screens.pick import Entry, PickDialog, fits
from tuilab.tui.text import Line, line, plain

_KEYS = 12
_PLACES = {
    "canvas": "drawing",
    "empty": "empty lab",
    "packets": "packets",
    "history": "undo history",
    "inspector": "inspector",
}
"""What help calls the pane whose focus a verb needs."""


@dataclass(frozen=True, slots=True)
class HelpRow:
    """One key in the help.

    Attributes:
        name: Its id in the table; empty for a heading.
        shown: The line.
        refused: Why it can't be run now, or empty.
        searched: What is looked through for what was typed.
    """

    name: str
    shown: Line
    refused: str = ""
    searched: str = ""


class HelpScreen(PickDialog[HelpRow, str]):
    """Gives the id of the action or move to run."""

    DEFAULT_CSS = """
    HelpScreen PickList { height: 60vh; }
    """
    title_text = "Keys"
    verb = "Run"
    placeholder = "type to find a key, a verb or a reason"

    def __init__(self, context: Context, focused: Widget | None) -> None:
        super().__init__()
        self._rows = help_rows(context, panes_of(focused))

    def start_at(self) -> int:
        """The first key is current, not its heading."""
        return 0 if self.query_text else 1

    def entries(self, query: str) -> Sequence[Entry[HelpRow]]:
        """Every key whose line has what was typed, each group below its heading."""
        found: list[Entry[HelpRow]] = []
        heading: HelpRow | None = None
        for row in self._rows:
            if not row.name:
                heading = row
            elif fits(query, row.searched):
                if heading is not None and not query:
                    found.append((heading, heading.shown))
                heading = None
                found.append((row, row.shown))
        return found

    def picked(self, value: HelpRow | None, query: str) -> None:
        """Run it."""
        if value is None:
            self.refuse("no key is like that: clear the field to see them all")
        elif not value.name:
            self.refuse("that is a heading: choose a key below it")
        elif value.refused:
            self.refuse(value.refused)
        else:
            self.dismiss(value.name)


def help_rows(context: Context, panes: Sequence[str] = ("canvas",)) -> list[HelpRow]:
    """Every key with what it does, and why it can't be run now.

    Args:
        context: What is possible.
        panes: The panes whose moves the focused widget knows: they come first.
    """
    rows = [*_moves(context, panes, here=True), *_actions(context, panes)]
    return [*rows, *_moves(context, panes, here=False)]


def _actions(context: Context, panes: Sequence[str]) -> Iterator[HelpRow]:
    groups = dict.fromkeys(action.group for action in ACTIONS.values())
    for group in groups:
        yield _heading(group)
        for action in ACTIONS.values():
            if action.group == group:
                pane = f" ({_PLACES[action.where]})" if action.where else ""
                refused = action.refuse(context)
                about = action.about + pane
                yield _row(context, action.id, group, about, refused)


def _moves(context: Context, panes: Sequence[str], *, here: bool) -> Iterator[HelpRow]:
    for pane, title in PANES.items():
        if (pane in panes) is not here:
            continue
        rows = [
            _move(context, move, panes) for move in MOVES.values() if move.pane == pane
        ]
        if rows:
            yield _heading(f"{title}: this pane" if here else title)
            yield from rows


def _move(context: Context, move: Move, panes: Sequence[str]) -> HelpRow:
    refused = ""
    if move.pane in IN_DIALOGS:
        refused = "that key works in dialogs"
    elif move.pane == "tool":
        refused = "that key works while something is moved or boxed"
    elif move.pane not in (*panes, "canvas", "screen"):
        key = context.key("screen.next")
        refused = f"that key works in {PANES[move.pane].lower()}: go there ({key})"
    return _row(context, move.id, PANES[move.pane], move.about, refused, tell=False)


def _heading(text: str) -> HelpRow:
    return HelpRow("", line((text, "title")))


def _row(
    context: Context,
    name: str,
    where: str,
    about: str,
    refused: str,
    *,
    tell: bool = True,
) -> HelpRow:
    keys = context.keymap.shown(name) or f":{name}"
    shown = line(
        (f"  {keys:<{_KEYS}} ", "key"),
        (about, "dim" if refused else ""),
        (f"  {refused}" if tell and refused else "", "dim"),
    )
    return HelpRow(name, shown, refused, f"{where} {name} {plain(shown)}")
