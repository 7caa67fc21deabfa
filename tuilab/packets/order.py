"""The order of packets that come from several rings."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from operator import itemgetter

from tuilab.packets.handle import RETIRE_SECONDS


class Merge:
    """Puts packets of several rings in time order.

    A ring shows a packet up to `RETIRE_SECONDS` after its stamp, so all that was
    stamped before the newest packet seen that long ago is complete; but for rings of
    which we have not read all that they show. These are in order in themselves.
    """

    def __init__(self) -> None:
        self._held: list[tuple[int, bytes]] = []
        self._seen: deque[tuple[float, int]] = deque()
        self._last: dict[int, int] = {}
        self._complete = -1

    def __bool__(self) -> bool:
        return bool(self._held)

    def add(
        self, number: int, stamps: Sequence[int], blocks: Sequence[bytes], now: float
    ) -> None:
        """Take a batch of the ring ``number``, read at ``now`` (monotonic seconds)."""
        self._held.extend(zip(stamps, blocks, strict=True))
        newest = max(stamps)
        self._seen.append((now + RETIRE_SECONDS, newest))
        self._last[number] = newest

    def due(self) -> float:
        """When something can be taken next (monotonic seconds)."""
        return self._seen[0][0] if self._seen else 0.0

    def take(self, now: float, behind: Iterable[int] = ()) -> list[bytes]:
        """What is in its final order by now.

        Args:
            now: Monotonic seconds.
            behind: Rings of which not all is here that they showed by now.
        """
        newest = self._complete
        while self._seen and self._seen[0][0] <= now:
            newest = max(newest, self._seen.popleft()[1])
        last = min((self._last.get(number, -1) for number in behind), default=newest)
        self._complete = newest if last < newest else -1
        newest = min(newest, last)
        if newest < 0:
            return []
        self._held.sort(key=itemgetter(0))
        cut = bisect_right(self._held, newest, key=itemgetter(0))
        ready = [block for _, block in self._held[:cut]]
        del self._held[:cut]
        return ready

    def rest(self) -> list[bytes]:
        """All that is left, in order."""
        self._held.sort(key=itemgetter(0))
        ready = [block for _, block in self._held]
        self._held.clear()
        self._seen.clear()
        return ready
