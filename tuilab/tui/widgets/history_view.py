"""The undo tab: every edit, where we stand; Enter goes there."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.reactive import reactive

from tuilab.plan.history import History
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.text import Line, width
from tuilab.tui.widgets.history_text import history_lines
from tuilab.tui.widgets.pick_view import PickView


class HistoryView(PickView):
    """A list of edits."""

    history: reactive[History | None] = reactive(None)

    @dataclass
    class GoTo(Message):
        """A person wants the lab as it was after that many edits."""

        position: int

    def __init__(self, glyphs: Glyphs = UNICODE, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._glyphs = glyphs
        self._rows: list[tuple[int, Line]] = []

    def watch_history(self, history: History | None) -> None:
        """Show it, the cursor on where the lab stands."""
        self._rows = history_lines(history, self._glyphs) if history else []
        self.lines_changed()
        if history is not None:
            self.cursor = len(history.edits) - history.position
            # Where the cursor stays, its line may mean something else now.
            self.post_message(self.Moved(self, self.cursor))

    @property
    def words(self) -> str:
        """What Enter does here; empty where the lab stands already."""
        if self.history is None or not self._rows:
            return ""
        position = self._rows[self.cursor][0]
        edits = abs(position - self.history.position)
        many = "1 edit" if edits == 1 else f"{edits} edits"
        verb = "undoes" if position < self.history.position else "redoes"
        return f"Enter {verb} {many}" if edits else ""

    def line_count(self) -> int:
        """The edits, and the start."""
        return len(self._rows)

    def line(self, index: int) -> Line:
        """One edit."""
        return self._rows[index][1]

    def line_width(self) -> int:
        """Cells of the longest line."""
        return max((width(spans) for _, spans in self._rows), default=0)

    def action_choose(self) -> None:
        """Go to the current line's edit."""
        if self._rows:
            self.post_message(self.GoTo(self._rows[self.cursor][0]))
