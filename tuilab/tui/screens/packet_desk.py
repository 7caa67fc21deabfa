"""Keeps the packets tab, and the frame around it, up to date."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from tuilab.errors import PacketError, UsageError
from tuilab.model.topology import Endpoint
from tuilab.packets.filters import PRESETS, check_filter, has_names
from tuilab.packets.select import parse
from tuilab.tui.frame import show_subtitle
from tuilab.tui.packet_looks import Looks
from tuilab.tui.screens.packet_detail import DetailDesk
from tuilab.tui.text import Line, content, line, plain
from tuilab.tui.watching import Watching
from tuilab.tui.widgets.bottom import BottomPanel
from tuilab.tui.widgets.history_view import HistoryView
from tuilab.tui.widgets.packet_bar import PacketBar
from tuilab.tui.widgets.packet_list import PacketList
from tuilab.tui.widgets.packet_rows import Rows
from tuilab.tui.widgets.packet_text import Watch, watch_state

if TYPE_CHECKING:
    from tuilab.tui.app import TuilabApp

FILTERS_KEPT = 50
LOOK = 0.15
"""Seconds of search between two looks at what was found."""
REST = 0.1
"""Seconds between two looks at a filter that is being typed."""
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d*)?))?")


class PacketDesk:
    """What was captured."""

    def __init__(self, session: TuilabApp, bottom: BottomPanel) -> None:
        self._session = session
        self._bottom = bottom
        self._history: list[str] = []
        self._searching = self._judging = False
        self._head = ""
        self._told: set[str] = set()
        self._detail = DetailDesk(session, bottom)
        self.show_looks(session.looks)

    @property
    def watching(self) -> Watching:
        """The capture."""
        return self._session.watching

    @property
    def packets(self) -> PacketList:
        """The list."""
        return self._bottom.packets

    @property
    def bar(self) -> PacketBar:
        """Where filters are typed."""
        return self._bottom.query_one(PacketBar)

    def show_capture(self) -> None:
        """Another capture runs."""
        self._told.clear()
        self._bottom.set_class(self.watching.store is not None, "-captured")
        watching = self.watching
        self.packets.show_store(watching.store, follow=watching.state != "file")
        self._detail.soon()
        self.show_packets()

    def show_packets(self) -> None:
        """There is news of the capture."""
        if self.watching.store is not None:
            self.packets.take_new()
            self._search()
        self._tell_troubles()
        self.tell()

    def show_looks(self, looks: Looks) -> None:
        """List packets in another way."""
        self.packets.show_looks(looks)
        self._bottom.detail.set_class(looks.hex, "-hex")
        self.show_head()

    def open_detail(self) -> None:
        """Take the current packet apart, and give that the keys."""
        self._detail.open()

    def close_detail(self) -> None:
        """Back to the list."""
        self._detail.close()

    def moved(self) -> None:
        """Another packet is the current one."""
        self._detail.soon()

    def show_head(self) -> None:
        """Name the columns."""
        shown = self.packets.shown is not None
        head = plain(self.packets.head()) if shown else self._bottom.not_watching
        if head != self._head:
            self._head = head
            words = line((head, "dim" if shown else ""))
            self._bottom.query_one("#packet-head", Static).update(content(words))

    def tell(self) -> None:
        """Say on the frame how the capture stands."""
        if self._bottom.tab != "packets" or self.packets.shown is None:
            told = {
                "ping": self._session.main.sends.words,
                "undo": self._bottom.query_one(HistoryView).words,
            }
            words = told.get(self._bottom.tab, "")
            show_subtitle(self._bottom, Content(words))
            self.show_head()
            return
        room = self._bottom.size.width - 4
        self.show_head()
        words = watch_state(self._watch(), room, self._session.glyphs.ellipsis)
        show_subtitle(self._bottom, Content(words))

    def _watch(self) -> Watch:
        watching, packets = self.watching, self.packets
        rows = packets.shown
        assert rows is not None
        return Watch(
            names=str(rows.endpoint or watching.names),
            count=len(rows.store),
            rate=watching.rate,
            dropped=watching.dropped,
            behind=watching.behind,
            following=packets.following,
            fresh=packets.fresh,
            state=watching.state,
            filter=rows.words or (f"on {rows.endpoint}" if rows.endpoint else ""),
            shown=len(rows),
            searched=rows.searched,
            trouble=watching.trouble,
            asking=packets.asking_words,
        )

    def _tell_troubles(self) -> None:
        """What goes wrong with a capture is told once, and stays on the frame."""
        for trouble in self.watching.troubles:
            if trouble not in self._told:
                self._told.add(trouble)
                self._session.say(f"capture: {trouble}", "warning")

    # -- filters ---------------------------------------------------------------------

    def ask_filter(self) -> None:
        """Ask for a display filter."""
        rows = self.packets.shown
        offered = list(dict.fromkeys([*reversed(self._history), *PRESETS]))
        self.bar.ask("filter", rows.text if rows else "", offered)

    def ask_place(self) -> None:
        """Ask for a packet to go to."""
        self.bar.ask("go", "", ())

    def typed(self, event: PacketBar.Typed) -> None:
        """Say whether what stands there makes sense."""
        if event.question == "go":
            self.bar.say(self._place_verdict(event.text.strip()))
            return
        text = event.text.strip()
        if not text:
            self.bar.say(line((f"Up: {', '.join(PRESETS)}", "dim")))
        elif not self._judging:
            self._judging = True
            self._session.run_job(self._judge, of=self.bar, group="filter")

    async def _judge(self) -> None:
        """Say it of what stands there by then, as long as that changes."""
        judged = ""
        try:
            while (text := self._filter_asked) not in ("", judged):
                verdict = await asyncio.to_thread(self._filter_verdict, text)
                if self._filter_asked == text:
                    self.bar.say(verdict)
                judged = text
                await asyncio.sleep(REST)
        finally:
            self._judging = False

    @property
    def _filter_asked(self) -> str:
        """The filter that is being typed; empty for none."""
        asked = self.bar.asking and self.bar.question == "filter"
        return self.bar.field.value.strip() if asked else ""

    def _filter_verdict(self, text: str) -> Line:
        glyphs = self._session.glyphs
        try:
            wish = parse(text)
        except UsageError as error:
            return self._refusal(error)
        if has_names(wish.filter):
            return line((f"{glyphs.good} valid, names are looked up on Enter", "good"))
        if not wish.texts:
            return line((f"{glyphs.good} valid", "good"))
        if wish.filter or '"' in text:
            return line((f"{glyphs.good} valid, with text", "good"))
        complaint = check_filter(text)
        return line(("looked for as text: ", "warn"), (f"{complaint}", "dim"))

    def _refusal(self, error: UsageError) -> Line:
        """What is wrong with a filter that stands there to be read."""
        why = error.summary.rpartition(": ")[2]
        return line((f"{self._session.glyphs.bad} {why}", "bad"))

    async def given(self, event: PacketBar.Given) -> None:
        """Filter, or go there."""
        if event.question == "go":
            try:
                index = self.place(event.text) if event.text else None
            except UsageError:
                self._session.bell()
                return
            self._leave_bar()
            if index is not None:
                self.packets.go_to(index)
            return
        rows = self.packets.shown
        if rows is not None and not await self.apply(event.text, rows.endpoint):
            return
        if event.text:
            self._history = [t for t in self._history if t != event.text]
            self._history = [*self._history, event.text][-FILTERS_KEPT:]
        self._leave_bar()

    def left(self) -> None:
        """Nothing was given."""
        self._leave_bar()

    def _leave_bar(self) -> None:
        self.bar.leave()
        self.packets.focus()
        self.tell()

    async def apply(self, text: str, endpoint: Endpoint | None) -> bool:
        """Show only some packets; False if that is no filter."""
        store = self.packets.store
        if store is None:
            return False
        try:
            rows = await asyncio.to_thread(Rows, store, text, endpoint)
        except UsageError as error:
            self.bar.say(self._refusal(error))
            self._session.bell()
            return False
        if store is self.packets.store:
            self.packets.show_rows(rows)
            self.show_packets()
        return True

    def clear_filter(self) -> bool:
        """Show every packet again; whether some were hidden."""
        rows = self.packets.shown
        if rows is None or not (rows.text or rows.endpoint):
            return False
        self.packets.show_rows(Rows(rows.store))
        self.show_packets()
        return True

    def _search(self) -> None:
        """Look at what was not looked at yet, in a thread, piece by piece."""
        rows = self.packets.shown
        if not self._searching and rows is not None and not rows.done:
            self._searching = True
            self._session.run_job(self._look, of=self._bottom, group="search")

    async def _look(self) -> None:
        rows = None
        try:
            while (rows := self.packets.shown) is not None and not rows.done:
                try:
                    await asyncio.to_thread(rows.advance, LOOK)
                except (PacketError, OSError, ValueError):
                    if rows is self.packets.shown and self.watching.store is rows.store:
                        raise
                if rows is not self.packets.shown:
                    await asyncio.to_thread(rows.close)
                self.packets.take_new()
                self.tell()
        except asyncio.CancelledError:
            if rows is not None:
                rows.close()
            raise
        finally:
            self._searching = False

    # -- going to a packet -------------------------------------------------------------

    def _place_verdict(self, text: str) -> Line:
        if not text:
            return ()
        glyphs = self._session.glyphs
        try:
            return line((f"{glyphs.good} packet {self.place(text) + 1}", "good"))
        except UsageError as error:
            return line((f"{glyphs.bad} {error.summary}", "bad"))

    def place(self, text: str) -> int:
        """The index of the packet that is meant by a number or a time.

        Raises:
            UsageError: There is none, or it is neither.
        """
        packets = self.packets
        count = len(packets.store) if packets.store is not None else 0
        if text.isdecimal():
            if not 1 <= int(text) <= count:
                raise UsageError(f"there are packets 1 to {count}")
            return int(text) - 1
        start = packets.packet_at(0)
        if start is None:
            raise UsageError("there is no packet yet")
        if match := _CLOCK.fullmatch(text):
            wanted = _on_that_day(start.time_ns, match)
        else:
            try:
                wanted = start.time_ns + int(float(text.removesuffix("s")) * 1e9)
            except (ValueError, OverflowError):
                raise UsageError(f'"{text}" is no number and no time') from None
        index = packets.first(lambda packet: packet.time_ns >= wanted)
        return min(index, count - 1)

    # -- links -------------------------------------------------------------------------

    async def other_link(self, step: int) -> None:
        """Show the packets of the next watched link, or of all of them."""
        rows = self.packets.shown
        if rows is None:
            return
        links: list[Endpoint | None] = [None, *dict.fromkeys(rows.store.endpoints)]
        now = links.index(rows.endpoint) if rows.endpoint in links else 0
        await self.apply(rows.text, links[(now + step) % len(links)])


def _on_that_day(start_ns: int, match: re.Match[str]) -> int:
    """A time of day in nanoseconds since 1970, on the day of the first packet."""
    hours, minutes, seconds = match.groups()
    if int(hours) > 23 or int(minutes) > 59 or float(seconds or 0) >= 60:
        raise UsageError(f'"{match[0]}" is no time of day')
    day = time.localtime(start_ns // 1_000_000_000)
    whole = (
        day.tm_year,
        day.tm_mon,
        day.tm_mday,
        int(hours),
        int(minutes),
        0,
        0,
        0,
        -1,
    )
    try:
        return int(time.mktime(whole)) * 10**9 + int(float(seconds or 0) * 1e9)
    except (OverflowError, ValueError):
        raise UsageError("that is no time of day") from None
