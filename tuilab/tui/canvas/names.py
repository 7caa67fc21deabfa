"""Items under the names that an edit has given them."""

from __future__ import annotations

from dataclasses import replace

from tuilab.model.edits import Rename
from tuilab.model.topology import Cable, Endpoint
from tuilab.plan.history import History
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.layers import Memory


def renames(old: History, new: History) -> list[Rename]:
    """What has changed its name on the way from one place in the history to another."""
    if new.position >= old.position:
        done = new.edits[old.position : new.position]
        return [rename for edit in done for rename in edit.renames]
    undone = old.edits[new.position : old.position]
    return [r.reversed() for edit in reversed(undone) for r in reversed(edit.renames)]


def renamed(item: Item, rename: Rename) -> Item:
    """An item under its new name, if it is the one renamed or is in it."""

    def end(endpoint: Endpoint) -> Endpoint:
        if isinstance(rename.old, Endpoint):
            return rename.new if endpoint == rename.old else endpoint  # type: ignore[return-value]
        if endpoint.namespace == rename.old:
            return Endpoint(str(rename.new), endpoint.ifname)
        return endpoint

    if item.cable is not None:
        return Item.of_cable(Cable.of(end(item.cable.a), end(item.cable.b)))
    if item.endpoint is not None:
        there = end(item.endpoint)
        return Item(item.kind, there.namespace, there.ifname)
    if item.namespace == rename.old:
        return Item(item.kind, str(rename.new))
    return item


def renamed_places(memory: Memory, rename: Rename) -> Memory:
    """Where everything was drawn, under its new name and in what has a new name."""
    return {
        renamed(item, rename): replace(
            place,
            home=None if place.home is None else renamed(place.home, rename),
            left={
                seat: frozenset(renamed(other, rename) for other in some)
                for seat, some in place.left.items()
            },
        )
        for item, place in memory.items()
    }
