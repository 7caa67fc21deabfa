"""A packet as a line of the list, and what the frame says of the capture."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tuilab.packets.dissect import Row
from tuilab.packets.store import Packet
from tuilab.tui.packet_looks import COLUMNS, Looks
from tuilab.tui.text import Line, Role, Span, fit, line

NARROW = 94
"""Below this many cells the list shortens times and addresses."""
LEAST = len("Destination")
"""Cells of the shortest column of addresses."""
LEAST_INFO = 20
"""Cells that should be left for what a packet says."""
MOST_OF_LINK = 14
_TROUBLES = (
    "unreachable",
    "time exceeded",
    "parameter problem",
    "redirect",
    "fragment reassembly",
)


@dataclass(frozen=True, slots=True)
class Grid:
    """What all lines of a list have in common.

    Attributes:
        cells: Width of the list.
        start_ns: When the first packet came, nanoseconds since 1970.
        links: Cells for the link's name; 0 where there is only one link.
        addresses: Cells for each address, as many as those in sight need.
        numbers: Cells of the highest number.
        looks: How the person wants it.
        ellipsis: Stands where a name was cut.
    """

    cells: int = 80
    start_ns: int = 0
    links: int = 0
    addresses: int = LEAST
    numbers: int = 1
    looks: Looks = field(default_factory=Looks)
    ellipsis: str = "…"

    @property
    def wide(self) -> bool:
        """Whether there is room for whole times and longer addresses."""
        return self.cells >= NARROW

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in sight: what a packet says comes before how long it is."""
        shown = [name for name in self.looks.columns if name != "link" or self.links]
        if "info" in shown and self.room < LEAST_INFO and "length" in shown:
            shown.remove("length")
        return tuple(shown)

    @property
    def room(self) -> int:
        """Cells that are left for what a packet says, all other columns in sight."""
        others = [name for name in self.looks.columns if name != "link" or self.links]
        return self.cells - 2 - sum(self.width(it) + 1 for it in others if it != "info")

    def width(self, column: str) -> int:
        """Cells of a column; info takes the rest."""
        if column == "time":
            if self.looks.time == "absolute":
                return 15 if self.wide else 12
            return 11 if self.wide else 9
        if column in ("source", "destination"):
            return self.addresses
        if column == "link":
            return self.links
        if column == "number":
            return max(6 if self.wide else 4, self.numbers)
        return {"protocol": 6, "length": 5}.get(column, 0)

    @property
    def most(self) -> int:
        """Cells that an address may have: most of IPv6 have fewer than 25."""
        if self.links and not self.wide:
            return LEAST  # what a packet says comes before the whole of an address
        return 25 if self.wide else 15


def packet_line(
    packet: Packet,
    row: Row,
    grid: Grid,
    *,
    before_ns: int | None = None,
    mark: str = "",
) -> Line:
    """One packet in tcpdump's words.

    Args:
        packet: The packet.
        row: What it says.
        grid: How lines look.
        before_ns: When the packet above came; None for the first.
        mark: The letter that a person gave it.
    """
    rule = rule_of(row)
    role: Role = _ROLES[rule] if rule in grid.looks.colours else ""
    trouble = rule in ("errors", "resets")
    spans = [Span(mark or " ", "key"), Span("!" if trouble else " ", role)]
    for name in grid.columns:
        cells = grid.width(name)
        if name == "number":
            spans.append(Span(f"{packet.number:>{cells}} ", "dim"))
        elif name == "time":
            told = _time(packet.time_ns, before_ns, grid)
            spans.append(Span(f"{told:>{cells}} ", "dim"))
        elif name == "link":
            told = fit(str(packet.endpoint), cells, grid.ellipsis)
            spans.append(Span(f"{told} ", "dim"))
        elif name == "protocol":
            spans.append(Span(fit(row.protocol, cells, grid.ellipsis) + " ", role))
        elif name == "length":
            spans.append(Span(f"{packet.length:>{cells}} "))
        elif name == "info":
            spans.append(Span(row.info, role if trouble else ""))
        else:
            address = row.source if name == "source" else row.destination
            spans.append(Span(fit(address, cells, grid.ellipsis) + " "))
    return tuple(spans)


def packet_head(grid: Grid) -> Line:
    """The line above the list, column by column."""
    text = "  "
    for name in grid.columns:
        side = ">" if name in ("number", "time", "length") else "<"
        text += f"{COLUMNS[name]:{side}{grid.width(name)}} "
    return line((text.rstrip(), "dim"))


def _time(at_ns: int, before_ns: int | None, grid: Grid) -> str:
    wide = grid.wide
    if grid.looks.time == "absolute":
        seconds, rest = divmod(at_ns, 1_000_000_000)
        try:
            clock = time.strftime("%H:%M:%S", time.localtime(seconds))
        except (OverflowError, OSError, ValueError):
            return "?"  # a damaged file puts packets beyond all calendars
        return f"{clock}.{rest // (1000 if wide else 1_000_000):0{6 if wide else 3}d}"
    start = grid.start_ns
    if grid.looks.time == "delta":
        start = at_ns if before_ns is None else before_ns
    return f"{(at_ns - start) / 1e9:.{6 if wide else 4}f}"


# -- colours ----------------------------------------------------------------------

_ROLES: dict[str, Role] = {
    "errors": "bad",
    "resets": "warn",
    "syn": "good",
    "arp": "title",
    "icmp": "key",
    "dns": "key",
    "": "",
}


def _is_trouble(row: Row) -> bool:
    if "[cut short]" in row.info or row.info.startswith("bad "):
        return True
    icmp = row.protocol in ("ICMP", "ICMPv6")
    return icmp and any(word in row.info for word in _TROUBLES)


def _flags(row: Row) -> str:
    """The flags of a TCP packet, such as ``S.``; empty for any other."""
    _, bracket, rest = row.info.partition(" [")
    return rest.partition("]")[0] if bracket and " win=" in rest else ""


_TESTS: tuple[tuple[str, Callable[[Row], bool]], ...] = (
    ("errors", _is_trouble),
    ("resets", lambda row: "R" in _flags(row)),
    ("syn", lambda row: bool({"S", "F"} & set(_flags(row)))),
    ("arp", lambda row: row.protocol == "ARP" or row.info.startswith("neighbor ")),
    ("icmp", lambda row: row.protocol in ("ICMP", "ICMPv6")),
    ("dns", lambda row: row.protocol in ("DNS", "MDNS")),
)


def rule_of(row: Row) -> str:
    """The first rule that a row falls under; empty for none."""
    return next((name for name, holds in _TESTS if holds(row)), "")


# -- the frame --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Watch:
    """How a capture and its list stand.

    Attributes:
        names: What is watched, in words.
        count: Packets so far.
        rate: Packets a second.
        dropped: Packets that the kernel lost.
        behind: Packets that are still to be written, where these are many.
        following: Whether the list follows the newest.
        fresh: Packets that wait to be shown.
        state: ``live``, ``waiting`` for links to come back, ``stopped``, or ``file``
            for one that was opened.
        filter: The display filter; empty for none.
        shown: Packets that it takes, as far as was looked.
        searched: Part of the packets that was looked at, 0 to 1.
        trouble: What went wrong, in words; empty if nothing did.
        asking: What the next key will be taken for; empty for nothing special.
    """

    names: str
    count: int = 0
    rate: float = 0.0
    dropped: int = 0
    behind: int = 0
    following: bool = True
    fresh: int = 0
    state: str = "live"
    filter: str = ""
    shown: int = 0
    searched: float = 1.0
    trouble: str = ""
    asking: str = ""


def watch_state(watch: Watch, cells: int = 200, ellipsis: str = "…") -> str:
    """What stands on the frame: what is captured, how fast, what was lost.

    Args:
        watch: How it stands.
        cells: Room there is; names and filter give way first.
        ellipsis: The sign of what is cut.
    """
    if watch.asking:
        return watch.asking
    parts = [_state(watch)]
    if watch.state == "live":
        parts.append(f"{watch.rate:.0f} pkt/s")
    if watch.filter:
        parts.append(f"{watch.shown} of {watch.count} pkt")
        if watch.searched < 1:
            parts.append(f"searching {int(watch.searched * 100)} %, Esc ends")
    else:
        parts.append(f"{watch.count} pkt")
    if watch.behind:
        parts.append(f"{watch.behind} to write")
    if watch.state != "file":
        parts.append(f"drop {watch.dropped}")
    if watch.trouble:
        parts.append(f"! {watch.trouble}")
    said = "  ".join(parts)
    room = cells - len(said) - 2
    front = [watch.names]
    if watch.filter:
        front.append(f"/{watch.filter}")
    named = "  ".join(front)
    if len(named) > room:
        named = fit(named, room, ellipsis) if room > 12 else ""
    return f"{named}  {said}".strip()


def _state(watch: Watch) -> str:
    if watch.state != "live":
        return watch.state.upper()
    if watch.following:
        return "FOLLOW"
    return f"PAUSED +{watch.fresh} new, End follows" if watch.fresh else "PAUSED"
