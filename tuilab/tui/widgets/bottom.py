"""The panel at the bottom: packets, command log, pings and undo history as tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from tuilab.tui.actions import KEYS
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.keymap import Keymap
from tuilab.tui.widgets.history_view import HistoryView
from tuilab.tui.widgets.log_view import LogView
from tuilab.tui.widgets.packet_bar import PacketBar
from tuilab.tui.widgets.packet_detail import PacketDetail
from tuilab.tui.widgets.packet_list import PacketList
from tuilab.tui.widgets.pick_view import PickView
from tuilab.tui.widgets.ping_view import PingView

if TYPE_CHECKING:
    from tuilab.tui.screens.packet_desk import PacketDesk

TABS = ("packets", "log", "ping", "undo")


class BottomPanel(Vertical):
    """One tab at a time; the frame names them all.

    Attributes:
        desk: Hears what the list of packets, and the panes about it, say.
    """

    DEFAULT_CSS = """
    BottomPanel {
        link-style: none;
        link-color: $foreground;
        & ContentSwitcher { height: 1fr; }
        & #packet-head { height: 1; text-wrap: nowrap; }
        & #packets { height: 1fr; }
    }
    """

    tab: reactive[str] = reactive("log")

    def __init__(
        self,
        glyphs: Glyphs = UNICODE,
        keymap: Keymap = KEYS,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._glyphs = glyphs
        self._keymap = keymap
        self.desk: PacketDesk | None = None

    def compose(self) -> ComposeResult:
        """All tabs; one is in sight."""
        with ContentSwitcher(initial="log"):
            with Horizontal(id="packets"):
                with Vertical(id="packet-left"):
                    yield Static(self.not_watching, id="packet-head")
                    yield PacketList(self._glyphs.ellipsis, id="packet-list")
                    yield PacketBar(id="packet-bar")
                yield PacketDetail(self._glyphs, id="packet-detail")
            yield LogView(self._glyphs, id="log")
            yield PingView(self._glyphs, self._keymap, id="ping")
            yield HistoryView(self._glyphs, id="undo")

    def on_mount(self) -> None:
        """Name the tabs."""
        self.watch_tab(self.tab)

    def watch_tab(self, tab: str) -> None:
        """Show a tab."""
        switchers = self.query(ContentSwitcher)
        if not switchers:
            return
        switchers.first().current = tab
        names = []
        for number, name in enumerate(TABS, start=1):
            style = "bold reverse" if name == tab else ""
            click = f"@click=screen.act('{name}_tab')"
            names.append(f"[{style} {click}] {number} {name.capitalize()} [/]")
        self.border_title = self._glyphs.separator.join(names)

    @property
    def not_watching(self) -> str:
        """What stands above the packets while there are none."""
        key = self._keymap.key("watch")
        return f"Nothing is being watched: select a link and press {key}."

    @property
    def focus_target(self) -> Widget:
        """What takes the keys of the tab in sight."""
        name = "packet-list" if self.tab == "packets" else self.tab
        return self.query_one(f"#{name}")

    @property
    def packets(self) -> PacketList:
        """The packet list."""
        return self.query_one(PacketList)

    @property
    def detail(self) -> PacketDetail:
        """One packet taken apart."""
        return self.query_one(PacketDetail)

    # -- what the list and the panes about it say --------------------------------------

    @on(PacketList.Changed)
    def _list_changed(self) -> None:
        if self.desk is not None:
            self.desk.tell()

    @on(PickView.Moved, "#undo")
    def _edit_moved(self) -> None:
        if self.desk is not None and self.tab == "undo":
            self.desk.tell()

    @on(PickView.Moved, "#packet-list")
    def _packet_moved(self) -> None:
        if self.desk is not None:
            self.desk.moved()

    @on(PickView.Chosen, "#packet-list")
    def _packet_chosen(self) -> None:
        if self.desk is not None:
            self.desk.open_detail()

    @on(PacketDetail.Left)
    def _detail_left(self) -> None:
        if self.desk is not None:
            self.desk.close_detail()

    @on(PacketBar.Typed)
    def _bar_typed(self, event: PacketBar.Typed) -> None:
        if self.desk is not None:
            self.desk.typed(event)

    @on(PacketBar.Given)
    async def _bar_given(self, event: PacketBar.Given) -> None:
        if self.desk is not None:
            await self.desk.given(event)

    @on(PacketBar.Left)
    def _bar_left(self) -> None:
        if self.desk is not None:
            self.desk.left()
