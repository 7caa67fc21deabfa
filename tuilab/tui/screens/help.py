"""All keys, searchable; Enter runs the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding
from textual.widget import Widget

from tuilab.tui.actions import ACTIONS, Action, Context
from tuilab.tui.moves import IN_DIALOGS, MOVES, PANES, Move, panes_of
from tuilab.tui.screens.pick import Entry, PickDialog, fits
from tuilab.tui.text import Line, line, plain

_KEYS = 12
_PLACES = {
    "canvas": PANES["canvas"],
    "empty": "Empty lab",
    "packets": "Packets",
    "history": "Undo history",
    "inspector": "Inspector",
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
        self._rows = help_rows(context, panes_of(focused), places_of(focused))

    def start_at(self) -> int:
        """The first key is current, not its heading."""
        return 1

    def entries(self, query: str) -> Sequence[Entry[HelpRow]]:
        """Every key whose line has what was typed, each group below its heading."""
        found: list[Entry[HelpRow]] = []
        heading: HelpRow | None = None
        for row in self._rows:
            if not row.name:
                heading = row
            elif fits(query, row.searched):
                if heading is not None:
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


def places_of(widget: Widget | None) -> tuple[str, ...]:
    """The places of verbs, as in ``Action.where``, that a widget is."""
    own = {
        binding.id
        for kind in (type(widget).__mro__ if widget is not None else ())
        for binding in kind.__dict__.get("BINDINGS", ())
        if isinstance(binding, Binding)
    }
    found = (it.where for it in ACTIONS.values() if it.where and it.id in own)
    return tuple(dict.fromkeys(found))


def help_rows(
    context: Context,
    panes: Sequence[str] = ("canvas",),
    places: Sequence[str] = ("canvas",),
) -> list[HelpRow]:
    """Every key with what it does, and why it can't be run now.

    Args:
        context: What is possible.
        panes: The panes whose moves the focused widget knows: they come first.
        places: The places of verbs that it is: so do those.
    """
    # The list knows keys of the drawing too, but only to say where they work.
    real = {"empty": context.empty, "canvas": "canvas" in panes}
    places = [it for it in places if real.get(it, True)]
    here: dict[str, list[HelpRow]] = {_PLACES[place]: [] for place in places}
    others: dict[str, list[HelpRow]] = {}
    for pane, title in PANES.items():
        told = here if pane in panes else others
        told.setdefault(title, []).extend(
            _move(context, move, panes) for move in MOVES.values() if move.pane == pane
        )
    groups: dict[str, list[HelpRow]] = {}
    for action in ACTIONS.values():
        if action.where in places:
            here[_PLACES[action.where]].append(_verb(context, action, ""))
        else:
            pane = f" ({_PLACES[action.where].lower()})" if action.where else ""
            groups.setdefault(action.group, []).append(_verb(context, action, pane))
    titled = [(f"{title}: this pane", rows) for title, rows in here.items()]
    titled += [*groups.items(), *others.items()]
    return [row for title, rows in titled if rows for row in (_heading(title), *rows)]


def _verb(context: Context, action: Action, pane: str) -> HelpRow:
    refused, about = action.refuse(context), action.about + pane
    return _row(context, action.id, action.group, about, refused)


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
