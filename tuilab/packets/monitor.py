"""Who reaches whom, watched all the time: pings between many pairs at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address

from tuilab.errors import NotFoundError, TuilabError
from tuilab.model.topology import HOST, Topology
from tuilab.packets.reach import destination
from tuilab.packets.send import Sender

_REMEMBERED = 60


@dataclass(frozen=True, slots=True)
class Pair:
    """One direction of a pair of namespaces.

    Attributes:
        source: The namespace that pings.
        to: Whom: a namespace.
        address: The address of it that is pinged.
    """

    source: str
    to: str
    address: str


@dataclass(slots=True)
class Cell:
    """How a pair stands.

    Attributes:
        pair: Which.
        sent: Echo requests whose fate is known.
        received: How many were answered.
        rtt_ms: Of the last one; None if it was not answered.
        error: Why the last one was not answered; empty if it was.
        recent: Round-trip times of the last ones, None where there was no answer.
    """

    pair: Pair
    sent: int = 0
    received: int = 0
    rtt_ms: float | None = None
    error: str = ""
    recent: deque[float | None] = field(
        default_factory=lambda: deque(maxlen=_REMEMBERED)
    )

    @property
    def up(self) -> bool | None:
        """Whether the last one was answered; None while nothing is known."""
        return None if not self.sent else not self.error

    @property
    def loss(self) -> float:
        """Part that was not answered, 0 to 1; 0 when nothing was sent."""
        return 1 - self.received / self.sent if self.sent else 0.0


def all_pairs(topology: Topology, names: Iterable[str] = ()) -> list[Pair]:
    """Both directions of every pair of namespaces that have addresses.

    Args:
        topology: The lab.
        names: Only of these namespaces; none for all but the lab's root namespace.
    """
    chosen = list(names) or [name for name in topology.namespaces if name != HOST]
    pairs = []
    for source in chosen:
        for to in chosen:
            if source == to:
                continue
            with contextlib.suppress(NotFoundError):  # it has no address
                pairs.append(Pair(source, to, destination(topology, source, to)))
    return pairs


class Monitor:
    """Pings pairs until told to stop; `cells` is how they stand.

    Attributes:
        cells: One a pair, in the order they were given; changed in place.
    """

    def __init__(
        self,
        sender: Sender,
        pairs: Iterable[Pair],
        *,
        interval: float = 1.0,
        timeout: float = 1.0,
    ) -> None:
        """Nothing is sent yet.

        Args:
            sender: Sends.
            pairs: Who pings whom; see `all_pairs`.
            interval: Seconds from one ping of a pair to the next.
            timeout: Seconds to wait for each answer.
        """
        self.cells = {pair: Cell(pair) for pair in pairs}
        self._sender = sender
        self._interval = interval
        self._timeout = timeout

    async def run(self, rounds: int | None = None) -> AsyncGenerator[Cell, None]:
        """Ping, and give each cell whenever it is news.

        A namespace that goes away has its pairs fail; the others go on.

        Args:
            rounds: Pings of each pair; None for no end. Closing the iterator ends it
                at once.
        """
        news: asyncio.Queue[Cell | None] = asyncio.Queue()
        groups: dict[tuple[str, int], list[Pair]] = {}
        for pair in self.cells:
            version = ip_address(pair.address).version
            groups.setdefault((pair.source, version), []).append(pair)
        tasks = [
            asyncio.create_task(self._watch(group, rounds, news))
            for group in groups.values()
        ]
        left = len(tasks)
        try:
            while left:
                cell = await news.get()
                if cell is None:
                    left -= 1
                else:
                    yield cell
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(
        self, group: list[Pair], rounds: int | None, news: asyncio.Queue[Cell | None]
    ) -> None:
        """All pairs of one namespace and family, through one job."""
        source = group[0].source
        addresses = [pair.address for pair in group]
        try:
            results = self._sender.ping_many(
                source,
                addresses,
                rounds=rounds,
                interval=self._interval,
                timeout=self._timeout,
            )
            async with contextlib.aclosing(results):
                async for number, result in results:
                    cell = self.cells[group[number]]
                    cell.sent += 1
                    cell.received += result.ok
                    cell.rtt_ms, cell.error = result.rtt_ms, result.error
                    cell.recent.append(result.rtt_ms)
                    news.put_nowait(cell)
        except TuilabError as error:
            for pair in group:
                cell = self.cells[pair]
                cell.sent += 1
                cell.rtt_ms, cell.error = None, error.summary
                cell.recent.append(None)
                news.put_nowait(cell)
        finally:
            news.put_nowait(None)
