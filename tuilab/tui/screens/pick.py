"""Dialogs with a field to type in and a list that it filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from tuilab.tui.moves import moves
from tuilab.tui.screens.dialog import Answer, Dialog
from tuilab.tui.text import Line, line, width
from tuilab.tui.widgets.pick_view import PickView
from tuilab.tui.widgets.text_field import TextField

Value = TypeVar("Value")
Entry = tuple[Value, Line]


class PickList(PickView, Generic[Value], can_focus=False):
    """The list; keys go to the field above, which moves the cursor."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._entries: Sequence[Entry[Value]] = ()

    def show_entries(self, entries: Sequence[Entry[Value]], at: int = 0) -> None:
        """Show others, that one current."""
        self._entries = entries
        self.lines_changed()
        self.cursor = at

    @property
    def value(self) -> Value | None:
        """The current entry's value."""
        return self._entries[self.cursor][0] if self._entries else None

    @property
    def values(self) -> list[Value]:
        """All entries' values."""
        return [value for value, _ in self._entries]

    def line_count(self) -> int:
        """Entries, or one line that says there are none."""
        return len(self._entries) or 1

    def line(self, index: int) -> Line:
        """One entry."""
        if not self._entries:
            return line(("nothing fits", "dim"))
        return self._entries[index][1]

    def line_width(self) -> int:
        """Cells of the longest entry."""
        return max((width(spans) for _, spans in self._entries), default=0)


class PickDialog(Dialog[Answer], Generic[Value, Answer]):
    """Type to filter, up and down to choose, Enter to take it."""

    DEFAULT_CSS = """
    PickDialog {
        & Input { background: $boost; }
        & PickList { height: 12; margin-top: 1; background: $surface; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moves("pick")]
    placeholder = "type to filter"

    def entries(self, query: str) -> Sequence[Entry[Value]]:
        """What fits what was typed."""
        raise NotImplementedError

    def start_at(self) -> int:
        """Which entry is current before a person has moved."""
        return 0

    def picked(self, value: Value | None, query: str) -> None:
        """An entry was taken. Ends with `dismiss` or `refuse`."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """The field and the list."""
        yield TextField(placeholder=self.placeholder, id="query")
        yield PickList[Value](id="list")

    def first_focus(self) -> Widget | None:
        """The field."""
        return self.query_one("#query")

    def on_mount(self) -> None:
        """Show everything."""
        self.listed.show_entries(self.entries(""), self.start_at())

    @property
    def listed(self) -> PickList[Value]:
        """The list."""
        return self.query_one("#list", PickList)

    @property
    def query_text(self) -> str:
        """What was typed."""
        return self.query_one("#query", Input).value.strip()

    @on(Input.Changed, "#query")
    def _filter(self) -> None:
        self.listed.show_entries(self.entries(self.query_text), self.start_at())

    def action_move(self, by: int) -> None:
        """Another entry."""
        self.listed.cursor += by

    def action_read(self, way: int) -> None:
        """On in what is too long for the dialog, where it is; else many entries on."""
        if self.longest is not None:
            super().action_read(way)
        else:
            self.action_move(10 * way)

    @on(PickView.Chosen)
    def _double_clicked(self) -> None:
        self.action_run()

    async def run(self) -> None:
        """Take the current entry."""
        self._filter_late()
        self.picked(self.listed.value, self.query_text)

    def _filter_late(self) -> None:
        """What was typed just before Enter may not have been filtered yet."""
        entries = self.entries(self.query_text)
        if [value for value, _ in entries] != self.listed.values:
            self.listed.show_entries(entries, self.start_at())


def distance(query: str, *names: str) -> int:
    """How far what was typed is from any of some names: 0 that, 1 its beginning, 2."""
    typed = query.strip().lower()
    lower = [name.lower() for name in names]
    if typed in lower:
        return 0
    begins = typed and any(name.startswith(typed) for name in lower)
    return 1 if begins else 2


def fits(query: str, text: str) -> bool:
    """Whether every word typed is somewhere in a text."""
    lower = text.lower()
    return all(word in lower for word in query.lower().split())
