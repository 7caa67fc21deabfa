"""Conversations by both ends, as ``flow tcp 10.0.1.9:40000 10.0.2.9:80`` in a filter.

Filters of libpcap see neither what a tunnel carries nor which ports the later pieces of
a packet belong to: so the headers are read here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from tuilab.packets.headers import ICMP, ICMP6, TCP, UDP, Headers, headers_of

_NUMBERS: Final = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmp6": ICMP6}
NAMES: Final = {number: name for name, number in _NUMBERS.items()}
_END: Final = r"\[[\da-fA-F:.]+\]:\d+|[\d.]+(?::\d+)?|[\da-fA-F:.]*:[\da-fA-F:.]*"
_FLOW: Final = re.compile(
    rf"(?<!\S)flow +(?:({'|'.join(_NUMBERS)}) +)?({_END}) +({_END})(?!\S)"
)
_OR: Final = ("or", "||")
_End = tuple[str, int]
NEAR: Final = 200
"""Packets behind the first piece of one, among which the others are."""


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
        if self.protocol in NAMES:
            words.insert(1, NAMES[self.protocol])
        return " ".join(words)

    @property
    def addresses(self) -> tuple[bytes, bytes]:
        """Both as packets have them."""
        return ip_address(self.one[0]).packed, ip_address(self.other[0]).packed

    def has(self, found: Headers) -> bool:
        """Whether what headers say belongs to it; an error about it does, too."""
        for other in (found.about, found.inside):
            if other is not None and self.has(other):
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
    found = found.inside or found
    if not found.source:
        return None
    protocol = found.protocol if found.protocol in NAMES else None
    return Flow(
        (found.source, found.source_port),
        (found.destination, found.destination_port),
        protocol,
    )


def take_flows(text: str) -> tuple[tuple[Flow, ...], str]:
    """The first conversation that a filter asks for, and what else it says.

    Of one that is told otherwise elsewhere, for routers rewrite addresses, all ways
    that it has there: they follow with ``or`` between.
    """
    flows: list[Flow] = []
    start = end = 0
    for match in _FLOW.finditer(text):
        if flows and text[end : match.start()].strip() not in _OR:
            break
        try:
            flow = Flow(
                _end(match[2]),
                _end(match[3]),
                _NUMBERS.get(match[1]) if match[1] else None,
            )
        except ValueError:
            continue  # such as "flow bad face": words to look for
        start, end = (start if flows else match.start()), match.end()
        flows.append(flow)
    return tuple(flows), f"{text[:start]} {text[end:]}" if flows else text


def words_of(flows: Sequence[Flow]) -> str:
    """What `take_flows` reads."""
    return " or ".join(map(str, flows))


class Test:
    """Which packets of one kind of link belong to a conversation; asked in order.

    Of a packet of a tunnel that was cut up, only the first piece tells what it carries.
    The others are known again for some time.
    """

    def __init__(self, flows: Sequence[Flow], linktype: int) -> None:
        self._flows = [(flow, *flow.addresses) for flow in flows]
        self._linktype = linktype
        self._begun: dict[tuple[str, str, int, int], int] = {}
        self._asked = 0

    def __call__(self, data: bytes) -> bool:
        """Whether a packet does."""
        self._asked += 1
        # Of a million packets most have not both addresses in them.
        found = None
        for flow, here, there in self._flows:
            if here in data and there in data:
                found = found or headers_of(self._linktype, data)
                if flow.has(found):
                    if found.inside is not None:
                        self._begun[_whose(found)] = self._asked
                    return True
        return bool(self._begun) and self._follows(
            found or headers_of(self._linktype, data)
        )

    def _follows(self, found: Headers) -> bool:
        """Whether it is a later piece of what belongs."""
        for key, asked in list(self._begun.items()):
            if self._asked - asked <= NEAR:
                break  # all others are younger
            del self._begun[key]
        return found.piece is not None and _whose(found) in self._begun


def _whose(found: Headers) -> tuple[str, str, int, int]:
    """What all pieces of a packet have in common."""
    ident = found.piece.ident if found.piece else -1
    return found.source, found.destination, found.protocol, ident


def _end(text: str) -> _End:
    """Read an address, with a port or without; raises ValueError."""
    address, port = text, "0"
    if text.startswith("["):
        address, _, port = text[1:].partition("]:")
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    return str(ip_address(address)), int(port)
