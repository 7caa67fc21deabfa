"""What is to be drawn: nodes and the lines between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tuilab.model.places import GROUP
from tuilab.model.topology import Cable, Endpoint

ItemKind = Literal["namespace", "bridge", "tap", "link", "cable", "grid"]
Health = Literal["up", "no-carrier", "down", "missing"]
"""``down`` is administratively down; ``missing`` is wished for but not there."""
Mark = Literal["", "pending", "drift", "missing", "outside", "foreign"]
"""How an object differs from the wish; ``outside`` is there without being wished,
``foreign`` was made by others on the machine (host mode) and is none of ours."""
EdgeKind = Literal["cable", "tap", "trunk"]
VLANS_FROM = 3
"""The level of detail that has room for VLANs."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something on the canvas that can be selected; stays equal across redraws.

    Attributes:
        kind: ``link`` is any link that is neither bridge nor tap; ``grid`` is what
            the leaves of a node are folded into, under the name of that node.
        namespace: The namespace, or the one the link is in; a cable's first end's.
        ifname: The link's name; a cable's first end's; None for a namespace.
        peer: A cable's second end; None for everything else.
    """

    kind: ItemKind
    namespace: str
    ifname: str | None = None
    peer: Endpoint | None = None

    @classmethod
    def of_cable(cls, cable: Cable) -> Item:
        """The item of a veth pair."""
        return cls("cable", cable.a.namespace, cable.a.ifname, cable.b)

    @property
    def endpoint(self) -> Endpoint | None:
        """The link, or a cable's first end; None for a namespace."""
        return Endpoint(self.namespace, self.ifname) if self.ifname else None

    @property
    def cable(self) -> Cable | None:
        """The veth pair, for a cable."""
        if self.peer is None or self.ifname is None:
            return None
        return Cable(Endpoint(self.namespace, self.ifname), self.peer)

    def __hash__(self) -> int:
        # Drawings ask for it thousands of times; the far end is left out.
        return hash((self.kind, self.namespace, self.ifname))

    def __str__(self) -> str:
        if self.kind == "grid":
            return f"{GROUP}{self.endpoint or self.namespace}"
        if self.ifname is None:
            return self.namespace
        end = f"{self.namespace}:{self.ifname}"
        return f"{end} = {self.peer}" if self.peer else end


@dataclass(frozen=True, slots=True)
class Interface:
    """A link as listed in its node's box."""

    item: Item
    health: Health
    mark: Mark = ""
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A leaf in a grid.

    Attributes:
        item: The namespace or tap.
        label: Its name as drawn.
        port: Its only link with a line.
        health: Of that link.
        mark: How the leaf or its link differs from the wish.
        addresses: Those of its links.
    """

    item: Item
    label: str
    port: Item
    health: Health = "up"
    mark: Mark = ""
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the drawing.

    Attributes:
        item: What it stands for.
        label: Its name as drawn.
        health: A bridge's or tap's own; a namespace is ``up`` or ``missing``.
        mark: How it differs from the wish.
        forwards: Whether the namespace is a router.
        addresses: Those of a bridge or tap.
        interfaces: A namespace's links that are no ports of a bridge.
        cells: The leaves in a grid.
        census: How many of the things folded into it are in a state that must be
            told, by health or mark.
    """

    item: Item
    label: str
    health: Health = "up"
    mark: Mark = ""
    forwards: bool = False
    addresses: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    cells: tuple[Cell, ...] = ()
    census: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """Where a line meets a node.

    Attributes:
        node: Index of the node in the graph.
        port: What sits on the node's border there.
        health: Of that link.
        mark: Of that link.
        vlans: Those it is in, in short, where its bridge looks at them.
    """

    node: int
    port: Item
    health: Health = "up"
    mark: Mark = ""
    vlans: str = ""

    def label(self, level: int) -> str:
        """What is written behind it where ports have names."""
        told = f" {self.vlans}" if self.vlans and level >= VLANS_FROM else ""
        return f"{self.port.ifname or ''}{told}"

    @property
    def shown(self) -> bool:
        """Whether something must be shown even where no port is drawn."""
        return self.health in ("down", "missing") or self.mark == "pending"


@dataclass(frozen=True, slots=True)
class Edge:
    """A line of the drawing; no two lines are ever the same net.

    Attributes:
        item: A cable; the tap or bridge itself for what ties these to a node.
        kind: ``trunk`` stands for all cables to the cells of a grid.
        a: One end.
        b: The other; may be on the same node.
    """

    item: Item
    kind: EdgeKind
    a: End
    b: End

    @property
    def alive(self) -> bool:
        """Whether frames can pass."""
        return self.a.health == "up" and self.b.health == "up"


class Fold(NamedTuple):
    """What folding means at some item.

    Attributes:
        key: What is folded: a grid, or a namespace with a drawing inside.
        folded: Whether it is.
    """

    key: Item
    folded: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes and lines, in the order they were made; equal graphs look equal.

    Attributes:
        nodes: Boxes.
        edges: Lines.
        parents: The namespace that a node is drawn in, by index; none is in another
            one that is drawn in a third.
        pins: Column and row set by hand, by index of the node.
        grids: The same of what its leaves are folded into, by index of the node.
        folds: Where something can be folded, and whether it is.
        hidden: What is not drawn because it is folded, and what stands for it.
    """

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    parents: Mapping[int, int] = field(default_factory=dict)
    pins: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    grids: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    folds: Mapping[Item, Fold] = field(default_factory=dict)
    hidden: Mapping[Item, Item] = field(default_factory=dict)
