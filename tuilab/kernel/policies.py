"""From netlink dumps to the rules and neighbours they show: part of `kernel.observe`.

Every look at a namespace asks for them, though most have none beyond the kernel's own:
what is not kept is passed over at a glance.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tuilab.kernel.wire import FIBMSG, NDMSG, NTF_PROXY, attributes, number, text
from tuilab.model.canonical import WHOLE_MARK
from tuilab.model.routing import DEFAULT_TABLE, LOCAL_TABLE, MAIN_TABLE
from tuilab.plan.forwarding import NeighbourState, RuleState
from tuilab.plan.operations.policies import ACTIONS, FR_ACT_TO_TBL, NUD_PERMANENT

NDA_DST, NDA_LLADDR = 1, 2
FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_PRIORITY, FRA_FWMARK = 1, 2, 3, 6, 10
FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_FWMASK, FRA_OIFNAME = 14, 15, 16, 17
FRA_PROTOCOL = 21
_KNOWN = frozenset(
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
_FAMILIES: Mapping[int, int] = {socket.AF_INET: 4, socket.AF_INET6: 6}
_REFUSALS = {code: name for name, code in ACTIONS.items()}
_OWN = frozenset(((0, LOCAL_TABLE), (32766, MAIN_TABLE), (32767, DEFAULT_TABLE)))
"""The rules that each namespace begins with: they are the kernel's, here or gone."""


@dataclass(frozen=True, slots=True)
class RawPolicies:
    """The rules and neighbours of one namespace.

    Attributes:
        rules: All but the kernel's own, and those that ask what tuilab knows no word
            for, such as ports or users: they are neither shown nor touched.
        neighbours: Each with the ifindex of its link.
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


def raw_policies(
    rules: Iterable[bytes], neighbours: Iterable[bytes], proxies: Iterable[bytes]
) -> RawPolicies:
    """Read dumps of RTM_NEWRULE and RTM_NEWNEIGH, the latter in two parts."""
    told = (_neighbour(body) for body in (*neighbours, *proxies))
    return RawPolicies(
        frozenset(rule for body in rules if (rule := _rule(body)) is not None),
        frozenset(one for one in told if one is not None),
    )


def _neighbour(body: bytes) -> tuple[int, NeighbourState] | None:
    family, index, state, flags, _ = NDMSG.unpack_from(body)
    proxy = bool(flags & NTF_PROXY)
    if family not in _FAMILIES or not (proxy or state & NUD_PERMANENT):
        return None
    found = attributes(body, NDMSG.size)
    if NDA_DST not in found:
        return None
    to = str(ipaddress.ip_address(found[NDA_DST]))
    mac = None if proxy else found.get(NDA_LLADDR, b"").hex(":")
    return index, NeighbourState(to, "", mac, proxy)


def _rule(body: bytes) -> RuleState | None:
    family, to_length, from_length, tos, _, _, _, action, flags = FIBMSG.unpack_from(
        body
    )
    if family not in _FAMILIES:
        # Multicast routing has rules too.
        return None
    found = attributes(body, FIBMSG.size)
    suppress = found.get(FRA_SUPPRESS_PREFIXLEN)
    if suppress is not None and number(suppress) != WHOLE_MARK:
        return None
    if tos or flags & FIB_RULE_INVERT or not found.keys() <= _KNOWN:
        return None
    rule = RuleState(
        priority=number(found.get(FRA_PRIORITY)),
        family=_FAMILIES[family],
        source=_prefix(found.get(FRA_SRC), from_length),
        to=_prefix(found.get(FRA_DST), to_length),
        iif=text(found.get(FRA_IIFNAME)) or None,
        oif=text(found.get(FRA_OIFNAME)) or None,
        mark=number(found.get(FRA_FWMARK)),
        mask=number(found.get(FRA_FWMASK)),
        table=number(found.get(FRA_TABLE)) if action == FR_ACT_TO_TBL else None,
        action=_REFUSALS.get(action),
    )
    if rule.table is None and rule.action is None:
        return None
    plain = RuleState(rule.priority, rule.family, table=rule.table)
    own = rule == plain and (rule.priority, rule.table) in _OWN
    return None if own else rule


def _prefix(packed: bytes | None, length: int) -> str | None:
    return None if packed is None else f"{ipaddress.ip_address(packed)}/{length}"


__all__ = ["RawPolicies", "raw_policies"]
