"""The packets tab: only the rows in sight are read from the file and decoded."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.cache import LRUCache

from tuilab.errors import PacketError
from tuilab.packets.dissect import summary
from tuilab.packets.store import Store
from tuilab.tui.actions import bindings
from tuilab.tui.text import Line, line, width
from tuilab.tui.widgets.packet_text import packet_head, packet_line
from tuilab.tui.widgets.pick_view import PickView

_CACHED = 2000


class PacketList(PickView):
    """A list of packets that follows the newest, until a person looks at others."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("packets")]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._store: Store | None = None
        self._count = 0
        self._several = False
        self._start_ns = 0
        self._widest = 0
        self._lines: LRUCache[tuple[int, int], Line] = LRUCache(_CACHED)
        self.following = True

    # -- what is shown ---------------------------------------------------------------

    def show_store(self, store: Store | None) -> None:
        """Show another capture."""
        self._store = store
        self._lines.clear()
        self._widest = 0
        self._several = store is not None and len(store.endpoints) > 1
        self.following = True
        self._count = 0
        self.cursor = 0
        self.take_new()

    def take_new(self) -> None:
        """Take in what has been captured since; stays put when paused."""
        count = len(self._store) if self._store is not None else 0
        if count == self._count:
            return
        if self._count == 0 and self._store is not None and count:
            self._start_ns = self._store.packet(0).time_ns
        if self.following or not self._count:
            self._count = count
            self.lines_changed()
            self._to_end()

    @property
    def fresh(self) -> int:
        """How many packets wait to be shown."""
        return (len(self._store) if self._store is not None else 0) - self._count

    def line_count(self) -> int:
        """The head, and the packets taken in."""
        return self._count

    def line(self, index: int) -> Line:
        """One packet, decoded when it comes into sight."""
        cells = self.size.width
        cached = self._lines.get((index, cells))
        if cached is None:
            assert self._store is not None
            try:
                packet = self._store.packet(index)
            except PacketError as error:
                return line((str(error), "bad"))
            cached = packet_line(
                packet,
                summary(packet),
                self._start_ns,
                cells,
                several=self._several,
            )
            self._lines[index, cells] = cached
            self._widen(width(cached))
        return cached

    def _widen(self, cells: int) -> None:
        """A line is longer than all before: let the pane scroll that far."""
        if cells > self._widest:
            self._widest = cells
            self.call_later(self.lines_changed)

    def line_width(self) -> int:
        """Cells of the longest line that has been in sight."""
        return self._widest

    def head(self) -> Line:
        """Names of the columns."""
        return packet_head(self.size.width, several=self._several)

    # -- keys ------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Another packet; looking at one stops following."""
        self.following = False
        super().action_move(by)

    def action_page(self, by: int) -> None:
        """Another page; looking at one stops following."""
        self.following = False
        super().action_page(by)

    def pause_or_follow(self) -> None:
        """Stop following, or go on with it."""
        if self.following:
            self.following = False
        else:
            self.newest()

    def newest(self) -> None:
        """Go to the newest packet and follow."""
        self.following = True
        self.take_new()
        self._to_end()

    def oldest(self) -> None:
        """Go to the first packet."""
        self.following = False
        self.cursor = 0

    def _to_end(self) -> None:
        self.cursor = max(self._count - 1, 0)
