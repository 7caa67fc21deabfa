"""Verbs about packets: send, watch, look at them, keep them."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tuilab.errors import NotFoundError, PacketError, UsageError
from tuilab.model.topology import HOST
from tuilab.packets.conversation import (
    Chunk,
    conversation_filter,
    in_conversation,
    said,
    twins,
)
from tuilab.packets.flow import take_flows
from tuilab.packets.monitor import all_pairs
from tuilab.packets.pcap import is_classic
from tuilab.tui.forms.open_packets import OpenPackets
from tuilab.tui.forms.packet_looks import PacketLooks
from tuilab.tui.forms.save import Save
from tuilab.tui.forms.send import Send
from tuilab.tui.forms.watch import Watch
from tuilab.tui.packet_looks import TIMES, Looks, write_looks
from tuilab.tui.screens.packet_more import SaidScreen, TwinsScreen
from tuilab.tui.screens.packets import (
    ClearScreen,
    OpenPacketsScreen,
    PacketLooksScreen,
)
from tuilab.tui.screens.save import SaveScreen
from tuilab.tui.screens.send import SendScreen
from tuilab.tui.screens.watch import WatchScreen
from tuilab.tui.widgets.packet_rows import Rows

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen

PAIRS = 600
"""Pairs that ping each other at once: those of 25 namespaces."""
SAID_MOST = 20_000
"""Packets of a conversation of which the words are read."""


async def send(screen: MainScreen) -> None:
    """Send a ping or ARP and see what comes back."""
    sender = screen.session.around.sender
    assert sender is not None
    form = Send(screen.topology, screen.selected)
    dialog = SendScreen(form, sender, screen.session.glyphs, screen.sends)
    await screen.session.push_screen_wait(dialog)


async def monitor(screen: MainScreen) -> None:
    """Have the selected namespaces, or all, ping each other; or end that."""
    sends, sender = screen.sends, screen.session.around.sender
    assert sender is not None
    if sends.monitoring is not None:
        sends.stop(sends.monitoring)
        return
    chosen = [item.namespace for item in screen.selection if item.namespace != HOST]
    names = list(dict.fromkeys(chosen))
    pairs = all_pairs(screen.topology, names if len(names) > 1 else ())
    if not pairs:
        raise NotFoundError(
            "there are no two namespaces with addresses", "add an address first"
        )
    if len(pairs) > PAIRS:
        raise UsageError(
            f"{len(pairs)} pairs are too many to be pinged at once",
            "select some namespaces first, with shift and the mouse or with a box",
        )
    sends.monitor(sender, pairs)


async def end_sending(screen: MainScreen) -> None:
    """Send no more of anything."""
    screen.sends.stop()


async def watch(screen: MainScreen) -> None:
    """Capture links and show their packets."""
    form = Watch(screen.topology, screen.selection)
    watching, key = screen.session.watching, screen.session.key("save_packets")
    unsaved = watching.unsaved
    lost = f"Drops {unsaved}, which {key} would save" if unsaved else ""
    dialog = WatchScreen(form, watching, lost)
    if await screen.session.push_screen_wait(dialog):
        screen.show_tab("packets")
        if (sender := screen.session.around.sender) is not None:
            # It needs a second of the processor, which is not to be when they come.
            with suppress(PacketError):  # told by what needs it
                await sender.prepare_decoding()


async def stop_watching(screen: MainScreen) -> None:
    """End the capture; its packets stay."""
    await screen.session.watching.stop()
    screen.show_packets()


async def save_packets(screen: MainScreen) -> None:
    """Keep what was captured in a file of its own."""
    watching = screen.session.watching

    async def write(path: Path, _: str) -> None:
        count = await watching.save(path)
        screen.session.say(f'saved {count} packets to "{path}"')

    stamp = time.strftime("%Y%m%d-%H%M%S")
    name = f"{screen.lab.name}-{stamp}.pcapng"
    proposed = screen.session.around.folders[0] / name
    form = Save(screen.topology, "Save packets", proposed)

    def what(path: Path, _: str) -> str:
        classic = is_classic(path)
        kind = "classic pcap, without the links' names" if classic else "pcapng"
        return f"{watching.count} packets of {watching.names} as {kind}"

    await screen.session.push_screen_wait(SaveScreen(form, what, write))


async def clear_packets(screen: MainScreen) -> None:
    """Drop what was captured, once that was agreed to."""
    watching = screen.session.watching
    goes_on = "the capture goes on" if watching.running else ""
    dialog = ClearScreen(watching.count, watching.names, goes_on)
    if await screen.session.push_screen_wait(dialog):
        await watching.clear()


async def open_packets(screen: MainScreen) -> None:
    """Look at the packets of a file."""
    watching = screen.session.watching

    async def show(path: Path) -> None:
        await watching.open(path)

    form = OpenPackets(screen.topology, screen.session.around.folders[0])
    captured = f"{watching.count} packets of {watching.names}"
    lost = f"Ends and drops: {captured}" if watching.capture is not None else ""
    dialog = OpenPacketsScreen(form, lost, show)
    if await screen.session.push_screen_wait(dialog):
        screen.show_tab("packets")


async def filter_packets(screen: MainScreen) -> None:
    """Ask which packets to show."""
    screen.show_tab("packets")
    screen.desk.ask_filter()


async def go_to_packet(screen: MainScreen) -> None:
    """Ask for a packet's number or time."""
    screen.show_tab("packets")
    screen.desk.ask_place()


async def previous_link(screen: MainScreen) -> None:
    """Show the packets of the watched link before."""
    await screen.desk.other_link(-1)


async def next_link(screen: MainScreen) -> None:
    """Show the packets of the next watched link."""
    await screen.desk.other_link(1)


async def mark_packet(screen: MainScreen) -> None:
    """Give the packet a letter."""
    screen.packets.ask_mark("mark")


async def go_to_mark(screen: MainScreen) -> None:
    """Go to a packet by its letter."""
    screen.packets.ask_mark("go")


async def packet_times(screen: MainScreen) -> None:
    """Tell times in another way."""
    looks, times = screen.session.looks, list(TIMES)
    time = times[(times.index(looks.time) + 1) % len(times)]
    await _look(screen, replace(looks, time=time))
    screen.session.say(f"times are: {TIMES[time]}")


async def packet_looks(screen: MainScreen) -> None:
    """Choose columns, times and colours."""
    form = PacketLooks(screen.topology, screen.session.looks)
    dialog = PacketLooksScreen(form, lambda looks: _look(screen, looks))
    await screen.session.push_screen_wait(dialog)


async def packet_hex(screen: MainScreen) -> None:
    """Show the bytes of the packet, or hide them."""
    looks = screen.session.looks
    await _look(screen, replace(looks, hex=not looks.hex))
    if not screen.bottom.detail.display:
        screen.desk.open_detail()


async def conversation(screen: MainScreen) -> None:
    """Show only the packets of one conversation; again: what was said in it."""
    packets = screen.packets
    packet, shown = packets.packet, packets.shown
    if packet is None or shown is None:
        return
    if not in_conversation(shown.text, packet):
        at = packet.number - 1
        wanted = await asyncio.to_thread(conversation_filter, shown.store, at)
        if wanted is None:
            raise NotFoundError("that packet belongs to no conversation")
        await screen.desk.apply(wanted, shown.endpoint)
        key = screen.session.key("conversation")
        nat = ", on both sides of NAT" if len(take_flows(wanted)[0]) > 1 else ""
        screen.session.say(f"only this conversation{nat}: {key} shows what was said")
        return
    chunks = await asyncio.to_thread(_said, shown)
    await screen.session.push_screen_wait(SaidScreen(chunks))


def _said(rows: Rows) -> list[Chunk]:
    """What the packets shown carry."""
    count = min(len(rows), SAID_MOST)
    return said(rows.store.packet(rows[place]) for place in range(count))


async def same_packet(screen: MainScreen) -> None:
    """Where else the packet was seen, and what differs there."""
    packets = screen.packets
    packet, store = packets.packet, packets.store
    if packet is None or store is None:
        return
    found = await asyncio.to_thread(twins, store, packet.number - 1)
    if not found:
        raise NotFoundError(
            "that packet was seen on no other watched link",
            f"{screen.session.key('watch')} watches several at once",
        )
    session = screen.session
    dialog = TwinsScreen(packet, found, session.glyphs, session.key("watch"))
    index = await screen.session.push_screen_wait(dialog)
    if index is not None:
        if packets.shown is not None and index not in _shown(packets.shown, index):
            screen.desk.clear_filter()
        packets.go_to(index)


def _shown(rows: Rows, index: int) -> tuple[int, ...]:
    """That packet, if it is shown."""
    place = rows.place(index)
    return (rows[place],) if place < len(rows) else ()


async def _look(screen: MainScreen, looks: Looks) -> None:
    """List packets in another way, and keep that."""
    screen.session.looks = looks
    screen.desk.show_looks(looks)
    path = screen.session.around.looks_file
    if path is not None:
        await asyncio.to_thread(write_looks, path, looks)


async def follow(screen: MainScreen) -> None:
    """Stop at what is in sight, or follow the newest packet again."""
    screen.packets.pause_or_follow()
    screen.show_packets()


async def newest(screen: MainScreen) -> None:
    """Go to the newest packet and follow."""
    screen.packets.newest()
    screen.show_packets()


async def oldest(screen: MainScreen) -> None:
    """Go to the first packet."""
    screen.packets.oldest()
    screen.show_packets()
