"""Up or down: what the key ``x`` does to what is selected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tuilab.model.edits import Change, Target, set_link, switch, together
from tuilab.model.edits import switched as switched_of
from tuilab.model.topology import LO, Endpoint, Topology
from tuilab.tui.canvas.graph import Item


def targets(items: Sequence[Item]) -> list[Target]:
    """What is selected, in the words of the model."""
    return [item.endpoint or item.namespace for item in items]


def _known(topology: Topology, items: Iterable[Item]) -> Iterator[Target]:
    for item in items:
        target: Target = item.endpoint or item.namespace
        if (
            target in topology.namespaces
            if isinstance(target, str)
            else topology.link(target) is not None
        ):
            yield target


def is_switched(topology: Topology, items: Sequence[Item]) -> bool:
    """Whether there is any link that ``x`` acts on."""
    if len(items) == 1:
        return bool(_of_one(topology, items[0]))
    return any(
        end.ifname != LO
        for target in _known(topology, items)
        for end in switched_of(topology, [target])
    )


def switched(topology: Topology, items: Sequence[Item]) -> list[Endpoint]:
    """The links that ``x`` acts on.

    Both ends of a cable; of a namespace alone its only link, among others all.
    """
    if len(items) == 1:
        return _of_one(topology, items[0])
    return [
        end
        for end in switched_of(topology, _known(topology, items))
        if end.ifname != LO
    ]


def _of_one(topology: Topology, item: Item) -> list[Endpoint]:
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


def toggle(topology: Topology, items: Sequence[Item]) -> Change | None:
    """All of them down when any is up, else all up; None where there is no link."""
    ends = switched(topology, items)
    if not ends:
        return None
    links = [topology.link(end) for end in ends]
    up = not any(link is not None and link.up for link in links)
    if len(ends) == 1:
        return set_link(ends[0], up=up)
    if len(items) > 1:
        return switch(topology, _known(topology, items), up=up)
    word = "up" if up else "down"
    return together(
        f"set {' = '.join(map(str, ends))} {word}",
        [set_link(end, up=up) for end in ends],
    )
