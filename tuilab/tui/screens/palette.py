"""Type what is wanted: the palette of actions, and the choice of colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.fuzzy import FuzzySearch

from tuilab.tui.actions import ACTIONS, Context
from tuilab.tui.screens.pick import Entry, PickDialog, distance, fits
from tuilab.tui.text import Line, line, plain

_KEYS = 8
"""Cells of the column of keys."""


class PaletteScreen(PickDialog[str, str]):
    """Gives the id of the action to run."""

    DEFAULT_CSS = """
    PaletteScreen PickList { height: 60vh; }
    """
    title_text = "Commands"
    verb = "Run"
    placeholder = "what to do"

    def __init__(self, context: Context) -> None:
        """Offer what can be done.

        Args:
            context: What is possible.
        """
        super().__init__()
        self._search = FuzzySearch()
        self._refused = {
            name: action.refuse(context)
            for name, action in ACTIONS.items()
            if name != "palette"
        }
        self._lines = {name: self._line(context, name) for name in self._refused}

    def _line(self, context: Context, name: str) -> Line:
        """What it does, and why it can't be done now."""
        action, refused = ACTIONS[name], self._refused[name]
        keys = context.keymap.shown(name) or f":{name}"
        return line(
            (f"{keys:<{_KEYS}} ", "dim" if refused else "key"),
            (f"{action.group}: ", "dim"),
            (action.about, "dim" if refused else ""),
            (f"  {refused}" if refused else "", "dim"),
        )

    def entries(self, query: str) -> Sequence[Entry[str]]:
        """What is called so, then what has all of the words, then what resembles it."""
        found = sorted(self._ranked(query), key=lambda one: one[0])
        return [(name, self._lines[name]) for _, name in found]

    def _ranked(self, query: str) -> Iterable[tuple[tuple[int, float], str]]:
        typed = query.removeprefix(":")
        for name, shown in self._lines.items():
            about = f"{ACTIONS[name].group}: {ACTIONS[name].about}"
            if fits(typed, f"{name} {plain(shown)}"):
                yield (distance(typed, name, ACTIONS[name].about), 0.0), name
            elif score := self._search.match(typed, about)[0]:
                yield (3, -score), name

    def picked(self, value: str | None, query: str) -> None:
        """Run it."""
        if value is None:
            self.refuse("nothing is like that: clear the field to see everything")
        elif self._refused[value]:
            self.refuse(self._refused[value])
        else:
            self.dismiss(value)


class ThemeScreen(PickDialog[str, str]):
    """Gives the name of the colours."""

    title_text = "Colours"
    verb = "Take"
    placeholder = "which colours"

    def __init__(self, names: Iterable[str], current: str) -> None:
        """Offer them.

        Args:
            names: Of all there are.
            current: The one in use.
        """
        super().__init__()
        self._names = sorted(names)
        self._current = current

    def start_at(self) -> int:
        """The one in use."""
        whole = not self.query_text and self._current in self._names
        return self._names.index(self._current) if whole else 0

    def entries(self, query: str) -> Sequence[Entry[str]]:
        """What has the typed words."""
        return [
            (name, line(name, ("  in use" if name == self._current else "", "dim")))
            for name in self._names
            if fits(query, name)
        ]

    def picked(self, value: str | None, query: str) -> None:
        """Take it."""
        if value is None:
            self.refuse(f'no colours are called "{query}"')
        else:
            self.dismiss(value)
