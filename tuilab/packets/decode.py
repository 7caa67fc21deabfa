"""Packets taken apart by scapy. Only ever imported by the worker."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from tuilab.packets import pcapng
from tuilab.packets.exchange import Reply
from tuilab.packets.scratch import printable

# Its modules export by the hundred what no checker of types can see.
scapy: Any = import_module("scapy.all")
for _name in (
    *("layers.http", "layers.vrrp", "contrib.bgp", "contrib.cdp", "contrib.eigrp"),
    *("contrib.geneve", "contrib.lacp", "contrib.lldp", "contrib.mpls", "contrib.ospf"),
    *("contrib.pim", "contrib.wireguard"),
):
    import_module(f"scapy.{_name}")  # each binds itself to its ports and numbers
scapy.bind_bottom_up(scapy.Ether, scapy.ARP, type=0x8035)  # RARP

_LONGEST: Final = 160
_DEEPEST: Final = 4
_MOST: Final = 64
"""Children of one field that are told."""
_FIRST: Final = {
    pcapng.LINKTYPE_NULL: "Loopback",
    pcapng.LINKTYPE_ETHERNET: "Ether",
    pcapng.LINKTYPE_LOOP: "LoopbackOpenBSD",
    pcapng.LINKTYPE_LINUX_SLL: "CookedLinux",
    pcapng.LINKTYPE_LINUX_SLL2: "CookedLinuxV2",
}


def decode(*, data: str, linktype: int) -> Iterator[Reply]:
    """The layers of a packet, one at a time; ``data`` is in hex."""
    raw = bytes.fromhex(data)
    try:
        packet = _first_layer(linktype, raw)(raw)
    except Exception:
        # Scapy may give up on the first header; further in it goes on with bytes.
        packet = scapy.Raw(raw)
    yield from layers(packet)


def _first_layer(linktype: int, raw: bytes) -> Any:
    if linktype in _FIRST:
        return getattr(scapy, _FIRST[linktype])
    if linktype in pcapng.IP_AT:
        return scapy.IPv6 if raw and raw[0] >> 4 == 6 else scapy.IP
    return scapy.Raw


def layers(packet: Any) -> Iterator[Reply]:
    """The layers of a packet that was made from bytes."""
    start, layer = 0, packet
    while layer is not None and not isinstance(layer, scapy.NoPayload):
        own = _own_bytes(layer)
        yield {
            "name": _word(layer.name),
            "summary": _word(layer.mysummary() or layer.name),
            "start": start,
            "end": start + len(own),
            "fields": _fields(layer, own, start),
        }
        start += len(own)
        layer = layer.payload


def _own_bytes(layer: Any) -> bytes:
    if layer.raw_packet_cache is not None:
        return bytes(layer.raw_packet_cache)
    whole = bytes(layer.original or b"")
    return whole[: max(0, len(whole) - len(layer.payload.original or b""))]


def _fields(layer: Any, own: bytes, start: int) -> list[list[Any]]:
    """Read them once more, to see how far each one goes."""
    found = []
    rest: Any = own
    for field in layer.fields_desc:
        begin = _bits_left(rest)
        try:
            before = rest
            rest, _ = field.getfield(layer, rest)
            if rest is before and layer.getfieldval(field.name) is None:
                continue  # a field that depends on others, and is not there
            value = layer.getfieldval(field.name)
            shown = _shown(field, layer, value)
        except Exception:
            # Scapy lets anything out where a packet is damaged.
            break
        whole = 8 * len(own)
        first, last = (whole - begin) // 8, -(-(whole - _bits_left(rest)) // 8)
        span = (start + first, start + max(first, last))
        found.append([_word(field.name), shown, *span, _children(value, span, 0)])
    return found


def _bits_left(rest: Any) -> int:
    """Of what `getfield` gives back: bytes, or bytes and how many bits are used up."""
    if isinstance(rest, tuple):
        return 8 * len(rest[0]) - int(rest[1])
    return 8 * len(rest)


def _children(value: Any, span: tuple[int, int], depth: int) -> list[list[Any]]:
    """The packets in a field, such as records and options."""
    values = value if isinstance(value, list) else [value]
    found = []
    for part in values[:_MOST]:
        if not isinstance(part, scapy.Packet) or depth >= _DEEPEST:
            continue
        inner = []
        for field in part.fields_desc:
            held = part.getfieldval(field.name)
            if held is None:
                continue
            shown = _shown(field, part, held)
            deeper = _children(held, span, depth + 1)
            inner.append([_word(field.name), shown, *span, deeper])
        found.append([_word(part.name), _word(part.summary()), *span, inner])
    return found


def _shown(field: Any, layer: Any, value: Any) -> str:
    if isinstance(value, bytes):
        return _word(printable(value))
    if isinstance(value, list) and any(isinstance(it, scapy.Packet) for it in value):
        return _word(", ".join(str(it.name) for it in value))
    return _word(field.i2repr(layer, value))


def _word(text: object) -> str:
    """In one line, printable, not too long."""
    words = printable(str(text).encode(errors="replace"))
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 3]}..."
