"""Has the current packet taken apart, whenever that can be seen."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tuilab.errors import TuilabError
from tuilab.packets.dissect import words
from tuilab.packets.store import Packet
from tuilab.tui.widgets.bottom import BottomPanel

if TYPE_CHECKING:
    from tuilab.tui.app import TuilabApp

PAUSE = 0.05
"""Seconds that the cursor rests on a packet before that is taken apart."""
PASSING = 1.0
"""Seconds from one to the next while packets pass by: nobody reads faster."""


class DetailDesk:
    """Fills the pane beside the packet list, or in its place."""

    def __init__(self, session: TuilabApp, bottom: BottomPanel) -> None:
        self._session = session
        self._bottom = bottom
        self._taken = 0.0

    def open(self) -> None:
        """Come into sight, with the keys."""
        if self._bottom.packets.packet is None:
            return
        self._session.main.add_class("-detail")
        self.soon()
        self._session.main.call_after_refresh(self._bottom.detail.headers.focus)

    def close(self) -> None:
        """Give the keys, and the room, back to the list."""
        self._session.main.remove_class("-detail")
        self._session.main.call_after_refresh(self._bottom.packets.focus)

    def soon(self) -> None:
        """Another packet is the current one."""
        detail, packet = self._bottom.detail, self._bottom.packets.packet
        if packet == detail.packet:
            return
        wanted = detail.display or self._session.main.has_class("-detail")
        if wanted:
            self._session.run_job(
                lambda: self._take_apart(packet),
                of=self._bottom,
                group="detail",
                exclusive=True,
            )

    async def _take_apart(self, packet: Packet | None) -> None:
        pause, now = PAUSE, time.monotonic()
        if self._bottom.packets.following:
            pause = max(pause, self._taken + PASSING - now)
        await asyncio.sleep(pause)
        self._taken = time.monotonic()
        detail = self._bottom.detail
        if packet is None:
            detail.show_packet(None, (), "no packet yet")
            return
        sender = self._session.around.sender
        if sender is None:
            detail.show_packet(packet, (), words(packet))
            return
        try:
            layers = await sender.decode(packet)
        except TuilabError as error:
            detail.show_packet(packet, (), str(error))
            return
        if self._bottom.packets.packet == packet:
            detail.show_packet(packet, layers, words(packet))
