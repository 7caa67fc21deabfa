"""Who is on the way to an address. Only ever imported by the worker."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from tuilab.packets import craft, probes
from tuilab.packets.exchange import Control, Matcher, Reply, Schedule, exchange
from tuilab.packets.sockets import (
    EXCEEDED,
    ICMP_ERRORS,
    bind,
    family_of,
    hear_errors,
    set_ttl,
    sockaddr,
    source_towards,
    told,
)

_FIRST_PORT: Final = 33_434
"""Where traceroute(8) starts: nobody should listen there."""
_PORTS: Final = 30_000
_HTTP: Final = 80
_TIMEOUT: Final = "timeout"
"""What `exchange` says of what was sent and not answered."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How to probe.

    Attributes:
        sock: Sends, and receives what comes back.
        build: Makes the packet of a number.
        send: Sends it.
        match: Recognises what comes back.
    """

    sock: socket.socket
    build: Callable[[int], bytes]
    send: Callable[[bytes], object]
    match: Matcher


def traceroute(
    *,
    to: str,
    method: str,
    port: int | None,
    hops: int,
    tries: int,
    timeout: float,
    source: str | None,
) -> Iterator[Reply]:
    """Probes with a growing TTL, all of one TTL at a time."""
    way = _WAYS[method](to, port, source)
    done, seen, left = 0, False, False
    with way.sock:
        for ttl in range(1, hops + 1):
            set_ttl(way.sock, ttl)
            for reply in _ask(way, done, tries, timeout):
                seen = seen or bool(reply.get("last"))
                left = left or "address" in reply or reply["error"] == _TIMEOUT
                yield {"ttl": ttl, **reply}
            # What our own kernel refuses to send, it refuses with every TTL.
            if seen or not left:
                return
            done += tries


def _ask(way: _Way, done: int, tries: int, timeout: float) -> Iterator[Reply]:
    """Probe with the TTL that is set; ``done`` is how many were sent before."""

    def match(
        data: bytes, control: Control, address: Any
    ) -> tuple[int | None, Reply] | None:
        found = way.match(data, control, address)
        if found is None:
            return None
        key, reply = found
        return None if key is None else (key - done) & 0xFFFF, _as_hop(reply)

    schedule = Schedule(tries, 0.0, timeout)
    yield from exchange(
        way.sock, schedule, lambda seq: way.build(done + seq), way.send, match
    )


def _as_hop(reply: Reply) -> Reply:
    """An answer or error as what it says of the way; both have a round-trip time."""
    error = str(reply.get("error", ""))
    if "address" not in reply:
        return {"error": error}
    text = str(reply.get("text", "")) or error.partition(" from ")[0]
    if text in EXCEEDED:
        return {"address": reply["address"], "last": False, "text": ""}
    # Nobody listening there is what a datagram is sent for.
    text = "" if text == ICMP_ERRORS[3, 3] else text
    return {"address": reply["address"], "last": True, "text": text}


def _by_icmp(to: str, port: int | None, source: str | None) -> _Way:
    ident = os.getpid() & 0xFFFF
    family = family_of(to)
    sock = craft.echo_socket(family, 1)
    if source is not None:
        bind(sock, source)
    target = sockaddr(to)
    return _Way(
        sock,
        lambda seq: craft.echo(family, ident, seq & 0xFFFF, bytes(32)),
        lambda packet: sock.sendto(packet, target),
        craft.echo_matcher(family, ident),
    )


def _by_udp(to: str, port: int | None, source: str | None) -> _Way:
    first = port or _FIRST_PORT
    sock = socket.socket(family_of(to), socket.SOCK_DGRAM)
    hear_errors(sock)
    if source is not None:
        bind(sock, source)

    def port_of(seq: int) -> int:
        return (first + (seq - 1) % _PORTS) & 0xFFFF or 1

    def match(
        data: bytes, control: Control, address: Any
    ) -> tuple[int | None, Reply] | None:
        # An error comes with the address that the datagram went to, port included.
        reply = told(control) or {"address": address[0]}
        return (address[1] - first) % _PORTS + 1, reply

    return _Way(
        sock,
        lambda seq: seq.to_bytes(4) + bytes(28),
        lambda packet: sock.sendto(
            packet, sockaddr(to, port_of(int.from_bytes(packet[:4])))
        ),
        match,
    )


def _by_tcp(to: str, port: int | None, source: str | None) -> _Way:
    source = source or source_towards(to)
    own, port, target = probes.own_port(), port or _HTTP, sockaddr(to)
    sock = probes.syn_socket(to, 1, source)
    return _Way(
        sock,
        lambda seq: probes.syn(source, to, own, port, seq),
        lambda packet: sock.sendto(packet, target),
        probes.syn_matcher(own, port),
    )


_WAYS = {"icmp": _by_icmp, "udp": _by_udp, "tcp": _by_tcp}
