"""Where things stand on the canvas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tuilab.model.edits.change import Change
from tuilab.model.edits.several import named
from tuilab.model.places import Slot
from tuilab.model.topology import Topology


def place(places: Mapping[str, Slot | None]) -> Change:
    """Where a person put nodes on the canvas; it changes nothing of the lab itself.

    Args:
        places: By key of the layout; None lets the layout choose again.
    """

    def apply(topology: Topology) -> Topology:
        layout = {k: v for k, v in topology.layout.items() if k not in places}
        layout |= {k: at for k, at in places.items() if at is not None}
        return replace(topology, layout=layout)

    loose = all(at is None for at in places.values())
    verb = "unpin" if loose else "move"
    return Change(f"{verb} {named(list(places))}", apply)
