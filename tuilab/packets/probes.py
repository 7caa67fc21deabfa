"""Probes that sockets of the kernel send: TCP, UDP, DNS.

Only ever imported by the worker; every function runs inside the namespace it is about,
in a process of its own.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tuilab.errors import UsageError
from tuilab.packets import applications
from tuilab.packets.exchange import (
    Control,
    Matcher,
    Reply,
    Schedule,
    exchange,
    exchange_apart,
    refusal,
)
from tuilab.packets.scratch import Scratch, printable
from tuilab.packets.sockets import (
    bind,
    family_of,
    hear_errors,
    set_ttl,
    sockaddr,
    source_towards,
    told,
)

_SYN, _RST = 0x02, 0x04
_MSS: Final = b"\x02\x04\x05\xb4"
_WINDOW: Final = 64_240
_IPV6_CHECKSUM: Final = 7
_CHECKSUM_AT: Final = 16
_SHOWN: Final = 60
_DNS_PORT: Final = 53
_LONGEST_NAME: Final = 253
_Found = tuple[int | None, Reply] | None


@dataclass(frozen=True, slots=True)
class _Manner:
    """How probes are sent, as `wishes.probing` tells it.

    Attributes:
        to: The address.
        count: Number of probes; None for no end.
        interval: Seconds from one to the next.
        timeout: Seconds to wait for an answer.
        ttl: TTL or hop limit.
        source: The address to send from; None leaves it to the kernel.
    """

    to: str
    count: int | None
    interval: float
    timeout: float
    ttl: int
    source: str | None

    @property
    def schedule(self) -> Schedule:
        """When to send and how long to wait."""
        return Schedule(self.count, self.interval, self.timeout)

    def socket(self, kind: int, port: int | None = None) -> socket.socket:
        """A socket that sends so; connected where a port is given."""
        sock = socket.socket(family_of(self.to), kind)
        try:
            set_ttl(sock, self.ttl)
            hear_errors(sock)
            if self.source is not None:
                bind(sock, self.source)
            if port is not None:
                sock.connect(sockaddr(self.to, port))
        except BaseException:
            sock.close()
            raise
        return sock


def tcp_connect(*, port: int, **manner: Any) -> Iterator[Reply]:
    """Open connections as any program does, and reset them at once."""
    how = _Manner(**manner)
    seq = 0
    while how.count is None or seq < how.count:
        seq += 1
        began = time.monotonic()
        with how.socket(socket.SOCK_STREAM) as sock:
            # A reset leaves nobody waiting for what was sent last.
            linger = struct.pack("ii", 1, 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            target = sockaddr(how.to, port)
            yield {"seq": seq, **_connected(sock, target, how.timeout)}
        if how.count is None or seq < how.count:
            time.sleep(max(0.0, began + how.interval - time.monotonic()))


def _connected(sock: socket.socket, target: Any, timeout: float) -> Reply:
    sock.setblocking(False)
    began = time.monotonic()
    code = sock.connect_ex(target)
    if code == errno.EINPROGRESS:
        poll = select.poll()
        poll.register(sock, select.POLLOUT)
        if not poll.poll(timeout * 1000):
            return {"error": "timeout"}
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    rtt = (time.monotonic() - began) * 1000
    if code in (0, errno.ECONNREFUSED):
        state = "closed" if code else "open"
        return {"address": target[0], "rtt_ms": rtt, "text": state}
    with contextlib.suppress(OSError):
        _, control, _, _ = sock.recvmsg(512, 512, socket.MSG_ERRQUEUE)
        if reply := told(control):
            return reply
    return {"error": refusal(OSError(code, os.strerror(code)))}


def tcp_syn(*, port: int, **manner: Any) -> Iterator[Reply]:
    """Ask for connections without making them: this kernel resets what it is given."""
    how = _Manner(**manner)
    source = how.source or source_towards(how.to)
    with syn_socket(how.to, how.ttl, source) as sock:
        own, target = own_port(), sockaddr(how.to)
        yield from exchange(
            sock,
            how.schedule,
            lambda seq: syn(source, how.to, own, port, seq),
            lambda packet: sock.sendto(packet, target),
            syn_matcher(own, port),
        )


def udp(*, port: int, data: str, **manner: Any) -> Iterator[Reply]:
    """Datagrams to a port; what answers is the program there, or an ICMP error.

    Each leaves from a port of its own: where the answer goes tells what it is to.
    """
    how = _Manner(**manner)
    payload = data.encode()

    def match(data: bytes, control: Control, address: Any) -> _Found:
        if (reply := told(control)) is not None:
            return None, reply
        shown = printable(data[:_SHOWN]) + ("..." if len(data) > _SHOWN else "")
        text = f"{len(data)} bytes: {shown}" if data else "0 bytes"
        return None, {"address": how.to, "text": text}

    def make() -> socket.socket:
        return how.socket(socket.SOCK_DGRAM, port)

    yield from exchange_apart(how.schedule, make, payload, match)


def dns(*, name: str, kind: str, **manner: Any) -> Iterator[Reply]:
    """Ask a name server; what it answers is told as the packet list does."""
    from scapy.layers.dns import DNS, DNSQR

    how = _Manner(**manner)
    base = int.from_bytes(os.urandom(2))
    try:
        # Scapy would cut what is too long, and ask for something else.
        asked = b"." if name == "." else name.encode("idna")
        if len(asked.rstrip(b".")) > _LONGEST_NAME:
            raise ValueError
        question = DNSQR(qname=asked, qtype=kind)
        bytes(question)
    except Exception:
        # Scapy has one of a dozen errors for it, Python one of its own.
        raise UsageError(
            f'"{kind} {name}" can\'t be asked for', "as in: AAAA www.example"
        ) from None

    def match(data: bytes, control: Control, address: Any) -> _Found:
        if (reply := told(control)) is not None:
            return None, reply
        if len(data) < 12 or not data[2] & 0x80:
            return None
        row = Scratch()
        applications.dns(data, row)
        key = (int.from_bytes(data[:2]) - base) & 0xFFFF
        return key, {"address": how.to, "text": row.info.partition(" ")[2]}

    with how.socket(socket.SOCK_DGRAM, _DNS_PORT) as sock:
        yield from exchange(
            sock,
            how.schedule,
            lambda seq: bytes(DNS(id=(base + seq) & 0xFFFF, rd=1, qd=question)),
            sock.send,
            match,
        )


def own_port() -> int:
    """Where this process has answers sent; below what the kernel gives to others."""
    return 20_000 + os.getpid() % 10_000


def syn_socket(to: str, ttl: int, source: str) -> socket.socket:
    """A raw socket for `syn`."""
    family = family_of(to)
    sock = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP)
    try:
        set_ttl(sock, ttl)
        hear_errors(sock)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_CHECKSUM, _CHECKSUM_AT)
        bind(sock, source)
    except BaseException:
        sock.close()
        raise
    return sock


def syn(source: str, to: str, own: int, port: int, seq: int) -> bytes:
    """A SYN segment that carries its number in the upper half of the sequence's."""
    number = (seq & 0xFFFF) << 16
    head = struct.pack(
        "!HHIIBBHHH4s", own, port, number, 0, 6 << 4, _SYN, _WINDOW, 0, 0, _MSS
    )
    if family_of(to) == socket.AF_INET6:
        return head  # the kernel knows the addresses, and fills in the checksum
    pseudo = socket.inet_aton(source) + socket.inet_aton(to)
    pseudo += struct.pack("!HH", socket.IPPROTO_TCP, len(head))
    total = sum(struct.unpack("!18H", pseudo + head))
    total = (total & 0xFFFF) + (total >> 16)
    total = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return head[:_CHECKSUM_AT] + struct.pack("!H", total) + head[_CHECKSUM_AT + 2 :]


def syn_matcher(own: int, port: int) -> Matcher:
    """Knows what a SYN comes to: open, closed, or an ICMP error."""

    def match(data: bytes, control: Control, address: Any) -> _Found:
        if (reply := told(control)) is not None:
            if len(data) < 8 or struct.unpack_from("!HH", data) != (own, port):
                return None
            return struct.unpack_from("!H", data, 4)[0], reply
        if len(address) == 2:  # IPv4 comes with its header
            data = data[(data[0] & 15) * 4 :]
        if len(data) < 20 or struct.unpack_from("!HH", data) != (port, own):
            return None
        (acknowledged,) = struct.unpack_from("!I", data, 8)
        state = "closed" if data[13] & _RST else "open"
        key = ((acknowledged - 1) & 0xFFFFFFFF) >> 16
        return key, {"address": address[0], "text": state}

    return match
