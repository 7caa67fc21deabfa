"""Verbs about packets: send, watch, look at them, keep them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from tuilab.tui.forms.save import Save
from tuilab.tui.forms.send import Send
from tuilab.tui.forms.watch import Watch
from tuilab.tui.screens.save import SaveScreen
from tuilab.tui.screens.send import SendScreen
from tuilab.tui.screens.watch import WatchScreen

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen


async def send(screen: MainScreen) -> None:
    """Send a ping or ARP and see what comes back."""
    sender = screen.session.around.sender
    assert sender is not None
    form = Send(screen.topology, screen.selected)
    dialog = SendScreen(form, sender, screen.session.glyphs, screen.show_run)
    await screen.session.push_screen_wait(dialog)


async def watch(screen: MainScreen) -> None:
    """Capture a link and show its packets."""
    form = Watch(screen.topology, screen.selected)
    dialog = WatchScreen(form, screen.session.watching)
    if await screen.session.push_screen_wait(dialog):
        screen.show_capture()


async def stop_watching(screen: MainScreen) -> None:
    """End the capture; its packets stay."""
    await screen.session.watching.stop()
    screen.show_packets()


async def save_packets(screen: MainScreen) -> None:
    """Keep what was captured in a file of its own."""
    watching = screen.session.watching

    async def write(path: Path) -> None:
        count = await watching.save(path)
        screen.session.say(f'saved {count} packets to "{path}"')

    stamp = time.strftime("%Y%m%d-%H%M%S")
    name = f"{screen.lab.name}-{stamp}.pcapng"
    proposed = screen.session.around.folders[0] / name
    form = Save(screen.topology, "Save packets", proposed)
    what = f"{watching.count} packets of {watching.names} as pcapng"
    await screen.session.push_screen_wait(SaveScreen(form, what, write))


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
