"""A packet as a line of the list."""

from __future__ import annotations

from tuilab.packets.dissect import Row
from tuilab.packets.store import Packet
from tuilab.tui.text import Line, fit, line

NARROW = 100
"""Below this many cells the list leaves out the link and shortens addresses."""


def packet_line(
    packet: Packet, row: Row, start_ns: int, cells: int, *, several: bool
) -> Line:
    """One packet in tcpdump's words.

    Args:
        packet: The packet.
        row: What it says.
        start_ns: When the first packet came, nanoseconds since 1970.
        cells: Width of the list.
        several: Whether several links are captured, so that each line names its own.
    """
    seconds = (packet.time_ns - start_ns) / 1e9
    wide = cells >= NARROW
    address = 22 if wide else 15
    parts = [
        line((f"{packet.number:>6} ", "dim")),
        line((f"{seconds:>{11 if wide else 9}.{6 if wide else 4}f} ", "dim")),
    ]
    if several:
        parts.append(line((fit(str(packet.endpoint), 14) + " ", "dim")))
    parts.append(line(f"{fit(row.source, address)} {fit(row.destination, address)} "))
    parts.append(line((f"{fit(row.protocol, 7)}", "key"), f"{packet.length:>5} "))
    parts.append(line(row.info))
    return tuple(span for part in parts for span in part)


def packet_head(cells: int, *, several: bool) -> Line:
    """The line above the list, column by column."""
    wide = cells >= NARROW
    address = 22 if wide else 15
    text = f"{'No':>6} {'Time':>{11 if wide else 9}} "
    if several:
        text += f"{'Link':<14} "
    text += f"{'Source':<{address}} {'Destination':<{address}} {'Proto':<7}{'Len':>5} "
    return line((text + "Info", "dim"))


def watch_state(
    *,
    endpoints: str,
    count: int,
    rate: float,
    dropped: int,
    following: bool,
    fresh: int,
    running: bool,
) -> str:
    """What stands on the frame: what is captured, how fast, what was lost."""
    if not running:
        state = "STOPPED"
    elif following:
        state = "FOLLOW"
    else:
        state = f"PAUSED +{fresh} new, End follows" if fresh else "PAUSED"
    return f"{endpoints}  {state}  {rate:.0f} pkt/s  {count} pkt  drop {dropped}"
