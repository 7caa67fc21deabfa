"""The space between two rows of boxes."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuilab.tui.canvas.route import Wire

PLAIN = 2
"""Rows between two rows of boxes where no line bends."""


@dataclass(slots=True)
class Channel:
    """The space between two rows."""

    roomy: bool
    """Whether lines go a row straight on before they bend; chips need it where what is
    wrong with a link is to be shown."""
    plain: int = PLAIN
    """Rows where no line bends."""
    hops: dict[int, Wire] = field(default_factory=dict)
    arcs: dict[int, Wire] = field(default_factory=dict)
    tracks: int = 0
    top: int = 0
    lead: int = 0

    @property
    def wires(self) -> list[Wire]:
        """All lines that run in it."""
        return [*self.hops.values(), *self.arcs.values()]

    def height(self, *, first: bool = False, last: bool = False) -> int:
        """Rows, outer channels included."""
        self.lead = int(self.roomy and not first)
        if not self.tracks:
            return 0 if first or last else self.plain
        return self.lead + self.tracks + (not last)

    def row(self, track: int) -> int:
        """The row of a track."""
        return self.top + self.lead + track

    def corners(self, wire: Wire, column: int) -> list[tuple[int, int]]:
        """Where a wire from above bends on its way to a column."""
        if wire.straight:
            return []
        tracks = wire.bend[::2]
        columns = [wire.tops[0], *wire.bend[1::2], column]
        out = []
        for index, track in enumerate(tracks):
            y = self.row(track)
            out += [(columns[index], y), (columns[index + 1], y)]
        return out
