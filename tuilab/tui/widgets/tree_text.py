"""The lab as a list: namespaces, their links below them, ports below their bridge."""

from __future__ import annotations

from collections.abc import Iterator

from tuilab.lab.snapshot import Snapshot
from tuilab.model.topology import LO, Bridge, Endpoint, Link, Namespace, Tap, Veth
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.proposals import forwards
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.text import Line, Role, line


def tree_rows(snapshot: Snapshot, glyphs: Glyphs) -> list[tuple[Item, Line]]:
    """Every thing of the lab with its line, in the order of the topology."""
    rows: list[tuple[Item, Line]] = []
    for name, namespace in snapshot.topology.namespaces.items():
        notes = " forwards" if forwards(namespace) or forwards(namespace, 6) else ""
        rows.append((Item("namespace", name), line((name, "title"), (notes, "dim"))))
        rows.extend(_links(snapshot, name, namespace, glyphs))
        rows.extend(_foreign_links(snapshot, name, glyphs))
    for name in snapshot.foreign.namespaces:
        if name not in snapshot.topology.namespaces:
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


def _links(
    snapshot: Snapshot, name: str, namespace: Namespace, glyphs: Glyphs
) -> Iterator[tuple[Item, Line]]:
    for ifname, link in namespace.links.items():
        if ifname == LO or link.master in namespace.links:
            continue
        yield _row(snapshot, Endpoint(name, ifname), link, glyphs, 1)
        if isinstance(link, Bridge):
            for port in namespace.ports(ifname):
                end = Endpoint(name, port)
                yield _row(snapshot, end, namespace.links[port], glyphs, 2)


def _row(
    snapshot: Snapshot, end: Endpoint, link: Link, glyphs: Glyphs, depth: int
) -> tuple[Item, Line]:
    live = snapshot.live.get(end)
    state = live.operstate if live else None
    role: Role = "good" if state == "up" else "bad" if state == "down" else "dim"
    words = [end.ifname]
    if isinstance(link, Bridge | Tap):
        words.append(f"({link.kind})")
    if isinstance(link, Veth):
        words.append(f"{glyphs.joins} {link.peer}")
    words += link.addresses
    return (
        item_of(end, link),
        line("  " * depth, (glyphs.operstate(state), role), f" {' '.join(words)}"),
    )


def item_of(end: Endpoint, link: Link) -> Item:
    """A link as the canvas names it."""
    if isinstance(link, Bridge):
        return Item("bridge", end.namespace, end.ifname)
    if isinstance(link, Tap):
        return Item("tap", end.namespace, end.ifname)
    return Item("link", end.namespace, end.ifname)
