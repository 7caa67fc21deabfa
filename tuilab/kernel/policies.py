"""From netlink dumps to the rules and neighbours they show: part of `kernel.observe`.

Every look at a namespace asks for them, though most have none beyond the kernel's own:
what is not kept is passed over at a glance.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from tuilab.kernel.detail import RuleDetail
from tuilab.kernel.wire import FIBMSG, NDMSG, NTF_PROXY, attributes, number, text
from tuilab.model.canonical import WHOLE_MARK, show_mark
from tuilab.model.routing import DEFAULT_TABLE, LOCAL_TABLE, MAIN_TABLE
from tuilab.plan.difference import rule_words
from tuilab.plan.forwarding import NeighbourState, RuleState
from tuilab.plan.operations.policies import ACTIONS, FR_ACT_TO_TBL, NUD_PERMANENT

NDA_DST, NDA_LLADDR = 1, 2
FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_PRIORITY, FRA_FWMARK = 1, 2, 3, 6, 10
FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_FWMASK, FRA_OIFNAME = 14, 15, 16, 17
FRA_PROTOCOL = 21
FRA_GOTO, FRA_L3MDEV, FRA_UID_RANGE, FRA_IP_PROTO = 4, 19, 20, 22
FRA_SPORT_RANGE, FRA_DPORT_RANGE = 23, 24
FR_ACT_GOTO = 2
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
    told = (raw_neighbour(body) for body in (*neighbours, *proxies))
    return RawPolicies(
        frozenset(rule for body in rules if (rule := _rule(body)) is not None),
        frozenset(one for one in told if one is not None),
    )


def raw_neighbour(body: bytes) -> tuple[int, NeighbourState] | None:
    """Read one RTM_NEWNEIGH: its link's index, and what it is if it is no passer-by."""
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
    rule = _as_rule(body)
    return None if rule is None or _is_own(rule) else rule


def _is_own(rule: RuleState) -> bool:
    plain = RuleState(rule.priority, rule.family, table=rule.table)
    return rule == plain and (rule.priority, rule.table) in _OWN


@lru_cache(maxsize=1 << 12)
def _as_rule(body: bytes) -> RuleState | None:
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
    return None if rule.table is None and rule.action is None else rule


@lru_cache(maxsize=1 << 12)
def rule_detail(body: bytes) -> RuleDetail | None:
    """Read one RTM_NEWRULE, whoever made it; None for those of multicast routing."""
    family = FIBMSG.unpack_from(body)[0]
    if family not in _FAMILIES:
        return None
    rule = _as_rule(body)
    if rule is not None:
        words, own = rule_words(rule), _is_own(rule)
        return RuleDetail(rule.priority, rule.family, words, rule, own=own)
    priority = number(attributes(body, FIBMSG.size).get(FRA_PRIORITY))
    return RuleDetail(priority, _FAMILIES[family], _all_words(body))


def _all_words(body: bytes) -> str:
    """What a rule says that asks what a lab has no word for."""
    _, to_length, from_length, tos, _, _, _, action, flags = FIBMSG.unpack_from(body)
    found = attributes(body, FIBMSG.size)
    asked = {
        "from": _prefix(found.get(FRA_SRC), from_length),
        "to": _prefix(found.get(FRA_DST), to_length),
        "tos": f"0x{tos:02x}" if tos else None,
        "iif": text(found.get(FRA_IIFNAME)) or None,
        "oif": text(found.get(FRA_OIFNAME)) or None,
        "ipproto": _number_in(found, FRA_IP_PROTO),
        "sport": _range(found.get(FRA_SPORT_RANGE), "=HH"),
        "dport": _range(found.get(FRA_DPORT_RANGE), "=HH"),
        "uidrange": _range(found.get(FRA_UID_RANGE), "=II"),
    }
    mask = number(found.get(FRA_FWMASK))
    if mask:
        asked["fwmark"] = show_mark(number(found.get(FRA_FWMARK)), mask)
    words = ["not"] if flags & FIB_RULE_INVERT else []
    words += [f"{key} {value}" for key, value in asked.items() if value is not None]
    if FRA_L3MDEV in found:
        words.append("lookup by VRF")
    elif action == FR_ACT_TO_TBL:
        words.append(f"lookup {number(found.get(FRA_TABLE))}")
    elif action == FR_ACT_GOTO:
        words.append(f"goto {number(found.get(FRA_GOTO))}")
    else:
        words.append(_REFUSALS.get(action, f"action {action}"))
    suppress = found.get(FRA_SUPPRESS_PREFIXLEN)
    if suppress is not None and number(suppress) != WHOLE_MARK:
        words.append(f"suppress_prefixlength {number(suppress)}")
    return " ".join(words)


def _number_in(found: Mapping[int, bytes], code: int) -> str | None:
    return str(number(found[code])) if code in found else None


def _range(packed: bytes | None, form: str) -> str | None:
    if packed is None:
        return None
    first, last = struct.unpack(form, packed)
    return str(first) if first == last else f"{first}-{last}"


def _prefix(packed: bytes | None, length: int) -> str | None:
    return None if packed is None else f"{ipaddress.ip_address(packed)}/{length}"


__all__ = ["RawPolicies", "raw_neighbour", "raw_policies", "rule_detail"]
