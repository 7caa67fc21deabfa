"""What the inspector says of the selected thing: wish, kernel, counters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tuilab.lab.snapshot import Live, Snapshot
from tuilab.model.addressing import show_destination
from tuilab.model.routing import MAIN_TABLE
from tuilab.model.sysctls import SYSCTLS, usual
from tuilab.model.topology import (
    LO,
    UNICAST,
    Bridge,
    Endpoint,
    Link,
    Tap,
    Topology,
)
from tuilab.plan.bridging import changed_options, show_option
from tuilab.plan.difference import rule_words
from tuilab.plan.forwarding import (
    V6_METRIC,
    HopState,
    NeighbourState,
    RouteState,
    RuleState,
    neighbour_order,
    route_order,
    rule_order,
)
from tuilab.plan.state import LinkState, NamespaceState, State
from tuilab.tui.actions import KEYS
from tuilab.tui.canvas.graph import Item
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.keymap import Keymap
from tuilab.tui.text import Line, Role, Span, line
from tuilab.tui.widgets.drift_text import drift_of

_LABEL = 10
_NOT_OURS = "not made by this lab: it is left as it is"


@dataclass(frozen=True, slots=True)
class Rates:
    """Bytes a second, by endpoint, received and sent."""

    by_endpoint: Mapping[Endpoint, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def between(
        cls,
        before: Mapping[Endpoint, Live],
        after: Mapping[Endpoint, Live],
        seconds: float,
    ) -> Rates:
        """What flowed between two looks at the counters."""
        if seconds <= 0:
            return cls()
        found = {
            end: (
                max(live.rx_bytes - before[end].rx_bytes, 0) / seconds,
                max(live.tx_bytes - before[end].tx_bytes, 0) / seconds,
            )
            for end, live in after.items()
            if end in before
        }
        return cls(found)


def describe(
    snapshot: Snapshot,
    wanted: State,
    item: Item | None,
    rates: Rates,
    glyphs: Glyphs,
    keymap: Keymap = KEYS,
) -> list[Line]:
    """Everything worth knowing of an item, top to bottom.

    Args:
        snapshot: The lab.
        wanted: Its topology with every default filled in.
        item: What is selected.
        rates: What flows now.
        glyphs: Signs to use.
        keymap: Keys to name.
    """
    lines = drift_lines(snapshot, item, glyphs, keymap)
    if item is None:
        return [*lines, line(("Nothing is selected.", "dim"))]
    writer = _Writer(snapshot, wanted, rates, glyphs)
    if item.kind == "namespace":
        return [*lines, *writer.namespace(item.namespace)]
    if item.cable is not None:
        return [*lines, *writer.cable(item.cable.a, item.cable.b)]
    end = Endpoint(item.namespace, item.ifname or "")
    return [*lines, *writer.link_alone(end)]


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
        keys += [Span(f" {keymap.key(name)}", "key", click), Span(f" {name} ")]
    return [head, *(line(("  " + str(it), "warn")) for it in found), tuple(keys)]


def title(item: Item | None) -> str:
    """Name and kind, for the frame."""
    if item is None:
        return "Inspector"
    kind = "link" if item.ifname == LO else item.kind
    return f"{item} ({kind})"


def human_bytes(count: float) -> str:
    """Bytes for people: ``1.2 kB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


class _Writer:
    def __init__(
        self, snapshot: Snapshot, wanted: State, rates: Rates, glyphs: Glyphs
    ) -> None:
        self._snapshot = snapshot
        self._topology: Topology = snapshot.topology
        self._wanted = wanted
        self._rates = rates
        self._glyphs = glyphs

    # -- the three things -----------------------------------------------------------

    def namespace(self, name: str) -> Iterator[Line]:
        seen = self._snapshot.observed.namespaces.get(name)
        wanted = self._wanted.namespaces.get(name)
        foreign = self._snapshot.foreign.namespaces.get(name)
        if foreign is not None:
            yield from self._foreign(name, foreign)
            if seen is None and wanted is None:
                return
            yield line("")
        if seen is None and wanted is None:
            yield line((f'"{name}" is no longer there', "dim"))
            return
        if seen is None:
            yield line(("not in the kernel (yet)", "warn"))
        shown = seen or wanted
        assert shown is not None
        yield from self._settings(shown)
        yield _head("Interfaces", len(shown.links))
        for ifname in _order(shown):
            yield from self._interface(Endpoint(name, ifname))
        yield from self._policies(shown, wanted)

    def cable(self, a: Endpoint, b: Endpoint) -> Iterator[Line]:
        for end in (a, b):
            yield line((str(end), "title"))
            yield from self._interface(end, named=False)

    def link_alone(self, endpoint: Endpoint) -> Iterator[Line]:
        yield from self._interface(endpoint, named=False)
        link = self._topology.link(endpoint)
        if isinstance(link, Bridge):
            ports = self._topology.namespaces[endpoint.namespace].ports(endpoint.ifname)
            yield _head("Ports", len(ports))
            for port in ports:
                end = Endpoint(endpoint.namespace, port)
                other = self._topology.link(end)
                peer = getattr(other, "peer", None)
                to = f"  {self._glyphs.joins} {peer}" if peer else ""
                yield (*line("  ", self._state(end), f" {port}{to}"),)

    # -- parts ----------------------------------------------------------------------

    def _foreign(self, name: str, there: NamespaceState) -> Iterator[Line]:
        """What others made on the machine."""
        if not there.links:
            yield line((_NOT_OURS, "dim"))
            return
        yield line((f"Not made by this lab ({len(there.links)})", "title"))
        for ifname in _order(there):
            end, link = Endpoint(name, ifname), there.links[ifname]
            words = " ".join((ifname, *link.addresses))
            yield (*line("  ", self._state(end), (f" {words}", "dim")),)

    def _settings(self, shown: NamespaceState) -> Iterator[Line]:
        for key in SYSCTLS:
            if self._snapshot.host and key not in shown.sysctls:
                continue
            value = shown.sysctls.get(key) or usual(key, shown.sysctls)
            name = "forward 6" if ".ipv6." in key else "forward 4"
            on: Role = "good" if value == "1" else "dim"
            yield _fact(name, "on" if value == "1" else "off", on)
        for key in sorted(shown.sysctls.keys() - SYSCTLS.keys()):
            yield _fact("", f"{key} = {shown.sysctls[key]}")

    def _interface(self, end: Endpoint, *, named: bool = True) -> Iterator[Line]:
        foreign = self._snapshot.foreign.link(end)
        if foreign is not None:
            yield line((_NOT_OURS, "dim"))
        seen = self._snapshot.observed.link(end) or foreign
        wanted = self._wanted.link(end)
        shown = seen or wanted
        if shown is None:
            yield line((f'"{end}" is no longer there', "dim"))
            return
        if named:
            note = "" if shown.master is None else f"  port of {shown.master}"
            yield (*line("  ", self._state(end), (f" {end.ifname}", "title"), note),)
        else:
            yield _fact("state", *self._state_words(end, shown))
            yield _fact("kind", shown.kind)
            if shown.master:
                yield _fact("bridge", shown.master)
        if named and end.ifname == LO and not shown.addresses[1:]:
            return
        yield from self._values(end, shown, self._topology.link(end))
        if seen is None:
            yield _fact("", "not in the kernel (yet)", "warn")
        yield from self._traffic(end)

    def _values(
        self, end: Endpoint, shown: LinkState, link: Link | None
    ) -> Iterator[Line]:
        for index, cidr in enumerate(shown.addresses):
            yield _fact("address" if index == 0 else "", cidr)
        if shown.kind != "loopback":
            yield _fact("mac", shown.mac)
        yield _fact("mtu", str(shown.mtu))
        if shown.peer:
            yield _fact("peer", str(shown.peer))
        if isinstance(link, Tap) and (link.user or link.group):
            yield _fact("owner", f"{link.user or '-'}:{link.group or '-'}")
        for options in (shown.bridge, shown.port):
            for name, value in changed_options(type(options)(), options).items():
                yield _fact("option", show_option(name, value))
        for index, mac in enumerate(shown.port.fdb):
            yield _fact("fdb" if index == 0 else "", f"{mac} static")
        if link is not None or self._snapshot.foreign.link(end) is not None:
            return
        yield _fact("", "made outside tuilab", "warn")

    def _traffic(self, end: Endpoint) -> Iterator[Line]:
        live = self._snapshot.live.get(end)
        if live is None:
            return
        received, sent = self._rates.by_endpoint.get(end, (0.0, 0.0))
        for name, rate, total, packets in (
            ("rx", received, live.rx_bytes, live.rx_packets),
            ("tx", sent, live.tx_bytes, live.tx_packets),
        ):
            text = f"{human_bytes(total)} in {packets} packets"
            if rate:
                text += f", {human_bytes(rate)}/s"
            yield _fact(name, text)
        if live.errors or live.dropped:
            text = f"{live.errors} errors, {live.dropped} dropped"
            yield _fact("lost", text, "bad")

    def _policies(
        self, shown: NamespaceState, wanted: NamespaceState | None
    ) -> Iterator[Line]:
        """Routes; rules and neighbours where there are any."""
        # Without a wish nothing is outside of it.
        wish = wanted or shown
        yield _head("Static routes", len(shown.routes))
        for route in sorted(shown.routes | wish.routes, key=route_order):
            yield self._told(show_route(route), route, shown.routes, wish.routes)
        rules = sorted(shown.rules | wish.rules, key=rule_order)
        if rules:
            yield _head("Rules", len(shown.rules))
        for rule in rules:
            yield self._told(show_rule(rule), rule, shown.rules, wish.rules)
        known = sorted(shown.neighbours | wish.neighbours, key=neighbour_order)
        if known:
            yield _head("Static neighbours", len(shown.neighbours))
        for one in known:
            text = show_neighbour(one)
            yield self._told(text, one, shown.neighbours, wish.neighbours)

    @staticmethod
    def _told(
        text: str, thing: object, shown: frozenset[Any], wanted: frozenset[Any]
    ) -> Line:
        """One of them, and whether it is as wished."""
        if thing not in shown:
            return line(f"  {text}", ("  missing", "warn"))
        if thing not in wanted:
            return line(f"  {text}", ("  outside", "warn"))
        return line(f"  {text}")

    # -- states ---------------------------------------------------------------------

    def _state(self, end: Endpoint) -> tuple[str, Role]:
        live = self._snapshot.live.get(end)
        state = live.operstate if live else None
        role: Role = "good" if state == "up" else "bad" if state == "down" else "dim"
        return self._glyphs.operstate(state), role

    def _state_words(self, end: Endpoint, shown: LinkState) -> tuple[str, Role]:
        live = self._snapshot.live.get(end)
        if live is None:
            return ("up" if shown.up else "down"), "dim"
        glyph, role = self._state(end)
        words = {"no-carrier": "up, no carrier", "unknown": "up"}
        return f"{glyph} {words.get(live.operstate, live.operstate)}", role


def show_route(route: RouteState) -> str:
    """A route of the kernel as iproute2 prints it."""
    words = [] if route.type == UNICAST else [route.type]
    words.append(show_destination(route.to))
    if route.type == UNICAST and not route.hops:
        words.append(_way(route.ways[0]))
    if route.onlink:
        words.append("onlink")
    if route.src:
        words.append(f"src {route.src}")
    if route.metric not in (0, V6_METRIC):
        words.append(f"metric {route.metric}")
    if route.table != MAIN_TABLE:
        words.append(f"table {route.table}")
    words += [f"hop {_way(hop)} weight {hop.weight}" for hop in route.hops]
    return " ".join(words)


def _way(hop: HopState) -> str:
    return f"via {hop.via} dev {hop.dev}" if hop.via else f"dev {hop.dev}"


def show_rule(rule: RuleState) -> str:
    """A rule, such as ``10: from 10.0.0.0/24 lookup 100``."""
    family = "IPv6 " if rule.family == 6 else ""
    return f"{rule.priority}: {family}{rule_words(rule)}"


def show_neighbour(neighbour: NeighbourState) -> str:
    """A neighbour as iproute2 prints it."""
    what = "proxy" if neighbour.proxy else f"lladdr {neighbour.mac}"
    return f"{neighbour.to} dev {neighbour.dev} {what}"


def _head(text: str, count: int) -> Line:
    return line((f"{text} ({count})", "title"))


def _fact(label: str, value: str, role: Role = "") -> Line:
    return line((f"  {label:<{_LABEL}}", "dim"), (value, role))


def _order(shown: NamespaceState) -> list[str]:
    return sorted(shown.links, key=lambda name: (name != LO, name))
