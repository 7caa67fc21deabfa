"""Rules and neighbours as the kernel holds them, read without pyroute2.

Every look at a namespace asks for them, though most have none beyond the kernel's own:
three small dumps, of which next to nothing is kept, are read here by hand, through a
socket of the thread that is in the namespace anyway. See rtnetlink(7).
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tuilab.model.canonical import WHOLE_MARK
from tuilab.model.routing import DEFAULT_TABLE, LOCAL_TABLE, MAIN_TABLE
from tuilab.plan.forwarding import NeighbourState, RuleState
from tuilab.plan.operations.policies import (
    ACTIONS,
    FR_ACT_TO_TBL,
    NTF_PROXY,
    NUD_PERMANENT,
)

RTM_GETNEIGH, RTM_GETRULE = 30, 34
NLM_F_REQUEST, NLM_F_DUMP_INTR, NLM_F_DUMP = 0x001, 0x010, 0x300
_TRIES = 5
"""At a dump while somebody else makes changes."""
NLMSG_ERROR, NLMSG_DONE = 2, 3
_FAMILIES = {socket.AF_INET: 4, socket.AF_INET6: 6}
_HEADER = struct.Struct("=IHHII")
_NEIGHBOUR = struct.Struct("=BxHiHBB")
_RULE = struct.Struct("=8BI")
_ATTRIBUTE = struct.Struct("=HH")
_TYPE = 0x3FFF
"""Without NLA_F_NESTED and NLA_F_NET_BYTEORDER."""
NDA_DST, NDA_LLADDR = 1, 2
FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_PRIORITY, FRA_FWMARK = 1, 2, 3, 6, 10
FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_FWMASK, FRA_OIFNAME = 14, 15, 16, 17
FRA_PROTOCOL = 21
_KNOWN_ATTRIBUTES = frozenset(
    (
        FRA_DST,
        FRA_SRC,
        FRA_IIFNAME,
        FRA_PRIORITY,
        FRA_FWMARK,
        FRA_SUPPRESS_PREFIXLEN,
        FRA_TABLE,
        FRA_FWMASK,
        FRA_OIFNAME,
        FRA_PROTOCOL,
    )
)
FIB_RULE_INVERT = 0x2
_RULE_ACTIONS = {number: name for name, number in ACTIONS.items()}
_OWN = frozenset(
    (
        (0, LOCAL_TABLE),
        (32766, MAIN_TABLE),
        (32767, DEFAULT_TABLE),
    )
)
"""The rules that each namespace begins with: they are the kernel's, here or gone."""


@dataclass(frozen=True, slots=True)
class RawPolicies:
    """The rules and neighbours of one namespace.

    Attributes:
        rules: All but the kernel's own, and those that ask what tuilab knows no word
            for, such as ports or users: they are neither shown nor touched.
        neighbours: Each with an ifindex in the place of its link.
    """

    rules: frozenset[RuleState]
    neighbours: frozenset[tuple[int, NeighbourState]]

    def named(self, names: Mapping[int, str]) -> frozenset[NeighbourState]:
        """The neighbours with the names of their links."""
        return frozenset(
            replace(neighbour, dev=names[index])
            for index, neighbour in self.neighbours
            if index in names
        )


def read_all() -> RawPolicies:
    """What there is in the namespace of the calling thread.

    Raises:
        OSError: The kernel does not say.
    """
    protocol = socket.NETLINK_ROUTE
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    with socket.socket(socket.AF_NETLINK, kind, protocol) as sock:
        sock.bind((0, 0))
        rules = _dump(sock, RTM_GETRULE, _RULE.pack(*[0] * 9))
        known = _dump(sock, RTM_GETNEIGH, _NEIGHBOUR.pack(0, 0, 0, 0, 0, 0))
        proxies = _dump(sock, RTM_GETNEIGH, _NEIGHBOUR.pack(0, 0, 0, 0, NTF_PROXY, 0))
        return RawPolicies(
            frozenset(rule for body in rules if (rule := _rule(body))),
            frozenset(
                found
                for body in (*known, *proxies)
                if (found := _neighbour(body)) is not None
            ),
        )


def _dump(sock: socket.socket, kind: int, body: bytes) -> list[bytes]:
    """The bodies of the messages that the kernel answers with."""
    found, whole = _dump_once(sock, kind, body)
    for _ in range(_TRIES):
        if whole:
            break
        found, whole = _dump_once(sock, kind, body)
    return found


def _dump_once(sock: socket.socket, kind: int, body: bytes) -> tuple[list[bytes], bool]:
    """The same, and whether nothing changed meanwhile that may now be missing."""
    request = NLM_F_REQUEST | NLM_F_DUMP
    sock.send(_HEADER.pack(_HEADER.size + len(body), kind, request, 0, 0) + body)
    found: list[bytes] = []
    whole = True
    while True:
        data = sock.recv(1 << 17)
        at = 0
        while at < len(data):
            length, answer, flags, _, _ = _HEADER.unpack_from(data, at)
            start = at + _HEADER.size
            whole = whole and not flags & NLM_F_DUMP_INTR
            if answer == NLMSG_DONE:
                return found, whole
            if answer == NLMSG_ERROR:
                number = -struct.unpack_from("=i", data, start)[0]
                raise OSError(number, os.strerror(number))
            found.append(data[start : at + length])
            at += (length + 3) & ~3


def _attributes(body: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        yield kind & _TYPE, body[at + _ATTRIBUTE.size : at + length]
        at += (max(length, _ATTRIBUTE.size) + 3) & ~3


def _neighbour(body: bytes) -> tuple[int, NeighbourState] | None:
    family, _, index, state, flags, _ = _NEIGHBOUR.unpack_from(body)
    proxy = bool(flags & NTF_PROXY)
    if family not in _FAMILIES or not (proxy or state & NUD_PERMANENT):
        return None
    found = dict(_attributes(body, _NEIGHBOUR.size))
    if NDA_DST not in found:
        return None
    to = str(ipaddress.ip_address(found[NDA_DST]))
    mac = None if proxy else found.get(NDA_LLADDR, b"").hex(":")
    return index, NeighbourState(to, "", mac, proxy)


def _rule(body: bytes) -> RuleState | None:
    family, to_length, from_length, tos, _, _, _, action, flags = _RULE.unpack_from(
        body
    )
    if family not in _FAMILIES:
        # Multicast routing has rules too.
        return None
    found = dict(_attributes(body, _RULE.size))
    suppressed = _number(found, FRA_SUPPRESS_PREFIXLEN, WHOLE_MARK) != WHOLE_MARK
    if tos or suppressed or flags & FIB_RULE_INVERT or found.keys() - _KNOWN_ATTRIBUTES:
        return None
    rule = RuleState(
        priority=_number(found, FRA_PRIORITY),
        family=_FAMILIES[family],
        source=_prefix(found.get(FRA_SRC), from_length),
        to=_prefix(found.get(FRA_DST), to_length),
        iif=_text(found.get(FRA_IIFNAME)),
        oif=_text(found.get(FRA_OIFNAME)),
        mark=_number(found, FRA_FWMARK),
        mask=_number(found, FRA_FWMASK),
        table=_number(found, FRA_TABLE) if action == FR_ACT_TO_TBL else None,
        action=_RULE_ACTIONS.get(action),
    )
    if rule.table is None and rule.action is None:
        return None
    own = (rule.priority, rule.table) in _OWN
    plain = RuleState(rule.priority, rule.family, table=rule.table)
    return None if own and rule == plain else rule


def _number(found: Mapping[int, bytes], key: int, default: int = 0) -> int:
    return struct.unpack("=I", found[key])[0] if key in found else default


def _prefix(raw: bytes | None, length: int) -> str | None:
    return None if raw is None else f"{ipaddress.ip_address(raw)}/{length}"


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.rstrip(b"\0").decode(errors="replace")


__all__ = ["RawPolicies", "read_all"]
