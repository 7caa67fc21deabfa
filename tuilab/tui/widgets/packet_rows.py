"""Which packets of a store the list shows: all, or those of a filter and a link."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left

from tuilab.model.topology import Endpoint
from tuilab.packets.select import Selection
from tuilab.packets.store import Store

_PIECE = 500
"""Packets of one link looked at between two looks at the clock."""


class Rows:
    """The packets of a store that are shown, by their place in the list.

    Attributes:
        store: Where the packets are.
        text: The display filter; empty for none.
        endpoint: The one link whose packets are shown; None for every link.
    """

    def __init__(
        self, store: Store, text: str = "", endpoint: Endpoint | None = None
    ) -> None:
        """Nothing is looked at yet where there is something to look for.

        Raises:
            UsageError: The text is no display filter.
        """
        self.store = store
        self.text = text
        self.endpoint = endpoint
        self._selection = Selection(store, text) if text else None
        self._of_link: array[int] = array("Q")
        self._examined = 0

    def __len__(self) -> int:
        if self.endpoint is not None:
            return len(self._of_link)
        return len(self.store if self._selection is None else self._selection)

    def __getitem__(self, place: int) -> int:
        """The index in the store of what stands at a place."""
        if self.endpoint is not None:
            return self._of_link[place]
        return place if self._selection is None else self._selection[place]

    def place(self, index: int) -> int:
        """Where the first packet at or after an index of the store stands."""
        if self.endpoint is not None:
            return bisect_left(self._of_link, index)
        return index if self._selection is None else self._selection.position(index)

    @property
    def done(self) -> bool:
        """Whether every packet that there is by now was looked at."""
        if self._selection is not None and not self._selection.done:
            return False
        return self.endpoint is None or self._examined >= self._candidates

    @property
    def searched(self) -> float:
        """The part of the packets that was looked at, 0 to 1."""
        total = len(self.store)
        if self.done or not total:
            return 1.0
        looked = self._selection.examined if self._selection else self._examined
        return min(looked / total, 0.99)

    @property
    def _candidates(self) -> int:
        return len(self.store if self._selection is None else self._selection)

    def advance(self, seconds: float = 0.05) -> bool:
        """Look at packets for about that long, in one thread; whether all were.

        Raises:
            PacketError: The file no longer holds them.
        """
        deadline = time.monotonic() + seconds
        if self._selection is not None:
            self._selection.advance(seconds)
        while self.endpoint is not None and self._examined < self._candidates:
            stop = min(self._examined + _PIECE, self._candidates)
            self._of_link.extend(self._of(self.endpoint, self._examined, stop))
            self._examined = stop
            if time.monotonic() >= deadline:
                break
        return self.done

    def _of(self, endpoint: Endpoint, start: int, stop: int) -> list[int]:
        selection = self._selection
        if selection is None:
            return [
                packet.number - 1
                for packet in self.store.packets(start, stop)
                if packet.endpoint == endpoint
            ]
        found = (selection[place] for place in range(start, stop))
        return [i for i in found if self.store.packet(i).endpoint == endpoint]
