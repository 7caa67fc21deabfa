"""What each action of the table does, by its id.

A verb is a coroutine that gets the main screen. It runs in a worker: it may open
dialogs and wait for the lab; what it raises is shown by the one handler.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from tuilab.tui.verbs import build, copying, drift, lab, packets, rows, start, view

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen

Verb = Callable[["MainScreen"], Awaitable[None]]

VERBS: Mapping[str, Verb] = {
    verb.__name__: verb
    for verb in (
        build.add_namespace,
        build.add_bridge,
        build.add_cable,
        build.add_tap,
        build.add_address,
        build.add_route,
        build.edit,
        build.rename,
        build.delete,
        build.toggle,
        build.duplicate,
        build.move,
        build.unpin,
        copying.copy_part,
        copying.paste_part,
        copying.generate,
        lab.undo,
        lab.redo,
        lab.save,
        lab.load,
        lab.labs,
        lab.rescan,
        lab.shell,
        lab.shell_window,
        drift.repair,
        drift.adopt,
        lab.quit,
        start.tour,
        start.example,
        start.machine,
        packets.send,
        packets.watch,
        packets.stop_watching,
        packets.monitor,
        packets.end_sending,
        packets.save_packets,
        packets.follow,
        packets.newest,
        packets.oldest,
        packets.clear_packets,
        packets.packet_hex,
        packets.conversation,
        packets.same_packet,
        packets.open_packets,
        packets.filter_packets,
        packets.go_to_packet,
        packets.previous_link,
        packets.next_link,
        packets.mark_packet,
        packets.go_to_mark,
        packets.packet_times,
        packets.packet_looks,
        rows.edit_row,
        rows.delete_row,
        rows.filter_rows,
        view.find,
        view.select_box,
        view.jump,
        view.minimap,
        view.fold,
        view.menu,
        view.inspect,
        view.addresses,
        view.zoom,
        view.tree,
        view.packets_tab,
        view.log_tab,
        view.ping_tab,
        view.undo_tab,
        view.copy,
        view.mouse,
        view.redraw,
        view.theme,
        view.palette,
        view.help,
    )
}
