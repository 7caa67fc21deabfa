"""The pane beside the canvas: all about the selected thing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer

from tuilab.lab.closeup import Closeup
from tuilab.lab.snapshot import Snapshot
from tuilab.tui.actions import KEYS, bindings
from tuilab.tui.base import BaseApp
from tuilab.tui.canvas.graph import Item
from tuilab.tui.frame import show_subtitle, show_title
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.keymap import Keymap
from tuilab.tui.text import Line, plain, width
from tuilab.tui.widgets.inspector_rows import Row
from tuilab.tui.widgets.inspector_text import Room, title
from tuilab.tui.widgets.inspector_told import Asked, Told, is_large, told
from tuilab.tui.widgets.pick_view import PickView

PATIENCE = 0.3
"""Seconds that another item waits to be looked at closely before it is shown."""


class Inspector(PickView):
    """Desired, observed and live values; the difference is said in words."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("inspector")]

    snapshot: reactive[Snapshot | None] = reactive(None)
    item: reactive[Item | None] = reactive(None)
    closeup: reactive[Closeup] = reactive(Closeup)
    sought: reactive[str] = reactive("")
    typing: reactive[bool] = reactive(False)

    def __init__(
        self,
        glyphs: Glyphs = UNICODE,
        *,
        hints: Callable[[Item | None], list[Line]] = lambda item: [],
        looked_at: Callable[[], bool] = lambda: False,
        keymap: Keymap = KEYS,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Make it.

        Args:
            glyphs: Signs to use.
            hints: What can be done with an item, shown below it.
            looked_at: Whether somebody will look closely at another item.
            keymap: Keys to name.
            id: Its id.
        """
        super().__init__(id=id)
        self._glyphs = glyphs
        self._hints = hints
        self._looked_at = looked_at
        self._patience: Timer | None = None
        self._keymap = keymap
        self._turned: frozenset[str] = frozenset()
        self._told = Told()
        self._told_of: Item | None = None
        self._asked: Asked | None = None
        self._telling = False

    # -- what is shown ---------------------------------------------------------------

    def watch_snapshot(self) -> None:
        """The lab looks different."""
        self._describe()

    def look_closer(self, closeup: Closeup, *, again: bool) -> None:
        """Somebody looked closely.

        Args:
            closeup: What was seen.
            again: There is other to say in any case.
        """
        before, self.closeup = self.closeup, closeup
        if again and before == closeup:
            self.watch_closeup()

    def watch_closeup(self) -> None:
        """Tell of it."""
        if self._patience is not None:
            self._turn_to_item()
        else:
            self._describe()

    def watch_item(self) -> None:
        """Something else is selected."""
        waiting = self._patience is not None
        self._stop_waiting()
        if self._looked_at() and (waiting or self._told.lines):
            # All of it at once: else most rows are sent twice.
            self._wait()
        else:
            self._turn_to_item()

    def let_go(self) -> None:
        """Say nothing any more: in a moment it is of something else."""
        if self._patience is None:
            self._wait()
        before, self._told = self._told, Told(expanded=self._told.expanded)
        self.some_changed(before.lines, ())

    def _wait(self) -> None:
        self._patience = self.set_timer(PATIENCE, self._turn_to_item)

    def _stop_waiting(self) -> None:
        """Wait no longer for a close look."""
        if self._patience is not None:
            self._patience.stop()
            self._patience = None

    def _turn_to_item(self) -> None:
        """Tell of what is selected now."""
        self._stop_waiting()
        self.sought, self.typing = "", False
        self._describe()

    def watch_sought(self) -> None:
        """Other rows are asked for."""
        self._describe()
        self._tell()

    def watch_typing(self) -> None:
        """A filter is being typed, or was."""
        self._tell()

    def _describe(self) -> None:
        """Tell of it as it is now: at once, or of much as soon as may be."""
        if self.snapshot is None or self._patience is not None:
            return
        asked = Asked(
            self.snapshot,
            self.item,
            self.closeup,
            self._glyphs,
            self._keymap,
            Room(self.size.width, self.size.height),
            self._turned,
            self.sought,
            self._hints(self.item),
            self._told.expanded,
        )
        if not is_large(asked):
            self._asked = None
            self._show(asked, told(asked))
            return
        self._asked = asked
        if not self._telling:
            self._telling = True
            assert isinstance(self.app, BaseApp)
            self.app.run_job(self._describe_beside, of=self, group="describe")

    async def _describe_beside(self) -> None:
        """Tell of what was asked for last until nothing else has been asked."""
        try:
            while (asked := self._asked) is not None:
                found = await asyncio.to_thread(told, asked)
                now, self._asked = self._asked, None
                if now is None:
                    return  # meanwhile something small was told of
                if (now.item, now.turned, now.sought) == (
                    asked.item,
                    asked.turned,
                    asked.sought,
                ):
                    self._show(asked, found)
                if now is not asked:
                    self._asked = now
        finally:
            self._telling = False

    def _show(self, asked: Asked, found: Told) -> None:
        """Draw what is in sight; of what was there before only what differs."""
        show_title(self, Content(title(asked.item)))
        at = self.row
        another, self._told_of = self._told_of != asked.item, asked.item
        before, self._told = self._told, found
        self.some_changed(before.lines, found.lines)
        if another:
            self.cursor = 0
            self.scroll_home(animate=False)
        else:
            self._stay_at(at)

    def _stay_at(self, row: Row | None) -> None:
        """Keep the cursor on what it was on, whatever came before it."""
        if row is None or self.row == row:
            return
        rows = self._told.rows
        found = [index for index, it in enumerate(rows) if _same(it, row)]
        if found:
            self.cursor = min(found, key=lambda index: abs(index - self.cursor))
        else:
            self.cursor = self.validate_cursor(self.cursor)

    def _tell(self) -> None:
        """Say on the frame what the rows must have."""
        end = "_" if self.typing else ""
        asked = f"/ {self.sought}{end}" if self.sought or end else ""
        show_subtitle(self, Content(asked))  # a bracket is no markup

    def on_resize(self) -> None:
        """Another size holds more, or less."""
        self._describe()

    # -- lines -----------------------------------------------------------------------

    def line_count(self) -> int:
        """The rows in sight."""
        return len(self._told.lines)

    def line(self, index: int) -> Line:
        """One row."""
        return self._told.lines[index]

    def line_width(self) -> int:
        """Cells of the longest row."""
        return self._told.widest

    @property
    def plain_text(self) -> str:
        """All rows in sight, without styles."""
        return "\n".join(plain(spans).rstrip() for spans in self._told.lines)

    @property
    def row(self) -> Row | None:
        """The current row."""
        if self._patience is not None or self._told_of != self.item:
            return None  # what is there is of something else
        rows = self._told.rows
        return rows[self.cursor] if 0 <= self.cursor < len(rows) else None

    # -- keys and mouse --------------------------------------------------------------

    def action_choose(self) -> None:
        """Open or shut what stands below the row."""
        row = self.row
        if row is not None and row.key and not self.sought:
            self._turned ^= {row.key}
            self._describe()

    def start_filter(self) -> None:
        """Take what is typed as what rows must have."""
        self.typing = True

    async def on_key(self, event: events.Key) -> None:
        """While a filter is typed, keys are letters of it; Esc clears it."""
        if not self.typing:
            if event.key == "escape" and self.sought:
                self.sought = ""
                event.stop()
                event.prevent_default()
            return
        if event.key == "escape":
            self.sought, self.typing = "", False
        elif event.key == "enter":
            self.typing = False
        elif event.key == "backspace":
            self.sought = self.sought[:-1]
        elif event.key == "ctrl+u":
            self.sought = ""
        elif event.is_printable and event.character:
            self.sought += event.character
        else:
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted is typed."""
        if self.typing:
            self.sought += " ".join(event.text.split())
            event.stop()

    def on_blur(self) -> None:
        """Whoever goes elsewhere has typed enough."""
        self.typing = False

    def clicked(self, index: int, column: int, times: int) -> None:
        """On a heading it opens or shuts, on a key it does that."""
        for span in self._told.lines[index]:
            if column < (cells := width((span,))):
                if span.click:
                    self.call_later(self.run_action, span.click)
                    return
                break
            column -= cells
        if self._told.rows[index].key:
            self.action_choose()


def _same(one: Row, other: Row) -> bool:
    """Whether two rows are about the same, though what they say may have changed."""
    if one.key or other.key:
        return one.key == other.key
    if one.inside != other.inside:
        return False
    if one.thing is not None and one.thing.value and other.thing is not None:
        return one.thing == other.thing
    return plain(one.spans[:1]) == plain(other.spans[:1])
