"""Which packets of a store the list shows: all, or those of a filter and a link."""

from __future__ import annotations

from tuilab.model.topology import Endpoint
from tuilab.packets.select import Selection
from tuilab.packets.store import Store


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
        some = text or endpoint is not None
        self._selection = Selection(store, text, endpoint) if some else None

    @property
    def words(self) -> str:
        """The display filter; in quotes where it is no filter, but looked for."""
        wish = self._selection.wish if self._selection is not None else None
        searched = wish is not None and not wish.filter and not wish.flows
        quoted = searched and '"' not in self.text
        return f'"{self.text}"' if self.text and quoted else self.text

    def __len__(self) -> int:
        return len(self.store if self._selection is None else self._selection)

    def __getitem__(self, place: int) -> int:
        """The index in the store of what stands at a place."""
        return place if self._selection is None else self._selection[place]

    def place(self, index: int) -> int:
        """Where the first packet at or after an index of the store stands."""
        return index if self._selection is None else self._selection.position(index)

    @property
    def done(self) -> bool:
        """Whether every packet that there is by now was looked at."""
        return self._selection is None or self._selection.done

    @property
    def searched(self) -> float:
        """The part of the packets that was looked at, 0 to 1."""
        if self._selection is None or self.done:
            return 1.0
        return min(self._selection.examined / len(self.store), 0.99)

    def advance(self, seconds: float) -> bool:
        """Look at packets for about that long, in one thread; whether all were.

        Raises:
            PacketError: The file no longer holds them.
        """
        return self._selection is None or self._selection.advance(seconds)

    def close(self) -> None:
        """Look no further."""
        if self._selection is not None:
            self._selection.close()
