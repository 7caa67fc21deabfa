"""Filters in pcap-filter(7) syntax, checked by libpcap itself; some go by name."""

from __future__ import annotations

import re

from tuilab.packets import hostnames

SNAPLEN = 262_144
"""Bytes kept of a packet: libpcap's most, so always all of it."""

PRESETS = {
    "arp": "arp",
    "icmp": "icmp",
    "icmp6": "icmp6",
    "dns": "port 53 or port 5353",
    "dhcp": "udp port 67 or udp port 68 or udp port 546 or udp port 547",
    # pcap-filter's tcp[...] looks at IPv4 alone.
    "tcp syn": "tcp[tcpflags] & tcp-syn != 0 or (ip6 proto 6 and ip6[53] & 2 != 0)",
    "no ssh": "not port 22",
}
"""Filters by the names that a person asks for them by."""

_ETHERNET = 1
_NO_NETMASK = 0xFFFFFFFF
_TYPES = ("host", "net", "port", "portrange", "proto", "protochain", "gateway")
_UNFINISHED = {*_TYPES, "and", "or", "not", "src", "dst", "&&", "||", "!", "mask"}
_WORDS = frozenset(
    {
        *_UNFINISHED,
        *("ether", "link", "ip", "ip6", "arp", "rarp", "tcp", "udp", "icmp", "icmp6"),
        *("sctp", "igmp", "igrp", "pim", "vrrp", "carp", "ah", "esp", "stp", "lldp"),
        *("fddi", "tr", "wlan", "ppp", "slip", "atalk", "aarp", "decnet", "iso", "ipx"),
        *(
            "netbeui",
            "lat",
            "moprc",
            "mopdl",
            "sca",
            "vlan",
            "mpls",
            "pppoed",
            "pppoes",
        ),
        *("geneve", "broadcast", "multicast", "inbound", "outbound", "ifname", "on"),
        *("less", "greater", "len", "llc", "type", "subtype", "dir", "tcpflags"),
        *("tcp-fin", "tcp-syn", "tcp-rst", "tcp-push", "tcp-ack", "tcp-urg", "tcp-ece"),
        *("tcp-cwr", "icmptype", "icmpcode", "icmp6type", "icmp6code", "ra", "ta"),
        *("addr1", "addr2", "addr3", "addr4", "addr"),
    }
)
_ICMP = re.compile("icmp6?-[a-z-]+")
_TOKEN = re.compile(r"[A-Za-z_][\w.-]*|\d[\w.:/-]*|[&|]{2}|[^\w\s]")


def expand(text: str) -> str:
    """The filter that a preset's name stands for; any other text as it is."""
    words = " ".join(text.split())
    return PRESETS.get(words.lower(), words)


def check_filter(text: str) -> str | None:
    """What is wrong with a filter, or None when it is good.

    Checked by libpcap as for an Ethernet interface. An empty filter takes every
    packet, and the name of a preset is good. Hosts' names are not looked up: see
    `resolved`.
    """
    import pcapy

    if "\0" in text:
        return "a filter has no NUL characters"
    try:
        named = hostnames.replaced(expand(text), _WORDS, hostnames.stand_in)
        pcapy.compile(_ETHERNET, SNAPLEN, named, 1, _NO_NETMASK)
    except (pcapy.PcapError, pcapy.BPFError) as error:
        complaint = str(error).removeprefix("can't parse filter expression: ")
        return _reason(text) if complaint == "syntax error" else complaint
    return None


def resolved(text: str) -> str:
    """A filter with addresses in place of hosts' names; not for the event loop.

    Raises:
        UsageError: Nobody knows such a host.
    """
    return hostnames.replaced(text, _WORDS, hostnames.looked_up)


def has_names(text: str) -> bool:
    """Whether a filter has names of hosts in it."""
    return any(hostnames.host_names(expand(text), _WORDS))


def _reason(text: str) -> str:
    """Where the mistake is, since libpcap says no more than that there is one."""
    tokens = _TOKEN.findall(text)
    before = ""
    for token in tokens:
        word = token.lower()
        named = before in (*_TYPES, "src", "dst", "ifname", "on")
        known = word in _WORDS or _ICMP.fullmatch(word) or not token[0].isalpha()
        if not known and not named:
            return f'syntax error: filters have no word "{token}"'
        before = word
    opened = tokens.count("(") - tokens.count(")")
    if opened > 0:
        return 'syntax error: a ")" is missing'
    if opened < 0:
        return 'syntax error: a "(" is missing'
    if before in _UNFINISHED:
        return f'syntax error: something is missing after "{tokens[-1]}"'
    return "syntax error"
