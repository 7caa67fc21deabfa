"""Links that come, or come up, while a capture of them runs are captured too."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tuilab.model.links import Endpoint
from tuilab.packets.capture import Capture

TRIED = 10
"""Links that may be down are tried so many at a time: each takes some 30 ms."""


class Joining:
    """Has a capture take in what it lacks, whenever somebody has looked at the lab."""

    def __init__(self, capture: Capture) -> None:
        """For a capture that has started."""
        self._capture = capture
        self._known = self._held()
        self._asked: set[Endpoint] = set()
        self._turn = 0

    def look(
        self, wanted: Iterable[Endpoint], up: Collection[Endpoint] | None = None
    ) -> list[Endpoint]:
        """Ask for what is missing.

        Args:
            wanted: The links that are meant, as the lab is by now.
            up: Those of the lab that are up: each is asked for once, until it goes down
                or away and comes again. None where nobody knows: a few of them are
                tried each time.

        Returns:
            What is captured by now that was not yet at the last look.
        """
        held = self._held()
        new = sorted(held - self._known)
        self._known |= held
        missing = [end for end in wanted if end not in held]
        if up is None:
            later = self._turn + TRIED
            self._turn = later if later < len(missing) else 0
            asked = missing[self._turn : self._turn + TRIED]
        else:
            there = [end for end in missing if end in up]
            self._asked &= set(there)
            asked = [end for end in there if end not in self._asked]
            self._asked.update(asked)
        if asked:
            self._capture.add(asked)
        return new

    def _held(self) -> set[Endpoint]:
        """What is being captured."""
        return {counts.endpoint for counts in self._capture.counts if not counts.ended}
