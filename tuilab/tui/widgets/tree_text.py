"""The lab as a list: namespaces, their links below them, ports below their bridge."""

from __future__ import annotations

from collections.abc import Iterator

from tuilab.lab.snapshot import Snapshot
from tuilab.model.topology import LO, Bridge, Endpoint, Link, Namespace, Tap, Veth
from tuilab.plan.state import LinkState, NamespaceState
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.proposals import forwards
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.text import Line, Role, line


def tree_rows(snapshot: Snapshot, glyphs: Glyphs) -> list[tuple[Item, Line]]:
    """Every thing of the lab with its line, in the order of the topology."""
    rows: list[tuple[Item, Line]] = []
    wished, seen = snapshot.topology.namespaces, snapshot.observed.namespaces
    drift = {(it.namespace, it.ifname or LO) for it in snapshot.drift}
    for name in {**wished, **seen}:
        namespace = wished.get(name, Namespace())
        notes = " forwards" if forwards(namespace) or forwards(namespace, 6) else ""
        there = name in wished, name in seen
        mark = _mark(snapshot, *there, (name, LO) in drift, glyphs)
        title = line((name, "title"), (notes, "dim"))
        rows.append((Item("namespace", name), title + mark))
        for end, link, depth in _links(snapshot, name):
            there = end.ifname in namespace.links, _is_seen(snapshot, end)
            mark = _mark(snapshot, *there, (name, end.ifname) in drift, glyphs)
            item, spans = _row(snapshot, end, link, glyphs, depth)
            rows.append((item, spans + mark))
        rows.extend(_foreign_links(snapshot, name, glyphs))
    for name in snapshot.foreign.namespaces:
        if name not in wished and name not in seen:
            spans = line((name, "dim"), (" not of this lab", "dim"))
            rows.append((Item("namespace", name), spans))
    return rows


def _foreign_links(
    snapshot: Snapshot, name: str, glyphs: Glyphs
) -> Iterator[tuple[Item, Line]]:
    """What others made on the machine, beside ours."""
    there = snapshot.foreign.namespaces.get(name)
    for ifname, link in there.links.items() if there else ():
        if ifname == LO:
            continue
        live = snapshot.live.get(Endpoint(name, ifname))
        state = glyphs.operstate(live.operstate if live else None)
        kind = link.kind if link.kind in ("bridge", "tap") else "link"
        words = " ".join((ifname, *link.addresses, "not of this lab"))
        item = Item(kind, name, ifname)  # type: ignore[arg-type]
        yield item, line(("  " + state + " " + words, "dim"))


def _is_seen(snapshot: Snapshot, end: Endpoint) -> bool:
    return snapshot.observed.link(end) is not None


def _mark(
    snapshot: Snapshot, wished: bool, seen: bool, drift: bool, glyphs: Glyphs
) -> Line:
    """How the kernel has it otherwise, by sign and word; empty where it has not."""
    said = ""
    if snapshot.pending:
        said = glyphs.ellipsis if drift or wished != seen else ""
    elif not wished:
        said = f"{glyphs.outside} made outside"
    elif not seen:
        said = f"{glyphs.missing} missing"
    elif drift:
        said = f"{glyphs.differs} drift"
    return line((f"  {said}", "warn")) if said else ()


def _links(
    snapshot: Snapshot, name: str
) -> Iterator[tuple[Endpoint, Link | LinkState, int]]:
    """Links of a namespace, ports below their bridge, and how far in they stand."""
    wished = snapshot.topology.namespaces.get(name, Namespace()).links
    seen = snapshot.observed.namespaces.get(name, NamespaceState()).links
    links: dict[str, Link | LinkState] = {**seen, **wished}
    order = [it for it in {**wished, **seen} if it != LO]
    for ifname in order:
        if links[ifname].master in links:
            continue
        yield Endpoint(name, ifname), links[ifname], 1
        for port in order:
            if links[port].master == ifname:
                yield Endpoint(name, port), links[port], 2


def _row(
    snapshot: Snapshot,
    end: Endpoint,
    link: Link | LinkState,
    glyphs: Glyphs,
    depth: int,
) -> tuple[Item, Line]:
    live = snapshot.live.get(end)
    state = live.operstate if live else None
    role: Role = "good" if state == "up" else "bad" if state == "down" else "dim"
    words = [end.ifname]
    if link.kind != Veth.kind:
        words.append(f"({link.kind})")
    if peer := getattr(link, "peer", None):
        words.append(f"{glyphs.joins} {peer}")
    words += link.addresses
    return (
        item_of(end, link),
        line("  " * depth, (glyphs.operstate(state), role), f" {' '.join(words)}"),
    )


def item_of(end: Endpoint, link: Link | LinkState) -> Item:
    """A link as the canvas names it."""
    if link.kind == Bridge.kind:
        return Item("bridge", end.namespace, end.ifname)
    if link.kind == Tap.kind:
        return Item("tap", end.namespace, end.ifname)
    return Item("link", end.namespace, end.ifname)
