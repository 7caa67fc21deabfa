"""A pane of lines of which one is the current one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.reactive import reactive

from tuilab.tui.moves import moves
from tuilab.tui.widgets.line_view import LineView

RIGHT = 3


class PickView(LineView):
    """Lines with a cursor; Enter or a double click chooses."""

    BINDINGS: ClassVar[list[BindingType]] = [*moves("list")]

    cursor: reactive[int] = reactive(0)

    @dataclass
    class Moved(Message):
        """The cursor stands on another line."""

        view: PickView
        index: int

        @property
        def control(self) -> PickView:
            """The pane."""
            return self.view

    @dataclass
    class Chosen(Message):
        """A line was chosen."""

        view: PickView
        index: int

        @property
        def control(self) -> PickView:
            """The pane."""
            return self.view

    @dataclass
    class MenuRequested(Message):
        """A right click on a line, which is the current one now."""

        view: PickView
        offset: Offset
        """Where, on the screen."""

        @property
        def control(self) -> PickView:
            """The pane."""
            return self.view

    def marked(self, index: int) -> bool:
        """The current line, while keys move it."""
        return index == self.cursor and (self.has_focus or not self.can_focus)

    def validate_cursor(self, cursor: int) -> int:
        """Keep it within the lines."""
        return max(0, min(cursor, self.line_count() - 1))

    def watch_cursor(self, before: int, cursor: int) -> None:
        """Keep the current line in sight, and draw no more than the two that differ."""
        self.show_line(cursor)
        for index in (before, cursor):
            self.refresh_lines(index, 1)
        if self.line_count():
            self.post_message(self.Moved(self, cursor))

    def on_resize(self) -> None:
        """Keep the current line in sight in a pane of another size."""
        self.show_line(self.cursor)

    def show_line(self, index: int) -> None:
        """Scroll no more than needed for a line to be in sight."""
        top, rows = self.scroll_offset.y, self.rows
        wanted = top
        if index < top:
            wanted = index
        elif rows and index >= top + rows:
            wanted = index - rows + 1
        if wanted != top:
            # By force: the scroll bar of lines that are new is yet to come.
            self.scroll_to(y=wanted, animate=False, force=True, immediate=True)

    @property
    def below_cursor(self) -> Offset:
        """Where a menu for the current line goes, on the screen."""
        row = self.cursor - self.scroll_offset.y + 1
        return self.content_region.offset + Offset(2, max(0, min(row, self.rows)))

    def action_move(self, by: int) -> None:
        """Another line."""
        self.cursor += by

    def action_page(self, by: int) -> None:
        """Another page."""
        self.cursor += by * max(self.rows - 1, 1)

    def action_first(self) -> None:
        """The first line."""
        self.cursor = 0

    def action_last(self) -> None:
        """The last line."""
        self.cursor = self.line_count() - 1

    def action_choose(self) -> None:
        """Choose the current line."""
        if self.line_count():
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """One click selects; what follows, `clicked` says. The right one: a menu."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = self.scroll_offset.y + offset.y
        if index >= self.line_count():
            return
        self.cursor = index
        if event.button == RIGHT:
            self.post_message(self.MenuRequested(self, event.screen_offset))
        else:
            self.clicked(index, self.scroll_offset.x + offset.x, event.chain)

    def clicked(self, index: int, column: int, times: int) -> None:
        """A line was clicked that is the current one now; two clicks choose.

        Args:
            index: The line.
            column: Where on it, in cells from its beginning.
            times: How often in quick succession.
        """
        if times == 2:
            self.action_choose()
