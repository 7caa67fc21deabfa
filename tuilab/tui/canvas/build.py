"""The graph that is to be drawn, out of a snapshot.

Every namespace is a node, every bridge and every tap too. A port of a bridge is drawn
on the bridge, not on its namespace. Bridges stand in their namespace. ``host`` is a
node once it takes part: with a link that is no port, or an address on a bridge. Its
bridges without an address are mere switches and stand free.

What the kernel holds is drawn. Where the wish differs, the object is marked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tuilab.lab.snapshot import Live, Snapshot
from tuilab.model import vlans
from tuilab.model.links import PortLink
from tuilab.model.places import GROUP, Slot, thing_of
from tuilab.model.topology import HOST, LO, Bridge, Cable, Endpoint, Link, Tap, Veth
from tuilab.plan.state import LinkState, NamespaceState
from tuilab.tui.canvas.graph import (
    Edge,
    End,
    Graph,
    Health,
    Interface,
    Item,
    ItemKind,
    Mark,
    Node,
)

FORWARDING = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")


@dataclass(slots=True)
class _Fact:
    """One link: what there is, and how it differs from the wish."""

    item: Item
    mark: Mark
    health: Health
    master: str | None
    peer: Endpoint | None
    addresses: tuple[str, ...]
    routed: bool
    """Whether it has an address, or is to have one again once it is up."""
    filters: bool
    """Whether it is a bridge that looks at VLANs."""
    vlans: tuple[str, ...]
    """Those of a port."""


def build(snapshot: Snapshot) -> Graph:
    """The graph of a lab at one moment."""
    reader = _Reader(snapshot)
    facts = {name: dict(reader.links(name)) for name in reader.namespaces()}
    builder = _Builder(facts)
    for name in facts:
        builder.add_namespace(name, reader)
    for name in facts:
        builder.add_edges(name)
    return builder.graph(snapshot.topology.layout)


class _Reader:
    """Reads wish and kernel together, object by object."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.wish = snapshot.topology.namespaces
        self.foreign = snapshot.foreign.namespaces
        self.seen = _with_foreign(snapshot.observed.namespaces, self.foreign)
        self.live = snapshot.live
        self.only_model = not snapshot.observed.namespaces
        self.late: Mark = "pending" if snapshot.pending else "missing"
        self.differing: Mark = "pending" if snapshot.pending else "drift"
        self.drift = {(it.namespace, it.ifname or LO) for it in snapshot.drift}

    def namespaces(self) -> list[str]:
        """All names, wished ones first, in order."""
        return [*self.wish, *(name for name in self.seen if name not in self.wish)]

    def there(self, name: str) -> bool:
        """Whether the kernel has a namespace."""
        return self.only_model or name in self.seen

    def mark(self, name: str) -> Mark:
        """How a namespace differs from the wish."""
        if name not in self.wish:
            return "foreign" if name in self.foreign else "outside"
        if self.only_model:
            return ""
        if name not in self.seen:
            return self.late
        # What is about no link, or about one that is not drawn.
        return self.differing if (name, LO) in self.drift else ""

    def forwards(self, name: str) -> bool:
        """Whether it routes for others."""
        there = self.seen.get(name) or self.wish.get(name)
        return there is not None and any(
            there.sysctls.get(key, "0") != "0" for key in FORWARDING
        )

    def links(self, name: str) -> Iterator[tuple[str, _Fact]]:
        """Every link that is not ``lo``."""
        wished = self.wish[name].links if name in self.wish else {}
        seen = self.seen[name].links if name in self.seen else {}
        for ifname in (*wished, *(other for other in seen if other not in wished)):
            if ifname != LO:
                yield (
                    ifname,
                    self._fact(
                        Endpoint(name, ifname), wished.get(ifname), seen.get(ifname)
                    ),
                )

    def _fact(
        self, endpoint: Endpoint, wished: Link | None, seen: LinkState | None
    ) -> _Fact:
        link = seen or wished
        assert link is not None
        mark: Mark = ""
        if seen is None:
            mark = "" if self.only_model else self.late
        elif self._is_foreign(endpoint):
            mark = "foreign"
        elif wished is None:
            mark = "outside"
        elif (endpoint.namespace, endpoint.ifname) in self.drift:
            mark = self.differing
        gone = seen is None and not self.only_model
        return _Fact(
            item=Item(_item_kind(link.kind), endpoint.namespace, endpoint.ifname),
            mark=mark,
            health="missing" if gone else self._health(endpoint, link),
            master=link.master,
            peer=link.peer if isinstance(link, (Veth, LinkState)) else None,
            addresses=link.addresses,
            routed=bool(link.addresses or (wished and wished.addresses)),
            filters=_filters(link),
            vlans=_vlans(link),
        )

    def _is_foreign(self, endpoint: Endpoint) -> bool:
        there = self.foreign.get(endpoint.namespace)
        return there is not None and endpoint.ifname in there.links

    def _health(self, endpoint: Endpoint, link: Link | LinkState) -> Health:
        live: Live | None = self.live.get(endpoint)
        if not link.up or (live and live.operstate == "down"):
            return "down"
        if live is not None:
            return "no-carrier" if live.operstate == "no-carrier" else "up"
        if isinstance(link, Tap) or link.kind == Tap.kind:
            return "no-carrier"
        peer = link.peer if isinstance(link, (Veth, LinkState)) else None
        if peer is not None:
            there = self.seen.get(peer.namespace) or self.wish.get(peer.namespace)
            other = there.links.get(peer.ifname) if there else None
            if other is not None and not other.up:
                return "no-carrier"
        return "up"


def _filters(link: Link | LinkState) -> bool:
    if isinstance(link, LinkState):
        return link.bridge.vlan_filtering
    return isinstance(link, Bridge) and link.vlan_filtering


def _vlans(link: Link | LinkState) -> tuple[str, ...]:
    own = link.port.vlans if isinstance(link, LinkState) else None
    if isinstance(link, PortLink):
        own = link.vlans
    return vlans.USUAL if own is None else own


def _item_kind(kind: str) -> ItemKind:
    if kind == Bridge.kind:
        return "bridge"
    return "tap" if kind == Tap.kind else "link"


def _sum(facts: list[_Fact]) -> Mark:
    """The mark of a node that has these links."""
    odd = any(fact.mark not in ("", "pending", "foreign") for fact in facts)
    return "drift" if odd else ""


def _with_foreign(
    seen: Mapping[str, NamespaceState], foreign: Mapping[str, NamespaceState]
) -> dict[str, NamespaceState]:
    """What is there, whoever made it; what the lab made comes first."""
    whole = dict(seen)
    for name, other in foreign.items():
        own = seen.get(name, NamespaceState())
        whole[name] = NamespaceState(
            {**own.links, **other.links},
            own.routes | other.routes,
            {**other.sysctls, **own.sysctls},
        )
    return whole


class _Builder:
    """Collects nodes and edges."""

    def __init__(self, facts: dict[str, dict[str, _Fact]]) -> None:
        self.facts = facts
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.index: dict[Item, int] = {}
        self.parents: dict[int, int] = {}
        self.cables: set[Item] = set()

    def add_namespace(self, name: str, reader: _Reader) -> None:
        """The namespace's own box, then its bridges, then its taps."""
        links = self.facts[name]
        free = [fact for fact in links.values() if self._is_free(fact)]
        routed = any(f.item.kind == "bridge" and f.routed for f in links.values())
        if name != HOST or free or routed:
            mark = reader.mark(name)
            health: Health = "up" if reader.there(name) else "missing"
            self._add(
                Node(
                    Item("namespace", name),
                    name,
                    health=health,
                    mark=mark or _sum(free),
                    forwards=reader.forwards(name),
                    interfaces=tuple(
                        Interface(fact.item, fact.health, fact.mark, fact.addresses)
                        for fact in free
                    ),
                )
            )
        for kind in ("bridge", "tap"):
            for ifname, fact in links.items():
                if fact.item.kind == kind:
                    ports = [f for f in links.values() if f.master == ifname]
                    self._add(
                        Node(
                            fact.item,
                            ifname,
                            health=fact.health,
                            mark=fact.mark or _sum(ports),
                            addresses=fact.addresses,
                        )
                    )
                    self._settle(fact)

    def _settle(self, fact: _Fact) -> None:
        """A bridge stands in its namespace, a tap with its bridge."""
        item = fact.item
        home = self.index.get(Item("namespace", item.namespace))
        bridge = self._bridge_of(fact)
        if item.kind == "bridge" and (item.namespace != HOST or fact.routed):
            parent = home
        else:
            parent = self.parents.get(self.index[bridge]) if bridge else None
        if parent is not None:
            self.parents[self.index[item]] = parent

    def _add(self, node: Node) -> None:
        self.index[node.item] = len(self.nodes)
        self.nodes.append(node)

    def _bridge_of(self, fact: _Fact) -> Item | None:
        if fact.master is None:
            return None
        master = self.facts[fact.item.namespace].get(fact.master)
        return master.item if master and master.item.kind == "bridge" else None

    def _is_free(self, fact: _Fact) -> bool:
        return fact.item.kind != "bridge" and self._bridge_of(fact) is None

    def _end(self, fact: _Fact) -> End:
        bridge = self._bridge_of(fact)
        where = bridge or Item("namespace", fact.item.namespace)
        told = ""
        if bridge is not None:
            links = self.facts[fact.item.namespace]
            told = vlans.short(fact.vlans) if links[bridge.ifname or ""].filters else ""
        return End(self.index[where], fact.item, fact.health, fact.mark, told)

    def add_edges(self, name: str) -> None:
        """Taps and cables that start in this namespace."""
        for fact in self.facts[name].values():
            if fact.item.kind == "tap":
                tap = End(self.index[fact.item], fact.item, fact.health, fact.mark)
                self.edges.append(Edge(fact.item, "tap", self._end(fact), tap))
            elif fact.peer is not None:
                self._add_cable(fact, fact.peer)

    def _add_cable(self, fact: _Fact, peer: Endpoint) -> None:
        end = fact.item.endpoint
        other = self.facts.get(peer.namespace, {}).get(peer.ifname)
        if end is None or other is None or other.peer != end:
            return
        item = Item.of_cable(Cable.of(end, peer))
        if item in self.cables:
            return
        self.cables.add(item)
        first, second = (fact, other) if end <= peer else (other, fact)
        self.edges.append(Edge(item, "cable", self._end(first), self._end(second)))

    def graph(self, layout: Mapping[str, tuple[int, int]]) -> Graph:
        """What was collected, with the places set by hand."""
        pins: dict[int, Slot] = {}
        grids: dict[int, Slot] = {}
        for key, place in layout.items():
            namespace, _, ifname = thing_of(key).partition(":")
            kinds: tuple[ItemKind, ...] = (
                ("bridge", "tap") if ifname else ("namespace",)
            )
            for kind in kinds:
                node = self.index.get(Item(kind, namespace, ifname or None))
                if node is not None:
                    (grids if key.startswith(GROUP) else pins)[node] = place
        return Graph(tuple(self.nodes), tuple(self.edges), self.parents, pins, grids)
