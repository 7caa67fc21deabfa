"""Conversations by both ends, as ``flow tcp 10.0.1.9:40000 10.0.2.9:80`` in a filter.

Filters of libpcap see neither what a tunnel carries nor which ports the later pieces of
a packet belong to: so the headers are read here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from tuilab.packets.headers import ICMP, ICMP6, TCP, UDP, Headers, headers_of

_NUMBERS: Final = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmp6": ICMP6}
_NAMES: Final = {number: name for name, number in _NUMBERS.items()}
_END: Final = r"\[[\da-fA-F:.]+\]:\d+|[\d.]+(?::\d+)?|[\da-fA-F:.]*:[\da-fA-F:.]*"
_FLOW: Final = re.compile(
    rf"(?<!\S)flow +(?:({'|'.join(_NUMBERS)}) +)?({_END}) +({_END})(?!\S)"
)
_End = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Flow:
    """What two talk to each other.

    Attributes:
        one: Network address and port of one side; a port of 0 is any.
        other: Of the other side.
        protocol: IP protocol; None for all.
    """

    one: _End
    other: _End
    protocol: int | None = None

    def __str__(self) -> str:
        """As a filter has it."""
        words = ["flow", _shown(self.one), _shown(self.other)]
        if self.protocol in _NAMES:
            words.insert(1, _NAMES[self.protocol])
        return " ".join(words)

    def test(self, linktype: int) -> Callable[[bytes], bool]:
        """What tells whether a packet of a kind of link belongs to it."""
        addresses = [
            ip_address(address).packed for address, _ in (self.one, self.other)
        ]
        here, there = addresses

        def belongs(data: bytes) -> bool:
            # Of a million packets most have not both addresses in them.
            return (
                here in data and there in data and self.has(headers_of(linktype, data))
            )

        return belongs

    def has(self, found: Headers) -> bool:
        """Whether what headers say belongs to it; an error about it does, too."""
        if found.about is not None and self.has(found.about):
            return True
        if self.protocol not in (None, found.protocol):
            return False
        ends = (
            (found.source, found.source_port),
            (found.destination, found.destination_port),
        )
        # The later pieces of a packet don't say which ports they belong to.
        portless = found.piece is not None and found.piece.offset > 0
        return any(
            _is(one, ends[0], portless) and _is(other, ends[1], portless)
            for one, other in ((self.one, self.other), (self.other, self.one))
        )


def _is(wanted: _End, end: _End, portless: bool) -> bool:
    return wanted[0] == end[0] and (portless or wanted[1] in (0, end[1]))


def _shown(end: _End) -> str:
    address, port = end
    if not port:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def flow_of(found: Headers) -> Flow | None:
    """The conversation that a packet belongs to; None without network addresses."""
    if not found.source:
        return None
    protocol = found.protocol if found.protocol in _NAMES else None
    return Flow(
        (found.source, found.source_port),
        (found.destination, found.destination_port),
        protocol,
    )


def take_flow(text: str) -> tuple[Flow | None, str]:
    """The first conversation that a filter asks for, and what else it says."""
    for match in _FLOW.finditer(text):
        try:
            flow = Flow(
                _end(match[2]),
                _end(match[3]),
                _NUMBERS.get(match[1]) if match[1] else None,
            )
        except ValueError:
            continue  # such as "flow bad face": words to look for
        return flow, text[: match.start()] + " " + text[match.end() :]
    return None, text


def _end(text: str) -> _End:
    """Read an address, with a port or without; raises ValueError."""
    address, port = text, "0"
    if text.startswith("["):
        address, _, port = text[1:].partition("]:")
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    return str(ip_address(address)), int(port)
