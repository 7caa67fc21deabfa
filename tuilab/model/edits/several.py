"""Verbs on several things at once, each one edit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tuilab.errors import UsageError
from tuilab.model.edits.change import Change, together
from tuilab.model.edits.links import remove_link, set_link
from tuilab.model.edits.namespaces import remove_namespace
from tuilab.model.edits.parts import (
    Target,
    find_link,
    find_namespace,
    removable,
    take_out,
)
from tuilab.model.topology import LO, Endpoint, Topology, Veth

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
    if len(wanted) == 1:
        return _removal(wanted[0])

    def apply(topology: Topology) -> Topology:
        if not wanted:
            raise UsageError("nothing is named to remove", "name a namespace or a link")
        for target in wanted:
            removable(topology, target)
        return take_out(topology, *wanted)

    return Change(f"remove {named(wanted)}", apply)


def _removal(target: Target) -> Change:
    if isinstance(target, Endpoint):
        return remove_link(target)
    return remove_namespace(target)


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
