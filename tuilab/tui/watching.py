"""The capture that the packets tab shows: started, stopped, looked at in batches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tuilab.errors import TuilabError
from tuilab.kernel.live import Live
from tuilab.model.topology import Endpoint, Topology
from tuilab.packets.capture import Capture
from tuilab.packets.joining import Joining
from tuilab.packets.store import Store

REFRESH = 0.2
"""Seconds between looks at new packets."""
MANY = 100
"""More packets than that are past before anybody could have read them ..."""
REFRESH_MANY = 0.4
"""... and the next look comes later: the processor is needed for capturing them."""

RATE_PERIOD = 1.0
"""Seconds over which the rate is taken."""

NAMED = 3
"""So many links are named; more are counted."""


Whole = Callable[[Topology], list[Endpoint]]
"""Which links are all of something, in a lab."""


class Watching:
    """At most one capture at a time, of any number of links; or a file's packets."""

    def __init__(
        self,
        directory: Path,
        changed: Callable[[], None],
        replaced: Callable[[], None],
    ) -> None:
        """Capture into a directory.

        Args:
            directory: Where the capture's file is made.
            changed: Called on the event loop when there is news, at most every
                `REFRESH` seconds, and less often where much comes in.
            replaced: Called on the event loop when `store` is another one, before
                the one that it was is closed.
        """
        self._directory = directory
        self._changed = changed
        self._replaced = replaced
        self._capture: Capture | None = None
        self._file: Store | None = None
        self._path = Path()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._looked = (0.0, 0)
        self._seen = 0
        self._saved = 0
        self._links: tuple[Topology, Mapping[Endpoint, Live]] = Topology("none"), {}
        self._whole: Whole | None = None
        self._joining: Joining | None = None
        self.rate = 0.0

    @property
    def capture(self) -> Capture | None:
        """What is or was captured last; None for a file."""
        return self._capture

    @property
    def store(self) -> Store | None:
        """The packets."""
        if self._file is not None:  # one of no packets counts too
            return self._file
        return self._capture.store if self._capture else None

    @property
    def running(self) -> bool:
        """Whether packets are being captured."""
        return self._capture is not None and self._capture.running

    @property
    def state(self) -> str:
        """How it stands: ``live``, ``waiting`` for links, ``stopped``, ``file``."""
        if self._file is not None:
            return "file"
        if self._capture is None or not self.running:
            return "stopped"
        left = any(not counts.ended for counts in self._capture.counts)
        return "live" if left else "waiting"

    @property
    def count(self) -> int:
        """Packets so far."""
        store = self.store
        return len(store) if store is not None else 0

    @property
    def unsaved(self) -> str:
        """What was captured and has not been saved since, in words; may be empty."""
        if self._capture is None or self.count == self._saved:
            return ""
        return f"{self.count} packet{'s' * (self.count != 1)} of {self.names}"

    @property
    def dropped(self) -> int:
        """Packets that the kernel lost so far."""
        return self._capture.dropped if self._capture else 0

    @property
    def behind(self) -> int:
        """Packets that are still to be written, where these are many."""
        return self._capture.waiting if self._capture and self.running else 0

    @property
    def names(self) -> str:
        """What is captured, or the file's name."""
        if self._file is not None:
            return self._path.name
        if self._capture is None:
            return ""
        ends = self._capture.endpoints
        if len(ends) > NAMED:
            spaces = dict.fromkeys(end.namespace for end in ends)
            where = next(iter(spaces)) if len(spaces) == 1 else f"{len(spaces)} ns"
            return f"{len(ends)} links of {where}"
        return ", ".join(map(str, ends))

    @property
    def troubles(self) -> list[str]:
        """What went wrong with the capture or is with the file, the worst first."""
        if self._file is not None and self._file.trouble:
            return [self._file.trouble]
        if self._capture is None:
            return []
        told = [self._capture.problem] if self._capture.problem else []
        counts = self._capture.counts
        # One that came again is no trouble any more.
        fine = {it.endpoint for it in counts if not it.ended}
        ended = [it.ended for it in counts if it.ended and it.endpoint not in fine]
        return told + list(dict.fromkeys(ended))

    @property
    def trouble(self) -> str:
        """The worst of it, and how many more there are; empty if nothing."""
        troubles = self.troubles
        more = f", and {len(troubles) - 1} more" if len(troubles) > 1 else ""
        return troubles[0] + more if troubles else ""

    async def start(
        self,
        endpoints: Sequence[Endpoint],
        capture_filter: str,
        *,
        whole: Whole | None = None,
    ) -> None:
        """Capture these instead of what was captured before.

        Links that go are captured again when they come back, as by undo and redo.

        Args:
            endpoints: What to capture.
            capture_filter: pcap-filter text for the kernel, or a preset's name.
            whole: Where all links of something are meant: which those are, in a lab as
                it is by then. What is down is left out until it is up.
        """
        capture = Capture(
            endpoints,
            capture_filter=capture_filter,
            lenient=whole is not None,
            lasting=True,
            directory=self._directory,
            on_change=self._news,
        )
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(capture.start)
        self._whole, self._joining = whole, Joining(capture)
        await self._replace(capture, None)

    def lab_changed(self, topology: Topology, live: Mapping[Endpoint, Live]) -> None:
        """Links may have come, or come up: a capture that means them takes them in."""
        self._links = topology, live
        self._take_in()

    def _take_in(self) -> None:
        if self._joining is None or self._capture is None or not self.running:
            return
        topology, live = self._links
        wanted = self._whole(topology) if self._whole else self._capture.endpoints
        up = {end for end, it in live.items() if it.operstate != "down"}
        self._joining.look(wanted, up)

    async def open(self, path: Path) -> int:
        """Show the packets of a file; how many there are.

        Raises:
            PacketError: It can't be read.
        """
        store = await asyncio.to_thread(Store.open, path)
        self._path = path
        await self._replace(None, store)
        return len(store)

    async def clear(self) -> None:
        """Drop all packets; what was being captured goes on being captured."""
        capture = self._capture
        if capture is not None and capture.running:
            await self.start(
                capture.endpoints,
                capture.capture_filter,
                whole=self._whole,
            )
        else:
            await self._replace(None, None)

    async def stop(self) -> None:
        """Stop capturing; what was captured stays to be looked at."""
        if self._capture is not None:
            await asyncio.to_thread(self._capture.stop)
            self._look()

    async def save(self, path: Path) -> int:
        """Write the packets to a file of their own; how many there were."""
        if self._file is not None:
            return await asyncio.to_thread(self._file.save, path)
        if self._capture is None:
            raise TuilabError("no packet has been captured yet")
        self._saved = await asyncio.to_thread(self._capture.save, path)
        return self._saved

    async def close(self) -> None:
        """Stop, and remove the file that nobody asked to keep."""
        await self._replace(None, None, tell=False)

    async def _replace(
        self, capture: Capture | None, file: Store | None, *, tell: bool = True
    ) -> None:
        """Show others from now on; end those that were shown."""
        old, self._capture = self._capture, capture
        old_file, self._file = self._file, file
        self.rate = 0.0
        self._saved = 0
        self._looked = (time.monotonic(), 0)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if tell:
            self._replaced()
            if capture is not None:
                self._look()
        if old is not None:
            await asyncio.to_thread(old.discard)
        if old_file is not None:
            await asyncio.to_thread(old_file.close)

    def _news(self) -> None:
        """Something was captured (in the capture's thread)."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._soon_enough)

    def _soon_enough(self) -> None:
        many = self.count - self._seen > MANY
        self._soon(REFRESH_MANY if many else REFRESH)

    def _soon(self, seconds: float) -> None:
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
        self._seen = self.count
        then, before = self._looked
        now = time.monotonic()
        if now - then >= RATE_PERIOD:
            self.rate = (self.count - before) / (now - then)
            self._looked = now, self.count
        if self.running:
            self._take_in()
            self._soon(RATE_PERIOD)
        self._changed()
