"""Capture filters in pcap-filter(7) syntax, checked by libpcap itself."""

from __future__ import annotations

SNAPLEN = 262_144
"""Bytes kept of a packet: libpcap's most, so always all of it."""

_ETHERNET = 1
_NO_NETMASK = 0xFFFFFFFF


def check_filter(text: str) -> str | None:
    """What libpcap finds wrong with a filter, or None when it is good.

    Checked as for an Ethernet interface; an empty filter takes every packet.
    """
    import pcapy

    if "\0" in text:
        return "can't parse filter expression: NUL character"
    try:
        pcapy.compile(_ETHERNET, SNAPLEN, text, 1, _NO_NETMASK)
    except (pcapy.PcapError, pcapy.BPFError) as error:
        return str(error)
    return None
