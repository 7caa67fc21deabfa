"""Keys of a layout: what a person placed on the canvas, by name.

A key is a namespace or an endpoint; with `GROUP` before it, the folded group of all
that hangs from that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

GROUP = "all on "
Slot = tuple[int, int]
"""Column and row of the drawing."""
FARTHEST: Slot = (10_000, 2_000)
"""Either way. All that lies between is drawn, row by row."""
SPREAD = 250_000
"""Columns times rows between all places, at most, for the same reason."""


def thing_of(key: str) -> str:
    """The namespace or endpoint that a key is about."""
    return key.removeprefix(GROUP)


def renamed_places(
    layout: Mapping[str, Slot], name: Callable[[str], str | None]
) -> dict[str, Slot]:
    """A layout whose things have other names.

    Args:
        layout: Places by key.
        name: The name that a thing has now; None for one that has no place any more.
    """
    found = {}
    for key, at in layout.items():
        thing = thing_of(key)
        now = name(thing)
        if now is not None:
            found[key.removesuffix(thing) + now] = at
    return found
