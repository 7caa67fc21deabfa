"""Packets that a person writes as a scapy expression. Only imported by the worker.

What is evaluated is typed by a person and never read from a file. It runs in a process
of its own, with the rights that the person has in the lab.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from tuilab.errors import UsageError
from tuilab.packets import bounds
from tuilab.packets.decode import layers, scapy
from tuilab.packets.exchange import Control, Reply, Schedule, exchange
from tuilab.packets.sockets import no_interface

_MOST: Final = 10_000
_ALL: Final = 3
_ETHER_TYPES: Final = (1, 772)
"""Kinds of links whose frames begin as Ethernet's: itself, and loopback."""
_PACKET_OUTGOING: Final = 4
_HINT: Final = 'as in: IP(dst="10.0.0.2")/ICMP()'


def preview(*, expression: str) -> Iterator[Reply]:
    """The first packet as it would be sent; nothing is sent for it."""
    _look_around(asking=False)
    packets = _evaluate(expression)
    data = _bytes(packets[0])
    yield {
        "count": len(packets),
        "summary": packets[0].summary(),
        "data": data.hex(),
        "layers": list(layers(packets[0].__class__(data))),
    }


def send(
    *,
    expression: str,
    ifname: str | None,
    count: int,
    interval: float,
    timeout: float,
) -> Iterator[Reply]:
    """Send each packet of an expression, ``count`` times, and tell what answers."""
    _look_around(asking=True)
    packets = _evaluate(expression)
    link = isinstance(packets[0], scapy.Ether)
    if link and ifname is None:
        ifname = _way(packets[0])
    sent: list[Any] = []

    def build(seq: int) -> bytes:
        packet = packets[(seq - 1) % len(packets)]
        data = _bytes(packet)
        sent.append(packet.__class__(data))
        return data

    def match(
        data: bytes, control: Control, address: Any
    ) -> tuple[int | None, Reply] | None:
        if address[2] == _PACKET_OUTGOING:
            return None
        got = _received(data, address[3])
        for number in range(len(sent), max(0, len(sent) - 256), -1):
            if _answers(got, sent[number - 1], link):
                inner = got.getlayer(scapy.IP) or got.getlayer(scapy.IPv6)
                who = inner.src if inner is not None else getattr(got, "src", "")
                return number & 0xFFFF, {"address": who, "text": got.summary()}
        return None

    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL)) as ear,
        _mouth(packets[0], link, ifname) as mouth,
    ):
        if ifname is not None:
            ear.bind((ifname, _ALL))
        schedule = Schedule(count * len(packets), interval, timeout)
        yield from exchange(ear, schedule, build, lambda it: _say(mouth, it), match)


def names() -> Iterator[Reply]:
    """Every layer with its fields, for completion."""
    for layer in sorted(scapy.conf.layers, key=lambda it: str(it.__name__)):
        fields = [field.name for field in layer.fields_desc]
        yield {"name": layer.__name__, "fields": fields}


def _look_around(*, asking: bool) -> None:
    """Forget the namespace that scapy was imported in."""
    scapy.conf.verb = 0
    scapy.conf.ifaces.reload()
    scapy.conf.route.resync()
    scapy.conf.route6.resync()
    if not asking:
        # Else scapy asks the network for MAC addresses to show them.
        for over in (scapy.IP, scapy.ARP):
            scapy.conf.neighbor.register_l3(scapy.Ether, over, _known_mac)
        scapy.conf.neighbor.register_l3(scapy.Ether, scapy.IPv6, _known_mac)


def _known_mac(ether: Any, packet: Any) -> str:
    """What the kernel knows of an IPv4 neighbour; else everybody."""
    target = getattr(packet, "dst", None) or getattr(packet, "pdst", "")
    _, _, gateway = scapy.conf.route.route(str(target), verbose=0)
    wanted = str(target) if gateway == "0.0.0.0" else gateway  # noqa: S104
    for line in Path("/proc/net/arp").read_text().splitlines()[1:]:
        address, _, flags, mac, *_ = line.split()
        if address == wanted and int(flags, 16):
            return mac
    return "ff:ff:ff:ff:ff:ff"


def _evaluate(text: str) -> list[Any]:
    try:
        with bounds.bounded():
            found = _packets(text)
    except UsageError:
        raise
    except MemoryError:
        raise bounds.too_large(text) from None
    except SystemExit:
        raise UsageError(f'"{text}" is no packet', _HINT) from None
    except Exception as error:
        # Whatever Python or scapy has to say of it.
        raise UsageError(f'"{text}" is no packet: {error}', _HINT) from None
    if len(found) > _MOST:
        raise UsageError(f'"{text}" is more than {_MOST} packets', "make it fewer")
    return found


def _packets(text: str) -> list[Any]:
    """The packets that an expression means; of too many, one too many."""
    names = {name: value for name, value in vars(scapy).items() if name[:1] != "_"}
    # Typed by a person, see above.
    value = eval(compile(text.strip(), "expression", "eval"), names)  # noqa: S307
    if isinstance(value, scapy.Packet):
        value = [value]
    elif not isinstance(value, Iterable):
        raise UsageError(f'"{text}" is no packet', _HINT)
    packets = list(itertools.islice(value, _MOST + 1))
    if not packets or not all(isinstance(it, scapy.Packet) for it in packets):
        raise UsageError(f'"{text}" is no packet', _HINT)
    found = list(itertools.islice(itertools.chain.from_iterable(packets), _MOST + 1))
    _bytes(found[0])
    return found


def _bytes(packet: Any) -> bytes:
    return bytes(scapy.raw(packet))


def _way(packet: Any) -> str:
    """The interface that the routes name for what is in a frame."""
    inner = packet.getlayer(scapy.IP) or packet.getlayer(scapy.IPv6)
    if inner is None and scapy.ARP in packet:
        ifname = scapy.conf.route.route(packet[scapy.ARP].pdst, verbose=0)[0]
    elif inner is not None:
        ifname = inner.route()[0]
    else:
        ifname = None
    if not ifname or str(ifname) == scapy.conf.loopback_name:
        raise UsageError("no route says where to send it", "name the interface")
    return str(ifname)


def _mouth(packet: Any, link: bool, ifname: str | None) -> socket.socket:
    if link:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        try:
            assert ifname is not None
            sock.bind((ifname, 0))
        except OSError:
            sock.close()
            raise no_interface(str(ifname)) from None
        return sock
    if not isinstance(packet, (scapy.IP, scapy.IPv6)):
        raise UsageError(
            "it is neither a frame nor an IP packet", "begin it with Ether()"
        )
    family = socket.AF_INET if isinstance(packet, scapy.IP) else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    if ifname is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, ifname.encode())
    return sock


def _say(mouth: socket.socket, data: bytes) -> None:
    if mouth.family == socket.AF_PACKET:
        mouth.send(data)
    elif mouth.family == socket.AF_INET:
        mouth.sendto(data, (socket.inet_ntoa(data[16:20]), 0))
    else:
        mouth.sendto(data, (socket.inet_ntop(socket.AF_INET6, data[24:40]), 0))


def _received(data: bytes, kind: int) -> Any:
    if kind in _ETHER_TYPES:
        return scapy.Ether(data)
    return scapy.IPv6(data) if data and data[0] >> 4 == 6 else scapy.IP(data)


def _answers(got: Any, sent: Any, link: bool) -> bool:
    inner = got if link or not isinstance(got, scapy.Ether) else got.payload
    try:
        return bool(inner.answers(sent))
    except Exception:
        return False  # of something damaged
