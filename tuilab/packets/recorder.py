"""Empties the rings of a capture into its file.

It waits for every handle at once and alone writes the file, so packets of several
endpoints come out in time order and a reader never sees half a packet.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import time
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from tuilab.model.links import Endpoint
from tuilab.packets.handle import Handle
from tuilab.packets.order import Merge
from tuilab.packets.sink import Sink
from tuilab.packets.spool import Batch, Spool
from tuilab.packets.writing import Format

_CHANGE_SECONDS: Final = 0.1
_CHECK_SECONDS: Final = 0.25
_ROUNDS: Final = 16
"""Batches a handle may give before stopping and telling get their turn again."""
_RUSH_SECONDS: Final = 0.01
"""Who has not seen a ring empty for so long sets aside what is in it."""
_CATCH_UP_SECONDS: Final = 0.002
_QUIET_SECONDS: Final = 0.01
"""For writing what was set aside, before looking at the rings again that are filling,
or are not."""
_REST_SECONDS: Final = 0.002
"""For the screen that shows the packets, and may have the same processor."""


@dataclass(frozen=True, slots=True)
class EndpointCounts:
    """How the capture of one endpoint stands.

    Attributes:
        endpoint: What is captured.
        received: Packets that passed the filter, lost ones included.
        dropped: Packets the kernel lost because they were not read in time.
        ended: Why its capture ended by itself; empty while it lives.
    """

    endpoint: Endpoint
    received: int = 0
    dropped: int = 0
    ended: str = ""


class Recorder:
    """Drains handles into a sink until told to stop or nothing is left to drain.

    Attributes:
        written: Packets written so far.
        size: Bytes that they, and what stands before them, take.
        counts: How each handle stands, in the order they were given.
        problem: What ended it before its time; empty if nothing did.
        changed: Whether there is news to tell.
    """

    def __init__(
        self,
        handles: Sequence[Handle],
        sink: Sink,
        form: Format,
        *,
        size: int,
        limit: int | None,
        line: int,
        listen: Callable[[], bool],
        tell: Callable[[], bool],
        spool: Spool,
        index: int | None = None,
        lasting: bool = False,
    ) -> None:
        """Own the handles, the sink and the spool from now on.

        Args:
            handles: Live captures; their order is that of the interfaces.
            sink: Holds the file's head already.
            form: What is written.
            size: Bytes that the sink holds already.
            limit: Packets after which to stop.
            line: A descriptor; when something can be read there, it listens.
            listen: Gives whether it is to go on; else what was sent before is still
                written. It may have further handles `join`.
            tell: Called at most ten times a second when there is news; gives whether
                they were told.
            spool: Takes what comes faster than it can be written.
            index: A file to put the place of every packet into.
            lasting: Go on when no handle is left, for others to join.
        """
        self.written = 0
        self.size = size
        self.problem = ""
        self._handles = list(handles)
        self._form = form
        self._numbers = {handle: number for number, handle in enumerate(handles)}
        self._framers = [form.framer(number) for number, _ in enumerate(handles)]
        self._live = list(handles)
        self._backlog: dict[Handle, float] = {}
        self._spool = spool
        self._aside: Counter[int] = Counter()
        self._sink = sink
        self._limit = limit
        self._tell = tell
        self._index = index
        self._lasting = lasting
        self.changed = False
        self._told = 0.0
        self._checked = time.monotonic()
        self._merge: Merge | None = Merge() if len(self._handles) > 1 else None
        self._started = time.time_ns()
        self._line = line
        self._listen = listen
        self._poll = select.poll()
        self._poll.register(line, select.POLLIN)
        for handle in self._handles:
            self._poll.register(handle.fileno(), select.POLLIN)
        self.counts = [EndpointCounts(h.endpoint) for h in self._handles]

    def join(self, handle: Handle, head: bytes) -> None:
        """Record another one too, whose interface is told of by ``head``."""
        if head:
            self._sink.write(head)
            self.size += len(head)
        self._numbers[handle] = len(self._handles)
        self._framers.append(self._form.framer(len(self._handles)))
        self._handles.append(handle)
        self._live.append(handle)
        self._poll.register(handle.fileno(), select.POLLIN)
        self.counts = [*self.counts, EndpointCounts(handle.endpoint)]
        if self._merge is None:
            self._merge = Merge()
        self.changed = True

    def run(self) -> None:
        """Record until the end; the file is complete then."""
        try:
            self._record()
            if self._merge:
                self._write(self._merge.rest())
        except BrokenPipeError:
            pass  # whoever read the stream has seen enough
        except OSError as error:
            self.problem = f"the capture cannot be written: {error.strerror or error}"
        except Exception as error:
            logging.getLogger(__name__).exception("recorder")
            self.problem = f"the capture failed: {error}"
        finally:
            self._end()

    def _record(self) -> None:
        while (self._live or self._spool or self._lasting) and not self._full():
            events = {fd for fd, _ in self._poll.poll(self._patience())}
            if self._line in events and not self._listen():
                self._poll.unregister(self._line)
                self._lasting = False
                for handle in self._live:
                    handle.finish()
            now = time.monotonic()
            ready = [h for h in self._live if not events or h.fileno() in events]
            # The poll does not tell of packets left over from a round.
            ready = list(dict.fromkeys([*self._backlog, *ready]))
            # Where nothing more can be set aside, the rings have to hold it.
            paused = self._spool.full
            self._backlog = {
                handle: self._backlog.get(handle, now)
                for handle in ready
                if paused or self._drain(handle, now)
            }
            order = self._catch_up(now, _CATCH_UP_SECONDS if ready else _QUIET_SECONDS)
            if self._merge:
                behind = {self._numbers[handle] for handle in self._backlog}
                self._write(self._merge.take(order, behind.union(+self._aside)))
            self._look_after(now)
            if self._spool and not self._backlog and self._index is not None:
                time.sleep(_REST_SECONDS)

    def _patience(self) -> int:
        """Milliseconds to wait for packets before something else is due."""
        if self._backlog or self._spool:
            return 0
        now = time.monotonic()
        due = self._checked + _CHECK_SECONDS
        if self.changed:
            due = min(due, self._told + _CHANGE_SECONDS)
        if self._merge:
            due = min(due, self._merge.due())
        for handle in self._live:
            due = min(due, handle.deadline)
        return max(0, int((due - now) * 1000) + 1)

    def _drain(self, handle: Handle, now: float) -> bool:
        """Take what a handle has, within reason; whether there may be more."""
        rush = now - self._backlog.get(handle, now) > _RUSH_SECONDS
        number = self._numbers[handle]
        for _ in range(_ROUNDS):
            read = handle.read()
            if read is None:
                return False
            batch = Batch(number, now, *read)
            # What comes behind what was set aside is set aside too.
            if rush or self._spool:
                self._spool.put(batch)
                self._aside[number] += 1
            else:
                self._frame(batch)
            if self._full():
                return False
        return True

    def _catch_up(self, now: float, seconds: float) -> float:
        """Write some of what was set aside; when the last that is written was read."""
        until = time.monotonic() + (0 if self._backlog else seconds)
        while self._spool and not self._full():
            batch = self._spool.take()
            self._aside[batch.number] -= 1
            self._frame(batch)
            if time.monotonic() >= until:
                return batch.read
        return now

    def _frame(self, batch: Batch) -> None:
        """Put a batch into the file's form and, unless others may come first, write."""
        framer = self._framers[batch.number]
        stamps, blocks = framer.blocks(batch.payload, batch.meta)
        if self._merge is None:
            self._write(blocks)
        else:
            self._merge.add(batch.number, stamps, blocks, batch.read)

    def _write(self, blocks: list[bytes]) -> None:
        if self._limit is not None:
            blocks = blocks[: self._limit - self.written]
        if not blocks:
            return
        try:
            self._put(blocks)
        except OSError:
            if self._index is None:
                raise
            # The file is as before: let it take what still fits.
            for block in blocks:
                self._put([block])
            raise
        finally:
            self.changed = True

    def _put(self, blocks: list[bytes]) -> None:
        before = self.size
        self.size += self._sink.write_blocks(blocks)
        if self._index is not None:
            lengths = map(len, blocks[:-1])
            os.write(self._index, array("Q", accumulate(lengths, initial=before)))
        self.written += len(blocks)

    def _full(self) -> bool:
        return self._limit is not None and self.written >= self._limit

    def _look_after(self, now: float) -> None:
        """Notice what has vanished, let go of what is finished, tell of changes."""
        if now >= self._checked + _CHECK_SECONDS:
            self._checked = now
            for handle in self._live:
                if not handle.ended and not handle.check():
                    handle.finish()
                    self.changed = True
            self._count()
        for handle in list(self._live):
            # After its deadline a ring hides nothing more from us; and we have looked
            # since, unless there was too much to take at once.
            shown = now >= handle.deadline and handle not in self._backlog
            if shown or handle.complete():
                self._release(handle)
        if self.changed and time.monotonic() >= self._told + _CHANGE_SECONDS:
            self._count()
            self.changed = not self._tell()
            self._told = time.monotonic()

    def _release(self, handle: Handle) -> None:
        self._live.remove(handle)
        self._backlog.pop(handle, None)
        self._poll.unregister(handle.fileno())
        handle.count()
        handle.close()

    def _count(self) -> None:
        for handle in self._live:
            handle.count()
        counts = [
            EndpointCounts(h.endpoint, h.received, h.dropped, h.ended)
            for h in self._handles
        ]
        if counts != self.counts:
            self.counts = counts
            self.changed = True

    def _end(self) -> None:
        with contextlib.ExitStack() as last:
            last.callback(self._sink.close)
            last.callback(self._spool.close)
            for handle in self._live:
                last.callback(handle.close)
            # The packets are complete without it, and the cause is told.
            with contextlib.suppress(Exception):
                self._count()
                counts = [(it.received, it.dropped) for it in self.counts]
                if tail := self._form.tail(self._started, counts):
                    self._sink.write(tail)
