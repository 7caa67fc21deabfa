"""What belongs together: a conversation, and one packet on several links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tuilab.model.links import Endpoint
from tuilab.packets.flow import NAMES, Flow, flow_of, take_flows, words_of
from tuilab.packets.headers import TCP, Headers, headers, joined
from tuilab.packets.store import Packet, Store

_WINDOW_NS = 2_000_000_000
_MOST = 20_000
"""Packets to look at on either side: some 0.1 s."""
_FEW = 5_000
"""The same, for what is seen twice within milliseconds."""
_TAIL = 4
"""Bytes at the end of a packet that stay as they are: less than nearly all carry."""
_SYN = 2
_SEQUENCES = 1 << 32


def conversation_filter(store: Store, index: int) -> str | None:
    """A display filter that takes the conversation of a packet, both ways.

    Wherever that is seen: in tunnels, with tags or without; and with other addresses
    and ports behind NAT, where one of its packets around that one was seen too. Looks
    at some thousands; not for the event loop.

    Args:
        store: Where packets are.
        index: Of the one that is asked about.

    Returns:
        Text for `select.Selection`: of TCP and UDP with the ports, else of both
        addresses; None for what has none.
    """
    asked = store.packet(index)
    flow = flow_of(headers(asked))
    if flow is None:
        return None
    return words_of([flow, *_rewritten(flow, list(_around(store, asked, _FEW)))])


def in_conversation(text: str, packet: Packet) -> bool:
    """Whether a display filter asks for the conversation that a packet is of."""
    flows, _ = take_flows(text)
    found = headers(packet)
    return any(flow.has(found) for flow in flows)


def _rewritten(flow: Flow, around: Sequence[Packet]) -> list[Flow]:
    """What becomes of a conversation behind routers that change its addresses."""
    mine: dict[tuple[Any, ...], set[Endpoint]] = {}
    ends: set[bytes] = set()
    here, there = flow.addresses
    for packet in around:
        if here in packet.data and there in packet.data:
            found = headers(packet)
            essence = _telling(found)
            if essence and flow.has(found):
                mine.setdefault(essence, set()).add(packet.endpoint)
                ends.add(packet.data[-_TAIL:])
    others: dict[frozenset[object], Flow] = {}
    for packet in around:
        if packet.data[-_TAIL:] not in ends:
            continue
        found = headers(packet)
        essence = _telling(found)
        if essence is None or essence not in mine or flow.has(found):
            continue
        other = flow_of(found)
        if other is None or other.protocol != flow.protocol:
            continue
        # Two may say the same by chance where nothing numbers what they say. But a
        # router has it on one link and the changed one on another, and leaves an end.
        numbered = flow.protocol == TCP or essence[1]
        if numbered or (
            packet.endpoint not in mine[essence]
            and {flow.one, flow.other} & {other.one, other.other}
        ):
            others.setdefault(frozenset((other.one, other.other)), other)
    return list(others.values())


def _telling(found: Headers) -> tuple[Any, ...] | None:
    """What a whole packet of a conversation is known again by; None for others."""
    if found.piece or found.about or found.protocol not in NAMES or not found.essences:
        return None
    return found.essences[-1]


def _around(store: Store, asked: Packet, most: int) -> Iterator[Packet]:
    """The packets that came shortly before and after one, and itself."""
    index = asked.number - 1
    for packet in store.packets(max(0, index - most), index + most):
        if abs(packet.time_ns - asked.time_ns) <= _WINDOW_NS:
            yield packet


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of what was said in a conversation.

    Attributes:
        forward: The side that is seen to speak first said it.
        data: What it said.
        missing: Bytes before it that were not captured.
        number: The packet that it begins with.
    """

    forward: bool
    data: bytes
    missing: int
    number: int


def said(packets: Iterable[Packet]) -> list[Chunk]:
    """The payload of a conversation in order, each side's pieces put together.

    What was sent again is told once, and of several links only the first packet's
    counts. TCP segments that came out of order are put in order where what they belong
    behind comes later.

    Args:
        packets: Of one conversation, in time order; see `conversation_filter`.
    """
    chunks: list[Chunk] = []
    first: Packet | None = None
    opener: tuple[str, int] | None = None
    between: set[str] = set()
    streams: dict[bool, _Stream] = {}
    pieces: dict[tuple[str, str, int, int], list[Headers]] = {}
    for packet in packets:
        first = first or packet
        if packet.endpoint != first.endpoint:
            continue
        found = _whole(headers(packet), pieces)
        if found is None or found.about is not None:
            continue
        # Behind NAT, on a link that stands for all, the same is told once more.
        between = between or {found.source, found.destination}
        if between != {found.source, found.destination}:
            continue
        speaker = found.source, found.source_port
        opener = opener or speaker
        forward = speaker == opener
        if found.protocol == TCP:
            stream = streams.setdefault(forward, _Stream())
            for data, missing in stream.take(found):
                _add(chunks, Chunk(forward, data, missing, packet.number))
        elif found.payload:
            _add(chunks, Chunk(forward, found.payload, 0, packet.number), join=False)
    for forward, stream in streams.items():
        for data, missing in stream.rest():
            _add(chunks, Chunk(forward, data, missing, 0))
    return chunks


def _whole(
    found: Headers, pieces: dict[tuple[str, str, int, int], list[Headers]]
) -> Headers | None:
    """A packet, of pieces once the last of them is there."""
    if found.piece is None:
        return found
    key = found.source, found.destination, found.protocol, found.piece.ident
    known = pieces.setdefault(key, [])
    known.append(found)
    whole = joined(known)
    if whole is not None:
        del pieces[key]
    return whole


def _add(chunks: list[Chunk], new: Chunk, *, join: bool = True) -> None:
    last = chunks[-1] if chunks else None
    if join and last and last.forward == new.forward and not new.missing:
        chunks[-1] = Chunk(
            last.forward, last.data + new.data, last.missing, last.number
        )
    else:
        chunks.append(new)


class _Stream:
    """One direction of a TCP connection."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._early: dict[int, bytes] = {}

    def take(self, found: Headers) -> list[tuple[bytes, int]]:
        """What a segment adds, and what it lets follow."""
        sequence = found.sequence
        if found.flags & _SYN:
            self._next = (sequence + 1) % _SEQUENCES
            return []
        if not found.payload:
            return []
        if self._next is None:
            self._next = sequence
        self._early.setdefault(sequence, found.payload)
        return self._follow()

    def rest(self) -> list[tuple[bytes, int]]:
        """What came after a gap that was never filled."""
        found = []
        while self._early and self._next is not None:
            missing, nearest = min(
                ((at - self._next) % _SEQUENCES, at) for at in self._early
            )
            self._next = nearest
            pieces = self._follow()
            if pieces:
                found.append((b"".join(data for data, _ in pieces), missing))
        return found

    def _follow(self) -> list[tuple[bytes, int]]:
        found = []
        again = True
        while again:
            again = False
            for at, data in list(self._early.items()):
                assert self._next is not None
                known = (self._next - at) % _SEQUENCES
                if known > _SEQUENCES // 2:
                    continue  # it lies ahead
                del self._early[at]
                if known < len(data):
                    found.append((data[known:], 0))
                    self._next = (at + len(data)) % _SEQUENCES
                    again = True
        return found


@dataclass(frozen=True, slots=True)
class Twin:
    """The same packet on another link.

    Attributes:
        index: Its index in the store.
        packet: It.
        differences: Header, what the packet asked about has, what this one has.
    """

    index: int
    packet: Packet
    differences: tuple[tuple[str, str, str], ...]


def twins(store: Store, index: int) -> list[Twin]:
    """Where else a packet was seen: known again by what routers don't change.

    Looks two seconds back and ahead, at some ten thousands of packets; not for the
    event loop.

    Args:
        store: Where it and the others are.
        index: Its index there.

    Returns:
        In time order, without itself, at most one of an endpoint: the nearest in time.
    """
    asked = store.packet(index)
    mine = headers(asked)
    wanted = set(mine.essences)
    nearest: dict[object, Twin] = {}
    for packet in _around(store, asked, _MOST):
        if packet.endpoint == asked.endpoint:
            continue
        theirs = headers(packet)
        apart = abs(packet.time_ns - asked.time_ns)
        if wanted.isdisjoint(theirs.essences) or not _alike(mine, theirs):
            continue
        known = nearest.get(packet.endpoint)
        if known and abs(known.packet.time_ns - asked.time_ns) <= apart:
            continue
        twin = Twin(packet.number - 1, packet, differences(mine, theirs))
        nearest[packet.endpoint] = twin
    return sorted(nearest.values(), key=lambda twin: twin.index)


def _alike(mine: Headers, theirs: Headers) -> bool:
    """NAT changes one address at a time, or both of a port forward that hides."""
    if not mine.payload and not mine.source:
        return True
    pair = {mine.source, mine.destination}
    return bool(pair & {theirs.source, theirs.destination}) or bool(mine.payload)


def differences(mine: Headers, theirs: Headers) -> tuple[tuple[str, str, str], ...]:
    """Which headers differ: name, mine, theirs."""
    pairs = [
        ("source MAC", mine.source_mac, theirs.source_mac),
        ("destination MAC", mine.destination_mac, theirs.destination_mac),
        ("VLAN", _listed(mine.tags), _listed(theirs.tags)),
        ("tunnel", _listed(mine.tunnels), _listed(theirs.tunnels)),
        ("source", mine.source, theirs.source),
        ("destination", mine.destination, theirs.destination),
        ("source port", str(mine.source_port), str(theirs.source_port)),
        ("destination port", str(mine.destination_port), str(theirs.destination_port)),
        ("TTL", str(mine.ttl), str(theirs.ttl)),
        ("TOS", str(mine.tos), str(theirs.tos)),
    ]
    return tuple((name, one, other) for name, one, other in pairs if one != other)


def _listed(things: Iterable[object]) -> str:
    return ", ".join(map(str, things)) or "none"
