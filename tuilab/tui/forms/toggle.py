"""Up or down: what the key ``x`` does to the selected thing."""

from __future__ import annotations

from tuilab.model.edits import Change, set_link, together
from tuilab.model.topology import LO, Endpoint, Topology
from tuilab.tui.canvas.graph import Item


def switched(topology: Topology, item: Item | None) -> list[Endpoint]:
    """The links that ``x`` acts on: both ends of a cable, a namespace's only link."""
    if item is None:
        return []
    if item.cable is not None:
        ends = [item.cable.a, item.cable.b]
    elif item.endpoint is not None:
        ends = [item.endpoint]
    else:
        namespace = topology.namespaces.get(item.namespace)
        names = [n for n in (namespace.links if namespace else ()) if n != LO]
        ends = [Endpoint(item.namespace, name) for name in names]
        if len(ends) != 1:
            return []
    return [end for end in ends if topology.link(end) is not None]


def toggle(topology: Topology, item: Item | None) -> Change | None:
    """All of them down when any is up, else all up; None where there is no link."""
    ends = switched(topology, item)
    if not ends:
        return None
    links = [topology.link(end) for end in ends]
    up = not any(link is not None and link.up for link in links)
    if len(ends) == 1:
        return set_link(ends[0], up=up)
    word = "up" if up else "down"
    return together(
        f"set {' = '.join(map(str, ends))} {word}",
        [set_link(end, up=up) for end in ends],
    )
