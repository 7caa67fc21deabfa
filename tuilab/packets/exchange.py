"""Send, wait for the answer, send the next: the loop that ping and ARP share.

Runs in the worker, in a process of its own for every job.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

SO_TIMESTAMPNS: Final = 35
"""SOL_SOCKET option and control message, on every architecture but parisc, sparc."""

_ROOM: Final = 65_536
_CONTROL_ROOM: Final = 512
_PORTS: Final = 500
"""Sockets at once: a process may have some hundreds open."""
_REFUSALS = {
    errno.ENETUNREACH: "no route to host",
    errno.EHOSTUNREACH: "no route to host",
    errno.EPERM: "not permitted, a firewall rule drops it",
    errno.EACCES: "prohibited by a route",
    errno.ENETDOWN: "the interface is down",
    errno.ENXIO: "the interface is gone",
    errno.ENODEV: "the interface is gone",
    errno.EMSGSIZE: "too big for the interface",
    errno.ENOBUFS: "the interface's queue is full",
    errno.EADDRNOTAVAIL: "no address to send from",
}

Reply = dict[str, Any]
Control = list[tuple[int, int, bytes]]
Matcher = Callable[[bytes, Control, Any], tuple[int | None, Reply] | None]
"""Says what a received message (data, control messages, address) answers: the low 16
bits of a sequence number, or None for the latest, and what it says; None if nothing."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to send and how long to wait.

    Attributes:
        count: Number of packets; None for no end.
        interval: Seconds from one to the next.
        timeout: Seconds to wait for an answer.
    """

    count: int | None
    interval: float
    timeout: float


@dataclass(slots=True)
class _Sent:
    seq: int
    deadline: float
    monotonic: float = field(default_factory=time.monotonic)
    wall_ns: int = field(default_factory=time.time_ns)


def refusal(error: OSError) -> str:
    """What the kernel's refusal to send means."""
    return _REFUSALS.get(error.errno or 0, error.strerror or str(error))


def exchange(
    sock: socket.socket,
    schedule: Schedule,
    build: Callable[[int], bytes],
    send: Callable[[bytes], object],
    match: Matcher,
) -> Iterator[Reply]:
    """Send by schedule, and yield what each packet came to as soon as it is known.

    Args:
        sock: Where answers come in; made non-blocking here.
        schedule: When to send and how long to wait.
        build: Makes the packet of a sequence number.
        send: Sends it.
        match: Recognises answers.
    """
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    pending: dict[int, _Sent] = {}
    seq, due = 0, time.monotonic()
    while pending or schedule.count is None or seq < schedule.count:
        more = schedule.count is None or seq < schedule.count
        now = time.monotonic()
        if more and now >= due:
            seq += 1
            due = max(due + schedule.interval, now)
            yield from _send_one(seq, schedule, pending, build, send)
        waits = [sent.deadline for sent in pending.values()]
        if schedule.count is None or seq < schedule.count:
            waits.append(due)
        wait = min(waits, default=0) - time.monotonic()
        if events := poll.poll(max(0, wait * 1000)):
            failed = bool(events[0][1] & select.POLLERR)
            yield from _received(sock, pending, match, failed)
        yield from _expired(pending)


def exchange_apart(
    schedule: Schedule,
    make: Callable[[], socket.socket],
    packet: bytes,
    match: Matcher,
) -> Iterator[Reply]:
    """Do what `exchange` does through a socket for each packet.

    For what is answered without a number: the socket tells what an answer is to.

    Args:
        schedule: When to send and how long to wait.
        make: Makes a socket, connected; closed here.
        packet: What is sent each time.
        match: Recognises answers.
    """
    poll = select.poll()
    ports: dict[int, tuple[socket.socket, dict[int, _Sent]]] = {}
    seq, due = 0, time.monotonic()
    try:
        while ports or schedule.count is None or seq < schedule.count:
            more = schedule.count is None or seq < schedule.count
            more = more and len(ports) < _PORTS
            now = time.monotonic()
            if more and now >= due:
                seq += 1
                due = max(due + schedule.interval, now)
                pending: dict[int, _Sent] = {}
                try:
                    sock = make()
                except OSError as error:
                    yield {"seq": seq, "error": refusal(error)}
                    continue
                ports[sock.fileno()] = sock, pending
                sock.setblocking(False)
                sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
                poll.register(sock, select.POLLIN)
                yield from _send_one(
                    seq, schedule, pending, lambda _: packet, sock.send
                )
            waits = [
                one.deadline for _, sent in ports.values() for one in sent.values()
            ]
            wait = min([*waits, *([due] if more else [])], default=0)
            for fd, event in poll.poll(max(0, (wait - time.monotonic()) * 1000)):
                sock, pending = ports[fd]
                yield from _received(sock, pending, match, bool(event & select.POLLERR))
            for fd, (sock, pending) in list(ports.items()):
                yield from _expired(pending)
                if not pending:
                    poll.unregister(fd)
                    sock.close()
                    del ports[fd]
    finally:
        for sock, _ in ports.values():
            sock.close()


def _send_one(
    seq: int,
    schedule: Schedule,
    pending: dict[int, _Sent],
    build: Callable[[int], bytes],
    send: Callable[[bytes], object],
) -> Iterator[Reply]:
    key = seq & 0xFFFF
    if key in pending:
        # Sixteen bits have come round: the old one's answer would look like ours.
        yield {"seq": pending.pop(key).seq, "error": "timeout"}
    packet = build(seq)
    pending[key] = _Sent(seq, time.monotonic() + schedule.timeout)
    try:
        try:
            send(packet)
        except ConnectionRefusedError:
            # That is about the one before, and told once; see `sockets.hear_errors`.
            send(packet)
    except OSError as error:
        del pending[key]
        yield {"seq": seq, "error": refusal(error)}


def _expired(pending: dict[int, _Sent]) -> Iterator[Reply]:
    now = time.monotonic()
    for key in [key for key, sent in pending.items() if sent.deadline <= now]:
        yield {"seq": pending.pop(key).seq, "error": "timeout"}


def _received(
    sock: socket.socket,
    pending: dict[int, _Sent],
    match: Matcher,
    failed: bool,
) -> Iterator[Reply]:
    """What the messages that are there answer; ``failed``: errors are queued first."""
    while True:
        flags = socket.MSG_ERRQUEUE if failed else 0
        try:
            data, control, _, address = sock.recvmsg(_ROOM, _CONTROL_ROOM, flags)
        except BlockingIOError:
            if not failed:
                return
            failed = False
            continue
        except ConnectionRefusedError:
            failed = True  # queued meanwhile, with all that is to be known of it
            continue
        except OSError as error:
            # The interface went down or away: no answer can come to what is out.
            for waiting in list(pending):
                yield {"seq": pending.pop(waiting).seq, "error": refusal(error)}
            return
        found = match(data, control, address)
        if found is None or not pending:
            continue
        key, reply = found
        sent = pending.pop(next(reversed(pending)) if key is None else key, None)
        if sent is None:
            continue  # late, or a second answer
        if "error" not in reply:
            reply["rtt_ms"] = _round_trip(sent, control)
        yield {"seq": sent.seq, **reply}


def _round_trip(sent: _Sent, control: Control) -> float:
    """Milliseconds, by the kernel's stamp if that makes sense, else by our clock."""
    longest = (time.monotonic() - sent.monotonic) * 1000
    for level, kind, data in control:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack_from("@ll", data)
            stamp = int(seconds) * 1_000_000_000 + int(nanoseconds)
            taken = (stamp - sent.wall_ns) / 1e6
            # The wall clock may be set meanwhile.
            if 0 <= taken <= longest:
                return taken
    return longest


def identifier() -> int:
    """A number for the ICMP header that other pings don't use, likely."""
    return int.from_bytes(os.urandom(2), "big")
