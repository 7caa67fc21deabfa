"""What the inspector says of the selected thing: wish, kernel, counters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tuilab.lab.snapshot import Live, Snapshot
from tuilab.model.addressing import show_destination
from tuilab.model.sysctls import SYSCTLS, usual
from tuilab.model.topology import LO, Bridge, Endpoint, Link, Loopback, Tap, Topology
from tuilab.plan.bridging import (
    BridgeState,
    PortState,
    changed_options,
    differing_options,
    show_option,
)
from tuilab.plan.state import LinkState, NamespaceState, RouteState, State
from tuilab.tui.canvas.graph import Item
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.text import Line, Role, line

_LABEL = 10


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
) -> list[Line]:
    """Everything worth knowing of an item, top to bottom.

    Args:
        snapshot: The lab.
        wanted: Its topology with every default filled in.
        item: What is selected.
        rates: What flows now.
        glyphs: Signs to use.
    """
    if item is None:
        return [line(("Nothing is selected.", "dim"))]
    writer = _Writer(snapshot, wanted, rates, glyphs)
    if item.kind == "namespace":
        return list(writer.namespace(item.namespace))
    if item.cable is not None:
        return list(writer.cable(item.cable.a, item.cable.b))
    return list(writer.link_alone(Endpoint(item.namespace, item.ifname or "")))


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
        if seen is None and wanted is None:
            yield line((f'"{name}" is no longer there', "dim"))
            return
        if seen is None:
            yield line(("not in the kernel (yet)", "warn"))
        shown = seen or wanted
        assert shown is not None
        yield from self._settings(shown, wanted)
        yield _head("Interfaces", len(shown.links))
        for ifname in _order(shown):
            yield from self._interface(Endpoint(name, ifname))
        yield from self._routes(shown, wanted)

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

    def _settings(
        self, shown: NamespaceState, wanted: NamespaceState | None
    ) -> Iterator[Line]:
        for key in SYSCTLS:
            value = shown.sysctls.get(key, "0")
            name = "forward 6" if ".ipv6." in key else "forward 4"
            on: Role = "good" if value == "1" else "dim"
            yield _fact(name, "on" if value == "1" else "off", on)
            if wanted and wanted.sysctls.get(key) != shown.sysctls.get(key):
                yield _fact("", f"wanted: {wanted.sysctls.get(key, '0')}", "warn")
        for key in sorted({**(wanted.sysctls if wanted else {}), **shown.sysctls}):
            if key in SYSCTLS:
                continue
            value = shown.sysctls.get(key) or usual(key, shown.sysctls)
            yield _fact("", f"{key} = {value}")
            if wanted and wanted.sysctls.get(key) != shown.sysctls.get(key):
                want = wanted.sysctls.get(key) or usual(key, wanted.sysctls)
                yield _fact("", f"wanted: {want}", "warn")

    def _interface(self, end: Endpoint, *, named: bool = True) -> Iterator[Line]:
        seen = self._snapshot.observed.link(end)
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
        yield from self._difference(seen, wanted)
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
        if isinstance(link, Loopback) or link is not None:
            return
        yield _fact("", "made outside tuilab", "warn")

    def _difference(
        self, seen: LinkState | None, wanted: LinkState | None
    ) -> Iterator[Line]:
        """What the kernel holds and the lab does not want, or the reverse."""
        if wanted is None or seen == wanted:
            return
        if seen is None:
            yield _fact("", "not in the kernel (yet)", "warn")
            return
        for name in LinkState.__slots__:
            is_, should = getattr(seen, name), getattr(wanted, name)
            if isinstance(is_, BridgeState | PortState):
                for fact in differing_options(is_, should):
                    yield _fact("", f"wanted: {fact}", "warn")
            elif is_ != should:
                yield _fact("", f"wanted {name}: {_shown(should)}", "warn")

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

    def _routes(
        self, shown: NamespaceState, wanted: NamespaceState | None
    ) -> Iterator[Line]:
        routes = sorted(shown.routes)
        missing = sorted((wanted.routes if wanted else frozenset()) - shown.routes)
        yield _head("Static routes", len(routes))
        for route in routes:
            spans = line(f"  {show_route(route)}")
            if wanted is not None and route not in wanted.routes:
                spans += line(("  outside", "warn"))
            yield spans
        for route in missing:
            yield line(f"  {show_route(route)}", ("  missing", "warn"))

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
    words = [show_destination(route.to)]
    if route.via:
        words += ["via", route.via]
    words += ["dev", route.dev]
    if route.metric not in (0, 1024):
        words += ["metric", str(route.metric)]
    if route.table != 254:
        words += ["table", str(route.table)]
    return " ".join(words)


def _head(text: str, count: int) -> Line:
    return line((f"{text} ({count})", "title"))


def _fact(label: str, value: str, role: Role = "") -> Line:
    return line((f"  {label:<{_LABEL}}", "dim"), (value, role))


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _order(shown: NamespaceState) -> list[str]:
    return sorted(shown.links, key=lambda name: (name != LO, name))
