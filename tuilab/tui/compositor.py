"""Asks widgets only for those rows that have to be painted anew.

Where something has changed at the top and at the bottom of the screen, Textual has
every widget in between give all of its rows, and those behind others as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip

_Slots = dict[int, Strip | None]
"""The pieces that a row is cut into by the edges of widgets, by their first column."""


class RowCompositor(Compositor):
    """Textual's, with less work for a part of the screen."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """What is to be painted where something has changed; None for nothing."""
        changed = {it.intersection(self.size.region) for it in self._dirty_regions}
        self._dirty_regions.clear()
        spans = list(self._regions_to_spans(filter(None, changed)))
        if not spans:
            return None
        cuts = self.cuts
        slots: list[_Slots] = [dict.fromkeys(row[:-1]) for row in cuts]
        missing: dict[int, set[int]] = {}
        for y, first, beyond in spans:
            edges = zip(cuts[y], cuts[y][1:], strict=False)
            starts = {at for at, end in edges if at < beyond and end > first}
            missing.setdefault(y, set()).update(starts)
        # From front to back, so who comes first is seen.
        for widget, (region, clip) in self.visible_widgets.items():
            area = region.intersection(clip)
            for y, count in _runs(_rows(area, missing)):
                wanted = Region(area.x - region.x, y - region.y, area.width, count)
                for row, strip in enumerate(widget.render_lines(wanted), y):
                    _fill(slots[row], missing[row], cuts[row], area, strip)
            missing = {y: starts for y, starts in missing.items() if starts}
            if not missing:
                break
        return ChopsUpdate(slots, spans, [row[1:] for row in cuts])


def _rows(area: Region, missing: dict[int, set[int]]) -> Iterator[int]:
    """The rows of an area in which something of it is missing, from the top on."""
    x, top, width, height = area
    for y, starts in missing.items():
        if top <= y < top + height and any(x <= at < x + width for at in starts):
            yield y


def _runs(rows: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Rows that follow each other: the first one, and how many."""
    start = count = 0
    for y in rows:
        if count and y == start + count:
            count += 1
            continue
        if count:
            yield start, count
        start, count = y, 1
    if count:
        yield start, count


def _fill(
    slots: _Slots, missing: set[int], cuts: list[int], area: Region, strip: Strip
) -> None:
    """Put the pieces of a widget's row where they are still missing."""
    first, beyond = area.column_span
    edges = [at for at in cuts if first <= at <= beyond]
    pieces = strip.divide([at - first for at in edges[1:]])
    for at, piece in zip(edges, pieces, strict=False):
        if at in missing:
            slots[at] = piece
            missing.discard(at)
