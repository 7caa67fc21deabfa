"""The machine behind a tap, as far as ARP and ping go. Only imported by the worker."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Iterator
from fcntl import ioctl
from typing import Any, Final

from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import (
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    IPv6,
)
from scapy.layers.l2 import ARP, Ether

from tuilab.errors import RightsError, UsageError
from tuilab.kernel.tap import IFF_NO_PI, IFF_TAP, TUN, TUNSETIFF
from tuilab.packets.exchange import Reply
from tuilab.packets.sockets import no_interface

_ROOM: Final = 70_000
_ALL: Final = "ff:ff:ff:ff:ff:ff"


def answer(*, ifname: str, addresses: list[str], mac: str) -> Iterator[Reply]:
    """Be there, with these addresses, and tell of everything that is answered."""
    mine = {str(ipaddress.ip_interface(text).ip) for text in addresses}
    fd = _open(ifname)
    try:
        yield {"text": f"{mac} is there"}
        for address in sorted(mine):
            os.write(fd, _hello(address, mac))
            yield {"text": f"told everybody: {address} is at {mac}"}
        while True:
            frame = Ether(os.read(fd, _ROOM))
            found = _reply(frame, mine, mac)
            if found is not None:
                reply, text = found
                os.write(fd, bytes(reply))
                yield {"text": text}
    finally:
        os.close(fd)


def _open(ifname: str) -> int:
    try:
        socket.if_nametoindex(ifname)
    except OSError:
        raise no_interface(ifname) from None
    try:
        fd = os.open(TUN, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise RightsError(
            f'"{TUN}" can\'t be opened: {error.strerror}',
            "as root: modprobe tun && chmod 666 /dev/net/tun",
        ) from None
    try:
        flags = struct.pack("16sH22x", ifname.encode(), IFF_TAP | IFF_NO_PI)
        ioctl(fd, TUNSETIFF, flags)
    except OSError as error:
        os.close(fd)
        if error.errno == errno.EBUSY:
            raise UsageError(
                f'"{ifname}" is in use by another program', "end that one first"
            ) from None
        if error.errno == errno.EPERM:
            raise RightsError(f'"{ifname}" belongs to another user') from None
        raise UsageError(f'"{ifname}" is no tap: {error.strerror}') from None
    return fd


def _hello(address: str, mac: str) -> bytes:
    """So that bridges learn where it is, and neighbours its link address."""
    if ipaddress.ip_address(address).version == 4:
        arp = ARP(op=1, hwsrc=mac, psrc=address, pdst=address)
        return bytes(Ether(src=mac, dst=_ALL) / arp)
    packet = IPv6(src=address, dst="ff02::1", hlim=255)
    packet /= ICMPv6ND_NA(tgt=address, R=0, S=0, O=1) / ICMPv6NDOptDstLLAddr(lladdr=mac)
    return bytes(Ether(src=mac, dst="33:33:00:00:00:01") / packet)


def _reply(frame: Any, mine: set[str], mac: str) -> tuple[Any, str] | None:
    """What to send back for a frame, and what to tell of it."""
    back = Ether(src=mac, dst=frame.src)
    if ARP in frame and frame[ARP].op == 1 and frame[ARP].pdst in mine:
        asked = frame[ARP]
        arp = ARP(op=2, hwsrc=mac, psrc=asked.pdst, hwdst=asked.hwsrc, pdst=asked.psrc)
        return back / arp, f"ARP: {asked.pdst} is at {mac}, to {asked.psrc}"
    if ICMPv6ND_NS in frame and frame[ICMPv6ND_NS].tgt in mine:
        return _advertised(frame, mac)
    if frame.dst != mac:
        return None
    if IP in frame and ICMP in frame and frame[ICMP].type == 8:
        asked = frame[IP]
        if asked.dst not in mine or asked.frag or asked.flags.MF:
            return None
        echo = ICMP(type=0, id=frame[ICMP].id, seq=frame[ICMP].seq)
        packet = IP(src=asked.dst, dst=asked.src) / echo / frame[ICMP].payload
        return back / packet, f"ping seq={frame[ICMP].seq} from {asked.src}"
    if ICMPv6EchoRequest in frame and frame[IPv6].dst in mine:
        asked, echo = frame[IPv6], frame[ICMPv6EchoRequest]
        packet = IPv6(src=asked.dst, dst=asked.src)
        packet /= ICMPv6EchoReply(id=echo.id, seq=echo.seq, data=echo.data)
        return back / packet, f"ping seq={echo.seq} from {asked.src}"
    return None


def _advertised(frame: Any, mac: str) -> tuple[Any, str]:
    asked, target = frame[IPv6].src, frame[ICMPv6ND_NS].tgt
    probe = asked == "::"
    packet = IPv6(src=target, dst="ff02::1" if probe else asked, hlim=255)
    packet /= ICMPv6ND_NA(tgt=target, R=0, S=0 if probe else 1, O=1)
    packet /= ICMPv6NDOptDstLLAddr(lladdr=mac)
    back = Ether(src=mac, dst="33:33:00:00:00:01" if probe else frame.src)
    return back / packet, f"neighbour: {target} is at {mac}, to {asked}"
