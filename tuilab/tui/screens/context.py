"""What decides which actions are possible, as the main screen stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuilab.tui.actions import Context
from tuilab.tui.tmux import no_window
from tuilab.tui.widgets.packet_detail import PacketHex, PacketTree
from tuilab.tui.widgets.packet_list import PacketList

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen


def context_of(screen: MainScreen) -> Context:
    """Gather it from lab, panes and surroundings."""
    session, snapshot = screen.session, screen.lab.snapshot
    around = session.around
    no_packets = around.no_packets
    if snapshot.preview:
        no_packets = f"this lab is only a preview: {snapshot.preview}"
    elif around.sender is None and not no_packets:
        no_packets = "packets can't be sent here"
    no_shell = "" if around.shell else "no shell can be opened here"
    shown = screen.shown_selection
    return Context(
        snapshot=snapshot,
        selection=screen.selection,
        gone=session.gone,
        no_packets=no_packets,
        no_shell=no_packets if snapshot.preview else no_shell,
        no_window=no_window(around.window, session.key("shell")),
        colours=not session.no_color,
        capturing=session.watching.running,
        packets=session.watching.count,
        sending=len(screen.sends.running),
        keymap=around.keymap,
        drawn=screen.map is screen.canvas,
        in_packets=isinstance(screen.focused, PacketList | PacketTree | PacketHex),
        row=screen.row,
        foldable=screen.canvas.foldable,
        no_overview=screen.canvas.no_map,
        group=next((it for it in shown if it.kind == "grid"), None),
    )
