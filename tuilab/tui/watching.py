"""The capture that the packets tab shows: started, stopped, looked at in batches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tuilab.errors import TuilabError
from tuilab.model.topology import Endpoint
from tuilab.packets.capture import Capture

REFRESH = 0.2
"""Seconds between looks at new packets: five times a second, whatever comes in."""

RATE_PERIOD = 1.0
"""Seconds over which the rate is taken."""


class Watching:
    """At most one capture at a time, of any number of links."""

    def __init__(self, directory: Path, changed: Callable[[], None]) -> None:
        """Capture into a directory.

        Args:
            directory: Where the capture's file is made.
            changed: Called on the event loop when there is news, at most every
                `REFRESH` seconds.
        """
        self._directory = directory
        self._changed = changed
        self._capture: Capture | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._looked = (0.0, 0)
        self.rate = 0.0

    @property
    def capture(self) -> Capture | None:
        """What is or was captured last."""
        return self._capture

    @property
    def running(self) -> bool:
        """Whether packets are being captured."""
        return self._capture is not None and self._capture.running

    @property
    def count(self) -> int:
        """Packets so far."""
        return self._capture.written if self._capture else 0

    @property
    def names(self) -> str:
        """What is captured."""
        return ", ".join(map(str, self._capture.endpoints)) if self._capture else ""

    async def start(self, endpoints: Sequence[Endpoint], capture_filter: str) -> None:
        """Capture these instead of what was captured before."""
        capture = Capture(
            endpoints,
            capture_filter=capture_filter,
            # Of all links of a namespace some may be down.
            lenient=len(endpoints) > 1,
            directory=self._directory,
            on_change=self._news,
        )
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(capture.start)
        await self.close()
        self._capture = capture
        self._looked = (time.monotonic(), 0)
        self._look()

    async def stop(self) -> None:
        """Stop capturing; what was captured stays to be looked at."""
        if self._capture is not None:
            await asyncio.to_thread(self._capture.stop)
            self._look()

    async def save(self, path: Path) -> int:
        """Write what was captured to a file of its own; the number of packets."""
        if self._capture is None:
            raise TuilabError("no packet has been captured yet")
        return await asyncio.to_thread(self._capture.save, path)

    async def close(self) -> None:
        """Stop, and remove the file that nobody asked to keep."""
        capture, self._capture = self._capture, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if capture is not None:
            await asyncio.to_thread(capture.close)
            if capture.path is not None:
                capture.path.unlink(missing_ok=True)

    def _news(self) -> None:
        """Something was captured (in the capture's thread)."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._soon)

    def _soon(self, seconds: float = REFRESH) -> None:
        """Look again by then."""
        assert self._loop is not None
        if self._timer is not None:
            if self._timer.when() <= self._loop.time() + seconds:
                return
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        then, before = self._looked
        now = time.monotonic()
        if now - then >= RATE_PERIOD:
            self.rate = (self.count - before) / (now - then)
            self._looked = now, self.count
        if self.running:
            self._soon(RATE_PERIOD)
        self._changed()
