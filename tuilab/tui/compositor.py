"""Asks widgets only for those rows that have to be painted anew, and for few at a time.

Where something has changed at the top and at the bottom of the screen, Textual has
every widget in between give all of its rows, and those behind others as well. A whole
screen is some 25 ms of work, in which no key would be heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from textual._compositor import ChopsUpdate, Compositor
from textual._context import visible_screen_stack
from textual.geometry import Region
from textual.strip import Strip

AT_ONCE: Final = 1800
"""So many cells are painted in one step of the event loop, or one row."""

_Span = tuple[int, int, int]
"""A row, its first column, and the one behind its last."""

_Slots = dict[int, Strip | None]
"""The pieces that a row is cut into by the edges of widgets, by their first column."""


class RowCompositor(Compositor):
    """Textual's, with less work for a part of the screen, and for one step."""

    @property
    def unpainted(self) -> bool:
        """Whether there is more to be painted."""
        return bool(self._dirty_regions)

    def render_update(
        self,
        full: bool = False,
        screen_stack: list[Any] | None = None,
        simplify: bool = False,
    ) -> Any:
        """What is to be painted next; all of it when `full`."""
        if full:
            return super().render_update(full, screen_stack, simplify)
        visible_screen_stack.set(screen_stack or [])
        return self.render_partial_update()

    def render_partial_update(self) -> ChopsUpdate | None:
        """What is to be painted next where something has changed; None for nothing."""
        changed = {it.intersection(self.size.region) for it in self._dirty_regions}
        spans, later = _first(self._regions_to_spans(filter(None, changed)))
        self._dirty_regions = later
        if not spans:
            return None
        return ChopsUpdate(self._painted(spans), spans, [row[1:] for row in self.cuts])

    def rows(self, first: int, beyond: int) -> list[Strip]:
        """Some rows as they look now, as far as there are so many."""
        beyond = min(beyond, self.size.height)
        slots = self._painted([(y, 0, self.size.width) for y in range(first, beyond)])
        return [Strip.join(slots[y].values()) for y in range(first, beyond)]

    def _painted(self, spans: list[_Span]) -> list[_Slots]:
        """The pieces of all rows; those that no span covers have none."""
        cuts = self.cuts
        rows = {y for y, _, _ in spans}
        slots: list[_Slots] = [
            dict.fromkeys(row[:-1]) if y in rows else {} for y, row in enumerate(cuts)
        ]
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
        return slots


def _first(spans: Iterable[_Span]) -> tuple[list[_Span], set[Region]]:
    """As many spans as are painted at once, and where the others are."""
    now: list[_Span] = []
    later: set[Region] = set()
    cells = 0
    for y, first, beyond in spans:
        cells += beyond - first
        if now and cells > AT_ONCE:
            later.add(Region(first, y, beyond - first, 1))
        else:
            now.append((y, first, beyond))
    return now, later


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
