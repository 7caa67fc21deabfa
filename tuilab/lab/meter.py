"""How much flows through each link: counters once a second, made into rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tuilab.kernel.live import Live
from tuilab.model.topology import Endpoint

KEPT = 30
"""Looks that are remembered, one a second."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What flowed between two looks, each a second.

    Attributes:
        rx: Bytes received; likewise the others.
        lost: Errors and drops.
    """

    rx: float = 0.0
    tx: float = 0.0
    rx_packets: float = 0.0
    tx_packets: float = 0.0
    lost: float = 0.0


@dataclass(frozen=True, slots=True)
class Traffic:
    """What flowed through a link of late.

    Attributes:
        past: Rates of the last half minute, one a second, the newest last; none from
            before the link was made.
    """

    past: tuple[Rate, ...] = ()

    @property
    def now(self) -> Rate:
        """What flows now."""
        return self.past[-1] if self.past else Rate()


class _Link(NamedTuple):
    last: Live
    time: float
    past: tuple[Rate, ...] = ()


class Meter:
    """Remembers the counters of all links."""

    def __init__(self) -> None:
        self._links: dict[Endpoint, _Link] = {}

    def take(self, live: Mapping[Endpoint, Live], time: float) -> None:
        """Take in what all links have counted by now; may run beside `of`.

        Args:
            live: The counters.
            time: When, in seconds of a clock that only goes forward.
        """
        known, links = self._links, {}
        for endpoint, now in live.items():
            link = known.get(endpoint)
            if link is None or _is_another(link.last, now):
                # What it counted before we knew it says nothing of how fast.
                link = _Link(now, time)
            elif time > link.time:
                rate = _between(link.last, now, time - link.time)
                link = _Link(now, time, (*link.past[1 - KEPT :], rate))
            links[endpoint] = link
        self._links = links

    def of(self, endpoint: Endpoint) -> Traffic:
        """What flowed through a link; nothing for one that is not known."""
        link = self._links.get(endpoint)
        return Traffic(link.past) if link else Traffic()


def _is_another(before: Live, now: Live) -> bool:
    """Whether it is a new link of the same name, or one that counts anew."""
    if before is now:
        return False
    return before.index != now.index or (
        now.rx_bytes < before.rx_bytes
        or now.tx_bytes < before.tx_bytes
        or now.rx_packets < before.rx_packets
        or now.tx_packets < before.tx_packets
    )


_QUIET = Rate()


def _between(before: Live, now: Live, seconds: float) -> Rate:
    if now is before or now == before:
        return _QUIET
    lost = now.errors + now.dropped - before.errors - before.dropped
    return Rate(
        rx=(now.rx_bytes - before.rx_bytes) / seconds,
        tx=(now.tx_bytes - before.tx_bytes) / seconds,
        rx_packets=(now.rx_packets - before.rx_packets) / seconds,
        tx_packets=(now.tx_packets - before.tx_packets) / seconds,
        lost=max(lost, 0) / seconds,
    )
