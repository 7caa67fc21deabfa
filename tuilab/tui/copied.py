"""What is copied: what has the keys says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuilab.model.topology import Topology
from tuilab.tui.canvas.graph import Item
from tuilab.tui.text import plain
from tuilab.tui.widgets.history_view import HistoryView
from tuilab.tui.widgets.inspector import Inspector
from tuilab.tui.widgets.log_view import LogView
from tuilab.tui.widgets.packet_detail import PacketHex, PacketTree
from tuilab.tui.widgets.packet_list import PacketList
from tuilab.tui.widgets.ping_view import PingView
from tuilab.tui.widgets.tree_view import TreeView

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen


def copied_text(screen: MainScreen) -> str:
    """The line under the cursor, else what is selected."""
    there = screen.focused
    if isinstance(there, TreeView):
        return there.text
    if isinstance(there, PacketHex):
        return there.plain_text
    if isinstance(there, HistoryView | PacketList | PacketTree):
        there_is = there.line_count()
        return plain(there.line(there.cursor)).strip() if there_is else ""
    if isinstance(there, Inspector) and there.row is not None:
        return there.row.copied
    if isinstance(there, LogView | PingView):
        return there.plain_text
    return "\n".join(_words(item, screen.topology) for item in screen.selection)


def _words(item: Item, topology: Topology) -> str:
    link = topology.link(item.endpoint) if item.endpoint else None
    addresses = " ".join(link.addresses) if link else ""
    return f"{item} {addresses}".strip()
