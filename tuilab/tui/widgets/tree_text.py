"""The lab as a tree in words: one line a thing, its state said, nothing by sign alone.

The tree on the screen and `tuilab --plain` say the same, so that who can't see the
drawing has all of it: namespaces, below them their links (ports below their bridge),
routes, rules, neighbours and settings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from tuilab.lab.snapshot import Snapshot
from tuilab.model import vlans
from tuilab.model.links import PortLink
from tuilab.model.topology import (
    HOST,
    LO,
    Bridge,
    Endpoint,
    Link,
    Namespace,
    Tap,
)
from tuilab.model.words import option_words
from tuilab.plan.forwarding import (
    NeighbourState,
    RouteState,
    RuleState,
    neighbour_order,
    route_order,
    rule_order,
)
from tuilab.plan.state import LinkState, NamespaceState, State, expand
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.proposals import FORWARD_V4, FORWARD_V6, forwards
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.text import Line, Role, line
from tuilab.tui.widgets.inspector_words import show_neighbour, show_route, show_rule

_STATES = {"no-carrier": "no carrier", "unknown": "up"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the tree.

    Attributes:
        key: What it is, the same for as long as it is there.
        item: What is selected with it.
        depth: How far in it stands.
        name: Of the thing; empty where the words say it all.
        words: What there is to know of it.
        sign: Of its state, or empty.
        role: How to show that sign.
        mark: How the kernel has it otherwise than wished, or empty.
        opens: Whether there is something below it.
        folded: Whether that is hidden.
        foreign: Whether others made it: nothing of it is changed.
    """

    key: str
    item: Item
    depth: int
    name: str
    words: tuple[str, ...]
    sign: str = ""
    role: Role = "dim"
    mark: str = ""
    opens: bool = False
    folded: bool = False
    foreign: bool = False

    @property
    def text(self) -> str:
        """Its words alone, as they are read out."""
        said = ", ".join(word for word in (*self.words, self.mark) if word)
        if self.folded:
            said += ", folded"
        return f"{self.name}: {said}" if self.name else said

    def folds_at(self, column: int) -> bool:
        """Whether a click on that column is one on the sign of its fold."""
        return self.opens and 2 * self.depth <= column < 2 * self.depth + 2

    def line(self, glyphs: Glyphs, *, indent: bool = True) -> Line:
        """As the screen shows it."""
        fold = "  "
        if self.opens:
            fold = (glyphs.tree_shut if self.folded else glyphs.tree_open) + " "
        lead = "  " * self.depth + fold if indent else ""
        said = ", ".join(self.words)
        sign = f"{self.sign} " if self.sign else ""
        if self.name and said:
            said = f": {said}"
        if self.folded and indent:
            said += ", folded"
        if self.foreign:
            return line((f"{lead}{sign}{self.name}{said}", "dim"))
        title: Role = "title" if self.item.kind == "namespace" and self.name else ""
        mark = f"  {self.mark}" if self.mark else ""
        return line(lead, (sign, self.role), (self.name, title), said, (mark, "warn"))


def tree_rows(
    snapshot: Snapshot, glyphs: Glyphs = UNICODE, folded: Collection[str] = ()
) -> list[Row]:
    """Every thing of the lab, in the order of the topology.

    Args:
        snapshot: The lab.
        glyphs: Signs to use.
        folded: Keys of the rows whose inside is hidden.
    """
    return list(_visible(_Writer(snapshot, glyphs).rows(), folded))


def plain_lines(snapshot: Snapshot) -> list[str]:
    """The lab for screen readers and logs: no signs, no drawing, two blanks a level."""
    topology = snapshot.topology
    made = len(topology.namespaces) - 1
    cables = len(topology.cables)
    head = f"lab {snapshot.name}: {_counted(made, 'namespace')}, "
    head += _counted(cables, "cable")
    if snapshot.preview:
        head += f", only a model: {snapshot.preview}"
    if snapshot.pending:
        head += f", working on: {snapshot.pending}"
    lines = [head]
    lines += ["  " * row.depth + row.text for row in tree_rows(snapshot, _NO_SIGNS)]
    if snapshot.drift and not snapshot.pending:
        lines.append(f"drift: {_counted(len(snapshot.drift), 'thing')} otherwise")
        lines += [f"  {it}" for it in snapshot.drift]
    return lines


_NO_SIGNS = replace(UNICODE, differs="", missing="", outside="", ellipsis="")


def _visible(rows: Iterable[Row], folded: Collection[str]) -> Iterator[Row]:
    """Leave out what is folded away; tell of each row whether it opens."""
    ready = list(rows)
    hidden: int | None = None
    for row, following in zip(ready, [*ready[1:], None], strict=True):
        if hidden is not None and row.depth > hidden:
            continue
        hidden = None
        opens = following is not None and following.depth > row.depth
        shut = opens and row.key in folded
        if shut:
            hidden = row.depth
        yield replace(row, opens=opens, folded=shut)


class _Writer:
    def __init__(self, snapshot: Snapshot, glyphs: Glyphs) -> None:
        self._snapshot = snapshot
        self._glyphs = glyphs
        self._wanted = expand(snapshot.topology)
        self._drift = {(it.namespace, it.ifname or LO) for it in snapshot.drift}

    def rows(self) -> Iterator[Row]:
        wished, seen = (
            self._snapshot.topology.namespaces,
            self._snapshot.observed.namespaces,
        )
        for name in {**wished, **seen}:
            yield from self._namespace(name)
        for name, there in self._snapshot.foreign.namespaces.items():
            if name not in wished and name not in seen:
                words = ("namespace", "not of this lab")
                yield Row(name, Item("namespace", name), 0, name, words, foreign=True)
                yield from self._foreign_links(name, there)

    def _namespace(self, name: str) -> Iterator[Row]:
        wished = self._snapshot.topology.namespaces.get(name)
        namespace = wished or Namespace()
        what = "the lab's own namespace" if name == HOST else "namespace"
        if name == HOST and self._snapshot.host:
            what = "the machine's own namespace"
        links = list(self._links(name))
        words = [what, _counted(len(links), "link") if links else "no link"]
        families = [v for v in (4, 6) if forwards(namespace, v)]
        if families:
            words.append("forwards " + " and ".join(f"IPv{v}" for v in families))
        there = wished is not None, name in self._snapshot.observed.namespaces
        mark = self._mark(*there, (name, LO) in self._drift)
        yield Row(name, Item("namespace", name), 0, name, tuple(words), mark=mark)
        for end, link, depth in links:
            there = end.ifname in namespace.links, _seen(self._snapshot.observed, end)
            mark = self._mark(*there, (name, end.ifname) in self._drift)
            yield replace(self._link(end, link, depth), mark=mark)
        if foreign := self._snapshot.foreign.namespaces.get(name):
            yield from self._foreign_links(name, foreign)
        yield from self._policies(name)
        yield from self._settings(name, namespace)

    def _foreign_links(self, name: str, there: NamespaceState) -> Iterator[Row]:
        """What others made on the machine, beside ours."""
        for ifname, link in there.links.items():
            if ifname != LO:
                row = self._link(Endpoint(name, ifname), link, 1)
                yield replace(row, words=(*row.words, "not of this lab"), foreign=True)

    def _mark(self, wished: bool, seen: bool, drift: bool) -> str:
        """How the kernel has it otherwise, by sign and word; empty where it has not."""
        glyphs = self._glyphs
        said = ""
        if self._snapshot.pending:
            said = f"{glyphs.ellipsis} pending" if drift or wished != seen else ""
        elif not wished:
            said = f"{glyphs.outside} made outside"
        elif not seen:
            said = f"{glyphs.missing} missing"
        elif drift:
            said = f"{glyphs.differs} drift"
        return said.strip()

    def _links(self, name: str) -> Iterator[tuple[Endpoint, Link | LinkState, int]]:
        """Links of a namespace, ports below their bridge, and how far in they stand."""
        wished = self._snapshot.topology.namespaces.get(name, Namespace()).links
        seen = self._snapshot.observed.namespaces.get(name, NamespaceState()).links
        links: dict[str, Link | LinkState] = {**seen, **wished}
        order = [it for it in {**wished, **seen} if it != LO]
        for ifname in order:
            if links[ifname].master in links:
                continue
            yield Endpoint(name, ifname), links[ifname], 1
            for port in order:
                if links[port].master == ifname:
                    yield Endpoint(name, port), links[port], 2

    def _link(self, end: Endpoint, link: Link | LinkState, depth: int) -> Row:
        live = self._snapshot.live.get(end)
        state = live.operstate if live else None
        role: Role = "good" if state == "up" else "bad" if state == "down" else "dim"
        peer = getattr(link, "peer", None)
        words = [f"{link.kind} to {peer}" if peer else link.kind]
        if link.master:
            words[0] = f"port of {link.master}, {words[0]}"
        if state is not None:
            words.append(_STATES.get(state, state))
        elif not link.up:
            words.append("to be down")
        if link.kind == Tap.kind:
            known = {name: getattr(link, name, None) for name in ("user", "group")}
            words += [f"of {name} {who}" for name, who in known.items() if who]
        words += link.addresses
        if not isinstance(link, LinkState):
            words += self._unusual(end, link)
        sign = self._glyphs.operstate(state)
        item = item_of(end, link)
        return Row(str(end), item, depth, end.ifname, tuple(words), sign, role)

    def _unusual(self, end: Endpoint, link: Link) -> Iterator[str]:
        """What it is set to that is not as by default."""
        if link.mtu:
            yield f"mtu {link.mtu}"
        if link.mac:
            yield f"mac {link.mac}"
        if options := option_words(link):
            yield options
        if isinstance(link, PortLink):
            at = Endpoint(end.namespace, link.master or "")
            bridge = self._snapshot.topology.link(at)
            if isinstance(bridge, Bridge) and bridge.vlan_filtering:
                own = vlans.USUAL if link.vlans is None else link.vlans
                yield f"in {vlans.noun(own)} {' and '.join(own) or 'none'}"
            yield from (f"entry {mac}" for mac in link.fdb)

    def _policies(self, name: str) -> Iterator[Row]:
        """Routes, rules and neighbours, each with how it differs from the wish."""
        seen = self._snapshot.observed.namespaces.get(name)
        wish = self._wanted.namespaces.get(name) or seen or NamespaceState()
        seen = seen or NamespaceState()
        routes: Iterable[RouteState] = seen.routes | wish.routes
        for route in sorted(routes, key=route_order):
            there = route in wish.routes, route in seen.routes
            yield self._policy(name, f"route {show_route(route)}", there)
        rules: Iterable[RuleState] = seen.rules | wish.rules
        for rule in sorted(rules, key=rule_order):
            there = rule in wish.rules, rule in seen.rules
            yield self._policy(name, f"rule {show_rule(rule)}", there)
        known: Iterable[NeighbourState] = seen.neighbours | wish.neighbours
        for one in sorted(known, key=neighbour_order):
            there = one in wish.neighbours, one in seen.neighbours
            yield self._policy(name, f"neighbour {show_neighbour(one)}", there)

    def _policy(self, name: str, text: str, there: tuple[bool, bool]) -> Row:
        mark = self._mark(*there, drift=False)
        item = Item("namespace", name)
        return Row(f"{name}/{text}", item, 1, "", (text,), mark=mark)

    def _settings(self, name: str, namespace: Namespace) -> Iterator[Row]:
        for key, value in sorted(namespace.sysctls.items()):
            if key not in (FORWARD_V4, FORWARD_V6):
                text = f"setting {key} = {value}"
                yield Row(f"{name}/{key}", Item("namespace", name), 1, "", (text,))


def _seen(observed: State, end: Endpoint) -> bool:
    return observed.link(end) is not None


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def item_of(end: Endpoint, link: Link | LinkState) -> Item:
    """A link as the canvas names it."""
    if link.kind == Bridge.kind:
        return Item("bridge", end.namespace, end.ifname)
    if link.kind == Tap.kind:
        return Item("tap", end.namespace, end.ifname)
    return Item("link", end.namespace, end.ifname)
