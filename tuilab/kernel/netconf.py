"""Whether a namespace forwards, and more, asked by netlink: RTM_GETNETCONF.

Every look wants to know, and the kernel makes the files of /proc/sys/net anew for each
namespace, which takes longer than all the rest of a look. Numbers as in
linux/netconf.h.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache

from tuilab.kernel.channel import Channel
from tuilab.kernel.wire import Message, attribute, attributes, number

RTM_GETNETCONF = 82
NETCONFA_IFINDEX = 1
ALL_LINKS = struct.pack("=i", -1)

KEYS = {
    2: {
        2: "net.ipv4.ip_forward",
        3: "net.ipv4.conf.all.rp_filter",
        5: "net.ipv4.conf.all.proxy_arp",
        6: "net.ipv4.conf.all.ignore_routes_with_linkdown",
    },
    10: {2: "net.ipv6.conf.all.forwarding", 5: "net.ipv6.conf.all.proxy_ndp"},
}
"""What each family tells of all links, by the key that it has as a sysctl."""

_HEADER = struct.Struct("=B3x")
_ASKED = [
    Message(
        RTM_GETNETCONF, 0, _HEADER.pack(family) + attribute(NETCONFA_IFINDEX, ALL_LINKS)
    )
    for family in KEYS
]


def of_all(channel: Channel) -> dict[str, str]:
    """These settings; one that this kernel does not have is left out."""
    found: dict[str, str] = {}
    for family, answer in zip(KEYS, channel.request(_ASKED), strict=True):
        if answer.bodies:
            found |= _read(family, answer.bodies[0])
    return found


@lru_cache(maxsize=256)
def _read(family: int, body: bytes) -> Mapping[str, str]:
    told = attributes(body, _HEADER.size)
    keys = KEYS[family].items()
    return {key: str(number(told[it])) for it, key in keys if it in told}
