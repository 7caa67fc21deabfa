"""What the inspector says of the selected thing: wish, kernel, counters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from tuilab.errors import NotFoundError
from tuilab.kernel.detail import Detail, LinkDetail
from tuilab.kernel.modelled import detail_of as modelled
from tuilab.lab.closeup import Closeup, Spot
from tuilab.lab.snapshot import Snapshot
from tuilab.model.sysctls import FORWARD_V4, FORWARD_V6, usual
from tuilab.model.topology import HOST, LO, Endpoint
from tuilab.plan.state import LinkState, NamespaceState, State
from tuilab.tui.actions import KEYS
from tuilab.tui.canvas.graph import Item
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.keymap import Keymap
from tuilab.tui.text import Line, Role, Span, line, natural
from tuilab.tui.widgets import inspector_link, inspector_space
from tuilab.tui.widgets.drift_text import drift_of
from tuilab.tui.widgets.inspector_rows import Row, Rows, Thing
from tuilab.tui.widgets.inspector_truth import Truth

_NOT_OURS = "not made by this lab: it is left as it is"
_FEW = 3
"""Links whose particulars are shown without asking, where there is room."""
_TALL = 20
"""Lines from which there is."""


class Room(NamedTuple):
    """How large the pane is.

    Attributes:
        cells: Its width.
        lines: Its height.
    """

    cells: int
    lines: int


ROOMY = Room(50, 40)


def describe(
    snapshot: Snapshot,
    wanted: State,
    item: Item | None,
    closeup: Closeup,
    glyphs: Glyphs,
    keymap: Keymap = KEYS,
    room: Room = ROOMY,
    wanted_rows: Callable[[Row], bool] = lambda row: True,
) -> list[Row]:
    """Everything worth knowing of an item, top to bottom.

    Args:
        snapshot: The lab.
        wanted: Its topology with every default filled in.
        item: What is selected.
        closeup: What a closer look has shown; what it lacks is taken from the lab.
        glyphs: Signs to use.
        keymap: Keys to name.
        room: How much fits: what does not is shut to begin with.
        wanted_rows: Whether to say what stands below a row.
    """
    rows = Rows(wanted_rows)
    for spans in drift_lines(snapshot, item, glyphs, keymap):
        rows.put(Row(spans))
    if item is None:
        rows.add(("Nothing is selected.", "dim"))
        return rows.made
    writer = _Writer(rows, snapshot, wanted, closeup, glyphs, keymap, room)
    if item.kind == "namespace":
        writer.namespace(item.namespace)
    elif item.cable is not None:
        writer.cable(item.cable.a, item.cable.b)
    else:
        writer.link(Endpoint(item.namespace, item.ifname or ""))
    return rows.made


def spots_of(item: Item | None) -> tuple[Spot, ...]:
    """Where to look closely for an item."""
    if item is None:
        return ()
    if item.cable is not None:
        return tuple(
            (end.namespace, end.ifname) for end in (item.cable.a, item.cable.b)
        )
    return ((item.namespace, item.ifname),)


def drift_lines(
    snapshot: Snapshot, item: Item | None, glyphs: Glyphs, keymap: Keymap = KEYS
) -> list[Line]:
    """What is otherwise than wished of an item, or of the lab, and the remedies."""
    found = drift_of(snapshot, item)
    if not found or snapshot.pending:
        return []
    head = line((f"{glyphs.differs} Drift ({len(found)})", "warn"))
    keys: list[Span] = []
    for name in ("repair", "adopt"):
        click = f"screen.act('{name}')"
        key = Span(f" {keymap.key(name)}", "key", click)
        keys += [key, Span(f" {name} ", "", click)]
    return [head, *(line(("  " + str(it), "warn")) for it in found), tuple(keys)]


def title(item: Item | None) -> str:
    """Name and kind, for the frame."""
    if item is None:
        return "Inspector"
    kind = "folded" if item.kind == "grid" else item.kind
    kind = "link" if item.ifname == LO else kind
    return f"{item} ({kind})"


class _Writer:
    def __init__(
        self,
        rows: Rows,
        snapshot: Snapshot,
        wanted: State,
        closeup: Closeup,
        glyphs: Glyphs,
        keymap: Keymap,
        room: Room,
    ) -> None:
        self._rows = rows
        self._snapshot = snapshot
        self._wanted = wanted
        self._closeup = closeup
        self._glyphs = glyphs
        self._room = room
        self._truth = Truth(snapshot, wanted, glyphs, keymap)

    # -- the three things -----------------------------------------------------------

    def namespace(self, name: str) -> None:
        rows = self._rows
        seen = self._snapshot.observed.namespaces.get(name)
        wish = self._wanted.namespaces.get(name)
        foreign = self._snapshot.foreign.namespaces.get(name)
        detail = self._detail(name, None)
        if foreign is not None and not foreign.links:
            rows.add((_NOT_OURS, "dim"))
            if seen is None and wish is None:
                return
        if detail is None:
            rows.add((f'"{name}" is no longer there', "dim"))
            return
        if seen is None:
            rows.add(("not in the kernel (yet)", "warn"))
        self._general(detail, seen, wish)
        self._interfaces(detail, seen, wish, foreign)
        inspector_link.routes(rows, detail, self._truth)
        inspector_space.rules(rows, detail, self._truth)
        inspector_link.neighbours(rows, detail, self._truth)
        inspector_space.sockets(rows, detail)
        inspector_space.programs(rows, detail)
        inspector_space.settings(rows, detail, self._truth)

    def cable(self, a: Endpoint, b: Endpoint) -> None:
        ends = [(end, self._link(end)) for end in (a, b)]
        there = [(end, link) for end, link in ends if link is not None]
        if len(there) == 2:
            inspector_link.side_by_side(
                self._rows, there, self._closeup.traffic, self._glyphs
            )
        for end, link in ends:
            about = self._truth.link_row(end)
            with self._rows.section(str(end), (str(end), "title"), about=about):
                self._particulars(end, link)

    def link(self, end: Endpoint) -> None:
        link = self._link(end)
        self._particulars(end, link)
        detail = self._detail(end.namespace, end.ifname)
        if link is None or detail is None:
            return
        if link.kind == "bridge":
            inspector_link.ports(self._rows, end, detail, self._state)
            inspector_link.plan(self._rows, end, self._snapshot.topology)
        inspector_link.entries(self._rows, end, link, detail, self._truth)
        inspector_link.routes(self._rows, detail, self._truth)
        inspector_link.neighbours(self._rows, detail, self._truth)
        inspector_space.settings(self._rows, detail, self._truth)

    # -- where it comes from --------------------------------------------------------

    def _detail(self, name: str, ifname: str | None) -> Detail | None:
        """What was seen closely, else what the lab knows of it."""
        found = self._closeup.details.get((name, ifname))
        if found is not None:
            return found
        snapshot = self._snapshot
        for state in (snapshot.observed, snapshot.foreign, self._wanted):
            if state is snapshot.foreign and ifname is None and name != HOST:
                continue
            try:
                return modelled(state, name, ifname)
            except NotFoundError:
                continue
        return None

    def _link(self, end: Endpoint) -> LinkDetail | None:
        detail = self._detail(end.namespace, end.ifname)
        link = detail.links[end.ifname] if detail else None
        return link and self._alive(
            end, link, self._closeup.details.get((end.namespace, end.ifname))
        )

    def _alive(
        self, end: Endpoint, link: LinkDetail, closely: Detail | None
    ) -> LinkDetail:
        """With the counters that the lab has, where nobody looked closely."""
        live = self._snapshot.live.get(end)
        return replace(link, live=live) if live and closely is None else link

    # -- parts ----------------------------------------------------------------------

    def _general(
        self, detail: Detail, seen: NamespaceState | None, wish: NamespaceState | None
    ) -> None:
        rows = self._rows
        with rows.section("general", ("General", "title")):
            values = {it.key: it.value for it in detail.settings}
            shown = (seen or wish or NamespaceState()).sysctls
            for name, key in (("forward 4", FORWARD_V4), ("forward 6", FORWARD_V6)):
                if self._snapshot.host and key not in shown and key not in values:
                    continue
                value = values.get(key) or shown.get(key) or usual(key, shown)
                on: Role = "good" if value == "1" else "dim"
                thing = Thing("setting", detail.namespace, None, key)
                row = self._truth.setting_row(thing, value)
                words = Span("on" if value == "1" else "off", on)
                spans = line((f"{name} ", "dim"), words, *row.more)
                rows.put(replace(row, spans=spans, more=()))
            if detail.tables is not None:
                told = ", ".join(detail.tables)
                rows.add(("nftables  ", "dim"), (told or "none", "" if told else "dim"))

    def _interfaces(
        self,
        detail: Detail,
        seen: NamespaceState | None,
        wish: NamespaceState | None,
        foreign: NamespaceState | None,
    ) -> None:
        wished = wish.links if wish else {}
        others = foreign.links if foreign else {}
        names = [n for n in _order({**detail.links, **wished}) if n not in others]
        few = _FEW if self._room.lines >= _TALL else 1
        many = len(names) > few + 1
        rows = self._rows
        count = sum(name != LO for name in names)
        with rows.section("links", (f"Links ({count})", "title")):
            for ifname in names:
                self._interface(detail, ifname, many=many)
        theirs = [n for n in _order(others) if n in detail.links]
        if not theirs:
            return
        head = f"Not made by this lab ({len(theirs)})"
        with rows.section("foreign", (head, "title")):
            for ifname in theirs:
                self._interface(detail, ifname, many=True)

    def _interface(self, detail: Detail, ifname: str, *, many: bool) -> None:
        end = Endpoint(detail.namespace, ifname)
        link = detail.links.get(ifname)
        if link is not None:
            closely = self._closeup.details.get((detail.namespace, None))
            link = self._alive(end, link, closely)
        note = f"  port of {link.master}" if link and link.master else ""
        cidrs = (
            [it.cidr for it in link.addresses if it.origin != "kernel"] if link else []
        )
        more = line((f"  {' '.join(cidrs)}", "dim")) if cidrs else ()
        quiet = ifname == LO and not cidrs
        head = line(self._state(end, link), (f" {ifname}", "title"), note)
        about = self._truth.link_row(end)
        shut = many or quiet
        with self._rows.section(
            ifname, *head, shut=shut, more=more, about=about
        ) as seen:
            if link is None:
                self._missing()
            elif seen:
                flows, glyphs = self._closeup.traffic, self._glyphs
                inspector_link.addresses(self._rows, end, link, self._truth)
                inspector_link.in_short(self._rows, end, link, self._truth)
                inspector_link.traffic_in_short(self._rows, end, flows, link, glyphs)

    def _particulars(self, end: Endpoint, link: LinkDetail | None) -> None:
        rows = self._rows
        if self._snapshot.foreign.link(end) is not None:
            rows.add((_NOT_OURS, "dim"))
        if link is None:
            rows.add((f'"{end}" is no longer there', "dim"))
            return
        if (
            self._snapshot.observed.link(end) is None
            and self._snapshot.foreign.link(end) is None
        ):
            rows.add(("not in the kernel (yet)", "warn"))
        wish = self._wanted.link(end)
        with rows.section("general", ("General", "title")):
            wished = self._wished_up(link, wish)
            rows.put(self._truth.fact("state", self._words(link), wished))
            inspector_link.general(rows, end, link, self._truth)
        shown = link.addresses
        if shown or (wish and wish.addresses):
            with rows.section("addresses", (f"Addresses ({len(shown)})", "title")):
                inspector_link.addresses(rows, end, link, self._truth)
        inspector_link.traffic(
            rows, end, self._closeup.traffic, link, self._glyphs, self._room.cells
        )
        inspector_link.options(rows, link)

    def _missing(self) -> None:
        self._rows.add((f"  {self._glyphs.differs} missing: not in the kernel", "warn"))

    # -- states ---------------------------------------------------------------------

    def _state(self, end: Endpoint, link: LinkDetail | None = None) -> tuple[str, Role]:
        live = link.live if link else self._snapshot.live.get(end)
        state = live.operstate if live else None
        role: Role = "good" if state == "up" else "bad" if state == "down" else "dim"
        return self._glyphs.operstate(state), role

    def _words(self, link: LinkDetail) -> tuple[str, Role]:
        state = link.live.operstate
        role: Role = "good" if state == "up" else "bad" if state == "down" else "dim"
        words = {"no-carrier": "up, no carrier"}.get(state, state)
        return f"{self._glyphs.operstate(state)} {words}", role

    @staticmethod
    def _wished_up(link: LinkDetail, wish: LinkState | None) -> str | None:
        if wish is None or wish.up == link.up:
            return None
        return "up" if wish.up else "down"


def _order(links: Iterable[str]) -> list[str]:
    return sorted(links, key=lambda name: (name != LO, natural(name)))
