"""The packets tab: only the rows in sight are read from the file and decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.message import Message

from tuilab.errors import PacketError
from tuilab.packets.dissect import summary
from tuilab.packets.store import Packet, Store
from tuilab.tui.actions import bindings
from tuilab.tui.packet_looks import Looks
from tuilab.tui.text import Line, line, width
from tuilab.tui.widgets.packet_rows import Rows
from tuilab.tui.widgets.packet_text import (
    LEAST,
    MOST_OF_LINK,
    Grid,
    packet_head,
    packet_line,
)
from tuilab.tui.widgets.pick_view import PickView

_CACHED = 2000
BACK = "'"
"""What stands for the place that one came from, in place of a mark's letter."""


class PacketList(PickView):
    """A list of packets that follows the newest, until a person looks at others.

    Attributes:
        following: Whether the newest packet is in sight as it comes.
        shown: Which packets are shown; None when there is no capture.
        asking: What the next key is taken for: a new ``mark``, one to ``go`` to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("packets")]

    @dataclass
    class Changed(Message):
        """Something that the frame tells of is different."""

        view: PacketList

        @property
        def control(self) -> PacketList:
            """The list."""
            return self.view

    def __init__(self, ellipsis: str = "…", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.shown: Rows | None = None
        self.following = True
        self.asking = ""
        self.looks = Looks()
        self._ellipsis = ellipsis
        self._taken = 0  # packets of the store that the list has taken note of
        self._count = 0
        self._start_ns = 0
        self._widest = 0
        self._addresses = LEAST
        self._wanted: int | None = None
        self._marks: dict[str, int] = {}
        self._back: int | None = None
        self._lines: LRUCache[int, Line] = LRUCache(_CACHED)
        self._grid = Grid()

    # -- what is shown ---------------------------------------------------------------

    def show_store(self, store: Store | None, *, follow: bool = True) -> None:
        """Show another capture: its newest packets, or those it begins with."""
        self.shown = Rows(store) if store is not None else None
        self.following = follow
        self.asking = ""
        self._marks.clear()
        self._back = self._wanted = None
        self._taken = self._count = self._start_ns = 0
        self._forget()
        self.cursor = 0
        self.take_new()

    def show_rows(self, rows: Rows) -> None:
        """Show others of the same packets, the current one if it is among them."""
        self._wanted = self.index
        self.shown = rows
        self._count = 0
        self._forget()
        self.take_new()
        self.lines_changed()

    def show_looks(self, looks: Looks) -> None:
        """List packets in another way."""
        self.looks = looks
        self._forget()
        self.lines_changed()

    def _forget(self) -> None:
        self._lines.clear()
        self._widest = 0
        self._addresses = LEAST

    @property
    def store(self) -> Store | None:
        """The capture."""
        return self.shown.store if self.shown is not None else None

    def take_new(self) -> None:
        """Take in what was captured or found since; if paused, what is new waits."""
        if self.shown is None:
            return
        if self.following or not self._taken:
            self._taken = len(self.shown.store)
        count = min(self.shown.place(self._taken), len(self.shown))
        if count == self._count:
            return
        self._count = count
        self._note_start()
        self.lines_changed()
        if self.following:
            self._to_end()
        elif self._wanted is not None:
            self.cursor = self.shown.place(self._wanted)
            self.show_line(self.cursor)

    def _note_start(self) -> None:
        if not self._start_ns:
            packet = self.packet_at(0)
            self._start_ns = packet.time_ns if packet is not None else 0

    def packet_at(self, index: int) -> Packet | None:
        """The packet at an index of the store; None where it can't be read."""
        store = self.store
        try:
            return store.packet(index) if store is not None else None
        except (IndexError, PacketError, OSError):
            return None

    @property
    def index(self) -> int | None:
        """The index in the store of the current packet; None without one."""
        if self.shown is None or not 0 <= self.cursor < self._count:
            return None
        return self.shown[self.cursor]

    @property
    def packet(self) -> Packet | None:
        """The current packet."""
        index = self.index
        return self.packet_at(index) if index is not None else None

    @property
    def fresh(self) -> int:
        """How many packets wait to be shown."""
        return len(self.shown) - self._count if self.shown is not None else 0

    def line_count(self) -> int:
        """The packets taken in."""
        return self._count

    def line(self, index: int) -> Line:
        """One packet, decoded when it comes into sight."""
        cached = self._lines.get(index)
        if cached is None:
            cached = self._make_line(index)
            self._lines[index] = cached
            self._widen(width(cached))
        return cached

    def _make_line(self, place: int) -> Line:
        assert self.shown is not None
        at = self.shown[place]
        packet = self.packet_at(at)
        if packet is None:
            return line((f"  {at + 1:>6} is no longer in the file", "bad"))
        before = None
        if self.looks.time == "delta" and place:
            above = self.packet_at(self.shown[place - 1])
            before = above.time_ns if above is not None else None
        mark = next((m for m, marked in self._marks.items() if marked == at), "")
        row = summary(packet)
        need = max(len(row.source), len(row.destination))
        if need > self._addresses < self.grid.most:
            self._addresses = min(need, self.grid.most)
            self._lines.clear()
            self.refresh()
            self._changed()
        return packet_line(packet, row, self.grid, before_ns=before, mark=mark)

    @property
    def grid(self) -> Grid:
        """How lines look now."""
        names = [str(end) for end in self.store.endpoints] if self.store else []
        links = min(max(map(len, names)), MOST_OF_LINK) if len(names) > 1 else 0
        now = Grid(
            cells=self.size.width,
            start_ns=self._start_ns,
            links=links,
            addresses=self._addresses,
            numbers=len(str(len(self.store))) if self.store else 1,
            looks=self.looks,
            ellipsis=self._ellipsis,
        )
        if now != self._grid:
            self._grid = now
            self._lines.clear()
        return self._grid

    def _widen(self, cells: int) -> None:
        """A line is longer than all before: let the pane scroll that far."""
        if cells > self._widest:
            self._widest = cells
            self.call_later(self.lines_changed)

    def line_width(self) -> int:
        """Cells of the longest line that has been in sight."""
        return self._widest

    def on_resize(self) -> None:
        """Columns are as wide as there is room."""
        self._forget()
        super().on_resize()
        self._changed()

    def head(self) -> Line:
        """Names of the columns."""
        return packet_head(self.grid)

    # -- moving ------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Another packet; looking at one stops following."""
        self._stay()
        super().action_move(by)

    def action_page(self, by: int) -> None:
        """Another page; looking at one stops following."""
        self._stay()
        super().action_page(by)

    def action_choose(self) -> None:
        """Look at one closely; that stops following too."""
        self._stay()
        super().action_choose()

    def pause_or_follow(self) -> None:
        """Stop following, or go on with it."""
        if self.following:
            self._stay()
        else:
            self.newest()

    def newest(self) -> None:
        """Go to the newest packet and follow."""
        self._leave_place()
        self.following = True
        self._wanted = None
        self.take_new()
        self._to_end()
        self._changed()

    def oldest(self) -> None:
        """Go to the first packet."""
        self._leave_place()
        self._stay()
        self.cursor = 0

    def go_to(self, index: int) -> None:
        """Go to a packet of the store, or the first one after it that is shown."""
        if self.shown is None:
            return
        self._leave_place()
        self._stay()
        self._taken = max(self._taken, min(index + 1, len(self.shown.store)))
        self.take_new()
        self.cursor = self.shown.place(index)

    def first(self, holds: Callable[[Packet], bool]) -> int:
        """The first packet of the store for which something holds.

        It must hold for all packets after one for which it does.
        """
        low, high = 0, len(self.store) if self.store is not None else 0
        while low < high:
            middle = (low + high) // 2
            packet = self.packet_at(middle)
            if packet is None or holds(packet):
                high = middle
            else:
                low = middle + 1
        return low

    def _stay(self) -> None:
        self._wanted = None
        if self.following:
            self.following = False
            self._changed()

    def _leave_place(self) -> None:
        if (index := self.index) is not None:
            self._back = index

    def _to_end(self) -> None:
        self.cursor = max(self._count - 1, 0)
        self.show_line(self.cursor)

    def _changed(self) -> None:
        self.post_message(self.Changed(self))

    def on_click(self, event: events.Click) -> None:
        """Looking at one stops following."""
        self._stay()
        super().on_click(event)

    def on_mouse_scroll_up(self) -> None:
        """Looking at others stops following."""
        self._stay()

    # -- marks -------------------------------------------------------------------------

    def ask_mark(self, what: str) -> None:
        """Take the next key for a mark's letter: to ``mark``, or to ``go`` there."""
        self.asking = what
        self._changed()

    @property
    def asking_words(self) -> str:
        """What the frame says while a letter is waited for."""
        letters = " ".join(sorted(self._marks))
        if self.asking == "mark":
            return f"mark it with a letter, Esc ends{letters and f'  used: {letters}'}"
        if self.asking == "go":
            return f"go to mark: {letters or 'there is none, m sets one'}  ' is back"
        return ""

    def on_key(self, event: events.Key) -> None:
        """A letter that is waited for is no key of the list."""
        if not self.asking:
            return
        what, self.asking = self.asking, ""
        event.stop()
        event.prevent_default()
        letter = event.character or ""
        if letter == BACK and what == "go":
            if self._back is not None:
                self.go_to(self._back)
        elif event.key != "escape" and letter.isalpha():
            self._take_letter(what, letter)
        elif event.key != "escape":
            self.app.bell()
        self._changed()

    def _take_letter(self, what: str, letter: str) -> None:
        if what == "go":
            if letter in self._marks:
                self.go_to(self._marks[letter])
            else:
                self.app.bell()
        elif (index := self.index) is not None:
            if self._marks.get(letter) == index:
                del self._marks[letter]
            else:
                self._marks[letter] = index
            self._lines.clear()
            self.refresh()

    def on_blur(self) -> None:
        """Keys go elsewhere."""
        if self.asking:
            self.asking = ""
            self._changed()
