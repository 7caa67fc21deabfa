"""Whether a namespace forwards, asked by netlink: RTM_GETNETCONF of rtnetlink(7).

Every look wants to know, and the kernel makes the files of /proc/sys/net anew for each
namespace, which takes longer than all the rest of a look.
"""

from __future__ import annotations

import struct

from tuilab.kernel.channel import Channel
from tuilab.kernel.wire import Message, attribute, attributes, number

RTM_GETNETCONF = 82
NETCONFA_IFINDEX, NETCONFA_FORWARDING = 1, 2
ALL_LINKS = struct.pack("=i", -1)

FAMILIES = {"net.ipv4.ip_forward": 2, "net.ipv6.conf.all.forwarding": 10}
"""By the key that it has as a sysctl."""

_HEADER = struct.Struct("=B3x")
_ASKED = [
    Message(
        RTM_GETNETCONF, 0, _HEADER.pack(family) + attribute(NETCONFA_IFINDEX, ALL_LINKS)
    )
    for family in FAMILIES.values()
]


def forwarding(channel: Channel) -> dict[str, str]:
    """The two settings; one that this kernel does not have is left out."""
    found = {}
    for key, answer in zip(FAMILIES, channel.request(_ASKED), strict=True):
        if answer.bodies:
            told = attributes(answer.bodies[0], _HEADER.size)
            found[key] = str(number(told.get(NETCONFA_FORWARDING)))
    return found
