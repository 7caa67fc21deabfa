"""Verbs on several things at once, each one edit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tuilab.errors import UsageError
from tuilab.model.edits.change import Change, together
from tuilab.model.edits.links import remove_link, set_link
from tuilab.model.edits.namespaces import remove_namespace
from tuilab.model.edits.parts import find_link, find_namespace
from tuilab.model.topology import LO, Endpoint, Topology, Veth

Target = str | Endpoint
"""A namespace by its name, or a link; either end stands for a cable."""

MOST_NAMED = 4
"""Things that a title lists before it counts the rest."""


def named(targets: Sequence[Target]) -> str:
    """Targets in words: ``red, blue and host:br0``."""
    words = [str(target) for target in targets]
    if len(words) > MOST_NAMED:
        shown = MOST_NAMED - 1
        words = [*words[:shown], f"{len(words) - shown} more"]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def remove(targets: Iterable[Target]) -> Change:
    """Namespaces and links, with all that goes with each."""
    wanted = tuple(dict.fromkeys(targets))
    parts = [_removal(target) for target in wanted]
    if len(parts) == 1:
        return parts[0]

    def apply(topology: Topology) -> Topology:
        if not wanted:
            raise UsageError("nothing is named to remove", "name a namespace or a link")
        after = topology
        for target, part in zip(wanted, parts, strict=True):
            # What went with another one is gone already, but must have been there.
            part.apply(topology)
            if _is_there(after, target):
                after = part.apply(after)
        return after

    return Change(f"remove {named(wanted)}", apply)


def _removal(target: Target) -> Change:
    if isinstance(target, Endpoint):
        return remove_link(target)
    return remove_namespace(target)


def _is_there(topology: Topology, target: Target) -> bool:
    if isinstance(target, Endpoint):
        return topology.link(target) is not None
    return target in topology.namespaces


def switched(topology: Topology, targets: Iterable[Target]) -> list[Endpoint]:
    """The links that `switch` sets: a namespace's all but ``lo``, a cable's both ends.

    Raises:
        NotFoundError: One of them is not there.
    """
    found: dict[Endpoint, None] = {}
    for target in targets:
        if isinstance(target, str):
            names = find_namespace(topology, target).links
            found.update((Endpoint(target, name), None) for name in names if name != LO)
            continue
        link = find_link(topology, target)
        found[target] = None
        if isinstance(link, Veth):
            found[link.peer] = None
    return list(found)


def switch(topology: Topology, targets: Iterable[Target], *, up: bool) -> Change:
    """All links of several things up, or down."""
    wanted = tuple(dict.fromkeys(targets))
    ends = switched(topology, wanted)
    word = "up" if up else "down"
    changes = [set_link(end, up=up) for end in ends]
    return together(f"set {named(wanted)} {word}", changes)
