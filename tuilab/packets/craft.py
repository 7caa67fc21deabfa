"""Packets made by scapy. Only ever imported by the worker.

Every function here runs inside the namespace it is about, in a process of its own.
"""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterator
from typing import Any

from scapy.config import conf
from scapy.layers.inet import ICMP
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    ICMPv6ND_NS,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from tuilab.errors import UsageError
from tuilab.packets.exchange import (
    Control,
    Matcher,
    Reply,
    Schedule,
    exchange,
    identifier,
)
from tuilab.packets.sockets import (
    ICMP6_ERRORS,
    ICMP_ERRORS,
    bind,
    family_of,
    no_interface,
    scoped,
    set_ttl,
    sockaddr,
)

_ETH_P_ARP = 0x0806
_ETH_P_IPV6 = 0x86DD
_ARPHRD_ETHER = 1
_SIOCGIFHWADDR = 0x8927
_PACKET_OUTGOING = 4


def ping(
    *,
    to: str,
    count: int | None,
    interval: float,
    timeout: float,
    size: int,
    ttl: int,
    source: str | None,
) -> Iterator[Reply]:
    """Echo requests that this namespace's kernel routes and resolves.

    Raises:
        UsageError: ``source`` is no address of this namespace.
    """
    schedule = Schedule(count, interval, timeout)
    ident, family = identifier(), family_of(to)
    payload = bytes((16 + i) & 255 for i in range(size))
    # Broadcast and multicast are answered by many; all are listened to.
    target = sockaddr(to)
    with echo_socket(family, ttl) as sock:
        if source is not None:
            bind(sock, source)

        yield from exchange(
            sock,
            schedule,
            lambda seq: echo(family, ident, seq & 0xFFFF, payload),
            lambda packet: sock.sendto(packet, target),
            echo_matcher(family, ident),
        )


def ping_many(
    *, to: list[str], rounds: int | None, interval: float, timeout: float
) -> Iterator[Reply]:
    """Ping several addresses of one family in turn, through one socket.

    Each result says by its ``target`` which of them it is about.
    """
    ident, family = identifier(), family_of(to[0])
    targets = [sockaddr(address) for address in to]
    count = None if rounds is None else rounds * len(to)
    schedule = Schedule(count, interval / len(to), timeout)
    latest = 0

    def build(seq: int) -> bytes:
        nonlocal latest
        latest = seq
        return echo(family, ident, seq & 0xFFFF, bytes(32))

    with echo_socket(family, 64) as sock:
        for reply in exchange(
            sock,
            schedule,
            build,
            lambda packet: sock.sendto(packet, targets[(latest - 1) % len(to)]),
            echo_matcher(family, ident),
        ):
            turn, target = divmod(reply["seq"] - 1, len(to))
            yield reply | {"seq": turn + 1, "target": target}


def echo(family: int, ident: int, seq: int, payload: bytes) -> bytes:
    """An echo request as an `echo_socket` takes it."""
    if family == socket.AF_INET:
        return bytes(ICMP(type=8, code=0, id=ident, seq=seq) / Raw(payload))
    # The kernel fills in the checksum: only it knows the source.
    return bytes(ICMPv6EchoRequest(id=ident, seq=seq, data=payload, cksum=0))


def echo_socket(family: int, ttl: int) -> socket.socket:
    """A raw socket that hears all of ICMP."""
    if family == socket.AF_INET:
        sock = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    else:
        sock = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    set_ttl(sock, ttl)
    return sock


def echo_matcher(family: int, ident: int) -> Matcher:
    """Knows the replies to `echo`, and the errors about it."""
    return _echo_matcher(ident) if family == socket.AF_INET else _echo6_matcher(ident)


def _echo_matcher(ident: int) -> Matcher:
    def match(data: bytes, control: Control, address: Any) -> tuple[int, Reply] | None:
        header = (data[0] & 15) * 4
        icmp = data[header:]
        if len(icmp) < 8:
            return None
        kind, code, _, number, seq = struct.unpack_from("!BBHHH", icmp)
        if kind == 0 and number == ident:
            return seq, {"address": address[0], "ttl": data[8], "size": len(icmp)}
        if kind not in (3, 11) or len(icmp) < 28:
            return None
        inner = icmp[8:]
        echo = inner[(inner[0] & 15) * 4 :]
        if inner[9] != socket.IPPROTO_ICMP or len(echo) < 8 or echo[0] != 8:
            return None
        _, number, seq = struct.unpack_from("!4sHH", echo)
        text = ICMP_ERRORS.get((kind, code), f"unreachable (code {code})")
        return _failed(number == ident, seq, text, address[0])

    return match


def _echo6_matcher(ident: int) -> Matcher:
    def match(data: bytes, control: Control, address: Any) -> tuple[int, Reply] | None:
        if len(data) < 8:
            return None
        kind, code, _, number, seq = struct.unpack_from("!BBHHH", data)
        if kind == 129 and number == ident:
            hops = [
                struct.unpack_from("@i", value)[0]
                for level, kind, value in control
                if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT)
            ]
            reply = {"address": scoped(address), "size": len(data)}
            return seq, reply | {"ttl": hops[0] if hops else None}
        if kind not in (1, 2, 3) or len(data) < 56 or data[14] != 58 or data[48] != 128:
            return None
        number, seq = struct.unpack_from("!HH", data, 52)
        text = ICMP6_ERRORS.get((kind, code), f"unreachable (code {code})")
        return _failed(number == ident, seq, text, scoped(address))

    return match


def _failed(ours: bool, seq: int, text: str, who: str) -> tuple[int, Reply] | None:
    if not ours:
        return None
    return seq, {"address": who, "error": f"{text} from {who}"}


def arp(
    *,
    to: str,
    ifname: str | None,
    count: int | None,
    interval: float,
    timeout: float,
    source: str | None,
) -> Iterator[Reply]:
    """Ask who has an address: by ARP, or by neighbour solicitation for IPv6.

    Raises:
        NotFoundError: The interface does not exist.
        UsageError: It is no Ethernet, or the address can't be asked for here.
    """
    address, _, scope = to.partition("%")
    ifname = ifname or scope or _way_to(address)
    hardware = mac_of(ifname)
    if source is None:
        source = _address_towards(address, ifname)
    if source == address:
        raise UsageError(
            f'"{address}" is an address of this namespace itself', "ask for another's"
        )
    if ipaddress.ip_address(address).version == 4:
        ask = Ether(src=hardware, dst="ff:ff:ff:ff:ff:ff") / ARP(
            op=1, hwsrc=hardware, psrc=source, pdst=address
        )
        match, protocol = _arp_matcher(address), _ETH_P_ARP
    else:
        ask = _solicitation(hardware, source, address)
        match, protocol = _advertisement_matcher(address), _ETH_P_IPV6
    frame = bytes(ask)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.bind((ifname, protocol))
        schedule = Schedule(count, interval, timeout)
        for reply in exchange(sock, schedule, lambda _: frame, sock.send, match):
            yield reply | {"address": address, "ifname": ifname}


def _way_to(address: str) -> str:
    """The interface whose link holds an address, by the routes of this namespace."""
    # scapy read both at import, in another namespace.
    conf.ifaces.reload()
    if ipaddress.ip_address(address).version == 4:
        conf.route.resync()
        ifname, _, gateway = conf.route.route(address, verbose=0)
    else:
        conf.route6.resync()
        ifname, _, gateway = conf.route6.route(address, verbose=0)
    ifname = str(ifname)
    if not ifname or ifname == conf.loopback_name:
        raise UsageError(
            f'no route leads to "{address}" from this namespace',
            "name the interface to ask on",
        )
    if gateway not in ("0.0.0.0", "::"):  # noqa: S104 - scapy's word for none
        raise UsageError(
            f'"{address}" is not on a link of this namespace, but behind "{gateway}"',
            f'ask for "{gateway}", or name the interface to ask on',
        )
    return ifname


def mac_of(ifname: str) -> str:
    """The link address of an interface.

    Raises:
        NotFoundError: There is no such interface.
        UsageError: It is no Ethernet.
    """
    request = struct.pack("=16s24x", ifname.encode()[:15])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            answer = fcntl.ioctl(sock, _SIOCGIFHWADDR, request)
        except OSError:
            raise no_interface(ifname) from None
    (kind,) = struct.unpack_from("=H", answer, 16)
    if kind != _ARPHRD_ETHER:
        raise UsageError(
            f'"{ifname}" has no link addresses to ask for', "ping works there"
        )
    return answer[18:24].hex(":")


def _address_towards(address: str, ifname: str) -> str:
    """The address that the kernel would use on this interface to talk to another."""
    version = ipaddress.ip_address(address).version
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    scope = socket.if_nametoindex(ifname)
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        name = ifname.encode()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name)
        target = (address, 9) if version == 4 else (address, 9, 0, scope)
        try:
            sock.connect(target)
        except OSError:
            # An unspecified sender is a probe, which is answered all the same.
            return "0.0.0.0" if version == 4 else "::"  # noqa: S104
        return str(sock.getsockname()[0]).partition("%")[0]


def _solicitation(hardware: str, source: str, address: str) -> Any:
    """RFC 4861, 4.3: to the group that everyone with such an address listens to."""
    low = ipaddress.IPv6Address(address).packed[-3:]
    group = ipaddress.IPv6Address(b"\xff\x02" + bytes(9) + b"\x01\xff" + low)
    ether = Ether(src=hardware, dst="33:33:ff:" + low.hex(":"))
    packet = ether / IPv6(src=source, dst=str(group), hlim=255)
    packet /= ICMPv6ND_NS(tgt=address)
    if source != "::":
        packet /= ICMPv6NDOptSrcLLAddr(lladdr=hardware)
    return packet


def _arp_matcher(address: str) -> Matcher:
    wanted = socket.inet_aton(address)

    def match(data: bytes, control: Control, sender: Any) -> tuple[None, Reply] | None:
        arp = data[14:]
        if len(arp) < 28 or sender[2] == _PACKET_OUTGOING:
            return None
        if arp[6:8] != b"\0\2" or arp[14:18] != wanted:
            return None
        return None, {"mac": arp[8:14].hex(":")}

    return match


def _advertisement_matcher(address: str) -> Matcher:
    wanted = ipaddress.IPv6Address(address).packed

    def match(data: bytes, control: Control, sender: Any) -> tuple[None, Reply] | None:
        icmp = data[54:]
        if len(icmp) < 24 or sender[2] == _PACKET_OUTGOING:
            return None
        if data[20] != 58 or icmp[0] != 136 or icmp[8:24] != wanted:
            return None
        option = icmp[24:32]
        given = option[:2] == b"\x02\x01" and len(option) == 8
        return None, {"mac": (option[2:] if given else data[6:12]).hex(":")}

    return match
