"""A tree on its way to the shape of a topology, with what was wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from tuilab.errors import Problem
from tuilab.formats.tree import Item
from tuilab.model.links import Endpoint

Path = tuple[str | int, ...]

CLOSE = 0.75
"""How alike two words must be for one to be a slip of the other."""


@dataclass(slots=True)
class Shape:
    """A tree that is or will be of the right shape.

    Attributes:
        root: The tree, mended in place.
        problems: What was wrong.
        excused: Ends of cables that were left out: they need not be explained again.
        loose: What was written where the end of a cable was to be.
        no_cables: Whether the cables as a whole could not be made out.
        lost: Whether what the file says could not be made out as a whole.
    """

    root: Item
    problems: list[Problem] = field(default_factory=list)
    excused: set[Endpoint] = field(default_factory=set)
    loose: list[str] = field(default_factory=list)
    no_cables: bool = False
    lost: bool = False

    def report(self, path: Path, place: tuple[int, int], fact: str, hint: str) -> None:
        """Note one mistake."""
        self.problems.append(Problem(path, fact, hint, *place))

    def drop_cable(self, cable: Item) -> None:
        """Leave a cable out; its ends are excused for having none."""
        cables = self.root.get("cables")
        if cables is None or cable not in cables.value:
            return
        cables.value.remove(cable)
        if not isinstance(cable.value, list):
            self.loose.extend(_words(cable))
            return
        for end in cable.value:
            try:
                self.excused.add(Endpoint.parse(end.text))
            except ValueError:
                self.loose.extend(_words(end))

    def excuses(self, end: Endpoint) -> bool:
        """Whether a cable that was left out may have ended there."""
        return (
            self.no_cables
            or end in self.excused
            or any(_resembles(end, text) for text in self.loose)
        )


def walk(root: Item, path: Iterable[str | int]) -> Item | None:
    """The item at a path, or None."""
    item: Item | None = root
    for key in path:
        item = item.get(key) if item is not None else None
    return item


def placeholder(links: Item | None, ifname: str) -> str:
    """The kind that a link of unknown kind causes no further complaints as."""
    for other in links.value.values() if links is not None else ():
        master = other.get("master")
        if master is not None and master.text == ifname:
            return "bridge"
    return "tap"


@dataclass(slots=True)
class Piece:
    """One thing of the wrong shape.

    Attributes:
        shape: What it is a piece of.
        kind: What pydantic calls the mistake.
        path: Where it is; not to be walked again once other pieces are left out.
        item: It itself, or None where something is missing.
        parent: What holds it.
        entry: The cable, the place or the like, two levels below the root, it is in.
    """

    shape: Shape
    kind: str
    path: Path
    item: Item | None
    parent: Item | None
    entry: Item | None

    @property
    def key(self) -> str:
        """The last name on the way here."""
        return str(next((k for k in reversed(self.path) if isinstance(k, str)), ""))

    @property
    def text(self) -> str:
        """What is written here."""
        return self.item.text if self.item is not None else ""

    @property
    def scalar(self) -> bool:
        """Whether it is one word."""
        return self.item is not None and not isinstance(self.item.value, dict | list)

    def say(self, fact: str, hint: str) -> None:
        """Report it, once."""
        item = self.item or self.parent or self.shape.root
        if not item.blamed:
            self.shape.report(self.path, item.place, fact, hint)
        item.blamed = True

    def drop(self) -> None:
        """Leave it out: of a cable, a place, a rule or a way of a route all of that."""
        root = self.shape.root
        if self.path[0] == "cables" and len(self.path) > 1:
            if self.entry is not None:
                self.shape.drop_cable(self.entry)
        elif self.path[0] == "layout" and len(self.path) > 2:
            remove(root.get("layout"), self.entry)
        elif self.path[4:5] == ("hops",):
            self._drop_route()
        elif self.path[-1] in ("via", "dev") or self._of_a_policy():
            remove(walk(root, self.path[:-2]), self.parent)
        else:
            if self.parent is not None and self.path[-2:-1] == ("addresses",):
                self.parent.blamed = True
            remove(self.parent, self.item)

    def _of_a_policy(self) -> bool:
        """Whether it is a part of a rule or neighbour, which means little without."""
        in_one = self.path[2:3] in (("rules",), ("neighbours",))
        return in_one and len(self.path) == 5

    def _drop_route(self) -> None:
        """Leave out the route that has this in one of its hops."""
        routes = walk(self.shape.root, self.path[:3])
        for route in routes.value if routes is not None else ():
            hops = route.get("hops")
            if hops is not None and (hops is self.parent or self.parent in hops.value):
                remove(routes, route)
                return


def remove(parent: Item | None, item: Item | None) -> None:
    """Take an item out of the list or mapping that holds it."""
    if parent is None or item is None:
        return
    if isinstance(parent.value, list):
        parent.value[:] = [i for i in parent.value if i is not item]
    elif isinstance(parent.value, dict):
        for key in [k for k, v in parent.value.items() if v is item]:
            del parent.value[key]


def _words(item: Item) -> list[str]:
    """All that is written in a piece."""
    if isinstance(item.value, dict):
        return [*item.value, *(w for i in item.value.values() for w in _words(i))]
    if isinstance(item.value, list):
        return [w for i in item.value for w in _words(i)]
    return [item.text]


def _resembles(end: Endpoint, text: str) -> bool:
    if end.namespace in text and end.ifname in text:
        return True
    return difflib.SequenceMatcher(None, str(end), text).ratio() >= CLOSE
