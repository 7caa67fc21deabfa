"""Where things stand on the canvas."""

from __future__ import annotations

from dataclasses import replace

from tuilab.model.edits.change import Change
from tuilab.model.topology import Topology


def place(item: str, at: tuple[int, int] | None) -> Change:
    """Where a person put a node on the canvas; None to let the layout choose."""

    def apply(topology: Topology) -> Topology:
        layout = {k: v for k, v in topology.layout.items() if k != item}
        if at is not None:
            layout[item] = at
        return replace(topology, layout=layout)

    return Change(f"move {item} on the canvas", apply)
