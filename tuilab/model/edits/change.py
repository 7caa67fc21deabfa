"""What an edit is: a title, and how to make the new topology out of the old."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tuilab.model.topology import Endpoint, Topology


@dataclass(frozen=True, slots=True)
class Rename:
    """The same object under another name: a namespace, or a link within one.

    Attributes:
        old: Name or endpoint before.
        new: Name or endpoint after; a link may be in another namespace then.
    """

    old: str | Endpoint
    new: str | Endpoint

    def reversed(self) -> Rename:
        """The way back."""
        return Rename(self.new, self.old)


@dataclass(frozen=True, slots=True)
class Change:
    """One edit that somebody asks for.

    Attributes:
        title: What the history shows, such as ``add bridge host:br0``.
        apply: Makes the new topology; raises UsageError where that makes no sense.
        renames: What keeps its identity under a new name.
        large: To make and to check the new topology takes so long that nobody should
            have to wait for it.
    """

    title: str
    apply: Callable[[Topology], Topology]
    renames: tuple[Rename, ...] = ()
    large: bool = False


def together(title: str, changes: Iterable[Change]) -> Change:
    """Several changes as one edit, in order."""
    parts = tuple(changes)

    def apply(topology: Topology) -> Topology:
        for part in parts:
            topology = part.apply(topology)
        return topology

    return Change(title, apply, tuple(r for part in parts for r in part.renames))


def become(title: str, target: Topology) -> Change:
    """Whatever the lab is, make it that topology; the lab keeps its name."""
    return Change(title, lambda now: replace(target, name=now.name))
