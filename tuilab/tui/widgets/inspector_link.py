"""The inspector's sections about a link, or what belongs to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tuilab.kernel.detail import AddressDetail, Detail, Entry, LinkDetail, RouteDetail
from tuilab.lab.meter import Rate, Traffic
from tuilab.model import vlans
from tuilab.model.address_plan import plan_words, segment_plan
from tuilab.model.routing import LOCAL_TABLE
from tuilab.model.topology import Endpoint, Topology
from tuilab.plan.bridging import changed_options, show_option
from tuilab.plan.forwarding import neighbour_order, route_order
from tuilab.plan.state import LinkState
from tuilab.tui.glyphs import Glyphs, sparkline
from tuilab.tui.text import Role, line, natural
from tuilab.tui.widgets.inspector_rows import Row, Rows, Thing
from tuilab.tui.widgets.inspector_truth import Truth
from tuilab.tui.widgets.inspector_words import (
    address_notes,
    age,
    human_bytes,
    human_count,
    rates,
    route_notes,
    show_route,
)

_LABEL = 12
"""Cells before a value, with what it stands further in."""
_SHORT = 12
"""Bars of a sparkline that shares its line."""

# -- general ---------------------------------------------------------------------------


def general(rows: Rows, end: Endpoint, link: LinkDetail, truth: Truth) -> None:
    """What a link is and is set to."""
    wish = truth.wished_link(end)
    rows.put(truth.fact("kind", link.kind, wish.kind if wish else None))
    if link.master or (wish and wish.master):
        rows.put(
            truth.fact("bridge", link.master, (wish.master or "") if wish else None)
        )
    if link.stp:
        good: Role = "good" if link.stp == "forwarding" else "warn"
        rows.put(truth.fact("port", (link.stp, good)))
    in_short(rows, end, link, truth)
    if link.below:
        rows.put(truth.fact("on", link.below))
    if link.qdisc:
        rows.put(truth.fact("qdisc", link.qdisc))
    _put_vlans(rows, link, wish, truth)
    for name, values in (("flags", link.flags), ("altnames", link.altnames)):
        for at, value in enumerate(values):
            rows.put(truth.fact("" if at else name, value))
    if link.index:
        rows.put(truth.fact("index", str(link.index)))


def _put_vlans(
    rows: Rows, link: LinkDetail, wish: LinkState | None, truth: Truth
) -> None:
    """VLANs, of a bridge itself or of a port."""
    wished = None
    if wish is not None and (wish.master or wish.kind == "bridge"):
        wished = wish.bridge.vlans if wish.kind == "bridge" else wish.port.vlans
    if link.vlans or wished not in (None, vlans.USUAL):
        told = None if wished is None else vlans.shown(wished)
        rows.put(truth.fact("vlans", vlans.shown(link.vlans), told))


def in_short(rows: Rows, end: Endpoint, link: LinkDetail, truth: Truth) -> None:
    """Its MAC, MTU and other end; and what it is set to that is not as usual."""
    wish = truth.wished_link(end)
    if link.kind != "loopback":
        rows.put(truth.fact("mac", link.mac, wish.mac if wish else None))
    rows.put(truth.fact("mtu", str(link.mtu), str(wish.mtu) if wish else None))
    wished_peer = str(wish.peer) if wish and wish.peer else None
    if link.peer or wished_peer:
        rows.put(truth.fact("peer", str(link.peer or "none"), wished_peer))
    if wish is None:
        if truth.is_outside(end):
            rows.put(truth.fact("", ("made outside tuilab", "warn")))
        return
    for owner, number in (("user", wish.user), ("group", wish.group)):
        held = dict(link.options).get(owner)
        if held or number is not None:
            shown = str(number) if number is not None else "none"
            rows.put(truth.fact(owner, held or shown, shown))
    _set_options(rows, link, wish, truth)


def _set_options(rows: Rows, link: LinkDetail, wish: LinkState, truth: Truth) -> None:
    """Options that are wished for, or are otherwise than that."""
    for held, wished in ((link.options, wish.bridge), (link.port, wish.port)):
        told = dict(held)
        plain = type(wished)()
        usual = changed_options(wished, plain)
        for name in wished.__slots__:
            value = show_option(name, getattr(wished, name)).partition(" ")[2]
            there = told.get(name, value)
            if name != "fdb" and (name in usual or there != value):
                rows.put(truth.fact("option", f"{name} {there}", f"{name} {value}"))


def options(rows: Rows, link: LinkDetail) -> None:
    """All that the driver and the bridge say of it."""
    why = "what can be set is in the dialog of the link"
    for key, title, pairs in (
        ("options", "Driver options", link.options),
        ("port", "Port options", link.port),
    ):
        if pairs:
            with rows.section(
                key, (f"{title} ({len(pairs)})", "title"), shut=True
            ) as seen:
                for name, value in pairs if seen else ():
                    rows.put(
                        Row(
                            line((f"{name} ", "dim"), value),
                            copy=value,
                            no_delete=why,
                        )
                    )


# -- addresses -------------------------------------------------------------------------


def addresses(rows: Rows, end: Endpoint, link: LinkDetail, truth: Truth) -> None:
    """Its addresses, and those it lacks."""
    wish = truth.wished_link(end)
    for it in link.addresses:
        thing = Thing("address", end.namespace, end.ifname, it.cidr)
        role: Role = "bad" if "dadfailed" in it.flags else ""
        rows.put(
            truth.told(
                thing,
                it.cidr,
                there=True,
                notes=address_notes(it),
                role=role,
                why=_why_address(it),
            )
        )
    held = {it.cidr for it in link.addresses}
    for cidr in wish.addresses if wish else ():
        if cidr not in held:
            thing = Thing("address", end.namespace, end.ifname, cidr)
            rows.put(truth.told(thing, cidr, there=False))


def _why_address(it: AddressDetail) -> str:
    if it.origin == "kernel":
        return f"the kernel made {it.cidr}: it goes with its link"
    return f"{it.cidr} is not the lab's ({it.origin})"


# -- traffic ---------------------------------------------------------------------------


def traffic(
    rows: Rows,
    end: Endpoint,
    flows: Mapping[Endpoint, Traffic],
    link: LinkDetail,
    glyphs: Glyphs,
    cells: int,
) -> None:
    """What was counted, and what flows now and did of late, if anything."""
    flow, live = flows.get(end, Traffic()), link.live
    bars = max(cells - _LABEL - 1, 1)
    with rows.section("traffic", ("Traffic", "title")):
        for name, count, packets, now, each in (
            ("rx", live.rx_bytes, live.rx_packets, flow.now.rx, flow.now.rx_packets),
            ("tx", live.tx_bytes, live.tx_packets, flow.now.tx, flow.now.tx_packets),
        ):
            past = [it.rx if name == "rx" else it.tx for it in flow.past]
            text = f"{human_bytes(count)} in {packets} packets"
            often = f", {human_count(each)}/s" if each else ""
            rows.add((f"{name:<10}", "dim"), text, often, copy=str(count))
            if any(past):
                bar = sparkline(past[-bars:], glyphs)
                rows.add(f"{human_bytes(now) + '/s':<10}", (bar, "good"))
        _lost(rows, link, flow.now)


def _lost(rows: Rows, link: LinkDetail, now: Rate) -> None:
    live = link.live
    if live.errors or live.dropped:
        text = f"{live.errors} errors, {live.dropped} dropped"
        more = f", {now.lost:.0f}/s now" if now.lost else ""
        # A few drops are usual: a burst overruns a queue.
        role: Role = "bad" if live.errors else "warn" if now.lost else ""
        rows.add((f"{'lost':<10}", "dim"), (text + more, role))
    if link.collisions:
        rows.add((f"{'collided':<10}", "dim"), (str(link.collisions), "bad"))


def traffic_in_short(
    rows: Rows,
    end: Endpoint,
    flows: Mapping[Endpoint, Traffic],
    link: LinkDetail,
    glyphs: Glyphs,
) -> None:
    """One line of what flows; none where nothing did of late."""
    flow = flows.get(end, Traffic())
    past = [it.rx + it.tx for it in flow.past][-_SHORT:]
    if any(past):
        rows.add((rates(flow.now), ""), "  ", (sparkline(past, glyphs), "good"))
    _lost(rows, link, flow.now)


# -- routing ---------------------------------------------------------------------------


def routes(rows: Rows, detail: Detail, truth: Truth) -> None:
    """Routes of all tables, the kernel's too; of table local shut."""
    wish = {
        route
        for route in truth.wish(detail.namespace).routes
        if detail.ifname in (None, *(way.dev for way in route.ways))
    }
    near = [it for it in detail.routes if it.route.table == LOCAL_TABLE]
    far = [it for it in detail.routes if it.route.table != LOCAL_TABLE]
    held = {it.route for it in far}
    missing = [RouteDetail(route) for route in wish - held]
    if not far and not near and not missing:
        return
    with rows.section("routes", (f"Routes ({len(far)})", "title")):
        for it in sorted([*far, *missing], key=lambda it: route_order(it.route)):
            rows.put(_route(detail, it, truth, there=it.route in held))
    if near:
        told = f"Routes of table local ({len(near)})"
        with rows.section("local", (told, "title"), shut=True) as seen:
            for it in near if seen else ():
                rows.put(_route(detail, it, truth, there=True))


def _route(detail: Detail, it: RouteDetail, truth: Truth, *, there: bool) -> Row:
    thing = Thing("route", detail.namespace, None, it.route)
    who = "the kernel" if it.protocol == "kernel" else it.protocol
    goes = ": it goes with its address" if it.protocol == "kernel" else ""
    return truth.told(
        thing,
        show_route(it.route),
        there=there,
        notes=route_notes(it),
        role="dim" if it.protocol == "kernel" else "",
        why=f"{who} made this route{goes}",
    )


def neighbours(rows: Rows, detail: Detail, truth: Truth) -> None:
    """Who is known on its links, how, and since when."""
    name = detail.namespace
    wish = {it for it in truth.wish(name).neighbours if detail.ifname in (None, it.dev)}
    held = {it.static for it in detail.neighbours}
    missing = sorted(wish - held, key=neighbour_order)
    if not detail.neighbours and not missing:
        return
    count = len(detail.neighbours)
    with rows.section("neighbours", (f"Neighbours ({count})", "title")):
        for it in detail.neighbours:
            on = "" if detail.ifname else f" dev {it.dev}"
            text = f"{it.to}{on} {it.mac}".rstrip() + f" {it.state}"
            notes = "router" if it.router else ""
            if it.state in ("REACHABLE", "STALE"):
                notes = f"{notes} {age(it.confirmed)}".strip()
            role: Role = "bad" if it.state in ("FAILED", "INCOMPLETE") else ""
            if it.static is None:
                why = "the kernel learned this neighbour: it goes by itself"
                spans = line((text, role), (f"  {notes}", "dim"))
                copy = it.mac or it.to
                rows.put(Row(spans, copy=copy, no_edit=why, no_delete=why))
            else:
                thing = Thing("neighbour", name, it.dev, it.static)
                copy = it.mac or it.to
                rows.put(truth.told(thing, text, there=True, notes=notes, copy=copy))
        for one in missing:
            thing = Thing("neighbour", name, one.dev, one)
            what = "proxy" if one.proxy else f"{one.mac} PERMANENT"
            text = f"{one.to} dev {one.dev} {what}"
            rows.put(truth.told(thing, text, there=False))


# -- bridges ---------------------------------------------------------------------------


def ports(
    rows: Rows,
    end: Endpoint,
    detail: Detail,
    state: Callable[[Endpoint, LinkDetail], tuple[str, Role]],
) -> None:
    """The ports of a bridge, what they do, and who is behind them."""
    found = [it for it in detail.links.values() if it.master == end.ifname]
    with rows.section("ports", (f"Ports ({len(found)})", "title")):
        for it in sorted(found, key=lambda it: natural(it.ifname)):
            port = Endpoint(end.namespace, it.ifname)
            joined = f"  to {it.peer}" if it.peer else ""
            stp = "" if it.stp in ("", "forwarding") else f"  {it.stp}"
            rows.put(
                Row(
                    line(state(port, it), f" {it.ifname}{joined}", (stp, "warn")),
                    copy=str(port),
                    thing=Thing("link", end.namespace, it.ifname),
                )
            )


def plan(rows: Rows, end: Endpoint, topology: Topology) -> None:
    """Who has which address on the segment of a bridge, and which are free."""
    if topology.link(end) is None:
        return
    with rows.section("plan", ("Address plan", "title"), shut=True) as seen:
        if not seen:
            return
        for words in plan_words(segment_plan(topology, end)):
            free, wrong = "free: " in words, words.startswith("!")
            role: Role = "bad" if wrong else "good" if free else ""
            copy = words.split()[1 if free or wrong else 0]
            rows.add((words, role), copy=copy)


def entries(
    rows: Rows, end: Endpoint, link: LinkDetail, detail: Detail, truth: Truth
) -> None:
    """What a bridge knows of MAC addresses, or of those behind a port."""
    if link.kind != "bridge" and not link.stp:
        return
    own = [it for it in detail.entries if it.kind == "local"]
    others = [it for it in detail.entries if it.kind != "local"]
    held = {(it.dev, it.mac) for it in others if it.kind == "static"}
    missing = [
        Entry(end.ifname, ifname, mac, "static")
        for ifname, wished in truth.wish(end.namespace).links.items()
        if end.ifname in (ifname, wished.master)
        for mac in wished.port.fdb
        if (ifname, mac) not in held
    ]
    title = f"Forwarding database ({len(others)})"
    with rows.section("fdb", (title, "title")):
        for it in sorted(others, key=lambda it: (it.dev, it.mac, it.vlan or 0)):
            rows.put(_entry(end, it, truth, there=True))
        for it in missing:
            rows.put(_entry(end, it, truth, there=False))
        if own:
            with rows.section(
                "own", f"its own addresses ({len(own)})", shut=True
            ) as seen:
                for it in own if seen else ():
                    rows.put(_entry(end, it, truth, there=True))


def _entry(end: Endpoint, it: Entry, truth: Truth, *, there: bool) -> Row:
    thing = Thing("entry", end.namespace, it.dev, it.mac)
    notes: str = it.kind
    if it.kind == "learned":
        notes = f"learned {age(it.age)}"
    if it.vlan is not None:
        notes += f" vlan {it.vlan}"
    if it.kind == "static":
        return truth.told(
            thing, f"{it.mac}  {it.dev}", there=there, notes=notes, copy=it.mac
        )
    why = {
        "learned": "the bridge learned this address: it forgets it by itself",
        "local": "this address is a link's own: it goes with that",
        "outside": "another program put this address here",
    }[it.kind]
    spans = line(f"{it.mac}  {it.dev}", (f"  {notes}", "dim"))
    return Row(spans, copy=it.mac, no_edit=why, no_delete=why)


# -- cables ----------------------------------------------------------------------------


def side_by_side(
    rows: Rows,
    ends: Sequence[tuple[Endpoint, LinkDetail]],
    flows: Mapping[Endpoint, Traffic],
    glyphs: Glyphs,
) -> None:
    """Both ends of a cable in columns."""
    links = [link for _, link in ends]
    states = [link.live.operstate for link in links]
    flow = [flows.get(end, Traffic()).now for end, _ in ends]
    table: list[tuple[str, list[str]]] = [
        ("", [str(end) for end, _ in ends]),
        ("state", [f"{glyphs.operstate(it)} {it}" for it in states]),
        ("mtu", [str(it.mtu) for it in links]),
        ("bridge", [it.master for it in links]),
        ("rx", [human_bytes(it.live.rx_bytes) for it in links]),
        ("tx", [human_bytes(it.live.tx_bytes) for it in links]),
        ("lost", [_some(it.live.errors + it.live.dropped) for it in links]),
    ]
    if any(it.rx or it.tx for it in flow):
        table.append(("rx now", [f"{human_bytes(it.rx)}/s" for it in flow]))
        table.append(("tx now", [f"{human_bytes(it.tx)}/s" for it in flow]))
    width = max(len(values[0]) for _, values in table) + 2
    with rows.section("both", ("Both ends", "title")):
        for label, (near, far) in table:
            if near or far:
                role: Role = "" if label else "title"
                cells = f"{near:<{width}}{far}"
                copy = f"{near} {far}".strip()
                rows.add((f"{label:<8}", "dim"), (cells, role), copy=copy)


def _some(count: int) -> str:
    return str(count) if count else ""
