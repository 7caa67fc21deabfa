"""How a lab in host mode knows its own things on the machine again.

A link carries two marks. Its group (IFLA_GROUP) is set by the very request that makes
it, so there is no moment without; it names the lab by a hash only. The altname
``tuilab:LAB:TOKEN`` follows, and tells a person as well (`ip link`). A tap is given
its altname before it is made to stay. A namespace has the altname on its ``lo`` before
it gets a name under /run/netns, and that name's file says whose it is by its text,
which a mount hides until it is gone.

All of it is seen and done from the calling thread's network namespace.
"""

from __future__ import annotations

import os
import secrets
import socket
import struct
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

PREFIX = "tuilab:"
_GROUPS = 0x7475 << 16
"""Two letters, then 16 bits of the lab's name; groups that people give are small."""
_RTM_GETLINK, _RTM_NEWLINKPROP = 18, 108
_NLM_F_REQUEST, _NLM_F_ACK, _NLM_F_EXCL, _NLM_F_CREATE = 0x1, 0x4, 0x200, 0x400
_NLM_F_APPEND = 0x800
_NLMSG_ERROR = 2
_IFLA_IFNAME, _IFLA_EXT_MASK, _IFLA_PROP_LIST, _IFLA_ALT_IFNAME = 3, 29, 52, 53
_RTEXT_FILTER_SKIP_STATS = 8
_NLA_F_NESTED, _NLA_TYPE = 0x8000, 0x3FFF


@dataclass(frozen=True, slots=True)
class Mark:
    """What the things of one lab carry.

    Attributes:
        lab: Its name; empty where only the group is known.
        group: Its links' group.
    """

    lab: str
    group: int

    @classmethod
    def of(cls, lab: str) -> Mark:
        """The mark of the lab of that name."""
        return cls(lab, _GROUPS | zlib.crc32(lab.encode()) & 0xFFFF)

    def altname(self) -> str:
        """A new name that no other link has."""
        return f"{PREFIX}{self.lab}:{secrets.token_hex(4)}"

    def owns(self, altnames: Iterable[str], group: int = 0) -> bool:
        """Whether a link with these is that lab's."""
        labs = {lab for name in altnames if (lab := lab_of(name))}
        return self.lab in labs if labs else group == self.group

    @property
    def text(self) -> str:
        """What stands in the file of a namespace's name."""
        return f"{PREFIX}{self.lab}\n"


def lab_of(altname: str) -> str:
    """Whose mark that is, or an empty string."""
    prefix, _, rest = altname.partition(":")
    lab, colon, token = rest.rpartition(":")
    return lab if f"{prefix}:" == PREFIX and colon and token else ""


def marks_of(links: Iterable[tuple[Collection[str], int]]) -> set[Mark]:
    """The marks on links of which altnames and group are given."""
    found = set()
    for altnames, group in links:
        labs = {lab for name in altnames if (lab := lab_of(name))}
        found |= {Mark.of(lab) for lab in labs}
        if not labs and group >> 16 == _GROUPS >> 16:
            found.add(Mark("", group))
    named = {mark.group for mark in found if mark.lab}
    return {mark for mark in found if mark.lab or mark.group not in named}


def add_altname(ifname: str, altname: str) -> None:
    """Mark a link; see RTM_NEWLINKPROP in rtnetlink(7).

    Raises:
        OSError: The kernel refused.
    """
    name = _attribute(_IFLA_ALT_IFNAME, altname.encode() + b"\0")
    body = _attribute(_IFLA_IFNAME, ifname.encode() + b"\0")
    body += _attribute(_IFLA_PROP_LIST | _NLA_F_NESTED, name)
    flags = _NLM_F_ACK | _NLM_F_CREATE | _NLM_F_EXCL | _NLM_F_APPEND
    _ask(_RTM_NEWLINKPROP, flags, body)


def altnames(ifname: str) -> tuple[str, ...]:
    """The altnames of a link.

    Raises:
        OSError: There is none of that name.
    """
    body = _attribute(_IFLA_IFNAME, ifname.encode() + b"\0")
    body += _attribute(_IFLA_EXT_MASK, struct.pack("=I", _RTEXT_FILTER_SKIP_STATS))
    answer = _ask(_RTM_GETLINK, 0, body)
    return tuple(
        os.fsdecode(name.rstrip(b"\0"))
        for kind, properties in _attributes(answer[32:])
        if kind == _IFLA_PROP_LIST
        for inner, name in _attributes(properties)
        if inner == _IFLA_ALT_IFNAME
    )


def _ask(kind: int, flags: int, body: bytes) -> bytes:
    """Send one request about a link, and give the answer."""
    length = 16 + 16 + len(body)
    header = struct.pack("=IHHII", length, kind, _NLM_F_REQUEST | flags, 1, 0)
    family = socket.AF_NETLINK
    with socket.socket(family, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as netlink:
        netlink.bind((0, 0))
        netlink.send(header + bytes(16) + body)
        answer = netlink.recv(1 << 16)
    if struct.unpack_from("=H", answer, 4)[0] == _NLMSG_ERROR:
        number = -struct.unpack_from("=i", answer, 16)[0]
        if number:
            raise OSError(number, os.strerror(number))
    return answer


def _attribute(kind: int, data: bytes) -> bytes:
    length = 4 + len(data)
    return struct.pack("=HH", length, kind) + data + bytes(-length % 4)


def _attributes(data: bytes) -> Iterable[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            return
        yield kind & _NLA_TYPE, data[at + 4 : at + length]
        at += length + 3 & ~3
